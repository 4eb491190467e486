//! Laps for tests.

use std::sync::Arc;

use crate::event::karting::{HeatKey, Lap, LapGap, LapSource};

fn heat() -> Arc<HeatKey> {
    Arc::new(HeatKey { start_unix: 300, name: "Heat".into(), occurrence: 0 })
}

pub fn lap(lap: i32, lap_ms: i32) -> Lap {
    Lap {
        heat: heat(),
        driver_id: 1,
        lap,
        lap_ms,
        kart: None,
        position: None,
        crossed_at: None,
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    }
}

/// From lap 1 on.
pub fn laps(times: &[i32]) -> Vec<Lap> {
    (1..).zip(times).map(|(number, ms)| lap(number, *ms)).collect()
}

pub fn gap(first_lap: i32, last_lap: i32, total_ms: Option<i64>) -> LapGap {
    LapGap { heat: heat(), driver_id: 1, first_lap, last_lap, total_ms, error_ms: 0 }
}
