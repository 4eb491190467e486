//! A feed at work: what people call it, how its venue speaks, and what has been counted of it.
//!
//! One [`FeedSource`] per configured feed is shared by supervisor, connection and parser; its
//! counters serve health, metrics, logs and tests alike.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    event::{FeedInfo, Generation},
    feed::FeedKind,
};

/// A protocol change shows itself with a handful of names; a feed of noise must not fill memory.
const MAX_UNKNOWN_NAMES: usize = 32;
const MAX_UNKNOWN_NAME_LEN: usize = 80;
/// The name under which all names beyond the limit are counted.
const OTHER_NAMES: &str = "…";

pub struct FeedSource {
    pub info: Arc<FeedInfo>,
    pub kind: Arc<dyn FeedKind>,
    /// The configured keys, to see whether a reload changed anything. Holds secrets.
    pub fingerprint: String,
    pub counters: FeedCounters,
}

impl FeedSource {
    pub fn new(info: FeedInfo, kind: Arc<dyn FeedKind>, fingerprint: String) -> Self {
        Self { info: Arc::new(info), kind, fingerprint, counters: FeedCounters::default() }
    }
}

/// Counted since the start of the process, over all connections of the feed.
#[derive(Default)]
pub struct FeedCounters {
    /// Whole messages received, pongs and empty ones included.
    pub frames: AtomicU64,
    pub bytes: AtomicU64,
    pub rejected: AtomicU64,
    pub unknown: AtomicU64,
    pub laps: AtomicU64,
    /// A heat runs or a dog is on course, as far as the last decoded frame tells.
    pub active: AtomicBool,
    /// Rejected frames of which only the number was kept, because too many came.
    pub unkept: AtomicU64,
    /// Frames after which the connection paused, because more came than a feed may send.
    pub paced: AtomicU64,
    times: Mutex<Times>,
    /// Why the latest frame gave nothing; none when it was decoded.
    trouble: Mutex<Option<String>>,
    unknown_names: Mutex<BTreeMap<String, u64>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    last_frame_at: Option<DateTime<Utc>>,
    last_data_at: Option<DateTime<Utc>>,
    /// Which frame the parser was done with last: its connection, and when it came.
    read_through: Option<(Generation, DateTime<Utc>)>,
    proof: Proof,
}

/// What a connection has shown of its worth: the first valid data it brought, and the latest sign
/// of life (valid data or a pong) after that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    pub generation: Generation,
    first_valid_at: Option<DateTime<Utc>>,
    last_alive_at: Option<DateTime<Utc>>,
}

impl Proof {
    /// For how long the connection of this generation has delivered. A server that accepts and
    /// closes, or sends only garbage, proves nothing.
    pub fn delivered_for(&self, generation: Generation) -> TimeDelta {
        match (self.first_valid_at, self.last_alive_at) {
            (Some(first), Some(last)) if self.generation == generation => last - first,
            _ => TimeDelta::zero(),
        }
    }
}

impl FeedCounters {
    /// A frame came from the socket.
    pub fn count_frame(&self, bytes: usize, at: DateTime<Utc>) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        lock(&self.times).last_frame_at = Some(at);
    }

    /// A frame of this generation was decoded.
    pub fn count_valid(&self, generation: Generation, at: DateTime<Utc>, active: bool) {
        self.active.store(active, Ordering::Relaxed);
        *lock(&self.trouble) = None;
        let mut times = lock(&self.times);
        times.last_data_at = Some(at);
        times.read_through = Some((generation, at));
        let proof = &mut times.proof;
        if proof.generation != generation || proof.first_valid_at.is_none() {
            *proof = Proof { generation, first_valid_at: Some(at), last_alive_at: Some(at) };
        } else {
            proof.last_alive_at = Some(at);
        }
    }

    /// A frame of this generation could not be decoded; answers how many so far.
    pub fn count_rejected(&self, generation: Generation, at: DateTime<Utc>, why: String) -> u64 {
        self.set_trouble(why);
        lock(&self.times).read_through = Some((generation, at));
        self.rejected.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A heat runs or a dog is on course, and the frame of this generation that came `at` is the
    /// latest that the parser was done with. Older news say nothing about a venue: behind a
    /// database that is away they may be hours old.
    pub fn is_busy_since(&self, generation: Generation, at: DateTime<Utc>) -> bool {
        let read_through = lock(&self.times).read_through;
        read_through == Some((generation, at)) && self.active.load(Ordering::Relaxed)
    }

    /// The frame in hand can't be decoded, or not yet.
    pub fn set_trouble(&self, words: String) {
        *lock(&self.trouble) = Some(words);
    }

    pub fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    /// A pong came: proof of life for a connection that has delivered before, else nothing.
    pub fn count_pong(&self, generation: Generation, at: DateTime<Utc>) {
        let proof = &mut lock(&self.times).proof;
        if proof.generation == generation && proof.first_valid_at.is_some() {
            proof.last_alive_at = Some(at);
        }
    }

    /// Fields, codes or values that nobody knows came, each with its name.
    pub fn count_unknown(&self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        self.unknown.fetch_add(names.len() as u64, Ordering::Relaxed);
        let mut counted = lock(&self.unknown_names);
        for name in names {
            let shown = name.chars().filter(|c| !c.is_control());
            let name: String = shown.take(MAX_UNKNOWN_NAME_LEN).collect();
            let room = counted.len() < MAX_UNKNOWN_NAMES || counted.contains_key(&name);
            let name = if room { name } else { OTHER_NAMES.to_owned() };
            *counted.entry(name).or_default() += 1;
        }
    }

    pub fn last_frame_at(&self) -> Option<DateTime<Utc>> {
        lock(&self.times).last_frame_at
    }

    /// When data that could be decoded last came.
    pub fn last_data_at(&self) -> Option<DateTime<Utc>> {
        lock(&self.times).last_data_at
    }

    pub fn proof(&self) -> Proof {
        lock(&self.times).proof
    }

    pub fn unknown_names(&self) -> BTreeMap<String, u64> {
        lock(&self.unknown_names).clone()
    }
}

/// Counters stay readable when a thread died while it held them: each is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn proof_counts_from_the_first_valid_frame_of_its_generation() {
        let counters = FeedCounters::default();
        counters.count_pong(Generation(1), at(0));
        counters.count_valid(Generation(1), at(10), true);
        counters.count_pong(Generation(1), at(50));
        assert_eq!(counters.proof().delivered_for(Generation(1)), TimeDelta::seconds(40));
        assert_eq!(counters.proof().delivered_for(Generation(2)), TimeDelta::zero());
        counters.count_valid(Generation(2), at(60), true);
        assert_eq!(counters.proof().delivered_for(Generation(2)), TimeDelta::zero());
    }

    #[test]
    fn feed_is_busy_only_when_its_latest_frame_was_read_and_says_so() {
        let counters = FeedCounters::default();
        let (first, second) = (Generation(1), Generation(2));
        assert!(!counters.is_busy_since(first, at(0)));
        counters.count_valid(first, at(0), true);
        assert!(counters.is_busy_since(first, at(0)));
        assert!(!counters.is_busy_since(first, at(1)), "the parser is behind");
        assert!(!counters.is_busy_since(second, at(0)), "another connection's news");
        assert_eq!(counters.count_rejected(first, at(1), "noise".into()), 1);
        assert!(counters.is_busy_since(first, at(1)), "noise in the middle of a heat");
        counters.count_valid(first, at(2), false);
        assert!(!counters.is_busy_since(first, at(2)));
        // The clock was set back.
        counters.count_valid(first, at(-3_600), true);
        assert!(counters.is_busy_since(first, at(-3_600)));
    }

    #[test]
    fn unknown_names_stay_bounded_and_their_count_complete() {
        let counters = FeedCounters::default();
        for n in 0..1_000 {
            counters.count_unknown(&[format!("D.X{n}")]);
        }
        let names = counters.unknown_names();
        assert_eq!(names.len(), MAX_UNKNOWN_NAMES + 1);
        assert_eq!(names.values().sum::<u64>(), 1_000);
    }
}
