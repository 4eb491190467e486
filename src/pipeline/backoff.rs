//! How long to wait before the next try, and how far apart connects to one host are.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::bucket::TokenBucket;

/// Waiting times that double from `first` to `longest`, each shortened by up to half at random, so
/// that feeds which fell together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The wait after one more failure: between half and all of `first * 2^n`, at most `longest`.
    pub fn next_wait(&mut self) -> Duration {
        let full = self.first.saturating_mul(2u32.saturating_pow(self.failures)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * fastrand::f64())
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Keeps connects to one host apart: after an outage of a venue's cluster, all its feeds come back
/// at once, and the cluster should survive that.
#[derive(Debug)]
pub struct HostSpacing {
    per_second: u32,
    hosts: HashMap<String, TokenBucket>,
}

impl HostSpacing {
    /// `per_second` connects a second to each host.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, hosts: HashMap::new() }
    }

    /// Takes the next free place for a connect to `host`; zero means now.
    pub fn reserve(&mut self, host: &str, now: Instant) -> Duration {
        // Hosts come and go with the days' addresses; those that are free need no entry.
        self.hosts.retain(|_, places| !places.is_full(now));
        let free = || TokenBucket::new(self.per_second.into(), Duration::ZERO, now);
        self.hosts.entry(host.to_owned()).or_insert_with(free).take(1, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_within_its_limits_until_reset() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        for full in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let wait = backoff.next_wait().as_secs_f64();
            assert!((full / 2.0..=full).contains(&wait), "{wait} after a full wait of {full}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_secs(1));
    }

    #[test]
    fn backoff_never_overflows_after_a_season_of_failures() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        backoff.failures = u32::MAX;
        assert!(backoff.next_wait() <= Duration::from_secs(60));
    }

    #[test]
    fn spacing_keeps_connects_to_one_host_apart_and_forgets_idle_hosts() {
        let mut spacing = HostSpacing::new(50);
        let now = Instant::now();
        let waits: Vec<_> = (0..4).map(|_| spacing.reserve("a", now).as_millis()).collect();
        assert_eq!(waits, [0, 20, 40, 60]);
        assert_eq!(spacing.reserve("b", now), Duration::ZERO);
        assert_eq!(spacing.reserve("a", now + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(spacing.hosts.len(), 1);
    }
}
