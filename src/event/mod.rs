//! The shared vocabulary: what a feed said, in the words everybody uses.
//!
//! Decoders make events out of frames, the writer batches them, the store turns them into rows. An
//! event is the *present truth* about one thing (this heat, this lap, this dog's run), never a
//! difference to be added up: writing it twice, or writing an older one again before a newer one,
//! ends the same. Nothing in here knows a wire format, an actor, a table or a clock.

pub mod agility;
pub mod karting;
mod weight;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use weight::entry_bytes;

/// The id of a configured feed: `a-z`, `0-9` and `-`, unique in a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedId(Arc<str>);

impl FeedId {
    /// Takes the id as it stands; `config` is where ids are checked.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which connection of a feed: 1 for the first ever, counted on over restarts of the process.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Generation(pub u64);

impl Generation {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What people call a feed; travels with its events so that the store can keep `feeds` true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedInfo {
    pub id: FeedId,
    /// The kind as configured: `bmi`, `flowagility`.
    pub kind: String,
    pub venue: String,
    pub name: String,
}

/// JSON fields of a message that no revision of its protocol names, by key.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// One thing that is now true about a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The feed is part of this deployment; says nothing beyond its [`FeedInfo`].
    Configured,
    Connection(ConnectionSpan),
    FrameRejected(RejectedFrame),
    FramesLost(FramesLost),
    Karting(karting::KartingEvent),
    Agility(agility::AgilityEvent),
}

/// One connection of a feed, open or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSpan {
    pub generation: Generation,
    pub connected_at: DateTime<Utc>,
    pub ended: Option<ConnectionEnded>,
}

/// How and when a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionEnded {
    pub disconnected_at: DateTime<Utc>,
    /// The end as a word: `remote_closed`, `silence`, …
    pub reason: String,
    /// Whole messages received on this connection, pongs included; none when nobody counted, since
    /// the process died.
    pub frames: Option<u64>,
}

/// A frame that no decoder could read, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedFrame {
    pub received_at: DateTime<Utc>,
    pub reason: String,
    pub payload: String,
}

/// Frames that were received and had to be dropped before they were written. A loss that goes on is
/// told again with the same `from_at` and `reason`, a later `to_at` and more `frames`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramesLost {
    /// When the first of them was received.
    pub from_at: DateTime<Utc>,
    /// When the last of them was received.
    pub to_at: DateTime<Utc>,
    /// How many, at least; 0 when nobody can tell.
    pub frames: u64,
    /// Why, as a word: `journal_full`, `journal_damaged`.
    pub reason: String,
}

/// What a feed shows at the moment, by the names of things: their truth came as events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// The venue has nothing loaded.
    Empty,
    Heat(karting::HeatScene),
    /// No start order yet; the venue's words for it.
    NotReady(String),
    Ring(agility::RingScene),
}

/// What a decoder has to know before it can go on: it keeps only the latest heats and runs, and
/// after a start of the process it has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Everything stored of the heats with this start and name (all occurrences).
    Heats { start_unix: i64, name: Arc<str> },
    /// Everything stored of this run.
    Run(Arc<agility::RunKey>),
}

impl Event {
    /// The heat that its row belongs to, where there is one.
    pub fn heat(&self) -> Option<&Arc<karting::HeatKey>> {
        use karting::KartingEvent;
        let Self::Karting(event) = self else { return None };
        match event {
            KartingEvent::Heat(heat) => Some(&heat.key),
            KartingEvent::Standing(standing) => Some(&standing.heat),
            KartingEvent::Lap(lap) => Some(&lap.heat),
            KartingEvent::LapGap(gap) => Some(&gap.heat),
            KartingEvent::LapGapClosed { heat, .. } => Some(heat),
            KartingEvent::TrackCleared { .. } => None,
        }
    }

    /// The run that its row belongs to, where there is one. A combined result is of several.
    pub fn run(&self) -> Option<&Arc<agility::RunKey>> {
        use agility::AgilityEvent;
        let Self::Agility(event) = self else { return None };
        match event {
            AgilityEvent::Run(run) => Some(&run.key),
            AgilityEvent::Playset(playset) => Some(&playset.run),
            AgilityEvent::PlaysetChange(change) => Some(&change.run),
            AgilityEvent::Combined(_) | AgilityEvent::RunsNotReady { .. } => None,
        }
    }

    /// Whether it must be stored before the question is answered, both being of one feed.
    pub fn is_asked_for(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Heats { start_unix, name } => {
                self.heat().is_some_and(|heat| heat.start_unix == *start_unix && heat.name == *name)
            }
            // Of all runs: those that begin in one batch would get their numbers by their names, and
            // not in the order in which they were seen.
            Ask::Run(_) => self.run().is_some(),
        }
    }
}

impl Ask {
    /// The answer where nothing is stored.
    pub fn nothing(&self) -> Past {
        match self {
            Self::Heats { .. } => Past::Heats(Vec::new()),
            Self::Run(_) => Past::Run(agility::PastRun::default()),
        }
    }
}

/// The answer to an [`Ask`]; empty when nothing is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Past {
    Heats(Vec<karting::PastHeat>),
    Run(agility::PastRun),
}
