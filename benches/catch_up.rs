//! After an outage: what stands in the journal goes to Postgres, by the real program.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix::System;
use bytestring::ByteString;
use chrono::{DateTime, TimeDelta, Utc};
use nix::sys::signal::Signal;
use ringside::{
    event::{FeedId, FeedInfo, Generation},
    feed::{self, Decoded, Frame, bmi},
    pipeline::{
        journal::{
            file::JournalFile,
            record::{Content, Record, Seq},
        },
        message::{Batch, Entry, Payload},
        writer::Batching,
    },
    simulator::{KartOptions, KartWorld},
};

use crate::{
    Scale,
    process::{cpu_seconds, cpu_seconds_of_children},
    report::{Figure, Report, Should, Table},
    support::{program::Deployment, wait_within},
};

use super::{
    pipeline::{database, metrics, value},
    store::{self, Stored},
};

const FEEDS: usize = 100;
const SAVED_AT_ONCE: usize = 5_000;
const WITHIN: Duration = Duration::from_secs(600);

/// What the frames of a feed are.
#[derive(Clone, Copy)]
enum Frames {
    /// The same snapshot again and again.
    Same,
    /// A snapshot in which nothing but the clock goes on.
    Clock,
    /// Heat after heat.
    Heats,
}

struct Figures {
    frames_per_second: f64,
    rows_per_second: f64,
    cpu: f64,
    cpu_of_postgres: f64,
}

pub fn run(scale: Scale) -> Report {
    let mut report = Report::default();
    let frames = scale.pick(1_000_000, 2_000);
    let mut table = Table::new("frames of the journal into Postgres");
    for (name, kind) in
        [("unchanged", Frames::Same), ("only the clock", Frames::Clock), ("heats", Frames::Heats)]
    {
        let figures = System::new().block_on(catch_up(frames, kind));
        table.row([
            ("snapshots", Figure::text(name)),
            ("frames", Figure::Number(frames as f64, 0)),
            ("frames/s", Figure::Number(figures.frames_per_second, 0)),
            ("rows/s", Figure::Number(figures.rows_per_second, 0)),
            ("cpu s/M frames", Figure::Number(figures.cpu, 1)),
            ("of Postgres", Figure::Number(figures.cpu_of_postgres, 1)),
        ]);
        if matches!(kind, Frames::Same) {
            let per_second = figures.frames_per_second;
            report.goal("unchanged snapshots a second", per_second, Should::Reach(100_000.0));
        }
        if matches!(kind, Frames::Heats) {
            let alone = System::new().block_on(store_alone(scale.pick(300_000, 2_000)));
            let share = figures.frames_per_second / alone;
            eprintln!("what heats say goes through the store alone at {alone:.0} frames/s");
            report.goal("heats, of what the store alone takes", share, Should::Reach(0.5));
        }
    }
    report.add(table);
    report
}

/// How many frames a second the store takes of the same heats when it is given what they say, in
/// batches as large as those of a journal that is caught up with.
async fn store_alone(frames: usize) -> f64 {
    let (_postgres, test) = store::database();
    let stored = Stored::over(&test.pool);
    let kind = feed::retired(bmi::KIND).expect("a known kind");
    let mut venues: Vec<_> =
        (1..=FEEDS).map(|number| (Venue::new(number, Frames::Heats), kind.decoder())).collect();
    let (mut entries, mut took) = (Vec::new(), Duration::ZERO);
    for n in 0..frames {
        let (venue, decoder) = &mut venues[n % FEEDS];
        let record = venue.record(Seq(n as i64));
        let Content::Frame(Payload::Text(payload)) = &record.content else { unreachable!() };
        let frame = Frame { received_at: record.received_at, payload };
        let events = loop {
            match decoder.decode(frame).expect("a heat") {
                Decoded::Events(outcome) => break outcome.events,
                Decoded::Asks(ask) => {
                    let nothing = ask.nothing();
                    decoder.recall(ask, nothing);
                }
            }
        };
        entries.extend(events.into_iter().map(|event| Entry { feed: record.feed.clone(), event }));
        if entries.len() >= Batching::default().batch_events || n + 1 == frames {
            let batch = Batch { entries: std::mem::take(&mut entries), checkpoint: None };
            let began = Instant::now();
            stored.write(&[Arc::new(batch)]).await;
            took += began.elapsed();
        }
    }
    frames as f64 / took.as_secs_f64()
}

async fn catch_up(frames: usize, kind: Frames) -> Figures {
    // Nobody is there: what is in the journal is all.
    let feeds: String = (1..=FEEDS)
        .map(|number| {
            format!(
                "[[feed]]\nid = \"track-{number}\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"T\"\n\
                 url = \"ws://127.0.0.1:9/\"\nresource = \"{number}@bench\"\n"
            )
        })
        .collect();
    let deployment = Deployment::new(&format!("[journal]\nmax_bytes = \"16GiB\"\n{feeds}"));
    let mut first = deployment.started().await;
    first.signal(Signal::SIGTERM);
    assert!(first.ended(WITHIN).await.success(), "{}", first.log());
    let last = fill(&deployment, frames, kind);

    let began = Instant::now();
    let mut program = deployment.started().await;
    let db = database(&deployment).await;
    let done = format!("SELECT count(*) FROM checkpoints WHERE seq >= {}", last.0);
    wait_within(WITHIN, "all is written", async || db.value(&done) == 1).await;
    let took = began.elapsed().as_secs_f64();
    let pid = program.pid().as_raw().unsigned_abs();
    let millions = frames as f64 / 1e6;
    let (cpu, cpu_of_postgres) =
        (cpu_seconds(pid) / millions, cpu_seconds_of_children(pid, "postgres") / millions);
    let rows = value(&metrics(&deployment).await, "ringside_writer_rows_total");
    let refused = db.value("SELECT count(*) FROM rejected_frames");
    assert_eq!(refused, 0);
    program.signal(Signal::SIGTERM);
    assert!(program.ended(WITHIN).await.success(), "{}", program.log());
    Figures {
        frames_per_second: frames as f64 / took,
        rows_per_second: rows / took,
        cpu,
        cpu_of_postgres,
    }
}

/// Writes the frames as an outage leaves them, feed by feed in turn; returns the last one.
fn fill(deployment: &Deployment, frames: usize, kind: Frames) -> Seq {
    let dir = deployment.folder.path().join("ringside-data/journal");
    let mut file = JournalFile::open(&dir).unwrap();
    let mut venues: Vec<_> = (1..=FEEDS).map(|number| Venue::new(number, kind)).collect();
    let mut seq = Seq::of_start(file.start());
    let mut left = frames;
    while left > 0 {
        let count = left.min(SAVED_AT_ONCE);
        let records: Vec<_> = (0..count)
            .map(|n| {
                seq = seq.next();
                Arc::new(venues[n % FEEDS].record(seq))
            })
            .collect();
        file.append(&records, Seq::default()).unwrap();
        left -= count;
    }
    seq
}

struct Venue {
    info: Arc<FeedInfo>,
    kind: Frames,
    world: KartWorld,
    snapshot: ByteString,
    at: DateTime<Utc>,
}

impl Venue {
    fn new(number: usize, kind: Frames) -> Self {
        let id = FeedId::new(format!("track-{number}"));
        let info = FeedInfo { id, kind: "bmi".into(), venue: "V".into(), name: "T".into() };
        let mut world = KartWorld::new(number as u64, KartOptions::default());
        // A heat in full swing.
        let snapshot = world.nth(400).unwrap().text;
        let at = Utc::now() - TimeDelta::hours(12);
        Self { info: Arc::new(info), kind, world, snapshot: snapshot.into(), at }
    }

    fn record(&mut self, seq: Seq) -> Record {
        self.at += TimeDelta::seconds(1);
        let text = match self.kind {
            Frames::Same => self.snapshot.clone(),
            Frames::Clock => {
                let (before, after) = self.snapshot.split_once("\"C\":").unwrap();
                let (_, after) = after.split_once(',').unwrap();
                format!("{before}\"C\":{},{after}", seq.0 % 1_000_000).into()
            }
            Frames::Heats => self.world.next().unwrap().text.into(),
        };
        let content = Content::Frame(Payload::Text(text));
        Record::new(seq, self.info.clone(), Generation(1), self.at, content)
    }
}
