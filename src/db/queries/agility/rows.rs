//! Rows of runs, dogs and results, and the events that they were.

use std::{collections::BTreeMap, sync::Arc};

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use crate::{
    db::{
        queries::sources::FeedRow,
        schema::{agility_runs, combined_results, feeds, playset_changes, playsets},
    },
    event::{
        Extra,
        agility::{CombinedResult, Course, Pair, Playset, PlaysetChange, Progress, Run, RunKey},
    },
};

use super::{RunWithDogs, StoredCombined, StoredRun};

#[derive(Queryable, Selectable)]
#[diesel(table_name = agility_runs)]
pub(super) struct RunRow {
    id: i64,
    event_name: String,
    ring_name: String,
    trial_name: String,
    name: String,
    type_: String,
    judge_name: Option<String>,
    length_m: Option<BigDecimal>,
    obstacles: Option<i32>,
    standard_time: Option<BigDecimal>,
    maximum_time: Option<BigDecimal>,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

impl RunRow {
    pub fn with_feed((row, feed): (Self, FeedRow)) -> StoredRun {
        let key = RunKey {
            event_name: row.event_name,
            ring_name: row.ring_name,
            trial_name: row.trial_name,
            name: row.name,
            run_type: row.type_,
        };
        let course = Course {
            judge_name: row.judge_name,
            length_m: row.length_m,
            obstacles: row.obstacles,
            standard_time: row.standard_time,
            maximum_time: row.maximum_time,
        };
        let key = Arc::new(key);
        let run = Run { key, course, seen_at: row.last_seen_at, extra: Extra::default() };
        StoredRun { id: row.id, feed: feed.into(), run, first_seen_at: row.first_seen_at }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = playsets)]
struct PlaysetRow {
    run_id: i64,
    playset_id: String,
    dorsal: Option<String>,
    start_order: Option<i32>,
    handler: Option<String>,
    club: Option<String>,
    country: Option<String>,
    team_name: Option<String>,
    dog_family_name: Option<String>,
    dog_studbook_name: Option<String>,
    dog_breed: Option<String>,
    dog_gender: Option<String>,
    dog_age: Option<String>,
    dog_height_cm: Option<BigDecimal>,
    status: Option<String>,
    faults: Option<i32>,
    refusals: Option<i32>,
    disqualification: Option<String>,
    qualification: Option<String>,
    classification: Option<i32>,
    time_s: Option<BigDecimal>,
    time_marker: Option<bool>,
    speed_m_s: Option<BigDecimal>,
    total_penalization: Option<BigDecimal>,
    updated_at: DateTime<Utc>,
}

impl PlaysetRow {
    fn of_run(self, run: &Arc<RunKey>) -> Playset {
        Playset {
            run: Arc::clone(run),
            playset_id: self.playset_id,
            pair: Pair {
                dorsal: self.dorsal,
                handler: self.handler,
                club: self.club,
                country: self.country,
                team_name: self.team_name,
                dog_family_name: self.dog_family_name,
                dog_studbook_name: self.dog_studbook_name,
                dog_breed: self.dog_breed,
                dog_gender: self.dog_gender,
                dog_age: self.dog_age,
                dog_height_cm: self.dog_height_cm,
            },
            start_order: self.start_order,
            status: self.status,
            faults: self.faults,
            refusals: self.refusals,
            disqualification: self.disqualification,
            qualification: self.qualification,
            classification: self.classification,
            time_s: self.time_s,
            time_marker: self.time_marker,
            speed_m_s: self.speed_m_s,
            total_penalization: self.total_penalization,
            updated_at: self.updated_at,
            extra: Extra::default(),
        }
    }
}

/// These runs with all their dogs, the runs in the order in which they came. Dogs without a start
/// number come last, as Postgres sorts nulls.
pub(super) fn with_dogs(
    conn: &mut PgConnection,
    runs: Vec<StoredRun>,
) -> QueryResult<Vec<RunWithDogs>> {
    let ids: Vec<i64> = runs.iter().map(|run| run.id).collect();
    let rows: Vec<PlaysetRow> = playsets::table
        .filter(playsets::run_id.eq_any(ids))
        .order((playsets::run_id, playsets::start_order, playsets::playset_id))
        .select(PlaysetRow::as_select())
        .load(conn)?;
    let mut dogs: BTreeMap<i64, Vec<PlaysetRow>> = BTreeMap::new();
    for row in rows {
        dogs.entry(row.run_id).or_default().push(row);
    }
    let filled = runs.into_iter().map(|stored| {
        let rows = dogs.remove(&stored.id).into_iter().flatten();
        let playsets = rows.map(|row| row.of_run(&stored.run.key)).collect();
        RunWithDogs { stored, playsets }
    });
    Ok(filled.collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = playset_changes)]
struct ChangeRow {
    playset_id: String,
    changed_at: DateTime<Utc>,
    status: Option<String>,
    faults: Option<i32>,
    refusals: Option<i32>,
    disqualification: Option<String>,
    time_s: Option<BigDecimal>,
}

/// The time line of a run, oldest first.
pub(super) fn changes(
    conn: &mut PgConnection,
    run_id: i64,
    key: &Arc<RunKey>,
) -> QueryResult<Vec<PlaysetChange>> {
    let rows: Vec<ChangeRow> = playset_changes::table
        .filter(playset_changes::run_id.eq(run_id))
        .order((playset_changes::changed_at, playset_changes::playset_id))
        .select(ChangeRow::as_select())
        .load(conn)?;
    let change = |row: ChangeRow| PlaysetChange {
        run: Arc::clone(key),
        playset_id: row.playset_id,
        changed_at: row.changed_at,
        progress: Progress {
            status: row.status,
            faults: row.faults,
            refusals: row.refusals,
            disqualification: row.disqualification,
            time_s: row.time_s,
        },
    };
    Ok(rows.into_iter().map(change).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = combined_results)]
pub(super) struct CombinedRow {
    event_name: String,
    ring_name: String,
    trial_name: String,
    name: String,
    dorsal: String,
    combined_id: Option<String>,
    classification: Option<i32>,
    handler: Option<String>,
    club: Option<String>,
    country: Option<String>,
    team_name: Option<String>,
    dog_family_name: Option<String>,
    dog_studbook_name: Option<String>,
    dog_breed: Option<String>,
    dog_gender: Option<String>,
    dog_age: Option<String>,
    dog_height_cm: Option<BigDecimal>,
    time_s: Option<BigDecimal>,
    total_penalization: Option<BigDecimal>,
    updated_at: DateTime<Utc>,
}

impl CombinedRow {
    /// The run's type is empty: brother runs share the result.
    pub fn with_feed((row, feed): (Self, FeedRow)) -> StoredCombined {
        let key = RunKey {
            event_name: row.event_name,
            ring_name: row.ring_name,
            trial_name: row.trial_name,
            name: row.name,
            run_type: String::new(),
        };
        let pair = Pair {
            dorsal: Some(row.dorsal.clone()),
            handler: row.handler,
            club: row.club,
            country: row.country,
            team_name: row.team_name,
            dog_family_name: row.dog_family_name,
            dog_studbook_name: row.dog_studbook_name,
            dog_breed: row.dog_breed,
            dog_gender: row.dog_gender,
            dog_age: row.dog_age,
            dog_height_cm: row.dog_height_cm,
        };
        let result = CombinedResult {
            run: Arc::new(key),
            combined_id: row.combined_id,
            dorsal: row.dorsal,
            pair,
            classification: row.classification,
            time_s: row.time_s,
            total_penalization: row.total_penalization,
            updated_at: row.updated_at,
            extra: Extra::default(),
        };
        StoredCombined { feed: feed.into(), result }
    }
}

/// Runs and their feeds, to be narrowed down.
#[diesel::dsl::auto_type]
pub(super) fn all_runs() -> _ {
    agility_runs::table.inner_join(feeds::table)
}
