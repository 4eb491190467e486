//! Long runs: `make soak`. Memory, open files, journal and latency must be at the end what they
//! were at the beginning.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use nix::{sys::signal::Signal, unistd::Pid};

use crate::support::{
    mortal::MortalPostgres,
    postgres::TestDb,
    probe::Probe,
    program::{Deployment, Program},
    venues::{Venues, VenuesOptions},
    wait_within,
};

/// Frames of the long run, unless `RINGSIDE_SOAK_FRAMES` says otherwise.
const FRAMES: u64 = 2_000_000;
/// Seconds of the venues in a second of ours, unless `RINGSIDE_SOAK_SPEED` says otherwise: what two
/// cores take that play the venues and run Postgres as well.
const SPEED: f64 = 25.0;
/// Small enough to be full soon, so that it is flat from then on or not at all.
const SETTINGS: &str = "[journal]\nmax_bytes = \"64MiB\"\n";
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
const PROBE_EVERY: Duration = Duration::from_millis(200);
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// While caches fill and decoders remember their first heats, what is measured is not what stays.
const WARM_UP_SHARE: f64 = 0.3;
/// How much more something may be in the last tenth than in the first.
const MAX_GROWTH: f64 = 1.2;
/// Differences below these are noise: kB, files, bytes, milliseconds.
const NOISE: [f64; 4] = [16_384.0, 8.0, 1_048_576.0, 50.0];
/// What is promised of a frame on its way to its row.
const VISIBLE_WITHIN: Duration = Duration::from_millis(250);

/// A fleet, the program and Postgres.
struct Run {
    venues: Venues,
    probe: Probe,
    deployment: Deployment,
    program: Program,
    db: TestDb,
    // Ends after its clients.
    _postgres: MortalPostgres,
}

impl Run {
    async fn start(options: VenuesOptions, settings: &str) -> Self {
        let venues = Venues::open(options).await;
        let probe = Probe::open(&venues.simulator);
        let postgres = MortalPostgres::start();
        let db = postgres.database();
        let feeds = venues.config() + &probe.config();
        let deployment =
            Deployment::new(&format!("[database]\nurl = {:?}\n{settings}{feeds}", db.url));
        let program = deployment.started().await;
        wait_within(STARTS_WITHIN, "all are connected", async || venues.all_have_listeners()).await;
        Self { venues, probe, deployment, program, db, _postgres: postgres }
    }

    /// From frames to rows, again and again for so long.
    async fn latencies(&mut self, time: Duration) -> Vec<Duration> {
        let until = Instant::now() + time;
        let mut latencies = Vec::new();
        while Instant::now() < until {
            latencies.push(self.probe.measure(&self.db));
            self.venues.play_for(PROBE_EVERY).await;
        }
        latencies.sort();
        latencies
    }

    async fn sample(&mut self) -> Sample {
        let latencies = self.latencies(SAMPLE_EVERY).await;
        Sample {
            frames: self.venues.frames_sent(),
            rss_kb: rss_kb(self.program.pid()),
            files: open_files(self.program.pid()),
            journal_bytes: bytes_in(&self.deployment.folder.path().join("ringside-data/journal")),
            rows: self.db.value("SELECT count(*) FROM laps").as_u64().unwrap(),
            p90: percentile(&latencies, 90),
            max: percentile(&latencies, 100),
        }
    }

    /// Nobody was cut off, everything that was read could be read, and it ends as it should.
    async fn stop(mut self) {
        let refused = self.db.value(
            "SELECT (SELECT count(*) FROM rejected_frames) + (SELECT count(*) FROM rejected_rows)",
        );
        let connects: Vec<_> = self.venues.connection_times().iter().map(Vec::len).collect();
        self.program.signal(Signal::SIGTERM);
        let status = self.program.ended(STARTS_WITHIN).await;
        assert!(status.success(), "{}", self.program.log());
        assert_eq!(refused, 0, "frames or rows were refused");
        assert!(connects.iter().all(|n| *n == 1), "connections were lost: {connects:?}");
    }
}

struct Sample {
    frames: u64,
    rss_kb: u64,
    files: u64,
    journal_bytes: u64,
    rows: u64,
    p90: Duration,
    max: Duration,
}

impl Sample {
    /// What must not grow, in the order of [`NOISE`].
    fn figures(&self) -> [f64; 4] {
        let p90_ms = self.p90.as_secs_f64() * 1_000.0;
        [self.rss_kb as f64, self.files as f64, self.journal_bytes as f64, p90_ms]
    }
}

#[test]
#[ignore = "takes a quarter of an hour: make soak"]
fn nothing_grows_when_a_season_is_played() {
    let frames = setting("RINGSIDE_SOAK_FRAMES").map_or(FRAMES, |text| text.parse().unwrap());
    let speed = setting("RINGSIDE_SOAK_SPEED").map_or(SPEED, |text| text.parse().unwrap());
    actix::System::new().block_on(async {
        let (tracks, rings, idle) = (80, 20, 0);
        let options = VenuesOptions { tracks, rings, idle, speed, heat_s: 600, keep_sent: 0 };
        let mut run = Run::start(options, SETTINGS).await;
        let began = Instant::now();
        let mut samples: Vec<Sample> = Vec::new();
        println!(
            "{:>7} {:>9} {:>9} {:>6} {:>11} {:>9} {:>8} {:>8}",
            "seconds", "frames", "rss_kb", "files", "journal_kb", "laps", "p90_ms", "max_ms"
        );
        while run.venues.frames_sent() < frames {
            let sample = run.sample().await;
            println!(
                "{:>7.0} {:>9} {:>9} {:>6} {:>11} {:>9} {:>8.1} {:>8.1}",
                began.elapsed().as_secs_f64(),
                sample.frames,
                sample.rss_kb,
                sample.files,
                sample.journal_bytes / 1_024,
                sample.rows,
                sample.p90.as_secs_f64() * 1_000.0,
                sample.max.as_secs_f64() * 1_000.0,
            );
            samples.push(sample);
        }
        run.stop().await;
        assert_flat(&samples);
    });
}

#[test]
#[ignore = "takes minutes: make soak"]
fn rows_are_visible_within_a_quarter_second_when_two_hundred_feeds_play() {
    actix::System::new().block_on(async {
        let (tracks, rings, idle) = (160, 39, 0);
        let options = VenuesOptions { tracks, rings, idle, speed: 1.0, heat_s: 600, keep_sent: 0 };
        let mut run = Run::start(options, "").await;
        let latencies = run.latencies(Duration::from_secs(120)).await;
        let [p50, p90, p99, max] = [50, 90, 99, 100].map(|p| percentile(&latencies, p));
        println!(
            "200 feeds at real speed: {} frames, {} measurements, p50={p50:?} p90={p90:?} \
             p99={p99:?} max={max:?}",
            run.venues.frames_sent(),
            latencies.len(),
        );
        run.stop().await;
        assert!(p90 < VISIBLE_WITHIN, "{p90:?}");
    });
}

/// The last tenth against the first after the warm-up.
fn assert_flat(samples: &[Sample]) {
    let warm = &samples[(samples.len() as f64 * WARM_UP_SHARE) as usize..];
    let tenth = warm.len().div_ceil(10);
    let (first, last) = (median(&warm[..tenth]), median(&warm[warm.len() - tenth..]));
    let mut grown = Vec::new();
    for (index, what) in ["rss_kb", "files", "journal_bytes", "p90_ms"].into_iter().enumerate() {
        let (first, last) = (first[index], last[index]);
        println!("{what}: first tenth {first:.1}, last tenth {last:.1}, {:.3} times", last / first);
        if last > first * MAX_GROWTH && last - first > NOISE[index] {
            grown.push(what);
        }
    }
    assert!(grown.is_empty(), "grown: {grown:?}");
}

/// Of each figure by itself: what else the machine does now and then is not ours.
fn median(samples: &[Sample]) -> [f64; 4] {
    std::array::from_fn(|index| {
        let mut figures: Vec<_> = samples.iter().map(|sample| sample.figures()[index]).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    })
}

/// `sorted` is not empty.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn rss_kb(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn open_files(pid: Pid) -> u64 {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64
}

/// 0 for a folder that is not there.
fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    // A file may go while we look.
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

#[test]
#[should_panic(expected = "grown: [\"rss_kb\", \"p90_ms\"]")]
fn growth_is_seen_when_there_is_some() {
    let sample = |n: u64| Sample {
        frames: n,
        rss_kb: 50_000 + 1_000 * n,
        files: 100 + n / 20,
        journal_bytes: 1_000_000,
        rows: n,
        p90: Duration::from_millis(50 + n),
        max: Duration::from_millis(50),
    };
    assert_flat(&(0..100).map(sample).collect::<Vec<_>>());
}
