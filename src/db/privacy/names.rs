//! Names that are older than they are to be kept, a span of heats or runs at a time.
//!
//! It is told by the name itself whether it was replaced. So a heat that is written again, by a
//! replay or after an outage, is found again.

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz},
};

const SPANS: &str = "\
SELECT (SELECT max(id) FROM heats) AS heats, (SELECT max(id) FROM agility_runs) AS runs";

/// Drivers of the heats from $1 to before $2, not heard of since $3.
const HEAT_NAMES: &str = "\
SELECT drivers.heat_id, drivers.driver_id, drivers.name, feeds.venue \
FROM heat_drivers AS drivers JOIN feeds ON feeds.id = drivers.feed_id \
WHERE drivers.heat_id >= $1 AND drivers.heat_id < $2 AND drivers.updated_at < $3 \
  AND btrim(drivers.name) <> '' AND drivers.name !~ '^Driver [0-9A-F]{8}$'";

/// Only where the name is still the one that was read.
const PUT_HEAT_NAMES: &str = "\
UPDATE heat_drivers SET name = new.name, web_member_id = 0, extra = '{}' \
FROM UNNEST($1, $2, $3, $4) AS new (heat_id, driver_id, old, name) \
WHERE heat_drivers.heat_id = new.heat_id AND heat_drivers.driver_id = new.driver_id \
  AND heat_drivers.name = new.old";

/// Handlers and judges, each with the table it is of: in the runs from $1 to before $2, and in the
/// combined results, not heard of since $3.
const PAIR_NAMES: &str = "\
SELECT DISTINCT 'playsets' AS place, runs.feed_id, feeds.venue, sets.handler AS name \
FROM playsets AS sets JOIN agility_runs AS runs ON runs.id = sets.run_id \
JOIN feeds ON feeds.id = runs.feed_id \
WHERE sets.run_id >= $1 AND sets.run_id < $2 AND sets.updated_at < $3 \
  AND btrim(sets.handler) <> '' AND sets.handler !~ '^Handler [0-9A-F]{8}$' \
UNION ALL \
SELECT DISTINCT 'agility_runs', runs.feed_id, feeds.venue, runs.judge_name \
FROM agility_runs AS runs JOIN feeds ON feeds.id = runs.feed_id \
WHERE runs.id >= $1 AND runs.id < $2 AND runs.last_seen_at < $3 \
  AND btrim(runs.judge_name) <> '' AND runs.judge_name !~ '^Judge [0-9A-F]{8}$' \
UNION ALL \
SELECT DISTINCT 'combined_results', results.feed_id, feeds.venue, results.handler \
FROM combined_results AS results JOIN feeds ON feeds.id = results.feed_id \
WHERE $1 = 0 AND results.updated_at < $3 \
  AND btrim(results.handler) <> '' AND results.handler !~ '^Handler [0-9A-F]{8}$'";

const PUT_HANDLERS: &str = "\
UPDATE playsets SET handler = new.name, extra = '{}' \
FROM UNNEST($4, $5, $6) AS new (feed_id, old, name), agility_runs AS runs \
WHERE runs.id = playsets.run_id AND runs.feed_id = new.feed_id AND playsets.handler = new.old \
  AND playsets.run_id >= $1 AND playsets.run_id < $2 AND playsets.updated_at < $3";
const PUT_JUDGES: &str = "\
UPDATE agility_runs SET judge_name = new.name, extra = '{}' \
FROM UNNEST($4, $5, $6) AS new (feed_id, old, name) \
WHERE agility_runs.feed_id = new.feed_id AND agility_runs.judge_name = new.old \
  AND agility_runs.id >= $1 AND agility_runs.id < $2 AND agility_runs.last_seen_at < $3";
const PUT_RESULTS: &str = "\
UPDATE combined_results SET handler = new.name, extra = '{}' \
FROM UNNEST($4, $5, $6) AS new (feed_id, old, name) \
WHERE $1 >= 0 AND $2 >= 0 AND combined_results.feed_id = new.feed_id \
  AND combined_results.handler = new.old AND combined_results.updated_at < $3";

/// What nobody can read names out of: fields that no revision of a protocol has, and what was sent.
const EMPTY: [(&str, &str); 6] = [
    ("heats", "UPDATE heats SET extra = '{}' WHERE extra <> '{}' AND last_seen_at < $1"),
    (
        "heat_drivers",
        "UPDATE heat_drivers SET extra = '{}', web_member_id = 0 \
      WHERE (extra <> '{}' OR web_member_id <> 0) AND updated_at < $1",
    ),
    (
        "agility_runs",
        "UPDATE agility_runs SET extra = '{}' WHERE extra <> '{}' AND last_seen_at < $1",
    ),
    ("playsets", "UPDATE playsets SET extra = '{}' WHERE extra <> '{}' AND updated_at < $1"),
    (
        "combined_results",
        "UPDATE combined_results SET extra = '{}' WHERE extra <> '{}' AND updated_at < $1",
    ),
    (
        "notices",
        "UPDATE notices SET body = '{}' WHERE body <> '{}' AND created_at < $1 \
      AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL)",
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
struct Last {
    #[diesel(sql_type = Nullable<BigInt>)]
    heats: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    runs: Option<i64>,
}

/// The name of a driver of a heat.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct HeatName {
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub driver_id: i64,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub venue: String,
}

/// A handler or a judge of a feed.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct PairName {
    /// `playsets`, `agility_runs`, `combined_results`.
    #[diesel(sql_type = Text)]
    pub place: String,
    #[diesel(sql_type = BigInt)]
    pub feed_id: i64,
    #[diesel(sql_type = Text)]
    pub venue: String,
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// The greatest ids of heats and runs.
///
/// # Errors
/// The connection's.
pub fn spans(conn: &mut PgConnection) -> QueryResult<(i64, i64)> {
    let last: Last = sql_query(SPANS).get_result(conn)?;
    Ok((last.heats.unwrap_or(0), last.runs.unwrap_or(0)))
}

/// Names of drivers that are to be replaced, in the heats of these ids.
///
/// # Errors
/// The connection's.
pub fn heat_names(
    conn: &mut PgConnection,
    ids: std::ops::Range<i64>,
    cut: DateTime<Utc>,
) -> QueryResult<Vec<HeatName>> {
    sql_query(HEAT_NAMES)
        .bind::<BigInt, _>(ids.start)
        .bind::<BigInt, _>(ids.end)
        .bind::<Timestamptz, _>(cut)
        .load(conn)
}

/// Puts `new` in the places of these names, one for each.
///
/// # Errors
/// The connection's.
pub fn put_heat_names(
    conn: &mut PgConnection,
    old: &[HeatName],
    new: &[String],
) -> QueryResult<usize> {
    let heats: Vec<i64> = old.iter().map(|name| name.heat_id).collect();
    let drivers: Vec<i64> = old.iter().map(|name| name.driver_id).collect();
    let names: Vec<&str> = old.iter().map(|name| name.name.as_str()).collect();
    sql_query(PUT_HEAT_NAMES)
        .bind::<Array<BigInt>, _>(heats)
        .bind::<Array<BigInt>, _>(drivers)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Text>, _>(new)
        .execute(conn)
}

/// Names of handlers and judges that are to be replaced, in the runs of these ids; with the run 0
/// also those of combined results.
///
/// # Errors
/// The connection's.
pub fn pair_names(
    conn: &mut PgConnection,
    ids: std::ops::Range<i64>,
    cut: DateTime<Utc>,
) -> QueryResult<Vec<PairName>> {
    sql_query(PAIR_NAMES)
        .bind::<BigInt, _>(ids.start)
        .bind::<BigInt, _>(ids.end)
        .bind::<Timestamptz, _>(cut)
        .load(conn)
}

/// Puts `new` in the places of these names, one for each, within the same runs and time.
///
/// # Errors
/// The connection's.
pub fn put_pair_names(
    conn: &mut PgConnection,
    ids: std::ops::Range<i64>,
    cut: DateTime<Utc>,
    old: &[PairName],
    new: &[String],
) -> QueryResult<usize> {
    let mut rows = 0;
    for (place, statement) in [
        ("playsets", PUT_HANDLERS),
        ("agility_runs", PUT_JUDGES),
        ("combined_results", PUT_RESULTS),
    ] {
        let of: Vec<_> = old.iter().zip(new).filter(|(name, _)| name.place == place).collect();
        if of.is_empty() {
            continue;
        }
        let feeds: Vec<i64> = of.iter().map(|(name, _)| name.feed_id).collect();
        let olds: Vec<&str> = of.iter().map(|(name, _)| name.name.as_str()).collect();
        let news: Vec<&str> = of.iter().map(|(_, new)| new.as_str()).collect();
        rows += sql_query(statement)
            .bind::<BigInt, _>(ids.start)
            .bind::<BigInt, _>(ids.end)
            .bind::<Timestamptz, _>(cut)
            .bind::<Array<BigInt>, _>(feeds)
            .bind::<Array<Text>, _>(olds)
            .bind::<Array<Text>, _>(news)
            .execute(conn)?;
    }
    Ok(rows)
}

/// Empties what may hold names of before `cut` and can't be looked through; rows by table.
///
/// # Errors
/// The connection's.
pub fn empty_old(
    conn: &mut PgConnection,
    cut: DateTime<Utc>,
) -> QueryResult<Vec<(&'static str, usize)>> {
    let mut emptied = Vec::new();
    for (table, statement) in EMPTY {
        let rows = sql_query(statement).bind::<Timestamptz, _>(cut).execute(conn)?;
        if rows > 0 {
            emptied.push((table, rows));
        }
    }
    Ok(emptied)
}
