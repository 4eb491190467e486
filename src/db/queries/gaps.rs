//! What was missed of late, for `/health`.

use chrono::{DateTime, Utc};
use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    result::Error,
    sql_query,
    sql_types::{Array, BigInt, Jsonb, Text, Timestamptz},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A question of monitors must not hold a connection for long. To compile this query takes the
/// server longer than to run it.
const SETTINGS: &str = "SET LOCAL statement_timeout = '2s'; SET LOCAL jit = off";

/// The view is asked twice, since no index finds both what ended of late and what has not ended.
const RECENT: &str = "\
WITH recent AS MATERIALIZED ( \
    SELECT slug AS feed, from_at, to_at, reason, frames, active, \
           extract(epoch FROM COALESCE(to_at, GREATEST($3, from_at)) - from_at) AS seconds, \
           extract(epoch FROM COALESCE(to_at, GREATEST($3, from_at)) - GREATEST($2, from_at)) \
               AS seconds_since \
    FROM (SELECT * FROM feed_gaps WHERE to_at >= $2 \
          UNION ALL \
          SELECT * FROM feed_gaps WHERE to_at IS NULL) AS gaps \
    WHERE slug = ANY($1)), \
feeds AS ( \
    SELECT feed, count(*) AS count, sum(seconds_since) AS seconds, \
           count(*) FILTER (WHERE active) AS active, \
           COALESCE(sum(seconds_since) FILTER (WHERE active), 0) AS active_seconds, \
           COALESCE(sum(frames), 0) AS lost_frames \
    FROM recent GROUP BY feed), \
latest AS ( \
    SELECT feed, from_at, to_at, seconds, reason, frames AS lost_frames, active \
    FROM recent ORDER BY from_at DESC, feed LIMIT $4) \
SELECT (SELECT COALESCE(jsonb_agg(feeds ORDER BY feed), '[]') FROM feeds) AS feeds, \
       (SELECT COALESCE(jsonb_agg(latest ORDER BY from_at DESC, feed), '[]') FROM latest) AS latest";

/// What was missed in a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// Only feeds that missed something, sorted by id.
    pub feeds: Vec<FeedGaps>,
    /// Newest first.
    pub latest: Vec<Gap>,
}

/// All that one feed missed in a span of time; seconds outside of it do not count.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FeedGaps {
    pub feed: String,
    pub count: u64,
    pub seconds: f64,
    /// Of the gaps, those in which a heat or a run was on.
    pub active: u64,
    pub active_seconds: f64,
    /// Frames that were received and dropped before they were written.
    pub lost_frames: u64,
}

/// A row of `feed_gaps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    pub feed: String,
    pub from_at: DateTime<Utc>,
    /// None while the feed is not connected.
    pub to_at: Option<DateTime<Utc>>,
    /// From its beginning until its end, or until now.
    pub seconds: f64,
    pub reason: String,
    /// None where nobody listened, so that nobody can tell.
    pub lost_frames: Option<u64>,
    /// Whether a heat or a run was on.
    pub active: bool,
}

/// What these feeds missed from `since` until `now`, with the newest few gaps. Takes two seconds at
/// most.
///
/// # Errors
/// The connection's, also when it takes longer.
pub fn gaps(
    conn: &mut PgConnection,
    feeds: &[String],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
    newest: u32,
) -> QueryResult<Gaps> {
    let found: Found = conn.transaction(|conn| {
        conn.batch_execute(SETTINGS)?;
        sql_query(RECENT)
            .bind::<Array<Text>, _>(feeds)
            .bind::<Timestamptz, _>(since)
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(i64::from(newest))
            .get_result(conn)
    })?;
    Ok(Gaps { feeds: read(found.feeds)?, latest: read(found.latest)? })
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Jsonb)]
    feeds: Value,
    #[diesel(sql_type = Jsonb)]
    latest: Value,
}

fn read<T: DeserializeOwned>(rows: Value) -> QueryResult<Vec<T>> {
    serde_json::from_value(rows).map_err(|error| Error::DeserializationError(error.into()))
}
