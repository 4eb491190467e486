DROP TABLE agility_runs;
