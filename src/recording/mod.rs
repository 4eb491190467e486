//! Recordings: the frames of one feed in a file, for people, replays and fake venues.
//!
//! Our own form is JSON Lines: a header, then a frame or a mark of its connection a line, each with
//! its receive time, so that a replay sees what the service saw, when it saw it, over which
//! connection. [`FrameWriter`] writes it, and a plain JSON array of messages for those who want
//! only these; [`Recording`] reads both, and files with one bare frame a line.
//!
//! ```text
//! {"ringside_frames":1,"feed":"speedpark","kind":"bmi","venue":"SpeedPark","name":"Main track"}
//! {"received_at":"2026-05-01T10:00:00.123Z","generation":3,"connected":true}
//! {"received_at":"2026-05-01T10:00:00.250Z","generation":3,"text":"{\"T\":1777629600,…}"}
//! {"received_at":"2026-05-01T10:20:00.500Z","generation":3,"disconnected":"remote_closed"}
//! ```

mod line;
mod pace;
mod read;
mod write;

use std::{fmt, fs::File, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use bytestring::ByteString;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    event::{FeedId, Generation},
    feed::{bmi, flowagility},
};

pub use self::write::{Format, FormatError, FrameFile, FrameWriter, Written};

/// What the first line tells of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub feed: FeedId,
    /// As configured: `bmi`, `flowagility`. None where nobody knows any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One further line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub received: Received,
    pub content: Content,
}

/// When something came, and over which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub at: DateTime<Utc>,
    pub generation: Generation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Frame(Payload),
    /// The connection began.
    Connected,
    /// The connection ended, with the reason as a word: `remote_closed`, `silence`, …
    Disconnected(String),
    /// Frames that came here had to be dropped.
    Lost(Lost),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// As a word: `journal_full`.
    pub reason: String,
    /// How many; none when nobody counted.
    pub frames: Option<u64>,
}

/// A whole message, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Text(ByteString),
    Binary(Bytes),
}

/// The frames of a recording, in order, in memory: made for the recordings of a day or a week, of
/// some hundred megabytes. More than [`MAX_BYTES`] are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    header: Option<Header>,
    frames: Arc<[RecordedFrame]>,
    damage: Option<Damage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFrame {
    /// None in a file that has no times: then no frame of it has one.
    pub received: Option<Received>,
    pub payload: Payload,
}

/// The most that is read of a recording, unpacked.
pub const MAX_BYTES: u64 = 2 << 30;

/// Where a recording ends before its end, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first line that can't be read, from 1.
    pub line: u64,
    pub why: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damaged at line {}: {}", self.line, self.why)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("the recording can't be read")]
    Unreadable(#[from] io::Error),
    #[error("the recording is no JSON array of messages")]
    NotAnArray(#[source] serde_json::Error),
    #[error("the recording has no frames")]
    Empty,
    #[error("the recording has no frame that can be read; it is {0}")]
    Damaged(Damage),
    #[error("the recording is of form {0}, made by a later Ringside; this one reads form {known}", known = line::FORM)]
    LaterForm(u32),
    #[error(
        "the recording is larger than {} MiB unpacked; export a shorter span of time",
        MAX_BYTES >> 20
    )]
    TooLarge,
}

impl Recording {
    /// Reads a file, packed with zstd or not, told by its content: JSON Lines with times, one bare
    /// frame a line, or one JSON array of messages, each as it stands or as `msg` of an object.
    ///
    /// Of JSON Lines that break off or are damaged, the frames before that place are kept, and
    /// [`Recording::damage`] tells it.
    ///
    /// # Errors
    /// The file can't be read, is no JSON array though it begins like one, or no frame is in it.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        read::read(File::open(path)?, MAX_BYTES)
    }

    /// Like [`Recording::read`], from a text.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        read::read(text.as_bytes(), MAX_BYTES)
    }

    /// Bare texts without times.
    pub fn from_frames<T: Into<String>>(frames: impl IntoIterator<Item = T>) -> Self {
        let bare = |text: T| {
            let payload = Payload::Text(ByteString::from(text.into()));
            RecordedFrame { received: None, payload }
        };
        Self { header: None, frames: frames.into_iter().map(bare).collect(), damage: None }
    }

    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    pub fn frames(&self) -> &[RecordedFrame] {
        &self.frames
    }

    /// None for a recording that was read to its end.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// When each frame came, counted from the first one; never goes back.
    ///
    /// Receive times tell it, or else what the messages say of their own time, with long breaks
    /// shortened to five minutes.
    pub fn offsets(&self) -> Vec<Duration> {
        pace::offsets(&self.frames)
    }

    /// The kind of feed, from the header or else from the first message that tells. None: nothing
    /// tells.
    pub fn kind(&self) -> Option<&str> {
        let told = self.header.as_ref().and_then(|header| header.kind.as_deref());
        told.or_else(|| self.frames.iter().find_map(|frame| kind_of(frame.text()?)))
    }
}

impl RecordedFrame {
    pub fn text(&self) -> Option<&ByteString> {
        match &self.payload {
            Payload::Text(text) => Some(text),
            Payload::Binary(_) => None,
        }
    }
}

fn kind_of(frame: &str) -> Option<&'static str> {
    let Ok(Value::Object(fields)) = serde_json::from_str(frame) else { return None };
    let has = |keys: &[&str]| keys.iter().any(|key| fields.contains_key(*key));
    if has(&["run", "run_ready", "error"]) {
        Some(flowagility::KIND)
    } else if has(&["T", "D", "N"]) {
        Some(bmi::KIND)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
