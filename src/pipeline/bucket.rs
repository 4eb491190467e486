//! How often something may happen: so many a second, and a burst of them at once.

use std::time::Duration;

use tokio::time::Instant;

const NANOS: u64 = 1_000_000_000;

/// A bucket of tokens that fills at a steady rate. Whoever takes more than there is goes into debt
/// and waits until it is paid, so that also more than a whole bucket can be had at once.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    per_second: u64,
    /// How long an empty bucket takes to be full.
    fills_within: Duration,
    full_at: Instant,
}

impl TokenBucket {
    /// A full bucket: it holds what comes within `burst`, and no token at all when that is zero.
    pub fn new(per_second: u64, burst: Duration, now: Instant) -> Self {
        Self { per_second: per_second.max(1), fills_within: burst, full_at: now }
    }

    /// Takes so many tokens, and says how long to wait before using them. Who does not wait is
    /// counted all the same.
    pub fn take(&mut self, tokens: u64, now: Instant) -> Duration {
        let wait = self.debt(now);
        let cost = u128::from(tokens) * u128::from(NANOS) / u128::from(self.per_second);
        let cost = Duration::from_nanos(u64::try_from(cost).unwrap_or(u64::MAX));
        self.full_at = self.full_at.max(now) + cost;
        wait
    }

    /// How long until everything that was taken is paid for.
    pub fn debt(&self, now: Instant) -> Duration {
        self.full_at.saturating_duration_since(now).saturating_sub(self.fills_within)
    }

    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: Duration = Duration::from_secs(3);

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn bucket_gives_its_burst_at_once_and_then_its_rate() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(10, BURST, now);
        let waits: Vec<_> = (0..34).map(|_| bucket.take(1, now)).collect();
        assert_eq!(waits[..31], [Duration::ZERO; 31], "the debt begins with the 31st");
        assert_eq!(waits[31..], [ms(100), ms(200), ms(300)]);
    }

    #[test]
    fn bucket_fills_again_and_never_beyond_its_burst() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(10, BURST, now);
        bucket.take(40, now);
        assert!(!bucket.is_full(now + ms(3_999)));
        assert_eq!(bucket.clone().take(1, now + ms(500)), ms(500));
        let later = now + Duration::from_secs(3_600);
        assert!(bucket.is_full(later));
        bucket.take(30, later);
        assert_eq!(bucket.take(1, later), Duration::ZERO);
        assert_eq!(bucket.take(1, later), ms(100));
    }

    #[test]
    fn bucket_lets_more_than_it_holds_pass_and_the_next_one_wait() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(10, BURST, now);
        assert_eq!(bucket.take(100, now), Duration::ZERO);
        assert_eq!(bucket.take(1, now), Duration::from_secs(7));
    }

    #[test]
    fn bucket_without_a_rate_gives_one_a_second() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(0, BURST, now);
        assert_eq!(bucket.take(5, now), Duration::ZERO);
        assert_eq!(bucket.take(1, now), Duration::from_secs(2));
    }
}
