//! How everybody else reads the database.

mod past;

use std::collections::HashMap;

use diesel::{PgConnection, QueryDsl, QueryResult, RunQueryDsl, dsl::max};

use crate::event::{FeedId, Generation};

use super::{
    migrate::{SchemaState, schema_state},
    schema::{feed_connections, feeds},
};

pub use past::past;

/// Whether the database answers, and how its schema compares with the one of this build: it is
/// ready when nothing is pending.
///
/// # Errors
/// It does not answer.
pub fn ping(conn: &mut PgConnection) -> QueryResult<SchemaState> {
    schema_state(conn)
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
