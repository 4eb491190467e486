-- Who wants to hear of every lap and every correction asks for what changed after the last answer.
-- A sequence would skip: a smaller number may be committed after a greater one was read. The number
-- of the transaction does not: all below the oldest one that is still open are settled, and only
-- those are told.
ALTER TABLE laps ADD COLUMN changed_in bigint NOT NULL DEFAULT 0;
ALTER TABLE laps ALTER COLUMN changed_in SET DEFAULT pg_current_xact_id()::text::bigint;

COMMENT ON COLUMN laps.changed_in IS 'The transaction that wrote the lap or changed it last; 0 for laps older than this column.';

CREATE INDEX laps_by_change ON laps (changed_in, heat_id, driver_id, lap);
