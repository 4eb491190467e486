-- A frame that was received and dropped before it was written is the one loss that Ringside itself
-- causes. It is told apart from a connection that was down: there the venue was not heard, here it
-- was heard and forgotten.
CREATE TABLE frames_lost (
    feed_id bigint NOT NULL REFERENCES feeds,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    frames bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (feed_id, from_at, reason)
);

COMMENT ON TABLE frames_lost IS 'Frames that were received and had to be dropped before they were written.';
COMMENT ON COLUMN frames_lost.from_at IS 'When the first of them was received.';
COMMENT ON COLUMN frames_lost.to_at IS 'When the last of them was received.';
COMMENT ON COLUMN frames_lost.frames IS 'How many, at least: a loss only grows.';
COMMENT ON COLUMN frames_lost.reason IS 'journal_full: Postgres was away for longer than the journal has room. journal_damaged: they were in a file that can not be read.';
