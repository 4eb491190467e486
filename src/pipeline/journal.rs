//! Every frame on disk first: takes what the connections receive, gives it a place in one order,
//! and hands it on to the parser.
//!
//! A frame has its place in the order as soon as it is in memory; a group of frames is saved every
//! [`SAVE_AFTER`], and the parser does not wait for that. While the database is away the parser
//! stands still, the connections do not: what leaves memory is read again from the file, in order,
//! when the parser goes on. After a start I wait to be told where to go on ([`ResumeFrom`]). I drop
//! only what is written, or, loudly, what fits nowhere; I never look into a frame.

pub mod record;

mod counters;
pub mod disk;
mod error;
pub mod file;
pub mod forget;
mod handing;
pub mod reader;
mod tail;
mod taking;
mod tidy;
mod trouble;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, Recipient,
    ResponseFuture, WrapFuture,
};
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::event::FeedId;

pub use self::{counters::JournalCounters, error::JournalError, taking::intake};
use self::{
    counters::Task,
    disk::{CloseFile, Disk, LookBack, SaveRecords},
    file::Keep,
    handing::Handing,
    record::{Record, Seq},
    tail::{Held, Tail},
    tidy::TIDY_EVERY,
    trouble::flatten,
};
use super::{
    live::{LiveTap, Tapped},
    message::{
        CloseJournal, FeedsConfigured, FrameReceived, FramesRecorded, Heartbeat, ResumeFrom,
        SaveAll,
    },
    source::FeedSource,
    writer::WriterCounters,
};

/// No frame waits longer than this for its save to begin. With the save itself it is safe within
/// the 100 ms that are promised.
const SAVE_AFTER: Duration = Duration::from_millis(50);
/// Between two tries to save to a disk that refuses.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub struct JournalParams {
    /// What connections leave for me.
    pub intake: mpsc::Receiver<FrameReceived>,
    pub disk: Addr<Disk>,
    /// The last record in the file.
    pub last: Seq,
    /// The last record that the file knows to be in the database.
    pub written: Seq,
    /// Which process this is of those that wrote the journal.
    pub start: i64,
    pub keep: Keep,
    pub parser: Recipient<FramesRecorded>,
    /// Hears of every record at once; none where nobody looks.
    pub live: Option<LiveTap>,
    pub counters: Arc<JournalCounters>,
    /// Tells how far the database is.
    pub writer: Arc<WriterCounters>,
}

pub struct Journal {
    params: JournalParams,
    last: Seq,
    /// How many files were set aside: saves of an older one say nothing of this one.
    file: u64,
    tail: Tail,
    /// Whose frames these are, by id.
    sources: HashMap<FeedId, Arc<FeedSource>>,
    /// Of feeds that are configured no more, or as another kind.
    retired: HashMap<(FeedId, String), Arc<FeedSource>>,
    /// I hear of what is left in the intake; not while there is no room for it.
    is_looking: bool,
    save: Save,
    /// None until the database says how far it is.
    handing: Option<Handing>,
    tidying: bool,
    is_closed: bool,
    ticks: u32,
    flushes: Vec<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Save {
    Idle,
    /// It begins in a moment.
    Armed,
    Running,
}

impl Journal {
    pub fn new(params: JournalParams) -> Self {
        Self {
            last: Seq::of_start(params.start).max(params.last),
            file: 0,
            tail: Tail::after(params.last),
            params,
            sources: HashMap::new(),
            retired: HashMap::new(),
            is_looking: false,
            save: Save::Idle,
            handing: None,
            tidying: false,
            is_closed: false,
            ticks: 0,
            flushes: Vec::new(),
        }
    }
}

impl Actor for Journal {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TIDY_EVERY, Self::tidy);
        self.look_on(ctx);
    }
}

impl Handler<FeedsConfigured> for Journal {
    type Result = ();

    fn handle(&mut self, FeedsConfigured(sources): FeedsConfigured, _: &mut Self::Context) {
        self.tail.serve(sources.len());
        self.sources.extend(sources.into_iter().map(|source| (source.info.id.clone(), source)));
    }
}

impl Handler<ResumeFrom> for Journal {
    type Result = ();

    fn handle(&mut self, ResumeFrom(after): ResumeFrom, ctx: &mut Self::Context) {
        if self.handing.is_some() {
            return;
        }
        let asked =
            self.params.disk.send(LookBack { after, through: self.params.last }).into_actor(self);
        ctx.spawn(asked.map(move |answer, this, ctx| match flatten(answer) {
            Ok(found) => this.resume(after, found, ctx),
            Err(error) => {
                this.disk_failed(Task::Read, error, ctx);
                ctx.notify_later(ResumeFrom(after), RETRY_AFTER);
            }
        }));
    }
}

impl Handler<SaveAll> for Journal {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: SaveAll, ctx: &mut Self::Context) -> Self::Result {
        let (done, saved) = oneshot::channel();
        self.take_rest(ctx);
        self.flushes.push(done);
        self.save_now(ctx);
        Box::pin(saved.map(|_| ()))
    }
}

impl Handler<CloseJournal> for Journal {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: CloseJournal, _: &mut Self::Context) -> Self::Result {
        self.handing = None;
        self.is_closed = true;
        // An error means that the disk is closed with its thread.
        Box::pin(self.params.disk.send(CloseFile).map(|_| ()))
    }
}

impl Handler<Heartbeat> for Journal {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}

impl Handler<SaveDue> for Journal {
    type Result = ();

    fn handle(&mut self, _: SaveDue, ctx: &mut Self::Context) {
        if self.save == Save::Armed {
            self.save_now(ctx);
        }
    }
}

impl Journal {
    /// Gives what came its place in the order.
    fn record(&mut self, received: FrameReceived) {
        let FrameReceived { source, generation, received_at, content } = received;
        self.last = self.last.next();
        let feed = source.info.clone();
        if self.sources.get(&feed.id).is_none_or(|known| !Arc::ptr_eq(known, &source)) {
            self.sources.insert(feed.id.clone(), source.clone());
        }
        let record = Record::new(self.last, feed, generation, received_at, content);
        let record = Arc::new(record);
        if let Some(live) = &self.params.live {
            live.offer(Tapped { record: record.clone(), source: source.clone() });
        }
        self.tail.push(Held { record, source });
        self.params.counters.recorded.fetch_add(1, Ordering::Relaxed);
    }

    /// Does whatever is due after something has changed.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        if self.save == Save::Idle && self.tail.has_unsaved() {
            self.save = Save::Armed;
            ctx.notify_later(SaveDue, SAVE_AFTER);
        }
        self.hand_on(ctx);
    }
}

// ---- saving -------------------------------------------------------------------------------------

impl Journal {
    fn save_now(&mut self, ctx: &mut Context<Self>) {
        if self.save == Save::Running {
            return;
        }
        let records = self.tail.unsaved();
        let Some(last) = records.last().map(|record| record.seq) else {
            self.save = Save::Idle;
            for done in self.flushes.drain(..) {
                // Whoever asked may have lost patience.
                done.send(()).ok();
            }
            return;
        };
        self.save = Save::Running;
        let began = Instant::now();
        let file = self.file;
        let save = SaveRecords { records, written: self.written(), file };
        let sent = self.params.disk.send(save).into_actor(self);
        ctx.spawn(sent.map(move |answer, this, ctx| {
            this.save = Save::Idle;
            match flatten(answer) {
                // The records are in the file that was set aside meanwhile.
                Ok(()) if this.file != file => {}
                Ok(()) => {
                    let counters = &this.params.counters;
                    counters.saves.fetch_add(1, Ordering::Relaxed);
                    let took = began.elapsed().as_millis() as u64;
                    counters.last_save_ms.store(took, Ordering::Relaxed);
                    this.tail.saved(last, this.written());
                    this.well_again(Task::Save);
                }
                Err(error) => {
                    this.disk_failed(Task::Save, error, ctx);
                    this.save = Save::Armed;
                    ctx.notify_later(SaveDue, RETRY_AFTER);
                }
            }
            this.show_waiting();
            this.look_on(ctx);
            if !this.flushes.is_empty() && this.save == Save::Idle {
                this.save_now(ctx);
            }
            this.go_on(ctx);
        }));
    }

    /// Up to here everything is in the database; known also when that is away.
    fn written(&self) -> Seq {
        self.params.writer.checkpoint().max(self.params.written)
    }

    fn show_waiting(&self) {
        let counters = &self.params.counters;
        counters.waiting.store(self.params.intake.len() as u64, Ordering::Relaxed);
        counters.unsaved_bytes.store(self.tail.unsaved_bytes() as u64, Ordering::Relaxed);
    }
}

/// To myself: a group of frames has waited long enough.
#[derive(Message)]
#[rtype(result = "()")]
struct SaveDue;
