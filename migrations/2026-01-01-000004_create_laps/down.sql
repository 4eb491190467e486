DROP TABLE lap_gaps;
DROP TABLE laps;
