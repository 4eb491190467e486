//! One run with all that is known of it.

use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, RunQueryDsl,
    SelectableHelper,
};

use crate::{
    db::{
        queries::{snapshot, sources::FeedRow},
        schema::{agility_runs, combined_results, feeds},
    },
    event::agility::PlaysetChange,
};

use super::{
    RunWithDogs, StoredCombined, StoredRun,
    rows::{self, CombinedRow, RunRow},
};

/// A run, its dogs, its time line, and what it shares with its brothers.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSheet {
    pub run: RunWithDogs,
    /// The time line, oldest first.
    pub changes: Vec<PlaysetChange>,
    /// Best first.
    pub combined: Vec<StoredCombined>,
    /// Runs of the same names and another type, oldest first.
    pub brothers: Vec<StoredRun>,
}

/// The run with this number; none where there is none. Takes a few seconds at most.
///
/// # Errors
/// The connection's, also when it takes longer.
pub fn agility_run(conn: &mut PgConnection, id: i64) -> QueryResult<Option<RunSheet>> {
    snapshot(conn, |conn| {
        let Some((stored, feed_id)) = stored(conn, id)? else { return Ok(None) };
        let changes = rows::changes(conn, id, &stored.run.key)?;
        let combined = combined(conn, feed_id, &stored)?;
        let brothers = brothers(conn, feed_id, &stored)?;
        let run = rows::with_dogs(conn, vec![stored])?.pop();
        Ok(run.map(|run| RunSheet { run, changes, combined, brothers }))
    })
}

/// The time line of a run, oldest first, and the run itself; none where there is none.
///
/// # Errors
/// As of [`agility_run`].
pub fn run_changes(
    conn: &mut PgConnection,
    id: i64,
) -> QueryResult<Option<(StoredRun, Vec<PlaysetChange>)>> {
    snapshot(conn, |conn| {
        let Some((stored, _)) = stored(conn, id)? else { return Ok(None) };
        let changes = rows::changes(conn, id, &stored.run.key)?;
        Ok(Some((stored, changes)))
    })
}

fn stored(conn: &mut PgConnection, id: i64) -> QueryResult<Option<(StoredRun, i64)>> {
    let found: Option<(RunRow, FeedRow, i64)> = rows::all_runs()
        .filter(agility_runs::id.eq(id))
        .select((RunRow::as_select(), FeedRow::as_select(), feeds::id))
        .first(conn)
        .optional()?;
    Ok(found.map(|(run, feed, feed_id)| (RunRow::with_feed((run, feed)), feed_id)))
}

fn combined(
    conn: &mut PgConnection,
    feed_id: i64,
    StoredRun { run, .. }: &StoredRun,
) -> QueryResult<Vec<StoredCombined>> {
    let found: Vec<(CombinedRow, FeedRow)> = combined_results::table
        .inner_join(feeds::table)
        .filter(combined_results::feed_id.eq(feed_id))
        .filter(combined_results::event_name.eq(&run.key.event_name))
        .filter(combined_results::ring_name.eq(&run.key.ring_name))
        .filter(combined_results::trial_name.eq(&run.key.trial_name))
        .filter(combined_results::name.eq(&run.key.name))
        .order((combined_results::classification, combined_results::dorsal))
        .select((CombinedRow::as_select(), FeedRow::as_select()))
        .load(conn)?;
    Ok(found.into_iter().map(CombinedRow::with_feed).collect())
}

fn brothers(
    conn: &mut PgConnection,
    feed_id: i64,
    StoredRun { id, run, .. }: &StoredRun,
) -> QueryResult<Vec<StoredRun>> {
    let found: Vec<(RunRow, FeedRow)> = rows::all_runs()
        .filter(agility_runs::feed_id.eq(feed_id))
        .filter(agility_runs::event_name.eq(&run.key.event_name))
        .filter(agility_runs::ring_name.eq(&run.key.ring_name))
        .filter(agility_runs::trial_name.eq(&run.key.trial_name))
        .filter(agility_runs::name.eq(&run.key.name))
        .filter(agility_runs::id.ne(*id))
        .order((agility_runs::first_seen_at, agility_runs::id))
        .select((RunRow::as_select(), FeedRow::as_select()))
        .load(conn)?;
    Ok(found.into_iter().map(RunRow::with_feed).collect())
}
