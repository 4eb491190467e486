//! Venues, the program, and Postgres, each of which can be taken away and comes back.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{
    mortal::MortalPostgres,
    oracle::{Death, Journal, Oracle, Report, Tables},
    postgres::TestDb,
    program::{self, Deployment, Program},
    proxy::{Network, Proxy},
    service,
    venues::{Venues, VenuesOptions},
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
        let venues = Venues::open(VenuesOptions {
            tracks: scale.tracks,
            rings: scale.rings,
            idle: setup.idle_feeds,
            speed: scale.speed,
            heat_s: scale.heat_s,
            // An oracle needs it all.
            keep_sent: usize::MAX,
        })
        .await;
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
        let began = Instant::now();
        arena.start();
        arena.deployment.is_live().await;
        arena.is_connected_since(began).await;
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

    /// A path in `data_dir`, as the program has it mounted.
    pub fn seen_by_program(&self, path: &str) -> PathBuf {
        let data_dir = self.deployment.folder.path().join("ringside-data");
        let root = PathBuf::from(format!("/proc/{}/root", self.program().pid()));
        root.join(data_dir.strip_prefix("/").expect("it is absolute")).join(path)
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

    /// Every venue has a listener that came after `since`.
    pub async fn is_connected_since(&self, since: Instant) {
        wait_within(CATCH_UP, "all are connected", async || {
            let connects = self.venues.connection_times();
            let is_new = |times: &Vec<Instant>| times.last().is_some_and(|last| *last > since);
            connects.iter().all(is_new) && self.venues.all_have_listeners()
        })
        .await;
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
        // Before the end, with which a file system of its own may go.
        let journal = Journal::read(&self.seen_by_program("journal/journal.sqlite"));
        self.program().signal(Signal::SIGTERM);
        let mut program = self.program.take().expect("it runs from the arena's opening on");
        let status = program.ended(STOPS_WITHIN).await;
        let in_order = self.setup.in_order;
        let mut report = self.oracle().judge(&Tables::read(&self.db), in_order);
        if let Some(journal) = journal {
            journal.judge(&self.venues.feeds(), &self.deaths, in_order, &mut report);
        }
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
