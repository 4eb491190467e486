//! `ringside replay`: recorded frames once more, through the same parser and writer into the
//! database, or as a fake venue for any client of the real one.
//!
//! Frames have the receive times and connections of their recording. Where it has none, as in a
//! file of bare messages, each frame gets the venue's own time: that is the same in every replay,
//! and the same input gives the same rows.

mod database;
mod serve;
mod times;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use log::warn;

use crate::recording::{Damage, RecordedFrame, Recording};

use self::database::Target;
use super::{
    Failure, progress,
    when::{Place, Speed},
};

#[derive(clap::Args)]
pub(super) struct Replay {
    /// The configured feed that the frames belong to
    #[arg(long, value_name = "ID", required_unless_present = "serve")]
    feed: Option<String>,
    /// Be a fake venue that plays the recording, instead of putting it into the database
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:9015",
        conflicts_with = "feed"
    )]
    serve: Option<SocketAddr>,
    /// How fast: 1 (as recorded), 10, 0.5, max [default: max, with --serve 1]
    #[arg(long, value_name = "FACTOR")]
    speed: Option<Speed>,
    /// Where to begin: 12:30 after the first frame, 90s, or a time
    #[arg(long, value_name = "PLACE")]
    at: Option<Place>,
    /// Begin again at the end
    #[arg(long = "loop", requires = "serve")]
    again: bool,
    /// The recording: JSON Lines with times, one bare frame a line, or one JSON array of messages;
    /// packed with zstd or not
    file: PathBuf,
}

/// What of a recording is replayed, and how fast.
struct Excerpt {
    recording: Recording,
    /// When each frame came, after the first one.
    offsets: Vec<Duration>,
    /// Where to begin, after the first frame.
    from: Duration,
    speed: Speed,
}

impl Replay {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        match (self.serve, &self.feed) {
            (Some(listen), _) => {
                let excerpt = self.excerpt(Speed::RECORDED)?;
                ensure_calm(excerpt.speed, self.again)?;
                serve::serve(excerpt, listen, self.again).await
            }
            (None, Some(feed)) => {
                let target = Target::configured(feed, &config)?;
                let excerpt = self.excerpt(Speed::MAX)?;
                let damage = excerpt.recording.damage().cloned();
                target.put(excerpt, &self.file).await?;
                whole(damage, &self.file)
            }
            (None, None) => Err(anyhow!("--feed says which feed the frames belong to").into()),
        }
    }

    fn excerpt(&self, usual: Speed) -> anyhow::Result<Excerpt> {
        let recording = read_recording(&self.file)?;
        let offsets = recording.offsets();
        let from = match self.at {
            Some(place) => begin(place, &recording, &offsets)?,
            None => Duration::ZERO,
        };
        Ok(Excerpt { recording, offsets, from, speed: self.speed.unwrap_or(usual) })
    }
}

/// Reads a recording; says what of it can't be read.
pub(super) fn read_recording(file: &Path) -> anyhow::Result<Recording> {
    let recording = Recording::read(file).with_context(|| file.display().to_string())?;
    if let Some(damage) = recording.damage() {
        let frames = recording.frames().len();
        warn!("{} is {damage}; going on with the {frames} frames before", file.display());
    }
    Ok(recording)
}

/// What came before the damage is written; whoever asked for the whole must hear of it still.
fn whole(damage: Option<Damage>, file: &Path) -> Result<(), Failure> {
    match damage {
        Some(damage) => {
            Err(anyhow!("{} is {damage}; the frames before it are in the database", file.display())
                .into())
        }
        None => Ok(()),
    }
}

fn ensure_calm(speed: Speed, again: bool) -> anyhow::Result<()> {
    ensure!(
        !again || speed != Speed::MAX,
        "--loop at --speed max would send without a pause for ever; give a speed, such as 100"
    );
    Ok(())
}

/// How long after the first frame a place is.
fn begin(place: Place, recording: &Recording, offsets: &[Duration]) -> anyhow::Result<Duration> {
    match place {
        Place::After(after) => {
            let last = offsets.last().copied().unwrap_or_default();
            ensure!(
                after <= last,
                "--at {} is after the end: the recording lasts {}",
                progress::span(after),
                progress::span(last)
            );
            Ok(after)
        }
        Place::Time(when) => {
            let times = recording.frames().iter().zip(offsets);
            let mut times = times.filter_map(|(frame, offset)| Some((frame.received?.at, *offset)));
            let found = times.clone().find(|(at, _)| *at >= when.from);
            let last = times.next_back().map(|(at, _)| at);
            let last = last.context(
                "this recording has no times; say how long after its beginning: --at 12:30",
            )?;
            let (_, offset) = found.with_context(|| {
                let (at, last) = (progress::clock(when.from), progress::clock(last));
                format!("--at {at} is after the end: the last frame is of {last}")
            })?;
            Ok(offset)
        }
    }
}

/// The place of a frame in recorded time, for people.
fn position(frame: &RecordedFrame, offset: Duration) -> String {
    match frame.received {
        Some(received) => progress::clock(received.at),
        None => progress::span(offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed() -> Recording {
        let line = |minute| {
            format!("{{\"received_at\":\"2026-05-01T10:{minute}:00Z\",\"text\":\"{{}}\"}}\n")
        };
        Recording::parse(&["00", "05", "30"].map(line).concat()).unwrap()
    }

    fn begin_at(place: &str, recording: &Recording) -> Result<u64, String> {
        let begin = begin(place.parse().unwrap(), recording, &recording.offsets());
        begin.map(|offset| offset.as_secs()).map_err(|error| error.to_string())
    }

    #[test]
    fn place_is_found_by_time_and_by_offset() {
        let recording = timed();
        assert_eq!(begin_at("2026-05-01T10:04:00Z", &recording), Ok(300));
        assert_eq!(begin_at("2026-05-01T10:05:00Z", &recording), Ok(300));
        assert_eq!(begin_at("2026-04-01T00:00:00Z", &recording), Ok(0));
        assert_eq!(begin_at("12:30", &recording), Ok(750));
    }

    #[test]
    fn place_that_is_not_in_the_recording_says_where_it_ends() {
        let recording = timed();
        let late = begin_at("2026-05-01T10:30:01Z", &recording).unwrap_err();
        assert!(late.contains("the last frame is of 20"), "{late}");
        let late = begin_at("31m", &recording).unwrap_err();
        assert!(late.contains("lasts 0:30:00"), "{late}");
        let bare = Recording::from_frames(["{}", "{}"]);
        let no_times = begin_at("2026-05-01T10:04:00Z", &bare).unwrap_err();
        assert!(no_times.contains("--at 12:30"), "{no_times}");
        assert_eq!(begin_at("1s", &bare), Ok(1));
    }
}
