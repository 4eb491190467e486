DROP VIEW feed_gaps;
DROP INDEX playset_changes_by_time;
