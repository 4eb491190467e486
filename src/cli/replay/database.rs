//! A recording into the database, through the same parser and writer as live frames.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use tokio::{
    select,
    time::{Instant, sleep_until},
};

use crate::{
    app::{Database, Stages, source_of},
    config::Config,
    event::FeedId,
    feed::{FeedKind, FrameClass},
    pipeline::{
        journal::record::{Content, Record, Seq},
        message::{Drain, FrameRecorded, FramesRecorded, Payload},
        source::FeedSource,
    },
    recording::{self, Received, RecordedFrame},
};

use super::{
    super::{Failure, load, progress, run::Signals, say, when::Speed},
    Excerpt, position, times,
};

/// A frame that is to be replayed.
struct Step<'a> {
    /// In the recording, after its first frame.
    offset: Duration,
    received: Received,
    frame: &'a RecordedFrame,
}

/// The database and the feed in it that a recording is for.
pub(super) struct Target {
    config: Config,
    source: Arc<FeedSource>,
}

impl Target {
    /// # Errors
    /// The configuration has a problem, or not this feed.
    pub fn configured(feed: &str, config: &Path) -> Result<Self, Failure> {
        let mut config = load(config)?;
        let wanted = FeedId::new(feed);
        let known: Vec<_> = config.feeds.iter().map(|feed| feed.info.id.to_string()).collect();
        let found = config.feeds.extract_if(.., |feed| feed.info.id == wanted).next();
        let found = found.ok_or_else(|| {
            anyhow!("no feed {feed:?} is configured; there are: {}", known.join(", "))
        })?;
        Ok(Self { config, source: Arc::new(source_of(found)) })
    }

    /// Puts the excerpt into the database and says what became of it.
    pub async fn put(self, excerpt: Excerpt, file: &Path) -> Result<(), Failure> {
        let Self { config, source } = self;
        let mut signals = Signals::new()?;
        ensure_kind(&excerpt, &source)?;
        let frames = excerpt.recording.frames();
        let received = times::received(frames, source.kind.as_ref(), file)?;
        let steps = excerpt.offsets.iter().zip(received).zip(frames);
        let steps: Vec<_> = steps
            .map(|((&offset, received), frame)| Step { offset, received, frame })
            .filter(|step| step.offset >= excerpt.from)
            .collect();

        let database = Database::open_beside(&config).await?;
        let stages = Stages::start(database.late_pool(), config.batching, None, None);
        let pace = Pace { began: Instant::now(), from: excerpt.from, speed: excerpt.speed };
        let played = async {
            play(&pace, &steps, async |step| hand_on(&stages, &source, step).await).await?;
            stages.writer.send(Drain).await.context("the writer is gone")
        };
        select! {
            played = played => played?,
            () = signals.end() => {
                return Err(anyhow!("stopped; a replay can be repeated from its beginning").into());
            }
        }
        report(&source, &stages, steps.len(), pace.began.elapsed());
        stages.stop();
        database.close().await;
        Ok(())
    }
}

fn report(source: &FeedSource, stages: &Stages, frames: usize, took: Duration) {
    let counters = &source.counters;
    let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    say(format_args!(
        "feed={} frames={frames} rejected={} unknown={} laps={} rows={} rejected_rows={} in {:.1} s",
        source.info.id,
        get(&counters.rejected),
        get(&counters.unknown),
        get(&counters.laps),
        get(&stages.counters.rows),
        get(&stages.counters.rejected_rows),
        took.as_secs_f64(),
    ));
}

/// Frames of another kind would all be rejected, and the rejected ones kept.
fn ensure_kind(excerpt: &Excerpt, source: &FeedSource) -> anyhow::Result<()> {
    let header = excerpt.recording.header();
    let told = header.and_then(|header| header.kind.as_deref());
    let feed = &source.info;
    ensure!(
        told.is_none_or(|kind| kind == feed.kind),
        "the recording is of kind {}, feed {} of kind {}",
        told.unwrap_or_default(),
        feed.id,
        feed.kind
    );
    Ok(())
}

/// A wait without end, at a crawl: no clock counts on for ever.
const FAR_AWAY: Duration = Duration::from_secs(1 << 30);

/// When a replay began, where in the recording, and how fast it goes.
struct Pace {
    began: Instant,
    from: Duration,
    speed: Speed,
}

impl Pace {
    /// Waits until it is time for what is at `offset`.
    async fn wait_for(&self, offset: Duration) {
        let Speed(speed) = self.speed;
        let wait = offset.saturating_sub(self.from).as_secs_f64() / speed;
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(FAR_AWAY).min(FAR_AWAY);
        if !wait.is_zero() {
            sleep_until(self.began + wait).await;
        }
    }
}

async fn play(
    pace: &Pace,
    steps: &[Step<'_>],
    mut hand_on: impl AsyncFnMut(&Step<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let bar = progress::frames_bar(steps.len() as u64)?;
    for step in steps {
        pace.wait_for(step.offset).await;
        hand_on(step).await?;
        bar.set_message(position(step.frame, step.offset));
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}

/// The way into the pipeline.
async fn hand_on(stages: &Stages, source: &Arc<FeedSource>, step: &Step<'_>) -> anyhow::Result<()> {
    let payload = match &step.frame.payload {
        recording::Payload::Text(text) => Payload::Text(text.clone()),
        recording::Payload::Binary(bytes) => Payload::Binary(bytes.clone()),
    };
    let Received { at: received_at, generation } = step.received;
    source.counters.count_frame(payload.len(), received_at);
    if !is_data(&payload, source.kind.as_ref()) {
        return Ok(());
    }
    let (feed, content) = (source.info.clone(), Content::Frame(payload));
    // No journal has it, so its number says nothing.
    let record = Arc::new(Record::new(Seq::default(), feed, generation, received_at, content));
    let frame = FrameRecorded { record, source: source.clone(), written: false };
    stages.parser.send(FramesRecorded(vec![frame])).await.context("the parser is gone")
}

fn is_data(payload: &Payload, kind: &dyn FeedKind) -> bool {
    match payload {
        Payload::Text(text) => kind.classify(text) == FrameClass::Data,
        Payload::Binary(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::recording::Recording;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn replay_keeps_order_and_pace_at_ten_times_the_speed() {
        let line = |(second, text)| {
            format!("{{\"received_at\":\"2026-05-01T10:00:{second}Z\",\"text\":\"{text}\"}}\n")
        };
        let lines = [("00", "a"), ("10", "b"), ("10.5", "c"), ("05", "d"), ("25.5", "e")].map(line);
        let recording = Recording::parse(&lines.concat()).unwrap();
        let offsets = recording.offsets();
        let steps: Vec<_> = recording
            .frames()
            .iter()
            .zip(offsets)
            .map(|(frame, offset)| Step { offset, received: frame.received.unwrap(), frame })
            .collect();
        let run = async |speed, from, steps| {
            let pace = Pace { began: Instant::now(), from, speed };
            let mut seen = Vec::new();
            play(&pace, steps, async |step| {
                let text = step.frame.text().unwrap().to_string();
                seen.push((text, pace.began.elapsed().as_millis()));
                Ok(())
            })
            .await
            .unwrap();
            seen
        };
        let owned = |steps: &[(&str, u128)]| {
            steps.iter().map(|&(text, ms)| (text.to_owned(), ms)).collect::<Vec<_>>()
        };
        let seen = run(Speed(10.0), Duration::ZERO, &steps[..]).await;
        let expected = [("a", 0), ("b", 1_000), ("c", 1_050), ("d", 1_050), ("e", 3_100)];
        assert_eq!(seen, owned(&expected));
        let seen = run(Speed(1.0), Duration::from_secs(9), &steps[1..3]).await;
        assert_eq!(seen, owned(&[("b", 1_000), ("c", 1_500)]));
        let seen = run(Speed::MAX, Duration::ZERO, &steps[..]).await;
        assert!(seen.iter().all(|(_, ms)| *ms == 0), "{seen:?}");
    }
}
