-- "What did my dog do today?" is asked by dorsal within the runs of an event, "what did I do?" by
-- name over all of them, as people write it: case and the blanks around it do not matter. Newest
-- runs have the highest numbers.
ALTER TABLE playsets ADD COLUMN handler_key text COLLATE "C" GENERATED ALWAYS AS (lower(btrim(handler))) STORED;

COMMENT ON COLUMN playsets.handler_key IS 'The handler in small letters without blanks around it: what handlers are looked up by.';

CREATE INDEX playsets_by_dorsal ON playsets (dorsal, run_id);
CREATE INDEX playsets_by_handler ON playsets (handler_key, run_id);
-- The runs of an event over all its rings, and the newest of all.
CREATE INDEX agility_runs_by_event ON agility_runs (event_name, first_seen_at);
CREATE INDEX agility_runs_by_time ON agility_runs (first_seen_at, id);
