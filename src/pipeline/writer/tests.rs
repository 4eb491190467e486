use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use actix::{Addr, System};
use tokio::time::{advance, pause, sleep};

use crate::{
    event::{
        Ask, Event, RejectedFrame,
        karting::{HeatKey, KartingEvent},
    },
    pipeline::fakes::{Collector, source},
};

use super::*;

/// Fails so many times first, takes a while for each batch, and keeps what it wrote.
struct FailingStore {
    fail_first: usize,
    takes: Duration,
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    batches: RefCell<Vec<usize>>,
    /// Entries written when a question was answered.
    asked_after: RefCell<Vec<usize>>,
    /// How many questions came in one message.
    asked_together: RefCell<Vec<usize>>,
    at_once: Cell<usize>,
    most_at_once: Cell<usize>,
}

impl Actor for FailingStore {
    type Context = Context<Self>;
}

impl Handler<WriteBatch> for FailingStore {
    type Result = ResponseFuture<Result<BatchReport, StoreError>>;

    fn handle(&mut self, WriteBatch(batch): WriteBatch, _: &mut Self::Context) -> Self::Result {
        let (seen, takes) = (self.seen.clone(), self.takes);
        seen.at_once.set(seen.at_once.get() + 1);
        seen.most_at_once.set(seen.most_at_once.get().max(seen.at_once.get()));
        let fails = self.fail_first > 0;
        self.fail_first = self.fail_first.saturating_sub(1);
        Box::pin(async move {
            sleep(takes).await;
            seen.at_once.set(seen.at_once.get() - 1);
            if fails {
                return Err(StoreError::Retriable("it is away".into()));
            }
            seen.batches.borrow_mut().push(batch.entries.len());
            Ok(BatchReport { rows: batch.entries.len() as u64, rejected: 0 })
        })
    }
}

impl Handler<RecallPasts> for FailingStore {
    type Result = Result<Vec<Recalled>, StoreError>;

    fn handle(
        &mut self,
        RecallPasts(questions): RecallPasts,
        _: &mut Self::Context,
    ) -> Self::Result {
        let written: usize = self.seen.batches.borrow().iter().sum();
        self.seen.asked_after.borrow_mut().extend(vec![written; questions.len()]);
        self.seen.asked_together.borrow_mut().push(questions.len());
        let answer = |RecallPast { ask, .. }: RecallPast| match ask {
            Ask::Heats { start_unix: UNREADABLE, .. } => {
                Err(StoreError::Unreadable("no lap is so long".into()))
            }
            ask => Ok(ask.nothing()),
        };
        Ok(questions.into_iter().map(answer).collect())
    }
}

/// What is stored of heats that start then makes no sense.
const UNREADABLE: i64 = -1;

struct Bench {
    writer: Addr<Writer>,
    seen: Rc<Seen>,
    counters: Arc<WriterCounters>,
    written: Rc<RefCell<Vec<BatchWritten>>>,
}

impl Bench {
    fn new(batching: Batching, fail_first: usize, takes: Duration) -> Self {
        let seen = Rc::<Seen>::default();
        let store = FailingStore { fail_first, takes, seen: seen.clone() }.start();
        let counters = Arc::<WriterCounters>::default();
        let (listener, written) = Collector::start_new();
        let writer = Writer::new(WriterParams {
            batching,
            store: store.clone().recipient(),
            recall: store.recipient(),
            journal_id: Some("j".into()),
            written: Some(listener),
            counters: counters.clone(),
        });
        Self { writer: writer.start(), seen, counters, written }
    }

    fn events(&self, count: usize) -> EventsDecoded {
        let key = HeatKey { start_unix: 1, name: "heat".into(), occurrence: 0 };
        let closed = KartingEvent::LapGapClosed { heat: Arc::new(key), driver_id: 1, first_lap: 1 };
        let entry = Entry { feed: source("a").info.clone(), event: Event::Karting(closed) };
        EventsDecoded { entries: vec![entry; count], seq: None }
    }

    fn record(&self, seq: i64, count: usize) -> EventsDecoded {
        EventsDecoded { seq: Some(Seq(seq)), ..self.events(count) }
    }

    fn checkpoints(&self) -> Vec<Option<i64>> {
        let written = self.written.borrow();
        let seq = |BatchWritten(batch): &BatchWritten| batch.checkpoint.as_ref().map(|c| c.seq.0);
        written.iter().map(seq).collect()
    }

    fn batches(&self) -> Vec<usize> {
        self.seen.batches.borrow().clone()
    }
}

const BATCHING: Batching =
    Batching { flush_after: Duration::from_millis(100), batch_events: 10, held_events: 20 };

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn pass(ms: u64) {
    for _ in 0..ms / 10 {
        advance(Duration::from_millis(10)).await;
        settle().await;
    }
}

fn in_paused_time(test: impl Future<Output = ()>) {
    System::new().block_on(async {
        pause();
        test.await;
    });
}

#[test]
fn writer_flushes_on_age() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::ZERO);
        bench.writer.send(bench.events(3)).await.unwrap();
        pass(80).await;
        assert!(bench.batches().is_empty());
        pass(40).await;
        assert_eq!(bench.batches(), [3]);
        assert_eq!(bench.counters.held(), 0);
        assert_eq!(bench.written.borrow().len(), 1);
    });
}

#[test]
fn writer_flushes_on_size_without_waiting_for_age() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::ZERO);
        bench.writer.send(bench.events(10)).await.unwrap();
        pass(20).await;
        assert_eq!(bench.batches(), [10]);
    });
}

#[test]
fn writer_has_one_batch_in_flight_and_gathers_the_next_meanwhile() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::from_millis(500));
        for _ in 0..4 {
            bench.writer.send(bench.events(5)).await.unwrap();
        }
        pass(2_000).await;
        assert_eq!(bench.batches(), [10, 10]);
        assert_eq!(bench.seen.most_at_once.get(), 1);
    });
}

#[test]
fn writer_tries_the_same_batch_again_while_the_store_is_away_and_loses_nothing() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 5, Duration::ZERO);
        bench.writer.send(bench.events(7)).await.unwrap();
        pass(300).await;
        assert!(bench.counters.trouble().unwrap().contains("away"));
        assert_eq!(bench.counters.held(), 7);
        pass(20_000).await;
        assert_eq!(bench.batches(), [7]);
        assert_eq!(bench.counters.trouble(), None);
        assert_eq!(bench.counters.retries.load(Ordering::Relaxed), 5);
    });
}

#[test]
fn writer_lets_the_parser_wait_when_it_is_full() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 8, Duration::ZERO);
        let accepted = Rc::new(Cell::new(0));
        for _ in 0..8 {
            let (sent, accepted) = (bench.writer.send(bench.events(5)), accepted.clone());
            actix::spawn(async move {
                sent.await.unwrap();
                accepted.set(accepted.get() + 1);
            });
        }
        pass(300).await;
        // 10 in the batch in hand and 20 held.
        assert_eq!(accepted.get(), 6);
        assert_eq!(bench.counters.waiting.load(Ordering::Relaxed), 10);
        pass(40_000).await;
        assert_eq!(accepted.get(), 8);
        assert_eq!(bench.batches().iter().sum::<usize>(), 40);
        assert_eq!(bench.counters.waiting.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn writer_counts_a_large_event_for_several() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, usize::MAX, Duration::ZERO);
        let large = || {
            let payload = "x".repeat(30 << 10);
            let frame = RejectedFrame { received_at: Utc::now(), reason: String::new(), payload };
            let feed = source("a").info.clone();
            let entry = Entry { feed, event: Event::FrameRejected(frame) };
            EventsDecoded { entries: vec![entry], seq: None }
        };
        bench.writer.send(large()).await.unwrap();
        pass(200).await;
        // One in the batch in hand, one held, and that is full.
        bench.writer.send(large()).await.unwrap();
        let third = bench.writer.send(large());
        actix::spawn(async move { third.await.unwrap() });
        pass(200).await;
        assert_eq!(bench.counters.held(), 2);
        assert_eq!(bench.counters.waiting.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn writer_answers_a_question_after_all_that_came_before_it_is_written() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::from_millis(50));
        bench.writer.send(bench.events(3)).await.unwrap();
        let feed = source("a").info.clone();
        let ask = Ask::Heats { start_unix: 1, name: "heat".into() };
        let questions: Vec<_> = (0..3)
            .map(|_| bench.writer.send(RecallPast { feed: feed.clone(), ask: ask.clone() }))
            .collect();
        let answers = futures_util::future::join_all(questions).await;
        assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
        assert_eq!(*bench.seen.asked_after.borrow(), [3, 3, 3]);
    });
}

#[test]
fn writer_asks_while_a_batch_of_others_is_in_flight_and_held() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::from_secs(10));
        bench.writer.send(bench.events(10)).await.unwrap();
        pass(100).await;
        bench.writer.send(bench.events(5)).await.unwrap();
        let ask = |feed: &str, name: &str, start_unix| {
            let (feed, name) = (source(feed).info.clone(), name.into());
            bench.writer.send(RecallPast { feed, ask: Ask::Heats { start_unix, name } })
        };
        let of_the_heat = ask("a", "heat", 1);
        assert!(ask("b", "heat", 1).await.unwrap().is_ok());
        assert!(ask("a", "heat", 2).await.unwrap().is_ok());
        assert!(ask("a", "another", 1).await.unwrap().is_ok());
        assert_eq!(*bench.seen.asked_after.borrow(), [0, 0, 0], "nothing is written yet");
        assert!(of_the_heat.await.unwrap().is_ok());
        assert_eq!(*bench.seen.asked_after.borrow(), [0, 0, 0, 15]);
    });
}

#[test]
fn writer_asks_together_what_waits_and_tells_everybody_his_own_answer() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::from_millis(50));
        bench.writer.send(bench.events(1)).await.unwrap();
        let questions = (0..120).map(|n| {
            let start_unix = if n == 70 { UNREADABLE } else { 1 };
            let (feed, name) = (source("a").info.clone(), "heat".into());
            bench.writer.send(RecallPast { feed, ask: Ask::Heats { start_unix, name } })
        });
        let answers = futures_util::future::join_all(questions).await;
        // Nothing is held of the one that makes no sense.
        assert_eq!(*bench.seen.asked_together.borrow(), [1, 50, 50, 19]);
        let refused: Vec<_> = (0..120).filter(|n| answers[*n].as_ref().unwrap().is_err()).collect();
        assert_eq!(refused, [70]);
    });
}

#[test]
fn writer_is_drained_when_nothing_is_held_any_more() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 2, Duration::from_millis(50));
        for _ in 0..3 {
            bench.writer.send(bench.events(5)).await.unwrap();
        }
        bench.writer.send(Drain).await.unwrap();
        assert_eq!(bench.batches().iter().sum::<usize>(), 15);
        assert_eq!(bench.counters.held(), 0);
    });
}

#[test]
fn writer_checkpoints_the_last_record_that_is_whole_in_a_batch() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::ZERO);
        bench.writer.send(bench.record(1, 4)).await.unwrap();
        bench.writer.send(bench.record(2, 0)).await.unwrap();
        // Half of it is in the first batch of ten.
        bench.writer.send(bench.record(3, 12)).await.unwrap();
        bench.writer.send(bench.record(4, 0)).await.unwrap();
        pass(200).await;
        assert_eq!(bench.batches(), [10, 6]);
        assert_eq!(bench.checkpoints(), [Some(2), Some(4)]);
        assert_eq!(bench.counters.checkpoint(), Seq(4));
    });
}

#[test]
fn writer_checkpoints_records_without_news_after_a_while() {
    in_paused_time(async {
        let bench = Bench::new(BATCHING, 0, Duration::ZERO);
        for seq in 1..=30 {
            bench.writer.send(bench.record(seq, 0)).await.unwrap();
        }
        pass(900).await;
        assert!(bench.checkpoints().is_empty());
        pass(200).await;
        assert_eq!(bench.checkpoints(), [Some(30)]);
        bench.writer.send(bench.record(31, 0)).await.unwrap();
        bench.writer.send(Drain).await.unwrap();
        assert_eq!(bench.counters.checkpoint(), Seq(31));
    });
}
