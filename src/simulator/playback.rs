//! A recording as a world: its messages once more, at its own pace.

use std::{sync::Arc, time::Duration};

use crate::recording::{RecordedFrame, Recording};

use super::world::World;

/// Between the last frame and the first one, where a recording begins again.
const BEFORE_AGAIN: Duration = Duration::from_secs(1);

/// What of a recording is played.
#[derive(Clone, Debug)]
pub struct Playback {
    pub recording: Recording,
    /// Begins so long after the first frame; what was last said by then is there for whoever comes.
    pub from: Duration,
    /// Begins again at its end, from `from` on.
    pub again: bool,
}

impl From<Recording> for Playback {
    /// All of it, once.
    fn from(recording: Recording) -> Self {
        Self { recording, from: Duration::ZERO, again: false }
    }
}

/// A recording that is being played. Marks and binary frames, which no venue of today sends, are
/// left out, and so are answers that the fake venue gives itself.
pub(super) struct PlayedWorld {
    frames: Arc<[(Duration, RecordedFrame)]>,
    from: Duration,
    /// Where to begin again; none: nowhere.
    again: Option<usize>,
    next: usize,
    /// What was said last.
    shown: Option<usize>,
    /// When the present round began.
    round: Duration,
}

impl PlayedWorld {
    pub fn new(playback: Playback) -> Self {
        let Playback { recording, from, again } = playback;
        let frames: Arc<[_]> = recording
            .offsets()
            .into_iter()
            .zip(recording.frames().iter().cloned())
            .filter(|(_, frame)| frame.text().is_some_and(|text| !is_answer(text)))
            .collect();
        let next = frames.partition_point(|(offset, _)| *offset < from);
        let again = Some(next).filter(|next| again && *next < frames.len());
        Self { frames, from, again, next, shown: next.checked_sub(1), round: Duration::ZERO }
    }

    /// Where in the recording this is: how long after its first frame.
    pub fn position(&self) -> Duration {
        let shown = self.shown.and_then(|shown| self.frames.get(shown));
        shown.map_or(self.from, |(offset, _)| (*offset).max(self.from))
    }
}

impl World for PlayedWorld {
    fn due(&self) -> Option<Duration> {
        let (offset, _) = self.frames.get(self.next)?;
        Some(self.round.saturating_add(offset.saturating_sub(self.from)))
    }

    fn step(&mut self) {
        let due = self.due();
        self.shown = Some(self.next);
        self.next += 1;
        if let (Some(first), Some(due), true) = (self.again, due, self.next == self.frames.len()) {
            self.round = due.saturating_add(BEFORE_AGAIN);
            self.next = first;
        }
    }

    fn snapshot(&self) -> Option<String> {
        let (_, frame) = self.frames.get(self.shown?)?;
        frame.text().map(|text| text.to_string())
    }
}

/// What a ring says only to the one who asked: `pong`, and its version.
fn is_answer(text: &str) -> bool {
    let text = text.trim();
    let is_version =
        || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text == "pong" || is_version()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(times: &[(u64, &str)]) -> Recording {
        let line = |(at, text): &(u64, &str)| {
            format!("{{\"received_at\":\"2026-05-01T10:00:{at:02}Z\",\"text\":{text:?}}}\n")
        };
        Recording::parse(&times.iter().map(line).collect::<String>()).unwrap()
    }

    /// The next frames and when they are due, in seconds.
    fn play(world: &mut PlayedWorld, count: usize) -> Vec<(u64, String)> {
        let frame = |world: &mut PlayedWorld| {
            let due = world.due()?;
            world.step();
            Some((due.as_secs(), world.snapshot().unwrap()))
        };
        (0..count).map_while(|_| frame(world)).collect()
    }

    #[test]
    fn played_world_gives_every_frame_once_and_ends() {
        let mut world = PlayedWorld::new(Recording::from_frames(["a", "b"]).into());
        assert_eq!(world.snapshot(), None);
        assert_eq!(play(&mut world, 9), [(0, "a".into()), (1, "b".into())]);
        assert_eq!(world.snapshot().as_deref(), Some("b"));
    }

    #[test]
    fn played_world_begins_in_the_middle_with_what_was_said_then() {
        let recording = seconds(&[(0, "a"), (5, "b"), (9, "c")]);
        let from = Duration::from_secs(6);
        let mut world = PlayedWorld::new(Playback { from, ..Playback::from(recording) });
        assert_eq!(world.snapshot().as_deref(), Some("b"));
        assert_eq!(play(&mut world, 9), [(3, "c".into())]);
    }

    #[test]
    fn played_world_begins_again_where_it_began() {
        let recording = seconds(&[(0, "a"), (5, "b"), (9, "c")]);
        let from = Duration::from_secs(5);
        let mut world = PlayedWorld::new(Playback { recording, from, again: true });
        let expected = [(0, "b"), (4, "c"), (5, "b"), (9, "c"), (10, "b")];
        assert_eq!(play(&mut world, 5), expected.map(|(at, text)| (at, text.to_owned())));
    }

    #[test]
    fn played_world_leaves_answers_to_others_out() {
        let recording = seconds(&[(0, "pong"), (1, "1.0.0"), (2, "{}"), (3, " ")]);
        let mut world = PlayedWorld::new(recording.into());
        assert_eq!(play(&mut world, 9), [(2, "{}".into()), (3, " ".into())]);
    }
}
