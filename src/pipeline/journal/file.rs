//! The file of the journal: SQLite in WAL mode, read and written through Diesel.
//!
//! One process writes it ([`JournalFile`]), others may read it meanwhile ([`super::reader`]).
//! Everything in here blocks; nothing in here decides what to do about an error.

mod layout;
mod trim;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use crate::event::{ConnectionEnded, ConnectionSpan, FeedId, FeedInfo, Generation};

use self::layout::{feeds, journal};
use super::{
    error::JournalError,
    record::{Content, Record, Seq},
};

pub(super) use self::layout::{connect as connect_to_read, feeds as feeds_of, read, records};
pub use self::{
    layout::FILE_NAME,
    trim::{Keep, Lost, Spared, Trimmed},
};

/// Why a connection ended whose process was killed.
const KILLED: &str = "killed";

/// The open journal, in the hand of the one process that writes it.
pub struct JournalFile {
    connection: SqliteConnection,
    id: Arc<str>,
    start: i64,
    alive_until: DateTime<Utc>,
    written: Seq,
    /// What the journal calls each feed.
    feeds: HashMap<i64, Arc<FeedInfo>>,
    /// Which feeds have this id: one, unless it was configured as another kind later.
    numbers: HashMap<FeedId, Vec<i64>>,
}

/// A connection that the file knows no end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenConnection {
    pub feed: Arc<FeedInfo>,
    pub span: ConnectionSpan,
}

/// What is in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The last record; none when there are none.
    pub last: Option<Seq>,
    /// When the oldest record was received.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Bytes in use; the file keeps the greatest size that it ever had.
    pub bytes: u64,
}

impl JournalFile {
    /// Opens the journal in `dir`, or begins one there, and counts one more start.
    ///
    /// # Errors
    /// The file is damaged, of a newer version, or can't be opened for writing.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        Self::open_as(dir, None)
    }

    /// As [`Self::open`]; a new file goes on as the journal `id` in its `start`-th process.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(dir: &Path, identity: Option<(&str, i64)>) -> Result<Self, JournalError> {
        make_dir(dir).map_err(|error| JournalError::Unusable(error.to_string()))?;
        let mut connection = layout::connect(&dir.join(FILE_NAME))?;
        layout::prepare(&mut connection, identity)?;
        let (id, start, alive_at, written) = connection.immediate_transaction(|connection| {
            let before: (String, i64, i64, i64) = journal::table
                .select((journal::id, journal::start, journal::alive_at, journal::written))
                .first(connection)?;
            diesel::update(journal::table)
                .set(journal::start.eq(before.1 + 1))
                .execute(connection)
                .map(|_| before)
        })?;
        let mut file = Self {
            connection,
            id: id.into(),
            start: start + 1,
            alive_until: time(alive_at)?,
            written: Seq(written),
            feeds: HashMap::new(),
            numbers: HashMap::new(),
        };
        file.load_feeds()?;
        Ok(file)
    }

    /// Names this journal in the database's checkpoints.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whether no process before this one wrote it.
    pub fn is_new(&self) -> bool {
        self.start == 1
    }

    /// The last record that was known to be in the database when the file was last written.
    pub fn written(&self) -> Seq {
        self.written
    }

    /// Which process this is of those that ever opened the journal for writing.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The last generation of each feed.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn generations(&mut self) -> Result<HashMap<FeedId, Generation>, JournalError> {
        let rows: Vec<(String, i64)> =
            feeds::table.select((feeds::slug, feeds::generation)).load(&mut self.connection)?;
        let mut last = HashMap::new();
        for (slug, generation) in rows {
            let known = last.entry(FeedId::new(slug)).or_insert(Generation::default());
            *known = (*known).max(Generation(generation.cast_unsigned()));
        }
        Ok(last)
    }

    /// The connections that were open when the last process died, as ended at the moment when that
    /// process was last known to be alive.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn left_open(&mut self) -> Result<Vec<OpenConnection>, JournalError> {
        let rows: Vec<(i64, i64, Option<i64>)> = feeds::table
            .filter(feeds::connected_at.is_not_null())
            .select((feeds::id, feeds::generation, feeds::connected_at))
            .load(&mut self.connection)?;
        let mut open = Vec::new();
        for (number, generation, connected_at) in rows {
            let (Some(known), Some(micros)) = (self.feeds.get(&number), connected_at) else {
                continue;
            };
            let connected_at = time(micros)?;
            let ended = ConnectionEnded {
                disconnected_at: self.alive_until.max(connected_at),
                reason: KILLED.to_owned(),
                frames: None,
            };
            let generation = Generation(generation.cast_unsigned());
            let span = ConnectionSpan { generation, connected_at, ended: Some(ended) };
            open.push(OpenConnection { feed: known.clone(), span });
        }
        open.sort_by(|a, b| a.feed.id.cmp(&b.feed.id));
        Ok(open)
    }

    /// # Errors
    /// The file can't be read.
    pub fn extent(&mut self) -> Result<Extent, JournalError> {
        let connection = &mut self.connection;
        let last: Option<i64> =
            records::table.select(diesel::dsl::max(records::seq)).get_result(connection)?;
        let oldest: Option<i64> = records::table
            .order(records::seq)
            .select(records::received_at)
            .first(connection)
            .optional()?;
        let bytes = layout::bytes_in_use(connection)?;
        Ok(Extent { last: last.map(Seq), oldest_at: oldest.map(time).transpose()?, bytes })
    }

    /// Writes the records, all or none, how far the database is, and that this process is alive.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn append(&mut self, new: &[Arc<Record>], written: Seq) -> Result<(), JournalError> {
        let mut numbers = Vec::with_capacity(new.len());
        let mut unknown = Vec::new();
        for record in new {
            let known = self.known(&record.feed);
            numbers.push(known.unwrap_or_else(|| self.number_for(&record.feed, &mut unknown)));
        }
        let alive_at = Utc::now().timestamp_micros();
        self.connection.immediate_transaction(|connection| {
            for (number, info) in &unknown {
                layout::put_feed(connection, *number, info)?;
            }
            for (record, number) in new.iter().zip(&numbers) {
                layout::put_record(connection, record, *number)?;
                if let Content::Mark(span) = &record.content {
                    layout::put_span(connection, *number, span)?;
                }
            }
            diesel::update(journal::table)
                .set((journal::alive_at.eq(alive_at), journal::written.eq(written.0)))
                .execute(connection)
                .map(drop)
        })?;
        for (number, info) in unknown {
            self.remember(number, info);
        }
        Ok(())
    }

    /// At most `rows` records and about `bytes` bytes of those after `after`, in order.
    ///
    /// # Errors
    /// The file can't be read, or a record in it.
    pub fn read(
        &mut self,
        after: Seq,
        rows: usize,
        bytes: usize,
    ) -> Result<Vec<Record>, JournalError> {
        layout::read(&mut self.connection, &self.feeds, after, None, rows, bytes)
    }

    /// How many records come after `after`, up to `through`; counts no further than `most`, since
    /// nothing is saved meanwhile.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn count(&mut self, after: Seq, through: Seq, most: i64) -> Result<u64, JournalError> {
        let seqs: Vec<i64> = records::table
            .filter(records::seq.gt(after.0))
            .filter(records::seq.le(through.0))
            .order(records::seq)
            .select(records::seq)
            .limit(most)
            .load(&mut self.connection)?;
        Ok(seqs.len() as u64)
    }

    /// The last frame of each feed among the `look_back` records up to `through`, in order: what the
    /// decoders had seen when the database was told of `through`. None when that record is not in
    /// the file, for then the database knows more than the file.
    ///
    /// # Errors
    /// The file can't be read, or a record in it.
    pub fn last_frames(
        &mut self,
        through: Seq,
        look_back: i64,
    ) -> Result<Vec<Record>, JournalError> {
        layout::last_frames(&mut self.connection, &self.feeds, through, look_back)
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    fn load_feeds(&mut self) -> Result<(), JournalError> {
        for (number, info) in layout::feeds(&mut self.connection)? {
            self.remember(number, info);
        }
        Ok(())
    }

    fn remember(&mut self, number: i64, info: Arc<FeedInfo>) {
        let numbers = self.numbers.entry(info.id.clone()).or_default();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
        self.feeds.insert(number, info);
    }

    /// The feed of this id and kind, whatever else is said of it.
    fn of_kind(&self, info: &FeedInfo) -> Option<(i64, &Arc<FeedInfo>)> {
        let mut all = self.numbers.get(&info.id)?.iter();
        all.find_map(|number| {
            let known = self.feeds.get(number).filter(|known| known.kind == info.kind)?;
            Some((*number, known))
        })
    }

    /// The number of a feed that is called just so.
    fn known(&self, info: &Arc<FeedInfo>) -> Option<i64> {
        let (number, known) = self.of_kind(info)?;
        (Arc::ptr_eq(known, info) || known == info).then_some(number)
    }

    /// The number of a feed that is new or has another name now.
    fn number_for(&self, info: &Arc<FeedInfo>, unknown: &mut Vec<(i64, Arc<FeedInfo>)>) -> i64 {
        let is_it =
            |(_, feed): &&mut (i64, Arc<FeedInfo>)| feed.id == info.id && feed.kind == info.kind;
        if let Some((number, feed)) = unknown.iter_mut().find(is_it) {
            // Its last name counts.
            *feed = info.clone();
            return *number;
        }
        let number = self.of_kind(info).map_or_else(
            || {
                let all = self.feeds.keys().chain(unknown.iter().map(|(number, _)| number));
                all.max().unwrap_or(&0) + 1
            },
            |(number, _)| number,
        );
        unknown.push((number, info.clone()));
        number
    }
}

/// Renames the file and what belongs to it, so that a new one can begin; returns its new path.
///
/// # Errors
/// The folder can't be written.
pub fn set_aside(dir: &Path, at: DateTime<Utc>) -> io::Result<PathBuf> {
    let stem = format!("journal.damaged-{}", at.format("%Y%m%dT%H%M%S%.3fZ"));
    let aside = dir.join(format!("{stem}.sqlite"));
    fs::rename(dir.join(FILE_NAME), &aside)?;
    for suffix in ["-wal", "-shm"] {
        let from = dir.join(format!("{FILE_NAME}{suffix}"));
        match fs::rename(from, dir.join(format!("{stem}.sqlite{suffix}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// Names of people are in there: nobody else may look.
fn make_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, JournalError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| JournalError::Damaged(format!("time {micros} is out of range")))
}

#[cfg(test)]
mod tests;
