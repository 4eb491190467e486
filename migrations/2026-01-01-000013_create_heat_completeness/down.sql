DROP VIEW heat_completeness;
