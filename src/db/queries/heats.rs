//! A heat with all its laps.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, Queryable,
    QueryableByName, RunQueryDsl, Selectable, SelectableHelper,
    result::Error,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Jsonb},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    board::{
        HeatBoard,
        karting::{Clock, Line},
    },
    db::schema::{feeds, heat_drivers, heats},
    event::{
        Extra, FeedInfo,
        karting::{Heat, HeatKey, PastDriver, Standing},
    },
};

use super::{past, snapshot, sources::FeedRow};

/// Counts the laps of one heat.
const COMPLETENESS: &str = "\
SELECT finished, laps_expected, laps_known, laps_corrected, laps_reconstructed, laps_missing, \
       missing, max_error_ms \
FROM heat_completeness WHERE heat_id = $1";

/// A heat as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredHeat {
    pub id: i64,
    pub feed: FeedInfo,
    /// As last seen: with everybody who was ever in the heat, its clock standing.
    pub board: HeatBoard,
    pub first_seen_at: DateTime<Utc>,
    pub completeness: Completeness,
}

/// What is known of a heat's laps: a row of `heat_completeness`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// Its end was seen.
    pub finished: bool,
    pub laps_expected: i64,
    pub laps_known: i64,
    pub laps_corrected: i64,
    pub laps_reconstructed: i64,
    pub laps_missing: i64,
    /// The widest error of a computed lap, milliseconds.
    pub max_error_ms: i32,
    pub missing: Vec<MissingLaps>,
}

/// Laps without a time, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MissingLaps {
    pub driver_id: i64,
    /// None for a driver without a standing.
    pub name: Option<String>,
    pub first_lap: i64,
    pub last_lap: i64,
}

/// The heat with this id; none where there is none. Takes a few seconds at most.
///
/// # Errors
/// The connection's, also when it takes longer.
pub fn heat(conn: &mut PgConnection, id: i64) -> QueryResult<Option<StoredHeat>> {
    snapshot(conn, |conn| {
        let found: Option<(HeatRow, FeedRow)> = heats::table
            .inner_join(feeds::table)
            .filter(heats::id.eq(id))
            .select((HeatRow::as_select(), FeedRow::as_select()))
            .first(conn)
            .optional()?;
        let Some((row, feed)) = found else { return Ok(None) };
        let HeatRow { start_unix, occurrence, .. } = row;
        let key = Arc::new(HeatKey { start_unix, name: row.name.as_str().into(), occurrence });
        let lines = lines(conn, id, &key)?;
        let completeness = completeness(conn, id)?;
        let first_seen_at = row.first_seen_at;
        let board = board(row, key, lines);
        Ok(Some(StoredHeat { id, feed: feed.into(), board, first_seen_at, completeness }))
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = heats)]
struct HeatRow {
    start_unix: i64,
    name: String,
    occurrence: i32,
    state: String,
    end_condition: String,
    race_mode: String,
    clock_ms: i64,
    clock_started: bool,
    clock_enabled: bool,
    remaining_laps: i32,
    end_mode: i32,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

fn board(row: HeatRow, key: Arc<HeatKey>, lines: Vec<Arc<Line>>) -> HeatBoard {
    let heat = Heat {
        key,
        state: row.state.into(),
        end_condition: row.end_condition.into(),
        race_mode: row.race_mode.into(),
        clock_ms: row.clock_ms,
        clock_started: row.clock_started,
        clock_enabled: row.clock_enabled,
        remaining_laps: row.remaining_laps,
        end_mode: row.end_mode,
        started_at: row.started_at,
        finished_at: row.finished_at,
        seen_at: row.last_seen_at,
        extra: Extra::default(),
    };
    let clock = Clock { runs: false, ..Clock::of(&heat, row.last_seen_at) };
    HeatBoard { heat, clock, lines }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = heat_drivers)]
struct DriverRow {
    driver_id: i64,
    name: String,
    kart: String,
    web_member_id: i64,
    position: i32,
    laps: i32,
    last_lap_ms: Option<i32>,
    average_lap_ms: Option<i32>,
    best_lap_ms: Option<i32>,
    gap: String,
    last_passing: bool,
    last_record: Option<String>,
    updated_at: DateTime<Utc>,
}

/// In the order of the table. Who withdrew keeps the position of old, behind who has it now.
fn lines(conn: &mut PgConnection, id: i64, key: &Arc<HeatKey>) -> QueryResult<Vec<Arc<Line>>> {
    let rows: Vec<DriverRow> = heat_drivers::table
        .filter(heat_drivers::heat_id.eq(id))
        .order((heat_drivers::position, heat_drivers::updated_at.desc(), heat_drivers::driver_id))
        .select(DriverRow::as_select())
        .load(conn)?;
    let keys = BTreeMap::from([(id, Arc::clone(key))]);
    let mut driven = past::past_drivers(conn, &[id], &keys)?.remove(&id).unwrap_or_default();
    let line = |row: DriverRow| {
        let PastDriver { laps, gaps, .. } = driven.remove(&row.driver_id)?;
        Some(Arc::new(Line { standing: Arc::new(standing(row, key)), laps, gaps }))
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

fn standing(row: DriverRow, heat: &Arc<HeatKey>) -> Standing {
    Standing {
        heat: Arc::clone(heat),
        driver_id: row.driver_id,
        name: row.name,
        kart: row.kart,
        web_member_id: row.web_member_id,
        position: row.position,
        laps: row.laps,
        last_lap_ms: row.last_lap_ms,
        average_lap_ms: row.average_lap_ms,
        best_lap_ms: row.best_lap_ms,
        gap: row.gap,
        last_passing: row.last_passing,
        last_record: row.last_record.map(Into::into),
        updated_at: row.updated_at,
        extra: Extra::default(),
    }
}

#[derive(QueryableByName)]
struct CompletenessRow {
    #[diesel(sql_type = Bool)]
    finished: bool,
    #[diesel(sql_type = BigInt)]
    laps_expected: i64,
    #[diesel(sql_type = BigInt)]
    laps_known: i64,
    #[diesel(sql_type = BigInt)]
    laps_corrected: i64,
    #[diesel(sql_type = BigInt)]
    laps_reconstructed: i64,
    #[diesel(sql_type = BigInt)]
    laps_missing: i64,
    #[diesel(sql_type = Jsonb)]
    missing: Value,
    #[diesel(sql_type = Integer)]
    max_error_ms: i32,
}

pub(super) fn completeness(conn: &mut PgConnection, id: i64) -> QueryResult<Completeness> {
    let row: CompletenessRow = sql_query(COMPLETENESS).bind::<BigInt, _>(id).get_result(conn)?;
    let missing = serde_json::from_value(row.missing)
        .map_err(|error| Error::DeserializationError(error.into()))?;
    Ok(Completeness {
        finished: row.finished,
        laps_expected: row.laps_expected,
        laps_known: row.laps_known,
        laps_corrected: row.laps_corrected,
        laps_reconstructed: row.laps_reconstructed,
        laps_missing: row.laps_missing,
        max_error_ms: row.max_error_ms,
        missing,
    })
}
