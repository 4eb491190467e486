DROP INDEX heats_by_finish;
DROP TABLE notice_targets;
DROP TABLE notices;
