//! A service with a track and a ring that do only what a test tells them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringside::{
    app::Options,
    pipeline::connection::Deadlines,
    simulator::{Plays, Ring, RingOptions, Simulator, SimulatorOptions, Track, TrackOptions},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{
    chromium::Page,
    postgres::TestDb,
    service::{Service, options, ring_table, track_table},
    wait_until,
};

/// Feeds `track` and `ring`.
pub struct Stage {
    pub db: TestDb,
    pub track: Track,
    pub ring: Ring,
    pub service: Service,
    _simulator: Simulator,
}

impl Stage {
    pub async fn set() -> Self {
        Self::on(TestDb::new()).await
    }

    pub async fn on(db: TestDb) -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@stage") };
        let track = simulator.add_track(track);
        let ring = RingOptions { plays: Plays::Nothing, ..RingOptions::new("stage001") };
        let ring = simulator.add_ring(ring);
        track.push("{}");
        ring.push(r#"{"error":"Runs are not ready yet"}"#);
        let feeds = track_table("track", &track) + &ring_table("ring", &ring);
        let usual = options();
        // A test may look at one frame for long.
        let deadlines = Deadlines { silence: None, ..usual.deadlines };
        let options = Options { deadlines, ..usual };
        let service = Service::start_with(&db, &feeds, options, |_| {}).await;
        wait_until("both feeds are heard", async || {
            track.subscribers() == 1 && ring.subscribers() == 1
        })
        .await;
        Self { db, track, ring, service, _simulator: simulator }
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.address())
    }

    pub async fn open(&self, path: &str) -> Page {
        Page::open(&self.address(path)).await
    }

    pub fn show(&self, heat: &Heat) {
        self.track.push(heat.frame());
    }

    /// Shows it again and again, as a track does while a heat runs, until the answer is dropped.
    pub fn keep_showing(&self, heat: &Heat) -> Showing {
        let (track, frame) = (self.track.clone(), heat.frame());
        Showing(actix::spawn(async move {
            let mut rhythm = tokio::time::interval(Duration::from_millis(500));
            loop {
                rhythm.tick().await;
                track.push(&*frame);
            }
        }))
    }

    pub fn show_ring(&self, message: &Value) {
        self.ring.push(message.to_string());
    }
}

pub struct Showing(JoinHandle<()>);

impl Drop for Showing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A heat for the best lap, by time.
#[derive(Clone)]
pub struct Heat {
    pub name: String,
    /// As on the wire: 1 running, 2 paused, 4 finished.
    pub state: u8,
    pub clock_ms: i64,
    drivers: Vec<Driver>,
}

#[derive(Clone)]
struct Driver {
    id: usize,
    name: String,
    laps: Vec<u32>,
}

impl Heat {
    pub fn running(names: &[&str]) -> Self {
        let driver = |(id, name): (usize, &&str)| Driver {
            id: id + 1,
            name: (*name).to_owned(),
            laps: Vec::new(),
        };
        let drivers = names.iter().enumerate().map(driver).collect();
        Self { name: "[HEAT] 7 - Final".to_owned(), state: 1, clock_ms: 600_000, drivers }
    }

    /// Its clock stands: such a heat may be silent for as long as a busy machine makes it.
    pub fn paused(names: &[&str]) -> Self {
        Self { state: 2, ..Self::running(names) }
    }

    /// The driver with this number, from 1, has done a lap.
    pub fn lap(&mut self, driver: usize, ms: u32) {
        self.drivers[driver - 1].laps.push(ms);
        self.clock_ms -= 1_000;
    }

    fn frame(&self) -> String {
        let mut table: Vec<_> = self.drivers.iter().collect();
        let best = |driver: &Driver| driver.laps.iter().min().copied();
        table.sort_by_key(|driver| best(driver).unwrap_or(u32::MAX));
        let leader = table.first().and_then(|driver| best(driver));
        let lines = table.iter().zip(1..).map(|(driver, position)| {
            let laps = &driver.laps;
            let sum: u32 = laps.iter().sum();
            let gap = best(driver).zip(leader).filter(|(own, first)| own > first);
            let gap = gap.map(|(own, first)| f64::from(own - first) / 1_000.0);
            json!({
                "LP": 0, "A": sum.checked_div(laps.len() as u32).unwrap_or(0),
                "B": best(driver).unwrap_or(0), "K": driver.id.to_string(),
                "G": gap.map_or(String::new(), |gap| format!("{gap:.3}")), "D": driver.id,
                "L": laps.len(), "T": laps.last().unwrap_or(&0), "R": 5, "N": driver.name,
                "P": position, "M": 0,
            })
        });
        let runs = u8::from(self.state == 1);
        json!({
            "T": 1_700_000_100, "CE": runs, "CS": runs, "D": lines.collect::<Vec<_>>(), "EM": 0,
            "C": self.clock_ms, "N": self.name, "E": 1, "R": 1, "L": 0, "S": self.state,
        })
        .to_string()
    }
}

/// A dog in a run of the ring, in a state: `ready`, `running`, `calculated`.
pub fn dog(id: u32, name: &str, handler: &str, status: &str) -> Value {
    json!({
        "id": format!("dog-{id}"), "dorsal": id.to_string(), "start_order": id.to_string(),
        "dog_family_name": name, "handler": handler, "status_string": status, "faults": "0",
        "refusals": "0", "disqualification": "", "qualification": "", "classification": "",
        "time": "", "time_marker": "false", "total_penalization": "", "speed": "", "club": "Club",
        "country": "ES", "dog_breed": "Border Collie", "dog_gender": "Female", "dog_age": "6 years",
        "dog_height": "48.0", "dog_studbook_name": "", "team_name": "",
    })
}

/// What a ring sends: who is on course, who is next, and the best so far.
pub fn ring(on_course: Option<&Value>, next: Option<&Value>, best: &[Value]) -> Value {
    let run = |dog: Option<&Value>, best: &[Value]| match dog {
        None => json!(""),
        Some(dog) => json!({
            "name": "Grade 3 L", "trial_name": "Trial 1", "type": "AG", "judge_name": "A. Judge",
            "length": "180", "obstacles": "20", "standard_time": "45", "maximum_time": "70",
            "playset": dog, "results_best": best, "results_combined": [],
        }),
    };
    json!({
        "event_name": "Spring Cup", "ring_name": "1", "run": run(on_course, best),
        "run_ready": run(next, &[]), "timestamp": "2026-05-01 10:00:00",
    })
}

/// Now, as pages know it: milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
