DROP TABLE playsets;
