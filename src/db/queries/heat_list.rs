//! Heats of all feeds, newest first, as a list that is read page by page.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::db::{rows::text, schema::feeds};

use super::snapshot;

/// What is known of the heats of `picked`, newest first. `$n` are of [`PICK`].
const DESCRIBE: &str = "\
SELECT heats.id, feeds.slug AS feed, heats.start_unix, heats.name, heats.occurrence, heats.state, \
       heats.end_condition, heats.race_mode, heats.started_at, heats.finished_at, \
       heats.first_seen_at, heats.last_seen_at, \
       counted.drivers, counted.laps, counted.best_lap_ms, leader.name AS leader \
FROM picked AS heats \
JOIN feeds ON feeds.id = heats.feed_id \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS drivers, COALESCE(sum(laps), 0)::bigint AS laps, \
           min(best_lap_ms) AS best_lap_ms \
    FROM heat_drivers WHERE heat_id = heats.id) AS counted \
LEFT JOIN LATERAL ( \
    SELECT name FROM heat_drivers WHERE heat_id = heats.id \
    ORDER BY position, updated_at DESC, driver_id LIMIT 1) AS leader ON true \
ORDER BY heats.first_seen_at DESC, heats.id DESC";

/// One comparison with the place where the last page ended, so that `heats_by_time`, or
/// `heats_by_first_seen` for one feed, gives no more than is asked for. Parameters that are null are
/// gone when this is planned, since it is planned for each question.
const PICK: &str = "\
SELECT * FROM heats \
WHERE (first_seen_at, id) < (COALESCE($1, 'infinity'), COALESCE($2, 0)) \
  AND ($3 IS NULL OR feed_id = $3) \
  AND ($4 IS NULL OR first_seen_at >= $4) \
  AND ($5 IS NULL OR first_seen_at < $5) \
  AND ($6 IS NULL OR strpos(lower(name), lower($6)) > 0) \
  AND ($7 IS NULL OR state = $7) \
ORDER BY first_seen_at DESC, id DESC LIMIT $8";

/// Which heats; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct HeatFilter {
    /// By its id in the config.
    pub feed: Option<String>,
    /// First seen then or later.
    pub from: Option<DateTime<Utc>>,
    /// First seen before.
    pub to: Option<DateTime<Utc>>,
    /// In the name, in capitals or not.
    pub name: Option<String>,
    /// As in the table.
    pub state: Option<String>,
}

/// A heat in a list.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ListedHeat {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub feed: String,
    #[diesel(sql_type = BigInt)]
    pub start_unix: i64,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Integer)]
    pub occurrence: i32,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Text)]
    pub end_condition: String,
    #[diesel(sql_type = Text)]
    pub race_mode: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub first_seen_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub last_seen_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub drivers: i64,
    /// Of all drivers, by the venue's count.
    #[diesel(sql_type = BigInt)]
    pub laps: i64,
    #[diesel(sql_type = Nullable<Integer>)]
    pub best_lap_ms: Option<i32>,
    /// Who is first in the table.
    #[diesel(sql_type = Nullable<Text>)]
    pub leader: Option<String>,
}

/// `limit` heats at most, newest first, behind the one of that moment and id where one is given;
/// none where the filter names a feed that is not known.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn list_heats(
    conn: &mut PgConnection,
    filter: &HeatFilter,
    behind: Option<(DateTime<Utc>, i64)>,
    limit: u32,
) -> QueryResult<Option<Vec<ListedHeat>>> {
    snapshot(conn, |conn| {
        let feed = match filter.feed.as_deref().map(|slug| feed_id(conn, slug)).transpose()? {
            Some(None) => return Ok(None),
            feed => feed.flatten(),
        };
        let (moment, id) = behind.unzip();
        sql_query(format!("WITH picked AS ({PICK}) {DESCRIBE}"))
            .bind::<Nullable<Timestamptz>, _>(moment)
            .bind::<Nullable<BigInt>, _>(id)
            .bind::<Nullable<BigInt>, _>(feed)
            .bind::<Nullable<Timestamptz>, _>(filter.from)
            .bind::<Nullable<Timestamptz>, _>(filter.to)
            .bind::<Nullable<Text>, _>(filter.name.as_deref().map(text))
            .bind::<Nullable<Text>, _>(filter.state.as_deref())
            .bind::<BigInt, _>(i64::from(limit))
            .load(conn)
            .map(Some)
    })
}

/// The heat with this id.
pub(super) fn listed_heat(conn: &mut PgConnection, id: i64) -> QueryResult<Option<ListedHeat>> {
    sql_query(format!("WITH picked AS (SELECT * FROM heats WHERE id = $1) {DESCRIBE}"))
        .bind::<BigInt, _>(id)
        .get_result(conn)
        .optional()
}

/// The database's own number of a feed.
pub(super) fn feed_id(conn: &mut PgConnection, slug: &str) -> QueryResult<Option<i64>> {
    feeds::table.filter(feeds::slug.eq(text(slug))).select(feeds::id).first(conn).optional()
}
