//! The deadlines of one connection, in time during which it was reading.

use std::time::Duration;

use tokio::time::Instant;

use crate::feed::{FeedKind, Keepalive};

use super::{ConnectionEnd, Deadlines, EndReason};

pub(super) struct Watch {
    pub keepalive: Keepalive,
    pub next_ping: Instant,
    first_message_within: Duration,
    first_message_by: Instant,
    silence_limit: Duration,
    pong_by: Option<Instant>,
    last_data: Option<Instant>,
    empty_frames: u64,
}

impl Watch {
    /// Of a connection that was greeted now.
    pub fn new(now: Instant, kind: &dyn FeedKind, deadlines: &Deadlines) -> Self {
        let mut keepalive = kind.keepalive();
        if let Some((every, pong_within)) = deadlines.keepalive {
            keepalive = Keepalive { every, pong_within, ..keepalive };
        }
        Self {
            next_ping: now + keepalive.every,
            keepalive,
            first_message_within: deadlines.first_message,
            first_message_by: now + deadlines.first_message,
            silence_limit: deadlines.silence.unwrap_or_else(|| kind.silence_limit()),
            pong_by: None,
            last_data: None,
            empty_frames: 0,
        }
    }

    /// The first deadline that has passed, as the end it means. Silence is a fault only of a venue
    /// that is `busy`.
    pub fn check(&self, now: Instant, busy: bool) -> Result<(), ConnectionEnd> {
        let end = |reason, detail| Err(ConnectionEnd::new(reason, detail));
        if self.pong_by.is_some_and(|by| now >= by) {
            let within = self.keepalive.pong_within;
            return end(EndReason::PongTimeout, format!("no answer to a ping within {within:?}"));
        }
        match self.last_data {
            None if now >= self.first_message_by => {
                let within = self.first_message_within;
                match self.empty_frames {
                    0 => end(EndReason::Silence, format!("no message within {within:?}")),
                    n => end(
                        EndReason::EmptyFramesOnly,
                        format!("{n} messages within {within:?}, all of them empty"),
                    ),
                }
            }
            Some(last) if busy && now >= last + self.silence_limit => {
                let limit = self.silence_limit;
                end(EndReason::Silence, format!("no data for {limit:?} while the venue was busy"))
            }
            _ => Ok(()),
        }
    }

    /// When there is something to do or to check, if nothing comes before.
    pub fn wake_at(&self, busy: bool) -> Instant {
        let silent = match self.last_data {
            None => Some(self.first_message_by),
            Some(last) => busy.then(|| last + self.silence_limit),
        };
        [self.pong_by, silent].into_iter().flatten().fold(self.next_ping, Instant::min)
    }

    pub fn ping_due(&self, now: Instant) -> bool {
        now >= self.next_ping
    }

    pub fn pinged(&mut self, now: Instant) {
        self.next_ping = now + self.keepalive.every;
        self.pong_by.get_or_insert(now + self.keepalive.pong_within);
    }

    /// Whatever comes proves life, be it the pong or data: a venue that is busy sending is not cut.
    pub fn alive(&mut self) {
        self.pong_by = None;
    }

    pub fn data(&mut self, now: Instant) {
        self.last_data = Some(now);
    }

    pub fn empty(&mut self) {
        self.empty_frames += 1;
    }

    /// So much time passed during which nothing was read.
    pub fn shift(&mut self, by: Duration) {
        self.first_message_by += by;
        self.last_data = self.last_data.map(|at| at + by);
        self.pong_by = self.pong_by.map(|at| at + by);
    }
}
