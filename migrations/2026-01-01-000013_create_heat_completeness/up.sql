-- "Do we have every lap of this heat?" is asked before results are printed. The venue's own count
-- of laps is the measure; what is known is counted against it, hole by hole.
CREATE VIEW heat_completeness AS
SELECT heats.id AS heat_id,
       heats.feed_id,
       heats.finished_at IS NOT NULL AS finished,
       counted.drivers,
       counted.laps_expected,
       counted.laps_known,
       counted.laps_timed,
       counted.laps_corrected,
       counted.laps_reconstructed,
       counted.laps_expected - counted.laps_known AS laps_missing,
       counted.laps_expected = counted.laps_known AS complete,
       counted.missing,
       counted.max_error_ms
FROM heats
-- Lateral, so that a heat asked for by its id reads no other heat's laps.
CROSS JOIN LATERAL (
    WITH known AS (
        SELECT laps.driver_id, laps.lap, laps.source, laps.error_ms
        FROM laps
        WHERE laps.heat_id = heats.id AND laps.removed_at IS NULL AND laps.lap >= 1
    ),
    -- A row of any of the three tables may have been refused.
    drivers AS (
        SELECT driver_id, max(name) AS name, max(last_lap)::bigint AS laps
        FROM (
            SELECT driver_id, name, GREATEST(laps, 0) AS last_lap FROM heat_drivers WHERE heat_id = heats.id
            UNION ALL
            SELECT driver_id, NULL, lap FROM known
            UNION ALL
            SELECT driver_id, NULL, last_lap FROM lap_gaps WHERE heat_id = heats.id
        ) AS accounts
        GROUP BY driver_id
    ),
    holes AS (
        SELECT driver_id, before + 1 AS first_lap, lap - 1 AS last_lap
        FROM (
            SELECT driver_id, lap, lag(lap, 1, 0::bigint) OVER (PARTITION BY driver_id ORDER BY lap) AS before
            FROM (
                SELECT driver_id, lap::bigint FROM known
                UNION ALL
                SELECT driver_id, laps + 1 FROM drivers
            ) AS numbers
        ) AS steps
        WHERE lap > before + 1
    )
    SELECT (SELECT count(*) FROM drivers) AS drivers,
           (SELECT COALESCE(sum(laps), 0)::bigint FROM drivers) AS laps_expected,
           count(*) AS laps_known,
           count(*) FILTER (WHERE source = 'timed') AS laps_timed,
           count(*) FILTER (WHERE source = 'corrected') AS laps_corrected,
           count(*) FILTER (WHERE source = 'reconstructed') AS laps_reconstructed,
           COALESCE(max(error_ms), 0) AS max_error_ms,
           (
               SELECT COALESCE(
                          jsonb_agg(
                              jsonb_build_object(
                                  'driver_id', driver_id, 'name', drivers.name,
                                  'first_lap', first_lap, 'last_lap', last_lap
                              )
                              ORDER BY driver_id, first_lap
                          ),
                          '[]'
                      )
               FROM holes
               JOIN drivers USING (driver_id)
           ) AS missing
    FROM known
) AS counted;

COMMENT ON VIEW heat_completeness IS 'Per heat whether every lap that was driven is known, and which are not.';
COMMENT ON COLUMN heat_completeness.finished IS 'The end of the heat was seen; else it is still on, or laps after the last frame are not even counted.';
COMMENT ON COLUMN heat_completeness.drivers IS 'All who were ever in the heat, also those who withdrew.';
COMMENT ON COLUMN heat_completeness.laps_expected IS 'Per driver the venue''s count, or the highest lap known if that is higher; laps that officials took away do not count.';
COMMENT ON COLUMN heat_completeness.laps_known IS 'Laps with a time: timed, corrected and reconstructed ones.';
COMMENT ON COLUMN heat_completeness.laps_missing IS 'Driven, and their times are not known.';
COMMENT ON COLUMN heat_completeness.complete IS 'No lap is missing of those that are expected: so far, unless finished.';
COMMENT ON COLUMN heat_completeness.missing IS 'The missing laps as ranges, both ends included: [{"driver_id", "name", "first_lap", "last_lap"}].';
COMMENT ON COLUMN heat_completeness.max_error_ms IS 'The widest error_ms of a known lap; 0 when every time is exact.';
