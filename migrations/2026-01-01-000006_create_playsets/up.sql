-- The pair is repeated in every run: the venue sends it so, corrects it so, and a dorsal means
-- nothing outside its event.
CREATE TABLE playsets (
    run_id bigint NOT NULL REFERENCES agility_runs ON DELETE CASCADE,
    playset_id text NOT NULL,
    dorsal text,
    start_order integer,
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
    status text,
    faults integer,
    refusals integer,
    disqualification text,
    qualification text,
    classification integer,
    time_s numeric,
    time_marker boolean,
    speed_m_s numeric,
    total_penalization numeric,
    updated_at timestamptz NOT NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, playset_id)
);

COMMENT ON TABLE playsets IS 'One dog in one run, as last seen. Null means that the venue sent nothing.';
COMMENT ON COLUMN playsets.playset_id IS 'The venue''s id; text, since it is not always a valid UUID.';
COMMENT ON COLUMN playsets.dorsal IS 'The pair''s number within the event, as sent.';
COMMENT ON COLUMN playsets.start_order IS 'Changes while a run is prepared; no key.';
COMMENT ON COLUMN playsets.dog_age IS 'As sent: 6 years, 8 months.';
COMMENT ON COLUMN playsets.status IS 'pending, ready, running, calculated or as sent.';
COMMENT ON COLUMN playsets.disqualification IS 'elim for an eliminated pair; kept from running on.';
COMMENT ON COLUMN playsets.qualification IS 'Open text: EXC_0, EXC, V_GOOD, ...; as all results null until calculated.';
COMMENT ON COLUMN playsets.classification IS 'The place, 1 for the best; null for an eliminated pair.';
COMMENT ON COLUMN playsets.time_s IS 'Seconds, with the decimals that were sent.';
COMMENT ON COLUMN playsets.speed_m_s IS 'Metres per second.';
COMMENT ON COLUMN playsets.total_penalization IS 'Seconds, with the decimals that were sent; 100.00 for an eliminated pair.';
COMMENT ON COLUMN playsets.extra IS 'Fields that no known revision of the protocol has and values that could not be read, by key.';

-- "A dog's day" starts from its names.
CREATE INDEX playsets_by_dog ON playsets (dog_family_name);
