-- The heats of all feeds together, newest first, are read page by page from where the last page
-- ended.
CREATE INDEX heats_by_time ON heats (first_seen_at, id);
