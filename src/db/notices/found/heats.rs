//! Heats that are over, their records and personal bests.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz},
};

use crate::db::queries::snapshot;

/// More would be no news but a list.
const MOST_BESTS: i64 = 50;

/// Heats of the feeds $1 that finished between $2 and $3 seconds ago and whose laps are summed up,
/// the first one first.
const FINISHED_HEATS: &str = "\
SELECT heats.id, feeds.slug, heats.finished_at \
FROM heats JOIN feeds ON feeds.id = heats.feed_id \
WHERE feeds.slug = ANY($1) \
  AND heats.finished_at > now() - make_interval(secs => $2) \
  AND heats.finished_at <= now() - make_interval(secs => $3) \
ORDER BY heats.finished_at, heats.id";

/// Whether `stints` has all laps of heat $1.
const IS_SUMMED_UP: &str = "\
SELECT COALESCE(bool_and((laps.changed_in, laps.heat_id, laps.driver_id, laps.lap) <= \
                (tallies.changed_in, tallies.heat_id, tallies.driver_id, tallies.lap)), true) AS yes \
FROM tallies LEFT JOIN laps ON laps.heat_id = $1 WHERE tallies.name = 'stints'";

const HEAT: &str = "\
SELECT heats.id, heats.feed_id, heats.name, heats.race_mode, heats.started_at, heats.finished_at, \
       (SELECT count(*) FROM heat_drivers WHERE heat_id = heats.id) AS drivers \
FROM heats WHERE heats.id = $1 AND heats.finished_at IS NOT NULL";

const TABLE: &str = "\
SELECT position, name, kart, laps, best_lap_ms, gap FROM heat_drivers \
WHERE heat_id = $1 ORDER BY position, driver_id LIMIT $2";

const BEST: &str = "\
SELECT stints.class, stints.best_lap_ms, stints.best_lap, stints.kart, stints.best_at, drivers.name \
FROM stints JOIN heat_drivers AS drivers USING (heat_id, driver_id) \
WHERE stints.heat_id = $1 ORDER BY stints.best_lap_ms, stints.best_at, stints.driver_id LIMIT 1";

/// What was best on track $1 with class $2 before heat $3 had its best lap at $4, in the periods of
/// the zone $5 that hold that moment. The best of a period is the best of its months: one look into
/// `stints_by_class_best` for each.
const BEFORE: &str = "\
WITH first AS (SELECT min(best_month) AS month FROM stints WHERE feed_id = $1 AND class = $2) \
SELECT period.name AS period, old.best_lap_ms, old.kart, old.best_at, drivers.name \
FROM (VALUES (1, 'day', date_trunc('day', $4, $5)), (2, 'week', date_trunc('week', $4, $5)), \
             (3, 'month', date_trunc('month', $4, $5)), (4, 'year', date_trunc('year', $4, $5)), \
             (5, 'ever', '-infinity'::timestamptz)) AS period (rank, name, from_at) \
CROSS JOIN first \
CROSS JOIN LATERAL ( \
    SELECT best.* \
    FROM generate_series( \
        greatest(first.month, date_trunc('month', period.from_at AT TIME ZONE 'UTC')), \
        date_trunc('month', $4 AT TIME ZONE 'UTC'), interval '1 month') AS months (month) \
    CROSS JOIN LATERAL ( \
        SELECT stints.best_lap_ms, stints.kart, stints.best_at, stints.heat_id, stints.driver_id \
        FROM stints \
        WHERE stints.feed_id = $1 AND stints.class = $2 AND stints.best_month = months.month::date \
          AND stints.best_at >= period.from_at AND stints.best_at < $4 AND stints.heat_id <> $3 \
        ORDER BY stints.best_lap_ms, stints.best_at LIMIT 1 \
    ) AS best \
    ORDER BY best.best_lap_ms, best.best_at LIMIT 1 \
) AS old \
JOIN heat_drivers AS drivers USING (heat_id, driver_id) \
ORDER BY period.rank";

/// Who of heat $1 was quicker than in every earlier heat on this track with karts of this class.
const PERSONAL_BESTS: &str = "\
SELECT drivers.name, mine.kart, mine.best_lap_ms, mine.best_at, \
       old.best_lap_ms AS before_ms, old.best_at AS before_at \
FROM (SELECT DISTINCT ON (driver_id) * FROM stints WHERE heat_id = $1 \
      ORDER BY driver_id, best_lap_ms, best_at) AS mine \
JOIN heat_drivers AS drivers USING (heat_id, driver_id) \
CROSS JOIN LATERAL ( \
    SELECT stints.best_lap_ms, stints.best_at \
    FROM heat_drivers AS earlier JOIN stints USING (heat_id, driver_id) \
    WHERE earlier.feed_id = mine.feed_id AND earlier.name_key = drivers.name_key \
      AND earlier.heat_id <> $1 AND stints.class = mine.class AND stints.best_at < mine.best_at \
    ORDER BY stints.best_lap_ms, stints.best_at LIMIT 1 \
) AS old \
WHERE drivers.name_key <> '' AND mine.best_lap_ms < old.best_lap_ms \
ORDER BY drivers.position, drivers.driver_id LIMIT $2";

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FinishedHeat {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Timestamptz)]
    pub finished_at: DateTime<Utc>,
}

/// A heat that is over.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct HeatHead {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub race_mode: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub finished_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub drivers: i64,
}

/// A line of a heat's table.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = Integer)]
    pub position: i32,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Integer)]
    pub laps: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    pub best_lap_ms: Option<i32>,
    #[diesel(sql_type = Text)]
    pub gap: String,
}

/// The best lap of a heat.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Best {
    /// Empty where the heat's name gives none.
    #[diesel(sql_type = Text)]
    pub class: String,
    #[diesel(sql_type = Integer)]
    pub best_lap_ms: i32,
    #[diesel(sql_type = Integer)]
    pub best_lap: i32,
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Timestamptz)]
    pub best_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// The record of a period before a heat.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct OldBest {
    /// `day`, `week`, `month`, `year`, `ever`.
    #[diesel(sql_type = Text)]
    pub period: String,
    #[diesel(sql_type = Integer)]
    pub best_lap_ms: i32,
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Timestamptz)]
    pub best_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct PersonalBest {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub kart: String,
    #[diesel(sql_type = Integer)]
    pub best_lap_ms: i32,
    #[diesel(sql_type = Timestamptz)]
    pub best_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    pub before_ms: i32,
    #[diesel(sql_type = Timestamptz)]
    pub before_at: DateTime<Utc>,
}

/// All that is told of a heat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatNews {
    pub heat: HeatHead,
    /// The first ones.
    pub table: Vec<Place>,
    /// None where no lap counts.
    pub best: Option<Best>,
    /// What was best before in each period that had one.
    pub before: Vec<OldBest>,
    pub personal_bests: Vec<PersonalBest>,
}

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Heats of these feeds that finished within the last `window_s` seconds, not the very last.
///
/// # Errors
/// The connection's.
pub fn finished_heats(
    conn: &mut PgConnection,
    slugs: &[String],
    window_s: f64,
    settle_s: f64,
) -> QueryResult<Vec<FinishedHeat>> {
    sql_query(FINISHED_HEATS)
        .bind::<Array<Text>, _>(slugs)
        .bind::<Double, _>(window_s)
        .bind::<Double, _>(settle_s)
        .load(conn)
}

/// All that is told of a heat, with days of `zone`; none while its laps are not summed up, or where
/// it is gone.
///
/// # Errors
/// The connection's.
pub fn heat_news(
    conn: &mut PgConnection,
    heat_id: i64,
    zone: &str,
    places: i64,
) -> QueryResult<Option<HeatNews>> {
    snapshot(conn, |conn| {
        let summed: Option<Yes> =
            sql_query(IS_SUMMED_UP).bind::<BigInt, _>(heat_id).get_result(conn).optional()?;
        if !summed.is_some_and(|summed| summed.yes) {
            return Ok(None);
        }
        let heat: Option<HeatHead> =
            sql_query(HEAT).bind::<BigInt, _>(heat_id).get_result(conn).optional()?;
        let Some(heat) = heat else { return Ok(None) };
        let table =
            sql_query(TABLE).bind::<BigInt, _>(heat_id).bind::<BigInt, _>(places).load(conn)?;
        let best: Option<Best> =
            sql_query(BEST).bind::<BigInt, _>(heat_id).get_result(conn).optional()?;
        let before = match &best {
            None => Vec::new(),
            Some(best) => sql_query(BEFORE)
                .bind::<BigInt, _>(heat.feed_id)
                .bind::<Text, _>(&best.class)
                .bind::<BigInt, _>(heat_id)
                .bind::<Timestamptz, _>(best.best_at)
                .bind::<Text, _>(zone)
                .load(conn)?,
        };
        let personal_bests = sql_query(PERSONAL_BESTS)
            .bind::<BigInt, _>(heat_id)
            .bind::<BigInt, _>(MOST_BESTS)
            .load(conn)?;
        Ok(Some(HeatNews { heat, table, best, before, personal_bests }))
    })
}
