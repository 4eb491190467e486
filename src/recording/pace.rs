//! How much time was between the frames of a recording.

use std::time::Duration;

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::RecordedFrame;

/// Where frames do not tell how much time was between them.
const UNKNOWN_STEP: Duration = Duration::from_secs(1);
/// Where only the messages tell the time, a long step is more likely a hole in the recording than
/// a break that anybody wants to wait for.
pub(super) const LONGEST_STEP: Duration = Duration::from_secs(300);

pub(super) fn offsets(frames: &[RecordedFrame]) -> Vec<Duration> {
    let mut at = Duration::ZERO;
    let mut offsets = Vec::with_capacity(frames.len());
    offsets.extend(frames.first().map(|_| at));
    for pair in frames.windows(2) {
        let [before, after] = pair else { continue };
        let step = received_step(before, after);
        at += step
            .unwrap_or_else(|| told_step(before, after).unwrap_or(UNKNOWN_STEP).min(LONGEST_STEP));
        offsets.push(at);
    }
    offsets
}

/// Each kind of venue tells the time in a way of its own, and none in that of another.
fn told_step(before: &RecordedFrame, after: &RecordedFrame) -> Option<Duration> {
    let (before, after) = (before.text()?, after.text()?);
    counter_step(before, after).or_else(|| timestamp_step(before, after))
}

/// A clock that was set back meanwhile costs its one step, not all that follows.
fn received_step(before: &RecordedFrame, after: &RecordedFrame) -> Option<Duration> {
    let step = after.received?.at - before.received?.at;
    Some(step.to_std().unwrap_or(Duration::ZERO))
}

/// What of a BMI frame tells its moment.
#[derive(Deserialize, PartialEq)]
struct Counter {
    #[serde(rename = "T")]
    start_unix: i64,
    #[serde(rename = "N")]
    name: String,
    #[serde(rename = "CS")]
    is_running: u8,
    #[serde(rename = "C")]
    counter_ms: i64,
}

/// Whether it counts up or down does not matter; a counter that was set anew tells nothing.
fn counter_step(before: &str, after: &str) -> Option<Duration> {
    let before: Counter = serde_json::from_str(before).ok()?;
    let after: Counter = serde_json::from_str(after).ok()?;
    let same_clock = before.start_unix == after.start_unix
        && before.name == after.name
        && before.is_running == 1
        && after.is_running == 1;
    same_clock.then(|| Duration::from_millis(after.counter_ms.abs_diff(before.counter_ms)))
}

#[derive(Deserialize)]
struct Stamped {
    timestamp: String,
}

fn timestamp_step(before: &str, after: &str) -> Option<Duration> {
    let at = |frame| {
        let stamped: Stamped = serde_json::from_str(frame).ok()?;
        NaiveDateTime::parse_from_str(stamped.timestamp.trim(), "%Y-%m-%d %H:%M:%S").ok()
    };
    at(after)?.signed_duration_since(at(before)?).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;

    fn bmi(counter_ms: i64, running: u8) -> String {
        format!(r#"{{"T":300,"N":"Heat 1","CS":{running},"C":{counter_ms},"D":[]}}"#)
    }

    fn offsets_ms(recording: &Recording) -> Vec<u128> {
        recording.offsets().iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn offsets_follow_the_counter_up_or_down_where_there_are_no_times() {
        let frames = [bmi(0, 0), bmi(0, 1), bmi(980, 1), bmi(985, 1), bmi(500, 1), bmi(0, 0)];
        let mut with_gap = frames.to_vec();
        with_gap.push("{}".to_owned());
        let recording = Recording::from_frames(with_gap);
        assert_eq!(offsets_ms(&recording), [0, 1_000, 1_980, 1_985, 2_470, 3_470, 4_470]);
    }

    #[test]
    fn offsets_follow_the_timestamps_of_a_ring_and_shorten_long_breaks() {
        let at = |time| format!(r#"{{"timestamp":"2022-09-05 {time}"}}"#);
        let frames =
            [at("00:00:00"), at("00:00:00"), at("00:00:07"), at("03:00:00"), at("02:00:00")];
        let recording = Recording::from_frames(frames);
        assert_eq!(offsets_ms(&recording), [0, 0, 7_000, 307_000, 308_000]);
    }

    #[test]
    fn offsets_follow_receive_times_also_through_a_clock_that_was_set_back() {
        let line = |time| format!(r#"{{"received_at":"2026-05-01T{time}Z","text":"{{}}"}}"#) + "\n";
        let times = ["10:00:00", "10:00:00.250", "13:00:00.250", "12:00:00", "12:00:01"];
        let recording = Recording::parse(&times.map(line).concat()).unwrap();
        assert_eq!(offsets_ms(&recording), [0, 250, 10_800_250, 10_800_250, 10_801_250]);
    }
}
