//! Handing on: what the parser gets next, from memory or from the file, in one order.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use log::{error, info, warn};

use crate::{
    event::FeedInfo,
    feed,
    pipeline::{
        message::{FrameRecorded, FramesRecorded},
        source::FeedSource,
    },
};

use super::{
    Journal, RETRY_AFTER,
    counters::Task,
    disk::{DiskError, ReadRecords, Resumption},
    record::{Record, Seq},
    tail::{Held, Tail},
    trouble::flatten,
};

/// What the parser gets at once; it answers when all of it is with the writer. In a great fleet a
/// feed or two of each group wait for their pasts, and the rest of the group with them.
const HAND_ON: usize = 1_000;
/// What is read from the file at once.
const READ_ROWS: usize = 2_000;
const READ_BYTES: usize = 4 << 20;

/// How far the parser is.
pub(super) struct Handing {
    /// The last record that was taken from the file or from memory to be handed on.
    pub through: Seq,
    /// Read from the file, not yet handed on.
    read: VecDeque<Held>,
    read_bytes: usize,
    /// Written already; the decoders see them once more to know where they were.
    known: VecDeque<Held>,
    is_reading: bool,
    /// The file could not be read; the next try is due in a moment.
    is_refused: bool,
    /// The parser has a group.
    is_handing: bool,
}

impl Handing {
    /// After `through` everything is to be handed on; the decoders see `known` first.
    fn begin(through: Seq, known: VecDeque<Held>) -> Self {
        Self {
            through,
            read: VecDeque::new(),
            read_bytes: 0,
            known,
            is_reading: false,
            is_refused: false,
            is_handing: false,
        }
    }

    /// Up to here records are in memory, or may be in a moment.
    pub(super) fn under_way(&self) -> Seq {
        if self.is_reading { Seq(i64::MAX) } else { self.through }
    }

    /// What the parser gets next, and whether it is written already.
    fn next(&mut self, tail: &Tail) -> (Vec<Held>, bool) {
        if !self.known.is_empty() {
            return (self.known.drain(..self.known.len().min(HAND_ON)).collect(), true);
        }
        if !self.read.is_empty() {
            let next: Vec<_> = self.read.drain(..self.read.len().min(HAND_ON)).collect();
            self.read_bytes -= next.iter().map(|held| held.record.size()).sum::<usize>();
            return (next, false);
        }
        if self.is_reading || self.through < tail.gone() {
            return (Vec::new(), false);
        }
        (tail.next(self.through, HAND_ON).cloned().collect(), false)
    }
}

impl Journal {
    pub(super) fn resume(&mut self, mut after: Seq, found: Resumption, ctx: &mut Context<Self>) {
        let Resumption { last_frames, found } = found;
        let own = Seq::of_start(self.params.start);
        if after > own {
            // Records of this process are not written yet, whatever the database says of their
            // numbers; the next ones get numbers that it does not know.
            error!(
                "journal: the database is ahead of this journal, which may have been restored from \
                 a copy; going on with what came since the start"
            );
            self.last = self.last.max(after);
            after = own;
        }
        self.params.written = after;
        self.params.counters.found.store(found, Ordering::Relaxed);
        if found > 0 {
            info!("journal: going on with records={found} that were left from before");
        }
        let known = last_frames.into_iter().filter_map(|record| self.hold(record)).collect();
        self.handing = Some(Handing::begin(after, known));
        self.go_on(ctx);
    }

    /// Finds whose record this is. A feed that is configured no more, or as another kind, is still
    /// decoded as what it was.
    fn hold(&mut self, record: Record) -> Option<Held> {
        let feed = &record.feed;
        let live = self.sources.get(&feed.id).filter(|source| source.info.kind == feed.kind);
        let key = || (feed.id.clone(), feed.kind.clone());
        let source = match live.or_else(|| self.retired.get(&key())) {
            Some(source) => source.clone(),
            None => {
                let Some(kind) = feed::retired(&feed.kind) else {
                    warn!("feed={} of kind={} can't be decoded any more", feed.id, feed.kind);
                    return None;
                };
                let source = FeedSource::new(FeedInfo::clone(feed), kind, String::new());
                self.retired.entry(key()).or_insert(Arc::new(source)).clone()
            }
        };
        Some(Held { record: Arc::new(record), source })
    }

    pub(super) fn hand_on(&mut self, ctx: &mut Context<Self>) {
        self.read_ahead(ctx);
        let Some(handing) = &mut self.handing else { return };
        if handing.is_handing {
            return;
        }
        let (held, written) = handing.next(&self.tail);
        let Some(last) = held.last().map(|held| held.record.seq) else {
            if handing.through >= self.tail.last().unwrap_or(self.tail.gone()) {
                self.params.counters.caught_up();
            }
            return;
        };
        self.params.counters.set_behind(handing.through < self.tail.gone());
        if !written {
            handing.through = handing.through.max(last);
        }
        handing.is_handing = true;
        let count = if written { 0 } else { held.len() as u64 };
        let records = held.into_iter().map(|Held { record, source }| FrameRecorded {
            record,
            source,
            written,
        });
        let message = FramesRecorded(records.collect());
        let sent = self.params.parser.send(message).into_actor(self);
        ctx.spawn(sent.map(move |answer, this, ctx| {
            if let Err(gone) = answer {
                error!("journal: the parser is gone ({gone}); frames wait here for the next start");
                this.handing = None;
                return;
            }
            this.params.counters.handed_on.fetch_add(count, Ordering::Relaxed);
            if let Some(handing) = &mut this.handing {
                handing.is_handing = false;
            }
            this.go_on(ctx);
        }));
    }

    /// Reads what left memory before it was handed on.
    fn read_ahead(&mut self, ctx: &mut Context<Self>) {
        let gone = self.tail.gone();
        let Some(handing) = &mut self.handing else { return };
        // One is on its way while the one before is handed on.
        let is_full = handing.read.len() > READ_ROWS || handing.read_bytes > READ_BYTES;
        if handing.is_reading || handing.is_refused || is_full || handing.through >= gone {
            return;
        }
        handing.is_reading = true;
        let after = handing.through;
        let read = ReadRecords { after, rows: READ_ROWS, bytes: READ_BYTES };
        let asked = self.params.disk.send(read).into_actor(self);
        ctx.spawn(
            asked.map(move |answer, this, ctx| this.take_read(after, gone, flatten(answer), ctx)),
        );
    }

    fn take_read(
        &mut self,
        after: Seq,
        gone: Seq,
        answer: Result<Vec<Record>, DiskError>,
        ctx: &mut Context<Self>,
    ) {
        let records = match answer {
            Ok(records) => records,
            Err(failure) => {
                if let Some(handing) = &mut self.handing {
                    handing.is_reading = false;
                    handing.is_refused = true;
                }
                self.disk_failed(Task::Read, failure, ctx);
                ctx.run_later(RETRY_AFTER, |this, ctx| {
                    if let Some(handing) = &mut this.handing {
                        handing.is_refused = false;
                    }
                    this.go_on(ctx);
                });
                return;
            }
        };
        self.well_again(Task::Read);
        // Nothing more in the file: the rest of its numbers are holes.
        let through = records.last().map_or(gone, |last| last.seq);
        let held: Vec<_> = records.into_iter().filter_map(|record| self.hold(record)).collect();
        if let Some(handing) = &mut self.handing {
            handing.is_reading = false;
            if handing.through == after {
                handing.read_bytes += held.iter().map(|held| held.record.size()).sum::<usize>();
                handing.read.extend(held);
                handing.through = through;
            }
        }
        self.go_on(ctx);
    }
}
