//! Rows that are older than the operator wants to keep them, a few at a time: the writer waits for
//! no more than one step.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult, RunQueryDsl, sql_query, sql_types::Timestamptz};

/// Which rows can go by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aged {
    /// With all that hangs on them: drivers, laps, gaps, stints.
    Heats,
    /// Single laps; what is summed up of them stays.
    Laps,
    /// With all that hangs on them: playsets and their changes; and combined results.
    Runs,
    FeedConnections,
    RejectedFrames,
    RejectedRows,
    Notices,
}

impl Aged {
    pub const ALL: [Self; 7] = [
        Self::Heats,
        Self::Laps,
        Self::Runs,
        Self::FeedConnections,
        Self::RejectedFrames,
        Self::RejectedRows,
        Self::Notices,
    ];

    /// As in `[retention]`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Heats => "heats",
            Self::Laps => "laps",
            Self::Runs => "runs",
            Self::FeedConnections => "feed_connections",
            Self::RejectedFrames => "rejected_frames",
            Self::RejectedRows => "rejected_rows",
            Self::Notices => "notices",
        }
    }

    /// Statements that each delete some of what is older than $1, until they find nothing more. A
    /// heat has some hundred laps.
    fn statements(self) -> &'static [&'static str] {
        match self {
            Self::Heats => &["DELETE FROM heats WHERE id IN \
                 (SELECT id FROM heats WHERE last_seen_at < $1 ORDER BY id LIMIT 10)"],
            Self::Laps => &[
                "DELETE FROM laps WHERE heat_id IN \
                 (SELECT id FROM heats WHERE last_seen_at < $1 \
                  AND EXISTS (SELECT FROM laps WHERE heat_id = heats.id) ORDER BY id LIMIT 10)",
                "DELETE FROM lap_gaps WHERE heat_id IN \
                 (SELECT id FROM heats WHERE last_seen_at < $1 \
                  AND EXISTS (SELECT FROM lap_gaps WHERE heat_id = heats.id) ORDER BY id LIMIT 100)",
            ],
            Self::Runs => &[
                "DELETE FROM agility_runs WHERE id IN \
                 (SELECT id FROM agility_runs WHERE last_seen_at < $1 AND NOT EXISTS \
                  (SELECT FROM playsets WHERE run_id = agility_runs.id AND updated_at >= $1) \
                  ORDER BY id LIMIT 10)",
                "DELETE FROM combined_results WHERE ctid IN \
                 (SELECT ctid FROM combined_results WHERE updated_at < $1 LIMIT 500)",
            ],
            // The latest of a feed tells where its generations go on.
            Self::FeedConnections => {
                &["DELETE FROM feed_connections WHERE (feed_id, generation) IN \
                 (SELECT feed_id, generation FROM feed_connections AS old \
                  WHERE disconnected_at < $1 AND EXISTS \
                  (SELECT FROM feed_connections WHERE feed_id = old.feed_id \
                   AND generation > old.generation) LIMIT 500)"]
            }
            Self::RejectedFrames => &["DELETE FROM rejected_frames \
                 WHERE (feed_id, received_at, payload_md5) IN \
                 (SELECT feed_id, received_at, payload_md5 FROM rejected_frames \
                  WHERE received_at < $1 LIMIT 500)"],
            Self::RejectedRows => &["DELETE FROM rejected_rows WHERE (table_name, row_md5) IN \
                 (SELECT table_name, row_md5 FROM rejected_rows WHERE at < $1 LIMIT 500)"],
            Self::Notices => &["DELETE FROM notices WHERE id IN \
                 (SELECT id FROM notices WHERE created_at < $1 \
                  AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL) LIMIT 500)"],
        }
    }
}

/// Deletes some rows that are older than `cut`; none are left when it is 0. Rows that hang on them
/// go along and are not counted.
///
/// # Errors
/// The connection's.
pub fn delete_old(conn: &mut PgConnection, what: Aged, cut: DateTime<Utc>) -> QueryResult<usize> {
    let mut deleted = 0;
    for statement in what.statements() {
        deleted += sql_query(*statement).bind::<Timestamptz, _>(cut).execute(conn)?;
    }
    Ok(deleted)
}
