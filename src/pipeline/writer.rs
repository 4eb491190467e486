//! Gathers events and has them written: batches by size and age, one batch in flight.
//!
//! The parser sends to me, I send to the store. What I have accepted I hold until the store says
//! that it is in Postgres; while Postgres is away I try again and again with the same batch, accept
//! until I am full, and then let the parser wait. I never drop, and never look further into an event
//! than to see whether a question is about it.

mod questions;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, MailboxError, Message, Recipient,
    ResponseFuture, WrapFuture,
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use log::{error, info, warn};
use tokio::{sync::oneshot, time::Instant};

use self::questions::Questions;
use super::{
    backoff::Backoff,
    journal::record::Seq,
    message::{
        Batch, BatchReport, BatchWritten, Checkpoint, Drain, Entry, EventsDecoded, Heartbeat,
        RecallPast, RecallPasts, Recalled, StoreError, WriteBatch,
    },
};

/// When a batch is due, and how much may be held.
#[derive(Clone, Copy, Debug)]
pub struct Batching {
    /// No event waits longer than this for its batch to begin.
    pub flush_after: Duration,
    /// A batch of this many events begins at once.
    pub batch_events: usize,
    /// With this many events held, the parser waits; a large one counts for several
    /// ([`crate::event::Event::weight`]).
    pub held_events: usize,
}

impl Default for Batching {
    fn default() -> Self {
        Self { flush_after: Duration::from_millis(50), batch_events: 5_000, held_events: 50_000 }
    }
}

/// A batch of about 64 MB is far below what Postgres takes in one message.
const BATCH_WEIGHT: usize = 64 << 10;

/// Records without news are checkpointed so often: as many may be read once more after a crash.
const SETTLE_AFTER: Duration = Duration::from_secs(1);

/// Between two tries while Postgres is away: short enough to notice its return at once.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Counted since the start of the process.
#[derive(Default)]
pub struct WriterCounters {
    /// Events taken from the parser.
    pub accepted: AtomicU64,
    /// Of these, events that are in Postgres (or in `rejected_rows`).
    pub written: AtomicU64,
    pub batches: AtomicU64,
    /// Rows inserted or updated.
    pub rows: AtomicU64,
    pub rejected_rows: AtomicU64,
    /// Batches that were tried again.
    pub retries: AtomicU64,
    /// Events that wait for room: the parser waits with them.
    pub waiting: AtomicU64,
    /// Batches and questions that the store was given.
    pub store_questions: AtomicU64,
    /// Of these, those that it has answered, one way or the other.
    pub store_answers: AtomicU64,
    /// How long the last batch took, milliseconds.
    pub last_batch_ms: AtomicU64,
    /// The last record of the journal whose rows are all in Postgres, since the start; 0 for none.
    checkpoint: AtomicI64,
    /// Unix milliseconds; 0 for never.
    last_written_ms: AtomicI64,
    /// Why the batch in hand is not written yet; none when all is well.
    trouble: Mutex<Option<String>>,
}

impl WriterCounters {
    /// Events that are accepted and not yet written.
    pub fn held(&self) -> u64 {
        let written = self.written.load(Ordering::Relaxed);
        self.accepted.load(Ordering::Relaxed).saturating_sub(written)
    }

    pub fn last_written_at(&self) -> Option<DateTime<Utc>> {
        match self.last_written_ms.load(Ordering::Relaxed) {
            0 => None,
            ms => DateTime::from_timestamp_millis(ms),
        }
    }

    /// Up to here everything of the journal is in Postgres; [`Seq::default`] before the first batch.
    pub fn checkpoint(&self) -> Seq {
        Seq(self.checkpoint.load(Ordering::Relaxed))
    }

    /// Where an earlier process left off.
    pub fn start_from(&self, checkpoint: Seq) {
        self.checkpoint.fetch_max(checkpoint.0, Ordering::Relaxed);
    }

    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count_question(&self) {
        self.store_questions.fetch_add(1, Ordering::Relaxed);
    }

    fn count_answer(&self) {
        self.store_answers.fetch_add(1, Ordering::Relaxed);
    }

    fn count_retry(&self) -> u64 {
        self.retries.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Returns what was said before.
    fn set_trouble(&self, trouble: Option<String>) -> Option<String> {
        let mut now = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut now, trouble)
    }
}

pub struct WriterParams {
    pub batching: Batching,
    pub store: Recipient<WriteBatch>,
    pub recall: Recipient<RecallPasts>,
    /// Whose records the events come from; none where there is no journal.
    pub journal_id: Option<Arc<str>>,
    /// Hears of every batch that was written.
    pub written: Option<Recipient<BatchWritten>>,
    pub counters: Arc<WriterCounters>,
}

pub struct Writer {
    params: WriterParams,
    held: Vec<Entry>,
    held_weight: usize,
    /// Which batch `held` will become; timers carry it.
    batch_id: u64,
    oldest_held: Option<Instant>,
    /// A batch being written, or the listener being told of it.
    in_flight: Option<Flight>,
    accepted: u64,
    /// Of these, entries that are in a batch that has begun.
    batched: u64,
    written: u64,
    /// With so many entries accepted, everything up to this record is; in order.
    ends: VecDeque<(u64, Seq)>,
    oldest_end: Option<Instant>,
    waiting: VecDeque<Waiting>,
    questions: Questions,
    drains: Vec<oneshot::Sender<()>>,
}

struct Flight {
    batch: Arc<Batch>,
    began: Instant,
    backoff: Backoff,
}

/// Events for which there was no room.
struct Waiting {
    decoded: EventsDecoded,
    accepted: oneshot::Sender<()>,
}

impl Writer {
    pub fn new(params: WriterParams) -> Self {
        Self {
            params,
            held: Vec::new(),
            held_weight: 0,
            batch_id: 0,
            oldest_held: None,
            in_flight: None,
            accepted: 0,
            batched: 0,
            written: 0,
            ends: VecDeque::new(),
            oldest_end: None,
            waiting: VecDeque::new(),
            questions: Questions::default(),
            drains: Vec::new(),
        }
    }
}

impl Actor for Writer {
    type Context = Context<Self>;
}

impl Handler<EventsDecoded> for Writer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, decoded: EventsDecoded, ctx: &mut Self::Context) -> Self::Result {
        let fits = decoded.entries.is_empty() || self.has_room();
        if self.waiting.is_empty() && fits {
            self.accept(decoded, ctx);
            self.go_on(ctx);
            return Box::pin(std::future::ready(()));
        }
        let (accepted, done) = oneshot::channel();
        let waiting = &self.params.counters.waiting;
        waiting.fetch_add(decoded.entries.len() as u64, Ordering::Relaxed);
        self.waiting.push_back(Waiting { decoded, accepted });
        // An error means that the writer is gone; the sender hears that from its next send.
        Box::pin(done.map(|_| ()))
    }
}

impl Handler<RecallPast> for Writer {
    type Result = ResponseFuture<Recalled>;

    fn handle(&mut self, recall: RecallPast, ctx: &mut Self::Context) -> Self::Result {
        let answered = self.take_question(recall);
        self.go_on(ctx);
        Box::pin(async {
            answered.await.unwrap_or_else(|_| Err(StoreError::Retriable("it stopped".into())))
        })
    }
}

impl Handler<Drain> for Writer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.drains.push(done);
        self.go_on(ctx);
        Box::pin(drained.map(|_| ()))
    }
}

impl Handler<Heartbeat> for Writer {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}

impl Handler<Aged> for Writer {
    type Result = ();

    fn handle(&mut self, aged: Aged, ctx: &mut Self::Context) {
        if aged.batch_id == self.batch_id {
            self.go_on(ctx);
        }
    }
}

impl Writer {
    fn has_room(&self) -> bool {
        self.held_weight < self.params.batching.held_events
    }

    fn accept(&mut self, decoded: EventsDecoded, ctx: &mut Context<Self>) {
        let EventsDecoded { entries, seq } = decoded;
        if let Some(seq) = seq {
            self.end_record(seq, self.accepted + entries.len() as u64, ctx);
        }
        if entries.is_empty() {
            return;
        }
        if self.held.is_empty() {
            self.oldest_held = Some(Instant::now());
            let aged = Aged { batch_id: self.batch_id };
            ctx.notify_later(aged, self.params.batching.flush_after);
        }
        self.accepted += entries.len() as u64;
        self.held_weight += weight(&entries);
        self.params.counters.accepted.fetch_add(entries.len() as u64, Ordering::Relaxed);
        self.held.extend(entries);
    }

    /// Most records mean nothing new; the checkpoint passes them all the same, with the next batch
    /// or alone.
    fn end_record(&mut self, seq: Seq, accepted: u64, ctx: &mut Context<Self>) {
        match self.ends.back_mut() {
            Some((count, last)) if *count == accepted => *last = seq,
            _ => self.ends.push_back((accepted, seq)),
        }
        if self.oldest_end.is_none() {
            self.oldest_end = Some(Instant::now());
            ctx.notify_later(Aged { batch_id: self.batch_id }, SETTLE_AFTER);
        }
    }

    /// The checkpoint that a batch with the first `batched` entries reaches.
    fn reach_checkpoint(&mut self) -> Option<Checkpoint> {
        let mut reached = None;
        while let Some(&(count, seq)) = self.ends.front()
            && count <= self.batched
        {
            self.ends.pop_front();
            reached = Some(seq);
        }
        self.oldest_end = (!self.ends.is_empty()).then(Instant::now);
        let journal_id = self.params.journal_id.clone()?;
        reached.map(|seq| Checkpoint { journal_id, seq })
    }

    /// Begins whatever is due, and a batch only if none is in flight.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        self.ask_next(ctx);
        if self.in_flight.is_some() {
            return;
        }
        if self.batch_is_due() {
            return self.begin_batch(ctx);
        }
        if self.held.is_empty() && self.waiting.is_empty() && self.ends.is_empty() {
            for done in self.drains.drain(..) {
                // Whoever asked may have lost patience.
                done.send(()).ok();
            }
        }
    }

    /// How many of the held events make the next batch: at least one, where there are any.
    fn batch_len(&self) -> usize {
        let most = self.held.len().min(self.params.batching.batch_events);
        let mut weight = 0;
        let light = self.held.iter().take(most).take_while(|entry| {
            weight += entry.event.weight();
            weight <= BATCH_WEIGHT
        });
        light.count().max(1).min(most)
    }

    fn batch_is_due(&self) -> bool {
        let Batching { flush_after, batch_events, .. } = self.params.batching;
        let wanted = self.questions.want_more_than(self.written) || !self.drains.is_empty();
        let old = |since: Option<Instant>, limit| since.is_some_and(|at| at.elapsed() >= limit);
        if self.held.is_empty() {
            return !self.ends.is_empty() && (wanted || old(self.oldest_end, SETTLE_AFTER));
        }
        wanted || self.held.len() >= batch_events || old(self.oldest_held, flush_after)
    }

    fn begin_batch(&mut self, ctx: &mut Context<Self>) {
        self.batch_id += 1;
        let rest = self.held.split_off(self.batch_len());
        let entries = std::mem::replace(&mut self.held, rest);
        self.batched += entries.len() as u64;
        let checkpoint = self.reach_checkpoint();
        self.held_weight -= weight(&entries);
        self.oldest_held = (!self.held.is_empty()).then(Instant::now);
        if !self.held.is_empty() {
            let aged = Aged { batch_id: self.batch_id };
            ctx.notify_later(aged, self.params.batching.flush_after);
        }
        let batch = Arc::new(Batch { entries, checkpoint });
        let (began, backoff) = (Instant::now(), store_backoff());
        self.in_flight = Some(Flight { batch: batch.clone(), began, backoff });
        // There is room again: those who waited come first.
        while self.has_room() {
            let Some(Waiting { decoded, accepted }) = self.waiting.pop_front() else { break };
            let waiting = &self.params.counters.waiting;
            waiting.fetch_sub(decoded.entries.len() as u64, Ordering::Relaxed);
            self.accept(decoded, ctx);
            accepted.send(()).ok();
        }
        self.write(batch, ctx);
    }

    fn write(&mut self, batch: Arc<Batch>, ctx: &mut Context<Self>) {
        self.params.counters.count_question();
        let sent = self.params.store.send(WriteBatch(batch.clone())).into_actor(self);
        ctx.spawn(sent.map(move |answer, this, ctx| {
            this.params.counters.count_answer();
            match flatten(answer) {
                Ok(report) => this.wrote(batch, report, ctx),
                Err(trouble) => this.retry_later(batch, trouble, ctx),
            }
        }));
    }

    fn wrote(&mut self, batch: Arc<Batch>, report: BatchReport, ctx: &mut Context<Self>) {
        let counters = &self.params.counters;
        let entries = batch.entries.len() as u64;
        self.written += entries;
        counters.written.fetch_add(entries, Ordering::Relaxed);
        counters.batches.fetch_add(1, Ordering::Relaxed);
        counters.rows.fetch_add(report.rows, Ordering::Relaxed);
        counters.rejected_rows.fetch_add(report.rejected, Ordering::Relaxed);
        if let Some(Checkpoint { seq, .. }) = batch.checkpoint {
            counters.checkpoint.fetch_max(seq.0, Ordering::Relaxed);
        }
        counters.last_written_ms.store(Utc::now().timestamp_millis(), Ordering::Relaxed);
        if let Some(flight) = &self.in_flight {
            let took = flight.began.elapsed();
            counters.last_batch_ms.store(took.as_millis() as u64, Ordering::Relaxed);
        }
        if report.rejected > 0 {
            error!(
                "postgres would not take rows={} of a batch; they are in rejected_rows",
                report.rejected
            );
        }
        if counters.set_trouble(None).is_some() {
            info!(
                "postgres is back held={} retries={}",
                counters.held(),
                counters.retries.load(Ordering::Relaxed)
            );
        }
        match &self.params.written {
            None => {
                self.in_flight = None;
                self.go_on(ctx);
            }
            // The listener is awaited like everybody else, so that it can't fall behind unbounded.
            Some(listener) => {
                let told = listener.send(BatchWritten(batch)).into_actor(self);
                ctx.spawn(told.map(|told, this, ctx| {
                    if told.is_err() {
                        this.params.written = None;
                    }
                    this.in_flight = None;
                    this.go_on(ctx);
                }));
            }
        }
    }

    fn retry_later(&mut self, batch: Arc<Batch>, trouble: StoreError, ctx: &mut Context<Self>) {
        let Some(flight) = &mut self.in_flight else { return };
        let wait = flight.backoff.next_wait();
        let counters = &self.params.counters;
        let retries = counters.count_retry();
        let words = trouble.to_string();
        // Said once, not with every try: an outage may last for hours.
        if counters.set_trouble(Some(words.clone())).as_ref() != Some(&words) {
            let (events, held) = (batch.entries.len(), counters.held());
            match trouble {
                StoreError::Retriable(_) => {
                    warn!("{words}; trying again events={events} held={held} retries={retries}");
                }
                StoreError::Refused(_) | StoreError::Unreadable(_) => {
                    error!(
                        "{words}; nothing is lost, but somebody has to look events={events} held={held} retries={retries}"
                    );
                }
            }
        }
        ctx.run_later(wait, move |this, ctx| this.write(batch, ctx));
    }
}

fn weight(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.event.weight()).sum()
}

/// Between two tries while the store can't answer.
fn store_backoff() -> Backoff {
    Backoff::new(FIRST_WAIT, LONGEST_WAIT)
}

/// A store whose mailbox is closed is as far away as a Postgres that is away.
fn flatten<T>(answer: Result<Result<T, StoreError>, MailboxError>) -> Result<T, StoreError> {
    answer.unwrap_or_else(|gone| Err(StoreError::Refused(format!("the store is gone: {gone}"))))
}

/// To myself: the batch with this id is old enough.
#[derive(Message)]
#[rtype(result = "()")]
struct Aged {
    batch_id: u64,
}

#[cfg(test)]
mod tests;
