DROP TABLE rejected_rows;
DROP TABLE rejected_frames;
