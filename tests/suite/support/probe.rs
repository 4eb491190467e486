//! Measures what a viewer feels: from a venue's frame to its row in Postgres.

use std::time::{Duration, Instant};

use ringside::simulator::{Plays, Simulator, Track, TrackOptions};

use super::{LIMIT, postgres::TestDb, service::track_table};

/// How exact a measurement is.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A track that sends a lap when it is asked to.
pub struct Probe {
    track: Track,
    laps: u32,
}

impl Probe {
    pub fn open(simulator: &Simulator) -> Self {
        let plays = Plays::Nothing;
        let track = simulator.add_track(TrackOptions { plays, ..TrackOptions::new("1@probe") });
        let probe = Self { track, laps: 0 };
        probe.push();
        probe
    }

    /// Its `[[feed]]` table.
    pub fn config(&self) -> String {
        track_table("probe", &self.track)
    }

    /// Sends a lap and waits until it can be read.
    pub fn measure(&mut self, db: &TestDb) -> Duration {
        self.laps += 1;
        let began = Instant::now();
        self.push();
        let there = format!(
            "SELECT count(*) FROM laps WHERE driver_id = 1 AND lap = {} AND heat_id = \
             (SELECT max(id) FROM heats WHERE start_unix = 300)",
            self.laps
        );
        while db.value(&there) == 0 {
            assert!(began.elapsed() < LIMIT, "lap {}: not within {LIMIT:?}", self.laps);
            std::thread::sleep(LOOK_EVERY);
        }
        began.elapsed()
    }

    fn push(&self) {
        let laps = self.laps;
        self.track.push(format!(
            r#"{{"T":300,"CE":1,"CS":1,"D":[{{"LP":0,"A":30000,"B":30000,"K":"1","G":"","D":1,"L":{laps},"T":30000,"R":5,"N":"Probe","P":1,"M":0}}],"EM":0,"C":{laps},"N":"Probe","E":0,"R":0,"L":0,"S":1}}"#
        ));
    }
}
