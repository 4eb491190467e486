//! All that is known of a heat, driver by driver: an endless race has more laps than one wants to
//! hold.

use std::{collections::BTreeMap, ops::ControlFlow};

use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, PgConnection, QueryDsl, QueryResult, Queryable,
    RunQueryDsl, Selectable, SelectableHelper,
    dsl::{count_star, max},
};

use crate::db::schema::{heat_drivers, lap_gaps, laps};

use super::{Completeness, ListedHeat, heat_list::listed_heat, heats::completeness, snapshot};

/// A heat without its laps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatRecord {
    pub heat: ListedHeat,
    pub completeness: Completeness,
    /// In the order of the table. Who withdrew keeps the position of old, behind who has it now.
    pub standings: Vec<StandingRecord>,
    /// Known to be missing, by driver.
    pub lap_gaps: BTreeMap<i64, Vec<LapGapRecord>>,
    /// How many laps there are and which change was the last: another one for other laps.
    pub laps_stamp: (i64, Option<i64>),
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = heat_drivers)]
pub struct StandingRecord {
    pub driver_id: i64,
    pub name: String,
    pub kart: String,
    pub position: i32,
    pub laps: i32,
    pub last_lap_ms: Option<i32>,
    pub average_lap_ms: Option<i32>,
    pub best_lap_ms: Option<i32>,
    pub gap: String,
    pub last_record: Option<String>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = lap_gaps)]
pub struct LapGapRecord {
    pub first_lap: i32,
    pub last_lap: i32,
    pub total_ms: Option<i64>,
    pub error_ms: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = laps)]
pub struct LapRecord {
    pub lap: i32,
    pub lap_ms: i32,
    pub kart: Option<String>,
    pub position: Option<i32>,
    pub crossed_at: Option<DateTime<Utc>>,
    pub source: String,
    pub error_ms: i32,
}

/// What is told of a heat, in this order: the record, then the laps that count of each driver of
/// its standings.
pub enum HeatPart {
    /// None where there is no such heat; nothing comes after that.
    Record(Option<Box<HeatRecord>>),
    Laps(Vec<LapRecord>),
}

/// Tells the heat with this id, until `tell` breaks. All parts are of one moment.
///
/// # Errors
/// The connection's, also when a part takes longer than a few seconds.
pub fn heat_in_parts(
    conn: &mut PgConnection,
    id: i64,
    mut tell: impl FnMut(HeatPart) -> ControlFlow<()>,
) -> QueryResult<()> {
    snapshot(conn, |conn| {
        let heat = listed_heat(conn, id)?;
        let record = heat.map(|heat| record(conn, heat)).transpose()?;
        let standings = record.iter().flat_map(|record| &record.standings);
        let drivers: Vec<i64> = standings.map(|one| one.driver_id).collect();
        if tell(HeatPart::Record(record.map(Box::new))).is_break() {
            return Ok(());
        }
        for driver in drivers {
            if tell(HeatPart::Laps(laps_of(conn, id, driver)?)).is_break() {
                break;
            }
        }
        Ok(())
    })
}

fn record(conn: &mut PgConnection, heat: ListedHeat) -> QueryResult<HeatRecord> {
    let id = heat.id;
    let standings = heat_drivers::table
        .filter(heat_drivers::heat_id.eq(id))
        .order((heat_drivers::position, heat_drivers::updated_at.desc(), heat_drivers::driver_id))
        .select(StandingRecord::as_select())
        .load(conn)?;
    let gaps: Vec<(i64, LapGapRecord)> = lap_gaps::table
        .filter(lap_gaps::heat_id.eq(id))
        .order((lap_gaps::driver_id, lap_gaps::first_lap))
        .select((lap_gaps::driver_id, LapGapRecord::as_select()))
        .load(conn)?;
    let mut by_driver: BTreeMap<i64, Vec<LapGapRecord>> = BTreeMap::new();
    for (driver, gap) in gaps {
        by_driver.entry(driver).or_default().push(gap);
    }
    let laps_stamp = laps::table
        .filter(laps::heat_id.eq(id))
        .select((count_star(), max(laps::changed_in)))
        .first(conn)?;
    let completeness = completeness(conn, id)?;
    Ok(HeatRecord { heat, completeness, standings, lap_gaps: by_driver, laps_stamp })
}

fn laps_of(conn: &mut PgConnection, heat: i64, driver: i64) -> QueryResult<Vec<LapRecord>> {
    laps::table
        .filter(laps::heat_id.eq(heat).and(laps::driver_id.eq(driver)))
        .filter(laps::removed_at.is_null())
        .order(laps::lap)
        .select(LapRecord::as_select())
        .load(conn)
}
