use std::cell::RefCell;

use actix::{Addr, System};
use chrono::Utc;
use tokio::{sync::oneshot, time::timeout};

use crate::{
    event::ConnectionSpan,
    pipeline::{
        fakes::{Collector, recorded, source},
        journal::record::Seq,
        message::Recalled,
    },
};

use super::*;

/// Counts questions, and answers when so many have come.
struct Library {
    asked: Rc<RefCell<usize>>,
    at_once: usize,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Actor for Library {
    type Context = Context<Self>;
}

impl Handler<RecallPast> for Library {
    type Result = ResponseFuture<Recalled>;

    fn handle(&mut self, _: RecallPast, _: &mut Self::Context) -> Self::Result {
        *self.asked.borrow_mut() += 1;
        let (answer, answered) = oneshot::channel();
        self.waiting.push(answer);
        if self.waiting.len() == self.at_once {
            self.waiting.drain(..).for_each(|answer| answer.send(()).unwrap());
        }
        Box::pin(async {
            answered.await.unwrap();
            Ok(Past::Heats(Vec::new()))
        })
    }
}

struct Bench {
    parser: Addr<Parser>,
    source: Arc<FeedSource>,
    decoded: Rc<RefCell<Vec<EventsDecoded>>>,
    panics: Rc<RefCell<Vec<DecoderPanicked>>>,
    questions: Rc<RefCell<usize>>,
}

impl Bench {
    async fn new() -> Self {
        Self::answered_at_once(1).await
    }

    /// Its questions are answered so many at a time.
    async fn answered_at_once(at_once: usize) -> Self {
        let (events, decoded) = Collector::start_new();
        let questions = Rc::<RefCell<usize>>::default();
        let library = Library { asked: questions.clone(), at_once, waiting: Vec::new() };
        let recall = library.start().recipient();
        let (panicked, panics) = Collector::start_new();
        let parser = Parser::new(Outlets { events, recall }).start();
        parser.send(ReportPanics(panicked)).await.unwrap();
        Self { parser, source: source("a"), decoded, panics, questions }
    }

    async fn frame(&self, generation: u64, payload: Payload) {
        self.records(vec![recorded(&self.source, 1, generation, Content::Frame(payload))]).await;
    }

    async fn records(&self, records: Vec<FrameRecorded>) {
        self.parser.send(FramesRecorded(records)).await.unwrap();
    }

    async fn text(&self, generation: u64, text: &'static str) {
        self.frame(generation, Payload::Text(text.into())).await;
    }

    fn rejected(&self) -> Vec<RejectedFrame> {
        let events = self.decoded.borrow();
        let entries = events.iter().flat_map(|decoded| decoded.entries.clone());
        entries
            .filter_map(|entry| match entry.event {
                Event::FrameRejected(rejected) => Some(rejected),
                _ => None,
            })
            .collect()
    }
}

fn in_system(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

#[test]
fn parser_tells_the_decoder_of_each_new_connection() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(1, "lap").await;
        bench.text(1, "lap").await;
        bench.text(2, "lap").await;
        let counts: Vec<_> = bench.decoded.borrow().iter().map(|d| d.entries.len()).collect();
        assert_eq!(counts, [1, 1, 2]);
    });
}

#[test]
fn parser_keeps_a_bad_frame_and_goes_on() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(1, "bad").await;
        bench.frame(1, Payload::Binary(vec![0xfe, 0x01].into())).await;
        bench.text(1, "lap").await;
        let rejected = bench.rejected();
        assert_eq!(rejected[0].payload, "bad");
        assert_eq!(rejected[0].reason, "no such word");
        assert_eq!(rejected[1].payload, "fe01");
        assert_eq!(bench.source.counters.rejected.load(Ordering::Relaxed), 2);
        assert_eq!(bench.decoded.borrow().len(), 3);
    });
}

#[test]
fn parser_survives_a_decoder_that_panics_and_reports_it() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(7, "panic").await;
        assert_eq!(bench.rejected()[0].payload, "panic");
        let panicked = bench.panics.borrow()[0].clone();
        assert_eq!(panicked.generation, Generation(7));
        assert!(panicked.message.contains("a word too much"), "{}", panicked.message);
        bench.text(8, "lap").await;
        assert_eq!(bench.decoded.borrow().len(), 2, "a fresh decoder reads on");
    });
}

#[test]
fn parser_recalls_the_past_for_a_decoder_that_asks() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(1, "ask").await;
        bench.text(1, "ask").await;
        assert_eq!(*bench.questions.borrow(), 1);
        bench.text(1, "ask forever").await;
        assert!(bench.rejected()[0].reason.contains("asked for the past"));
    });
}

#[test]
fn parser_survives_a_decoder_that_panics_at_its_past() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(1, "ask and panic").await;
        assert!(bench.rejected()[0].reason.contains("a past too much"));
        assert_eq!(bench.panics.borrow().len(), 1);
        bench.text(1, "lap").await;
        assert_eq!(bench.decoded.borrow().len(), 2);
    });
}

#[test]
fn parser_keeps_a_bounded_number_of_rejected_frames_a_minute_and_counts_all() {
    in_system(async {
        let bench = Bench::new().await;
        let at = Utc::now();
        for _ in 0..KEPT_A_MINUTE + 10 {
            let content = Content::Frame(Payload::Text("bad".into()));
            let mut bad = recorded(&bench.source, 1, 1, content);
            Arc::make_mut(&mut bad.record).received_at = at;
            bench.records(vec![bad]).await;
        }
        assert_eq!(bench.rejected().len(), KEPT_A_MINUTE as usize);
        let counters = &bench.source.counters;
        assert_eq!(counters.rejected.load(Ordering::Relaxed), u64::from(KEPT_A_MINUTE) + 10);
        assert_eq!(counters.unkept.load(Ordering::Relaxed), 10);
        assert!(counters.trouble().unwrap().contains("no such word"));
        bench.text(1, "lap").await;
        assert_eq!(counters.trouble(), None);
    });
}

#[test]
fn parser_counts_unknown_names_and_activity() {
    in_system(async {
        let bench = Bench::new().await;
        bench.text(1, "odd D.X").await;
        bench.text(1, "busy").await;
        let counters = &bench.source.counters;
        assert_eq!(counters.unknown_names()["D.X"], 1);
        assert!(counters.active.load(Ordering::Relaxed));
    });
}

#[test]
fn parser_hands_marks_on_in_order_with_frames() {
    in_system(async {
        let bench = Bench::new().await;
        let span =
            ConnectionSpan { generation: Generation(1), connected_at: Utc::now(), ended: None };
        bench.records(vec![recorded(&bench.source, 1, 1, Content::Mark(span.clone()))]).await;
        bench.text(1, "lap").await;
        let decoded = bench.decoded.borrow();
        assert_eq!(decoded[0].entries[0].event, Event::Connection(span));
        assert_eq!(decoded.len(), 2);
    });
}

#[test]
fn parser_hands_records_on_in_order_when_one_waits_for_its_past() {
    in_system(async {
        let bench = Bench::new().await;
        let other = source("b");
        let text = |source, seq, text: &'static str| {
            recorded(source, seq, 1, Content::Frame(Payload::Text(text.into())))
        };
        // The first of "a" has to wait for an answer, those of "b" have not.
        bench
            .records(vec![
                text(&bench.source, 5, "ask"),
                text(&other, 7, "lap"),
                text(&bench.source, 8, "lap"),
                text(&other, 9, "nothing new"),
            ])
            .await;
        let seqs: Vec<_> = bench.decoded.borrow().iter().map(|decoded| decoded.seq).collect();
        assert_eq!(seqs, [5, 7, 8, 9].map(|seq| Some(Seq(seq))));
    });
}

#[test]
fn parser_asks_at_once_for_all_feeds_that_have_just_connected() {
    in_system(async {
        let bench = Bench::answered_at_once(2).await;
        let other = source("b");
        let began = |source, seq| {
            let connected_at = Utc::now();
            let span = ConnectionSpan { generation: Generation(1), connected_at, ended: None };
            let frame = Content::Frame(Payload::Text("ask".into()));
            [recorded(source, seq, 1, Content::Mark(span)), recorded(source, seq + 1, 1, frame)]
        };
        let records = began(&bench.source, 5).into_iter().chain(began(&other, 7)).collect();
        timeout(Duration::from_secs(10), bench.records(records)).await.unwrap();
        let seqs: Vec<_> = bench.decoded.borrow().iter().map(|decoded| decoded.seq).collect();
        assert_eq!(seqs, [5, 6, 7, 8].map(|seq| Some(Seq(seq))));
    });
}

#[test]
fn parser_hands_on_together_what_needs_no_past() {
    in_system(async {
        let bench = Bench::new().await;
        let other = source("b");
        let text = |source, seq, text: &'static str| {
            recorded(source, seq, 1, Content::Frame(Payload::Text(text.into())))
        };
        bench
            .records(vec![
                text(&bench.source, 5, "lap"),
                text(&other, 6, "lap"),
                text(&bench.source, 7, "nothing new"),
            ])
            .await;
        let decoded = bench.decoded.borrow();
        let feeds: Vec<_> = decoded[0].entries.iter().map(|entry| entry.feed.id.as_str()).collect();
        assert_eq!((feeds, decoded[0].seq), (vec!["a", "b", "a"], Some(Seq(7))));
        assert_eq!(decoded.len(), 1);
    });
}

#[test]
fn parser_has_handed_on_what_came_before_when_it_asks_for_the_past() {
    in_system(async {
        let bench = Bench::new().await;
        let text = |seq, text: &'static str| {
            recorded(&bench.source, seq, 1, Content::Frame(Payload::Text(text.into())))
        };
        let decoded = bench.decoded.clone();
        let records = vec![text(5, "lap"), text(6, "ask forever"), text(7, "lap")];
        bench.records(records).await;
        let seqs: Vec<_> = decoded.borrow().iter().map(|decoded| decoded.seq).collect();
        assert_eq!(seqs, [5, 6, 7].map(|seq| Some(Seq(seq))));
        assert!(bench.rejected()[0].reason.contains("asked for the past"));
    });
}

#[test]
fn parser_shows_a_written_record_to_its_decoder_and_writes_nothing_of_it() {
    in_system(async {
        let bench = Bench::new().await;
        let mut known = recorded(&bench.source, 4, 1, Content::Frame(Payload::Text("lap".into())));
        known.written = true;
        let mut bad = recorded(&bench.source, 5, 1, Content::Frame(Payload::Text("bad".into())));
        bad.written = true;
        bench.records(vec![known, bad]).await;
        assert!(bench.decoded.borrow().is_empty());
        assert_eq!(bench.source.counters.rejected.load(Ordering::Relaxed), 0);
        bench.text(1, "lap").await;
        let events = bench.decoded.borrow()[0].entries.len();
        assert_eq!(events, 1, "the decoder knew this connection already");
    });
}
