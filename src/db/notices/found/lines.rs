//! Feeds that are away or back.

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz},
};

/// The latest connection of each of the feeds $1.
const LINES: &str = "\
SELECT feeds.id AS feed_id, feeds.slug, last.generation, last.connected_at, last.disconnected_at, \
       last.reason, now() AS now \
FROM feeds LEFT JOIN LATERAL ( \
    SELECT generation, connected_at, disconnected_at, reason FROM feed_connections \
    WHERE feed_id = feeds.id ORDER BY generation DESC LIMIT 1) AS last ON true \
WHERE feeds.slug = ANY($1) ORDER BY feeds.slug";

/// The last time that the targets $1 were told that a feed is down.
const TOLD_DOWNS: &str = "\
SELECT DISTINCT ON (target, feed_id) target, feed_id, key FROM notices \
WHERE kind = 'feed_down' AND target = ANY($1) AND feed_id IS NOT NULL \
ORDER BY target, feed_id, id DESC";

/// The latest connection of a feed; all but the feed is null where there never was one.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FeedLine {
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub generation: Option<i64>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub connected_at: Option<DateTime<Utc>>,
    /// Null while it is open.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub disconnected_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// The database's own clock.
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
}

/// Target, feed and key of a notice.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ToldDown {
    #[diesel(sql_type = Text)]
    pub target: String,
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub key: String,
}

/// # Errors
/// The connection's.
pub fn lines_of_feeds(conn: &mut PgConnection, slugs: &[String]) -> QueryResult<Vec<FeedLine>> {
    sql_query(LINES).bind::<Array<Text>, _>(slugs).load(conn)
}

/// # Errors
/// The connection's.
pub fn told_downs(conn: &mut PgConnection, targets: &[String]) -> QueryResult<Vec<ToldDown>> {
    sql_query(TOLD_DOWNS).bind::<Array<Text>, _>(targets).load(conn)
}
