-- "playsets" shows how a dog's run ended; this shows when each fault and refusal was given, which
-- video and protests need.
CREATE TABLE playset_changes (
    run_id bigint NOT NULL REFERENCES agility_runs ON DELETE CASCADE,
    playset_id text NOT NULL,
    changed_at timestamptz NOT NULL,
    status text,
    faults integer,
    refusals integer,
    disqualification text,
    time_s numeric,
    PRIMARY KEY (run_id, playset_id, changed_at)
);

COMMENT ON TABLE playset_changes IS 'The time line of a run: what is true of a playset from changed_at on.';
COMMENT ON COLUMN playset_changes.changed_at IS 'When the change was received.';
COMMENT ON COLUMN playset_changes.faults IS 'The count from then on; it can go down.';
COMMENT ON COLUMN playset_changes.refusals IS 'The count from then on; it can go down.';
COMMENT ON COLUMN playset_changes.time_s IS 'Seconds; null until calculated.';
