//! `ringside replay`: recorded frames through the same parser and writer into the database.
//!
//! A recording is one frame a line, as on the wire, or one JSON array of messages. It has no
//! receive times, so each frame gets the venue's own time: that is the same in every replay, and
//! the same input gives the same rows.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use log::warn;
use tokio::select;

use crate::{
    app::{Database, Stages, source_of},
    event::{FeedId, Generation},
    feed::{FeedKind, FrameClass},
    pipeline::{
        journal::record::{Content, Record, Seq},
        message::{Drain, FrameRecorded, FramesRecorded, Payload},
        source::FeedSource,
    },
    simulator::Recording,
};

use super::{Failure, load, run::Signals, say};

#[derive(clap::Args)]
pub(super) struct Replay {
    /// The configured feed that the frames belong to
    #[arg(long, value_name = "ID")]
    feed: String,
    /// The recording: one frame a line, or one JSON array of messages
    file: PathBuf,
}

/// Between two frames of which the venue's time does not tell which came first.
const TICK: TimeDelta = TimeDelta::milliseconds(1);

impl Replay {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        let mut config = load(&config)?;
        let wanted = FeedId::new(self.feed.as_str());
        let known: Vec<_> = config.feeds.iter().map(|feed| feed.info.id.to_string()).collect();
        let feed = config.feeds.extract_if(.., |feed| feed.info.id == wanted).next();
        let feed = feed.ok_or_else(|| {
            anyhow!("no feed {:?} is configured; there are: {}", self.feed, known.join(", "))
        })?;
        let source = Arc::new(source_of(feed));
        let show = self.file.display();
        let recording = Recording::read(&self.file).with_context(|| format!("{show}"))?;
        let times = times_of(recording.frames(), source.kind.as_ref(), &self.file)?;

        let database = Database::open_beside(&config).await?;
        let stages = Stages::start(database.late_pool(), config.batching, None, None);
        let began = Instant::now();
        let played = select! {
            played = play(&stages, &source, recording.frames(), times) => played?,
            () = signals.end() => return Err(anyhow!("stopped; a replay can be repeated from its beginning").into()),
        };
        let counters = &source.counters;
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        say(format_args!(
            "feed={} frames={played} rejected={} unknown={} laps={} rows={} rejected_rows={} in {:.1} s",
            self.feed,
            get(&counters.rejected),
            get(&counters.unknown),
            get(&counters.laps),
            get(&stages.counters.rows),
            get(&stages.counters.rejected_rows),
            began.elapsed().as_secs_f64(),
        ));
        stages.stop();
        database.close().await;
        Ok(())
    }
}

async fn play(
    stages: &Stages,
    source: &Arc<FeedSource>,
    frames: &[String],
    times: Vec<DateTime<Utc>>,
) -> anyhow::Result<usize> {
    let count = frames.len();
    let bar = ProgressBar::new(count as u64).with_style(style()?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut seq = Seq::default();
    for (frame, received_at) in frames.iter().zip(times) {
        let payload = Payload::Text(frame.as_str().into());
        source.counters.count_frame(payload.len(), received_at);
        if is_data(&payload, source.kind.as_ref()) {
            seq = seq.next();
            let feed = source.info.clone();
            let content = Content::Frame(payload);
            let record = Record::new(seq, feed, Generation::default(), received_at, content);
            let frame =
                FrameRecorded { record: Arc::new(record), source: source.clone(), written: false };
            stages.parser.send(FramesRecorded(vec![frame])).await.context("the parser is gone")?;
        }
        bar.inc(1);
    }
    stages.writer.send(Drain).await.context("the writer is gone")?;
    bar.finish();
    Ok(count)
}

fn is_data(payload: &Payload, kind: &dyn FeedKind) -> bool {
    match payload {
        Payload::Text(text) => kind.classify(text) == FrameClass::Data,
        Payload::Binary(_) => true,
    }
}

fn style() -> anyhow::Result<ProgressStyle> {
    let style = "{bar:30} {pos}/{len} frames {per_sec} {eta} left";
    ProgressStyle::with_template(style).context("the progress bar's own template is wrong")
}

/// A receive time for each frame: the venue's own where it has one, and always later than that of
/// the frame before. What comes before the first venue time gets that one too.
fn times_of(
    frames: &[String],
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
