//! Holds the tables against what the venues sent, row by row.
//!
//! The oracle reads the frames itself, as plain JSON: an error in Ringside's decoders must not be
//! able to hide in it. What it calls *safe* is what Ringside promises to keep: every frame that was
//! sent long enough before Ringside was killed, and all frames where it was not. A row that a safe
//! frame shows must be there, once and right; a row that only other frames show may be there; any
//! other is an invention. A lap that no frame showed must be reconstructed or in a gap.

mod agility;
mod journal;
mod karting;
mod present;
mod report;
mod tables;
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use ringside::simulator::{Ring, SentConnection, SentFrame, SentLog, Track, TrackTruth};
use serde_json::Value;

use self::{agility::RingSeen, karting::TrackSeen};
pub use self::{journal::Journal, report::Report, tables::Tables};

/// A frame is promised to be safe so long after it was received.
const SAFE_AFTER: TimeDelta = TimeDelta::milliseconds(100);
/// From the venue's write to Ringside's read: next to nothing on loopback, but both share few cores
/// with a database, the venues, and whatever else is tested.
const TRANSIT: TimeDelta = TimeDelta::milliseconds(150);
/// No program is so quick from its start to its first connection. A venue may take so long to
/// notice a connection that was opened just before the one who opened it died.
const START_UP: TimeDelta = TimeDelta::milliseconds(10);

/// One `kill -9` of Ringside.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// Just before the signal.
    pub killed_at: DateTime<Utc>,
    /// Just before the next start.
    pub back_at: DateTime<Utc>,
}

/// What is known of one feed.
pub struct Feed {
    /// Its id in the config.
    pub slug: String,
    pub sent: SentLog,
    /// The true laps of a track: of those that were driven while nobody listened nothing was sent.
    pub truth: TrackTruth,
    pub is_track: bool,
}

impl Feed {
    pub fn track(slug: &str, track: &Track) -> Self {
        Self { slug: slug.into(), sent: track.sent(), truth: track.truth(), is_track: true }
    }

    pub fn ring(slug: &str, ring: &Ring) -> Self {
        let truth = TrackTruth::default();
        Self { slug: slug.into(), sent: ring.sent(), truth, is_track: false }
    }
}

/// A frame as a client may have seen it.
struct Shown {
    /// Which of the feed's connections.
    connection: usize,
    is_safe: bool,
    frame: Value,
}

enum Seen {
    Track(TrackSeen),
    Ring(RingSeen),
}

/// What must be in the tables.
pub struct Oracle {
    feeds: Vec<(String, Seen)>,
    frames_sent: u64,
    frames_safe: u64,
}

impl Oracle {
    /// Reads all that was sent.
    ///
    /// # Panics
    /// A log is not whole.
    pub fn new(feeds: &[Feed], deaths: &[Death]) -> Self {
        let mut oracle = Self { feeds: Vec::new(), frames_sent: 0, frames_safe: 0 };
        for feed in feeds {
            assert_eq!(
                feed.sent.dropped, 0,
                "{}: the log of what was sent is not whole",
                feed.slug
            );
            let shown = oracle.read(&feed.sent, deaths);
            let seen = match feed.is_track {
                true => Seen::Track(TrackSeen::new(&shown, &feed.truth)),
                false => Seen::Ring(RingSeen::new(&shown)),
            };
            oracle.feeds.push((feed.slug.clone(), seen));
        }
        oracle
    }

    /// Compares. `in_order`: rows' times tell their order, since no clock was set back.
    pub fn judge(&self, tables: &Tables, in_order: bool) -> Report {
        let mut report = Report {
            feeds: self.feeds.len(),
            frames_sent: self.frames_sent,
            frames_safe: self.frames_safe,
            rejected: tables.rejected,
            ..Report::default()
        };
        for (slug, seen) in &self.feeds {
            report.of_feed(slug);
            match seen {
                Seen::Track(seen) => seen.judge(&tables.of(slug), &mut report),
                Seen::Ring(seen) => seen.judge(&tables.of(slug), in_order, &mut report),
            }
        }
        report
    }

    fn read(&mut self, sent: &SentLog, deaths: &[Death]) -> Vec<Shown> {
        let mut all = Vec::new();
        for (number, connection) in sent.connections.iter().enumerate() {
            for frame in &connection.frames {
                let (is_safe, _) = is_safe(connection, frame, deaths);
                self.frames_sent += 1;
                self.frames_safe += u64::from(is_safe);
                // Answers to requests and the like say nothing of rows.
                if let Ok(frame @ Value::Object(_)) = serde_json::from_slice(&frame.payload) {
                    all.push(Shown { connection: number, is_safe, frame });
                }
            }
        }
        all
    }
}

/// Whether Ringside must have kept a frame, and how many milliseconds before its next death that
/// was sent: none are left where it was sent afterwards.
fn is_safe(connection: &SentConnection, frame: &SentFrame, deaths: &[Death]) -> (bool, i64) {
    let Some(death) = deaths.iter().find(|d| connection.began_at < d.back_at + START_UP) else {
        return (true, i64::MAX);
    };
    let before = death.killed_at - frame.at;
    (before >= SAFE_AFTER + TRANSIT, before.num_milliseconds().max(0))
}
