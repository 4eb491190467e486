//! What changed in `laps`, in an order in which nothing is ever skipped.
//!
//! Changes are told in the order of the transactions that made them, and only once no older
//! transaction is open any more: what comes later has a greater number.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    sql_query,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::db::schema::heats;

use super::{heat_list::feed_id, snapshot};

/// Changes that are looked at for the laps of one feed, however few of them are: a look is quick.
const LOOK: u32 = 5_000;

/// Tells this database from every other one: a copy that was restored elsewhere or to an earlier
/// time counts its transactions by itself. With it the number of the next transaction.
const DATABASE: &str = "\
SELECT concat_ws('.', system.system_identifier, checkpoint.timeline_id, pg_database.oid) AS name, \
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next \
FROM pg_control_system() AS system, pg_control_checkpoint() AS checkpoint, pg_database \
WHERE pg_database.datname = current_database()";

/// Settled changes behind the mark ($1 to $4), $5 at most, from the index `laps_by_change`.
const OF_ALL: &str = "\
SELECT * FROM laps \
WHERE (changed_in, heat_id, driver_id, lap) > ($1, $2, $3, $4) \
  AND changed_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
  AND $6 IS NULL \
ORDER BY changed_in, heat_id, driver_id, lap LIMIT $5";

/// The same of heat $6. Its laps are few beside all that changed, so they are taken first, by the
/// primary key.
const OF_HEAT: &str = "\
SELECT * FROM (SELECT * FROM laps WHERE heat_id = $6 OFFSET 0) AS laps \
WHERE (changed_in, heat_id, driver_id, lap) > ($1, $2, $3, $4) \
  AND changed_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
ORDER BY changed_in, heat_id, driver_id, lap LIMIT $5";

/// Of those that were looked at, the laps of feed $7.
const TELL: &str = "\
SELECT looked.*, feeds.slug AS feed, heats.name AS heat, drivers.name AS driver \
FROM looked \
JOIN heats ON heats.id = looked.heat_id \
JOIN feeds ON feeds.id = heats.feed_id \
LEFT JOIN heat_drivers AS drivers USING (heat_id, driver_id) \
WHERE $7 IS NULL OR heats.feed_id = $7 \
ORDER BY looked.changed_in, looked.heat_id, looked.driver_id, looked.lap LIMIT $8";

/// How many were looked at, and the last of them.
const END: &str = "\
SELECT changed_in, heat_id, driver_id, lap, count(*) OVER () AS looked_at FROM looked \
ORDER BY changed_in DESC, heat_id DESC, driver_id DESC, lap DESC LIMIT 1";

/// A place in the order of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct ChangeMark {
    #[diesel(sql_type = BigInt)]
    pub changed_in: i64,
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub driver_id: i64,
    #[diesel(sql_type = Integer)]
    pub lap: i32,
}

impl ChangeMark {
    /// Before every change.
    pub const START: Self = Self { changed_in: -1, heat_id: 0, driver_id: 0, lap: 0 };
}

/// What is true of a lap since it changed.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct LapChange {
    #[diesel(embed)]
    pub mark: ChangeMark,
    #[diesel(sql_type = Text)]
    pub feed: String,
    /// The name of the heat.
    #[diesel(sql_type = Text)]
    pub heat: String,
    /// None for a driver without a standing.
    #[diesel(sql_type = Nullable<Text>)]
    pub driver: Option<String>,
    #[diesel(sql_type = Integer)]
    pub lap_ms: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub kart: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub position: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub crossed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Integer)]
    pub error_ms: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub removed_at: Option<DateTime<Utc>>,
}

/// Whose laps; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// By its id in the config.
    pub feed: Option<String>,
    pub heat: Option<i64>,
}

/// Some of the changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapChanges {
    /// In which the mark means something.
    pub database: String,
    pub changes: Vec<LapChange>,
    /// Where to go on.
    pub next: ChangeMark,
    /// There may be more already.
    pub more: bool,
}

/// What comes of a question about changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    Changes(LapChanges),
    NoFeed,
    NoHeat,
    /// The mark is of another database.
    Gone,
}

/// Settled changes of laps behind `after`, a database's name and a mark in it, `limit` at most.
/// Takes bounded time: where laps of one feed are rare, there may be none of them and `more` to look
/// at.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn lap_changes(
    conn: &mut PgConnection,
    filter: &ChangeFilter,
    after: Option<(&str, ChangeMark)>,
    limit: u32,
) -> QueryResult<Followed> {
    snapshot(conn, |conn| {
        let database: Database = sql_query(DATABASE).get_result(conn)?;
        let is_gone = after
            .is_some_and(|(name, mark)| name != database.name || mark.changed_in >= database.next);
        if is_gone {
            return Ok(Followed::Gone);
        }
        let feed = match filter.feed.as_deref().map(|slug| feed_id(conn, slug)).transpose()? {
            Some(None) => return Ok(Followed::NoFeed),
            feed => feed.flatten(),
        };
        if let Some(heat) = filter.heat {
            let found: Option<i64> =
                heats::table.find(heat).select(heats::id).first(conn).optional()?;
            if found.is_none() {
                return Ok(Followed::NoHeat);
            }
        }
        let after = after.map_or(ChangeMark::START, |(_, mark)| mark);
        let look = Look { feed, heat: filter.heat, after, limit };
        let (changes, next, more) = look.take(conn)?;
        Ok(Followed::Changes(LapChanges { database: database.name, changes, next, more }))
    })
}

#[derive(QueryableByName)]
struct Database {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    next: i64,
}

#[derive(QueryableByName)]
struct End {
    #[diesel(embed)]
    mark: ChangeMark,
    #[diesel(sql_type = BigInt)]
    looked_at: i64,
}

/// Begins the statement that asks what of the changes that were looked at.
macro_rules! looked_at {
    ($look:expr, $what:expr) => {{
        let of = if $look.heat.is_some() { OF_HEAT } else { OF_ALL };
        sql_query(format!("WITH looked AS MATERIALIZED ({of}) {}", $what))
            .bind::<BigInt, _>($look.after.changed_in)
            .bind::<BigInt, _>($look.after.heat_id)
            .bind::<BigInt, _>($look.after.driver_id)
            .bind::<Integer, _>($look.after.lap)
            .bind::<BigInt, _>(i64::from($look.depth()))
            .bind::<Nullable<BigInt>, _>($look.heat)
    }};
}

struct Look {
    feed: Option<i64>,
    heat: Option<i64>,
    after: ChangeMark,
    limit: u32,
}

impl Look {
    /// Where nothing is left out, as many as are wanted.
    fn depth(&self) -> u32 {
        if self.feed.is_some() { LOOK.max(self.limit) } else { self.limit }
    }

    fn take(&self, conn: &mut PgConnection) -> QueryResult<(Vec<LapChange>, ChangeMark, bool)> {
        let changes: Vec<LapChange> = looked_at!(self, TELL)
            .bind::<Nullable<BigInt>, _>(self.feed)
            .bind::<BigInt, _>(i64::from(self.limit))
            .load(conn)?;
        let end: Option<End> = looked_at!(self, END).get_result(conn).optional()?;
        let Some(end) = end else { return Ok((changes, self.after, false)) };
        let more = end.looked_at == i64::from(self.depth());
        Ok(match changes.last().map(|last| last.mark) {
            Some(last) if changes.len() == self.limit as usize => {
                (changes, last, more || last != end.mark)
            }
            _ => (changes, end.mark, more),
        })
    }
}
