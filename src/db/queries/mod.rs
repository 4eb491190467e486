//! How everybody else reads the database.

mod agility;
mod changes;
mod drivers;
mod gaps;
mod heat_list;
mod heat_record;
mod heats;
mod neighbours;
mod past;
mod records;
mod sources;
mod stints;
mod tracks;

use std::collections::HashMap;

use diesel::{
    OptionalExtension, PgConnection, QueryDsl, QueryResult, RunQueryDsl,
    connection::SimpleConnection, dsl::max,
};

use crate::{
    event::{FeedId, Generation},
    pipeline::journal::record::Seq,
};

use super::{
    migrate::{SchemaState, schema_state},
    schema::{checkpoints, feed_connections, feeds},
};

pub use agility::{
    DayOfDog, RunLeader, RunSheet, RunSummary, RunWithDogs, RunsAfter, RunsFilter, Span,
    StoredCombined, StoredRun, agility_run, agility_runs, combined_results, day_of_dog, event_runs,
    feed_of_event, handler_runs, run_changes,
};
pub use changes::{
    ChangeFilter, ChangeMark, ChangedLap, Followed, LapChange, LapChanges, lap_changes,
};
pub use drivers::{
    DriverBest, DriverHeat, DriverHistory, DriverName, DriversWanted, driver_history, driver_names,
    venue_feeds,
};
pub use gaps::{FeedGaps, Gap, Gaps, gaps};
pub use heat_list::{HeatFilter, ListedHeat, list_heats};
pub use heat_record::{
    HeatPart, HeatRecord, LapGapRecord, LapRecord, StandingRecord, heat_in_parts,
};
pub use heats::{Completeness, MissingLaps, StoredHeat, heat};
pub use neighbours::{Neighbours, neighbours};
pub use past::pasts;
pub use records::{Record, Records, RecordsWanted, records};
pub use sources::{FeedRecord, feed_records, known_feeds};
pub use stints::{Driven, DrivenStint, driven};
pub use tracks::tracks;

/// A page must not hold a connection for long. To compile these queries takes the server longer than
/// to run them.
const SETTINGS: &str = "SET LOCAL statement_timeout = '3s'; SET LOCAL jit = off";

/// Whether the database answers, and how its schema compares with the one of this build: it is
/// ready when nothing is pending.
///
/// # Errors
/// It does not answer.
pub fn ping(conn: &mut PgConnection) -> QueryResult<SchemaState> {
    schema_state(conn)
}

/// How far the journal is written to this database; [`Seq::default`] when it knows nothing of it.
///
/// # Errors
/// The connection's.
pub fn checkpoint(conn: &mut PgConnection, journal_id: &str) -> QueryResult<Seq> {
    let seq: Option<i64> =
        checkpoints::table.find(journal_id).select(checkpoints::seq).first(conn).optional()?;
    Ok(seq.map(Seq).unwrap_or_default())
}

/// The latest connection of every feed that ever had one: a new process counts on from there.
///
/// # Errors
/// The connection's.
pub fn last_generations(conn: &mut PgConnection) -> QueryResult<HashMap<FeedId, Generation>> {
    let rows: Vec<(String, Option<i64>)> = feed_connections::table
        .inner_join(feeds::table)
        .group_by(feeds::slug)
        .select((feeds::slug, max(feed_connections::generation)))
        .load(conn)?;
    let counted = |(slug, generation): (String, Option<i64>)| {
        Some((FeedId::new(slug), Generation(generation?.cast_unsigned())))
    };
    Ok(rows.into_iter().filter_map(counted).collect())
}

/// Asks several questions about one moment.
pub(super) fn snapshot<T>(
    conn: &mut PgConnection,
    ask: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        conn.batch_execute(SETTINGS)?;
        ask(conn)
    })
}
