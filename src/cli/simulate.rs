//! `ringside simulate`: fake venues for whoever wants to try something against them.
//!
//! Their addresses stay the same from one start to the next, so a configuration that points to them
//! can be written once.

use std::{fmt::Write as _, net::Ipv4Addr, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use chrono::Utc;
use tokio::{
    select,
    time::{Instant, interval_at},
};

use super::{replay::read_recording, run::Signals, say};
use crate::{
    recording::Recording,
    simulator::{
        KartOptions, Plays, Recorded, Ring, RingDayOptions, RingOptions, Simulator,
        SimulatorOptions, Track, TrackOptions, Unplayable, Venue,
    },
};

const REPORT_EVERY: Duration = Duration::from_secs(60);
const USUAL_TRACKS: usize = 3;
const USUAL_RINGS: usize = 2;

#[derive(clap::Args)]
pub struct Simulate {
    /// How many kart tracks [default: 3, with a recording 0]
    #[arg(long, value_name = "N")]
    karting: Option<usize>,
    /// How many agility rings [default: 2, with a recording 0]
    #[arg(long, value_name = "N")]
    agility: Option<usize>,
    /// Where to listen on 127.0.0.1; 0: any port that is free
    #[arg(long, default_value_t = 9015)]
    port: u16,
    /// How much faster than real
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Another number, other races
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One more venue that plays this recording to its first client (`replay --serve` does more)
    #[arg(long, value_name = "FILE")]
    recording: Option<PathBuf>,
    /// Write a configuration for these venues here; it must not be there yet
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
}

impl Simulate {
    /// Simulates until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// The port is taken, the recording can't be read, or the configuration can't be written.
    pub async fn run(self) -> anyhow::Result<()> {
        ensure!(self.speed > 0.0, "--speed must be more than 0");
        let recording = self.recording.as_deref().map(read_recording).transpose()?;
        let mut signals = Signals::new()?;
        let listen = (Ipv4Addr::LOCALHOST, self.port).into();
        let simulator =
            Simulator::start(SimulatorOptions { listen, ..SimulatorOptions::default() })
                .await
                .with_context(|| format!("can't listen on port {}", self.port))?;
        let venues = Venues::open(&simulator, &self, recording)?;
        match &self.write_config {
            Some(path) => {
                write_new(path, &venues.config)
                    .with_context(|| format!("can't write {}", path.display()))?;
                say(format_args!("# ringside --config {} run", path.display()));
            }
            None => say(format_args!("{}", venues.config)),
        }
        venues.report_until(&mut signals).await;
        simulator.stop().await;
        Ok(())
    }

    fn tracks(&self) -> usize {
        self.karting.unwrap_or(if self.recording.is_some() { 0 } else { USUAL_TRACKS })
    }

    fn rings(&self) -> usize {
        self.agility.unwrap_or(if self.recording.is_some() { 0 } else { USUAL_RINGS })
    }
}

/// All that is simulated, and the configuration of somebody who wants it.
struct Venues {
    tracks: Vec<Track>,
    rings: Vec<Ring>,
    config: String,
}

impl Venues {
    fn open(
        simulator: &Simulator,
        asked: &Simulate,
        recording: Option<Recording>,
    ) -> Result<Self, Unplayable> {
        let mut venues = Self {
            tracks: Vec::new(),
            rings: Vec::new(),
            config: "data_dir = \"ringside-data\"\n\n[http]\nbind = \"127.0.0.1:8080\"\n"
                .to_owned(),
        };
        // Worlds of a fixed date would bring the heats of yesterday once more.
        let start_unix = Utc::now().timestamp();
        for n in 1..=asked.tracks() {
            let options = KartOptions { start_unix, ..KartOptions::default() };
            venues.add_track(simulator.add_track(TrackOptions {
                plays: Plays::World(options),
                seed: asked.seed.wrapping_mul(1_000).wrapping_add(n as u64),
                speed: asked.speed,
                ..TrackOptions::new(format!("{n}@simulated"))
            }));
        }
        for n in 1..=asked.rings() {
            let options = RingDayOptions { start_unix, ..RingDayOptions::default() };
            venues.add_ring(simulator.add_ring(RingOptions {
                plays: Plays::World(options),
                seed: asked.seed.wrapping_mul(2_000).wrapping_add(n as u64),
                speed: asked.speed,
                ..RingOptions::new(format!("ring{n:04}"))
            }));
        }
        if let Some(recording) = recording {
            match simulator.add_recording(recording.into(), asked.speed)? {
                Recorded::Track(track) => venues.add_track(track),
                Recorded::Ring(ring) => venues.add_ring(ring),
            }
        }
        Ok(venues)
    }

    fn add_track(&mut self, track: Track) {
        self.tracks.push(track.clone());
        let number = self.tracks.len();
        self.add_feed("track", "bmi", "Simulated Karting", number, &track);
        // Writing to a String can't fail.
        writeln!(self.config, "resource = \"{}\"", track.resource()).ok();
    }

    fn add_ring(&mut self, ring: Ring) {
        self.rings.push(ring.clone());
        self.add_feed("ring", "flowagility", "Simulated Agility", self.rings.len(), &ring);
    }

    fn add_feed(&mut self, what: &str, kind: &str, place: &str, number: usize, venue: &Venue) {
        let url = venue.url();
        writeln!(
            self.config,
            "\n[[feed]]\nid = \"{what}-{number}\"\nkind = \"{kind}\"\nvenue = \"{place}\"\n\
             name = \"{what} {number}\"\nurl = \"{url}\""
        )
        .ok();
    }

    /// Says a line a minute.
    async fn report_until(&self, signals: &mut Signals) {
        let mut minutes = interval_at(Instant::now() + REPORT_EVERY, REPORT_EVERY);
        let mut sent_before = 0;
        loop {
            select! {
                _ = minutes.tick() => {}
                () = signals.end() => break,
            }
            let sent = self.sum(Venue::frames_sent);
            say(format_args!(
                "frames={} connections={} refused_as_too_slow={}",
                sent - sent_before,
                self.sum(Venue::open_connections),
                self.sum(Venue::lagged),
            ));
            sent_before = sent;
        }
    }

    fn sum(&self, count: impl Fn(&Venue) -> u64) -> u64 {
        let tracks = self.tracks.iter().map(|track| count(track));
        tracks.chain(self.rings.iter().map(|ring| count(ring))).sum()
    }
}

/// Never replaces what somebody wrote.
fn write_new(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    std::fs::File::create_new(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        simulate: Simulate,
    }

    fn asked(line: &[&str]) -> Simulate {
        Line::parse_from(std::iter::once(&"simulate").chain(line)).simulate
    }

    #[tokio::test]
    async fn simulate_writes_a_feed_for_every_venue() {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let venues = Venues::open(&simulator, &asked(&["--karting", "2"]), None).unwrap();
        let config: toml::Table = venues.config.parse().unwrap();
        assert_eq!(config["http"]["bind"].as_str(), Some("127.0.0.1:8080"));
        let feeds = config["feed"].as_array().unwrap();
        let ids: Vec<_> = feeds.iter().map(|feed| feed["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["track-1", "track-2", "ring-1", "ring-2"]);
        assert_eq!(feeds[1]["resource"].as_str(), Some("2@simulated"));
        assert_eq!(feeds[3]["url"].as_str(), Some(venues.rings[1].url().as_str()));
    }

    #[tokio::test]
    async fn simulate_plays_a_recording_as_what_it_is() {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        for (frame, tracks, rings) in
            [(r#"{"T":300,"N":"x","D":[]}"#, 1, 0), (r#"{"error":"Runs are not ready yet"}"#, 0, 1)]
        {
            let asked = asked(&["--recording", "any"]);
            let recording = Recording::from_frames([frame]);
            let venues = Venues::open(&simulator, &asked, Some(recording)).unwrap();
            assert_eq!((venues.tracks.len(), venues.rings.len()), (tracks, rings));
        }
    }
}
