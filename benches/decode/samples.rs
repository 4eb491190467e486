//! What is decoded: documented messages, a recording where there is one, and what the simulator's
//! worlds send.

use std::{fs, time::Duration};

use bytestring::ByteString;
use chrono::{DateTime, Utc};
use ringside::{
    feed::{bmi, flowagility},
    simulator::{Frame, KartOptions, KartWorld, RingDayOptions, RingWorld},
};
use serde_json::{Map, Value};

const BMI_DOCUMENTED: [&str; 4] = [
    include_str!("../../tests/fixtures/bmi/seed.json"),
    include_str!("../../tests/fixtures/bmi/running_by_laps.json"),
    include_str!("../../tests/fixtures/bmi/before_start_timed.json"),
    include_str!("../../tests/fixtures/bmi/finished_timed.json"),
];
const FLOWAGILITY_DOCUMENTED: [&str; 2] = [
    include_str!("../../tests/fixtures/flowagility/messages-1.0.0.json"),
    include_str!("../../tests/fixtures/flowagility/messages-2024.json"),
];
const RECORDING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings/bmi-one-heat.jsonl");
/// An ordinary lap of the simulated heats; no driver is half as slow again.
const LAP: Duration = Duration::from_secs(32);

/// Frames of one feed in order, with their times.
pub struct Sample {
    pub kind: &'static str,
    pub name: &'static str,
    pub frames: Vec<(DateTime<Utc>, ByteString)>,
    pub limits: Limits,
    /// What is said of its speed where that is held against the goal.
    pub goal: Option<&'static str>,
}

/// What may be counted when the sample is decoded.
pub struct Limits {
    pub allocations_per_frame: f64,
    /// Bytes that the decoder has in the end.
    pub kept: i64,
}

impl Sample {
    fn new(
        (kind, name): (&'static str, &'static str),
        frames: Vec<(DateTime<Utc>, String)>,
        (allocations_per_frame, kept): (f64, i64),
    ) -> Self {
        let frames = frames.into_iter().map(|(at, text)| (at, text.into())).collect();
        let limits = Limits { allocations_per_frame, kept };
        Self { kind, name, frames, limits, goal: None }
    }

    fn with_goal(self, goal: &'static str) -> Self {
        Self { goal: Some(goal), ..self }
    }

    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|(_, payload)| payload.len()).sum()
    }
}

pub fn all() -> Vec<Sample> {
    let heat = heats(1);
    let passings = differing(&heat, Duration::ZERO);
    let laps = differing(&heat, LAP * 3 / 2);
    let documented = BMI_DOCUMENTED.map(str::to_owned).to_vec();
    let starts = heat.iter().position(|(_, payload)| payload.contains("\"CS\":1"));
    let before_start = vec![heat[starts.expect("a start") - 1].clone()];
    let cleared = vec!["{}".to_owned()];
    let mut samples = vec![
        Sample::new((bmi::KIND, "nothing loaded"), seconds(cleared), (5.0, 200)),
        Sample::new((bmi::KIND, "a heat before its start"), before_start, (115.0, 9_000)),
        Sample::new((bmi::KIND, "documented, four heats"), seconds(documented), (36.0, 11_000)),
    ];
    if let Ok(recorded) = fs::read_to_string(RECORDING) {
        let frames = seconds(recorded.lines().map(str::to_owned).collect());
        let recorded = Sample::new((bmi::KIND, "recorded heat of 8"), frames, (2.0, 10_000));
        samples.push(recorded.with_goal("decoding a recorded heat, of plain serde_json"));
    }
    samples.extend([
        Sample::new((bmi::KIND, "heat of 20"), heat, (5.1, 32_000))
            .with_goal("decoding a heat (bmi), of plain serde_json"),
        Sample::new(
            (bmi::KIND, "heat of 20, without frames of the clock"),
            passings,
            (16.0, 32_000),
        )
        .with_goal("decoding a heat's frames that all differ (bmi), of plain serde_json"),
        Sample::new((bmi::KIND, "heat of 20, every line differs"), laps, (115.0, 28_000)),
        // No more is kept of an afternoon than of a heat.
        Sample::new((bmi::KIND, "four heats of 20"), heats(4), (5.4, 37_000)),
        Sample::new((flowagility::KIND, "documented"), seconds(documented_rings()), (56.0, 14_500)),
        Sample::new((flowagility::KIND, "day of a ring"), day(), (62.0, 100_000))
            .with_goal("decoding a ring's day (flowagility), of plain serde_json"),
    ]);
    samples
}

/// So many heats with a frame a second and one at each passing, to the end of the last.
fn heats(count: u32) -> Vec<(DateTime<Utc>, String)> {
    let options = KartOptions {
        drivers: 20..=20,
        lap_ms: Some(LAP.as_millis() as u32),
        heats: Some(count),
        ..KartOptions::default()
    };
    let frames = KartWorld::new(1, options).filter(|frame| frame.text != "{}");
    frames.map(timed).collect()
}

fn day() -> Vec<(DateTime<Utc>, String)> {
    let options = RingDayOptions {
        days: Some(1),
        is_later_revision: Some(true),
        ..RingDayOptions::default()
    };
    RingWorld::new(1, options).map(timed).collect()
}

fn timed(frame: Frame) -> (DateTime<Utc>, String) {
    (at(frame.offset), frame.text)
}

/// Frames a second apart.
fn seconds(payloads: Vec<String>) -> Vec<(DateTime<Utc>, String)> {
    (0..).map(|second| at(Duration::from_secs(second))).zip(payloads).collect()
}

fn at(offset: Duration) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_430_800, 0).expect("a time of this century") + offset
}

/// The frames that differ from the one before by more than the clock, so much time apart.
fn differing(frames: &[(DateTime<Utc>, String)], apart: Duration) -> Vec<(DateTime<Utc>, String)> {
    let lines = |payload: &str| {
        let mut frame: Map<String, Value> = serde_json::from_str(payload).expect("a heat");
        frame.remove("D")
    };
    let mut kept: Vec<(DateTime<Utc>, String)> = Vec::new();
    for (at, payload) in frames {
        let news = kept
            .last()
            .is_none_or(|(last, before)| *at >= *last + apart && lines(before) != lines(payload));
        if news {
            kept.push((*at, payload.clone()));
        }
    }
    kept
}

fn documented_rings() -> Vec<String> {
    let messages = FLOWAGILITY_DOCUMENTED.map(|messages| {
        let messages: Vec<Value> = serde_json::from_str(messages).expect("a list of messages");
        messages.into_iter().map(|message| message["msg"].to_string())
    });
    messages.into_iter().flatten().collect()
}
