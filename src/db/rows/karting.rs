//! Rows of the kart tracks.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::event::karting::{Heat, Lap, LapGap, Standing};

use super::{json, row::row, text, time, words::Words};

row! {
    pub struct NewHeat<'a> in heats {
        key feed_id: i64,
        key start_unix: i64,
        key name: Cow<'a, str>,
        key occurrence: i32,
        newer state: Words<'a>,
        newer end_condition: Words<'a>,
        newer race_mode: Words<'a>,
        newer clock_ms: i64,
        newer clock_started: bool,
        newer clock_enabled: bool,
        newer remaining_laps: i32,
        newer end_mode: i32,
        earliest started_at: Option<DateTime<Utc>>,
        earliest finished_at: Option<DateTime<Utc>>,
        earliest first_seen_at: DateTime<Utc>,
        latest last_seen_at: DateTime<Utc>,
        union extra: Value,
    }
}

impl<'a> NewHeat<'a> {
    pub fn new(feed_id: i64, heat: &'a Heat) -> Self {
        Self {
            feed_id,
            start_unix: heat.key.start_unix,
            name: text(&heat.key.name),
            occurrence: heat.key.occurrence,
            state: Words(&heat.state),
            end_condition: Words(&heat.end_condition),
            race_mode: Words(&heat.race_mode),
            clock_ms: heat.clock_ms,
            clock_started: heat.clock_started,
            clock_enabled: heat.clock_enabled,
            remaining_laps: heat.remaining_laps,
            end_mode: heat.end_mode,
            started_at: heat.started_at.map(time),
            finished_at: heat.finished_at.map(time),
            first_seen_at: time(heat.seen_at),
            last_seen_at: time(heat.seen_at),
            extra: json(&heat.extra),
        }
    }
}

row! {
    pub struct NewHeatDriver<'a> in heat_drivers {
        key heat_id: i64,
        key driver_id: i64,
        newer feed_id: i64,
        newer name: Words<'a>,
        newer kart: Words<'a>,
        newer web_member_id: i64,
        newer position: i32,
        newer laps: i32,
        newer last_lap_ms: Option<i32>,
        newer average_lap_ms: Option<i32>,
        newer best_lap_ms: Option<i32>,
        newer gap: Words<'a>,
        newer last_passing: bool,
        newer last_record: Option<Words<'a>>,
        newer updated_at: DateTime<Utc>,
        union extra: Value,
    }
}

impl<'a> NewHeatDriver<'a> {
    pub fn new(feed_id: i64, heat_id: i64, standing: &'a Standing) -> Self {
        Self {
            heat_id,
            driver_id: standing.driver_id,
            feed_id,
            name: Words(&standing.name),
            kart: Words(&standing.kart),
            web_member_id: standing.web_member_id,
            position: standing.position,
            laps: standing.laps,
            last_lap_ms: standing.last_lap_ms,
            average_lap_ms: standing.average_lap_ms,
            best_lap_ms: standing.best_lap_ms,
            gap: Words(&standing.gap),
            last_passing: standing.last_passing,
            last_record: standing.last_record.as_deref().map(Words),
            updated_at: time(standing.updated_at),
            extra: json(&standing.extra),
        }
    }
}

row! {
    /// A lap. What was known of the moment it was driven outlives an account that missed it.
    pub struct NewLap<'a> in laps stamped changed_in, mostly_new {
        key heat_id: i64,
        key driver_id: i64,
        key lap: i32,
        newer lap_ms: i32,
        known kart: Option<Words<'a>>,
        known position: Option<i32>,
        known crossed_at: Option<DateTime<Utc>>,
        newer source: &'static str,
        newer error_ms: i32,
        newer removed_at: Option<DateTime<Utc>>,
    }
}

impl<'a> NewLap<'a> {
    pub fn new(heat_id: i64, lap: &'a Lap) -> Self {
        Self {
            heat_id,
            driver_id: lap.driver_id,
            lap: lap.lap,
            lap_ms: lap.lap_ms,
            kart: lap.kart.as_deref().map(Words),
            position: lap.position,
            crossed_at: lap.crossed_at.map(time),
            source: lap.source.as_str(),
            error_ms: lap.error_ms,
            removed_at: lap.removed_at.map(time),
        }
    }
}

row! {
    pub struct NewLapGap in lap_gaps {
        key heat_id: i64,
        key driver_id: i64,
        key first_lap: i32,
        newer last_lap: i32,
        newer total_ms: Option<i64>,
        newer error_ms: i32,
    }
}

impl NewLapGap {
    pub fn new(heat_id: i64, gap: &LapGap) -> Self {
        Self {
            heat_id,
            driver_id: gap.driver_id,
            first_lap: gap.first_lap,
            last_lap: gap.last_lap,
            total_ms: gap.total_ms,
            error_ms: gap.error_ms,
        }
    }
}
