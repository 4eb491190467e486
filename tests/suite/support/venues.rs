//! Many venues at once.

use std::time::{Duration, Instant};

use ringside::simulator::{
    KartOptions, Plays, Ring, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
    Track, TrackOptions, Venue,
};
use tokio::runtime::Runtime;

use super::{
    oracle::Feed,
    service::{ring_table, track_table},
    wait_within,
};

/// Longer than anybody plays at a time.
const A_LONG_TIME: Duration = Duration::from_secs(3_600);

pub struct VenuesOptions {
    pub tracks: usize,
    pub rings: usize,
    /// Tracks that say `{}` and nothing more.
    pub idle: usize,
    /// Seconds of the venues in a second of ours; rings go three times as fast.
    pub speed: f64,
    /// Length of a heat, seconds of the venue.
    pub heat_s: u32,
    /// Frames kept of each venue.
    pub keep_sent: usize,
}

/// Venues on threads of their own, so that nothing a test waits for keeps them waiting.
pub struct Venues {
    pub simulator: Simulator,
    pub tracks: Vec<(String, Track)>,
    pub rings: Vec<(String, Ring)>,
    speed: f64,
    runtime: Option<Runtime>,
}

impl Venues {
    pub async fn open(options: VenuesOptions) -> Self {
        let VenuesOptions { tracks, rings, idle, speed, heat_s, keep_sent } = options;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = SimulatorOptions { keep_sent, ..SimulatorOptions::default() };
        let simulator = runtime.spawn(Simulator::start(options)).await.unwrap().unwrap();
        let tracks = (1..=tracks).map(|seed| {
            let world = KartOptions { heat_s, ..KartOptions::default() };
            let track = simulator.add_track(TrackOptions {
                seed: seed as u64,
                speed,
                plays: Plays::World(world),
                start: Start::WithFirstSubscriber,
                ..TrackOptions::new(format!("{seed}@track"))
            });
            (format!("track-{seed}"), track)
        });
        let rings = (1..=rings).map(|seed| {
            let ring = simulator.add_ring(RingOptions {
                seed: seed as u64,
                // Dogs take their time: without this, little would happen in a short scenario.
                speed: speed * 3.0,
                plays: Plays::World(RingDayOptions { not_ready_s: 5, ..RingDayOptions::default() }),
                start: Start::WithFirstSubscriber,
                ..RingOptions::new(format!("ring{seed:04}"))
            });
            (format!("ring-{seed}"), ring)
        });
        let idle = (1..=idle).map(|number| {
            let track = simulator.add_track(TrackOptions {
                plays: Plays::Nothing,
                ..TrackOptions::new(format!("{number}@idle"))
            });
            track.push("{}");
            (format!("idle-{number}"), track)
        });
        let (tracks, rings) = (tracks.chain(idle).collect(), rings.collect());
        Self { simulator, tracks, rings, speed, runtime: Some(runtime) }
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
    pub fn backlog(&self) -> usize {
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
        wait_within(A_LONG_TIME, "time passes", async || Instant::now() >= until).await;
    }

    pub fn close(&self) {
        self.each().for_each(Venue::pause);
    }

    pub fn feeds(&self) -> Vec<Feed> {
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
