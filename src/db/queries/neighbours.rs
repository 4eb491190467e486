//! The heats before and after a heat of the same feed.

use diesel::{
    OptionalExtension, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable},
};

use super::snapshot;

/// Served by `heats_by_first_seen`, in both directions.
const NEIGHBOURS: &str = "\
SELECT (SELECT id FROM heats AS other \
        WHERE other.feed_id = heats.feed_id \
          AND (other.first_seen_at, other.id) < (heats.first_seen_at, heats.id) \
        ORDER BY other.first_seen_at DESC, other.id DESC LIMIT 1) AS previous, \
       (SELECT id FROM heats AS other \
        WHERE other.feed_id = heats.feed_id \
          AND (other.first_seen_at, other.id) > (heats.first_seen_at, heats.id) \
        ORDER BY other.first_seen_at, other.id LIMIT 1) AS next \
FROM heats WHERE id = $1";

/// The heats beside one, in the order in which they were first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Neighbours {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub previous: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub next: Option<i64>,
}

/// Of the heat with this id; none on both sides where there is no such heat.
///
/// # Errors
/// The connection's.
pub fn neighbours(conn: &mut PgConnection, heat: i64) -> QueryResult<Neighbours> {
    snapshot(conn, |conn| {
        let found = sql_query(NEIGHBOURS).bind::<BigInt, _>(heat).get_result(conn).optional()?;
        Ok(found.unwrap_or_default())
    })
}
