//! Takes a name out of the journal's file, also while a service writes it: the frames stay and are
//! decoded as before, and their old bytes are gone from the file.

use std::{collections::HashMap, path::Path, sync::Arc, thread, time::Duration};

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query, sql_types::Integer,
};

use crate::event::FeedInfo;

use super::{
    error::JournalError,
    file::{self, FILE_NAME, records, time},
};

/// A step takes some tens of milliseconds, for which a group of frames may have to wait.
const STEP: i64 = 200;
/// The service that writes the file lets nobody wait for long.
const SESSION: &str = "PRAGMA busy_timeout = 60000; PRAGMA secure_delete = ON";
/// What a checkpoint waits for are readers of a moment.
const CHECKPOINT_TRIES: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Frames of a feed that had the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FramesNamed {
    pub feed: Arc<FeedInfo>,
    pub frames: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// The frame without the name; none where it does not have it.
pub type Rewrite<'a> = &'a dyn Fn(&FeedInfo, &str) -> Option<String>;

/// Counts the frames that `rewrite` would change.
///
/// # Errors
/// The file can't be read. No file is no error: nothing is in it.
pub fn look(dir: &Path, rewrite: Rewrite<'_>) -> Result<Vec<FramesNamed>, JournalError> {
    match open(dir)? {
        Some(mut connection) => walk(&mut connection, rewrite, false),
        None => Ok(Vec::new()),
    }
}

/// Changes the frames, and writes the whole file anew: also what was deleted before lies in it no
/// more, nor in the log beside it. Takes as long as copying the file.
///
/// # Errors
/// The file can't be written, or a service keeps it busy: then frames may be changed already, and
/// their old bytes may still be there.
pub fn erase(dir: &Path, rewrite: Rewrite<'_>) -> Result<Vec<FramesNamed>, JournalError> {
    let Some(mut connection) = open(dir)? else { return Ok(Vec::new()) };
    let changed = walk(&mut connection, rewrite, true)?;
    connection.batch_execute("VACUUM")?;
    for _ in 0..CHECKPOINT_TRIES {
        let done: Checkpoint =
            sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut connection)?;
        if done.busy == 0 {
            return Ok(changed);
        }
        pause();
    }
    Err(JournalError::Unusable(
        "the frames are changed, and a service keeps the old ones in its log (journal.sqlite-wal); \
         do it again when fewer frames come"
            .to_owned(),
    ))
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

#[expect(clippy::disallowed_methods, reason = "a command's own thread; there is no actor on it")]
fn pause() {
    thread::sleep(BETWEEN_TRIES);
}

fn open(dir: &Path) -> Result<Option<SqliteConnection>, JournalError> {
    let path = dir.join(FILE_NAME);
    if !path.exists() {
        return Ok(None);
    }
    let mut connection = file::connect_to_read(&path)?;
    connection.batch_execute(SESSION)?;
    Ok(Some(connection))
}

fn walk(
    connection: &mut SqliteConnection,
    rewrite: Rewrite<'_>,
    writes: bool,
) -> Result<Vec<FramesNamed>, JournalError> {
    let mut named: HashMap<i64, FramesNamed> = HashMap::new();
    let mut after = i64::MIN;
    loop {
        // A feed may be new since the last step.
        let feeds: HashMap<i64, Arc<FeedInfo>> = file::feeds_of(connection)?.into_iter().collect();
        let rows: Vec<(i64, i64, i64, Vec<u8>)> = records::table
            .filter(records::seq.gt(after))
            .order(records::seq)
            .limit(STEP)
            .select((records::seq, records::feed, records::received_at, records::payload))
            .load(connection)?;
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        let mut changed = Vec::new();
        for (seq, number, received_at, payload) in rows {
            let Some(feed) = feeds.get(&number) else { continue };
            let Ok(text) = std::str::from_utf8(&payload) else { continue };
            let Some(new) = rewrite(feed, text) else { continue };
            let at = time(received_at)?;
            let of_feed = named.entry(number).or_insert_with(|| FramesNamed {
                feed: feed.clone(),
                frames: 0,
                first_at: at,
                last_at: at,
            });
            of_feed.frames += 1;
            of_feed.first_at = of_feed.first_at.min(at);
            of_feed.last_at = of_feed.last_at.max(at);
            changed.push((seq, new));
        }
        if writes && !changed.is_empty() {
            connection.immediate_transaction(|connection| {
                changed.iter().try_for_each(|(seq, new)| {
                    diesel::update(records::table.find(seq))
                        .set(records::payload.eq(new.as_bytes()))
                        .execute(connection)
                        .map(drop)
                })
            })?;
        }
    }
    let mut named: Vec<_> = named.into_values().collect();
    named.sort_by(|a, b| a.feed.id.cmp(&b.feed.id));
    Ok(named)
}
