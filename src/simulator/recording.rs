//! Frames that were recorded somewhere, played again at the pace that they tell themselves.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use chrono::NaiveDateTime;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::world::World;

/// Where frames do not tell how much time was between them.
const UNKNOWN_STEP: Duration = Duration::from_secs(1);
/// Objects around a message, each holding the next as its `msg`. Real recordings have one.
const MAX_LABELS: usize = 8;
/// Nobody wants to wait for the lunch break of a recording.
const LONGEST_STEP: Duration = Duration::from_secs(300);

/// The frames of a track or a ring, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    frames: Arc<[String]>,
}

#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("the recording can't be read")]
    Unreadable(#[from] io::Error),
    #[error("the recording is no JSON array of messages")]
    NotAnArray(#[from] serde_json::Error),
    #[error("the recording has no frames")]
    Empty,
}

impl Recording {
    /// Reads a file: one frame a line, or one JSON array of messages, each as it stands or as `msg`
    /// of an object.
    ///
    /// # Errors
    /// The file can't be read, is no JSON array though it begins like one, or has nothing in it.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        Self::parse(&fs::read_to_string(path)?)
    }

    /// Like [`Recording::read`], from a text. Frames are taken as they stand, lines also where they
    /// are no JSON.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let frames = if text.trim_start().starts_with('[') {
            serde_json::from_str::<Vec<&RawValue>>(text)?.into_iter().map(message).collect()
        } else {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        if frames.is_empty() {
            return Err(RecordingError::Empty);
        }
        Ok(Self::from_frames(frames))
    }

    pub fn from_frames<T: Into<String>>(frames: impl IntoIterator<Item = T>) -> Self {
        Self { frames: frames.into_iter().map(Into::into).collect() }
    }

    pub fn frames(&self) -> &[String] {
        &self.frames
    }

    /// Whether these are messages of FlowAgility rather than of BMI, told by the first that tells.
    pub fn is_of_a_ring(&self) -> bool {
        let is_of_a_ring = |frame: &String| {
            let Ok(Value::Object(fields)) = serde_json::from_str(frame) else { return None };
            let has = |keys: &[&str]| keys.iter().any(|key| fields.contains_key(*key));
            match (has(&["run", "run_ready", "error"]), has(&["T", "D", "N"])) {
                (false, false) => None,
                (is_of_a_ring, _) => Some(is_of_a_ring),
            }
        };
        self.frames.iter().find_map(is_of_a_ring).unwrap_or(false)
    }

    /// Paced by the counter of the heat.
    pub(super) fn bmi(self) -> Playback {
        Playback::new(self, counter_step)
    }

    /// Paced by the messages' timestamps.
    pub(super) fn flowagility(self) -> Playback {
        Playback::new(self, timestamp_step)
    }
}

/// A recording as a world.
pub(super) struct Playback {
    frames: Arc<[String]>,
    /// When each frame is due, from the first one on.
    due: Vec<Duration>,
    next: usize,
}

impl Playback {
    fn new(recording: Recording, step: impl Fn(&str, &str) -> Option<Duration>) -> Self {
        let mut at = Duration::ZERO;
        let mut due = Vec::with_capacity(recording.frames.len());
        due.push(at);
        for pair in recording.frames.windows(2) {
            if let [before, after] = pair {
                at += step(before, after).unwrap_or(UNKNOWN_STEP).min(LONGEST_STEP);
                due.push(at);
            }
        }
        Self { frames: recording.frames, due, next: 0 }
    }
}

impl World for Playback {
    fn due(&self) -> Option<Duration> {
        self.due.get(self.next).copied().filter(|_| self.next < self.frames.len())
    }

    fn step(&mut self) {
        self.next += 1;
    }

    fn snapshot(&self) -> Option<String> {
        self.frames.get(self.next.checked_sub(1)?).cloned()
    }
}

fn message(mut entry: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Labelled<'a> {
        #[serde(borrow)]
        msg: &'a RawValue,
    }
    for _ in 0..MAX_LABELS {
        let Ok(Labelled { msg }) = serde_json::from_str(entry.get()) else { break };
        entry = msg;
    }
    // A message in quotes is the text within.
    serde_json::from_str(entry.get()).unwrap_or_else(|_| entry.get().to_owned())
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

    fn bmi(counter_ms: i64, running: u8) -> String {
        format!(r#"{{"T":300,"N":"Heat 1","CS":{running},"C":{counter_ms},"D":[]}}"#)
    }

    fn due_ms(playback: &Playback) -> Vec<u128> {
        playback.due.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn playback_takes_its_pace_from_the_counter_up_or_down() {
        let frames = [bmi(0, 0), bmi(0, 1), bmi(980, 1), bmi(985, 1), bmi(500, 1), bmi(0, 0)];
        let mut with_gap = frames.to_vec();
        with_gap.push("{}".to_owned());
        let playback = Recording::from_frames(with_gap).bmi();
        assert_eq!(due_ms(&playback), [0, 1_000, 1_980, 1_985, 2_470, 3_470, 4_470]);
    }

    #[test]
    fn playback_takes_its_pace_from_timestamps_and_shortens_long_breaks() {
        let at = |time| format!(r#"{{"timestamp":"2022-09-05 {time}"}}"#);
        let frames =
            [at("00:00:00"), at("00:00:00"), at("00:00:07"), at("03:00:00"), at("02:00:00")];
        let playback = Recording::from_frames(frames).flowagility();
        assert_eq!(due_ms(&playback), [0, 0, 7_000, 307_000, 308_000]);
    }

    #[test]
    fn playback_gives_every_frame_once_and_ends() {
        let mut playback = Recording::from_frames(["a", "b"]).bmi();
        assert_eq!(playback.snapshot(), None);
        let mut seen = Vec::new();
        while playback.due().is_some() {
            playback.step();
            seen.extend(playback.snapshot());
        }
        assert_eq!(seen, ["a", "b"]);
    }

    #[test]
    fn recording_reads_lines_and_arrays() {
        let lines = Recording::parse("{\"T\":1}\n\n{}\r\nnot json\n").unwrap();
        assert_eq!(lines.frames(), ["{\"T\":1}", "{}", "not json"]);
        let array = r#"[{"error":"x"}, {"label":"2.", "msg":{"run":""}}, "pong"]"#;
        let array = Recording::parse(array).unwrap();
        assert_eq!(array.frames(), [r#"{"error":"x"}"#, r#"{"run":""}"#, "pong"]);
        assert!(matches!(Recording::parse(" \n"), Err(RecordingError::Empty)));
        assert!(matches!(Recording::parse("[1,"), Err(RecordingError::NotAnArray(_))));
    }

    #[test]
    fn recording_reads_labels_around_labels_to_an_end() {
        let labels =
            |count: usize| format!("[{}1{}]", "{\"msg\":".repeat(count), "}".repeat(count));
        assert_eq!(Recording::parse(&labels(2)).unwrap().frames(), ["1"]);
        let endless = Recording::parse(&labels(300_000)).unwrap();
        assert!(endless.frames()[0].starts_with("{\"msg\":"));
    }
}
