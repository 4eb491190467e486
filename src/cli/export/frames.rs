//! `ringside export frames`: a recording out of the journal, also while a service writes it, and of
//! feeds that are configured no more.

use std::{
    io::{self, BufWriter, StdoutLock},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::web;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use log::warn;
use tokio::{pin, select};

use crate::{
    app::journal_dir,
    event::{FeedId, FeedInfo},
    pipeline::{
        journal::{
            reader::{Holding, Reader},
            record::{self, Record, Seq},
        },
        message,
    },
    recording::{
        Content, Entry, Format, FrameFile, FrameWriter, Header, Lost, Payload, Received, Written,
    },
};

use super::{
    super::{Failure, load, progress, run::Signals, say, when::When},
    STDOUT, is_broken_pipe, stamp,
};

/// Records that are read of the journal at once.
const PAGE: usize = 1_000;

#[derive(clap::Args)]
pub(super) struct Frames {
    /// The feed, also one that is configured no more
    #[arg(long, value_name = "ID")]
    feed: String,
    /// Nothing before: 2026-05-01T14:00:00Z, "2026-05-01 14:00" (this machine's clock), 2026-05-01
    #[arg(long, value_name = "TIME")]
    from: Option<When>,
    /// Nothing from then on; a date includes its day
    #[arg(long, value_name = "TIME")]
    to: Option<When>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// .jsonl.zst or .jsonl: frames with their times; .json: one JSON array of the messages;
    /// - : JSON Lines to the standard output
    file: PathBuf,
}

/// The frames that are wanted: `to` is not among them.
#[derive(Clone, Copy)]
struct Span {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl Frames {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        let journal = journal_dir(&load(&config)?.data_dir);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let seen = is_stopped.clone();
        let export = web::block(move || self.export(&journal, &seen));
        pin!(export);
        let exported = select! {
            exported = &mut export => exported,
            () = signals.end() => {
                is_stopped.store(true, Ordering::Relaxed);
                export.await
            }
        };
        match exported.context("the export was cut short")? {
            // Whoever reads the standard output has seen enough.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            exported => Ok(exported?),
        }
    }

    fn export(&self, journal: &Path, is_stopped: &AtomicBool) -> anyhow::Result<()> {
        let span = self.span()?;
        let in_journal = || format!("the journal in {}", journal.display());
        let mut reader = Reader::open(journal).with_context(in_journal)?;
        let (feed, holding) = self.find(&mut reader, span)?;
        let header = Header {
            feed: feed.id.clone(),
            kind: Some(feed.kind.clone()),
            venue: Some(feed.venue.clone()),
            name: Some(feed.name.clone()),
        };
        let show = self.file.display();
        let mut out = Out::create(&self.file, &header, self.force)
            .with_context(|| format!("{show} (--force replaces a file)"))?;

        let bar = progress::frames_bar(holding.records)?;
        let mut after = Seq::default();
        loop {
            let page = reader.read(Some(&feed), after, PAGE).with_context(in_journal)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            bar.set_message(progress::clock(last.received_at));
            for record in page.into_iter().filter(|record| span.holds(record.received_at)) {
                out.write(&entry(record)).with_context(|| show.to_string())?;
                bar.inc(1);
            }
            ensure!(!is_stopped.load(Ordering::Relaxed), "stopped; {show} was not written");
        }
        bar.finish_and_clear();
        ensure!(out.frames() > 0, self.nothing(&mut reader, &feed)?);
        let written = out.finish().with_context(|| show.to_string())?;
        self.report(&written);
        Ok(())
    }

    fn span(&self) -> anyhow::Result<Span> {
        let span = Span { from: self.from.map(|when| when.from), to: self.to.map(|when| when.to) };
        if let Span { from: Some(from), to: Some(to) } = span {
            ensure!(from < to, "--from {} is not before --to {}", stamp(from), stamp(to));
        }
        Ok(span)
    }

    /// The feed as the journal knows it. One that was of several kinds is two feeds to it: the
    /// latest of them that has anything in the span.
    fn find(&self, reader: &mut Reader, span: Span) -> anyhow::Result<(Arc<FeedInfo>, Holding)> {
        let known = reader.feeds_called(&FeedId::new(self.feed.as_str()));
        if known.is_empty() {
            let mut ids: Vec<_> = reader.feeds().map(|feed| feed.id.to_string()).collect();
            ids.sort_unstable();
            ids.dedup();
            bail!("the journal has no feed {:?}; it has: {}", self.feed, ids.join(", "));
        }
        let mut found = Vec::new();
        for feed in &known {
            if let Some(holding) = reader.holding(feed, span.from, span.to)? {
                found.push((feed.clone(), holding));
            }
        }
        found.sort_by_key(|(_, holding)| holding.last_at);
        let Some((feed, holding)) = found.pop() else {
            let words: Result<Vec<_>, _> =
                known.iter().map(|feed| self.nothing(reader, feed)).collect();
            bail!(words?.join("; "));
        };
        for (other, holding) in found {
            warn!(
                "feed={} was of kind {} before: {} records until {} are left out",
                other.id,
                other.kind,
                holding.records,
                stamp(holding.last_at)
            );
        }
        Ok((feed, holding))
    }

    /// What to say when no frame was found.
    fn nothing(&self, reader: &mut Reader, feed: &FeedInfo) -> anyhow::Result<String> {
        Ok(match reader.holding(feed, None, None)? {
            Some(Holding { first_at, last_at, .. }) => format!(
                "no frames of {} in this time; the journal has it from {} to {}",
                feed.id,
                stamp(first_at),
                stamp(last_at)
            ),
            None => format!("the journal has no frames of {} any more", feed.id),
        })
    }

    fn report(&self, written: &Written) {
        let (first, last) = written.span.unwrap_or_default();
        let line = format!(
            "feed={} frames={} from={} to={} bytes={}",
            self.feed,
            written.frames,
            stamp(first),
            stamp(last),
            written.bytes
        );
        match self.file.as_os_str() == STDOUT {
            true => eprintln!("{line}"),
            false => say(format_args!("{line}")),
        }
    }
}

impl Span {
    fn holds(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Where the recording goes.
enum Out {
    File(FrameFile),
    Stdout(FrameWriter<BufWriter<StdoutLock<'static>>>),
}

impl Out {
    fn create(file: &Path, header: &Header, replace: bool) -> io::Result<Self> {
        if file.as_os_str() == STDOUT {
            let out = BufWriter::new(io::stdout().lock());
            return FrameWriter::new(out, Format::LINES, header).map(Self::Stdout);
        }
        FrameFile::create(file, header, replace).map(Self::File)
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        match self {
            Self::File(out) => out.write(entry),
            Self::Stdout(out) => out.write(entry),
        }
    }

    fn frames(&self) -> u64 {
        match self {
            Self::File(out) => out.frames(),
            Self::Stdout(out) => out.frames(),
        }
    }

    fn finish(self) -> io::Result<Written> {
        match self {
            Self::File(out) => out.finish(),
            Self::Stdout(out) => out.finish().map(|(_, written)| written),
        }
    }
}

/// A record of the journal as a line of a recording.
fn entry(record: Record) -> Entry {
    let content = match record.content {
        record::Content::Frame(message::Payload::Text(text)) => Content::Frame(Payload::Text(text)),
        record::Content::Frame(message::Payload::Binary(bytes)) => {
            Content::Frame(Payload::Binary(bytes))
        }
        record::Content::Mark(span) => match span.ended {
            None => Content::Connected,
            Some(ended) => Content::Disconnected(ended.reason),
        },
        record::Content::Lost(lost) => {
            Content::Lost(Lost { reason: lost.reason, frames: Some(lost.frames) })
        }
    };
    let received = Received { at: record.received_at, generation: record.generation };
    Entry { received, content }
}
