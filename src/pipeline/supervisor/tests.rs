use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use actix::System;
use chrono::TimeDelta;
use tokio::{
    sync::mpsc,
    time::{advance, pause},
};

use crate::pipeline::{
    fakes::{Collector, source, source_at},
    journal::record::Content,
    source::FeedSource,
};

use super::*;

/// A supervisor whose connections are kept for the test to play.
struct Bench {
    supervisor: Addr<FeedSupervisor>,
    spawned: Rc<RefCell<Vec<Spawned>>>,
    removed: Rc<RefCell<Vec<FeedRemoved>>>,
    marks: RefCell<mpsc::Receiver<FrameReceived>>,
}

struct Spawned {
    feed: String,
    generation: u64,
    at: Instant,
    alive: Rc<Cell<bool>>,
    stops: Rc<RefCell<Vec<StopConnection>>>,
}

impl Bench {
    fn new(generations: HashMap<FeedId, Generation>) -> Self {
        let spawned = Rc::new(RefCell::new(Vec::new()));
        let (intake, marks) = mpsc::channel(16);
        let (parser, removed) = Collector::<FeedRemoved>::start_new();
        let keep = spawned.clone();
        let spawn: Spawn = Box::new(move |params: ConnectionParams| {
            let (stop, stops) = Collector::<StopConnection>::start_new();
            let alive = Rc::new(Cell::new(true));
            let lives = alive.clone();
            keep.borrow_mut().push(Spawned {
                feed: params.source.info.id.to_string(),
                generation: params.generation.0,
                at: Instant::now(),
                alive,
                stops,
            });
            Handle { stop, alive: Box::new(move || lives.get()) }
        });
        let supervisor = FeedSupervisor::new(SupervisorParams {
            patience: Patience::default(),
            deadlines: Deadlines::default(),
            pace: PaceLimits::default(),
            sockets: Arc::new(SocketSettings::new(1 << 20, false, Vec::new()).unwrap()),
            intake,
            parser,
            spawn,
            generations,
        })
        .start();
        Self { supervisor, spawned, removed, marks: RefCell::new(marks) }
    }

    async fn set(&self, sources: &[&Arc<FeedSource>]) -> FeedsChanged {
        let sources = sources.iter().map(|source| Arc::clone(source)).collect();
        let changed = self.supervisor.send(SetFeeds(sources)).await.unwrap();
        settle().await;
        changed
    }

    async fn down(&self, feed: &str, generation: u64, reason: EndReason) {
        let end = ConnectionEnd::new(reason, "");
        let (feed, generation) = (FeedId::new(feed), Generation(generation));
        self.supervisor.send(ConnectionDown { feed, generation, end }).await.unwrap();
        settle().await;
    }

    /// What the supervisor told of ends in place of those who could not.
    fn marks(&self) -> Vec<ConnectionSpan> {
        let mut marks = self.marks.borrow_mut();
        let received = std::iter::from_fn(|| marks.try_recv().ok());
        let span = |received: FrameReceived| match received.content {
            Content::Mark(span) => span,
            other => panic!("{other:?} is no mark"),
        };
        received.map(span).collect()
    }

    async fn up(&self, feed: &str, generation: u64) {
        let (feed, generation) = (FeedId::new(feed), Generation(generation));
        self.supervisor.send(ConnectionUp { feed, generation }).await.unwrap();
    }

    async fn health(&self, feed: &str) -> FeedHealth {
        let fleet = self.supervisor.send(GetHealth).await.unwrap();
        fleet.feeds.into_iter().find(|health| health.id == feed).unwrap()
    }

    fn count(&self, feed: &str) -> usize {
        self.spawned.borrow().iter().filter(|spawned| spawned.feed == feed).count()
    }

    fn last_generation(&self) -> u64 {
        self.spawned.borrow().last().unwrap().generation
    }

    /// Lets time go on in steps until `feed` has been spawned `times` times.
    async fn until_spawned(&self, feed: &str, times: usize) {
        for _ in 0..10_000 {
            if self.count(feed) >= times {
                return;
            }
            advance(Duration::from_millis(50)).await;
            settle().await;
        }
        panic!("{feed} was spawned {} times, not {times}", self.count(feed));
    }
}

/// Lets every actor work off its mailbox.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn in_paused_time(test: impl Future<Output = ()>) {
    System::new().block_on(async {
        pause();
        test.await;
    });
}

#[test]
fn supervisor_spaces_connects_to_one_host_and_not_to_others() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        let began = Instant::now();
        let (a, b) = (source_at("a", "ws://one.test/1"), source_at("b", "ws://one.test/2"));
        let (c, d) = (source_at("c", "ws://one.test/3"), source_at("d", "ws://other.test/"));
        bench.set(&[&a, &b, &c, &d]).await;
        bench.until_spawned("c", 1).await;
        let mut at: Vec<_> =
            bench.spawned.borrow().iter().map(|s| (s.feed.clone(), s.at - began)).collect();
        at.sort();
        let ms = |n| Duration::from_millis(n);
        assert!(at[0].1 < ms(20) && at[3].1 < ms(20), "{at:?}");
        assert!(at[1].1 >= ms(20) && at[2].1 >= ms(40), "{at:?}");
    });
}

#[test]
fn supervisor_waits_longer_after_each_failure() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a")]).await;
        let mut failed_at = Vec::new();
        for generation in 1..=8 {
            bench.until_spawned("a", generation as usize).await;
            failed_at.push(Instant::now());
            bench.down("a", generation, EndReason::ConnectFailed).await;
        }
        bench.until_spawned("a", 9).await;
        let spawned = bench.spawned.borrow();
        for (n, full) in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0].into_iter().enumerate() {
            let wait = (spawned[n + 1].at - failed_at[n]).as_secs_f64();
            assert!((full / 2.0..full + 0.1).contains(&wait), "wait {n} was {wait} s");
        }
    });
}

#[test]
fn supervisor_starts_waits_anew_only_after_valid_data_for_long_enough() {
    in_paused_time(async {
        for (delivered_s, anew) in [(0, false), (29, false), (31, true)] {
            let bench = Bench::new(HashMap::new());
            let a = source("a");
            bench.set(&[&a]).await;
            for generation in 1..=6 {
                bench.until_spawned("a", generation as usize).await;
                bench.up("a", generation).await;
                if generation == 6 {
                    let first = Utc::now();
                    a.counters.count_valid(Generation(6), first, true);
                    let last = first + TimeDelta::seconds(delivered_s);
                    a.counters.count_valid(Generation(6), last, true);
                }
                bench.down("a", generation, EndReason::RemoteClosed).await;
            }
            let wait = bench.health("a").await.retry_in_s.unwrap();
            assert_eq!(wait <= 1.0, anew, "{delivered_s} s of data, then a wait of {wait} s");
        }
    });
}

#[test]
fn supervisor_ignores_what_older_generations_say() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a")]).await;
        bench.down("a", 1, EndReason::RemoteClosed).await;
        bench.until_spawned("a", 2).await;
        bench.up("a", 2).await;
        bench.down("a", 1, EndReason::Silence).await;
        bench.up("a", 1).await;
        let health = bench.health("a").await;
        assert_eq!((health.state, health.generation, health.restarts), (FeedState::Up, 2, 1));
    });
}

#[test]
fn supervisor_counts_generations_on_from_the_last_ones() {
    in_paused_time(async {
        let bench = Bench::new([(FeedId::new("a"), Generation(41))].into());
        let a = source("a");
        bench.set(&[&a]).await;
        assert_eq!(bench.last_generation(), 42);
        bench.set(&[]).await;
        bench.down("a", 42, EndReason::Requested).await;
        bench.set(&[&a]).await;
        bench.until_spawned("a", 2).await;
        assert_eq!(bench.last_generation(), 43);
    });
}

#[test]
fn supervisor_quarantines_a_feed_after_repeated_panics_and_no_other() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a"), &source("b")]).await;
        bench.until_spawned("b", 1).await;
        bench.up("b", 1).await;
        for generation in 1..=6 {
            bench.until_spawned("a", generation as usize).await;
            bench.down("a", generation, EndReason::Panicked).await;
        }
        advance(Duration::from_secs(600)).await;
        settle().await;
        assert_eq!(bench.health("a").await.state, FeedState::Quarantined);
        assert_eq!(bench.count("a"), 6);
        assert_eq!(bench.health("b").await.state, FeedState::Up);
        // A changed configuration is a clean sheet.
        bench.set(&[&source_at("a", "ws://new.test/"), &source("b")]).await;
        bench.until_spawned("a", 7).await;
        assert_eq!(bench.count("b"), 1);
    });
}

#[test]
fn supervisor_never_gives_up_on_a_venue_that_is_away() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a")]).await;
        for generation in 1..=50 {
            bench.until_spawned("a", generation as usize).await;
            bench.down("a", generation, EndReason::ConnectFailed).await;
        }
        bench.until_spawned("a", 51).await;
    });
}

#[test]
fn supervisor_counts_a_decoder_panic_as_the_end_of_its_connection() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a")]).await;
        bench.up("a", 1).await;
        let message = "decoder panic: oh".to_owned();
        let (feed, generation) = (FeedId::new("a"), Generation(1));
        bench.supervisor.send(DecoderPanicked { feed, generation, message }).await.unwrap();
        settle().await;
        assert_eq!(bench.spawned.borrow()[0].stops.borrow().len(), 1);
        bench.down("a", 1, EndReason::Requested).await;
        let health = bench.health("a").await;
        assert_eq!(health.state, FeedState::Waiting);
        assert_eq!(health.last_error.unwrap(), "panicked: decoder panic: oh");
    });
}

#[test]
fn supervisor_finds_a_connection_that_died_without_a_word() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a")]).await;
        bench.up("a", 1).await;
        bench.spawned.borrow()[0].alive.set(false);
        bench.until_spawned("a", 2).await;
        assert!(bench.health("a").await.last_error.unwrap().contains("without a word"));
        let marks = bench.marks();
        assert_eq!(marks.len(), 1);
        assert_eq!(marks[0].ended.as_ref().unwrap().reason, "panicked");
    });
}

#[test]
fn supervisor_touches_only_the_feeds_that_changed() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        let (a, b) = (source("a"), source("b"));
        bench.set(&[&a, &b]).await;
        bench.until_spawned("b", 1).await;
        let (b2, c) = (source_at("b", "ws://new.test/"), source("c"));
        let changed = bench.set(&[&source("a"), &b2, &c]).await;
        let ids = |ids: &[FeedId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ids(&changed.added), ["c"]);
        assert_eq!(ids(&changed.changed), ["b"]);
        assert!(changed.removed.is_empty());
        bench.down("b", 1, EndReason::Requested).await;
        bench.until_spawned("b", 2).await;
        bench.until_spawned("c", 1).await;
        assert_eq!(bench.count("a"), 1);
        assert!(bench.spawned.borrow()[0].stops.borrow().is_empty());

        let changed = bench.set(&[&a]).await;
        assert_eq!(changed.removed.len(), 2);
        bench.down("b", 2, EndReason::Requested).await;
        bench.down("c", 1, EndReason::Requested).await;
        let removed = bench.removed.borrow().iter().map(|r| r.0.to_string()).collect::<Vec<_>>();
        assert_eq!(removed, ["b", "c"], "the parser may forget what has ended, and nothing else");
        let fleet = bench.supervisor.send(GetHealth).await.unwrap();
        assert_eq!(fleet.feeds.len(), 1);
    });
}

#[test]
fn supervisor_answers_a_stop_when_the_last_connection_has_ended() {
    in_paused_time(async {
        let bench = Bench::new(HashMap::new());
        bench.set(&[&source("a"), &source("b")]).await;
        bench.until_spawned("b", 1).await;
        let stopped = Rc::new(Cell::new(false));
        let (supervisor, done) = (bench.supervisor.clone(), stopped.clone());
        actix::spawn(async move {
            supervisor.send(StopFeeds).await.unwrap();
            done.set(true);
        });
        settle().await;
        bench.down("a", 1, EndReason::Requested).await;
        assert!(!stopped.get());
        bench.down("b", 1, EndReason::Requested).await;
        assert!(stopped.get());
        advance(Duration::from_secs(120)).await;
        settle().await;
        assert_eq!(bench.spawned.borrow().len(), 2, "nothing is connected after a stop");
    });
}
