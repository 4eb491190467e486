//! The latest records in memory: those that no file has yet, and as many more as let the parser go
//! on without reading what was written a moment ago.

use std::{collections::VecDeque, sync::Arc};

use crate::pipeline::source::FeedSource;

use super::record::{Record, Seq};

/// What is on disk may be held in memory up to here, for a parser that is a little behind.
const KEPT_BYTES: usize = 8 << 20;
/// With so much on no disk, connections wait: some seconds of a great fleet.
const UNSAVED_BYTES: usize = 64 << 20;
/// A commit takes at most so much at once.
const COMMIT_BYTES: usize = 8 << 20;

/// A record and whose it is.
#[derive(Clone)]
pub(super) struct Held {
    pub record: Arc<Record>,
    pub source: Arc<FeedSource>,
}

/// Records without a hole, oldest first. The last ones are unsaved: in no file.
#[derive(Default)]
pub(super) struct Tail {
    held: VecDeque<Held>,
    bytes: usize,
    unsaved_bytes: usize,
    /// Up to here everything is in the file, or needs not be.
    saved: Seq,
    /// The last record that left memory: up to here they can only be read from the file.
    gone: Seq,
}

impl Tail {
    /// Follows a file whose last record is `last`.
    pub fn after(last: Seq) -> Self {
        Self { saved: last, gone: last, ..Self::default() }
    }

    pub fn has_room(&self) -> bool {
        self.unsaved_bytes < UNSAVED_BYTES
    }

    pub fn push(&mut self, held: Held) {
        let size = held.record.size();
        self.bytes += size;
        self.unsaved_bytes += size;
        self.held.push_back(held);
    }

    pub fn first(&self) -> Option<Seq> {
        self.held.front().map(|held| held.record.seq)
    }

    pub fn last(&self) -> Option<Seq> {
        self.held.back().map(|held| held.record.seq)
    }

    /// The last record that is not in memory any more.
    pub fn gone(&self) -> Seq {
        self.gone
    }

    pub fn has_unsaved(&self) -> bool {
        self.last().is_some_and(|last| last > self.saved)
    }

    pub fn unsaved_bytes(&self) -> usize {
        self.unsaved_bytes
    }

    /// What the next commit saves.
    pub fn unsaved(&self) -> Vec<Arc<Record>> {
        let mut bytes = 0;
        let from = self.index_after(self.saved);
        let unsaved = self.held.range(from..).take_while(|held| {
            let fits = bytes < COMMIT_BYTES;
            bytes += held.record.size();
            fits
        });
        unsaved.map(|held| held.record.clone()).collect()
    }

    /// Up to `through` everything is in the file.
    pub fn saved(&mut self, through: Seq) {
        let (from, to) = (self.index_after(self.saved), self.index_after(through));
        let newly = self.held.range(from..to.max(from)).map(|held| held.record.size());
        self.unsaved_bytes -= newly.sum::<usize>();
        self.saved = self.saved.max(through);
        self.forget();
    }

    /// The file is gone, and with it all that was saved after `written`.
    pub fn unsave(&mut self, written: Seq) {
        self.saved = written;
        let from = self.index_after(written);
        self.unsaved_bytes = self.held.range(from..).map(|held| held.record.size()).sum();
    }

    /// The records after `after`, at most `most`; for callers that are not behind [`Self::gone`].
    pub fn next(&self, after: Seq, most: usize) -> impl Iterator<Item = &Held> {
        self.held.range(self.index_after(after)..).take(most)
    }

    fn forget(&mut self) {
        while self.bytes > KEPT_BYTES
            && self.first().is_some_and(|first| first <= self.saved)
            && let Some(held) = self.held.pop_front()
        {
            self.bytes -= held.record.size();
            self.gone = held.record.seq;
        }
    }

    fn index_after(&self, seq: Seq) -> usize {
        self.held.partition_point(|held| held.record.seq <= seq)
    }
}
