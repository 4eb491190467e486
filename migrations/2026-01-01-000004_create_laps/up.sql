-- The reason why all of this exists. A lap that officials take away stays here with the time of its
-- removal: what was shown to a driver once must remain explainable.
CREATE TABLE laps (
    heat_id bigint NOT NULL REFERENCES heats ON DELETE CASCADE,
    driver_id bigint NOT NULL,
    lap integer NOT NULL,
    lap_ms integer NOT NULL,
    kart text,
    position integer,
    crossed_at timestamptz,
    source text NOT NULL CHECK (source IN ('timed', 'reconstructed', 'corrected')),
    error_ms integer NOT NULL DEFAULT 0,
    removed_at timestamptz,
    PRIMARY KEY (heat_id, driver_id, lap)
);

COMMENT ON TABLE laps IS 'Every lap of every driver.';
COMMENT ON COLUMN laps.driver_id IS 'As in heat_drivers.';
COMMENT ON COLUMN laps.lap IS '1 for the driver''s first.';
COMMENT ON COLUMN laps.lap_ms IS 'The true time lies in lap_ms .. lap_ms + error_ms.';
COMMENT ON COLUMN laps.kart IS 'The kart when the lap was seen; null where that moment was missed.';
COMMENT ON COLUMN laps.position IS 'The position after this lap; null where that moment was missed.';
COMMENT ON COLUMN laps.crossed_at IS 'When the kart crossed the line, to about 0.4 s; null for a lap that was already there when the connection began.';
COMMENT ON COLUMN laps.source IS 'timed: sent by the venue. reconstructed: missed and computed from what came before and after. corrected: sent with one time, later with another.';
COMMENT ON COLUMN laps.error_ms IS '0 unless reconstructed.';
COMMENT ON COLUMN laps.removed_at IS 'When officials took the lap away; null for a lap that counts.';

-- "The best laps of the day" asks over all heats.
CREATE INDEX laps_by_crossed_at ON laps (crossed_at) WHERE removed_at IS NULL;

-- Laps that are known to have been driven but not timed: without them a hole in "laps" could be
-- taken for a driver who stood still.
CREATE TABLE lap_gaps (
    heat_id bigint NOT NULL REFERENCES heats ON DELETE CASCADE,
    driver_id bigint NOT NULL,
    first_lap integer NOT NULL,
    last_lap integer NOT NULL,
    total_ms bigint,
    error_ms integer NOT NULL DEFAULT 0,
    PRIMARY KEY (heat_id, driver_id, first_lap)
);

COMMENT ON TABLE lap_gaps IS 'Laps known to be missing from laps.';
COMMENT ON COLUMN lap_gaps.first_lap IS 'The first missing lap; the last one is last_lap, both included.';
COMMENT ON COLUMN lap_gaps.total_ms IS 'Their sum lies in total_ms .. total_ms + error_ms; null where even that is unknown.';
