//! Keeps the journal within its bounds: the oldest records go first, and those whose rows are in
//! Postgres before any other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection};

use crate::{
    event::{FeedInfo, FramesLost},
    pipeline::journal::{
        error::JournalError,
        record::{Content, Record, Seq},
    },
};

use super::{
    JournalFile,
    layout::{self, Row, records},
};

/// How long and how much the journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Written records older than this go.
    pub for_time: Duration,
    /// With more bytes in use the oldest records go: written ones, else others.
    pub max_bytes: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { for_time: Duration::from_secs(7 * 24 * 3_600), max_bytes: 2 << 30 }
    }
}

/// What a step of trimming has to leave alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spared {
    /// Up to here everything is in Postgres.
    pub written: Seq,
    /// Between `written` and here records are on their way, and from `held_from` on they are held
    /// in memory: to drop them would lose nothing and say so.
    pub handed_on: Seq,
    pub held_from: Option<Seq>,
}

#[derive(Debug, Default)]
pub struct Trimmed {
    pub written: u64,
    pub lost: Vec<Lost>,
    /// There was more to do than one step does.
    pub more: bool,
}

/// Frames of one feed that were dropped unwritten.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost {
    pub feed: Arc<FeedInfo>,
    pub frames: FramesLost,
}

const FULL: &str = "journal_full";
/// A step takes some tens of milliseconds, for which a group of frames may have to wait.
const STEP: usize = 1_000;

impl JournalFile {
    /// One step towards the bounds. Records that go unwritten are replaced by one that says so.
    ///
    /// # Errors
    /// The file can't be written; nothing has changed.
    pub fn trim(
        &mut self,
        keep: Keep,
        spared: Spared,
        now: DateTime<Utc>,
    ) -> Result<Trimmed, JournalError> {
        let is_over = layout::bytes_in_use(self.connection())? > keep.max_bytes;
        let written = self.drop_written(keep, spared.written, now, is_over)?;
        if written > 0 || !is_over {
            return Ok(Trimmed { written, more: written >= STEP as u64, lost: Vec::new() });
        }
        let lost = self.drop_unwritten(spared)?;
        Ok(Trimmed { written: 0, more: !lost.is_empty(), lost })
    }

    fn drop_written(
        &mut self,
        keep: Keep,
        through: Seq,
        now: DateTime<Utc>,
        is_over: bool,
    ) -> Result<u64, JournalError> {
        let cut =
            TimeDelta::from_std(keep.for_time).ok().and_then(|age| now.checked_sub_signed(age));
        let cut = cut.map_or(i64::MIN, |cut| cut.timestamp_micros());
        let oldest: Vec<(i64, i64)> = records::table
            .filter(records::seq.le(through.0))
            .order(records::seq)
            .select((records::seq, records::received_at))
            .limit(STEP as i64)
            .load(self.connection())?;
        let gone = oldest.iter().take_while(|(_, received_at)| is_over || *received_at < cut);
        let Some((last, _)) = gone.last() else { return Ok(0) };
        let deleted = diesel::delete(records::table.filter(records::seq.le(last)))
            .execute(self.connection())?;
        Ok(deleted as u64)
    }

    fn drop_unwritten(&mut self, spared: Spared) -> Result<Vec<Lost>, JournalError> {
        let after = spared.written.max(spared.handed_on);
        let before = spared.held_from.unwrap_or(Seq(i64::MAX));
        let infos = self.infos();
        let rows: Vec<Row> = records::table
            .filter(records::seq.gt(after.0))
            .filter(records::seq.lt(before.0))
            .order(records::seq)
            .limit(STEP as i64)
            .load(self.connection())?;
        let mut dropped: BTreeMap<i64, Dropped> = BTreeMap::new();
        for row in rows {
            let number = row.1;
            let record = layout::record(row, &infos)?;
            dropped.entry(number).or_default().add(record);
        }
        // One record of a loss stands for itself: nothing would be gained.
        dropped.retain(|_, of_feed| of_feed.frames > 0);
        let connection = self.connection();
        connection.immediate_transaction(|connection| {
            dropped.iter().try_for_each(|(number, dropped)| dropped.replace(connection, *number))
        })?;
        let lost = dropped.into_values().filter_map(|dropped| {
            let (feed, frames) = dropped.lost()?;
            // Only what this step dropped: what it merged with has been told before.
            Some(Lost { feed, frames: FramesLost { frames: dropped.frames, ..frames } })
        });
        Ok(lost.collect())
    }
}

/// What a step drops of one feed.
#[derive(Default)]
struct Dropped {
    /// Frames and earlier losses, in order. Marks stay: they are small and say when nobody listened.
    records: Vec<Record>,
    frames: u64,
}

impl Dropped {
    fn add(&mut self, record: Record) {
        match &record.content {
            Content::Frame(_) => self.frames += 1,
            Content::Lost(_) => {}
            Content::Mark(_) => return,
        }
        self.records.push(record);
    }

    fn lost(&self) -> Option<(Arc<FeedInfo>, FramesLost)> {
        let first = self.records.first()?;
        let mut lost = FramesLost {
            from_at: first.received_at,
            to_at: first.received_at,
            frames: self.frames,
            reason: FULL.to_owned(),
        };
        for record in &self.records {
            let (from_at, to_at) = match &record.content {
                Content::Lost(earlier) => {
                    lost.frames += earlier.frames;
                    (earlier.from_at, earlier.to_at)
                }
                _ => (record.received_at, record.received_at),
            };
            lost.from_at = lost.from_at.min(from_at);
            lost.to_at = lost.to_at.max(to_at);
        }
        Some((first.feed.clone(), lost))
    }

    fn replace(&self, connection: &mut SqliteConnection, number: i64) -> QueryResult<()> {
        let (Some((_, lost)), Some(last)) = (self.lost(), self.records.last()) else {
            return Ok(());
        };
        for record in &self.records {
            diesel::delete(records::table.find(record.seq.0)).execute(connection)?;
        }
        let stands_for_them = Record { content: Content::Lost(lost), ..last.clone() };
        layout::put_record(connection, &stands_for_them, number)
    }
}
