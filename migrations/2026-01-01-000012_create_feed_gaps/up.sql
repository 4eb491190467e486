-- What was missed, in one place: between two connections nobody listened, and a lost frame was
-- listened to in vain. Everybody who asks "was something on just then" must get the same answer, so
-- that rule stands here and not in programs.

-- The rule looks at the changes of a run around a moment.
CREATE INDEX playset_changes_by_time ON playset_changes (run_id, changed_at);

CREATE VIEW feed_gaps AS
SELECT gaps.feed_id,
       gaps.slug,
       gaps.generation,
       gaps.from_at,
       gaps.to_at,
       gaps.reason,
       gaps.frames,
       EXISTS (
           SELECT
           FROM heats
           WHERE heats.feed_id = gaps.feed_id
             -- Nothing but a bound for the index: no heat takes a day.
             AND heats.first_seen_at >= gaps.from_at - interval '1 day'
             AND heats.first_seen_at <= COALESCE(gaps.to_at, 'infinity') + interval '5 seconds'
             AND (heats.started_at IS NOT NULL OR heats.state NOT IN ('not_started', 'next_heat'))
             -- The first frame after the gap comes a moment after its end.
             AND COALESCE(heats.started_at, heats.first_seen_at)
                 <= COALESCE(gaps.to_at, 'infinity') + interval '5 seconds'
             -- A running heat is heard of every second, but a dead connection is noticed only after
             -- half a minute or so. In a pause nothing may change for long.
             AND COALESCE(
                     heats.finished_at,
                     heats.last_seen_at + CASE heats.state WHEN 'running' THEN interval '1 minute'
                                                           WHEN 'paused' THEN interval '10 minutes'
                                                           ELSE interval '0' END
                 ) >= gaps.from_at
       ) OR EXISTS (
           SELECT
           FROM agility_runs AS runs
           JOIN playset_changes AS changes ON changes.run_id = runs.id
           WHERE runs.feed_id = gaps.feed_id
             AND changes.status IN ('running', 'calculated')
             -- A faultless dog brings no news from start to finish, and a connection is given up
             -- after five minutes of that. Dogs follow each other within two minutes.
             AND changes.changed_at >= gaps.from_at - interval '6 minutes'
             AND changes.changed_at <= COALESCE(gaps.to_at, 'infinity') + interval '2 minutes'
       ) AS active
FROM (
    -- Between two connections. The feed's slug and the end of the gap are bare columns, so that "the
    -- gaps of this feed today" can use the index of feed_connections by time.
    SELECT next.feed_id,
           feeds.slug,
           ended.generation,
           CASE
               WHEN ended.reason = 'lost' THEN LEAST(
                   next.connected_at,
                   -- Nobody saw the end: it came after the last thing that this connection brought.
                   (
                       SELECT GREATEST(ended.connected_at, max(signs.at))
                       FROM (
                           SELECT received_at AS at
                           FROM rejected_frames
                           WHERE feed_id = next.feed_id
                           UNION ALL
                           SELECT unnest(ARRAY[
                                      heats.first_seen_at, heats.started_at, heats.finished_at,
                                      heats.last_seen_at,
                                      (SELECT max(laps.crossed_at) FROM laps
                                       WHERE laps.heat_id = heats.id
                                         AND laps.crossed_at < next.connected_at)
                                  ])
                           FROM heats
                           WHERE heats.feed_id = next.feed_id
                             AND heats.first_seen_at >= ended.connected_at - interval '1 day'
                             AND heats.first_seen_at < next.connected_at
                           UNION ALL
                           SELECT changes.changed_at
                           FROM agility_runs AS runs
                           JOIN playset_changes AS changes ON changes.run_id = runs.id
                           WHERE runs.feed_id = next.feed_id
                             AND changes.changed_at >= ended.connected_at
                             AND changes.changed_at < next.connected_at
                       ) AS signs
                       WHERE signs.at >= ended.connected_at AND signs.at < next.connected_at
                   )
               )
               -- Equal to its end where the clock was set back meanwhile.
               ELSE LEAST(ended.disconnected_at, next.connected_at)
           END AS from_at,
           next.connected_at AS to_at,
           ended.reason,
           NULL::bigint AS frames
    FROM feeds
    JOIN feed_connections AS next ON next.feed_id = feeds.id
    CROSS JOIN LATERAL (
        SELECT earlier.generation, earlier.connected_at, earlier.disconnected_at, earlier.reason
        FROM feed_connections AS earlier
        WHERE earlier.feed_id = next.feed_id AND earlier.generation < next.generation
        ORDER BY earlier.generation DESC
        LIMIT 1
    ) AS ended
    WHERE ended.disconnected_at <> next.connected_at OR ended.reason = 'lost'
    UNION ALL
    -- After the latest connection.
    SELECT feeds.id, feeds.slug, latest.generation, latest.disconnected_at, NULL, latest.reason, NULL
    FROM feeds
    CROSS JOIN LATERAL (
        SELECT spans.generation, spans.disconnected_at, spans.reason
        FROM feed_connections AS spans
        WHERE spans.feed_id = feeds.id
        ORDER BY spans.generation DESC
        LIMIT 1
    ) AS latest
    WHERE latest.disconnected_at IS NOT NULL
    UNION ALL
    SELECT feeds.id, feeds.slug, NULL, LEAST(lost.from_at, lost.to_at), lost.to_at, lost.reason, lost.frames
    FROM feeds
    JOIN frames_lost AS lost ON lost.feed_id = feeds.id
) AS gaps;

COMMENT ON VIEW feed_gaps IS 'When a feed was not heard, or heard in vain. active errs on the side of yes: a heat was on if it was seen to begin before the gap ended (or within 5 s of that) and not seen to finish before the gap began; one whose finish was never seen counts as on for as long as it was seen, and for 1 minute more if it was running then, 10 minutes if paused. A run was on if a dog came on course or got its result from 6 minutes before the gap to 2 minutes after it. What began and ended within a gap and left no trace is not known.';
COMMENT ON COLUMN feed_gaps.slug IS 'The id of the feed in the config.';
COMMENT ON COLUMN feed_gaps.generation IS 'The connection that ended when the gap began; null for lost frames.';
COMMENT ON COLUMN feed_gaps.from_at IS 'When the connection ended; where that was not witnessed (reason lost) the last time that something is known to have come. The first of the lost frames.';
COMMENT ON COLUMN feed_gaps.to_at IS 'When the next connection began; null while there is none. The last of the lost frames.';
COMMENT ON COLUMN feed_gaps.reason IS 'Why the connection ended, as in feed_connections, or the frames were lost, as in frames_lost.';
COMMENT ON COLUMN feed_gaps.frames IS 'How many frames were lost; null where nobody listened, so that nobody can tell.';
COMMENT ON COLUMN feed_gaps.active IS 'Whether a heat or a run was on: see the comment on the view.';
