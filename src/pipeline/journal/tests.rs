use std::{path::Path, sync::Mutex, time::Instant};

use actix::System;
use chrono::Utc;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio::time::{sleep, timeout};

use crate::{
    event::{ConnectionSpan, Generation},
    pipeline::{
        fakes::source,
        message::{FrameRecorded, Intake, Payload},
    },
};

use super::{file::JournalFile, record::Content, *};

/// A parser that can be held up, and keeps what it was given.
#[derive(Clone, Default)]
struct HeldParser(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    texts: Vec<String>,
    seqs: Vec<i64>,
    known: Vec<String>,
    is_held: bool,
    largest: usize,
}

impl Actor for HeldParser {
    type Context = Context<Self>;
}

impl Handler<FramesRecorded> for HeldParser {
    type Result = ResponseFuture<()>;

    fn handle(
        &mut self,
        FramesRecorded(records): FramesRecorded,
        _: &mut Self::Context,
    ) -> Self::Result {
        let heard = self.0.clone();
        Box::pin(async move {
            while heard.lock().unwrap().is_held {
                sleep(Duration::from_millis(2)).await;
            }
            let mut heard = heard.lock().unwrap();
            heard.largest = heard.largest.max(records.len());
            for FrameRecorded { record, written, .. } in records {
                let text = match &record.content {
                    Content::Frame(Payload::Text(text)) => text.to_string(),
                    Content::Frame(Payload::Binary(bytes)) => format!("{bytes:?}"),
                    Content::Mark(_) => "mark".to_owned(),
                    Content::Lost(lost) => format!("lost {}", lost.frames),
                };
                if written {
                    heard.known.push(text);
                } else {
                    heard.texts.push(text);
                    heard.seqs.push(record.seq.0);
                }
            }
        })
    }
}

struct Bench {
    journal: Addr<Journal>,
    intake: Intake,
    parser: HeldParser,
    counters: Arc<JournalCounters>,
    source: Arc<FeedSource>,
}

impl Bench {
    fn open(dir: &Path) -> Self {
        Self::open_keeping(dir, Keep::default())
    }

    fn open_keeping(dir: &Path, keep: Keep) -> Self {
        let mut file = JournalFile::open(dir).unwrap();
        let last = file.extent().unwrap().last.unwrap_or_default();
        let parser = HeldParser::default();
        let counters = Arc::<JournalCounters>::default();
        let (intake, received) = intake();
        let params = JournalParams {
            intake: received,
            last,
            written: file.written(),
            start: file.start(),
            keep,
            disk: Disk::start(dir, file),
            parser: parser.clone().start().recipient(),
            live: None,
            counters: Arc::clone(&counters),
            writer: Arc::default(),
        };
        let journal = Journal::new(params).start();
        Self { journal, intake, parser, counters, source: source("a") }
    }

    async fn receive(&self, text: impl Into<String>) {
        let frame = FrameReceived {
            source: self.source.clone(),
            generation: Generation(1),
            received_at: Utc::now(),
            content: Content::Frame(Payload::Text(text.into().into())),
        };
        self.leave(frame).await;
    }

    async fn leave(&self, received: FrameReceived) {
        assert!(self.intake.send(received).await.is_ok(), "the journal is there");
    }

    async fn resume(&self, after: i64) {
        self.journal.send(ResumeFrom(Seq(after))).await.unwrap();
    }

    async fn save(&self) {
        self.journal.send(SaveAll).await.unwrap();
    }

    fn hold(&self, is_held: bool) {
        self.parser.0.lock().unwrap().is_held = is_held;
    }

    fn heard(&self) -> Vec<String> {
        self.parser.0.lock().unwrap().texts.clone()
    }

    async fn hears(&self, count: usize) -> Vec<String> {
        wait_until(|| self.parser.0.lock().unwrap().texts.len() >= count).await;
        self.heard()
    }
}

async fn wait_until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come");
        sleep(Duration::from_millis(5)).await;
    }
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("frame {n}")).collect()
}

fn in_system(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

#[test]
fn journal_hands_on_live_frames_without_waiting_for_the_disk() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        bench.receive("one").await;
        assert_eq!(bench.hears(1).await, ["one"]);
        assert_eq!(bench.counters.saves.load(Ordering::Relaxed), 0);
        bench.save().await;
        assert_eq!(bench.counters.behind(), 0);
        let read = JournalFile::open(dir.path()).unwrap().read(Seq(0), 10, usize::MAX).unwrap();
        assert_eq!(read.len(), 1);
    });
}

#[test]
fn journal_takes_frames_while_the_parser_stands_still_and_catches_up_in_order() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        bench.hold(true);
        // More than memory keeps: the first of them have to be read again.
        let large = "x".repeat(20_000);
        for n in 0..1_000 {
            bench.receive(format!("{n} {large}")).await;
        }
        bench.save().await;
        assert!(bench.heard().is_empty());
        bench.hold(false);
        bench.receive("live").await;
        let heard = bench.hears(1_001).await;
        let numbers: Vec<_> = heard.iter().map(|text| text.split(' ').next().unwrap()).collect();
        let expected: Vec<_> = (0..1_000).map(|n| n.to_string()).collect();
        assert_eq!(numbers[..1_000], expected);
        assert_eq!(heard[1_000], "live");
        wait_until(|| bench.counters.behind() == 0).await;
    });
}

#[test]
fn journal_goes_on_from_the_checkpoint_after_a_crash() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let written_through = {
            let bench = Bench::open(dir.path());
            bench.resume(0).await;
            for text in numbered(0..10) {
                bench.receive(text).await;
            }
            bench.save().await;
            bench.hears(10).await;
            bench.parser.0.lock().unwrap().seqs[6]
        };
        let bench = Bench::open(dir.path());
        bench.receive("after the start").await;
        bench.resume(written_through).await;
        let heard = bench.hears(4).await;
        assert_eq!(heard, [&numbered(7..10)[..], &["after the start".to_owned()]].concat());
        assert_eq!(bench.parser.0.lock().unwrap().known, ["frame 6"], "the decoder's last frame");
        assert_eq!(bench.counters.found.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn journal_never_uses_a_number_twice_when_unsaved_frames_were_written() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        bench.receive("never saved").await;
        bench.hears(1).await;
        let checkpoint = bench.parser.0.lock().unwrap().seqs[0];
        // The process is killed; the next one does not know of that frame, the database does.
        let bench = Bench::open(dir.path());
        bench.receive("of the next process").await;
        bench.resume(checkpoint).await;
        assert_eq!(bench.hears(1).await, ["of the next process"]);
    });
}

#[test]
fn journal_sets_a_damaged_file_aside_and_goes_on_with_what_it_holds() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        bench.hold(true);
        let large = "x".repeat(20_000);
        for n in 0..1_000 {
            bench.receive(format!("{n} {large}")).await;
        }
        bench.save().await;
        // What left memory can't be read any more.
        let path = dir.path().join("journal.sqlite");
        let length = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let noise = vec![0xAA; length as usize - 8_192];
        std::os::unix::fs::FileExt::write_all_at(&file, &noise, 8_192).unwrap();
        bench.hold(false);
        wait_until(|| bench.counters.set_aside.load(Ordering::Relaxed) == 1).await;
        bench.receive("live").await;
        bench.save().await;
        wait_until(|| bench.heard().last().is_some_and(|last| last == "live")).await;
        let heard = bench.heard();
        assert_eq!(heard.iter().filter(|text| *text == "lost 0").count(), 1);
        assert!(heard.iter().any(|text| text.starts_with("999 ")), "what is in memory is not lost");
        assert_eq!(bench.counters.trouble(), None);
        let read = JournalFile::open(dir.path()).unwrap().read(Seq(0), usize::MAX, usize::MAX);
        let texts = read.unwrap().len();
        assert!(texts > 100, "what is in memory is in the new file: {texts}");
        let names = std::fs::read_dir(dir.path()).unwrap();
        let aside = names.filter(|entry| {
            entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("journal.damaged-")
        });
        assert!(aside.count() >= 1);
    });
}

#[test]
fn journal_says_what_it_had_to_drop_unwritten() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let keep = Keep { max_bytes: 2 << 20, ..Keep::default() };
        let bench = Bench::open_keeping(dir.path(), keep);
        // The database is away: nobody tells the journal where to go on.
        let large = "x".repeat(50_000);
        for n in 0..400 {
            bench.receive(format!("{n} {large}")).await;
        }
        bench.save().await;
        wait_until(|| bench.counters.lost_frames.load(Ordering::Relaxed) > 0).await;
        wait_until(|| bench.counters.bytes.load(Ordering::Relaxed) <= keep.max_bytes + (9 << 20))
            .await;
        let lost = bench.counters.lost_frames.load(Ordering::Relaxed);
        bench.resume(0).await;
        let heard = bench.hears(400 - lost as usize + 1).await;
        assert!(heard[0].starts_with("lost"), "{}", heard[0]);
        assert!(heard[1].starts_with(&format!("{lost} ")), "the rest follows: {:.20}", heard[1]);
        assert!(heard.last().unwrap().starts_with("399 "));
    });
}

#[test]
fn journal_lets_connections_wait_while_nothing_can_be_saved_and_then_takes_all() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        let path = dir.path().join(file::FILE_NAME);
        let mut somebody = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        somebody.batch_execute("BEGIN IMMEDIATE").unwrap();
        // As much as may be on no disk, and then as many as have a place.
        bench.receive("x".repeat(65 << 20)).await;
        wait_until(|| bench.counters.recorded.load(Ordering::Relaxed) == 1).await;
        let small = numbered(0..taking::PLACES);
        for text in &small {
            bench.receive(text.clone()).await;
        }
        let refused = timeout(Duration::from_millis(200), bench.receive("too many")).await;
        assert!(refused.is_err(), "there is no place");
        wait_until(|| bench.counters.waiting.load(Ordering::Relaxed) == small.len() as u64).await;
        assert_eq!(bench.heard().len(), 1);
        somebody.batch_execute("ROLLBACK").unwrap();
        let heard = bench.hears(1 + small.len()).await;
        assert_eq!(heard[1..], small);
        bench.save().await;
        assert_eq!(bench.counters.behind(), 0);
    });
}

#[test]
fn journal_hands_marks_on_in_order_with_frames() {
    in_system(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        bench.resume(0).await;
        let span =
            ConnectionSpan { generation: Generation(1), connected_at: Utc::now(), ended: None };
        bench.leave(FrameReceived::mark(bench.source.clone(), span)).await;
        bench.receive("first").await;
        assert_eq!(bench.hears(2).await, ["mark", "first"]);
    });
}
