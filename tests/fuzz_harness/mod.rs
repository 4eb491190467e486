//! What must hold for any input whatever, one function for each fuzz target. Each panics when it
//! does not hold. The targets under `fuzz/` and the replay of their corpus share these.

mod conversation;
mod settings;
mod tables;

use std::borrow::Cow;

use ringside::recording::{Payload, Recording};

/// What must hold for an input.
pub type Holds = fn(&[u8]);

/// Every target, by the name of its binary and of its folder in the corpus.
pub const TARGETS: &[(&str, Holds)] =
    &[("bmi", bmi), ("flowagility", flowagility), ("config", config), ("recording", recording)];

/// A track's conversation.
pub fn bmi(input: &[u8]) {
    let resource = [("url", "ws://track.test/"), ("resource", "1@fuzz")];
    conversation::holds("bmi", &resource, &text(input));
}

/// A ring's conversation.
pub fn flowagility(input: &[u8]) {
    conversation::holds("flowagility", &[("url", "ws://ring.test/token")], &text(input));
}

/// A configuration file.
pub fn config(input: &[u8]) {
    settings::hold(&text(input));
}

/// A file of recorded frames: none is empty, none comes out of nothing, and each has its moment.
pub fn recording(input: &[u8]) {
    let text = text(input);
    let Ok(recording) = Recording::parse(&text) else { return };
    let frames = recording.frames();
    assert!(!frames.is_empty());
    let size = |payload: &Payload| match payload {
        Payload::Text(text) => text.len(),
        Payload::Binary(bytes) => bytes.len(),
    };
    assert!(frames.iter().map(|frame| size(&frame.payload)).sum::<usize>() <= text.len());
    let offsets = recording.offsets();
    assert_eq!(offsets.len(), frames.len());
    assert!(offsets.is_sorted());
    recording.kind();
}

/// Frames and files are valid UTF-8 before anybody here sees them.
fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}
