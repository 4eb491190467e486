//! Tracks that say a lap when they are asked to, and the time until it can be read.

use std::time::{Duration, Instant};

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Integer},
};
use ringside::simulator::{Plays, Simulator, SimulatorOptions, Track, TrackOptions};
use tokio::runtime::Runtime;

use crate::support::{LIMIT, postgres::TestDb, service::track_table};

use super::pause;

/// Each is asked again only when its lap was seen.
const PROBES: usize = 20;
const ASK_EVERY: Duration = Duration::from_millis(25);
/// How exact a latency is. Looking every 4 ms took a fifth of a core of Postgres.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The heats of the probes are told by their start, unix seconds.
const START_UNIX: i64 = 300;

pub struct Probes {
    tracks: Vec<Track>,
    laps: Vec<i32>,
    _simulator: Simulator,
    runtime: Option<Runtime>,
}

impl Probes {
    pub async fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let simulator = runtime.spawn(Simulator::start(SimulatorOptions::default()));
        let simulator = simulator.await.unwrap().unwrap();
        let tracks: Vec<_> = (1..=PROBES)
            .map(|number| {
                let plays = Plays::Nothing;
                simulator.add_track(TrackOptions {
                    plays,
                    ..TrackOptions::new(format!("{number}@probe"))
                })
            })
            .collect();
        tracks.iter().for_each(|track| track.push(frame(0)));
        Self { tracks, laps: vec![0; PROBES], _simulator: simulator, runtime: Some(runtime) }
    }

    /// The `[[feed]]` tables.
    pub fn config(&self) -> String {
        let tables = (1..).zip(&self.tracks);
        tables.map(|(number, track)| track_table(&format!("probe-{number:02}"), track)).collect()
    }

    pub fn are_heard(&self) -> bool {
        self.tracks.iter().all(|track| track.subscribers() > 0)
    }

    /// Asks one after the other for so long; how long each lap took to its table, sorted.
    pub fn measure(&mut self, db: &TestDb, time: Duration) -> Vec<Duration> {
        let heats = self.heats(db);
        let began = Instant::now();
        let mut asked: Vec<Option<Instant>> = vec![None; PROBES];
        let (mut latencies, mut next_ask, mut turn) = (Vec::new(), began, 0);
        while began.elapsed() < time || asked.iter().any(Option::is_some) {
            if began.elapsed() < time && Instant::now() >= next_ask {
                next_ask += ASK_EVERY;
                turn = (turn + 1) % PROBES;
                if asked[turn].is_none() {
                    self.laps[turn] += 1;
                    asked[turn] = Some(Instant::now());
                    self.tracks[turn].push(frame(self.laps[turn]));
                }
            }
            for (probe, lap) in written(db, &heats).into_iter().enumerate() {
                if let Some(since) = asked[probe].filter(|_| lap == self.laps[probe]) {
                    latencies.push(since.elapsed());
                    asked[probe] = None;
                }
                assert!(asked[probe].is_none_or(|since| since.elapsed() < LIMIT), "a lap is lost");
            }
            pause(LOOK_EVERY);
        }
        latencies.sort();
        latencies
    }

    /// Their heats, in their order.
    fn heats(&self, db: &TestDb) -> Vec<i64> {
        let began = Instant::now();
        loop {
            let found = db.rows(&format!(
                "SELECT heats.id FROM heats JOIN feeds ON feeds.id = feed_id \
                 WHERE start_unix = {START_UNIX} ORDER BY slug"
            ));
            if found.len() == PROBES {
                return found.iter().map(|row| row["id"].as_i64().unwrap()).collect();
            }
            assert!(began.elapsed() < LIMIT, "the probes have their heats");
            pause(LOOK_EVERY);
        }
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        // Waiting for its threads is not allowed on one that runs tasks.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(QueryableByName)]
struct LastLap {
    #[diesel(sql_type = Integer)]
    lap: i32,
}

/// The last lap of each heat, 0 for none.
fn written(db: &TestDb, heats: &[i64]) -> Vec<i32> {
    let text = "SELECT COALESCE((SELECT max(lap) FROM laps \
                WHERE laps.heat_id = heat AND driver_id = 1), 0) AS lap \
                FROM UNNEST($1) WITH ORDINALITY AS heats (heat, n) ORDER BY n";
    let rows: Vec<LastLap> =
        sql_query(text).bind::<Array<BigInt>, _>(heats).load(&mut db.conn()).unwrap();
    rows.into_iter().map(|row| row.lap).collect()
}

/// The clock stands: a venue that is silent while it runs is a fault, and connected anew.
fn frame(lap: i32) -> String {
    format!(
        r#"{{"T":{START_UNIX},"CE":0,"CS":0,"D":[{{"LP":0,"A":30000,"B":30000,"K":"1","G":"","D":1,"L":{lap},"T":30000,"R":5,"N":"Probe","P":1,"M":0}}],"EM":0,"C":{lap},"N":"Probe","E":0,"R":0,"L":0,"S":1}}"#
    )
}
