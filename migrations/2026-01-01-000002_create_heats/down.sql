DROP TABLE heats;
