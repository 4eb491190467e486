//! The tables of the file, and the statements on them.

use std::{collections::HashMap, path::Path, sync::Arc};

use chrono::Utc;
use diesel::{
    Connection, ExpressionMethods, Insertable, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    SqliteConnection, connection::SimpleConnection, sql_query, sql_types::BigInt,
};

use log::error;

use crate::{
    event::{ConnectionSpan, FeedId, FeedInfo, FramesLost, Generation},
    pipeline::journal::{
        error::JournalError,
        record::{Content, Kind, Record, Seq},
    },
};

use super::time;

pub const FILE_NAME: &str = "journal.sqlite";

/// What this build writes; a file of a greater number is not touched.
const VERSION: i64 = 1;

/// WAL: a commit is one sequential write, and readers do not wait. FULL: a commit is on the disk,
/// not only with the kernel; a group of frames pays for it together, and no frame waits for it.
const SESSION: &str = "PRAGMA busy_timeout = 5000; \
                       PRAGMA journal_mode = WAL; \
                       PRAGMA synchronous = FULL; \
                       PRAGMA journal_size_limit = 16777216";

const TABLES: &str = "
CREATE TABLE journal (
    id text NOT NULL,
    start integer NOT NULL,
    alive_at integer NOT NULL,
    written integer NOT NULL DEFAULT 0
);
CREATE TABLE feeds (
    id integer PRIMARY KEY,
    slug text NOT NULL,
    kind text NOT NULL,
    venue text NOT NULL,
    name text NOT NULL,
    generation integer NOT NULL DEFAULT 0,
    connected_at integer,
    UNIQUE (slug, kind)
);
CREATE TABLE records (
    seq integer PRIMARY KEY,
    feed integer NOT NULL,
    generation integer NOT NULL,
    received_at integer NOT NULL,
    kind integer NOT NULL,
    payload blob NOT NULL
);
";

diesel::table! {
    /// One row. Times are microseconds since 1970.
    journal (id) {
        id -> Text,
        /// How many processes have opened it for writing.
        start -> BigInt,
        /// When the last of them was last known to be alive.
        alive_at -> BigInt,
        /// The last record known to be in the database.
        written -> BigInt,
    }
}

diesel::table! {
    feeds (id) {
        id -> BigInt,
        slug -> Text,
        kind -> Text,
        venue -> Text,
        name -> Text,
        /// The last one.
        generation -> BigInt,
        /// Null when the last connection ended.
        connected_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    records (seq) {
        seq -> BigInt,
        feed -> BigInt,
        generation -> BigInt,
        received_at -> BigInt,
        kind -> Integer,
        payload -> Binary,
    }
}

pub(super) type Row = (i64, i64, i64, i64, i32, Vec<u8>);

pub(in crate::pipeline::journal) fn connect(path: &Path) -> Result<SqliteConnection, JournalError> {
    let path = path
        .to_str()
        .ok_or_else(|| JournalError::Unusable(format!("{} is no path of UTF-8", path.display())))?;
    let mut connection = SqliteConnection::establish(path)
        .map_err(|error| JournalError::Unusable(error.to_string()))?;
    connection.batch_execute(SESSION)?;
    Ok(connection)
}

/// Makes the tables where there are none; a new journal gets `identity`, or one of its own.
pub(super) fn prepare(
    connection: &mut SqliteConnection,
    identity: Option<(&str, i64)>,
) -> Result<(), JournalError> {
    let version = version(connection)?;
    if version > VERSION {
        return Err(JournalError::Newer);
    }
    if version == VERSION {
        return Ok(());
    }
    let (id, start) = match identity {
        // The process that writes it goes on, so its start is counted once more when it opens it.
        Some((id, start)) => (id.to_owned(), start),
        None => (new_id(), 0),
    };
    connection.immediate_transaction(|connection| {
        connection.batch_execute(TABLES)?;
        let now = Utc::now().timestamp_micros();
        diesel::insert_into(journal::table)
            .values((journal::id.eq(id), journal::start.eq(start), journal::alive_at.eq(now)))
            .execute(connection)?;
        connection.batch_execute(&format!("PRAGMA user_version = {VERSION}"))
    })?;
    Ok(())
}

pub(super) fn version(connection: &mut SqliteConnection) -> Result<i64, JournalError> {
    Ok(pragma(connection, "user_version")?)
}

pub(super) fn bytes_in_use(connection: &mut SqliteConnection) -> QueryResult<u64> {
    let pages = pragma(connection, "page_count")? - pragma(connection, "freelist_count")?;
    Ok((pages * pragma(connection, "page_size")?).cast_unsigned())
}

fn pragma(connection: &mut SqliteConnection, name: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = BigInt)]
        value: i64,
    }
    let asked = format!("SELECT {name} AS value FROM pragma_{name}");
    sql_query(asked).get_result::<Answer>(connection).map(|answer| answer.value)
}

/// 128 random bits: two journals never share checkpoints.
fn new_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

pub(in crate::pipeline::journal) fn feeds(
    connection: &mut SqliteConnection,
) -> QueryResult<Vec<(i64, Arc<FeedInfo>)>> {
    let rows: Vec<(i64, String, String, String, String)> = feeds::table
        .select((feeds::id, feeds::slug, feeds::kind, feeds::venue, feeds::name))
        .load(connection)?;
    let infos = rows.into_iter().map(|(number, slug, kind, venue, name)| {
        (number, Arc::new(FeedInfo { id: FeedId::new(slug), kind, venue, name }))
    });
    Ok(infos.collect())
}

pub(super) fn put_feed(
    connection: &mut SqliteConnection,
    number: i64,
    info: &FeedInfo,
) -> QueryResult<()> {
    let names = (
        feeds::slug.eq(info.id.as_str()),
        feeds::kind.eq(&info.kind),
        feeds::venue.eq(&info.venue),
        feeds::name.eq(&info.name),
    );
    diesel::insert_into(feeds::table)
        .values((feeds::id.eq(number), names))
        .on_conflict(feeds::id)
        .do_update()
        .set(names)
        .execute(connection)
        .map(drop)
}

pub(super) fn put_span(
    connection: &mut SqliteConnection,
    number: i64,
    span: &ConnectionSpan,
) -> QueryResult<()> {
    let open = span.ended.is_none().then(|| span.connected_at.timestamp_micros());
    let generation = span.generation.0.cast_signed();
    // The end of an older connection says nothing about the one that is open.
    diesel::update(
        feeds::table.filter(feeds::id.eq(number)).filter(feeds::generation.le(generation)),
    )
    .set((feeds::generation.eq(generation), feeds::connected_at.eq(open)))
    .execute(connection)
    .map(drop)
}

#[derive(Insertable)]
#[diesel(table_name = records)]
struct NewRecord<'a> {
    seq: i64,
    feed: i64,
    generation: i64,
    received_at: i64,
    kind: i32,
    payload: &'a [u8],
}

pub(super) fn put_record(
    connection: &mut SqliteConnection,
    record: &Record,
    feed: i64,
) -> QueryResult<()> {
    let row = NewRecord {
        seq: record.seq.0,
        feed,
        generation: record.generation.0.cast_signed(),
        received_at: record.received_at.timestamp_micros(),
        kind: record.content.kind() as i32,
        payload: &record.content.bytes(),
    };
    diesel::insert_into(records::table).values(&row).execute(connection).map(drop)
}

/// Records after `after`, of one feed or of all: at most `rows`, and no more once they have
/// `bytes` bytes.
pub(in crate::pipeline::journal) fn read(
    connection: &mut SqliteConnection,
    infos: &HashMap<i64, Arc<FeedInfo>>,
    after: Seq,
    feed: Option<i64>,
    rows: usize,
    bytes: usize,
) -> Result<Vec<Record>, JournalError> {
    let mut query = records::table
        .filter(records::seq.gt(after.0))
        .order(records::seq)
        .limit(i64::try_from(rows).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(feed) = feed {
        query = query.filter(records::feed.eq(feed));
    }
    let mut read = Vec::new();
    let mut size = 0;
    for row in query.load_iter::<Row, diesel::connection::DefaultLoadingMode>(connection)? {
        let record = record(row?, infos)?;
        size += record.size();
        read.push(record);
        if size >= bytes {
            break;
        }
    }
    Ok(read)
}

/// The last frame of each feed up to `through`, looked for among the last `look_back` records, and
/// not beyond the first hole in their numbers: behind a hole the database may know more.
pub(super) fn last_frames(
    connection: &mut SqliteConnection,
    infos: &HashMap<i64, Arc<FeedInfo>>,
    through: Seq,
    look_back: i64,
) -> Result<Vec<Record>, JournalError> {
    let latest: Vec<(i64, i64, i32)> = records::table
        .filter(records::seq.le(through.0))
        .order(records::seq.desc())
        .limit(look_back)
        .select((records::seq, records::feed, records::kind))
        .load(connection)?;
    let without_hole =
        latest.into_iter().zip(0..).take_while(|((seq, ..), n)| *seq + n == through.0);
    let mut last = HashMap::new();
    for ((seq, feed, kind), _) in without_hole {
        if kind == Kind::Text as i32 {
            last.entry(feed).or_insert(seq);
        }
    }
    let mut frames = Vec::with_capacity(last.len());
    for seq in last.into_values() {
        let row: Row = records::table.find(seq).first(connection)?;
        frames.push(record(row, infos)?);
    }
    frames.sort_by_key(|frame| frame.seq);
    Ok(frames)
}

pub(in crate::pipeline::journal) fn record(
    (seq, feed, generation, received_at, kind, payload): Row,
    infos: &HashMap<i64, Arc<FeedInfo>>,
) -> Result<Record, JournalError> {
    let damaged = |what: String| JournalError::Damaged(format!("record {seq}: {what}"));
    let feed = infos.get(&feed).ok_or_else(|| damaged(format!("no feed has the number {feed}")))?;
    let received_at = time(received_at)?;
    let content = Content::read(kind, payload).unwrap_or_else(|unreadable| {
        // Its neighbours can be read.
        error!("feed={} record={seq} of the journal is lost: {unreadable}", feed.id);
        let reason = "journal_damaged".to_owned();
        Content::Lost(FramesLost { from_at: received_at, to_at: received_at, frames: 1, reason })
    });
    Ok(Record {
        seq: Seq(seq),
        feed: feed.clone(),
        generation: Generation(generation.cast_unsigned()),
        received_at,
        content,
    })
}
