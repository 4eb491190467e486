//! The supervision matrix: every way in which a venue misbehaves × its feed comes back after the
//! right delay, the other feeds' data are complete, and health says why.

use std::{sync::Arc, time::Duration};

use actix::System;
use chrono::{DateTime, Utc};
use ringside::{
    feed::{DecodeError, Decoded, Decoder, FeedKind, Frame, FrameClass, Keepalive},
    pipeline::supervisor::FeedState,
    simulator::{
        Fault, KartOptions, Plays, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
        Track, TrackOptions,
    },
};

use crate::support::{
    postgres::TestDb,
    service::{Service, options, replace_kind, ring_table, track_table},
    truth::{laps_sent, laps_stored, playsets_sent, playsets_stored},
    wait_for, wait_until,
};

/// What health shows of the feed with the fault.
enum Shows {
    /// It comes back again and again, each time after at least the shortest wait.
    Restarts(&'static str),
    /// It stays up and counts what it can't read.
    Rejects,
    /// It stays up and takes what comes.
    Takes,
}

/// Three feeds: one with a fault, one healthy track, one healthy ring.
fn matrix(fault: Fault, shows: Shows) {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let bad = simulator.add_track(world("bad@x", 1));
        let good = simulator
            .add_track(TrackOptions { start: Start::WithFirstSubscriber, ..world("good@x", 2) });
        let ring = simulator.add_ring(RingOptions {
            speed: 400.0,
            start: Start::WithFirstSubscriber,
            plays: Plays::World(RingDayOptions {
                days: Some(1),
                classes: 1,
                ..RingDayOptions::default()
            }),
            ..RingOptions::new("goodring")
        });
        bad.set_fault(fault);
        let feeds =
            [track_table("bad", &bad), track_table("good", &good), ring_table("ring", &ring)];
        let service = Service::start(&db, &feeds.concat()).await;

        match shows {
            Shows::Restarts(why) => {
                wait_until(&format!("{fault:?} shows {why}"), async || {
                    let bad = service.feed("bad").await;
                    bad.restarts >= 3 && bad.last_error.is_some_and(|error| error.starts_with(why))
                })
                .await;
                // The shortest wait is half of the first one.
                let shortest = options().patience.first_wait / 2;
                let times = bad.connection_times();
                for pair in times.windows(2) {
                    let wait = pair[1] - pair[0];
                    assert!(wait >= shortest, "{fault:?}: back after {wait:?}");
                }
                let spans = db.rows(
                    "SELECT c.* FROM feed_connections c JOIN feeds f ON f.id = c.feed_id \
                     WHERE f.slug = 'bad' AND disconnected_at IS NOT NULL",
                );
                for span in &spans {
                    assert_eq!(span["reason"].as_str().unwrap(), why, "{fault:?}: {span}");
                }
            }
            Shows::Rejects => {
                wait_until(&format!("{fault:?} is rejected"), async || {
                    let rejected = db.value("SELECT count(*) FROM rejected_frames");
                    service.feed("bad").await.rejected > 3 && rejected.as_i64().unwrap() > 3
                })
                .await;
                let feed = service.feed("bad").await;
                assert_eq!(feed.state, FeedState::Up);
                assert!(feed.trouble.unwrap().starts_with("the latest frame was rejected"));
                let reasons = service.health().await.reasons;
                assert!(
                    reasons.iter().any(|reason| reason.starts_with("feed bad:")),
                    "{reasons:?}"
                );
            }
            Shows::Takes => {
                wait_until(&format!("{fault:?} is taken"), async || {
                    service.feed("bad").await.frames > 1_000
                })
                .await;
                let feed = service.feed("bad").await;
                assert_eq!((feed.state, feed.restarts, feed.rejected), (FeedState::Up, 0, 0));
                is_paced(&service, &bad).await;
            }
        }

        wait_until("the healthy worlds end", async || good.has_ended() && ring.has_ended()).await;
        // A feed that was cut has lost laps: better told why than which.
        are_well(&service).await;
        wait_for("laps of the healthy track", laps_sent(&good), async || laps_stored(&db, "good"))
            .await;
        wait_for("playsets of the healthy ring", playsets_sent(&ring), async || {
            playsets_stored(&db, "ring")
        })
        .await;
        assert!(laps_sent(&good).len() > 20, "a world worth looking at");
        are_well(&service).await;

        bad.set_fault(Fault::None);
        if !matches!(shows, Shows::Takes) {
            wait_until("the feed is well again", async || {
                let before = service.feed("bad").await;
                before.state == FeedState::Up && before.data_age_s.is_some_and(|age| age < 1.0)
            })
            .await;
        }
        service.stop().await;
        simulator.stop().await;
    });
}

async fn are_well(service: &Service) {
    for id in ["good", "ring"] {
        let feed = service.feed(id).await;
        let counts = (feed.restarts, feed.rejected, feed.unknown);
        assert_eq!(counts, (0, 0, 0), "{id}: {:?}", feed.last_error);
    }
}

/// The flooder's own socket is slowed down to what a feed may send, and nobody else's.
async fn is_paced(service: &Service, bad: &Track) {
    wait_until("twice the burst of a feed, some of it paced", async || {
        let feed = service.feed("bad").await;
        feed.frames > 3_000 && feed.paced > 0
    })
    .await;
    let feed = service.feed("bad").await;
    let open_s = bad.connection_times()[0].elapsed().as_secs_f64();
    // Three seconds' worth at once, then no more than 500 a second, however loaded this machine is.
    let allowed = 500.0 * (3.0 + open_s) + 1.0;
    assert!(feed.frames as f64 <= allowed, "{} frames within {open_s} s", feed.frames);
    for healthy in ["good", "ring"] {
        assert_eq!(service.feed(healthy).await.paced, 0, "{healthy}");
    }
    let metrics = service.get("/metrics").await.1;
    let paced = metrics.lines().find(|line| {
        line.starts_with("ringside_frames_paced_total{feed=\"bad\"} ") && !line.ends_with(" 0")
    });
    assert!(paced.is_some(), "{metrics}");
}

/// Short heats without end; the healthy track's end after two.
fn world(resource: &str, seed: u64) -> TrackOptions {
    let heats = (seed == 2).then_some(2);
    let plays = Plays::World(KartOptions { heat_s: 240, heats, ..KartOptions::default() });
    TrackOptions { seed, speed: 100.0, plays, ..TrackOptions::new(resource) }
}

macro_rules! matrix {
    ($($name:ident: $fault:expr => $shows:expr;)*) => {
        $(#[test]
        fn $name() {
            matrix($fault, $shows);
        })*
    };
}

matrix! {
    feed_comes_back_when_refused: Fault::Refuse => Shows::Restarts("connect_failed");
    feed_comes_back_when_answered_503: Fault::RefuseWith503 => Shows::Restarts("connect_failed");
    feed_comes_back_when_the_upgrade_hangs:
        Fault::HangBeforeUpgrade => Shows::Restarts("handshake_timeout");
    feed_comes_back_when_nothing_follows_the_upgrade:
        Fault::HangAfterUpgrade => Shows::Restarts("silence");
    feed_comes_back_when_accepted_and_closed:
        Fault::AcceptAndClose => Shows::Restarts("remote_closed");
    feed_comes_back_when_closed_later:
        Fault::CloseAfter { frames: 5 } => Shows::Restarts("remote_closed");
    feed_comes_back_when_reset_later:
        Fault::ResetAfter { frames: 5 } => Shows::Restarts("remote_closed");
    feed_comes_back_when_only_empty_frames_come:
        Fault::EmptyFrames => Shows::Restarts("empty_frames_only");
    feed_comes_back_when_text_is_no_utf8: Fault::InvalidUtf8 => Shows::Restarts("protocol");
    feed_comes_back_when_a_message_is_too_large:
        Fault::Oversize { bytes: 5 << 20 } => Shows::Restarts("oversize");
    feed_comes_back_when_a_header_claims_too_much:
        Fault::HugeHeader => Shows::Restarts("oversize");
    feed_comes_back_when_fragments_never_end:
        Fault::EndlessFragments => Shows::Restarts("oversize");
    feed_comes_back_when_a_message_inflates_too_much:
        Fault::DeflateBomb { bytes: 1 << 30 } => Shows::Restarts("oversize");
    feed_stays_up_and_keeps_garbage: Fault::Garbage => Shows::Rejects;
    feed_stays_up_and_keeps_binary_frames: Fault::Binary => Shows::Rejects;
    feed_stays_up_in_a_flood: Fault::Flood => Shows::Takes;
}

#[test]
fn feed_comes_back_when_silent_in_a_heat() {
    interrupted(Fault::Silent, "silence");
}

#[test]
fn feed_comes_back_when_no_pong_comes() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        // Nothing but the one snapshot, so that only a pong could prove life.
        let quiet = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("quiet@x") };
        let quiet = simulator.add_track(quiet);
        quiet.push("{}");
        quiet.set_fault(Fault::NoPong);
        let service = Service::start(&db, &track_table("quiet", &quiet)).await;
        wait_until("the feed comes back", async || {
            let feed = service.feed("quiet").await;
            feed.restarts >= 2 && feed.last_error.is_some_and(|e| e.starts_with("pong_timeout"))
        })
        .await;
        quiet.set_fault(Fault::None);
        wait_until("the feed stays", async || service.feed("quiet").await.state == FeedState::Up)
            .await;
        service.stop().await;
    });
}

/// Breaks a running heat, then lets it go on; nothing that a later frame proves is missing.
fn interrupted(fault: Fault, why: &str) {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions { speed: 5.0, ..world("t@x", 2) });
        let service = Service::start(&db, &track_table("t", &track)).await;
        wait_until("a heat runs", async || service.feed("t").await.active).await;
        track.set_fault(fault);
        wait_until("the feed comes back", async || {
            let feed = service.feed("t").await;
            feed.restarts >= 1 && feed.last_error.is_some_and(|error| error.starts_with(why))
        })
        .await;
        track.set_fault(Fault::None);
        wait_until("data again", async || service.feed("t").await.active).await;
        service.stop().await;
    });
}

#[test]
fn feed_is_quarantined_after_repeated_decoder_panics_and_the_other_goes_on() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let nothing = || TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("bad@x") };
        let bad = simulator.add_track(nothing());
        bad.push("panic");
        let good: Track = simulator
            .add_track(TrackOptions { start: Start::WithFirstSubscriber, ..world("good@x", 2) });
        let feeds = [track_table("bad", &bad), track_table("good", &good)].concat();
        let service = Service::start_with(&db, &feeds, options(), |config| {
            replace_kind(config, "bad", |kind| Arc::new(Panicky(kind)));
        })
        .await;
        wait_until("quarantine", async || {
            service.feed("bad").await.state == FeedState::Quarantined
        })
        .await;
        let feed = service.feed("bad").await;
        assert!(feed.last_error.unwrap().contains("no such frame"));
        assert_eq!(feed.restarts, 6, "five are allowed");
        wait_until("the healthy world ends", async || good.has_ended()).await;
        wait_for("its laps", laps_sent(&good), async || laps_stored(&db, "good")).await;
        let kept = db.rows("SELECT DISTINCT payload, reason FROM rejected_frames");
        assert_eq!(kept[0]["payload"], "panic");
        assert!(kept[0]["reason"].as_str().unwrap().contains("no such frame"));
        let connects = bad.connections();
        assert_eq!(connects, 6);
        // Another configuration is a clean sheet.
        bad.push("{}");
        service.set_feeds(&db, &track_table("bad", &bad).replace("Main", "Other")).await;
        wait_until("back", async || service.feed("bad").await.state == FeedState::Up).await;
        service.stop().await;
    });
}

/// The wait grows while a venue only accepts and closes, however often it does.
#[test]
fn feed_waits_longer_and_longer_for_a_venue_that_accepts_and_closes() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(world("t@x", 1));
        track.set_fault(Fault::CloseAfter { frames: 1 });
        let service = Service::start(&db, &track_table("t", &track)).await;
        wait_until("six connections", async || track.connections() >= 6).await;
        let times = track.connection_times();
        // 200, 400, 800, 1000 ms, each shortened by up to half.
        for (pair, least) in times.windows(2).zip([100, 200, 400, 500, 500]) {
            let wait = pair[1] - pair[0];
            assert!(wait >= Duration::from_millis(least), "{wait:?} is less than {least} ms");
        }
        service.stop().await;
    });
}

/// A kind whose decoder panics at one frame.
struct Panicky(Arc<dyn FeedKind>);

impl FeedKind for Panicky {
    fn url(&self) -> &url::Url {
        self.0.url()
    }

    fn hello(&self) -> Vec<String> {
        self.0.hello()
    }

    fn keepalive(&self) -> Keepalive {
        self.0.keepalive()
    }

    fn classify(&self, payload: &str) -> FrameClass {
        self.0.classify(payload)
    }

    fn silence_limit(&self) -> Duration {
        self.0.silence_limit()
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(PanickyDecoder(self.0.decoder()))
    }

    fn is_news(&self, before: Option<&str>, payload: &str) -> bool {
        self.0.is_news(before, payload)
    }

    fn venue_time(&self, payload: &str) -> Option<DateTime<Utc>> {
        self.0.venue_time(payload)
    }
}

struct PanickyDecoder(Box<dyn Decoder>);

impl Decoder for PanickyDecoder {
    fn connected(&mut self) {
        self.0.connected();
    }

    fn decode(&mut self, frame: Frame<'_>) -> Result<Decoded, DecodeError> {
        assert_ne!(frame.payload, "panic", "no such frame");
        self.0.decode(frame)
    }

    fn recall(&mut self, ask: ringside::event::Ask, past: ringside::event::Past) {
        self.0.recall(ask, past);
    }
}
