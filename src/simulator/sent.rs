//! What a venue put on its sockets and when, for tests that hold the tables against it.

use bytes::Bytes;
use chrono::{DateTime, Utc};

/// Everything a venue sent, connection by connection.
#[derive(Clone, Debug, Default)]
pub struct SentLog {
    /// In the order in which they came, also those that were refused.
    pub connections: Vec<SentConnection>,
    /// Frames beyond [`super::SimulatorOptions::keep_sent`], which are not kept: with one of them
    /// the log is no proof of anything.
    pub dropped: u64,
}

#[derive(Clone, Debug)]
pub struct SentConnection {
    pub began_at: DateTime<Utc>,
    /// When the venue knew that it was over; none while it is open.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whole messages with data, answers to requests included, in the order of sending.
    pub frames: Vec<SentFrame>,
}

#[derive(Clone, Debug)]
pub struct SentFrame {
    /// When the operating system had taken all of it. Its reader may have it a moment earlier.
    pub at: DateTime<Utc>,
    pub is_binary: bool,
    pub payload: Bytes,
}

/// A log that fills up.
pub(super) struct SentKeeper {
    log: SentLog,
    room: usize,
}

impl SentKeeper {
    /// Keeps up to so many frames.
    pub fn new(frames: usize) -> Self {
        Self { log: SentLog::default(), room: frames }
    }

    pub fn log(&self) -> &SentLog {
        &self.log
    }

    /// Opens a connection and returns its number.
    pub fn begin(&mut self) -> usize {
        let connection =
            SentConnection { began_at: Utc::now(), ended_at: None, frames: Vec::new() };
        self.log.connections.push(connection);
        self.log.connections.len() - 1
    }

    pub fn keep(&mut self, connection: usize, is_binary: bool, payload: Bytes) {
        let Some(connection) = self.log.connections.get_mut(connection) else { return };
        match self.room.checked_sub(1) {
            Some(room) => {
                self.room = room;
                connection.frames.push(SentFrame { at: Utc::now(), is_binary, payload });
            }
            None => self.log.dropped += 1,
        }
    }

    pub fn end(&mut self, connection: usize) {
        if let Some(connection) = self.log.connections.get_mut(connection) {
            connection.ended_at = Some(Utc::now());
        }
    }
}
