//! The feeds that the database knows.

use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use crate::{
    db::{rows::text, schema::feeds},
    event::{FeedId, FeedInfo},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = feeds)]
pub(super) struct FeedRow {
    slug: String,
    kind: String,
    venue: String,
    name: String,
}

impl From<FeedRow> for FeedInfo {
    fn from(row: FeedRow) -> Self {
        let FeedRow { slug, kind, venue, name } = row;
        Self { id: FeedId::new(slug), kind, venue, name }
    }
}

/// All feeds, of one kind where one is given, in the order of their ids.
///
/// # Errors
/// The connection's.
pub fn known_feeds(conn: &mut PgConnection, kind: Option<&str>) -> QueryResult<Vec<FeedInfo>> {
    let mut query = feeds::table.order(feeds::slug).select(FeedRow::as_select()).into_boxed();
    if let Some(kind) = kind {
        query = query.filter(feeds::kind.eq(text(kind)));
    }
    Ok(query.load(conn)?.into_iter().map(FeedInfo::from).collect())
}
