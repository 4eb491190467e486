-- Brother runs share one combined result, so it hangs on the names they share and on no run.
CREATE TABLE combined_results (
    feed_id bigint NOT NULL REFERENCES feeds,
    event_name text NOT NULL,
    ring_name text NOT NULL,
    trial_name text NOT NULL,
    name text NOT NULL,
    dorsal text NOT NULL,
    combined_id text,
    classification integer,
    handler text,
    club text,
    country text,
    team_name text,
    dog_family_name text,
    dog_studbook_name text,
    dog_breed text,
    dog_gender text,
    dog_age text,
    dog_height_cm numeric,
    time_s numeric,
    total_penalization numeric,
    updated_at timestamptz NOT NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (feed_id, event_name, ring_name, trial_name, name, dorsal)
);

COMMENT ON TABLE combined_results IS 'A pair''s place over brother runs, as last seen.';
COMMENT ON COLUMN combined_results.name IS 'The name that the brother runs share.';
COMMENT ON COLUMN combined_results.dorsal IS 'The pair''s number within the event: links to playsets.';
COMMENT ON COLUMN combined_results.combined_id IS 'The venue''s id of this result; not a playset''s.';
COMMENT ON COLUMN combined_results.time_s IS 'Seconds over all legs that were not eliminated.';
COMMENT ON COLUMN combined_results.total_penalization IS 'Seconds; an eliminated leg counts 100.00.';
COMMENT ON COLUMN combined_results.extra IS 'Fields that no known revision of the protocol has, by key.';
