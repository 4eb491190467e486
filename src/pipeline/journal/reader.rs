//! Reads a journal, also while a service writes it.

use std::{collections::HashMap, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    dsl::{count_star, max, min},
};

use crate::event::{FeedId, FeedInfo};

use super::{
    error::JournalError,
    file::{self, FILE_NAME},
    record::{Record, Seq},
};

/// A journal that is only read. Every call sees what was saved until then.
pub struct Reader {
    connection: SqliteConnection,
    feeds: HashMap<i64, Arc<FeedInfo>>,
}

/// What the journal has of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub records: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

impl Reader {
    /// Opens the journal in `dir`.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(FILE_NAME);
        if !path.exists() {
            return Err(JournalError::Unusable(format!("there is none at {}", path.display())));
        }
        let mut connection = file::connect_to_read(&path)?;
        connection.batch_execute("PRAGMA query_only = ON")?;
        let feeds = file::feeds_of(&mut connection)?;
        Ok(Self { connection, feeds: feeds.into_iter().collect() })
    }

    /// Every feed that the journal knows, also those that are configured no more. A feed whose kind
    /// was changed is there twice.
    pub fn feeds(&self) -> impl Iterator<Item = &Arc<FeedInfo>> {
        self.feeds.values()
    }

    /// What there is of a feed between two moments, `to` excluded; none when there is nothing.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn holding(
        &mut self,
        feed: &FeedInfo,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Option<Holding>, JournalError> {
        use super::file::records;
        let Some(number) = self.number(feed) else { return Ok(None) };
        let mut query = records::table
            .filter(records::feed.eq(number))
            .select((count_star(), min(records::received_at), max(records::received_at)))
            .into_boxed();
        if let Some(from) = from {
            query = query.filter(records::received_at.ge(from.timestamp_micros()));
        }
        if let Some(to) = to {
            query = query.filter(records::received_at.lt(to.timestamp_micros()));
        }
        let (count, first, last): (i64, Option<i64>, Option<i64>) =
            query.get_result(&mut self.connection)?;
        let Some((first, last)) = first.zip(last) else { return Ok(None) };
        Ok(Some(Holding {
            records: count.cast_unsigned(),
            first_at: file::time(first)?,
            last_at: file::time(last)?,
        }))
    }

    /// At most `rows` records of `feed` after `after`, of all feeds where it is none, in order.
    /// Records of another time are skipped by the caller: a clock that was set makes times go back.
    ///
    /// # Errors
    /// The journal can't be read, or a record in it.
    pub fn read(
        &mut self,
        feed: Option<&FeedInfo>,
        after: Seq,
        rows: usize,
    ) -> Result<Vec<Record>, JournalError> {
        let number = match feed {
            None => None,
            Some(feed) => match self.number(feed) {
                None => return Ok(Vec::new()),
                number => number,
            },
        };
        /// What a reader holds at once.
        const BYTES: usize = 16 << 20;
        file::read(&mut self.connection, &self.feeds, after, number, rows, BYTES)
    }

    fn number(&self, feed: &FeedInfo) -> Option<i64> {
        let is_it = |known: &FeedInfo| known.id == feed.id && known.kind == feed.kind;
        self.feeds.iter().find(|(_, known)| is_it(known)).map(|(number, _)| *number)
    }

    /// The feeds of this id: one for each kind it ever had.
    pub fn feeds_called(&self, id: &FeedId) -> Vec<Arc<FeedInfo>> {
        self.feeds.values().filter(|feed| feed.id == *id).cloned().collect()
    }
}
