//! What the journal keeps: every frame as it came, and the marks between them.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use bytestring::ByteString;
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

use crate::{
    event::{ConnectionSpan, FeedInfo, FramesLost, Generation},
    pipeline::message::Payload,
};

/// The place of a record in its journal. Later records have greater numbers; the numbers have holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Seq(pub i64);

impl Seq {
    /// A process that was killed may have handed on records that are in no file, and their numbers
    /// may be in the database. So every start counts on from numbers that nobody has used: a
    /// trillion for each, which lasts for two years of 15,000 frames a second.
    const A_START: i64 = 1_000_000_000_000;

    /// Before the first record of the `start`-th process that writes this journal.
    pub fn of_start(start: i64) -> Self {
        Self(start.saturating_mul(Self::A_START))
    }

    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing that a feed's connection brought, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub seq: Seq,
    pub feed: Arc<FeedInfo>,
    pub generation: Generation,
    /// To the microsecond, as Postgres keeps it: a record that is read again has the same time.
    pub received_at: DateTime<Utc>,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Frame(Payload),
    /// The connection began or ended.
    Mark(ConnectionSpan),
    /// Stands where frames stood that had to be dropped before they were written.
    Lost(FramesLost),
}

/// How [`Content`] is told apart in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text = 0,
    Binary = 1,
    Mark = 2,
    Lost = 3,
}

/// Why a row of the file is no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("kind {0} is none")]
    Kind(i32),
    #[error("a text that is no UTF-8")]
    Text,
    #[error("its mark can't be read: {0}")]
    Mark(#[from] serde_json::Error),
}

impl Record {
    pub fn new(
        seq: Seq,
        feed: Arc<FeedInfo>,
        generation: Generation,
        received_at: DateTime<Utc>,
        content: Content,
    ) -> Self {
        Self { seq, feed, generation, received_at: received_at.trunc_subsecs(6), content }
    }

    /// What it takes in memory and on disk, bytes, to about a tenth.
    pub fn size(&self) -> usize {
        /// A row's other columns and its share of the page.
        const AROUND: usize = 64;
        match &self.content {
            Content::Frame(payload) => payload.len() + AROUND,
            Content::Mark(_) | Content::Lost(_) => 2 * AROUND,
        }
    }

    pub fn is_frame(&self) -> bool {
        matches!(self.content, Content::Frame(_))
    }
}

impl Content {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Frame(Payload::Text(_)) => Kind::Text,
            Self::Frame(Payload::Binary(_)) => Kind::Binary,
            Self::Mark(_) => Kind::Mark,
            Self::Lost(_) => Kind::Lost,
        }
    }

    /// As it stands in the file.
    pub(super) fn bytes(&self) -> Bytes {
        match self {
            Self::Frame(Payload::Text(text)) => text.as_bytes().clone(),
            Self::Frame(Payload::Binary(bytes)) => bytes.clone(),
            Self::Mark(span) => json(span),
            Self::Lost(lost) => json(lost),
        }
    }

    pub(super) fn read(kind: i32, bytes: Vec<u8>) -> Result<Self, Unreadable> {
        const TEXT: i32 = Kind::Text as i32;
        const BINARY: i32 = Kind::Binary as i32;
        const MARK: i32 = Kind::Mark as i32;
        const LOST: i32 = Kind::Lost as i32;
        Ok(match kind {
            TEXT => {
                let text = ByteString::try_from(bytes).map_err(|_| Unreadable::Text)?;
                Self::Frame(Payload::Text(text))
            }
            BINARY => Self::Frame(Payload::Binary(bytes.into())),
            MARK => Self::Mark(serde_json::from_slice(&bytes)?),
            LOST => Self::Lost(serde_json::from_slice(&bytes)?),
            other => return Err(Unreadable::Kind(other)),
        })
    }
}

fn json(value: &impl Serialize) -> Bytes {
    // Numbers, times and words can always be JSON.
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
