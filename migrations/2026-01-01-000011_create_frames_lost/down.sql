DROP TABLE frames_lost;
