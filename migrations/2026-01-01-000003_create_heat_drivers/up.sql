-- The table of a heat as the venue shows it. What it says of laps is the venue's own arithmetic;
-- the laps themselves are in "laps".
CREATE TABLE heat_drivers (
    heat_id bigint NOT NULL REFERENCES heats ON DELETE CASCADE,
    driver_id bigint NOT NULL,
    name text NOT NULL,
    kart text NOT NULL,
    web_member_id bigint NOT NULL,
    position integer NOT NULL,
    laps integer NOT NULL,
    last_lap_ms integer,
    average_lap_ms integer,
    best_lap_ms integer,
    gap text NOT NULL,
    last_passing boolean NOT NULL,
    last_record text,
    updated_at timestamptz NOT NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (heat_id, driver_id)
);

COMMENT ON TABLE heat_drivers IS 'The standing of every driver of a heat, as last seen.';
COMMENT ON COLUMN heat_drivers.driver_id IS 'The venue''s number of this heat entry: new in every heat, even for the same person.';
COMMENT ON COLUMN heat_drivers.name IS 'As sent: nicknames and duplicates occur, it is no identity.';
COMMENT ON COLUMN heat_drivers.kart IS 'As sent: 7 and 07 are different; empty for a late joiner without a kart.';
COMMENT ON COLUMN heat_drivers.laps IS 'Completed laps by the venue''s count.';
COMMENT ON COLUMN heat_drivers.last_lap_ms IS 'Null before the first lap.';
COMMENT ON COLUMN heat_drivers.average_lap_ms IS 'Over all laps, rounded down by the venue; null before the first lap.';
COMMENT ON COLUMN heat_drivers.best_lap_ms IS 'Null before the first lap.';
COMMENT ON COLUMN heat_drivers.gap IS 'As sent; its format depends on the race mode; empty for the leader.';
COMMENT ON COLUMN heat_drivers.last_record IS 'The record that the last lap broke: day, week, month, year, ever; null for none.';
COMMENT ON COLUMN heat_drivers.extra IS 'Fields that no known revision of the protocol has, by key.';
