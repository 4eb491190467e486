DROP TABLE heat_drivers;
