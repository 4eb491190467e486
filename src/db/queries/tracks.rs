//! The feeds of which there are heats.

use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, RunQueryDsl, SelectableHelper,
    dsl::exists,
};

use crate::{
    db::schema::{feeds, heats},
    event::FeedInfo,
};

use super::sources::FeedRow;

/// By venue and name. Each is looked up once in `heats_by_first_seen`.
///
/// # Errors
/// The connection's.
pub fn tracks(conn: &mut PgConnection) -> QueryResult<Vec<FeedInfo>> {
    let found: Vec<FeedRow> = feeds::table
        .filter(exists(heats::table.filter(heats::feed_id.eq(feeds::id))))
        .order((feeds::venue, feeds::name, feeds::slug))
        .select(FeedRow::as_select())
        .load(conn)?;
    Ok(found.into_iter().map(FeedInfo::from).collect())
}
