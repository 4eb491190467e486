//! One person in all tables.

use chrono::{DateTime, Utc};
use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamptz},
};

/// To be vacuumed afterwards: until then the old rows lie in their pages.
pub const TABLES_WITH_NAMES: [&str; 8] = [
    "heats",
    "heat_drivers",
    "agility_runs",
    "playsets",
    "combined_results",
    "rejected_frames",
    "rejected_rows",
    "notices",
];

/// Every name that there is, by table, feed and spelling.
const NAMES: &str = "\
SELECT 'heat_drivers' AS place, feed_id, name, count(*) AS rows, \
       min(updated_at) AS first_at, max(updated_at) AS last_at \
FROM heat_drivers GROUP BY feed_id, name \
UNION ALL \
SELECT 'playsets', runs.feed_id, sets.handler, count(*), min(sets.updated_at), max(sets.updated_at) \
FROM playsets AS sets JOIN agility_runs AS runs ON runs.id = sets.run_id \
WHERE sets.handler IS NOT NULL GROUP BY runs.feed_id, sets.handler \
UNION ALL \
SELECT 'agility_runs', feed_id, judge_name, count(*), min(first_seen_at), max(last_seen_at) \
FROM agility_runs WHERE judge_name IS NOT NULL GROUP BY feed_id, judge_name \
UNION ALL \
SELECT 'combined_results', feed_id, handler, count(*), min(updated_at), max(updated_at) \
FROM combined_results WHERE handler IS NOT NULL GROUP BY feed_id, handler";

const OCCURRENCES: &str = "\
SELECT names.place, names.feed_id, feeds.slug, feeds.venue, names.name, names.rows, \
       names.first_at, names.last_at \
FROM (@NAMES) AS names JOIN feeds ON feeds.id = names.feed_id \
WHERE $1 IS NULL OR lower(feeds.venue) = lower($1) \
ORDER BY feeds.venue, feeds.slug, names.place, names.name";

const ERASE: [(&str, &str); 4] = [
    (
        "heat_drivers",
        "UPDATE heat_drivers SET name = $3, web_member_id = 0 \
      WHERE feed_id = $1 AND name = $2",
    ),
    (
        "playsets",
        "UPDATE playsets SET handler = $3 FROM agility_runs AS runs \
      WHERE runs.id = playsets.run_id AND runs.feed_id = $1 AND playsets.handler = $2",
    ),
    (
        "agility_runs",
        "UPDATE agility_runs SET judge_name = $3 \
      WHERE feed_id = $1 AND judge_name = $2",
    ),
    (
        "combined_results",
        "UPDATE combined_results SET handler = $3 \
      WHERE feed_id = $1 AND handler = $2",
    ),
];

/// What holds whole messages or parts of them: the place, a key as text, the text, its feed.
const PAYLOADS: &str = "\
SELECT 'heats' AS place, id::text AS key, extra::text AS content, feed_id, last_seen_at AS at \
FROM heats WHERE extra <> '{}' \
UNION ALL \
SELECT 'heat_drivers', heat_id || ' ' || driver_id, extra::text, feed_id, updated_at \
FROM heat_drivers WHERE extra <> '{}' \
UNION ALL \
SELECT 'agility_runs', id::text, extra::text, feed_id, last_seen_at \
FROM agility_runs WHERE extra <> '{}' \
UNION ALL \
SELECT 'playsets', sets.run_id || ' ' || sets.playset_id, sets.extra::text, runs.feed_id, \
       sets.updated_at \
FROM playsets AS sets JOIN agility_runs AS runs ON runs.id = sets.run_id WHERE sets.extra <> '{}' \
UNION ALL \
SELECT 'combined_results', ctid::text, extra::text, feed_id, updated_at \
FROM combined_results WHERE extra <> '{}' \
UNION ALL \
SELECT 'rejected_frames', feed_id || ' ' || payload_md5, payload, feed_id, received_at \
FROM rejected_frames \
UNION ALL \
SELECT 'rejected_rows', table_name || ' ' || row_md5, row::text, NULL, at FROM rejected_rows \
UNION ALL \
SELECT 'notices', id::text, body::text, feed_id, created_at FROM notices WHERE body <> '{}'";

const ALL_PAYLOADS: &str = "\
SELECT payloads.place, payloads.key, payloads.content, payloads.feed_id, feeds.venue, payloads.at \
FROM (@PAYLOADS) AS payloads LEFT JOIN feeds ON feeds.id = payloads.feed_id \
WHERE $1 IS NULL OR feeds.venue IS NULL OR lower(feeds.venue) = lower($1)";

const ERASE_PAYLOADS: [(&str, &str); 8] = [
    ("heats", "UPDATE heats SET extra = $2::jsonb WHERE id::text = $1"),
    (
        "heat_drivers",
        "UPDATE heat_drivers SET extra = $2::jsonb \
      WHERE extra <> '{}' AND heat_id || ' ' || driver_id = $1",
    ),
    ("agility_runs", "UPDATE agility_runs SET extra = $2::jsonb WHERE id::text = $1"),
    (
        "playsets",
        "UPDATE playsets SET extra = $2::jsonb \
      WHERE extra <> '{}' AND run_id || ' ' || playset_id = $1",
    ),
    ("combined_results", "UPDATE combined_results SET extra = $2::jsonb WHERE ctid = $1::tid"),
    (
        "rejected_frames",
        "DELETE FROM rejected_frames \
      WHERE feed_id || ' ' || payload_md5 = $1 AND $2 = ''",
    ),
    (
        "rejected_rows",
        "DELETE FROM rejected_rows \
      WHERE table_name || ' ' || row_md5 = $1 AND $2 = ''",
    ),
    ("notices", "UPDATE notices SET body = $2::jsonb WHERE id::text = $1"),
];

/// Where a name stands, in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Occurrence {
    /// The table.
    #[diesel(sql_type = Text)]
    pub place: String,
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Text)]
    pub venue: String,
    /// As it is stored.
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    #[diesel(sql_type = Timestamptz)]
    pub first_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
}

/// A text that was received, or was made of what was received.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Erasure {
    /// The table.
    #[diesel(sql_type = Text)]
    pub place: String,
    /// Names the row to [`erase_payloads`].
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub content: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub feed_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub venue: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

/// Where names are for which `is_it` says yes, at one venue or at all.
///
/// # Errors
/// The connection's.
pub fn named(
    conn: &mut PgConnection,
    venue: Option<&str>,
    is_it: impl Fn(&str) -> bool,
) -> QueryResult<Vec<Occurrence>> {
    let all = sql_query(OCCURRENCES.replace("@NAMES", NAMES)).bind::<Nullable<Text>, _>(venue);
    let mut found = Vec::new();
    for occurrence in all.load_iter::<Occurrence, diesel::connection::DefaultLoadingMode>(conn)? {
        let occurrence = occurrence?;
        if is_it(&occurrence.name) {
            found.push(occurrence);
        }
    }
    Ok(found)
}

/// Puts `new` in the place of a name; how many rows had it.
///
/// # Errors
/// The connection's.
pub fn erase_named(
    conn: &mut PgConnection,
    occurrence: &Occurrence,
    new: &str,
) -> QueryResult<usize> {
    let of_place = ERASE.iter().find(|(place, _)| *place == occurrence.place);
    let Some((_, statement)) = of_place else { return Ok(0) };
    sql_query(*statement)
        .bind::<BigInt, _>(occurrence.feed_id)
        .bind::<Text, _>(&occurrence.name)
        .bind::<Text, _>(new)
        .execute(conn)
}

/// Texts for which `has_it` says yes, at one venue or at all; those whose venue nobody knows too.
///
/// # Errors
/// The connection's.
pub fn payloads(
    conn: &mut PgConnection,
    venue: Option<&str>,
    has_it: impl Fn(&Erasure) -> bool,
) -> QueryResult<Vec<Erasure>> {
    let all =
        sql_query(ALL_PAYLOADS.replace("@PAYLOADS", PAYLOADS)).bind::<Nullable<Text>, _>(venue);
    // By a cursor within a transaction: rejected frames can be many, and large.
    conn.transaction(|conn| {
        let mut found = Vec::new();
        for payload in all.load_iter::<Erasure, diesel::pg::PgRowByRowLoadingMode>(conn)? {
            let payload = payload?;
            if has_it(&payload) {
                found.push(payload);
            }
        }
        Ok(found)
    })
}

/// Puts the new texts in the places of these, one for each; a rejected frame or row is deleted.
///
/// # Errors
/// The connection's.
pub fn erase_payloads(
    conn: &mut PgConnection,
    rewritten: &[(Erasure, String)],
) -> QueryResult<Vec<(String, usize)>> {
    let mut rows = Vec::new();
    for (payload, new) in rewritten {
        let of_place = ERASE_PAYLOADS.iter().find(|(place, _)| *place == payload.place);
        let Some((place, statement)) = of_place else { continue };
        let is_deleted = place.starts_with("rejected");
        let new = if is_deleted { "" } else { new.as_str() };
        let done = sql_query(*statement)
            .bind::<Text, _>(&payload.key)
            .bind::<Text, _>(new)
            .execute(conn)?;
        rows.push((payload.place.clone(), done));
    }
    Ok(rows)
}

/// Frees what was in the old rows of these tables.
///
/// # Errors
/// The connection's.
pub fn vacuum(conn: &mut PgConnection, tables: &[&str]) -> QueryResult<()> {
    for table in tables.iter().filter(|table| TABLES_WITH_NAMES.contains(table)) {
        conn.batch_execute(&format!("VACUUM {table}"))?;
    }
    Ok(())
}
