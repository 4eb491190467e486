//! Handing on: what the parser gets next, from memory or from the file, in one order.

use std::{collections::VecDeque, sync::Arc, sync::atomic::Ordering};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use log::{error, info};

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
    disk::{DiskError, ReadRecords, Resumption},
    record::{Record, Seq},
    tail::{Held, Tail},
    trouble::flatten,
};

/// What the parser gets at once; it answers when all of it is with the writer.
const HAND_ON: usize = 256;
/// What is read from the file at once.
const READ_ROWS: usize = 2_000;
const READ_BYTES: usize = 4 << 20;

/// How far the parser is.
pub(super) struct Handing {
    /// The last record that was taken from the file or from memory to be handed on.
    pub through: Seq,
    /// Read from the file, not yet handed on.
    read: VecDeque<Held>,
    /// Written already; the decoders see them once more to know where they were.
    known: VecDeque<Held>,
    is_reading: bool,
    is_handing: bool,
}

impl Handing {
    /// After `through` everything is to be handed on; the decoders see `known` first.
    fn begin(through: Seq, known: VecDeque<Held>) -> Self {
        let read = VecDeque::new();
        Self { through, read, known, is_reading: false, is_handing: false }
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
            return (self.read.drain(..self.read.len().min(HAND_ON)).collect(), false);
        }
        if self.is_reading || self.through < tail.gone() {
            return (Vec::new(), false);
        }
        (tail.next(self.through, HAND_ON).cloned().collect(), false)
    }
}

impl Journal {
    pub(super) fn resume(&mut self, after: Seq, found: Resumption, ctx: &mut Context<Self>) {
        let Resumption { last_frames, found } = found;
        self.params.counters.found.store(found, Ordering::Relaxed);
        if found > 0 {
            info!("journal: going on with records={found} that were left from before");
        }
        let known = last_frames.into_iter().filter_map(|record| self.hold(record)).collect();
        self.handing = Some(Handing::begin(after, known));
        self.go_on(ctx);
    }

    /// Finds whose record this is. A feed that is configured no more is still decoded.
    fn hold(&mut self, record: Record) -> Option<Held> {
        let feed = &record.feed;
        let source = match self.sources.get(&feed.id) {
            Some(source) if source.info.kind == feed.kind => source.clone(),
            _ => {
                let Some(kind) = feed::retired(&feed.kind) else {
                    error!("feed={} of kind={} can't be decoded any more", feed.id, feed.kind);
                    return None;
                };
                let source = FeedSource::new(FeedInfo::clone(feed), kind, String::new());
                let source = Arc::new(source);
                self.sources.entry(feed.id.clone()).or_insert_with(|| source.clone());
                source
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
        let Some(last) = held.last().map(|held| held.record.seq) else { return };
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
        if handing.is_reading || handing.read.len() > HAND_ON || handing.through >= gone {
            return;
        }
        handing.is_reading = true;
        let after = handing.through;
        let read = ReadRecords { after, rows: READ_ROWS, bytes: READ_BYTES };
        let asked = self.params.disk.send(read).into_actor(self);
        ctx.spawn(asked.map(move |answer, this, ctx| this.take_read(after, flatten(answer), ctx)));
    }

    fn take_read(
        &mut self,
        after: Seq,
        answer: Result<Vec<Record>, DiskError>,
        ctx: &mut Context<Self>,
    ) {
        let records = match answer {
            Ok(records) => records,
            Err(failure) => {
                self.disk_failed(failure, ctx);
                ctx.run_later(RETRY_AFTER, |this, ctx| {
                    if let Some(handing) = &mut this.handing {
                        handing.is_reading = false;
                    }
                    this.go_on(ctx);
                });
                return;
            }
        };
        let gone = self.tail.gone();
        // Nothing more in the file: the rest of its numbers are holes.
        let through = records.last().map_or(gone, |last| last.seq);
        let held: Vec<_> = records.into_iter().filter_map(|record| self.hold(record)).collect();
        if let Some(handing) = &mut self.handing {
            handing.is_reading = false;
            if handing.through == after {
                handing.read.extend(held);
                handing.through = through;
            }
        }
        self.go_on(ctx);
    }
}
