//! What must hold for any input whatever, one function for each fuzz target. Each panics when it
//! does not hold. The targets under `fuzz/` and the replay of their corpus share these.

mod conversation;
mod settings;
mod tables;

use std::borrow::Cow;

use ringside::simulator::Recording;

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

/// A file of recorded frames: none is empty, and none comes out of nothing.
pub fn recording(input: &[u8]) {
    let text = text(input);
    let Ok(recording) = Recording::parse(&text) else { return };
    let frames = recording.frames();
    assert!(!frames.is_empty());
    assert!(frames.iter().map(String::len).sum::<usize>() <= text.len());
    recording.is_of_a_ring();
}

/// Frames and files are valid UTF-8 before anybody here sees them.
fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}
