DROP INDEX laps_by_change;
ALTER TABLE laps DROP COLUMN changed_in;
