//! Frames in, events out: one decoder per feed, in the order of its frames.
//!
//! The journal sends to me, I send to the writer, and a record is answered when the writer has room
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

use actix::{Actor, Context, Handler, Recipient, ResponseFuture};
use futures_util::{StreamExt, stream::FuturesOrdered};
use log::{debug, error, warn};
use tokio::{sync::Mutex, time::sleep};

use crate::{
    event::{Ask, Event, FeedId, FeedInfo, Generation, Past, RejectedFrame, karting::KartingEvent},
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
};

use super::{
    connection::panic_words,
    journal::record::{Content, Record, Seq},
    message::{
        DecoderPanicked, Entry, EventsDecoded, FeedRemoved, FrameRecorded, FramesRecorded,
        Heartbeat, Payload, RecallPast, ReportPanics, StoreError,
    },
    source::FeedSource,
    turns::{Turn, Turns},
};

/// A frame that needs more than this many answers from the past asks in a circle.
const MAX_ASKS: usize = 8;
/// The writer gets so many entries at once, or a few more.
const TOLD_AT_ONCE: usize = 1_000;
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
    places: HashMap<FeedId, Place>,
    /// None where nobody supervises: in a replay.
    supervisor: Option<Recipient<DecoderPanicked>>,
}

impl Parser {
    pub fn new(outlets: Outlets) -> Self {
        Self { outlets: Rc::new(outlets), places: HashMap::new(), supervisor: None }
    }
}

impl Actor for Parser {
    type Context = Context<Self>;
}

impl Handler<FramesRecorded> for Parser {
    type Result = ResponseFuture<()>;

    /// Decodes the records at once, as far as nobody has to ask for the past. Those of different
    /// feeds may wait for their pasts side by side; what records meant is handed on in the order in
    /// which they came: a checkpoint has no holes.
    fn handle(
        &mut self,
        FramesRecorded(records): FramesRecorded,
        _: &mut Self::Context,
    ) -> Self::Result {
        let readings: Vec<_> = records.into_iter().map(|recorded| self.read(recorded)).collect();
        let outlets = self.outlets.clone();
        Box::pin(async move {
            let (mut readings, mut told) = (readings.into_iter().peekable(), Told::default());
            while let Some(Reading::Done(meaning)) =
                readings.next_if(|reading| matches!(reading, Reading::Done(_)))
            {
                told.add(meaning);
                if told.is_enough() {
                    told.hand_on(&outlets).await;
                }
            }
            told.hand_on(&outlets).await;
            // All at once: what was asked before anything more is told needs one batch before its
            // answers, and what is asked after it one more.
            let mut readings: FuturesOrdered<_> = readings.map(Reading::done).collect();
            while let Some(meaning) = readings.next().await {
                told.add(meaning);
                told.hand_on(&outlets).await;
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
        // What is under way may still need it.
        self.places.retain(|id, place| *id != feed || Rc::strong_count(&place.desk) > 1);
    }
}

impl Handler<Heartbeat> for Parser {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}

/// One record on its way to what it means.
enum Reading {
    Done(Meaning),
    /// Its feed waits for the past, or an earlier record of it does.
    Waits(Box<Wait>),
}

/// What a record meant.
struct Meaning {
    feed: Arc<FeedInfo>,
    /// None of what was written before: nothing of it is told.
    seq: Option<Seq>,
    events: Vec<Event>,
    /// Lasts until it is handed on: the next record of the feed may ask for the past, which must
    /// have this one in it. None where no past tells of it: there is nothing to hand on, or it is a
    /// mark of the connection, which most questions follow when a fleet starts.
    turn: Option<Turn>,
}

/// A frame that waits.
struct Wait {
    turn: Turn,
    desk: Rc<Mutex<Desk>>,
    outlets: Rc<Outlets>,
    supervisor: Option<Recipient<DecoderPanicked>>,
    recorded: FrameRecorded,
    payload: Payload,
}

impl Meaning {
    fn new(recorded: &FrameRecorded, events: Vec<Event>, turn: Option<Turn>) -> Self {
        let FrameRecorded { record, source, written } = recorded;
        let seq = (!written).then_some(record.seq);
        Self { feed: source.info.clone(), seq, events, turn }
    }
}

impl Parser {
    fn read(&mut self, recorded: FrameRecorded) -> Reading {
        let supervisor = self.supervisor.as_ref();
        let place = self.places.entry(recorded.source.info.id.clone()).or_default();
        let events = match &recorded.record.content {
            Content::Mark(span) => vec![Event::Connection(span.clone())],
            Content::Lost(lost) => vec![Event::FramesLost(lost.clone())],
            Content::Frame(payload) => {
                match place.read_now(&Received::new(&recorded, payload), supervisor) {
                    Some(events) => events,
                    None => {
                        return Reading::Waits(Box::new(Wait {
                            // In the order of the records, not in that in which futures are polled.
                            turn: place.turns.take(),
                            desk: place.desk.clone(),
                            outlets: self.outlets.clone(),
                            supervisor: supervisor.cloned(),
                            payload: payload.clone(),
                            recorded,
                        }));
                    }
                }
            }
        };
        let tells = recorded.record.is_frame() && !events.is_empty();
        let turn = tells.then(|| place.turns.take());
        Reading::Done(Meaning::new(&recorded, events, turn))
    }
}

impl Reading {
    async fn done(self) -> Meaning {
        match self {
            Self::Done(meaning) => meaning,
            Self::Waits(wait) => wait.done().await,
        }
    }
}

impl Wait {
    async fn done(self) -> Meaning {
        let Self { mut turn, desk, outlets, supervisor, recorded, payload } = self;
        turn.begin().await;
        let frame = Received::new(&recorded, &payload);
        let mut desk = desk.lock().await;
        let read = desk.read(&frame, &outlets).await;
        let events =
            read.unwrap_or_else(|failure| desk.fail(&frame, &failure, supervisor.as_ref()));
        Meaning::new(&recorded, events, Some(turn))
    }
}

/// What is handed on together.
#[derive(Default)]
struct Told {
    decoded: EventsDecoded,
    turns: Vec<Turn>,
}

impl Told {
    fn add(&mut self, Meaning { feed, seq, events, turn }: Meaning) {
        if let Some(seq) = seq {
            let entries = events.into_iter().map(|event| Entry { feed: feed.clone(), event });
            self.decoded.entries.extend(entries);
            self.decoded.seq = Some(seq);
        }
        self.turns.extend(turn);
    }

    fn is_enough(&self) -> bool {
        self.decoded.entries.len() >= TOLD_AT_ONCE
    }

    /// Returns when it is with the writer.
    async fn hand_on(&mut self, outlets: &Outlets) {
        let Self { decoded, turns } = std::mem::take(self);
        let count = decoded.entries.len();
        if decoded.seq.is_some()
            && let Err(gone) = outlets.events.send(decoded).await
        {
            error!("events={count} lost: the writer is gone ({gone})");
        }
        drop(turns);
    }
}

impl Outlets {
    /// Asks until somebody answers. While the database refuses nothing could be written either, so
    /// the other feeds may wait as well; a past that makes no sense is the trouble of its feed.
    async fn recall(&self, source: &FeedSource, ask: &Ask) -> Result<Past, Failure> {
        let feed = &source.info;
        loop {
            let question = RecallPast { feed: feed.clone(), ask: ask.clone() };
            match self.recall.send(question).await {
                Ok(Ok(past)) => return Ok(past),
                Ok(Err(unreadable @ StoreError::Unreadable(_))) => {
                    return Err(Failure::Past(unreadable));
                }
                Ok(Err(refusal)) => {
                    let words = format!("it waits, its history can't be read: {refusal}");
                    error!("feed={} {words}", feed.id);
                    source.counters.set_trouble(words);
                    sleep(REFUSED_PAUSE).await;
                }
                Err(gone) => {
                    error!("feed={} events=1 lost: the writer is gone ({gone})", feed.id);
                    return Err(Failure::Stopped);
                }
            }
        }
    }
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
    #[error(transparent)]
    Past(StoreError),
    #[error("its decoder asked for the past more than {MAX_ASKS} times")]
    AsksForever,
    #[error("the pipeline stopped while it was read")]
    Stopped,
}

/// The place of one feed.
#[derive(Default)]
struct Place {
    turns: Turns,
    desk: Rc<Mutex<Desk>>,
}

impl Place {
    /// What a frame means that needs no look into the past, nor into the answer that an earlier one
    /// of its feed waits for; none where it does.
    fn read_now(
        &mut self,
        frame: &Received<'_>,
        supervisor: Option<&Recipient<DecoderPanicked>>,
    ) -> Option<Vec<Event>> {
        // Who waits holds the desk as well.
        let desk = Rc::get_mut(&mut self.desk)?.get_mut();
        match frame.frame().and_then(|read| desk.decode_once(frame, read)) {
            Ok(Decoded::Events(outcome)) => Some(frame.count(outcome)),
            Ok(Decoded::Asks(_)) => None,
            Err(failure) => Some(desk.fail(frame, &failure, supervisor)),
        }
    }
}

/// A feed's decoder, and which connection it listens to.
#[derive(Default)]
struct Desk {
    /// What the decoder was made for: a feed that was configured anew may be of another kind.
    source: Option<Arc<FeedSource>>,
    decoder: Option<Box<dyn Decoder>>,
    generation: Option<Generation>,
    /// A minute, and how many frames were rejected in it.
    rejected_in: (i64, u32),
}

/// A frame in hand.
struct Received<'a> {
    source: &'a Arc<FeedSource>,
    record: &'a Record,
    payload: &'a Payload,
    /// It was counted and its rows were written before.
    written: bool,
}

impl<'a> Received<'a> {
    fn new(recorded: &'a FrameRecorded, payload: &'a Payload) -> Self {
        let FrameRecorded { record, source, written } = recorded;
        Self { source, record, payload, written: *written }
    }

    /// The frame as a decoder takes it.
    fn frame(&self) -> Result<Frame<'a>, Failure> {
        match self.payload {
            Payload::Text(text) => {
                Ok(Frame { received_at: self.record.received_at, payload: text })
            }
            Payload::Binary(_) => Err(Failure::Binary),
        }
    }

    /// Counts what it meant and answers the events.
    fn count(&self, outcome: Outcome) -> Vec<Event> {
        let Self { source, record, written, .. } = self;
        if !written {
            let counters = &source.counters;
            counters.count_valid(record.generation, record.received_at, outcome.active);
            counters.count_unknown(&outcome.unknown);
            counters.laps.fetch_add(laps_in(&outcome.events), Ordering::Relaxed);
        }
        outcome.events
    }
}

impl Desk {
    async fn read(
        &mut self,
        frame: &Received<'_>,
        outlets: &Outlets,
    ) -> Result<Vec<Event>, Failure> {
        let outcome = self.decode(frame, frame.frame()?, outlets).await?;
        Ok(frame.count(outcome))
    }

    /// What becomes of a frame that nobody can read.
    fn fail(
        &mut self,
        frame: &Received<'_>,
        failure: &Failure,
        supervisor: Option<&Recipient<DecoderPanicked>>,
    ) -> Vec<Event> {
        if frame.written {
            return Vec::new();
        }
        if let (Failure::Panic(words), Some(supervisor)) = (failure, supervisor) {
            supervisor.do_send(DecoderPanicked {
                feed: frame.source.info.id.clone(),
                generation: frame.record.generation,
                message: format!("decoder {words}"),
            });
        }
        let rejected = reject(frame, failure);
        if self.keeps(frame) {
            return vec![rejected];
        }
        frame.source.counters.unkept.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    }

    /// Decodes, with as many looks into the past as the decoder wants.
    async fn decode(
        &mut self,
        frame: &Received<'_>,
        read: Frame<'_>,
        outlets: &Outlets,
    ) -> Result<Outcome, Failure> {
        for _ in 0..MAX_ASKS {
            let ask = match self.decode_once(frame, read)? {
                Decoded::Events(outcome) => return Ok(outcome),
                Decoded::Asks(ask) => ask,
            };
            let past = outlets.recall(frame.source, &ask).await?;
            self.guarded(frame, |decoder| decoder.recall(ask, past))?;
        }
        Err(Failure::AsksForever)
    }

    fn decode_once(&mut self, frame: &Received<'_>, read: Frame<'_>) -> Result<Decoded, Failure> {
        if !self.source.as_ref().is_some_and(|known| Arc::ptr_eq(known, frame.source)) {
            self.source = Some(frame.source.clone());
            self.decoder = None;
            self.generation = None;
        }
        let reconnected =
            self.generation.replace(frame.record.generation) != Some(frame.record.generation);
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
        frame: &Received<'_>,
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
    fn keeps(&mut self, frame: &Received<'_>) -> bool {
        let minute = frame.record.received_at.timestamp().div_euclid(60);
        if self.rejected_in.0 != minute {
            self.rejected_in = (minute, 0);
        }
        self.rejected_in.1 += 1;
        self.rejected_in.1 <= KEPT_A_MINUTE
    }
}

fn reject(frame: &Received<'_>, failure: &Failure) -> Event {
    let Received { source, record, payload, .. } = frame;
    let (feed, generation) = (&source.info.id, record.generation);
    let why = format!("the latest frame was rejected: {failure}");
    let count = source.counters.count_rejected(generation, record.received_at, why);
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
        received_at: record.received_at,
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
