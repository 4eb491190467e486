//! Venues, the program, and Postgres, each of which can be taken away and comes back.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use ringside::simulator::{
    KartOptions, Plays, Ring, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
    Track, TrackOptions, Venue,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{
    mortal::MortalPostgres,
    oracle::{Death, Feed, Oracle, Report, Tables},
    postgres::TestDb,
    program::{self, Deployment, Program},
    proxy::{Network, Proxy},
    service::{self, ring_table, track_table},
    wait_within,
};

/// How large a scenario is played.
pub struct Scale {
    pub tracks: usize,
    pub rings: usize,
    /// Seconds of the venues in a second of ours.
    pub speed: f64,
    /// Length of a heat, seconds of the venue.
    pub heat_s: u32,
    pub kills: usize,
    /// For how long something is away.
    pub outage: Duration,
    /// Feeds without news, where it is about connections.
    pub idle_feeds: usize,
}

/// Enough for a backlog of minutes on a slow machine.
const CATCH_UP: Duration = Duration::from_secs(300);
/// A service that has written nothing for so long will write nothing more.
const NOTHING_NEW: Duration = Duration::from_secs(15);
/// From SIGTERM to the end.
const STOPS_WITHIN: Duration = Duration::from_secs(60);
/// Everything: an oracle needs it all.
const KEEP_SENT: usize = usize::MAX;

/// Venues on threads of their own, so that nothing a test waits for keeps them waiting.
pub struct Venues {
    pub simulator: Simulator,
    pub tracks: Vec<(String, Track)>,
    pub rings: Vec<(String, Ring)>,
    speed: f64,
    runtime: Option<Runtime>,
}

impl Venues {
    async fn open(scale: &Scale, idle_feeds: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = SimulatorOptions { keep_sent: KEEP_SENT, ..SimulatorOptions::default() };
        let simulator = runtime.spawn(Simulator::start(options)).await.unwrap().unwrap();
        let tracks = (1..=scale.tracks).map(|seed| {
            let world = KartOptions { heat_s: scale.heat_s, ..KartOptions::default() };
            let track = simulator.add_track(TrackOptions {
                seed: seed as u64,
                speed: scale.speed,
                plays: Plays::World(world),
                start: Start::WithFirstSubscriber,
                ..TrackOptions::new(format!("{seed}@chaos"))
            });
            (format!("track-{seed}"), track)
        });
        let rings = (1..=scale.rings).map(|seed| {
            let ring = simulator.add_ring(RingOptions {
                seed: seed as u64,
                // Dogs take their time: without this, little would happen in a short scenario.
                speed: scale.speed * 3.0,
                plays: Plays::World(RingDayOptions { not_ready_s: 5, ..RingDayOptions::default() }),
                start: Start::WithFirstSubscriber,
                ..RingOptions::new(format!("ring{seed:04}"))
            });
            (format!("ring-{seed}"), ring)
        });
        let idle = (1..=idle_feeds).map(|number| {
            let track = simulator.add_track(TrackOptions {
                plays: Plays::Nothing,
                ..TrackOptions::new(format!("{number}@idle"))
            });
            track.push("{}");
            (format!("idle-{number}"), track)
        });
        let (tracks, rings) = (tracks.chain(idle).collect(), rings.collect());
        Self { simulator, tracks, rings, speed: scale.speed, runtime: Some(runtime) }
    }

    pub fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("taken only when this is dropped")
    }

    /// The `[[feed]]` tables.
    pub fn config(&self) -> String {
        let tracks = self.tracks.iter().map(|(id, track)| track_table(id, track));
        tracks.chain(self.rings.iter().map(|(id, ring)| ring_table(id, ring))).collect()
    }

    fn each(&self) -> impl Iterator<Item = &Venue> {
        let tracks = self.tracks.iter().map(|(_, track)| &**track);
        tracks.chain(self.rings.iter().map(|(_, ring)| &**ring))
    }

    /// What the venues would send if they could.
    fn backlog(&self) -> usize {
        self.each().map(Venue::backlog).sum()
    }

    /// When each venue was connected to, venue by venue.
    pub fn connection_times(&self) -> Vec<Vec<Instant>> {
        self.each().map(Venue::connection_times).collect()
    }

    pub fn frames_sent(&self) -> u64 {
        self.each().map(Venue::frames_sent).sum()
    }

    /// Everybody who is listened to.
    pub fn all_have_listeners(&self) -> bool {
        self.each().all(|venue| venue.subscribers() > 0)
    }

    /// Lets the venues play so many of their seconds.
    pub async fn play(&self, seconds: f64) {
        self.play_for(Duration::from_secs_f64(seconds / self.speed)).await;
    }

    /// Lets them play for so long by our clock.
    pub async fn play_for(&self, time: Duration) {
        let until = Instant::now() + time;
        wait_within(CATCH_UP, "time passes", async || Instant::now() >= until).await;
    }

    fn close(&self) {
        self.each().for_each(Venue::pause);
    }

    fn feeds(&self) -> Vec<Feed> {
        let tracks = self.tracks.iter().map(|(id, track)| Feed::track(id, track));
        tracks.chain(self.rings.iter().map(|(id, ring)| Feed::ring(id, ring))).collect()
    }
}

impl Drop for Venues {
    fn drop(&mut self) {
        // Waiting for its threads is not allowed on one that runs tasks.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is out of the ordinary in an arena.
pub struct Setup {
    /// Between Ringside and Postgres.
    pub behind_proxy: bool,
    /// Feeds that say `{}` and nothing more.
    pub idle_feeds: usize,
    /// How the program is run, given its arguments.
    pub command: Box<dyn Fn(&Deployment) -> Command>,
    /// The times of rows tell their order.
    pub in_order: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            behind_proxy: false,
            idle_feeds: 0,
            command: Box::new(|deployment| program::command(&deployment.arguments())),
            in_order: true,
        }
    }
}

pub struct Arena {
    pub venues: Venues,
    pub postgres: MortalPostgres,
    /// Only where it was asked for.
    proxy: Option<Proxy>,
    pub deployment: Deployment,
    setup: Setup,
    db: TestDb,
    program: Option<Program>,
    deaths: Vec<Death>,
    kills_of_postgres: usize,
    /// The longest from the end of a trouble to a row of a frame that came after it.
    recovered_in: Option<Duration>,
    /// For the report.
    pub note: String,
}

impl Arena {
    /// All up and connected, and rows come.
    pub async fn open(scale: &Scale) -> Self {
        Self::open_with(scale, Setup::default()).await
    }

    pub async fn open_with(scale: &Scale, setup: Setup) -> Self {
        let venues = Venues::open(scale, setup.idle_feeds).await;
        let postgres = MortalPostgres::start();
        let db = postgres.database();
        let mut proxy = None;
        let mut url = db.url.clone();
        if setup.behind_proxy {
            let starting = venues.runtime().spawn(Proxy::start(postgres.address()));
            let started = proxy.insert(starting.await.unwrap());
            url = postgres.url_through(started.address);
        }
        let config = format!("[database]\nurl = {url:?}\n{}", venues.config());
        let mut arena = Self {
            venues,
            postgres,
            proxy,
            deployment: Deployment::new(&config),
            setup,
            db,
            program: None,
            deaths: Vec::new(),
            kills_of_postgres: 0,
            recovered_in: None,
            note: String::new(),
        };
        arena.start();
        arena.deployment.is_live().await;
        arena.is_connected().await;
        arena.rows_come_since(Utc::now()).await;
        arena
    }

    /// As systemd would, at once.
    pub fn start(&mut self) {
        let back_at = Utc::now();
        if let Some(death) = self.deaths.last_mut() {
            death.back_at = back_at;
        }
        let command = (self.setup.command)(&self.deployment);
        self.program = Some(Program::spawn(command, self.deployment.folder.path()));
    }

    /// `kill -9`, and starts it again.
    pub fn kill_ringside(&mut self) {
        let program = self.program.take().expect("it runs from the arena's opening on");
        let killed_at = Utc::now();
        program.kill();
        self.deaths.push(Death { killed_at, back_at: killed_at });
        self.start();
    }

    /// `kill -9`.
    pub fn kill_postgres(&mut self) {
        self.postgres.kill();
        self.kills_of_postgres += 1;
    }

    pub fn program(&self) -> &Program {
        self.program.as_ref().expect("it runs from the arena's opening on")
    }

    pub async fn health(&self) -> Value {
        let (_, body) = service::get(self.deployment.address, "/health").await;
        serde_json::from_str(&body).unwrap()
    }

    pub fn network(&self, network: Network) {
        self.proxy.as_ref().expect("this arena has a proxy").set(network);
    }

    /// By Ringside's clock.
    pub async fn last_frame_at(&self) -> DateTime<Utc> {
        let health = self.health().await;
        let feeds = health["feeds"].as_array().unwrap().iter();
        let times =
            feeds.map(|feed| serde_json::from_value(feed["last_frame_at"].clone()).unwrap());
        times.max().unwrap()
    }

    /// Every venue has a listener.
    pub async fn is_connected(&self) {
        wait_within(CATCH_UP, "all are connected", async || self.venues.all_have_listeners()).await;
    }

    /// Waits until what some trouble kept waiting is written, and notes how long that took from its
    /// end at `since`.
    pub async fn recovers(&mut self, since: DateTime<Utc>) {
        self.rows_come_since(since).await;
        let took = (Utc::now() - since).to_std().unwrap_or_default();
        self.recovered_in = self.recovered_in.max(Some(took));
    }

    /// Waits until a row tells of a frame that was received after `since`. Frames are written in
    /// the order in which they came: then nothing of before is left to do.
    async fn rows_come_since(&self, since: DateTime<Utc>) {
        let newest = format!("SELECT max(updated_at) > '{since}' AS newer FROM heat_drivers");
        wait_within(CATCH_UP, "rows come", async || {
            self.has_tables() && self.db.value(&newest) == true
        })
        .await;
    }

    /// Before the first start there are none.
    fn has_tables(&self) -> bool {
        self.db.value("SELECT to_regclass('heat_drivers') IS NOT NULL") == true
    }

    /// The venues close, everything is written, the program is stopped, and the oracle speaks.
    pub async fn close(mut self, scenario: &str) -> Report {
        self.venues.close();
        wait_within(CATCH_UP, "everything is sent", async || self.venues.backlog() == 0).await;
        self.is_written().await;
        self.program().signal(Signal::SIGTERM);
        let mut program = self.program.take().expect("it runs from the arena's opening on");
        let status = program.ended(STOPS_WITHIN).await;
        let mut report = self.oracle().judge(&Tables::read(&self.db), self.setup.in_order);
        report.scenario = scenario.to_owned();
        report.kills = self.deaths.len() + self.kills_of_postgres;
        report.seconds_to_recover = self.recovered_in.map(|took| took.as_secs_f64());
        report.note = std::mem::take(&mut self.note);
        report.publish();
        assert!(report.is_clean(), "{}\n{}", report.complaints(), program.log());
        assert!(status.success(), "stopped with {status}:\n{}", program.log());
        report
    }

    fn oracle(&self) -> Oracle {
        Oracle::new(&self.venues.feeds(), &self.deaths)
    }

    /// Waits until the oracle is content, or has long seen nothing new that could please it.
    async fn is_written(&self) {
        let mut oracle = (self.venues.frames_sent(), self.oracle());
        let mut seen = (Report::default().figures(), Instant::now());
        wait_within(CATCH_UP, "everything is written", async || {
            let sent = self.venues.frames_sent();
            if oracle.0 != sent {
                oracle = (sent, self.oracle());
            }
            let report = oracle.1.judge(&Tables::read(&self.db), self.setup.in_order);
            if seen.0 != report.figures() {
                seen = (report.figures(), Instant::now());
            }
            report.is_clean() || seen.1.elapsed() > NOTHING_NEW
        })
        .await;
    }
}
