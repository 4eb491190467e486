//! Keeping the file within its bounds, and saying that this process lives.

use std::{sync::atomic::Ordering, time::Duration};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use log::error;

use super::{
    Journal,
    counters::Task,
    disk::{SaveRecords, TrimRecords},
    file::{Extent, Lost, Spared, Trimmed},
    handing::Handing,
    trouble::flatten,
};

/// How often the file is looked at.
pub(super) const TIDY_EVERY: Duration = Duration::from_secs(1);
/// After a crash the end of open connections is known to so many looks.
const ALIVE_EVERY: u32 = 5;

impl Journal {
    pub(super) fn tidy(&mut self, ctx: &mut Context<Self>) {
        self.show_waiting();
        if self.tidying || self.is_closed {
            return;
        }
        self.tidying = true;
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(ALIVE_EVERY) {
            let save =
                SaveRecords { records: Vec::new(), written: self.written(), file: self.file };
            let sent = self.params.disk.send(save).into_actor(self);
            ctx.spawn(sent.map(|answer, this, ctx| match flatten(answer) {
                // What waits to be saved tells more.
                Ok(()) if this.tail.has_unsaved() => {}
                Ok(()) => this.well_again(Task::Save),
                Err(failure) => this.disk_failed(Task::Save, failure, ctx),
            }));
        }
        self.trim(ctx);
    }

    fn trim(&mut self, ctx: &mut Context<Self>) {
        let written = self.written();
        let spared = Spared {
            written,
            handed_on: self.handing.as_ref().map_or(written, Handing::under_way),
            held_from: self.tail.first(),
        };
        let step = TrimRecords { keep: self.params.keep, spared };
        let sent = self.params.disk.send(step).into_actor(self);
        ctx.spawn(sent.map(|answer, this, ctx| {
            match flatten(answer) {
                Ok((trimmed, extent)) => {
                    this.well_again(Task::Trim);
                    if this.trimmed(&trimmed, extent) {
                        return this.trim(ctx);
                    }
                }
                Err(failure) => this.disk_failed(Task::Trim, failure, ctx),
            }
            this.tidying = false;
        }));
    }

    /// Says what was lost; true when there is more to do.
    fn trimmed(&self, trimmed: &Trimmed, extent: Extent) -> bool {
        let counters = &self.params.counters;
        counters.bytes.store(extent.bytes, Ordering::Relaxed);
        counters.facts().oldest_at = extent.oldest_at;
        for Lost { feed, frames } in &trimmed.lost {
            let count = frames.frames;
            counters.lost_frames.fetch_add(count, Ordering::Relaxed);
            counters.handed_on.fetch_add(count, Ordering::Relaxed);
            error!(
                "feed={} frames={count} from={} to={} lost: the journal is full ([journal] \
                 max_bytes) and they were not in the database yet",
                feed.id, frames.from_at, frames.to_at
            );
        }
        trimmed.more
    }
}
