//! Every message between actors, in the order of the way of the data.
//!
//! Data is sent with an awaited `send`, so that a slow stage slows the one above it, down to the
//! socket. Only the messages marked *control* may be `do_send`: they are rare and small.

use std::{collections::HashMap, sync::Arc};

use actix::{Message, Recipient};
use bytestring::ByteString;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::event::{Ask, ConnectionSpan, Event, FeedId, FeedInfo, Generation, Past};

use super::{
    connection::ConnectionEnd,
    journal::record::{Content, Record, Seq},
    source::FeedSource,
    supervisor::FleetHealth,
};

// ---- the way of the data ------------------------------------------------------------------------

/// Connection → Journal: one whole message came, or the connection itself did or went, in order.
#[derive(Clone)]
pub struct FrameReceived {
    pub source: Arc<FeedSource>,
    pub generation: Generation,
    pub received_at: DateTime<Utc>,
    pub content: Content,
}

/// Where connections leave what they receive. It has so many places and no more: a connection that
/// finds none waits, and reads nothing.
pub type Intake = mpsc::Sender<FrameReceived>;

impl FrameReceived {
    /// The mark of a connection's beginning or end.
    pub fn mark(source: Arc<FeedSource>, span: ConnectionSpan) -> Self {
        let at = span.ended.as_ref().map_or(span.connected_at, |ended| ended.disconnected_at);
        let (generation, content) = (span.generation, Content::Mark(span));
        Self { source, generation, received_at: at, content }
    }
}

/// What was in the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Text(ByteString),
    /// No known protocol sends binary frames; they end in `rejected_frames`, as hexadecimal.
    Binary(bytes::Bytes),
}

/// Journal → Parser: what the feeds said, in order. Answered when all of it is with the writer, so
/// one of these is in flight.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct FramesRecorded(pub Vec<FrameRecorded>);

/// A record on its way.
#[derive(Clone)]
pub struct FrameRecorded {
    pub record: Arc<Record>,
    pub source: Arc<FeedSource>,
    /// Its rows are in the database: its decoder sees it to know where it was, and nothing of it is
    /// written again.
    pub written: bool,
}

/// Parser → Writer: what records meant, in their order; often nothing. Answered when there is room
/// for it.
#[derive(Clone, Default, Message)]
#[rtype(result = "()")]
pub struct EventsDecoded {
    pub entries: Vec<Entry>,
    /// With these entries everything up to this record is told; none for news that no journal has.
    pub seq: Option<Seq>,
}

/// Parser → Writer: what is stored of a heat or run. The writer first writes all it holds of it, so the
/// answer includes everything that was decoded of it before the question.
#[derive(Clone, Message)]
#[rtype(result = "Recalled")]
pub struct RecallPast {
    pub feed: Arc<FeedInfo>,
    pub ask: Ask,
}

/// The answer to one question.
pub type Recalled = Result<Past, StoreError>;

/// Writer, LiveHub → Store: the same questions, many at once. Answered in their order, or not at all
/// where the database does not answer.
#[derive(Clone, Message)]
#[rtype(result = "Result<Vec<Recalled>, StoreError>")]
pub struct RecallPasts(pub Vec<RecallPast>);

impl RecallPasts {
    /// So many questions may be in one. In a heat that runs some two hundred laps are answered.
    pub const MOST: usize = 50;
}

/// Writer → Store: write all of this in one transaction. One is in flight at a time.
#[derive(Clone, Message)]
#[rtype(result = "Result<BatchReport, StoreError>")]
pub struct WriteBatch(pub Arc<Batch>);

/// Writer → whoever wants to know: this batch is in Postgres.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct BatchWritten(pub Arc<Batch>);

/// Events on their way to the database, in the order in which they were decoded.
#[derive(Debug, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    /// With this batch everything up to here is written: goes into the same transaction.
    pub checkpoint: Option<Checkpoint>,
}

/// How far a journal is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub journal_id: Arc<str>,
    pub seq: Seq,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub feed: Arc<FeedInfo>,
    pub event: Event,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Rows inserted or updated, after duplicates inside the batch were removed.
    pub rows: u64,
    /// Entries that Postgres would not take; each is in `rejected_rows`.
    pub rejected: u64,
}

/// Why nothing of a batch was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Trying again later can help: the connection, a serialization failure, a shutdown.
    #[error("postgres is away: {0}")]
    Retriable(String),
    /// Trying again will fail the same way; a human is needed (a missing right, a full disk).
    #[error("postgres refuses: {0}")]
    Refused(String),
    /// What is stored of this one heat or run makes no sense to this version.
    #[error("what is stored can't be read: {0}")]
    Unreadable(String),
}

// ---- control ------------------------------------------------------------------------------------

/// Connection → FeedSupervisor (control): the socket is open and greeted.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct ConnectionUp {
    pub feed: FeedId,
    pub generation: Generation,
}

/// Connection → FeedSupervisor (control): it is over, and why.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct ConnectionDown {
    pub feed: FeedId,
    pub generation: Generation,
    pub end: ConnectionEnd,
}

/// Parser → FeedSupervisor (control): the decoder of this feed panicked and was thrown away.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct DecoderPanicked {
    pub feed: FeedId,
    pub generation: Generation,
    pub message: String,
}

/// App → Parser (control): whom to tell of panics. The supervisor is started after the parser, and
/// a replay has none.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct ReportPanics(pub Recipient<DecoderPanicked>);

/// FeedSupervisor → Parser (control): the feed is configured no more.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct FeedRemoved(pub FeedId);

/// App → FeedSupervisor: from now on these are the feeds; those that did not change are not touched.
#[derive(Clone, Message)]
#[rtype(result = "FeedsChanged")]
pub struct SetFeeds(pub Vec<Arc<FeedSource>>);

/// App → FeedSupervisor (control): the last generations that the database knows; those of feeds that
/// come later count on from there.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct LearnGenerations(pub HashMap<FeedId, Generation>);

/// What [`SetFeeds`] did, by feed id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedsChanged {
    pub added: Vec<FeedId>,
    pub changed: Vec<FeedId>,
    pub removed: Vec<FeedId>,
}

/// App → FeedSupervisor: end every connection; answered when all have ended.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct StopFeeds;

/// FeedSupervisor → Connection (control): finish the frame in hand, say goodbye, end.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct StopConnection;

/// App → Journal (control): the database has everything up to here; go on from there.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct ResumeFrom(pub Seq);

/// App → Journal: these are configured; what the journal still holds of them counts for them.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct FeedsConfigured(pub Vec<Arc<FeedSource>>);

/// App → Journal: answered when everything taken in is on the disk.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct SaveAll;

/// App → Journal: nothing more comes and nothing is handed on any more; answered when the file is
/// closed.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct CloseJournal;

/// App → Writer: write all that is held; answered when it is written.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct Drain;

/// Anybody → FeedSupervisor.
#[derive(Clone, Message)]
#[rtype(result = "FleetHealth")]
pub struct GetHealth;

/// `/livez` → a stage (control): answered when the stage's thread gets to it.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct Heartbeat;
