DROP INDEX heat_drivers_by_name;
ALTER TABLE heat_drivers DROP COLUMN name_key;
ALTER TABLE heat_drivers DROP COLUMN feed_id;
