//! One snapshot of a heat as a BMI server writes it.

use std::fmt::Write as _;

use super::{heat::Heat, standing::standings};

/// What a resource without a heat sends.
pub(super) const NOTHING_LOADED: &str = "{}";

/// The frame of a heat at a moment of the world, in milliseconds: all keys in the order of the
/// original, drivers sorted by position.
pub(super) fn snapshot(heat: &Heat, now: u64) -> String {
    let standings = standings(heat);
    let mut frame = String::with_capacity(256 + 128 * standings.len());
    let clock = heat.clock;
    // Writing to a String can't fail, and neither can turning a text into JSON.
    let result = (|| {
        write!(
            frame,
            r#"{{"T":{},"CE":{},"CS":{},"D":["#,
            heat.start_unix,
            u8::from(clock.is_running()),
            u8::from(clock.is_running()),
        )?;
        for (index, standing) in standings.iter().enumerate() {
            let entry = standing.entry;
            let comma = if index == 0 { "" } else { "," };
            write!(
                frame,
                r#"{comma}{{"LP":{},"A":{},"B":{},"K":{},"G":"{}","D":{},"L":{},"T":{},"R":{},"N":{},"P":{},"M":0}}"#,
                u8::from(entry.had_last_passing),
                entry.average_ms().unwrap_or(0),
                entry.best_ms().unwrap_or(0),
                text(&entry.kart),
                standing.gap,
                entry.driver_id,
                entry.laps.len(),
                entry.laps.last().map_or(0, |lap| lap.lap_ms),
                entry.record as u8,
                text(&entry.name),
                standing.position,
            )?;
        }
        write!(
            frame,
            r#"],"EM":0,"C":{},"N":{},"E":{},"R":{},"L":{},"S":{}}}"#,
            heat.counter_ms(now),
            text(&heat.name),
            heat.end as u8,
            heat.mode as u8,
            heat.remaining_laps(),
            heat.state as u8,
        )
    })();
    debug_assert!(result.is_ok(), "a String takes everything");
    frame
}

fn text(value: &str) -> serde_json::Value {
    serde_json::Value::from(value)
}
