-- The lines of a running heat change every few seconds, and mostly in nothing that an index has. Where
-- the new version finds room on the page of the old one, no index has to be told.
ALTER TABLE heat_drivers SET (fillfactor = 85);
ALTER TABLE stints SET (fillfactor = 70);
