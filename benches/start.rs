//! From nothing to the first row: the real program with the private Postgres that it left the last
//! time, and with one that runs already.

use std::{
    thread,
    time::{Duration, Instant},
};

use actix::System;
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt,
};
use nix::sys::signal::Signal;
use ringside::{
    db::embedded::EmbeddedPostgres,
    simulator::{Plays, Simulator, SimulatorOptions, Track, TrackOptions},
};

use crate::{
    Scale,
    report::{Figure, Report, Should, Table},
    support::{
        LIMIT, mortal::MortalPostgres, program::Deployment, service::track_table, wait_within,
    },
};

/// How exact a time is.
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub fn run(scale: Scale) -> Report {
    let rounds = scale.pick(15, 1);
    let mut report = Report::default();
    let mut table = Table::new("cold start to the first row, ms");
    let private = Deployed::private();
    let own = measure(private, rounds);
    let postgres = MortalPostgres::start();
    let running = measure(Deployed::on(&postgres), rounds);
    for (name, times) in [("private, not running", &own), ("running", &running)] {
        let [first, .., last] = times.as_slice() else { return report };
        table.row([
            ("Postgres", Figure::text(name)),
            ("starts", Figure::Number(times.len() as f64, 0)),
            ("quickest", ms(*first)),
            ("median", ms(times[times.len() / 2])),
            ("slowest", ms(*last)),
        ]);
    }
    report.goal("median with a private Postgres, ms", median_ms(&own), Should::StayBelow(300.0));
    report.add(table);
    report
}

/// A deployment with one track, which says what this process wants.
struct Deployed {
    deployment: Deployment,
    track: Track,
    /// None: where the private Postgres says that it is.
    url: Option<String>,
    _simulator: Simulator,
    _runtime: tokio::runtime::Runtime,
}

impl Deployed {
    fn private() -> Self {
        Self::new(None)
    }

    fn on(postgres: &MortalPostgres) -> Self {
        Self::new(Some(postgres.database().url))
    }

    fn new(url: Option<String>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let simulator = runtime.block_on(Simulator::start(SimulatorOptions::default())).unwrap();
        let options = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@bench") };
        let track = simulator.add_track(options);
        let database =
            url.as_ref().map(|url| format!("[database]\nurl = {url:?}\n")).unwrap_or_default();
        let deployment = Deployment::new(&(database + &track_table("track", &track)));
        Self { deployment, track, url, _simulator: simulator, _runtime: runtime }
    }

    /// Starts the program when the track shows a heat of this start; how long its row takes.
    fn start(&self, start_unix: usize) -> Duration {
        self.track.push(format!(
            r#"{{"T":{start_unix},"CE":1,"CS":0,"D":[],"EM":0,"C":0,"N":"Heat","E":0,"R":0,"L":0,"S":0}}"#
        ));
        let began = Instant::now();
        let mut program = self.deployment.start();
        let mut connection = None;
        while !self.has_row(start_unix, &mut connection) {
            assert!(began.elapsed() < LIMIT, "the first row: {}", program.log());
            thread::sleep(LOOK_EVERY);
        }
        let took = began.elapsed();
        program.signal(Signal::SIGTERM);
        System::new().block_on(async {
            assert!(program.ended(LIMIT).await.success(), "{}", program.log());
            wait_within(LIMIT, "the track is left", async || self.track.subscribers() == 0).await;
        });
        took
    }

    fn has_row(&self, start_unix: usize, connection: &mut Option<PgConnection>) -> bool {
        if connection.is_none() {
            let folder = self.deployment.folder.path().join("ringside-data/postgres");
            let url = self.url.clone().or_else(|| EmbeddedPostgres::running_url(&folder));
            *connection = url.and_then(|url| PgConnection::establish(&url).ok());
        }
        let Some(connection) = connection else { return false };
        let text = format!("SELECT count(*) AS n FROM heats WHERE start_unix = {start_unix}");
        // Before the first start there is no table.
        sql_query(text).get_result::<Counted>(connection).is_ok_and(|counted| counted.n == 1)
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// So many starts after the first, which makes the tables; sorted.
fn measure(deployed: Deployed, rounds: usize) -> Vec<Duration> {
    deployed.start(300);
    let mut times: Vec<_> = (1..=rounds + 1).map(|round| deployed.start(300 + round)).collect();
    times.sort();
    times
}

fn ms(time: Duration) -> Figure {
    Figure::Number(time.as_secs_f64() * 1e3, 0)
}

fn median_ms(sorted: &[Duration]) -> f64 {
    sorted[sorted.len() / 2].as_secs_f64() * 1e3
}
