//! The feeds that the database knows.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, Queryable, QueryableByName,
    RunQueryDsl, Selectable, SelectableHelper, sql_query,
    sql_types::{Nullable, Text, Timestamptz},
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

/// Feeds of kind $1, and the one called $2, where they are given; of each its newest connection and
/// what it told last. Pairs are compared so that only `…_by_first_seen` can answer: by time alone a
/// feed that tells of no heats would be looked for among all heats of the others.
const RECORDS: &str = "\
SELECT feeds.slug, feeds.kind, feeds.venue, feeds.name, \
       newest.connected_at, newest.disconnected_at, newest.reason, \
       GREATEST(newest.connected_at, newest.disconnected_at, heat.last_seen_at, \
                run.last_seen_at) AS last_heard_at \
FROM feeds \
LEFT JOIN LATERAL ( \
    SELECT connected_at, disconnected_at, reason FROM feed_connections \
    WHERE feed_id = feeds.id ORDER BY generation DESC LIMIT 1) AS newest ON true \
LEFT JOIN LATERAL ( \
    SELECT last_seen_at FROM heats \
    WHERE (feed_id, first_seen_at) >= (feeds.id, '-infinity') \
      AND (feed_id, first_seen_at) <= (feeds.id, 'infinity') \
    ORDER BY feed_id DESC, first_seen_at DESC LIMIT 1) AS heat ON true \
LEFT JOIN LATERAL ( \
    SELECT last_seen_at FROM agility_runs \
    WHERE (feed_id, first_seen_at) >= (feeds.id, '-infinity') \
      AND (feed_id, first_seen_at) <= (feeds.id, 'infinity') \
    ORDER BY feed_id DESC, first_seen_at DESC LIMIT 1) AS run ON true \
WHERE ($1 IS NULL OR feeds.kind = $1) AND ($2 IS NULL OR feeds.slug = $2) \
ORDER BY feeds.slug";

/// A feed, and when it was heard.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FeedRecord {
    /// Its id in the config.
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub venue: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The newest connection, as the next two; none where it never had one.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub connected_at: Option<DateTime<Utc>>,
    /// None while it is open.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub disconnected_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// The latest moment of which the database knows that it was heard.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_heard_at: Option<DateTime<Utc>>,
}

/// Feeds in the order of their ids: all, or those of one kind, or the one of that id.
///
/// # Errors
/// The connection's.
pub fn feed_records(
    conn: &mut PgConnection,
    kind: Option<&str>,
    slug: Option<&str>,
) -> QueryResult<Vec<FeedRecord>> {
    sql_query(RECORDS)
        .bind::<Nullable<Text>, _>(kind.map(text))
        .bind::<Nullable<Text>, _>(slug.map(text))
        .load(conn)
}
