use std::{cell::RefCell, rc::Rc};

use actix::{Addr, System};
use chrono::{DateTime, Utc};

use crate::{
    board::Board,
    event::{
        ConnectionEnded, ConnectionSpan, FeedInfo, Generation, Past,
        karting::{HeatKey, Lap, LapSource, PastDriver, PastHeat},
    },
    feed,
    pipeline::{
        fakes::{recorded, source as words},
        journal::record::Content,
        message::{Payload, Recalled, StoreError},
        source::FeedSource,
    },
};

use super::*;

/// What the store answers; none: nothing, ever.
type Answer = Option<Result<Past, StoreError>>;

/// Gives the same answer to every question, and counts them.
#[derive(Clone)]
struct Library(Rc<RefCell<(Answer, usize)>>);

impl Actor for Library {
    type Context = Context<Self>;
}

impl Handler<RecallPasts> for Library {
    type Result = actix::ResponseFuture<Result<Vec<Recalled>, StoreError>>;

    fn handle(
        &mut self,
        RecallPasts(questions): RecallPasts,
        _: &mut Self::Context,
    ) -> Self::Result {
        let (answer, asked) = &mut *self.0.borrow_mut();
        *asked += questions.len();
        match answer.clone() {
            Some(answer) => {
                let answers = answer.map(|past| vec![Ok(past); questions.len()]);
                Box::pin(std::future::ready(answers))
            }
            None => Box::pin(std::future::pending()),
        }
    }
}

struct Bench {
    hub: Addr<LiveHub>,
    basin: Arc<Basin>,
    tap: LiveTap,
    library: Library,
}

impl Bench {
    async fn new(sources: &[&Arc<FeedSource>], answer: Answer) -> Self {
        let library = Library(Rc::new(RefCell::new((answer, 0))));
        let basin = Arc::new(Basin::default());
        let store = library.clone().start().recipient();
        let hub = LiveHub::new(basin.clone(), store).start();
        let tap = LiveTap::new(basin.clone(), hub.clone().recipient());
        let sources = sources.iter().map(|source| (*source).clone()).collect();
        hub.send(FeedsConfigured(sources)).await.unwrap();
        Self { hub, basin, tap, library }
    }

    fn offer(&self, source: &Arc<FeedSource>, seq: i64, content: Content) {
        let tapped = recorded(source, seq, 1, content);
        self.tap.offer(Tapped { record: tapped.record, source: tapped.source });
    }

    fn text(&self, source: &Arc<FeedSource>, seq: i64, text: &str) {
        self.offer(source, seq, Content::Frame(Payload::Text(text.into())));
    }

    async fn watch(&self, source: &Arc<FeedSource>) -> Watching {
        self.hub.send(WatchFeed(source.info.id.clone())).await.unwrap().unwrap()
    }

    /// The state when everything that was offered is shown.
    async fn live(&self, source: &Arc<FeedSource>) -> Live {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.watch(source).await.live.borrow().clone()
    }

    fn asked(&self) -> usize {
        self.library.0.borrow().1
    }
}

/// A track that speaks like the real ones.
fn track(id: &str) -> Arc<FeedSource> {
    let info = FeedInfo {
        id: FeedId::new(id),
        kind: "bmi".into(),
        venue: "Venue".into(),
        name: id.into(),
    };
    Arc::new(FeedSource::new(info, feed::retired("bmi").unwrap(), String::new()))
}

/// A heat in which one driver has so many laps of 40 s.
fn heat(name: &str, laps: i32) -> String {
    let ms = if laps == 0 { 0 } else { 40_000 };
    format!(
        r#"{{"T":300,"N":"{name}","S":1,"CS":1,"C":60000,"E":1,"R":1,"D":[{{"D":7,"L":{laps},"T":{ms},"A":{ms},"B":{ms},"K":"4","P":1,"N":"Zoë"}}]}}"#
    )
}

fn past(laps: i32) -> Answer {
    let key = Arc::new(HeatKey { start_unix: 300, name: "a".into(), occurrence: 0 });
    let lap = |lap| Lap {
        heat: key.clone(),
        driver_id: 7,
        lap,
        lap_ms: 41_000,
        kart: None,
        position: Some(1),
        crossed_at: None,
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    };
    let driver = PastDriver { driver_id: 7, laps: (1..=laps).map(lap).collect(), gaps: Vec::new() };
    let heat =
        PastHeat { occurrence: 0, started_at: None, finished_at: None, drivers: vec![driver] };
    Some(Ok(Past::Heats(vec![heat])))
}

fn laps_shown(live: &Live) -> Vec<(i32, i32)> {
    let Board::Heat(heat) = &live.board else { panic!("no heat: {:?}", live.board) };
    heat.lines[0].laps.iter().map(|lap| (lap.lap, lap.lap_ms)).collect()
}

fn away() -> Answer {
    Some(Err(StoreError::Retriable("gone".into())))
}

fn marked(ended: Option<ConnectionEnded>) -> Content {
    Content::Mark(ConnectionSpan { generation: Generation(1), connected_at: Utc::now(), ended })
}

#[test]
fn hub_shows_a_heat_with_the_laps_that_are_stored() {
    System::new().block_on(async {
        let track = track("a");
        let bench = Bench::new(&[&track], past(2)).await;
        bench.text(&track, 1, &heat("a", 3));
        let live = bench.live(&track).await;
        assert_eq!(laps_shown(&live), [(1, 41_000), (2, 41_000), (3, 40_000)]);
        assert_eq!(live.staleness(Utc::now()), Staleness::Fresh);
        assert_eq!(bench.asked(), 1);
    });
}

#[test]
fn hub_shows_a_heat_without_its_past_while_the_store_is_away_and_adds_it_later() {
    System::new().block_on(async {
        tokio::time::pause();
        let track = track("a");
        let bench = Bench::new(&[&track], away()).await;
        bench.text(&track, 1, &heat("a", 3));
        assert_eq!(laps_shown(&bench.live(&track).await), [(3, 40_000)]);
        let mut watching = bench.watch(&track).await;
        bench.library.0.borrow_mut().0 = past(2);
        tokio::time::sleep(ASK_AGAIN_EVERY * 2).await;
        assert_eq!(laps_shown(&bench.live(&track).await).len(), 3);
        assert!(watching.frames.try_recv().is_err(), "nothing is handed on twice");
    });
}

#[test]
fn hub_shows_a_heat_without_its_past_when_the_store_hangs() {
    System::new().block_on(async {
        tokio::time::pause();
        let track = track("a");
        let bench = Bench::new(&[&track], None).await;
        bench.text(&track, 1, &heat("a", 3));
        bench.text(&track, 2, &heat("a", 4));
        assert_eq!(bench.live(&track).await.board, Board::Unknown);
        tokio::time::sleep(PAST_WITHIN * 2).await;
        assert_eq!(laps_shown(&bench.live(&track).await), [(3, 40_000), (4, 40_000)]);
    });
}

#[test]
fn hub_goes_on_at_once_and_keeps_what_it_saw_while_the_store_hangs() {
    System::new().block_on(async {
        tokio::time::pause();
        let track = track("a");
        let bench = Bench::new(&[&track], None).await;
        bench.text(&track, 1, &heat("before", 0));
        // Somebody looks, so that it is read at once.
        bench.hub.send(GetLive).await.unwrap();
        tokio::time::sleep(PAST_WITHIN).await;
        for laps in 3..=5 {
            // The heat is new, and nobody waits for its past.
            bench.text(&track, laps.into(), &heat("a", laps));
            assert_eq!(laps_shown(&bench.live(&track).await).len() as i32, laps - 2);
            tokio::time::sleep(ASK_AGAIN_EVERY).await;
            assert_eq!(laps_shown(&bench.live(&track).await).len() as i32, laps - 2);
        }
        // It knows the first two, and is told of the others later.
        bench.library.0.borrow_mut().0 = past(2);
        tokio::time::sleep(ASK_AGAIN_EVERY * 2).await;
        let laps: Vec<_> = laps_shown(&bench.live(&track).await);
        assert_eq!(laps, [(1, 41_000), (2, 41_000), (3, 40_000), (4, 40_000), (5, 40_000)]);
        let asked = bench.asked();
        tokio::time::sleep(ASK_AGAIN_EVERY * 3).await;
        assert_eq!(bench.asked(), asked, "nothing is lacking");
    });
}

#[test]
fn hub_asks_for_no_past_of_a_heat_that_it_saw_from_its_beginning() {
    System::new().block_on(async {
        tokio::time::pause();
        let track = track("a");
        let bench = Bench::new(&[&track], away()).await;
        bench.text(&track, 1, &heat("a", 0));
        bench.text(&track, 2, &heat("a", 1));
        tokio::time::sleep(ASK_AGAIN_EVERY * 3).await;
        assert_eq!(laps_shown(&bench.live(&track).await), [(1, 40_000)]);
        assert_eq!(bench.asked(), 1);
    });
}

#[test]
fn hub_shows_the_newest_when_more_comes_than_it_can_read() {
    System::new().block_on(async {
        let (track, other) = (track("a"), track("b"));
        let bench = Bench::new(&[&track, &other], past(0)).await;
        bench.text(&other, 1, &heat("a", 1));
        for n in 0..1_000 {
            bench.text(&track, n, &heat("a", n as i32 / 100));
        }
        let live = bench.live(&track).await;
        assert_eq!(laps_shown(&live).last(), Some(&(9, 40_000)));
        let passed_over = bench.basin.passed_over.load(Ordering::Relaxed);
        assert_eq!(passed_over, 1_000 - tap::MAX_WAITING as u64);
        assert_eq!(laps_shown(&bench.live(&other).await), [(1, 40_000)]);
    });
}

#[test]
fn hub_hands_every_frame_on_and_a_newcomer_gets_the_last() {
    System::new().block_on(async {
        let track = track("a");
        let bench = Bench::new(&[&track], past(0)).await;
        let mut early = bench.watch(&track).await;
        assert_eq!(early.last, None);
        let frames = [heat("a", 0), "{}".into(), heat("b", 0)];
        for (n, frame) in frames.iter().enumerate() {
            bench.text(&track, n as i64, frame);
        }
        bench.live(&track).await;
        for frame in &frames {
            assert_eq!(early.frames.try_recv().unwrap(), frame.as_str());
        }
        let mut late = bench.watch(&track).await;
        assert_eq!(late.last.as_deref(), Some(frames[2].as_str()));
        assert!(late.frames.try_recv().is_err());
    });
}

#[test]
fn hub_does_not_hand_on_what_is_no_news() {
    System::new().block_on(async {
        let words = words("a");
        let bench = Bench::new(&[&words], past(0)).await;
        let mut watching = bench.watch(&words).await;
        for (n, word) in ["one", "one", "two", "two"].into_iter().enumerate() {
            bench.text(&words, n as i64, word);
        }
        bench.live(&words).await;
        assert_eq!(watching.frames.try_recv().unwrap(), "one");
        assert_eq!(watching.frames.try_recv().unwrap(), "two");
        assert!(watching.frames.try_recv().is_err());
    });
}

#[test]
fn hub_knows_a_connection_that_ended_until_the_next_one_brings_data() {
    System::new().block_on(async {
        let track = track("a");
        let bench = Bench::new(&[&track], past(0)).await;
        assert_eq!(bench.live(&track).await.staleness(Utc::now()), Staleness::Never);
        bench.offer(&track, 1, marked(None));
        bench.text(&track, 2, &heat("a", 1));
        assert_eq!(bench.live(&track).await.staleness(Utc::now()), Staleness::Fresh);
        let since = Utc::now();
        let reason = "remote_closed".to_owned();
        let ended =
            ConnectionEnded { disconnected_at: since, reason: reason.clone(), frames: Some(1) };
        bench.offer(&track, 3, marked(Some(ended)));
        let live = bench.live(&track).await;
        assert_eq!(live.link, Link::Down { since, reason });
        assert_eq!(live.staleness(Utc::now()), Staleness::Disconnected { since });
        assert_eq!(laps_shown(&live).len(), 1, "the last state stays");
        bench.offer(&track, 4, marked(None));
        bench.text(&track, 5, &heat("a", 1));
        assert_eq!(bench.live(&track).await.staleness(Utc::now()), Staleness::Fresh);
    });
}

#[test]
fn running_heat_is_stale_when_nothing_comes() {
    System::new().block_on(async {
        let track = track("a");
        let bench = Bench::new(&[&track], past(0)).await;
        bench.text(&track, 1, &heat("a", 1));
        let live = bench.live(&track).await;
        let last_at = live.last_at.unwrap();
        let after = |s| live.staleness(last_at + chrono::TimeDelta::seconds(s));
        assert_eq!(after(3), Staleness::Fresh);
        assert_eq!(after(5), Staleness::Silent { since: last_at });
        bench.text(&track, 2, &heat("a", 1).replace(r#""CS":1"#, r#""CS":0"#));
        let live = bench.live(&track).await;
        let day_later: DateTime<Utc> = last_at + chrono::TimeDelta::days(1);
        assert_eq!(live.staleness(day_later), Staleness::Fresh, "a still clock may be silent");
    });
}

#[test]
fn hub_goes_on_after_a_decoder_that_panics() {
    System::new().block_on(async {
        let (words, track) = (words("a"), track("b"));
        let bench = Bench::new(&[&words, &track], past(0)).await;
        bench.text(&words, 1, "panic");
        let trouble = bench.live(&words).await.trouble.unwrap();
        assert!(trouble.contains("a word too much"), "{trouble}");
        bench.text(&words, 2, "ask and panic");
        bench.text(&track, 3, &heat("a", 1));
        let trouble = bench.live(&words).await.trouble.unwrap();
        assert!(trouble.contains("a past too much"), "{trouble}");
        assert_eq!(laps_shown(&bench.live(&track).await), [(1, 40_000)]);
        bench.text(&words, 4, "fine");
        assert_eq!(bench.live(&words).await.trouble, None);
    });
}

#[test]
fn watchers_hear_when_their_feed_is_configured_no_more_and_others_stay() {
    System::new().block_on(async {
        let (first, second) = (track("a"), track("b"));
        let bench = Bench::new(&[&first, &second], past(0)).await;
        bench.text(&second, 1, &heat("a", 1));
        let (mut gone, mut kept) = (bench.watch(&first).await, bench.watch(&second).await);
        // Every reload brings sources of its own.
        bench.hub.send(FeedsConfigured(vec![track("b")])).await.unwrap();
        assert!(gone.live.has_changed().is_err());
        assert!(matches!(
            gone.frames.try_recv(),
            Err(tokio::sync::broadcast::error::TryRecvError::Closed)
        ));
        assert!(kept.live.has_changed().is_ok());
        assert_eq!(laps_shown(&bench.live(&second).await), [(1, 40_000)]);
        let fleet = bench.hub.send(GetLive).await.unwrap();
        assert_eq!(fleet.len(), 1);
        assert!(bench.hub.send(WatchFeed(FeedId::new("a"))).await.unwrap().is_none());
        kept.live.borrow_and_update();
    });
}

#[test]
fn hub_finds_a_feed_by_what_its_clients_say() {
    System::new().block_on(async {
        let words = words("a");
        let bench = Bench::new(&[&words], past(0)).await;
        let find = |kind: &str, greeting: &str| {
            bench.hub.send(FindFeed { kind: kind.into(), greeting: greeting.into() })
        };
        assert_eq!(find("words", "hello").await.unwrap(), Some(words.info.id.clone()));
        assert_eq!(find("words", "other").await.unwrap(), None);
        assert_eq!(find("bmi", "hello").await.unwrap(), None);
    });
}
