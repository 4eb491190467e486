//! How many clients of one feed are supplied how soon.
//!
//! The program runs as an operator runs it; the venue and the clients are this process, on the same
//! cores. Each frame carries the time at which the venue sent it, and one client takes nothing.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use actix::System;
use ringside::simulator::{Plays, Simulator, SimulatorOptions, Track, TrackOptions};
use tokio::io::AsyncWriteExt;

use crate::{
    Scale, crowd,
    process::{cpu_seconds, memory_bytes},
    report::{Figure, Report, Should, Table, percentile},
    support::{
        postgres::TestDb,
        program::Deployment,
        service::{get, track_table},
        wait_until,
    },
};

/// As many as a heat has; their snapshot is about 2.5 kB.
const DRIVERS: u32 = 20;
const FRAME_EVERY: Duration = Duration::from_millis(200);
/// All clients come from one address, and at once.
const LIMITS: &str = "[http.limits]\nconnections_per_address = 6000\nsockets = 6000\n\
    requests_per_second_per_address = 100000\n";

pub fn run(scale: Scale) -> Report {
    let mut report = Report::default();
    let mut table = Table::new("relay clients of one track, five frames a second");
    let frames = scale.pick(150, 3);
    for &clients in scale.pick(&[1_000, 5_000][..], &[10][..]) {
        let figures = System::new().block_on(measure(clients, frames));
        if clients == 1_000 {
            let last = percentile(&figures.last, 99).as_secs_f64() * 1e3;
            report.goal(
                "the last of a thousand, 99th percentile, ms",
                last,
                Should::StayBelow(100.0),
            );
        }
        table.row(figures.row(clients));
    }
    report.add(table);
    report
}

struct Figures {
    /// To the last client of each frame, and to each client; both sorted.
    last: Vec<Duration>,
    all: Vec<Duration>,
    /// Share of a core.
    cpu: f64,
    /// Bytes without clients, and with them.
    memory: [f64; 2],
}

impl Figures {
    fn row(&self, clients: usize) -> Vec<(&'static str, Figure)> {
        let ms = |sorted: &[Duration], percent| {
            Figure::Number(percentile(sorted, percent).as_secs_f64() * 1e3, 0)
        };
        let [without, with] = self.memory.map(|bytes| Figure::Number(bytes / 1e6, 0));
        vec![
            ("clients", Figure::Number(clients as f64, 0)),
            ("last p50 ms", ms(&self.last, 50)),
            ("last p99 ms", ms(&self.last, 99)),
            ("last max ms", ms(&self.last, 100)),
            ("each p50 ms", ms(&self.all, 50)),
            ("each p99 ms", ms(&self.all, 99)),
            ("% of a core", Figure::Number(100.0 * self.cpu, 1)),
            ("MB before", without),
            ("MB", with),
        ]
    }
}

/// Supplies so many clients, of whom one takes nothing, with so many frames.
async fn measure(clients: usize, frames: u64) -> Figures {
    let db = TestDb::new();
    let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let options = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@park") };
    let track = simulator.add_track(options);
    track.push(frame(0));
    let deployment = Deployment::on(&db, &(LIMITS.to_owned() + &track_table("track", &track)));
    let program = deployment.started().await;
    let pid = program.pid().as_raw().unsigned_abs();
    wait_until("the feed is up", async || {
        get(deployment.address, "/metrics")
            .await
            .1
            .contains("ringside_feed_frames_total{feed=\"track\"} 1")
    })
    .await;
    let before = memory_bytes(pid);

    let mut stuck = crowd::upgrade(deployment.address, "/relay/track").await;
    let start = [&[0x81, 0x8c, 0, 0, 0, 0][..], b"START 1@park"].concat();
    stuck.write_all(&start).await.unwrap();
    let crowd = crowd::Crowd::timed(
        deployment.address,
        "/relay/track",
        &["START 1@park"],
        clients - 1,
        sent_at,
    )
    .await;
    wait_until("everybody is there", async || crowd.heard_by_all() == 1).await;

    let (began, cpu) = (Instant::now(), cpu_seconds(pid));
    play(&track, frames).await;
    wait_until("the last frame", async || crowd.heard_by_all() == 1 + frames).await;
    let cpu = (cpu_seconds(pid) - cpu) / began.elapsed().as_secs_f64();
    assert_eq!(crowd.heard_in_all(), (clients as u64 - 1) * (1 + frames), "each frame once");
    assert_eq!(track.connections(), 1);

    let (last, all) = crowd.delays();
    let memory = [before, memory_bytes(pid)];
    drop(stuck);
    Figures { last, all, cpu, memory }
}

async fn play(track: &Track, frames: u64) {
    let mut every = tokio::time::interval(FRAME_EVERY);
    for _ in 0..frames {
        every.tick().await;
        track.push(frame(epoch().elapsed().as_micros()));
    }
}

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// A heat whose counter is the time; 0 for one that nobody times.
fn frame(micros: u128) -> String {
    let drivers = (1..=DRIVERS).map(|n| {
        format!(
            r#"{{"LP":0,"A":{},"B":{},"K":"{n}","G":"+0{n}.123","D":{},"L":12,"T":{},"R":5,"N":"Driver number {n}","P":{n},"M":0}}"#,
            45_000 + n,
            43_000 + n,
            58_509_200 + n,
            44_000 + n
        )
    });
    let drivers = drivers.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"T":1786487400,"CE":1,"CS":1,"D":[{drivers}],"EM":0,"C":{micros},"N":"[HEAT] 66 - Mega Pro","E":0,"R":1,"L":0,"S":1}}"#
    )
}

fn sent_at(payload: &[u8]) -> Option<Instant> {
    let text = std::str::from_utf8(payload).ok()?;
    let (_, rest) = text.split_once(r#""C":"#)?;
    let micros: u64 = rest.split_once(',')?.0.parse().ok()?;
    (micros > 0).then(|| epoch() + Duration::from_micros(micros))
}
