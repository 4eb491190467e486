//! The outbox of webhooks: what is to be told is a row before it is sent.
//!
//! All times are the database's own, so that several processes on one database agree on them.

mod found;

use chrono::{DateTime, Utc};
use diesel::{
    Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult,
    QueryableByName, RunQueryDsl, insert_into, sql_query,
    sql_types::{Array, BigInt, Double, Integer, Nullable, Text, Timestamptz},
    update,
};

use super::schema::notice_targets;

pub use found::{
    Best, FeedLine, FinishedHeat, HeatHead, HeatNews, OldBest, PersonalBest, Place, RunHead,
    RunNews, RunStarter, RunTouched, ToldDown, finished_heats, heat_news, lines_of_feeds, run_news,
    runs_touched, told_downs,
};

/// Whoever sends a notice has it for so long; a process that is killed meanwhile leaves it to the
/// next one after that. Longer than a try may take.
const LEASE_S: f64 = 20.0;

const PUT: &str = "\
INSERT INTO notices (target, kind, key, feed_id, body) VALUES ($1, $2, $3, $4, $5::jsonb) \
ON CONFLICT (target, key) DO NOTHING";

/// The oldest notice of target $1 that is not settled, when it is due; held for $2 seconds. One
/// that is not due holds back those behind it.
const TAKE: &str = "\
UPDATE notices SET due_at = now() + make_interval(secs => $2), tries = tries + 1 \
FROM ( \
    SELECT id FROM notices \
    WHERE target = $1 AND delivered_at IS NULL AND given_up_at IS NULL ORDER BY id LIMIT 1 \
) AS first \
WHERE notices.id = first.id AND notices.due_at <= now() \
  AND notices.delivered_at IS NULL AND notices.given_up_at IS NULL \
RETURNING notices.id, notices.kind, notices.body::text AS body, notices.created_at, \
          notices.tries, EXTRACT(EPOCH FROM now() - notices.created_at)::float8 AS age_s";

const DELIVERED: &str = "\
WITH settled AS ( \
    UPDATE notices SET delivered_at = now(), last_error = NULL \
    WHERE id = $1 AND delivered_at IS NULL RETURNING target) \
UPDATE notice_targets SET delivered = delivered + 1 FROM settled WHERE name = settled.target";

const FAILED: &str = "\
WITH failed AS ( \
    UPDATE notices SET due_at = now() + make_interval(secs => $2), last_error = $3 \
    WHERE id = $1 AND delivered_at IS NULL RETURNING target) \
UPDATE notice_targets SET failed = failed + 1 FROM failed WHERE name = failed.target";

const GIVEN_UP: &str = "\
WITH settled AS ( \
    UPDATE notices SET given_up_at = now(), last_error = $2 \
    WHERE id = $1 AND delivered_at IS NULL AND given_up_at IS NULL RETURNING target) \
UPDATE notice_targets SET failed = failed + 1, given_up = given_up + 1 \
FROM settled WHERE name = settled.target";

/// All that waits for target $1.
const STOP: &str = "\
WITH settled AS ( \
    UPDATE notices SET given_up_at = now(), last_error = $2 \
    WHERE target = $1 AND delivered_at IS NULL AND given_up_at IS NULL RETURNING 1) \
UPDATE notice_targets \
SET stopped_at = now(), given_up = given_up + (SELECT count(*) FROM settled) WHERE name = $1";

/// What waits since more than $1 seconds, also for targets that are configured no more.
const GIVE_UP_OLD: &str = "\
WITH settled AS ( \
    UPDATE notices SET given_up_at = now() \
    WHERE delivered_at IS NULL AND given_up_at IS NULL \
      AND created_at < now() - make_interval(secs => $1) AND due_at <= now() \
    RETURNING target), \
counted AS (SELECT target, count(*) AS given_up FROM settled GROUP BY target) \
UPDATE notice_targets SET given_up = notice_targets.given_up + counted.given_up \
FROM counted WHERE name = counted.target \
RETURNING name, counted.given_up AS number";

const STANDING: &str = "\
SELECT targets.name, targets.delivered, targets.failed, targets.given_up, targets.stopped_at, \
       pending.number AS pending, pending.oldest_s, pending.trouble, \
       lately.number AS given_up_24h \
FROM notice_targets AS targets \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS number, \
           EXTRACT(EPOCH FROM now() - min(created_at))::float8 AS oldest_s, \
           (array_agg(last_error ORDER BY id))[1] AS trouble \
    FROM notices WHERE target = targets.name AND delivered_at IS NULL AND given_up_at IS NULL \
) AS pending \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS number FROM notices \
    WHERE target = targets.name AND given_up_at > now() - interval '1 day' \
      AND created_at > now() - interval '5 days' \
) AS lately \
WHERE targets.name = ANY($1) ORDER BY targets.name";

/// A notice to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    pub target: String,
    pub kind: &'static str,
    pub key: String,
    pub feed_id: Option<i64>,
    /// A JSON object.
    pub body: String,
}

/// A notice in the hands of the one who sends it.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct TakenNotice {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// A JSON object.
    #[diesel(sql_type = Text)]
    pub body: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// This one included.
    #[diesel(sql_type = Integer)]
    pub tries: i32,
    #[diesel(sql_type = Double)]
    pub age_s: f64,
}

/// How it stands with a target.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct TargetStanding {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub delivered: i64,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    #[diesel(sql_type = BigInt)]
    pub given_up: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub stopped_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub pending: i64,
    /// None where nothing waits.
    #[diesel(sql_type = Nullable<Double>)]
    pub oldest_s: Option<f64>,
    /// Why the first of those that wait was not taken yet.
    #[diesel(sql_type = Nullable<Text>)]
    pub trouble: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub given_up_24h: i64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Writes down which targets there are, and that they are told again where they had stopped.
///
/// # Errors
/// The connection's.
pub fn know_targets(conn: &mut PgConnection, names: &[String]) -> QueryResult<()> {
    let rows: Vec<_> = names.iter().map(|name| notice_targets::name.eq(name)).collect();
    insert_into(notice_targets::table).values(rows).on_conflict_do_nothing().execute(conn)?;
    update(notice_targets::table.filter(notice_targets::name.eq_any(names)))
        .filter(notice_targets::stopped_at.is_not_null())
        .set(notice_targets::stopped_at.eq(None::<DateTime<Utc>>))
        .execute(conn)
        .map(drop)
}

/// Since when this target is told; none for one that is not known.
///
/// # Errors
/// The connection's.
pub fn known_since(conn: &mut PgConnection, name: &str) -> QueryResult<Option<DateTime<Utc>>> {
    notice_targets::table.find(name).select(notice_targets::since).first(conn).optional()
}

/// Writes these down, all or none; how many of them are new.
///
/// # Errors
/// The connection's.
pub fn put(conn: &mut PgConnection, notices: &[NewNotice]) -> QueryResult<usize> {
    conn.transaction(|conn| {
        let mut new = 0;
        for notice in notices {
            new += sql_query(PUT)
                .bind::<Text, _>(&notice.target)
                .bind::<Text, _>(notice.kind)
                .bind::<Text, _>(&notice.key)
                .bind::<Nullable<BigInt>, _>(notice.feed_id)
                .bind::<Text, _>(&notice.body)
                .execute(conn)?;
        }
        Ok(new)
    })
}

/// The next notice of this target, if it is due. It is the caller's for [`LEASE_S`].
///
/// # Errors
/// The connection's.
pub fn take(conn: &mut PgConnection, target: &str) -> QueryResult<Option<TakenNotice>> {
    sql_query(TAKE).bind::<Text, _>(target).bind::<Double, _>(LEASE_S).get_result(conn).optional()
}

/// # Errors
/// The connection's.
pub fn delivered(conn: &mut PgConnection, id: i64) -> QueryResult<()> {
    sql_query(DELIVERED).bind::<BigInt, _>(id).execute(conn).map(drop)
}

/// It is sent again after `wait_s`.
///
/// # Errors
/// The connection's.
pub fn failed(conn: &mut PgConnection, id: i64, wait_s: f64, error: &str) -> QueryResult<()> {
    sql_query(FAILED)
        .bind::<BigInt, _>(id)
        .bind::<Double, _>(wait_s)
        .bind::<Text, _>(error)
        .execute(conn)
        .map(drop)
}

/// It is never sent again.
///
/// # Errors
/// The connection's.
pub fn given_up(conn: &mut PgConnection, id: i64, error: &str) -> QueryResult<()> {
    sql_query(GIVEN_UP).bind::<BigInt, _>(id).bind::<Text, _>(error).execute(conn).map(drop)
}

/// The target is told nothing any more, not even what waits for it.
///
/// # Errors
/// The connection's.
pub fn stop(conn: &mut PgConnection, target: &str, error: &str) -> QueryResult<()> {
    sql_query(STOP).bind::<Text, _>(target).bind::<Text, _>(error).execute(conn).map(drop)
}

/// Gives up what waits for longer than this; how many of which target.
///
/// # Errors
/// The connection's.
pub fn give_up_old(conn: &mut PgConnection, older_than_s: f64) -> QueryResult<Vec<(String, i64)>> {
    let counted: Vec<Counted> =
        sql_query(GIVE_UP_OLD).bind::<Double, _>(older_than_s).load(conn)?;
    Ok(counted.into_iter().map(|Counted { name, number }| (name, number)).collect())
}

/// How it stands with these targets, by name.
///
/// # Errors
/// The connection's.
pub fn standing(conn: &mut PgConnection, names: &[String]) -> QueryResult<Vec<TargetStanding>> {
    sql_query(STANDING).bind::<Array<Text>, _>(names).load(conn)
}
