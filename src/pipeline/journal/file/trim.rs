//! Keeps the journal within its bounds: the oldest records go first, and those whose rows are in
//! Postgres before any other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection, dsl::sql,
    sql_types::Integer,
};

use crate::{
    event::{FeedInfo, FramesLost, Generation},
    pipeline::journal::{
        error::JournalError,
        record::{Content, Kind, Record, Seq},
    },
};

use super::{
    JournalFile,
    layout::{self, Row, records},
    time,
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
        let in_use = layout::bytes_in_use(self.connection())?;
        let is_over = in_use > keep.max_bytes;
        let written = self.drop_written(keep, spared.written, now, is_over)?;
        if written > 0 || !is_over {
            return Ok(Trimmed { written, more: written >= STEP as u64, lost: Vec::new() });
        }
        let lost = self.drop_unwritten(spared, in_use - keep.max_bytes)?;
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

    /// Drops the oldest unwritten frames until `excess` bytes are gained, or a step is done.
    fn drop_unwritten(&mut self, spared: Spared, excess: u64) -> Result<Vec<Lost>, JournalError> {
        let after = spared.written.max(spared.handed_on);
        let before = spared.held_from.unwrap_or(Seq(i64::MAX));
        let infos = self.feeds.clone();
        // Marks stay: they are small and say when nobody listened.
        let rows: Vec<(i64, i64, i64, i32, i32)> = records::table
            .filter(records::seq.gt(after.0))
            .filter(records::seq.lt(before.0))
            .filter(records::kind.ne(Kind::Mark as i32))
            .order(records::seq)
            .select((
                records::seq,
                records::feed,
                records::received_at,
                records::kind,
                sql::<Integer>("length(payload)"),
            ))
            .limit(STEP as i64)
            .load(self.connection())?;
        let mut dropped: BTreeMap<i64, Dropped> = BTreeMap::new();
        let mut gained = 0;
        for (seq, number, received_at, kind, length) in rows {
            let of_feed = dropped.entry(number).or_default();
            if kind == Kind::Lost as i32 {
                let row: Row = records::table.find(seq).first(self.connection())?;
                of_feed.add_loss(layout::record(row, &infos)?);
                continue;
            }
            of_feed.add_frame(Seq(seq), time(received_at)?);
            gained += length.unsigned_abs() as u64;
            if gained >= excess {
                break;
            }
        }
        // A loss alone stands for itself: nothing would be gained.
        dropped.retain(|_, of_feed| of_feed.frames > 0);
        let connection = self.connection();
        connection.immediate_transaction(|connection| {
            dropped.iter().try_for_each(|(number, dropped)| match infos.get(number) {
                Some(feed) => dropped.replace(connection, *number, feed),
                None => Ok(()),
            })
        })?;
        let lost = dropped.iter().filter_map(|(number, dropped)| {
            let (feed, frames) = (infos.get(number)?.clone(), dropped.lost()?);
            // Only what this step dropped: what it merged with has been told before.
            Some(Lost { feed, frames: FramesLost { frames: dropped.frames, ..frames } })
        });
        Ok(lost.collect())
    }
}

/// What a step drops of one feed.
#[derive(Default)]
struct Dropped {
    /// Of frames and of earlier losses, in order.
    seqs: Vec<Seq>,
    /// When the first and the last of them came.
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    frames: u64,
    lost_before: u64,
}

impl Dropped {
    fn add_frame(&mut self, seq: Seq, received_at: DateTime<Utc>) {
        self.frames += 1;
        self.add(seq, received_at, received_at);
    }

    fn add_loss(&mut self, record: Record) {
        if let Content::Lost(earlier) = &record.content {
            self.lost_before += earlier.frames;
            self.add(record.seq, earlier.from_at, earlier.to_at);
        }
    }

    fn add(&mut self, seq: Seq, from_at: DateTime<Utc>, to_at: DateTime<Utc>) {
        self.seqs.push(seq);
        let (first, last) = self.span.unwrap_or((from_at, to_at));
        self.span = Some((first.min(from_at), last.max(to_at)));
    }

    fn lost(&self) -> Option<FramesLost> {
        let (from_at, to_at) = self.span?;
        let frames = self.frames + self.lost_before;
        Some(FramesLost { from_at, to_at, frames, reason: FULL.to_owned() })
    }

    /// Puts one record of the loss where the last of them was.
    fn replace(
        &self,
        connection: &mut SqliteConnection,
        number: i64,
        feed: &Arc<FeedInfo>,
    ) -> QueryResult<()> {
        let (Some(lost), Some(last)) = (self.lost(), self.seqs.last()) else { return Ok(()) };
        for seq in &self.seqs {
            diesel::delete(records::table.find(seq.0)).execute(connection)?;
        }
        let (at, content) = (lost.to_at, Content::Lost(lost));
        let record = Record::new(*last, feed.clone(), Generation::default(), at, content);
        layout::put_record(connection, &record, number)
    }
}
