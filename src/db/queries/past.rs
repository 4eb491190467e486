//! What is stored of heats and runs, for decoders that have forgotten them or never knew them.

use std::{collections::BTreeMap, sync::Arc};

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl,
    QueryResult, Queryable, QueryableByName, RunQueryDsl, Selectable, SelectableHelper,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz},
};

use crate::{
    db::{
        keyed::keyed,
        prepared::prepared,
        rows::text,
        schema::{agility_runs, feeds, heat_drivers, lap_gaps, laps, playset_changes},
    },
    event::{
        Ask, FeedId, Past,
        agility::{PastRun, Progress, RunKey},
        karting::{HeatKey, Lap, LapGap, LapSource, PastDriver, PastHeat},
    },
};

/// Everything stored of what is asked for, in the order of the questions; empty where there is
/// nothing. However many heats are asked for, it is a handful of statements.
///
/// # Errors
/// The connection's, or that something stored makes no sense.
pub fn pasts(conn: &mut PgConnection, asked: &[(&FeedId, &Ask)]) -> QueryResult<Vec<Past>> {
    keyed(conn, |conn| {
        let mut heats = past_heats(conn, asked)?;
        let past = |(place, (feed, ask)): (i32, &(&FeedId, &Ask))| match ask {
            Ask::Heats { .. } => {
                Ok(heats.remove(&place).map_or_else(|| ask.nothing(), Past::Heats))
            }
            Ask::Run(key) => past_run(conn, feed, key).map(Past::Run),
        };
        (0..).zip(asked).map(past).collect()
    })
}

/// A question has its place in the order of all.
const HEATS: &str = "\
SELECT asked.place, heats.id, heats.occurrence, heats.started_at, heats.finished_at \
FROM unnest(?, ?, ?, ?) AS asked (place, slug, start_unix, name) \
JOIN feeds ON feeds.slug = asked.slug \
JOIN heats ON heats.feed_id = feeds.id AND heats.start_unix = asked.start_unix \
    AND heats.name = asked.name \
ORDER BY asked.place, heats.occurrence";

#[derive(QueryableByName)]
struct HeatRow {
    #[diesel(sql_type = Integer)]
    place: i32,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    occurrence: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = laps)]
struct LapRow {
    heat_id: i64,
    driver_id: i64,
    lap: i32,
    lap_ms: i32,
    kart: Option<String>,
    position: Option<i32>,
    crossed_at: Option<DateTime<Utc>>,
    source: String,
    error_ms: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = lap_gaps)]
struct LapGapRow {
    heat_id: i64,
    driver_id: i64,
    first_lap: i32,
    last_lap: i32,
    total_ms: Option<i64>,
    error_ms: i32,
}

/// What each driver drove, by id.
pub(super) type Drivers = BTreeMap<i64, PastDriver>;

/// By the place of their question.
fn past_heats(
    conn: &mut PgConnection,
    asked: &[(&FeedId, &Ask)],
) -> QueryResult<BTreeMap<i32, Vec<PastHeat>>> {
    let wanted: BTreeMap<i32, (&FeedId, i64, &Arc<str>)> = (0..)
        .zip(asked)
        .filter_map(|(place, (feed, ask))| match ask {
            Ask::Heats { start_unix, name } => Some((place, (*feed, *start_unix, name))),
            Ask::Run(_) => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<i32> = wanted.keys().copied().collect();
    let slugs: Vec<_> = wanted.values().map(|(feed, ..)| text(feed.as_str())).collect();
    let starts: Vec<i64> = wanted.values().map(|(_, start_unix, _)| *start_unix).collect();
    let names: Vec<_> = wanted.values().map(|(.., name)| text(name)).collect();
    let found: Vec<HeatRow> = prepared(HEATS)
        .bind::<Array<Integer>, _>(places)
        .bind::<Array<Text>, _>(slugs)
        .bind::<Array<BigInt>, _>(starts)
        .bind::<Array<Text>, _>(names)
        .load(conn)?;
    if found.is_empty() {
        // Most that are asked for have only just begun.
        return Ok(BTreeMap::new());
    }
    let keys: BTreeMap<i64, Arc<HeatKey>> = found
        .iter()
        .filter_map(|row| {
            let (_, start_unix, name) = wanted.get(&row.place)?;
            let (start_unix, name) = (*start_unix, Arc::clone(name));
            Some((row.id, Arc::new(HeatKey { start_unix, name, occurrence: row.occurrence })))
        })
        .collect();
    let ids: Vec<i64> = keys.keys().copied().collect();
    let drivers = past_drivers(conn, &ids, &keys)?;
    let mut heats: BTreeMap<i32, Vec<PastHeat>> = BTreeMap::new();
    for row in found {
        // Two questions may be for one heat.
        let drivers = drivers.get(&row.id).into_iter().flat_map(Drivers::values);
        heats.entry(row.place).or_default().push(PastHeat {
            occurrence: row.occurrence,
            started_at: row.started_at,
            finished_at: row.finished_at,
            drivers: drivers.cloned().collect(),
        });
    }
    Ok(heats)
}

/// Whoever is in any of the three tables has driven: after a crash one may be ahead of another.
pub(super) fn past_drivers(
    conn: &mut PgConnection,
    ids: &[i64],
    keys: &BTreeMap<i64, Arc<HeatKey>>,
) -> QueryResult<BTreeMap<i64, Drivers>> {
    let mut by_heat: BTreeMap<i64, Drivers> = BTreeMap::new();
    let seen: Vec<(i64, i64)> = heat_drivers::table
        .filter(heat_drivers::heat_id.eq_any(ids))
        .select((heat_drivers::heat_id, heat_drivers::driver_id))
        .load(conn)?;
    for (heat_id, driver_id) in seen {
        driver(&mut by_heat, heat_id, driver_id);
    }
    let lap_rows: Vec<LapRow> = laps::table
        .filter(laps::heat_id.eq_any(ids).and(laps::removed_at.is_null()))
        .order((laps::heat_id, laps::driver_id, laps::lap))
        .select(LapRow::as_select())
        .load(conn)?;
    for row in lap_rows {
        let Some(heat) = keys.get(&row.heat_id) else { continue };
        let driver = driver(&mut by_heat, row.heat_id, row.driver_id);
        let mut lap = lap(row, heat)?;
        if let Some(before) = driver.laps.last().filter(|before| before.kart == lap.kart) {
            lap.kart.clone_from(&before.kart);
        }
        driver.laps.push(lap);
    }
    let gap_rows: Vec<LapGapRow> = lap_gaps::table
        .filter(lap_gaps::heat_id.eq_any(ids))
        .order((lap_gaps::heat_id, lap_gaps::driver_id, lap_gaps::first_lap))
        .select(LapGapRow::as_select())
        .load(conn)?;
    for row in gap_rows {
        let Some(heat) = keys.get(&row.heat_id) else { continue };
        let driver = driver(&mut by_heat, row.heat_id, row.driver_id);
        driver.gaps.push(gap(row, heat));
    }
    Ok(by_heat)
}

fn driver(by_heat: &mut BTreeMap<i64, Drivers>, heat_id: i64, driver_id: i64) -> &mut PastDriver {
    by_heat.entry(heat_id).or_default().entry(driver_id).or_insert_with(|| PastDriver {
        driver_id,
        laps: Vec::new(),
        gaps: Vec::new(),
    })
}

fn lap(row: LapRow, heat: &Arc<HeatKey>) -> QueryResult<Lap> {
    let source: LapSource = row
        .source
        .parse()
        .map_err(|error: String| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(Lap {
        heat: Arc::clone(heat),
        driver_id: row.driver_id,
        lap: row.lap,
        lap_ms: row.lap_ms,
        kart: row.kart.map(Arc::from),
        position: row.position,
        crossed_at: row.crossed_at,
        source,
        error_ms: row.error_ms,
        removed_at: None,
    })
}

fn gap(row: LapGapRow, heat: &Arc<HeatKey>) -> LapGap {
    LapGap {
        heat: Arc::clone(heat),
        driver_id: row.driver_id,
        first_lap: row.first_lap,
        last_lap: row.last_lap,
        total_ms: row.total_ms,
        error_ms: row.error_ms,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = playset_changes)]
struct ChangeRow {
    playset_id: String,
    status: Option<String>,
    faults: Option<i32>,
    refusals: Option<i32>,
    disqualification: Option<String>,
    time_s: Option<BigDecimal>,
}

fn past_run(conn: &mut PgConnection, feed: &FeedId, key: &RunKey) -> QueryResult<PastRun> {
    let run_id: Option<i64> = agility_runs::table
        .inner_join(feeds::table)
        .filter(feeds::slug.eq(text(feed.as_str())))
        .filter(agility_runs::event_name.eq(text(&key.event_name)))
        .filter(agility_runs::ring_name.eq(text(&key.ring_name)))
        .filter(agility_runs::trial_name.eq(text(&key.trial_name)))
        .filter(agility_runs::name.eq(text(&key.name)))
        .filter(agility_runs::type_.eq(text(&key.run_type)))
        .select(agility_runs::id)
        .first(conn)
        .optional()?;
    let Some(run_id) = run_id else { return Ok(PastRun::default()) };
    let latest: Vec<ChangeRow> = playset_changes::table
        .filter(playset_changes::run_id.eq(run_id))
        .distinct_on(playset_changes::playset_id)
        .order((playset_changes::playset_id, playset_changes::changed_at.desc()))
        .select(ChangeRow::as_select())
        .load(conn)?;
    Ok(PastRun { progress: latest.into_iter().map(progress).collect() })
}

fn progress(row: ChangeRow) -> (String, Progress) {
    let progress = Progress {
        status: row.status,
        faults: row.faults,
        refusals: row.refusals,
        disqualification: row.disqualification,
        time_s: row.time_s,
    };
    (row.playset_id, progress)
}
