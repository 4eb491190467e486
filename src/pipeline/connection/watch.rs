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
    /// Nothing is read before this moment, so nothing can be heard either.
    deaf_until: Instant,
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
            deaf_until: now,
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
        let moments = [self.pong_by, silent].into_iter().flatten();
        moments.fold(self.next_ping, Instant::min)
    }

    pub fn ping_due(&self, now: Instant) -> bool {
        now >= self.next_ping
    }

    pub fn pinged(&mut self, now: Instant) {
        self.next_ping = now + self.keepalive.every;
        self.pong_by.get_or_insert(now.max(self.deaf_until) + self.keepalive.pong_within);
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

    /// For so long nothing will be read.
    pub fn pause(&mut self, now: Instant, wait: Duration) {
        self.deaf_until = now + wait;
        self.shift(wait);
    }

    pub fn deaf_until(&self) -> Instant {
        self.deaf_until
    }

    /// So much time passed, or will pass, during which nothing is read.
    pub fn shift(&mut self, by: Duration) {
        self.first_message_by += by;
        self.last_data = self.last_data.map(|at| at + by);
        self.pong_by = self.pong_by.map(|at| at + by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::fakes;

    const DEADLINES: Deadlines = Deadlines {
        handshake: Duration::from_secs(9),
        first_message: Duration::from_secs(30),
        keepalive: Some((Duration::from_secs(20), Duration::from_secs(15))),
        silence: Some(Duration::from_secs(60)),
    };

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn watch(now: Instant) -> Watch {
        Watch::new(now, fakes::source("a").kind.as_ref(), &DEADLINES)
    }

    fn reason(checked: Result<(), ConnectionEnd>) -> Option<EndReason> {
        checked.err().map(|end| end.reason)
    }

    #[test]
    fn watch_takes_silence_for_a_fault_only_of_a_busy_venue() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.data(now);
        assert_eq!(reason(watch.check(now + secs(59), true)), None);
        assert_eq!(reason(watch.check(now + secs(60), true)), Some(EndReason::Silence));
        assert_eq!(reason(watch.check(now + secs(600), false)), None);
    }

    #[test]
    fn watch_wakes_for_whatever_comes_first() {
        let now = Instant::now();
        let mut watch = watch(now);
        assert_eq!(watch.wake_at(false), now + secs(20));
        watch.pinged(now + secs(20));
        assert_eq!(watch.wake_at(false), now + secs(30), "the first message is due");
        watch.data(now + secs(21));
        assert_eq!(watch.wake_at(false), now + secs(35), "the pong is due");
        watch.alive();
        assert_eq!(watch.wake_at(false), now + secs(40), "a ping is due");
    }

    #[test]
    fn watch_holds_a_pause_of_ours_against_nobody() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.data(now);
        watch.pinged(now);
        watch.pause(now, secs(100));
        assert_eq!(reason(watch.check(now + secs(114), true)), None);
        assert_eq!(reason(watch.check(now + secs(115), true)), Some(EndReason::PongTimeout));
        watch.alive();
        // A ping that leaves during the pause can be answered only after it.
        watch.pinged(now + secs(20));
        assert_eq!(reason(watch.check(now + secs(114), true)), None);
        watch.alive();
        assert_eq!(reason(watch.check(now + secs(159), true)), None);
        assert_eq!(reason(watch.check(now + secs(160), true)), Some(EndReason::Silence));
        assert!(watch.ping_due(now + secs(40)), "pings go on");
    }
}
