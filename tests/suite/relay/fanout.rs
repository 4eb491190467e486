//! How many clients of one feed are supplied how soon: `make fanout`.
//!
//! The program runs as an operator runs it; the venue and the clients are this process, on the same
//! cores. Each frame carries the time at which the venue sent it.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

use actix::System;
use nix::unistd::Pid;
use ringside::simulator::Track;
use tokio::io::AsyncWriteExt;

use crate::support::{
    postgres::TestDb,
    program::Deployment,
    service::{get, track_table},
    wait_until,
};

use super::{crowd, simulator, track};

/// As many as a heat has; their snapshot is about 2.5 kB.
const DRIVERS: u32 = 20;
const FRAMES: u64 = 150;
const FRAME_EVERY: Duration = Duration::from_millis(200);
/// What is promised of the last of a thousand clients.
const LAST_WITHIN: Duration = Duration::from_millis(100);
/// All clients come from one address, and at once.
const LIMITS: &str = "[http.limits]\nconnections_per_address = 6000\nsockets = 6000\n\
    requests_per_second_per_address = 100000\n";
const TICKS_PER_SECOND: f64 = 100.0;

#[test]
#[ignore = "takes a minute, and means something only in a release build: make fanout"]
fn thousand_clients_hear_each_frame_within_a_tenth_of_a_second() {
    let figures = System::new().block_on(measure(1_000));
    assert!(figures.last_p99 < LAST_WITHIN, "{:?}", figures.last_p99);
}

#[test]
#[ignore = "takes a minute, and means something only in a release build: make fanout"]
fn five_thousand_clients_hear_each_frame() {
    System::new().block_on(measure(5_000));
}

struct Figures {
    last_p99: Duration,
}

/// Supplies so many clients, of whom one takes nothing, with frames; prints the figures.
async fn measure(clients: usize) -> Figures {
    let (db, simulator) = (TestDb::new(), simulator().await);
    let track = track(&simulator, "1@park");
    track.push(frame(0));
    let deployment = Deployment::on(&db, &(LIMITS.to_owned() + &track_table("track", &track)));
    let program = deployment.started().await;
    wait_until("the feed is up", async || {
        get(deployment.address, "/metrics")
            .await
            .1
            .contains("ringside_feed_frames_total{feed=\"track\"} 1")
    })
    .await;
    let before = rss_kb(program.pid());

    let mut stuck = crowd::upgrade(deployment.address, "/relay/track").await;
    let start = [&[0x81, 0x8c, 0, 0, 0, 0][..], b"START 1@park"].concat();
    stuck.write_all(&start).await.unwrap();
    let began = Instant::now();
    let crowd = crowd::Crowd::timed(
        deployment.address,
        "/relay/track",
        &["START 1@park"],
        clients - 1,
        sent_at,
    )
    .await;
    wait_until("everybody is there", async || crowd.heard_by_all() == 1).await;
    println!("{clients} clients: all there after {:.1} s", began.elapsed().as_secs_f64());

    let (began, cpu) = (Instant::now(), cpu_seconds(program.pid()));
    play(&track).await;
    wait_until("the last frame", async || crowd.heard_by_all() == 1 + FRAMES).await;
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds(program.pid()) - cpu);
    assert_eq!(crowd.heard_in_all(), (clients as u64 - 1) * (1 + FRAMES), "each frame once");
    assert_eq!(track.connections(), 1);

    let (last, all) = crowd.delays();
    let figures = Figures { last_p99: percentile(&last, 99) };
    println!(
        "  to the last client: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms\n  \
         to each client: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms\n  \
         service: {:.1} % of a core, {} kB before, {} kB with clients",
        ms(percentile(&last, 50)),
        ms(percentile(&last, 99)),
        ms(percentile(&last, 100)),
        ms(percentile(&all, 50)),
        ms(percentile(&all, 99)),
        ms(percentile(&all, 100)),
        100.0 * cpu / took,
        before,
        rss_kb(program.pid()),
    );
    drop(stuck);
    figures
}

async fn play(track: &Track) {
    let mut every = tokio::time::interval(FRAME_EVERY);
    for _ in 0..FRAMES {
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

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// `sorted` is not empty.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

fn rss_kb(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn cpu_seconds(pid: Pid) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program, in brackets, may hold anything.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / TICKS_PER_SECOND
}
