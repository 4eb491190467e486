ALTER TABLE stints RESET (fillfactor);
ALTER TABLE heat_drivers RESET (fillfactor);
