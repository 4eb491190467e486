//! How the journal is, for health, metrics, the stop and tests.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};

/// Counted since the start of the process.
#[derive(Default)]
pub struct JournalCounters {
    /// Records taken in: frames and marks.
    pub recorded: AtomicU64,
    /// Of these and of what was left from before, records that are with the writer.
    pub handed_on: AtomicU64,
    /// Records left from before the start.
    pub found: AtomicU64,
    pub saves: AtomicU64,
    /// How long the last save took, milliseconds.
    pub last_save_ms: AtomicU64,
    /// On no disk yet.
    pub unsaved_bytes: AtomicU64,
    /// Bytes in use in the file.
    pub bytes: AtomicU64,
    /// Frames that were dropped unwritten.
    pub lost_frames: AtomicU64,
    /// Files that were damaged and set aside.
    pub set_aside: AtomicU64,
    facts: Mutex<Facts>,
}

#[derive(Default)]
pub(super) struct Facts {
    pub oldest_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
}

impl JournalCounters {
    /// Records that are not with the writer yet.
    pub fn behind(&self) -> u64 {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (get(&self.recorded) + get(&self.found)).saturating_sub(get(&self.handed_on))
    }

    /// When the oldest record in the file was received.
    pub fn oldest_at(&self) -> Option<DateTime<Utc>> {
        self.facts().oldest_at
    }

    /// Why frames are not safe at the moment; none when all is well.
    pub fn trouble(&self) -> Option<String> {
        self.facts().trouble.clone()
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.facts().trouble, trouble)
    }
}
