//! How fast one connection takes what its venue sends.
//!
//! The journal takes frames as fast as a disk does, so a venue that floods would fill it and keep
//! the parser from the other feeds. A connection that is ahead of its pace stops reading for a
//! while, and what the venue sends then waits in its own socket.

use std::time::Duration;

use tokio::time::Instant;

use crate::pipeline::bucket::TokenBucket;

/// A venue that has been quiet may send so much at once: what it says after a reconnect, or after
/// its own network was away.
const BURST: Duration = Duration::from_secs(3);

/// What one feed may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceLimits {
    pub frames_per_second: u32,
    /// Of whole messages, uncompressed.
    pub bytes_per_second: u64,
}

impl Default for PaceLimits {
    /// Venues send one or two frames a second of a few kilobytes; a hundred times that is a fault.
    fn default() -> Self {
        Self { frames_per_second: 500, bytes_per_second: 8 << 20 }
    }
}

impl PaceLimits {
    pub(super) fn of(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Frames => self.frames_per_second.into(),
            Limit::Bytes => self.bytes_per_second,
        }
    }
}

/// Which of the limits a venue is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Frames,
    Bytes,
}

impl Limit {
    /// As it is configured.
    pub fn key(self) -> &'static str {
        match self {
            Self::Frames => "frames_per_second_per_feed",
            Self::Bytes => "bytes_per_second_per_feed",
        }
    }
}

/// The pace of one connection.
pub(super) struct Pace {
    frames: TokenBucket,
    bytes: TokenBucket,
    /// Said once a connection: a flood must not fill the log as well.
    pub said: bool,
}

impl Pace {
    pub fn new(limits: PaceLimits, now: Instant) -> Self {
        Self {
            frames: TokenBucket::new(limits.frames_per_second.into(), BURST, now),
            bytes: TokenBucket::new(limits.bytes_per_second, BURST, now),
            said: false,
        }
    }

    /// A frame of so many bytes was read. The wait comes after it, so one of any size passes.
    pub fn count(&mut self, bytes: usize, now: Instant) {
        self.frames.take(1, now);
        self.bytes.take(bytes as u64, now);
    }

    /// How long not to read, and for which limit's sake; none when all is well.
    pub fn ahead(&self, now: Instant) -> Option<(Duration, Limit)> {
        let frames = (self.frames.debt(now), Limit::Frames);
        let bytes = (self.bytes.debt(now), Limit::Bytes);
        let longest = if bytes.0 > frames.0 { bytes } else { frames };
        (!longest.0.is_zero()).then_some(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PaceLimits = PaceLimits { frames_per_second: 100, bytes_per_second: 1_000 };

    /// Takes frames as fast as the pace lets it: how many within so many seconds.
    fn taken(bytes: usize, within_s: u64) -> (usize, Option<Limit>) {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(within_s);
        let (mut now, mut frames, mut last) = (begun, 0, None);
        let mut pace = Pace::new(LIMITS, begun);
        while now < end {
            pace.count(bytes, now);
            frames += 1;
            if let Some((wait, limit)) = pace.ahead(now) {
                now += wait;
                last = Some(limit);
            }
        }
        (frames, last)
    }

    #[test]
    fn pace_lets_a_burst_pass_and_then_so_many_frames_a_second() {
        assert_eq!(taken(0, 10), (100 * (10 + 3), Some(Limit::Frames)));
    }

    #[test]
    fn pace_lets_a_burst_pass_and_then_so_many_bytes_a_second() {
        assert_eq!(taken(100, 10), (10 * (10 + 3), Some(Limit::Bytes)));
    }

    #[test]
    fn pace_lets_a_frame_pass_that_is_larger_than_all_it_holds() {
        let now = Instant::now();
        let mut pace = Pace::new(LIMITS, now);
        pace.count(64_000, now);
        assert_eq!(pace.ahead(now), Some((Duration::from_secs(61), Limit::Bytes)));
        assert_eq!(pace.ahead(now + Duration::from_secs(61)), None);
    }

    #[test]
    fn pace_is_not_felt_by_a_venue_as_busy_as_any_was_seen() {
        let mut now = Instant::now();
        let mut pace = Pace::new(PaceLimits::default(), now);
        for _ in 0..10_000 {
            pace.count(20_000, now);
            assert_eq!(pace.ahead(now), None);
            now += Duration::from_millis(100);
        }
    }
}
