//! How the journal is, for health, metrics, the stop and tests.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};

/// Counted since the start of the process.
#[derive(Default)]
pub struct JournalCounters {
    /// Records taken in: frames and marks.
    pub recorded: AtomicU64,
    /// Of these and of what was left from before, records that are with the writer.
    pub handed_on: AtomicU64,
    /// Records that connections have left and that wait to be taken in, at the last look.
    pub waiting: AtomicU64,
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
    /// Something waits, however many were counted.
    is_behind: AtomicBool,
    facts: Mutex<Facts>,
}

#[derive(Default)]
pub(super) struct Facts {
    pub oldest_at: Option<DateTime<Utc>>,
    trouble: BTreeMap<Task, String>,
}

/// What the disk is asked to do; each can fail alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    Save,
    Read,
    Trim,
}

impl JournalCounters {
    /// Records that are not with the writer yet; at least so many, where the file holds a great many
    /// from before.
    pub fn behind(&self) -> u64 {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counted = get(&self.recorded) + get(&self.found);
        let least = u64::from(self.is_behind.load(Ordering::Relaxed));
        counted.saturating_sub(get(&self.handed_on)).max(least)
    }

    pub(super) fn set_behind(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::Relaxed);
    }

    /// Nothing waits: whatever was counted otherwise is put right.
    pub(super) fn caught_up(&self) {
        self.set_behind(false);
        let all = self.recorded.load(Ordering::Relaxed) + self.found.load(Ordering::Relaxed);
        self.handed_on.store(all, Ordering::Relaxed);
    }

    /// When the oldest record in the file was received.
    pub fn oldest_at(&self) -> Option<DateTime<Utc>> {
        self.facts().oldest_at
    }

    /// Why frames are not safe, or not handed on, at the moment; none when all is well.
    pub fn trouble(&self) -> Option<String> {
        self.facts().trouble.values().next().cloned()
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what was said before of this task.
    pub(super) fn set_trouble(&self, task: Task, trouble: Option<String>) -> Option<String> {
        let known = &mut self.facts().trouble;
        match trouble {
            Some(words) => known.insert(task, words),
            None => known.remove(&task),
        }
    }
}
