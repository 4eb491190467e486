//! The venues of the bench, in a process of their own: this program, called with [`OPTION`].
//!
//! They are told what to do by lines of their input and answer each with a line; they end with it.

use std::{
    io::{BufRead, BufReader, Write, stdin, stdout},
    ops::RangeInclusive,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use ringside::simulator::{
    Compression, KartOptions, KartWorld, LeadIn, Plays, Simulator, SimulatorOptions, Start, Track,
    TrackOptions,
};

use crate::support::service::track_table;

pub const OPTION: &str = "--venues=";

/// What the venues do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// A heat after the other at real speed, each track at another place of its heat.
    Heats,
    /// Each has a heat loaded that nobody starts, says so once, and is silent.
    Idle,
    /// Heats as fast as somebody reads them.
    Flat,
}

impl Play {
    fn word(self) -> &'static str {
        match self {
            Self::Heats => "heats",
            Self::Idle => "idle",
            Self::Flat => "flat",
        }
    }
}

/// Of a world that goes as fast as it is read so many frames wait at most.
const MOST_WAITING: usize = 64;
const GOVERNED_EVERY: Duration = Duration::from_millis(2);
/// By this frame of a world the drivers of its first heat are there, and nobody drives yet.
const LOADED_AFTER: usize = 3;
/// From the first sight of a heat on, tracks stand at all places that there are until the same place
/// of the next one, seconds of the world. So a fleet sends as much at any time.
const FIRST_PLACE_S: u64 = 150;
const PLACES_S: u64 = 820;
/// What they send then, frames a second and track: less than the least of it is not real speed any
/// more, since venues that get no processor are late.
pub const REAL_SPEED: RangeInclusive<f64> = 1.03..=1.11;

/// The process as its parent sees it; it ends when this is dropped.
pub struct Venues {
    process: Child,
    say: Option<ChildStdin>,
    hear: BufReader<ChildStdout>,
    /// The `[[feed]]` tables.
    pub config: String,
}

impl Venues {
    pub fn open(feeds: usize, play: Play) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(format!("{OPTION}{feeds},{}", play.word()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let say = process.stdin.take();
        let mut hear = BufReader::new(process.stdout.take().unwrap());
        let mut config = String::new();
        while !config.ends_with("\n\n") {
            assert!(hear.read_line(&mut config).unwrap() > 0, "the venues are open");
        }
        Self { process, say, hear, config }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How many of them somebody listens to.
    pub fn heard(&mut self) -> usize {
        self.ask("heard")
    }

    /// Frames that wait for their reader.
    pub fn backlog(&mut self) -> usize {
        self.ask("backlog")
    }

    /// The worlds of [`Play::Flat`] begin.
    pub fn begin(&mut self) {
        assert_eq!(self.ask("begin"), 0);
    }

    /// The worlds stand still.
    pub fn pause(&mut self) {
        assert_eq!(self.ask("pause"), 0);
    }

    fn ask(&mut self, what: &str) -> usize {
        writeln!(self.say.as_mut().unwrap(), "{what}").unwrap();
        let mut answer = String::new();
        self.hear.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }
}

impl Drop for Venues {
    fn drop(&mut self) {
        self.say.take();
        // A bench that fails leaves nothing behind either.
        self.process.wait().ok();
    }
}

/// What the process does that was called with [`OPTION`] and these words.
pub fn serve(words: &str) {
    let (feeds, play) = words.split_once(',').unwrap();
    let play = [Play::Heats, Play::Idle, Play::Flat].into_iter().find(|way| way.word() == play);
    let (feeds, play): (usize, Play) = (feeds.parse().unwrap(), play.unwrap());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let simulator =
        runtime.block_on(Simulator::start(SimulatorOptions::default())).expect("a port is free");
    let tracks: Vec<_> = (1..=feeds).map(|number| open(&simulator, number, play)).collect();
    let config =
        (1..).zip(&tracks).map(|(number, track)| track_table(&format!("track-{number}"), track));
    say(&(config.collect::<String>() + "\n"));
    let (mut governed, mut runs) = (Instant::now(), false);
    let (lines, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        stdin().lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
    });
    loop {
        match asked.recv_timeout(GOVERNED_EVERY) {
            Ok(line) => {
                let answer = match line.as_str() {
                    "heard" => tracks.iter().filter(|track| track.subscribers() > 0).count(),
                    "backlog" => tracks.iter().map(|track| track.backlog()).sum(),
                    "begin" => {
                        runs = true;
                        0
                    }
                    "pause" => {
                        runs = false;
                        tracks.iter().for_each(|track| track.pause());
                        0
                    }
                    other => panic!("{other:?} is nothing that venues do"),
                };
                say(&format!("{answer}\n"));
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
        }
        if runs && play == Play::Flat && governed.elapsed() >= GOVERNED_EVERY {
            govern(&tracks);
            governed = Instant::now();
        }
    }
}

/// Nobody is sent more than is read.
fn govern(tracks: &[Track]) {
    for track in tracks {
        match track.backlog() {
            0 => track.resume(),
            MOST_WAITING.. => track.pause(),
            _ => {}
        }
    }
}

fn open(simulator: &Simulator, number: usize, play: Play) -> Track {
    let options = TrackOptions {
        seed: number as u64,
        // Some venues compress, others do not.
        compression: match number % 2 {
            0 => Compression::default(),
            _ => Compression::None,
        },
        ..TrackOptions::new(format!("{number}@bench"))
    };
    let world = Plays::World(KartOptions::default());
    match play {
        Play::Idle => {
            let track = simulator.add_track(TrackOptions { plays: Plays::Nothing, ..options });
            let mut world = KartWorld::new(number as u64, KartOptions::default());
            track.push(world.nth(LOADED_AFTER).unwrap().text);
            track
        }
        Play::Heats => {
            // Spread evenly whatever their number is.
            let place = FIRST_PLACE_S + (number as u64 * 7_919) % PLACES_S;
            let lead_in = LeadIn { lasts: Duration::from_secs(place), speed: f64::INFINITY };
            simulator.add_track(TrackOptions { plays: world, lead_in: Some(lead_in), ..options })
        }
        Play::Flat => simulator.add_track(TrackOptions {
            plays: world,
            speed: f64::INFINITY,
            start: Start::OnResume,
            ..options
        }),
    }
}

fn say(words: &str) {
    let mut out = stdout().lock();
    out.write_all(words.as_bytes()).unwrap();
    out.flush().unwrap();
}
