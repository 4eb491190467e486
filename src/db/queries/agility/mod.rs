//! Agility runs as they are stored: lists of them, one with its dogs, and the runs of a pair or an
//! event.
//!
//! Dogs come as the events that they were, so that a past run is reckoned with and drawn by the
//! same functions as what is on.

mod one;
mod pairs;
mod rows;
mod runs;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, RunQueryDsl,
};

use crate::{
    db::{rows::text, schema::feeds},
    event::{
        FeedInfo,
        agility::{CombinedResult, Playset, Run},
    },
};

pub use one::{RunSheet, agility_run, run_changes};
pub use pairs::{DayOfDog, combined_results, day_of_dog, event_runs, handler_runs};
pub use runs::{RunLeader, RunSummary, RunsAfter, RunsFilter, agility_runs, feed_of_event};

/// An event of this name that was longer ago is another one: some repeat every year, under the
/// same name.
const EVENT: TimeDelta = TimeDelta::days(16);

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    pub id: i64,
    pub feed: FeedInfo,
    pub run: Run,
    pub first_seen_at: DateTime<Utc>,
}

/// A run and all its dogs that were seen, in start order.
#[derive(Clone, Debug, PartialEq)]
pub struct RunWithDogs {
    pub stored: StoredRun,
    pub playsets: Vec<Playset>,
}

/// A pair's place over brother runs, and the feed that told it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCombined {
    pub feed: FeedInfo,
    pub result: CombinedResult,
}

/// Moments from the first to before the second; none on a side for no limit there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// The number of a feed; none where no such feed is known.
fn feed_number(conn: &mut PgConnection, slug: &str) -> QueryResult<Option<i64>> {
    feeds::table.filter(feeds::slug.eq(text(slug))).select(feeds::id).first(conn).optional()
}
