-- Written in the same transaction as the rows it stands for: after a crash the pipeline goes on
-- from here, and nothing is lost or done twice.
CREATE TABLE checkpoints (
    journal_id text PRIMARY KEY,
    seq bigint NOT NULL
);

COMMENT ON TABLE checkpoints IS 'How far each journal is written to this database.';
COMMENT ON COLUMN checkpoints.seq IS 'The last frame of the journal whose rows are all here.';
