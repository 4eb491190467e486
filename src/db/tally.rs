//! Keeps `stints` true to `laps`: follows the changes of laps and sums up anew what they touched.
//!
//! Runs beside the writer and never in its way; the laps are the truth, and whatever happens here
//! can be done again from them.

use std::collections::BTreeMap;

use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, Queryable,
    QueryableByName, RunQueryDsl, Selectable, SelectableHelper, insert_into, sql_query,
    sql_types::{Array, BigInt, Integer, Text},
    update,
};

use crate::analysis::karting::{CLASS_RULES, kart_class};

use super::{
    keyed::keyed,
    schema::{heats, tallies},
};

/// Counts the revisions of [`SUM_UP`].
const SUM_RULES: i32 = 1;
const NAME: &str = "stints";

/// Laps that were changed after the mark ($1 to $4), $5 at most. A transaction that is still open
/// may yet commit an older change, so nothing from it on is taken.
const CHANGED: &str = "\
SELECT changed_in, heat_id, driver_id, lap FROM laps \
WHERE (changed_in, heat_id, driver_id, lap) > ($1, $2, $3, $4) \
  AND changed_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
ORDER BY changed_in, heat_id, driver_id, lap LIMIT $5";

/// The next transaction's number. A database that was restored elsewhere counts its transactions
/// anew: stamps from before may lie beyond this, and would not be told for long.
const NOW: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number";
const SETTLE_STAMPS: &str = "UPDATE laps SET changed_in = 0 WHERE changed_in > $1";

/// The stints of the drivers $2 of the heats $1, of the classes $3. Lateral, so that the laps of each
/// are found by their key: of tables that are not analyzed yet, Postgres would compare all laps with
/// all of these drivers, which takes minutes in a great fleet. A further lap changes what an
/// index has only where it is the best, so a stint that is there is changed in its place.
const SUM_UP: &str = "\
INSERT INTO stints (heat_id, driver_id, kart, feed_id, class, laps, best_lap, best_lap_ms, \
                    best_at, quarter_ms, median_ms, three_quarters_ms) \
SELECT heats.id, touched.driver_id, driven.kart, heats.feed_id, touched.class, \
       driven.laps, driven.best[2], driven.best[1], \
       COALESCE(at.crossed_at, heats.started_at, heats.first_seen_at), \
       COALESCE(driven.spread[1], driven.best[1]), COALESCE(driven.spread[2], driven.best[1]), \
       COALESCE(driven.spread[3], driven.best[1]) \
FROM UNNEST($1, $2, $3) AS touched (heat_id, driver_id, class) \
JOIN heats ON heats.id = touched.heat_id \
LEFT JOIN heat_drivers AS drivers \
  ON drivers.heat_id = touched.heat_id AND drivers.driver_id = touched.driver_id \
CROSS JOIN LATERAL ( \
    SELECT COALESCE(laps.kart, drivers.kart, '') AS kart, count(*)::integer AS laps, \
           min(ARRAY[laps.lap_ms, laps.lap]) AS best, \
           percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY laps.lap_ms) \
               FILTER (WHERE laps.lap > 1) AS spread \
    FROM laps \
    WHERE laps.heat_id = touched.heat_id AND laps.driver_id = touched.driver_id \
      AND laps.removed_at IS NULL AND laps.error_ms = 0 AND laps.lap >= 1 AND laps.lap_ms > 0 \
    GROUP BY COALESCE(laps.kart, drivers.kart, '') \
) AS driven \
LEFT JOIN laps AS at \
  ON at.heat_id = touched.heat_id AND at.driver_id = touched.driver_id AND at.lap = driven.best[2] \
ON CONFLICT (heat_id, driver_id, kart) DO UPDATE SET \
    feed_id = excluded.feed_id, class = excluded.class, laps = excluded.laps, \
    best_lap = excluded.best_lap, best_lap_ms = excluded.best_lap_ms, best_at = excluded.best_at, \
    quarter_ms = excluded.quarter_ms, median_ms = excluded.median_ms, \
    three_quarters_ms = excluded.three_quarters_ms";

/// After [`SUM_UP`] in its transaction, which wrote all stints that these drivers have.
const CLEAR: &str = "\
DELETE FROM stints USING UNNEST($1, $2) AS touched (heat_id, driver_id) \
WHERE stints.heat_id = touched.heat_id AND stints.driver_id = touched.driver_id \
  AND stints.xmin <> pg_current_xact_id()::xid";

/// Of heats whose laps went by age the stints are all that is left.
const CLEAR_ALL: &str = "\
DELETE FROM stints WHERE EXISTS (SELECT FROM laps WHERE laps.heat_id = stints.heat_id)";

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// Changes of laps that were followed.
    pub changes: u64,
    /// There may be more of them now.
    pub more: bool,
}

/// Follows at most `limit` changes of laps. Of several processes one does so at a time; the others
/// find nothing to do.
///
/// # Errors
/// The connection's; nothing was done.
pub fn step(conn: &mut PgConnection, limit: u32) -> QueryResult<Tallied> {
    keyed(conn, |conn| {
        let Some(mark) = take_mark(conn)? else { return Ok(Tallied::default()) };
        let changes: Vec<Change> = sql_query(CHANGED)
            .bind::<BigInt, _>(mark.changed_in)
            .bind::<BigInt, _>(mark.heat_id)
            .bind::<BigInt, _>(mark.driver_id)
            .bind::<Integer, _>(mark.lap)
            .bind::<BigInt, _>(i64::from(limit))
            .load(conn)?;
        let Some(last) = changes.last() else { return Ok(Tallied::default()) };
        sum_up(conn, &changes)?;
        put_mark(conn, last)?;
        let count = changes.len() as u64;
        Ok(Tallied { changes: count, more: count == u64::from(limit) })
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tallies)]
struct Mark {
    rules: i32,
    changed_in: i64,
    heat_id: i64,
    driver_id: i64,
    lap: i32,
}

impl Mark {
    const START: Self = Self {
        rules: CLASS_RULES << 8 | SUM_RULES,
        changed_in: -1,
        heat_id: 0,
        driver_id: 0,
        lap: 0,
    };
}

#[derive(QueryableByName)]
struct Change {
    #[diesel(sql_type = BigInt)]
    changed_in: i64,
    #[diesel(sql_type = BigInt)]
    heat_id: i64,
    #[diesel(sql_type = BigInt)]
    driver_id: i64,
    #[diesel(sql_type = Integer)]
    lap: i32,
}

/// Where to go on, held until the end of the transaction; none when another process has it.
fn take_mark(conn: &mut PgConnection) -> QueryResult<Option<Mark>> {
    let start = Mark::START;
    let began = insert_into(tallies::table)
        .values((
            tallies::name.eq(NAME),
            tallies::rules.eq(start.rules),
            tallies::changed_in.eq(start.changed_in),
            tallies::heat_id.eq(start.heat_id),
            tallies::driver_id.eq(start.driver_id),
            tallies::lap.eq(start.lap),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let mark: Option<Mark> = tallies::table
        .find(NAME)
        .select(Mark::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    let Some(mark) = mark else { return Ok(None) };
    let now: Now = sql_query(NOW).get_result(conn)?;
    if began == 0 && mark.rules == start.rules && mark.changed_in <= now.number {
        return Ok(Some(mark));
    }
    sql_query(CLEAR_ALL).execute(conn)?;
    sql_query(SETTLE_STAMPS).bind::<BigInt, _>(now.number).execute(conn)?;
    Ok(Some(start))
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn put_mark(conn: &mut PgConnection, last: &Change) -> QueryResult<()> {
    update(tallies::table.find(NAME))
        .set((
            tallies::rules.eq(Mark::START.rules),
            tallies::changed_in.eq(last.changed_in),
            tallies::heat_id.eq(last.heat_id),
            tallies::driver_id.eq(last.driver_id),
            tallies::lap.eq(last.lap),
        ))
        .execute(conn)
        .map(drop)
}

fn sum_up(conn: &mut PgConnection, changes: &[Change]) -> QueryResult<()> {
    let mut touched: Vec<(i64, i64)> =
        changes.iter().map(|change| (change.heat_id, change.driver_id)).collect();
    touched.sort_unstable();
    touched.dedup();
    let (heat_ids, drivers): (Vec<i64>, Vec<i64>) = touched.into_iter().unzip();
    let names: BTreeMap<i64, String> = heats::table
        .filter(heats::id.eq_any(&heat_ids))
        .select((heats::id, heats::name))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let class = |heat: &i64| names.get(heat).and_then(|name| kart_class(name)).unwrap_or_default();
    let classes: Vec<&str> = heat_ids.iter().map(class).collect();
    sql_query(SUM_UP)
        .bind::<Array<BigInt>, _>(&heat_ids)
        .bind::<Array<BigInt>, _>(&drivers)
        .bind::<Array<Text>, _>(&classes)
        .execute(conn)?;
    sql_query(CLEAR)
        .bind::<Array<BigInt>, _>(&heat_ids)
        .bind::<Array<BigInt>, _>(&drivers)
        .execute(conn)
        .map(drop)
}
