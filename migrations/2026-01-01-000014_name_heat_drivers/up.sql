-- "What did this driver do here?" is asked by name within a venue, as people write it: case and
-- the blanks around it do not matter. The feed stands beside it so that one index answers. Neither
-- changes while a heat runs, so the standings of every second still touch no index.
ALTER TABLE heat_drivers ADD COLUMN feed_id bigint REFERENCES feeds;
UPDATE heat_drivers SET feed_id = heats.feed_id FROM heats WHERE heats.id = heat_drivers.heat_id;
ALTER TABLE heat_drivers ALTER COLUMN feed_id SET NOT NULL;
ALTER TABLE heat_drivers ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(btrim(name))) STORED;

COMMENT ON COLUMN heat_drivers.feed_id IS 'As of the heat.';
COMMENT ON COLUMN heat_drivers.name_key IS 'The name in small letters without blanks around it: what drivers are looked up by.';

CREATE INDEX heat_drivers_by_name ON heat_drivers (feed_id, name_key, heat_id);
