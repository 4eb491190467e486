//! Frames in the journal, read as plain rows.

use std::path::{Path, PathBuf};

use chrono::DateTime;
use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};
use ringside::simulator::SentConnection;

use super::{Death, Feed, Report, is_safe};

/// Every frame of a journal, in its order.
pub struct Journal(Vec<Recorded>);

#[derive(QueryableByName)]
pub struct Recorded {
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// Microseconds since 1970.
    #[diesel(sql_type = BigInt)]
    pub received_at: i64,
    #[diesel(sql_type = Binary)]
    pub payload: Vec<u8>,
}

/// Kinds from 2 on are marks.
const FRAMES: &str = "SELECT f.slug, r.received_at, r.payload FROM records r \
                      JOIN feeds f ON f.id = r.feed WHERE r.kind < 2 ORDER BY r.seq";

impl Journal {
    /// None where there is none.
    pub fn read(file: &Path) -> Option<Self> {
        if !file.exists() {
            return None;
        }
        let copy = tempfile::tempdir().unwrap();
        // SQLite resolves a path through another process to one outside of its mounts, where the
        // file of a mount is not.
        let file = std::fs::canonicalize(file).unwrap_or_else(|_| copied(file, copy.path()));
        let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON").unwrap();
        Some(Self(sql_query(FRAMES).load(&mut connection).unwrap()))
    }

    #[cfg(test)]
    pub fn of(frames: Vec<Recorded>) -> Self {
        Self(frames)
    }

    /// Of each connection the journal must have a beginning, with all frames that are safe.
    /// `in_order`: times tell to which connection a frame belongs; otherwise there was one a feed.
    pub fn judge(&self, feeds: &[Feed], deaths: &[Death], in_order: bool, report: &mut Report) {
        report.frames_recorded = Some(self.0.len());
        for feed in feeds {
            report.of_feed(&feed.slug);
            let connections = &feed.sent.connections;
            let mut recorded: Vec<Vec<&[u8]>> = vec![Vec::new(); connections.len()];
            for frame in self.0.iter().filter(|frame| frame.slug == feed.slug) {
                let at = DateTime::from_timestamp_micros(frame.received_at).unwrap();
                let after = connections.partition_point(|c| !in_order || c.began_at <= at);
                match after.checked_sub(1).and_then(|number| recorded.get_mut(number)) {
                    Some(of_connection) => of_connection.push(&frame.payload),
                    None => report.never_sent(format_args!("frame of {at} in the journal")),
                }
            }
            for (connection, recorded) in connections.iter().zip(recorded) {
                judge_connection(connection, &recorded, deaths, report);
            }
        }
    }
}

fn judge_connection(
    sent: &SentConnection,
    recorded: &[&[u8]],
    deaths: &[Death],
    report: &mut Report,
) {
    // An answer to a ping is no news, and is not kept.
    let frames: Vec<_> = sent.frames.iter().filter(|frame| frame.payload != "pong").collect();
    let same = frames.iter().zip(recorded).take_while(|(sent, kept)| sent.payload == **kept);
    let kept = same.count();
    if kept < recorded.len() {
        report.wrong(format_args!(
            "journal: frame {kept} of the connection of {} is not what was sent",
            sent.began_at
        ));
    }
    for frame in &frames[kept..] {
        match is_safe(sent, frame, deaths) {
            (true, _) => report.missing(format_args!("journal: frame of {}", frame.at)),
            (false, before_death) => {
                report.lost_ms_before_kill = report.lost_ms_before_kill.max(Some(before_death));
            }
        }
    }
}

fn copied(file: &Path, to: &Path) -> PathBuf {
    for suffix in ["", "-wal"] {
        let from = PathBuf::from(format!("{}{suffix}", file.display()));
        if from.exists() {
            std::fs::copy(from, to.join(format!("journal.sqlite{suffix}"))).unwrap();
        }
    }
    to.join("journal.sqlite")
}
