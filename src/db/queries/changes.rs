//! What changed in `laps`, in an order in which nothing is ever skipped.
//!
//! Changes are told in the order of the transactions that made them, and only once no older
//! transaction is open any more: what comes later has a greater number.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::db::schema::{feeds, heat_drivers, heats};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapChange {
    pub feed: String,
    /// The name of the heat.
    pub heat: String,
    /// None for a driver without a standing.
    pub driver: Option<String>,
    pub lap: ChangedLap,
}

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ChangedLap {
    #[diesel(embed)]
    pub mark: ChangeMark,
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

struct Look {
    feed: Option<i64>,
    heat: Option<i64>,
    after: ChangeMark,
    limit: u32,
}

impl Look {
    /// What there is to tell, where to go on, and whether there may be more.
    fn take(&self, conn: &mut PgConnection) -> QueryResult<(Vec<LapChange>, ChangeMark, bool)> {
        // Where nothing is left out, as many as are wanted.
        let depth = if self.feed.is_some() { LOOK.max(self.limit) } else { self.limit };
        let looked_at: Vec<ChangedLap> =
            sql_query(if self.heat.is_some() { OF_HEAT } else { OF_ALL })
                .bind::<BigInt, _>(self.after.changed_in)
                .bind::<BigInt, _>(self.after.heat_id)
                .bind::<BigInt, _>(self.after.driver_id)
                .bind::<Integer, _>(self.after.lap)
                .bind::<BigInt, _>(i64::from(depth))
                .bind::<Nullable<BigInt>, _>(self.heat)
                .load(conn)?;
        let mut more = looked_at.len() == depth as usize;
        let context = Context::of(conn, &looked_at)?;
        let mut next = self.after;
        let mut changes = Vec::new();
        for lap in looked_at {
            if changes.len() == self.limit as usize {
                more = true;
                break;
            }
            next = lap.mark;
            changes.extend(context.tell(lap, self.feed));
        }
        Ok((changes, next, more))
    }
}

/// Names of what laps belong to. Looked up by themselves: thousands of laps are of a few heats.
struct Context {
    /// The feed's number and slug, and the heat's name, by heat.
    heats: HashMap<i64, (i64, String, String)>,
    /// By heat and driver.
    drivers: HashMap<(i64, i64), String>,
}

impl Context {
    fn of(conn: &mut PgConnection, laps: &[ChangedLap]) -> QueryResult<Self> {
        let ids: BTreeSet<i64> = laps.iter().map(|lap| lap.mark.heat_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let of_heats: Vec<(i64, (i64, String, String))> = heats::table
            .inner_join(feeds::table)
            .filter(heats::id.eq_any(&ids))
            .select((heats::id, (feeds::id, feeds::slug, heats::name)))
            .load(conn)?;
        let of_drivers: Vec<((i64, i64), String)> = heat_drivers::table
            .filter(heat_drivers::heat_id.eq_any(&ids))
            .select(((heat_drivers::heat_id, heat_drivers::driver_id), heat_drivers::name))
            .load(conn)?;
        let heats = of_heats.into_iter().collect();
        Ok(Self { heats, drivers: of_drivers.into_iter().collect() })
    }

    /// None for a lap of another feed.
    fn tell(&self, lap: ChangedLap, feed: Option<i64>) -> Option<LapChange> {
        let ChangeMark { heat_id, driver_id, .. } = lap.mark;
        // Every lap has a heat.
        let (feed_id, slug, heat) = self.heats.get(&heat_id)?;
        if feed.is_some_and(|feed| feed != *feed_id) {
            return None;
        }
        let driver = self.drivers.get(&(heat_id, driver_id)).cloned();
        Some(LapChange { feed: slug.clone(), heat: heat.clone(), driver, lap })
    }
}
