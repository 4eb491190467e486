//! From sockets to rows: the real program with its own Postgres, venues in another process.
//!
//! A few tracks of this process are among the feeds: each says a lap when it is asked to, and how
//! long that takes to be seen in its table is the latency of the fleet.

mod probes;
pub mod venues;

use std::{
    thread,
    time::{Duration, Instant},
};

use actix::System;
use nix::sys::signal::Signal;

use crate::{
    Scale,
    process::{cpu_seconds, cpu_seconds_of_children, memory_bytes},
    report::{Figure, Report, Should, Table, percentile},
    support::{
        postgres::TestDb,
        program::{Deployment, Program, ringside, stdout},
        wait_within,
    },
};

use self::{
    probes::Probes,
    venues::{Play, Venues},
};

/// Venues are as many on one host here, and each spends milliseconds on its world before it answers.
/// Those that are kept waiting for too long are only asked again.
const LIMITS: &str = "[limits]\nconnects_per_second_per_host = 150\n\
    frames_per_second_per_feed = 1000000\nbytes_per_second_per_feed = 1000000000\n";
const STARTS_WITHIN: Duration = Duration::from_secs(180);
/// Thousands of venues are looked at each time, on the cores that everybody shares.
const COUNTED_EVERY: Duration = Duration::from_millis(250);
const MOST_METRICS: usize = 64 << 20;
/// Records between journal and writer of venues that go as fast as they can.
const MOST_BEHIND: f64 = 10_000.0;
const DRIVEN_EVERY: Duration = Duration::from_millis(100);
/// Memory that a deployment has however few feeds it has, bytes.
const FIXED_BYTES: f64 = 60e6;

/// What one run is of.
#[derive(Clone, Copy)]
struct Run {
    feeds: usize,
    play: Play,
    settle: Duration,
    measure: Duration,
}

/// What one run found.
struct Figures {
    run: Run,
    frames_per_second: f64,
    rows_per_second: f64,
    /// Sorted.
    latencies: Vec<Duration>,
    /// Seconds per million frames: of the program, of its Postgres, of the venues.
    cpu: [f64; 3],
    memory: f64,
    /// Records that are not with the writer when the run ends.
    behind: f64,
    waiting_at_venues: usize,
}

pub fn run(scale: Scale) -> Report {
    let mut report = Report::default();
    let mut fleets = Table::new("fleets at real speed, and as fast as it goes");
    let secs = |full, smoke| Duration::from_secs(scale.pick(full, smoke));
    let (settle, measure) = (secs(15, 1), secs(45, 2));
    let mut last = None;
    for feeds in sizes(scale) {
        // Each heat that is under way asks for its past first.
        let settle = settle.max(Duration::from_millis(feeds as u64 * 6));
        let figures = take(Run { feeds, play: Play::Heats, settle, measure });
        let p99 = percentile(&figures.latencies, 99);
        eprintln!(
            "{feeds} feeds: {:.0} frames/s, p99 {p99:.0?}, {:.1} kB a feed",
            figures.frames_per_second,
            figures.kb_per_feed()
        );
        fleets.row(figures.row("real speed"));
        last = Some(figures);
    }
    let flat = Run { feeds: scale.pick(100, 2), play: Play::Flat, settle, measure };
    fleets.row(take(flat).row("flat out"));
    let idle =
        take(Run { feeds: scale.pick(10_000, 3), play: Play::Idle, settle, measure: settle });
    fleets.row(idle.row("idle"));
    report.add(fleets);
    if let Some(busy) = last {
        let p99 = percentile(&busy.latencies, 99).as_secs_f64();
        report.goal("99th percentile of the largest fleet, s", p99, Should::StayBelow(1.0));
        let share = busy.frames_per_second / busy.run.feeds as f64 / venues::REAL_SPEED.start();
        report.goal("speed of the largest fleet, of real speed", share, Should::Reach(1.0));
        report.goal("memory of a busy feed, kB", busy.kb_per_feed(), Should::StayBelow(60.0));
    }
    report.goal("memory of an idle feed, kB", idle.kb_per_feed(), Should::StayBelow(30.0));
    report
}

/// Of the fleets at real speed; `RINGSIDE_BENCH_FEEDS=500,2000` asks for others.
fn sizes(scale: Scale) -> Vec<usize> {
    match std::env::var("RINGSIDE_BENCH_FEEDS") {
        Ok(sizes) => sizes.split(',').map(|size| size.parse().unwrap()).collect(),
        Err(_) => scale.pick(vec![100, 1_000, 5_000, 10_000], vec![3]),
    }
}

fn take(run: Run) -> Figures {
    System::new().block_on(async {
        let mut venues = Venues::open(run.feeds, run.play);
        let mut probes = Probes::open().await;
        let feeds = venues.config.clone() + &probes.config();
        let deployment = Deployment::new(&format!("{LIMITS}{feeds}"));
        let mut program = deployment.started().await;
        wait_within(STARTS_WITHIN, "all are connected", async || {
            tokio::time::sleep(COUNTED_EVERY).await;
            venues.heard() == run.feeds && probes.are_heard()
        })
        .await;
        venues.begin();
        tokio::time::sleep(run.settle).await;

        let db = database(&deployment).await;
        let before = Counts::of(&deployment, &program, &venues).await;
        let latencies = match run.play {
            Play::Flat => drive(&mut venues, &deployment, run.measure).await,
            Play::Heats | Play::Idle => probes.measure(&db, run.measure),
        };
        let after = Counts::of(&deployment, &program, &venues).await;
        let took = (after.at - before.at).as_secs_f64();
        let waiting_at_venues = venues.backlog();
        let memory = memory_bytes(program.pid().as_raw().unsigned_abs());
        venues.pause();
        assert_eq!(after.lost, 0.0, "frames were lost or refused");
        program.signal(Signal::SIGTERM);
        assert!(program.ended(STARTS_WITHIN).await.success(), "{}", program.log());

        let frames = (after.frames - after.behind) - (before.frames - before.behind);
        let millions = frames / 1e6;
        let cpu = std::array::from_fn(|who| (after.cpu[who] - before.cpu[who]) / millions);
        Figures {
            run,
            frames_per_second: frames / took,
            rows_per_second: (after.rows - before.rows) / took,
            latencies,
            cpu,
            memory,
            behind: after.behind,
            waiting_at_venues,
        }
    })
}

/// Lets the venues send as much as is decoded: what only fills the journal is not sustained. Nothing
/// is told of latencies, since the fleet is as full as it may be.
async fn drive(venues: &mut Venues, deployment: &Deployment, time: Duration) -> Vec<Duration> {
    let began = Instant::now();
    while began.elapsed() < time {
        let metrics = metrics(deployment).await;
        if value(&metrics, "ringside_journal_behind_records") > MOST_BEHIND {
            venues.pause();
        } else {
            venues.begin();
        }
        tokio::time::sleep(DRIVEN_EVERY).await;
    }
    Vec::new()
}

/// The private database of a deployment that runs; waits until it is there.
pub async fn database(deployment: &Deployment) -> TestDb {
    let mut url = String::new();
    wait_within(STARTS_WITHIN, "the private database runs", async || {
        let asked = ringside(&["--config", deployment.config(), "database-url"]);
        url = stdout(&asked).trim().to_owned();
        asked.status.success()
    })
    .await;
    TestDb { pool: ringside::db::connect(&url, 2), url }
}

/// What was counted up to a moment.
struct Counts {
    at: Instant,
    frames: f64,
    rows: f64,
    behind: f64,
    lost: f64,
    cpu: [f64; 3],
}

/// Of ten thousand feeds they are some megabytes.
pub async fn metrics(deployment: &Deployment) -> String {
    let client = awc::Client::builder().connector(awc::Connector::new()).disable_timeout().finish();
    let address = format!("http://{}/metrics", deployment.address);
    let mut answer = client.get(address).send().await.unwrap();
    String::from_utf8(answer.body().limit(MOST_METRICS).await.unwrap().to_vec()).unwrap()
}

/// Of one that is told without labels.
pub fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}"))
}

impl Counts {
    async fn of(deployment: &Deployment, program: &Program, venues: &Venues) -> Self {
        let pid = program.pid().as_raw().unsigned_abs();
        // Before the metrics: of thousands of feeds they take their time.
        let cpu =
            [cpu_seconds(pid), cpu_seconds_of_children(pid, "postgres"), cpu_seconds(venues.pid())];
        let (at, metrics) = (Instant::now(), metrics(deployment).await);
        let value = |name| value(&metrics, name);
        let rejected = metrics.lines().filter(|line| {
            line.starts_with("ringside_feed_rejected_frames_total{") && !line.ends_with(" 0")
        });
        Self {
            at,
            frames: value("ringside_journal_records_total"),
            rows: value("ringside_writer_rows_total"),
            behind: value("ringside_journal_behind_records"),
            lost: value("ringside_journal_lost_frames_total")
                + value("ringside_writer_rejected_rows_total")
                + rejected.count() as f64,
            cpu,
        }
    }
}

impl Figures {
    fn kb_per_feed(&self) -> f64 {
        (self.memory - FIXED_BYTES).max(0.0) / self.run.feeds as f64 / 1e3
    }

    fn row(&self, how: &str) -> Vec<(&'static str, Figure)> {
        let ms = |percent| match percentile(&self.latencies, percent).as_secs_f64() {
            0.0 => Figure::text("-"),
            latency => Figure::Number(latency * 1e3, 0),
        };
        let [program, postgres, venues] = self.cpu.map(|seconds| Figure::Number(seconds, 1));
        vec![
            ("how", Figure::text(how)),
            ("feeds", Figure::Number(self.run.feeds as f64, 0)),
            ("frames/s", Figure::Number(self.frames_per_second, 0)),
            ("a track", Figure::Number(self.frames_per_second / self.run.feeds as f64, 2)),
            ("rows/s", Figure::Number(self.rows_per_second, 0)),
            ("p50 ms", ms(50)),
            ("p95 ms", ms(95)),
            ("p99 ms", ms(99)),
            ("cpu s/M frames", program),
            ("of Postgres", postgres),
            ("of the venues", venues),
            ("memory MB", Figure::Number(self.memory / 1e6, 0)),
            ("kB/feed", Figure::Number(self.kb_per_feed(), 1)),
            ("behind", Figure::Number(self.behind, 0)),
            ("at venues", Figure::Number(self.waiting_at_venues as f64, 0)),
        ]
    }
}

/// Waits on this thread: the fleet is in other processes.
fn pause(time: Duration) {
    thread::sleep(time);
}
