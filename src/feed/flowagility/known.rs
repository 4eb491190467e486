//! What the dogs and pairs of the last message are, by their JSON. Most of the next message is the
//! same again, and what comes in the same bytes is not read again.
//!
//! What an entry says depends on its bytes alone, so this is no more than a shorter way to it: where
//! the entry stood, and in which run, does not matter. Only entries in which nothing is unknown are
//! kept, since that is told each time.

use std::sync::Arc;

use crate::event::agility::{CombinedResult, Course, Playset};

/// Real messages have a dog or two and ten results of each kind.
const MAX_ENTRIES: usize = 32;
/// Real entries have some 600 bytes. This bounds both memory and the comparing.
const MAX_ENTRY_BYTES: usize = 2_048;

#[derive(Debug, Default)]
pub struct Known {
    pub dogs: Entries<Dog>,
    pub pairs: Entries<Arc<CombinedResult>>,
}

/// What is said of a dog. The run and the time are those of the message that said it first.
#[derive(Debug)]
pub struct Dog {
    pub playset: Arc<Playset>,
    /// What is said of the course beside it.
    pub course: Arc<Course>,
}

/// In the order of the message.
#[derive(Debug)]
pub struct Entries<T>(Vec<Arc<Entry<T>>>);

#[derive(Debug)]
pub struct Entry<T> {
    json: Box<str>,
    pub means: T,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    /// The entry that a text begins with, and its place. Likely ones come first: those from
    /// `place` on.
    pub fn at_start_of(&self, text: &str, place: usize) -> Option<(usize, &Arc<Entry<T>>)> {
        let (before, from) = self.0.split_at_checked(place)?;
        let places = (place..).zip(from).chain((0..).zip(before));
        places.into_iter().find(|(_, known)| text.starts_with(&*known.json))
    }

    /// Keeps what a JSON object means, unless it is too much.
    pub fn keep(&mut self, json: &str, means: T) {
        if (1..=MAX_ENTRY_BYTES).contains(&json.len()) {
            self.keep_on(Arc::new(Entry { json: json.into(), means }));
        }
    }

    /// Keeps one that was known already.
    pub fn keep_on(&mut self, entry: Arc<Entry<T>>) {
        if self.0.len() < MAX_ENTRIES {
            self.0.push(entry);
        }
    }
}

impl<T> Entry<T> {
    pub fn json(&self) -> &str {
        &self.json
    }
}
