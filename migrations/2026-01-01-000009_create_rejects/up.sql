-- Nothing that was received is thrown away because it could not be used: it waits here for a person
-- and for a better version. Neither table has a key of its own nature, so a digest of the content
-- takes its place: the same frame or row delivered again must not be there twice.
CREATE TABLE rejected_frames (
    feed_id bigint NOT NULL REFERENCES feeds,
    received_at timestamptz NOT NULL,
    reason text NOT NULL,
    payload text NOT NULL,
    payload_md5 text NOT NULL GENERATED ALWAYS AS (md5(payload)) STORED,
    PRIMARY KEY (feed_id, received_at, payload_md5)
);

COMMENT ON TABLE rejected_frames IS 'Frames that no decoder could read, as they came.';
COMMENT ON COLUMN rejected_frames.payload IS 'Without NUL characters, which Postgres does not take; hexadecimal for a binary frame.';

CREATE TABLE rejected_rows (
    table_name text NOT NULL,
    reason text NOT NULL,
    "row" jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    row_md5 text NOT NULL GENERATED ALWAYS AS (md5("row"::text)) STORED,
    PRIMARY KEY (table_name, row_md5)
);

COMMENT ON TABLE rejected_rows IS 'Rows that Postgres would not take into their table.';
COMMENT ON COLUMN rejected_rows.table_name IS 'The table that the row was meant for.';
COMMENT ON COLUMN rejected_rows.reason IS 'The words of Postgres, or which parent row is missing.';
COMMENT ON COLUMN rejected_rows."row" IS 'The row by column name.';
COMMENT ON COLUMN rejected_rows.at IS 'When it was first refused.';

CREATE INDEX rejected_rows_by_time ON rejected_rows (at);
