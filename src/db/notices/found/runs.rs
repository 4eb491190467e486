//! Runs and their dogs.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Double, Integer, Nullable, Text, Timestamptz},
};

use crate::db::queries::snapshot;

/// Runs of the feeds $1 of which something was heard in the last $2 seconds, and nothing in the last
/// $3; the one heard of last comes last.
const RUNS_TOUCHED: &str = "\
SELECT runs.id, feeds.slug, last.changed_at, \
       EXTRACT(EPOCH FROM now() - last.changed_at)::float8 AS quiet_s \
FROM agility_runs AS runs JOIN feeds ON feeds.id = runs.feed_id \
CROSS JOIN LATERAL ( \
    SELECT max(changed_at) AS changed_at FROM playset_changes WHERE run_id = runs.id) AS last \
WHERE feeds.slug = ANY($1) \
  AND runs.first_seen_at > now() - make_interval(secs => $2) - interval '7 days' \
  AND last.changed_at > now() - make_interval(secs => $2) \
  AND last.changed_at <= now() - make_interval(secs => $3) \
ORDER BY last.changed_at, runs.id";

const RUN: &str = "\
SELECT id, feed_id, event_name, ring_name, trial_name, name, type AS kind \
FROM agility_runs WHERE id = $1";

const STARTERS: &str = "\
SELECT dorsal, start_order, status, handler, dog_family_name, classification, faults, refusals, \
       disqualification, time_s::text AS time_s, total_penalization::text AS total_penalization \
FROM playsets WHERE run_id = $1 ORDER BY start_order NULLS LAST, playset_id";

/// A run and when something was last heard of it.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct RunTouched {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Timestamptz)]
    pub changed_at: DateTime<Utc>,
    /// How long ago that is.
    #[diesel(sql_type = Double)]
    pub quiet_s: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct RunHead {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub event_name: String,
    #[diesel(sql_type = Text)]
    pub ring_name: String,
    #[diesel(sql_type = Text)]
    pub trial_name: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `AG`, `JP`, or as sent.
    #[diesel(sql_type = Text)]
    pub kind: String,
}

/// A dog of a run. Decimals are texts with exactly the digits that are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct RunStarter {
    #[diesel(sql_type = Nullable<Text>)]
    pub dorsal: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub start_order: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    pub status: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub handler: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub dog_family_name: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub classification: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub faults: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub refusals: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    pub disqualification: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub time_s: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub total_penalization: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunNews {
    pub run: RunHead,
    /// In the order of their starts.
    pub starters: Vec<RunStarter>,
}

/// Runs of these feeds of which something was heard within `window_s` seconds, and nothing for
/// `settle_s`.
///
/// # Errors
/// The connection's.
pub fn runs_touched(
    conn: &mut PgConnection,
    slugs: &[String],
    window_s: f64,
    settle_s: f64,
) -> QueryResult<Vec<RunTouched>> {
    sql_query(RUNS_TOUCHED)
        .bind::<Array<Text>, _>(slugs)
        .bind::<Double, _>(window_s)
        .bind::<Double, _>(settle_s)
        .load(conn)
}

/// A run with all its dogs; none where it is gone.
///
/// # Errors
/// The connection's.
pub fn run_news(conn: &mut PgConnection, run_id: i64) -> QueryResult<Option<RunNews>> {
    snapshot(conn, |conn| {
        let run: Option<RunHead> =
            sql_query(RUN).bind::<BigInt, _>(run_id).get_result(conn).optional()?;
        let Some(run) = run else { return Ok(None) };
        let starters = sql_query(STARTERS).bind::<BigInt, _>(run_id).load(conn)?;
        Ok(Some(RunNews { run, starters }))
    })
}
