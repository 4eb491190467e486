DROP INDEX agility_runs_by_time;
DROP INDEX agility_runs_by_event;
DROP INDEX playsets_by_handler;
DROP INDEX playsets_by_dorsal;
ALTER TABLE playsets DROP COLUMN handler_key;
