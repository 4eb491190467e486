//! The latest records in memory: those that no file has yet, and as many more as let the parser go
//! on without reading what was written a moment ago.

use std::{collections::VecDeque, sync::Arc};

use crate::pipeline::source::FeedSource;

use super::record::{Record, Seq};

/// What is on disk and not in the database may be held in memory up to here, for a parser that is a
/// little behind.
const KEPT_BYTES: usize = 8 << 20;
/// As much of each feed, where that is more: two seconds of a great fleet.
const KEPT_BYTES_OF_A_FEED: usize = 4 << 10;
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
pub(super) struct Tail {
    held: VecDeque<Held>,
    /// How much of what is saved may be held.
    kept_bytes: usize,
    bytes: usize,
    unsaved_bytes: usize,
    /// Up to here everything is in the file, or needs not be.
    saved: Seq,
    /// Up to here everything is in the database: nobody will ask for it.
    written: Seq,
    /// The last record that left memory: up to here they can only be read from the file.
    gone: Seq,
}

impl Tail {
    /// Follows a file whose last record is `last`.
    pub fn after(last: Seq) -> Self {
        Self {
            held: VecDeque::new(),
            kept_bytes: KEPT_BYTES,
            bytes: 0,
            unsaved_bytes: 0,
            saved: last,
            written: Seq::default(),
            gone: last,
        }
    }

    /// So many feeds are at work.
    pub fn serve(&mut self, feeds: usize) {
        self.kept_bytes = KEPT_BYTES.max(feeds * KEPT_BYTES_OF_A_FEED);
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

    /// Up to `through` everything is in the file, and up to `written` in the database.
    pub fn saved(&mut self, through: Seq, written: Seq) {
        self.written = self.written.max(written);
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
    pub fn next(&self, after: Seq, most: usize) -> impl ExactSizeIterator<Item = &Held> {
        self.held.range(self.index_after(after)..).take(most)
    }

    fn forget(&mut self) {
        let (saved, written) = (self.saved, self.written);
        while let Some(first) = self.first()
            && first <= saved
            && (first <= written || self.bytes > self.kept_bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{
        fakes::{recorded, source},
        journal::record::Content,
        message::Payload,
    };

    /// A tail of so many records of about a megabyte.
    fn tail(records: i64) -> Tail {
        let (mut tail, source) = (Tail::after(Seq(0)), source("a"));
        for seq in 1..=records {
            let text = "x".repeat(1 << 20);
            let held = recorded(&source, seq, 1, Content::Frame(Payload::Text(text.into())));
            tail.push(Held { record: held.record, source: held.source });
        }
        tail
    }

    #[test]
    fn tail_forgets_what_is_in_the_file_and_in_the_database() {
        let mut tail = tail(5);
        tail.saved(Seq(4), Seq(2));
        assert_eq!((tail.gone(), tail.first()), (Seq(2), Some(Seq(3))));
        tail.saved(Seq(4), Seq(5));
        assert_eq!((tail.gone(), tail.first()), (Seq(4), Some(Seq(5))), "the last is in no file");
    }

    #[test]
    fn tail_keeps_so_much_for_a_parser_that_is_behind_and_no_more() {
        let records = (KEPT_BYTES >> 20) as i64 + 8;
        let mut tail = tail(records);
        tail.saved(Seq(records), Seq(0));
        assert!((8..=10).contains(&tail.gone().0), "{}", tail.gone());
        assert_eq!(tail.unsaved_bytes(), 0);
    }

    #[test]
    fn tail_saves_once_more_what_a_lost_file_held() {
        let mut tail = tail(3);
        tail.saved(Seq(3), Seq(1));
        tail.unsave(Seq(1));
        let unsaved: Vec<_> = tail.unsaved().iter().map(|record| record.seq.0).collect();
        assert_eq!(unsaved, [2, 3]);
    }
}
