DROP INDEX heats_by_time;
