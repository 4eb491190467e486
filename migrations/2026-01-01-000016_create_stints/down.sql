DROP TABLE tallies;
DROP TABLE stints;
