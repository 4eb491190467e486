//! Who drove at a venue, by name, and what they did there heat by heat. Names are no identities: two
//! people may share one, and one person may have several.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    SelectableHelper, sql_query,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::{
    db::{rows::text, schema::feeds},
    event::{FeedId, FeedInfo},
};

use super::{snapshot, sources::FeedRow};

/// The names of the feeds $1 after $2 that begin with $3, $4 at most: each is one look at
/// `heat_drivers_by_name` a feed.
const NAMES: &str = "\
WITH RECURSIVE names (name_key, nth) AS ( \
    SELECT (SELECT min(first.name_key) FROM UNNEST($1) AS asked (id) \
            CROSS JOIN LATERAL (SELECT name_key FROM heat_drivers WHERE feed_id = asked.id \
                AND name_key > GREATEST($2 COLLATE \"C\", '') AND name_key >= lower($3) COLLATE \"C\" \
                ORDER BY name_key LIMIT 1) AS first), 1 \
    UNION ALL \
    SELECT (SELECT min(next.name_key) FROM UNNEST($1) AS asked (id) \
            CROSS JOIN LATERAL (SELECT name_key FROM heat_drivers WHERE feed_id = asked.id \
                AND name_key > names.name_key ORDER BY name_key LIMIT 1) AS next), names.nth + 1 \
    FROM names WHERE starts_with(names.name_key, lower($3)) AND names.nth < $4 \
) \
SELECT names.name_key, latest.name, latest.heat_id, latest.at, counted.heats \
FROM names \
CROSS JOIN LATERAL ( \
    SELECT drivers.name, drivers.heat_id, COALESCE(heats.started_at, heats.first_seen_at) AS at \
    FROM UNNEST($1) AS asked (id) \
    CROSS JOIN LATERAL (SELECT name, heat_id FROM heat_drivers \
        WHERE feed_id = asked.id AND name_key = names.name_key \
        ORDER BY heat_id DESC LIMIT 1) AS drivers \
    JOIN heats ON heats.id = drivers.heat_id \
    ORDER BY drivers.heat_id DESC LIMIT 1) AS latest \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS heats FROM heat_drivers \
    WHERE feed_id = ANY($1) AND name_key = names.name_key) AS counted \
WHERE starts_with(names.name_key, lower($3)) \
ORDER BY names.name_key";

/// The entries with the names $2 at the feeds $1, the latest first, before entry $5 of heat $3, $4 at
/// most. Of several karts in one heat the one with the most laps tells the middle of them.
const ENTRIES: &str = "\
WITH keys AS ( \
    SELECT DISTINCT lower(btrim(asked)) AS name_key FROM UNNEST($2) AS asked \
), entries AS ( \
    SELECT of_name.* FROM UNNEST($1) AS asked (id) CROSS JOIN keys \
    CROSS JOIN LATERAL ( \
        SELECT heat_id, driver_id, name, kart, position, laps, best_lap_ms, average_lap_ms \
        FROM heat_drivers \
        WHERE feed_id = asked.id AND name_key = keys.name_key AND heat_id <= $3 \
          AND (heat_id, driver_id) < ($3, $5) \
        ORDER BY heat_id DESC, driver_id DESC LIMIT $4) AS of_name \
    ORDER BY heat_id DESC, driver_id DESC LIMIT $4 \
) \
SELECT entries.heat_id, entries.driver_id, feeds.slug AS feed, heats.name AS heat_name, \
       COALESCE(heats.started_at, heats.first_seen_at) AS at, heats.state, \
       entries.name, COALESCE(longest.kart, entries.kart) AS kart, entries.position, \
       field.drivers, entries.laps, COALESCE(own.best_lap_ms, entries.best_lap_ms) AS best_lap_ms, \
       longest.median_ms, longest.quarter_ms, longest.three_quarters_ms, \
       LEAST(field.best_lap_ms, own.best_lap_ms) AS heat_best_lap_ms \
FROM entries \
JOIN heats ON heats.id = entries.heat_id \
JOIN feeds ON feeds.id = heats.feed_id \
LEFT JOIN LATERAL ( \
    SELECT min(best_lap_ms) AS best_lap_ms FROM stints \
    WHERE heat_id = entries.heat_id AND driver_id = entries.driver_id) AS own ON true \
LEFT JOIN LATERAL ( \
    SELECT kart, median_ms, quarter_ms, three_quarters_ms FROM stints \
    WHERE heat_id = entries.heat_id AND driver_id = entries.driver_id \
    ORDER BY laps DESC, best_lap_ms LIMIT 1) AS longest ON true \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS drivers, min(best_lap_ms) AS best_lap_ms \
    FROM heat_drivers WHERE heat_id = entries.heat_id) AS field \
ORDER BY entries.heat_id DESC, entries.driver_id DESC";

/// Of the latest $3 entries the best lap on each feed. An entry is one look at the stints by key.
const BESTS: &str = "\
WITH keys AS ( \
    SELECT DISTINCT lower(btrim(asked)) AS name_key FROM UNNEST($2) AS asked \
), entries AS ( \
    SELECT of_name.* FROM UNNEST($1) AS asked (id) CROSS JOIN keys \
    CROSS JOIN LATERAL ( \
        SELECT feed_id, heat_id, driver_id FROM heat_drivers \
        WHERE feed_id = asked.id AND name_key = keys.name_key \
        ORDER BY heat_id DESC LIMIT $3) AS of_name \
), bests AS ( \
    SELECT DISTINCT ON (entries.feed_id) entries.feed_id, stints.heat_id, stints.kart, \
           stints.best_lap_ms, stints.best_at \
    FROM entries JOIN stints USING (heat_id, driver_id) \
    ORDER BY entries.feed_id, stints.best_lap_ms, stints.best_at \
) \
SELECT feeds.slug AS feed, feeds.name AS feed_name, counted.heats, bests.heat_id, bests.kart, \
       bests.best_lap_ms, bests.best_at \
FROM (SELECT feed_id, count(*) AS heats FROM entries GROUP BY feed_id) AS counted \
JOIN feeds ON feeds.id = counted.feed_id \
LEFT JOIN bests ON bests.feed_id = counted.feed_id \
ORDER BY feeds.slug";

/// Nobody drives more heats; a name that the desk gives to every guest might have.
const MOST_ENTRIES: i64 = 5_000;

/// Which names of drivers are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriversWanted {
    /// All feeds of the venue of this one,
    pub feed: Option<FeedId>,
    /// or of this venue.
    pub venue: Option<String>,
    /// The beginning, as people write it.
    pub begins: String,
    /// Names after this one, as [`DriverName::name_key`].
    pub after: Option<String>,
    pub limit: u32,
}

/// A name that occurs at a venue.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DriverName {
    /// Names that differ only in case and blanks around them have the same.
    #[diesel(sql_type = Text)]
    pub name_key: String,
    /// As it was written in the latest heat.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Entries with it.
    #[diesel(sql_type = BigInt)]
    pub heats: i64,
    /// The latest heat, and when it began.
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

/// What a driver did in a heat.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DriverHeat {
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub driver_id: i64,
    #[diesel(sql_type = Text)]
    pub feed: String,
    #[diesel(sql_type = Text)]
    pub heat_name: String,
    /// When it began.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub state: String,
    /// As it was written there.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Of several the one with the most laps.
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Integer)]
    pub position: i32,
    /// How many were in the heat.
    #[diesel(sql_type = BigInt)]
    pub drivers: i64,
    /// By the venue's count.
    #[diesel(sql_type = Integer)]
    pub laps: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    pub best_lap_ms: Option<i32>,
    /// As of `stints`; none where no lap is known.
    #[diesel(sql_type = Nullable<Integer>)]
    pub median_ms: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub quarter_ms: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub three_quarters_ms: Option<i32>,
    /// The best lap of anybody in the heat.
    #[diesel(sql_type = Nullable<Integer>)]
    pub heat_best_lap_ms: Option<i32>,
}

/// What a driver did best on a track.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DriverBest {
    #[diesel(sql_type = Text)]
    pub feed: String,
    #[diesel(sql_type = Text)]
    pub feed_name: String,
    /// Entries there.
    #[diesel(sql_type = BigInt)]
    pub heats: i64,
    /// None where no lap is known, as all below.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub heat_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub kart: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub best_lap_ms: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub best_at: Option<DateTime<Utc>>,
}

/// What was driven under some names at a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverHistory {
    /// Latest first.
    pub heats: Vec<DriverHeat>,
    /// There are older ones.
    pub more: bool,
    /// By track, all of the venue where the names occur.
    pub bests: Vec<DriverBest>,
}

/// The feeds of karts at the venue that is asked for.
///
/// # Errors
/// The connection's.
pub fn venue_feeds(
    conn: &mut PgConnection,
    feed: Option<&FeedId>,
    venue: Option<&str>,
) -> QueryResult<Vec<FeedInfo>> {
    Ok(feeds_of(conn, feed, venue)?.into_iter().map(|(_, info)| info).collect())
}

/// In the order of their names, in small letters; none where no such feed or venue is known.
///
/// # Errors
/// The connection's, also when it takes longer than some seconds.
pub fn driver_names(
    conn: &mut PgConnection,
    wanted: &DriversWanted,
) -> QueryResult<Option<Vec<DriverName>>> {
    snapshot(conn, |conn| {
        let feeds = feeds_of(conn, wanted.feed.as_ref(), wanted.venue.as_deref())?;
        if feeds.is_empty() {
            return Ok(None);
        }
        let ids: Vec<i64> = feeds.into_iter().map(|(id, _)| id).collect();
        sql_query(NAMES)
            .bind::<Array<BigInt>, _>(ids)
            .bind::<Nullable<Text>, _>(wanted.after.as_deref().map(text))
            .bind::<Text, _>(text(wanted.begins.trim_start()))
            .bind::<BigInt, _>(i64::from(wanted.limit))
            .load(conn)
            .map(Some)
    })
}

/// What was driven under these names at a venue: the latest `limit` entries, and with `before` only
/// those before that heat and driver.
///
/// # Errors
/// The connection's, also when it takes longer than some seconds.
pub fn driver_history(
    conn: &mut PgConnection,
    venue: &str,
    names: &[String],
    before: Option<(i64, i64)>,
    limit: u32,
) -> QueryResult<DriverHistory> {
    snapshot(conn, |conn| {
        let feeds = feeds_of(conn, None, Some(venue))?;
        let ids: Vec<i64> = feeds.into_iter().map(|(id, _)| id).collect();
        let names: Vec<_> = names.iter().map(|name| text(name)).collect();
        let (before_heat, before_driver) = before.unwrap_or((i64::MAX, i64::MAX));
        let mut heats: Vec<DriverHeat> = sql_query(ENTRIES)
            .bind::<Array<BigInt>, _>(&ids)
            .bind::<Array<Text>, _>(&names)
            .bind::<BigInt, _>(before_heat)
            .bind::<BigInt, _>(i64::from(limit) + 1)
            .bind::<BigInt, _>(before_driver)
            .load(conn)?;
        let more = heats.len() > limit as usize;
        heats.truncate(limit as usize);
        let bests = sql_query(BESTS)
            .bind::<Array<BigInt>, _>(&ids)
            .bind::<Array<Text>, _>(&names)
            .bind::<BigInt, _>(MOST_ENTRIES)
            .load(conn)?;
        Ok(DriverHistory { heats, more, bests })
    })
}

fn feeds_of(
    conn: &mut PgConnection,
    feed: Option<&FeedId>,
    venue: Option<&str>,
) -> QueryResult<Vec<(i64, FeedInfo)>> {
    let of_feed = feeds::table.select(feeds::venue).into_boxed();
    let venue = match (feed, venue) {
        (Some(feed), _) => {
            let found: Vec<String> =
                of_feed.filter(feeds::slug.eq(text(feed.as_str()))).load(conn)?;
            found.into_iter().next()
        }
        (None, venue) => venue.map(str::to_owned),
    };
    let Some(venue) = venue else { return Ok(Vec::new()) };
    let rows: Vec<(i64, FeedRow)> = feeds::table
        .filter(feeds::venue.eq(text(&venue)))
        .order(feeds::slug)
        .select((feeds::id, FeedRow::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, row)| (id, row.into())).collect())
}
