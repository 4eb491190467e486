//! Receive times for frames that have none.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use log::warn;

use crate::{
    event::Generation,
    feed::FeedKind,
    recording::{Received, RecordedFrame},
};

/// Between two frames of which the venue's time does not tell which came first.
const TICK: TimeDelta = TimeDelta::milliseconds(1);

/// When each frame came, and over which connection: as recorded, else made up out of the messages.
///
/// # Errors
/// No frame has a time, and the file does not tell when it was written.
pub(super) fn received(
    frames: &[RecordedFrame],
    kind: &dyn FeedKind,
    file: &Path,
) -> anyhow::Result<Vec<Received>> {
    if let Some(recorded) = frames.iter().map(|frame| frame.received).collect() {
        return Ok(recorded);
    }
    let texts: Vec<&str> = frames.iter().map(|frame| frame.text().map_or("", |t| t)).collect();
    let made_up = times_of(&texts, kind, file)?.into_iter();
    Ok(made_up.map(|at| Received { at, generation: Generation::default() }).collect())
}

/// A receive time for each frame: the venue's own where it has one, and always later than that of
/// the frame before. What comes before the first venue time gets that one too.
fn times_of(
    frames: &[&str],
    kind: &dyn FeedKind,
    file: &Path,
) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let own: Vec<_> = frames.iter().map(|frame| kind.venue_time(frame)).collect();
    let first = match own.iter().flatten().next() {
        Some(first) => *first,
        None => {
            let written = std::fs::metadata(file).and_then(|file| file.modified())?;
            warn!("no frame holds a time; counting on from when {} was written", file.display());
            written.into()
        }
    };
    let mut last = first - TICK;
    // Where a clock counts down: the time that stands still meanwhile, and what was left at first.
    let mut countdown: Option<(DateTime<Utc>, TimeDelta)> = None;
    let times = frames.iter().zip(own).map(|(frame, own)| {
        let ran = own.zip(kind.venue_countdown(frame)).map(|(start, left)| {
            if countdown.is_some_and(|(known, _)| known != start) {
                countdown = None;
            }
            let (_, full) = *countdown.get_or_insert((start, left));
            (full - left).max(TimeDelta::zero())
        });
        let time = own.map(|time| time + ran.unwrap_or_default());
        last = time.unwrap_or(last).max(last + TICK);
        last
    });
    Ok(times.collect())
}
