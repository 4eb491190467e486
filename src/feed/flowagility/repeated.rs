//! The results in the last message. Most messages repeat them byte for byte, and what was read and
//! told once need not be read again: it is cut out of the message, and the rest of it read.
//!
//! Only from a message in which nothing is unknown, and only as long as every dog in the results is
//! what they say. Whatever is not surely a repetition is read as a whole.

use std::sync::Arc;

use crate::event::{
    Event,
    agility::{AgilityEvent, Course, RunKey, RunScene},
};

use super::snapshot::{RunSnapshot, Snapshot};

/// As venues write them: keys are in alphabetical order, without white space. In a text the quotes
/// would be escaped, so this is nothing but a key.
const BEST: &str = "\"results_best\":";
const COMBINED: &str = ",\"results_combined\":";
/// What both keys begin with.
const RESULTS: &str = "\"results_";
/// The slot after that of the run on course.
const READY: &str = "\"run_ready\":";
/// What stands in place of the results that are cut out.
const NOTHING: &str = "\"results_best\":\"\",\"results_combined\":\"\"";
/// Real ones have some 10 kB. It keeps a repetition far from all limits.
const MAX_BYTES: usize = 64 << 10;
const MAX_RESULTS: usize = 50;

#[derive(Debug)]
pub struct RepeatedResults {
    /// Both keys and both lists, as sent.
    text: String,
    /// What is shown of the run they are of.
    scene: RunScene,
    /// What they say of the course.
    course: Course,
}

impl RepeatedResults {
    /// The results of a message that was taken in; none where they may not be passed over.
    pub fn of(payload: &str, snapshot: &Snapshot) -> Option<Self> {
        let scene = snapshot.scene.run.as_ref()?;
        let run = snapshot.runs.first()?;
        let results = scene.best.len() + scene.combined.len();
        let is_plain = snapshot.unknown.is_empty() && only_run_has_results(snapshot);
        if !is_plain || run.contradicts_itself || results == 0 || results > MAX_RESULTS {
            return None;
        }
        let (_, from) = split_at_results(payload)?;
        let best = list_end(from, BEST.len())?;
        let combined = from.get(best..)?.starts_with(COMBINED).then_some(best + COMBINED.len())?;
        let (text, after) = from.split_at_checked(list_end(from, combined)?)?;
        (is_without_results(after) && text.len() <= MAX_BYTES).then(|| Self {
            text: text.to_owned(),
            scene: scene.clone(),
            course: run.results_course.clone(),
        })
    }

    pub fn run(&self) -> &Arc<RunKey> {
        &self.scene.run
    }

    pub fn has_combined(&self) -> bool {
        !self.scene.combined.is_empty()
    }

    /// The message without the results, if it repeats them.
    pub fn cut_from(&self, payload: &str) -> Option<String> {
        let (before, from) = split_at_results(payload)?;
        let after = from.strip_prefix(&*self.text)?;
        is_without_results(after).then(|| [before, NOTHING, after].concat())
    }

    /// Adds them to what such a message says; none when they may not be what they were.
    pub fn complete(&self, mut snapshot: Snapshot) -> Option<Snapshot> {
        let is_plain = snapshot.unknown.is_empty() && only_run_has_results(&snapshot);
        let scene = snapshot.scene.run.as_mut().filter(|_| is_plain)?;
        let run: &mut RunSnapshot = snapshot.runs.first_mut()?;
        let is_empty = scene.best.is_empty() && scene.combined.is_empty();
        if scene.run != self.scene.run || run.contradicts_itself || !is_empty {
            return None;
        }
        scene.best = Arc::clone(&self.scene.best);
        scene.combined = Arc::clone(&self.scene.combined);
        run.results_course = self.course.clone();
        Some(snapshot)
    }

    /// Whether they still are what was last told of their dogs.
    pub fn agree_with(&self, told: &[Event]) -> bool {
        told.iter().all(|event| match event {
            Event::Agility(AgilityEvent::Playset(dog)) => {
                !self.scene.best.contains(&dog.playset_id)
            }
            _ => true,
        })
    }
}

fn only_run_has_results(snapshot: &Snapshot) -> bool {
    let ready = snapshot.scene.ready.as_ref();
    ready.is_none_or(|ready| ready.best.is_empty() && ready.combined.is_empty())
}

/// Before and from the results of the run on course, if the message is written as venues do.
fn split_at_results(payload: &str) -> Option<(&str, &str)> {
    let (before, from) = payload.split_at_checked(payload.find(BEST)?)?;
    (is_without_results(before) && !before.contains(READY)).then_some((before, from))
}

/// Whether no key in a part of a message can be one of the results, however it is written.
fn is_without_results(part: &str) -> bool {
    !part.contains(RESULTS) && !part.contains('\\')
}

/// Where the list ends that begins at `at`.
fn list_end(text: &str, at: usize) -> Option<usize> {
    let list = text.get(at..).filter(|list| list.starts_with('['))?;
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (index, byte) in list.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + index + 1);
                }
            }
            _ => {}
        }
    }
    None
}
