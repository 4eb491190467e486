//! What was driven on a track in a span of time, a row for each driver and kart of a heat.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, SelectableHelper, sql_query,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::{
    db::{rows::text, schema::feeds},
    event::{FeedId, FeedInfo},
};

use super::{snapshot, sources::FeedRow};

/// By `stints_by_time`. The limit of one keeps the names to looks by key: to read all standings that
/// there are would take longer, however many stints the span has.
const DRIVEN: &str = "\
SELECT stints.heat_id, stints.driver_id, COALESCE(drivers.name_key, '') AS name_key, \
       stints.kart, stints.laps, stints.best_lap_ms, stints.median_ms, stints.best_at \
FROM stints \
LEFT JOIN LATERAL ( \
    SELECT name_key FROM heat_drivers \
    WHERE heat_id = stints.heat_id AND driver_id = stints.driver_id LIMIT 1) AS drivers ON true \
WHERE stints.feed_id = $1 AND stints.best_at >= $2 AND stints.best_at < $3 \
  AND ($4 IS NULL OR stints.class = $4) \
ORDER BY stints.best_at DESC, stints.heat_id, stints.driver_id, stints.kart \
LIMIT $5";

/// The classes of a feed, one look at `stints_by_class_best` each.
const CLASSES: &str = "\
WITH RECURSIVE classes (class) AS ( \
    (SELECT class FROM stints WHERE feed_id = $1 ORDER BY class LIMIT 1) \
    UNION ALL \
    SELECT (SELECT class FROM stints WHERE feed_id = $1 AND class > classes.class \
            ORDER BY class LIMIT 1) \
    FROM classes WHERE classes.class IS NOT NULL \
) \
SELECT class FROM classes WHERE class <> ''";

/// Laps are summed up in the order in which they were written: all that was driven before the first
/// one that is not yet is there.
const MISSING_SINCE: &str = "\
SELECT COALESCE(next.crossed_at, heats.started_at, heats.first_seen_at) AS at \
FROM (SELECT 1) AS one \
LEFT JOIN tallies ON tallies.name = 'stints' \
CROSS JOIN LATERAL ( \
    SELECT heat_id, crossed_at FROM laps \
    WHERE (changed_in, heat_id, driver_id, lap) > \
          (COALESCE(tallies.changed_in, -1), COALESCE(tallies.heat_id, 0), \
           COALESCE(tallies.driver_id, 0), COALESCE(tallies.lap, 0)) \
    ORDER BY changed_in, laps.heat_id, laps.driver_id, laps.lap LIMIT 1 \
) AS next \
JOIN heats ON heats.id = next.heat_id";

/// What a driver did with a kart in a heat.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DrivenStint {
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub driver_id: i64,
    /// Empty where there is no standing.
    #[diesel(sql_type = Text)]
    pub name_key: String,
    /// Empty where nobody knows.
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Integer)]
    pub laps: i32,
    #[diesel(sql_type = Integer)]
    pub best_lap_ms: i32,
    #[diesel(sql_type = Integer)]
    pub median_ms: i32,
    #[diesel(sql_type = Timestamptz)]
    pub best_at: DateTime<Utc>,
}

/// The stints of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driven {
    pub feed: FeedInfo,
    /// Newest first.
    pub stints: Vec<DrivenStint>,
    /// There are older ones in the span, beyond the limit.
    pub is_cut: bool,
    /// The classes of karts that were ever driven here.
    pub classes: Vec<String>,
    /// As of [`Records`](super::Records).
    pub missing_since: Option<DateTime<Utc>>,
}

/// What was driven on a feed from `from` on, before `to`, the latest `limit` stints at most; of one
/// class of karts where one is given. None where no such feed is known.
///
/// # Errors
/// The connection's, also when it takes longer than some seconds.
pub fn driven(
    conn: &mut PgConnection,
    feed: &FeedId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    class: Option<&str>,
    limit: u32,
) -> QueryResult<Option<Driven>> {
    snapshot(conn, |conn| {
        let Some((feed_id, feed)) = known_feed(conn, feed)? else { return Ok(None) };
        let mut stints: Vec<DrivenStint> = sql_query(DRIVEN)
            .bind::<BigInt, _>(feed_id)
            .bind::<Timestamptz, _>(from)
            .bind::<Timestamptz, _>(to)
            .bind::<Nullable<Text>, _>(class.map(text))
            .bind::<BigInt, _>(i64::from(limit) + 1)
            .load(conn)?;
        let is_cut = stints.len() > limit as usize;
        stints.truncate(limit as usize);
        let classes = classes(conn, feed_id)?;
        let missing_since = missing_since(conn)?;
        Ok(Some(Driven { feed, stints, is_cut, classes, missing_since }))
    })
}

pub(super) fn known_feed(
    conn: &mut PgConnection,
    feed: &FeedId,
) -> QueryResult<Option<(i64, FeedInfo)>> {
    let found: Option<(i64, FeedRow)> = feeds::table
        .filter(feeds::slug.eq(text(feed.as_str())))
        .select((feeds::id, FeedRow::as_select()))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, row)| (id, row.into())))
}

pub(super) fn classes(conn: &mut PgConnection, feed_id: i64) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        class: String,
    }
    let rows: Vec<Row> = sql_query(CLASSES).bind::<BigInt, _>(feed_id).load(conn)?;
    Ok(rows.into_iter().map(|row| row.class).collect())
}

pub(super) fn missing_since(conn: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        at: DateTime<Utc>,
    }
    let row: Option<Row> = sql_query(MISSING_SINCE).get_result(conn).optional()?;
    Ok(row.map(|row| row.at))
}
