-- Records, the kart table and a driver's history ask about many heats at once. A stint says of each
-- driver and kart of a heat what such questions need, so that they read a tenth of the rows. It is
-- worked out from the laps, some seconds after them, and can be at any time again.
CREATE TABLE stints (
    heat_id bigint NOT NULL REFERENCES heats ON DELETE CASCADE,
    driver_id bigint NOT NULL,
    kart text NOT NULL,
    feed_id bigint NOT NULL REFERENCES feeds,
    class text NOT NULL,
    laps integer NOT NULL,
    best_lap integer NOT NULL,
    best_lap_ms integer NOT NULL,
    best_at timestamptz NOT NULL,
    quarter_ms integer NOT NULL,
    median_ms integer NOT NULL,
    three_quarters_ms integer NOT NULL,
    best_month date NOT NULL GENERATED ALWAYS AS (date_trunc('month', best_at AT TIME ZONE 'UTC')::date) STORED,
    PRIMARY KEY (heat_id, driver_id, kart)
);

COMMENT ON TABLE stints IS 'What a driver did with a kart in a heat: its exact laps that count, summed up.';
COMMENT ON COLUMN stints.driver_id IS 'As in heat_drivers.';
COMMENT ON COLUMN stints.kart IS 'As in laps, else as in heat_drivers; empty where neither knows.';
COMMENT ON COLUMN stints.feed_id IS 'As of the heat.';
COMMENT ON COLUMN stints.class IS 'The class of karts, by the name of the heat; empty where it gives none.';
COMMENT ON COLUMN stints.laps IS 'How many laps: neither computed nor taken away by officials.';
COMMENT ON COLUMN stints.best_lap IS 'Which lap was the best; the first of equal ones.';
COMMENT ON COLUMN stints.best_at IS 'When the best lap ended; where that was missed, the start of the heat.';
COMMENT ON COLUMN stints.quarter_ms IS 'A quarter of the laps was not slower. The first lap of the heat is left out of this and the next two where there is another one.';
COMMENT ON COLUMN stints.median_ms IS 'The middle lap.';
COMMENT ON COLUMN stints.three_quarters_ms IS 'Three quarters of the laps were not slower.';
COMMENT ON COLUMN stints.best_month IS 'The month of best_at, of UTC.';

-- The best of a span is the best of its months: a few looks each, however many laps there are.
CREATE INDEX stints_by_best ON stints (feed_id, best_month, best_lap_ms);
CREATE INDEX stints_by_class_best ON stints (feed_id, class, best_month, best_lap_ms);
CREATE INDEX stints_by_time ON stints (feed_id, best_at);

-- How far stints are worked out: the last change of a lap that is in them.
CREATE TABLE tallies (
    name text PRIMARY KEY,
    rules integer NOT NULL,
    changed_in bigint NOT NULL,
    heat_id bigint NOT NULL,
    driver_id bigint NOT NULL,
    lap integer NOT NULL
);

COMMENT ON TABLE tallies IS 'How far tables that are worked out from others are up to date.';
COMMENT ON COLUMN tallies.name IS 'The table that is worked out.';
COMMENT ON COLUMN tallies.rules IS 'By which revision of the rules; another one works all out anew.';
COMMENT ON COLUMN tallies.changed_in IS 'The change of laps that was the last to be counted, as this and the next three columns say.';
