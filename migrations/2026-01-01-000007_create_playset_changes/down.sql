DROP TABLE playset_changes;
