//! Frames in, events out: one decoder per feed, in the order of its frames.
//!
//! Connections send to me, I send to the writer, and a frame is answered when the writer has room
//! for its events. What a decoder can't read is an event too (`FrameRejected`). A decoder that
//! panics is thrown away, its frame kept, and the supervisor told: that is its feed's trouble
//! alone. I never read a socket and never write a row.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix::{Actor, Context, Handler, MailboxError, Recipient, ResponseFuture};
use log::{debug, error, warn};
use tokio::{sync::Mutex, time::sleep};

use crate::{
    event::{Ask, Event, FeedId, FeedInfo, Generation, Past, RejectedFrame, karting::KartingEvent},
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
};

use super::{
    connection::panic_words,
    message::{
        ConnectionMarked, DecoderPanicked, EventsDecoded, FeedRemoved, FrameReceived, Heartbeat,
        Payload, RecallPast, ReportPanics,
    },
    source::FeedSource,
};

/// A frame that needs more than this many answers from the past asks in a circle.
const MAX_ASKS: usize = 8;
/// Between two questions to a store that refuses to answer: only a human can help.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// Rejected frames of a feed that are kept in a minute: all of a venue whose protocol has changed
/// (its rate is about 90), and not all of one that floods us with noise and would fill the disk.
const KEPT_A_MINUTE: u32 = 600;

/// Where the parser's work goes.
pub struct Outlets {
    pub events: Recipient<EventsDecoded>,
    pub recall: Recipient<RecallPast>,
}

pub struct Parser {
    // One handle for all: each clone of a recipient would have mailbox places of its own.
    outlets: Rc<Outlets>,
    desks: HashMap<FeedId, Rc<Mutex<Desk>>>,
    /// None where nobody supervises: in a replay.
    supervisor: Option<Recipient<DecoderPanicked>>,
}

impl Parser {
    pub fn new(outlets: Outlets) -> Self {
        Self { outlets: Rc::new(outlets), desks: HashMap::new(), supervisor: None }
    }

    fn desk(&mut self, source: &Arc<FeedSource>) -> Rc<Mutex<Desk>> {
        let desk = self.desks.entry(source.info.id.clone());
        desk.or_insert_with(|| Rc::new(Mutex::new(Desk::default()))).clone()
    }
}

impl Actor for Parser {
    type Context = Context<Self>;
}

impl Handler<ConnectionMarked> for Parser {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, mark: ConnectionMarked, _: &mut Self::Context) -> Self::Result {
        let (desk, outlets) = (self.desk(&mark.source), self.outlets.clone());
        Box::pin(async move {
            let _turn = desk.lock().await;
            let events = vec![Event::Connection(mark.span)];
            outlets.hand_on(&mark.source.info, events).await;
        })
    }
}

impl Handler<FrameReceived> for Parser {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, frame: FrameReceived, _: &mut Self::Context) -> Self::Result {
        let (desk, outlets) = (self.desk(&frame.source), self.outlets.clone());
        let supervisor = self.supervisor.clone();
        Box::pin(async move {
            // A feed's frames take turns, also when an older connection still has one in flight.
            let mut desk = desk.lock().await;
            let events = match desk.read(&frame, &outlets).await {
                Ok(events) => events,
                Err(failure) => {
                    if let (Failure::Panic(words), Some(supervisor)) = (&failure, supervisor) {
                        supervisor.do_send(DecoderPanicked {
                            feed: frame.source.info.id.clone(),
                            generation: frame.generation,
                            message: format!("decoder {words}"),
                        });
                    }
                    let rejected = reject(&frame, &failure);
                    match desk.keeps(&frame) {
                        true => vec![rejected],
                        false => {
                            frame.source.counters.unkept.fetch_add(1, Ordering::Relaxed);
                            Vec::new()
                        }
                    }
                }
            };
            if !events.is_empty() {
                outlets.hand_on(&frame.source.info, events).await;
            }
        })
    }
}

impl Handler<ReportPanics> for Parser {
    type Result = ();

    fn handle(&mut self, ReportPanics(supervisor): ReportPanics, _: &mut Self::Context) {
        self.supervisor = Some(supervisor);
    }
}

impl Handler<FeedRemoved> for Parser {
    type Result = ();

    fn handle(&mut self, FeedRemoved(feed): FeedRemoved, _: &mut Self::Context) {
        self.desks.remove(&feed);
    }
}

impl Handler<Heartbeat> for Parser {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}

impl Outlets {
    async fn hand_on(&self, feed: &Arc<FeedInfo>, events: Vec<Event>) {
        let decoded = EventsDecoded { feed: feed.clone(), events };
        let count = decoded.events.len();
        if let Err(gone) = self.events.send(decoded).await {
            lost(&feed.id, count, gone);
        }
    }

    /// Asks until somebody answers; none when the writer is gone.
    async fn recall(&self, source: &FeedSource, ask: &Ask) -> Option<Past> {
        let feed = &source.info;
        loop {
            let question = RecallPast { feed: feed.clone(), ask: ask.clone() };
            match self.recall.send(question).await {
                Ok(Ok(past)) => return Some(past),
                Ok(Err(refusal)) => {
                    let words = format!("it waits, its history can't be read: {refusal}");
                    error!("feed={} {words}", feed.id);
                    source.counters.set_trouble(words);
                    sleep(REFUSED_PAUSE).await;
                }
                Err(gone) => {
                    lost(&feed.id, 1, gone);
                    return None;
                }
            }
        }
    }
}

fn lost(feed: &FeedId, events: usize, gone: MailboxError) {
    error!("feed={feed} events={events} lost: the writer is gone ({gone})");
}

/// Why a frame is rejected.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("a binary message; venues send text")]
    Binary,
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    #[error("{0}")]
    Panic(String),
    #[error("its decoder asked for the past more than {MAX_ASKS} times")]
    AsksForever,
    #[error("the pipeline stopped while it was read")]
    Stopped,
}

/// The place of one feed: its decoder, and which connection it listens to.
#[derive(Default)]
struct Desk {
    /// What the decoder was made for: a feed that was configured anew may be of another kind.
    source: Option<Arc<FeedSource>>,
    decoder: Option<Box<dyn Decoder>>,
    generation: Option<Generation>,
    /// A minute, and how many frames were rejected in it.
    rejected_in: (i64, u32),
}

impl Desk {
    async fn read(
        &mut self,
        frame: &FrameReceived,
        outlets: &Outlets,
    ) -> Result<Vec<Event>, Failure> {
        let FrameReceived { source, generation, received_at, payload } = frame;
        let Payload::Text(text) = payload else { return Err(Failure::Binary) };
        let read = Frame { received_at: *received_at, payload: text };
        let outcome = self.decode(frame, read, outlets).await?;
        let counters = &source.counters;
        counters.count_valid(*generation, *received_at, outcome.active);
        counters.count_unknown(&outcome.unknown);
        counters.laps.fetch_add(laps_in(&outcome.events), Ordering::Relaxed);
        Ok(outcome.events)
    }

    /// Decodes, with as many looks into the past as the decoder wants.
    async fn decode(
        &mut self,
        frame: &FrameReceived,
        read: Frame<'_>,
        outlets: &Outlets,
    ) -> Result<Outcome, Failure> {
        for _ in 0..MAX_ASKS {
            let ask = match self.decode_once(frame, read)? {
                Decoded::Events(outcome) => return Ok(outcome),
                Decoded::Asks(ask) => ask,
            };
            let past = outlets.recall(&frame.source, &ask).await.ok_or(Failure::Stopped)?;
            self.guarded(frame, |decoder| decoder.recall(ask, past))?;
        }
        Err(Failure::AsksForever)
    }

    fn decode_once(&mut self, frame: &FrameReceived, read: Frame<'_>) -> Result<Decoded, Failure> {
        if !self.source.as_ref().is_some_and(|known| Arc::ptr_eq(known, &frame.source)) {
            self.source = Some(frame.source.clone());
            self.decoder = None;
        }
        let reconnected = self.generation.replace(frame.generation) != Some(frame.generation);
        let decoded = self.guarded(frame, |decoder| {
            if reconnected {
                decoder.connected();
            }
            decoder.decode(read)
        });
        Ok(decoded??)
    }

    /// Lets the decoder work, and throws it away if it panics.
    fn guarded<T>(
        &mut self,
        frame: &FrameReceived,
        work: impl FnOnce(&mut dyn Decoder) -> T,
    ) -> Result<T, Failure> {
        let decoder = &mut self.decoder;
        let done = catch_unwind(AssertUnwindSafe(|| {
            work(decoder.get_or_insert_with(|| frame.source.kind.decoder()).as_mut())
        }));
        done.map_err(|panic| {
            // Its state may be half-changed; the next one recalls what it needs, and for it the
            // connection is new.
            self.decoder = None;
            self.generation = None;
            Failure::Panic(panic_words(panic.as_ref()))
        })
    }

    /// Whether one more rejected frame of this minute may be kept.
    fn keeps(&mut self, frame: &FrameReceived) -> bool {
        let minute = frame.received_at.timestamp().div_euclid(60);
        if self.rejected_in.0 != minute {
            self.rejected_in = (minute, 0);
        }
        self.rejected_in.1 += 1;
        self.rejected_in.1 <= KEPT_A_MINUTE
    }
}

fn reject(frame: &FrameReceived, failure: &Failure) -> Event {
    let FrameReceived { source, generation, received_at, payload } = frame;
    let feed = &source.info.id;
    let count = source.counters.rejected.fetch_add(1, Ordering::Relaxed) + 1;
    source.counters.set_trouble(format!("the latest frame was rejected: {failure}"));
    // A venue that sends nothing but noise must not fill the log as well.
    if count.is_power_of_two() {
        warn!(
            "feed={feed} generation={generation} frame rejected and kept in rejected_frames \
             rejected={count} reason={failure}"
        );
    } else {
        debug!("feed={feed} generation={generation} frame rejected reason={failure}");
    }
    Event::FrameRejected(RejectedFrame {
        received_at: *received_at,
        reason: failure.to_string(),
        payload: match payload {
            Payload::Text(text) => text.to_string(),
            Payload::Binary(bytes) => hex(bytes),
        },
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String can't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn laps_in(events: &[Event]) -> u64 {
    let laps = events.iter().filter(
        |event| matches!(event, Event::Karting(KartingEvent::Lap(lap)) if lap.removed_at.is_none()),
    );
    laps.count() as u64
}

#[cfg(test)]
mod tests;
