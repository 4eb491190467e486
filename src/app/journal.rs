//! Opens the journal of this deployment, before anything else that runs.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use actix::{Actor, Addr};
use actix_web::web;
use anyhow::anyhow;
use chrono::Utc;
use log::{error, info};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    config::FeedConfig,
    event::{FeedId, Generation},
    pipeline::{
        journal::{
            Journal, JournalCounters, JournalError, JournalParams,
            disk::Disk,
            file::{self, JournalFile, Keep},
            record::{Content, Record, Seq},
        },
        live::LiveTap,
        message::FrameReceived,
    },
};

use super::{
    PAST_WITHIN, Stages,
    database::{Opened, Opening},
};

/// An open journal, and what it knows of the past.
pub(super) struct OpenedJournal {
    pub file: JournalFile,
    /// The last generation of each feed.
    pub generations: HashMap<FeedId, Generation>,
    dir: PathBuf,
    last: Seq,
}

/// Where the journal of a deployment lives.
pub fn journal_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// Opens the journal, writes down the ends of connections that a killed process left open, and sets
/// a damaged file aside.
///
/// # Errors
/// The journal can't be written, or is of a newer version.
pub(super) async fn open(data_dir: &Path) -> anyhow::Result<OpenedJournal> {
    let dir = journal_dir(data_dir);
    let show = dir.display().to_string();
    let opened = web::block(move || open_blocking(dir)).await?;
    opened.map_err(|error| anyhow!("the journal in {show} can't be opened: {error}"))
}

fn open_blocking(dir: PathBuf) -> Result<OpenedJournal, JournalError> {
    let opened = read(dir.clone());
    let Err(JournalError::Damaged(why)) = opened else { return opened };
    let aside = file::set_aside(&dir, Utc::now()).map_err(|error| {
        JournalError::Unusable(format!("it is damaged ({why}) and can't be set aside: {error}"))
    })?;
    error!(
        "journal: the file is damaged ({why}); it is set aside as {} and a new one begins; frames \
         in it that were not in the database yet are missing there",
        aside.display()
    );
    read(dir)
}

fn read(dir: PathBuf) -> Result<OpenedJournal, JournalError> {
    let mut file = JournalFile::open(&dir)?;
    let generations = file.generations()?;
    let mut last = file.extent()?.last.unwrap_or_default();
    let left_open = file.left_open()?;
    let mut seq = last.max(Seq::of_start(file.start()));
    let mut ends = Vec::new();
    for open in left_open {
        let Some(ended) = &open.span.ended else { continue };
        let (feed, generation, at) = (open.feed, open.span.generation, ended.disconnected_at);
        info!(
            "feed={} generation={generation} connection was open until {at} when ringside was killed",
            feed.id
        );
        seq = seq.next();
        let content = Content::Mark(open.span);
        ends.push(Arc::new(Record::new(seq, feed, generation, at, content)));
    }
    if !ends.is_empty() {
        let written = file.written();
        file.append(&ends, written)?;
        last = seq;
    }
    Ok(OpenedJournal { file, generations, dir, last })
}

impl OpenedJournal {
    /// Generations count on from the greatest that the journal or the database knows. A feed that
    /// the journal does not know may have connections in the database; while that is away, its
    /// generations count on from the time of day, which is greater than any.
    pub async fn learn_generations(
        &mut self,
        feeds: &[FeedConfig],
        database: &mut Opening,
    ) -> Option<Opened> {
        let unknown: Vec<_> = feeds
            .iter()
            .map(|feed| feed.info.id.clone())
            .filter(|id| !self.generations.contains_key(id))
            .collect();
        if unknown.is_empty() && !self.file.is_new() {
            return None;
        }
        let Ok(Ok(opened)) = timeout(PAST_WITHIN, database.opened()).await else {
            let base = Generation(Utc::now().timestamp().unsigned_abs());
            self.generations.extend(unknown.into_iter().map(|id| (id, base)));
            return None;
        };
        for (id, generation) in &opened.generations {
            let known = self.generations.entry(id.clone()).or_default();
            *known = (*known).max(*generation);
        }
        Some(opened)
    }

    /// Starts the journal on the thread of `stages`, and its disk on one of its own; connections
    /// leave what they receive at the other end of `intake`.
    pub fn start(
        self,
        keep: Keep,
        stages: &Stages,
        live: LiveTap,
        intake: mpsc::Receiver<FrameReceived>,
    ) -> (Addr<Journal>, Arc<JournalCounters>) {
        let counters = Arc::new(JournalCounters::default());
        let (start, written) = (self.file.start(), self.file.written());
        let params = JournalParams {
            intake,
            last: self.last,
            written,
            start,
            keep,
            disk: Disk::start(&self.dir, self.file),
            parser: stages.parser.clone().recipient(),
            live: Some(live),
            counters: counters.clone(),
            writer: stages.counters.clone(),
        };
        let journal = Journal::start_in_arbiter(&stages.thread.handle(), |_| Journal::new(params));
        (journal, counters)
    }
}
