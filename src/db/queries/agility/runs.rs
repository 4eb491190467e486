//! Lists of runs, newest first.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName,
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamptz},
};

use crate::{
    db::{
        queries::snapshot,
        rows::text,
        schema::{agility_runs, feeds},
    },
    event::{FeedId, FeedInfo},
};

use super::{EVENT, Span, feed_number};

/// The runs that fit, newest first, $9 at most. With $7 and $8 only those before that moment and
/// number: one comparison, so that an index gives no more than is asked for. Which one depends on
/// what is given: `agility_runs_by_first_seen` for a feed, `agility_runs_by_event` for an event,
/// else `agility_runs_by_time`. The dogs of each come by the key of `playsets`.
const RUNS: &str = "\
SELECT runs.id, feeds.slug, feeds.kind, feeds.venue, feeds.name AS feed_name, runs.event_name, \
       runs.ring_name, runs.trial_name, runs.name, runs.type AS run_type, runs.judge_name, \
       runs.first_seen_at, runs.last_seen_at, counted.dogs, counted.done, counted.out, \
       counted.clear_rounds, counted.last_result_at, \
       leader.handler AS leader_handler, leader.dorsal AS leader_dorsal, \
       COALESCE(NULLIF(btrim(leader.dog_family_name), ''), leader.dog_studbook_name) AS leader_dog \
FROM agility_runs AS runs \
JOIN feeds ON feeds.id = runs.feed_id \
CROSS JOIN LATERAL ( \
    SELECT count(*) AS dogs, \
           count(*) FILTER (WHERE is_done) AS done, \
           count(*) FILTER (WHERE is_done AND is_out) AS out, \
           count(*) FILTER (WHERE is_done AND NOT is_out AND total_penalization = 0) \
               AS clear_rounds, \
           max(updated_at) FILTER (WHERE is_done) AS last_result_at, \
           (array_agg(playset_id ORDER BY classification = 1 DESC NULLS LAST, total_penalization, \
                                          time_s, updated_at DESC) \
               FILTER (WHERE is_done AND NOT is_out AND total_penalization IS NOT NULL \
                         AND time_s IS NOT NULL))[1] AS leader_id \
    FROM ( \
        SELECT *, status IS NOT DISTINCT FROM 'calculated' AS is_done, \
               disqualification IS NOT NULL \
                   OR COALESCE(btrim(qualification) ~* '^(disq|np$)', false) AS is_out \
        FROM playsets WHERE run_id = runs.id) AS dogs) AS counted \
LEFT JOIN playsets AS leader \
  ON leader.run_id = runs.id AND leader.playset_id = counted.leader_id \
WHERE ($1 IS NULL OR runs.feed_id = $1) \
  AND ($2 IS NULL OR runs.event_name = $2) \
  AND ($3 IS NULL OR runs.ring_name = $3) \
  AND ($4 IS NULL OR runs.type = $4) \
  AND runs.first_seen_at >= COALESCE($5, '-infinity') \
  AND runs.first_seen_at < COALESCE($6, 'infinity') \
  AND (runs.first_seen_at, runs.id) < (COALESCE($7, 'infinity'), COALESCE($8, 0)) \
ORDER BY runs.first_seen_at DESC, runs.id DESC \
LIMIT $9";

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunsFilter {
    /// The id of a feed, as in the config.
    pub feed: Option<String>,
    pub event: Option<String>,
    pub ring: Option<String>,
    /// `AG`, `JP`, or as sent.
    pub run_type: Option<String>,
    /// When the run was first seen.
    pub span: Span,
}

/// The last run of a page: the next page begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunsAfter {
    pub first_seen_at: DateTime<Utc>,
    pub id: i64,
}

/// A line in a list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    pub id: i64,
    pub feed: FeedInfo,
    pub event_name: String,
    pub ring_name: String,
    pub trial_name: String,
    pub name: String,
    pub run_type: String,
    pub judge_name: Option<String>,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// Dogs that were seen.
    pub dogs: i64,
    /// Dogs that have their result; those of them that are out; and that were clear.
    pub done: i64,
    pub out: i64,
    pub clear_rounds: i64,
    /// When a result last came or changed.
    pub last_result_at: Option<DateTime<Utc>>,
    pub leader: Option<RunLeader>,
}

/// Who leads, or won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLeader {
    pub dorsal: Option<String>,
    pub dog: Option<String>,
    pub handler: Option<String>,
}

/// The runs that fit, newest first, at most `limit`; none where the feed is not known.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn agility_runs(
    conn: &mut PgConnection,
    filter: &RunsFilter,
    after: Option<RunsAfter>,
    limit: u32,
) -> QueryResult<Option<Vec<RunSummary>>> {
    snapshot(conn, |conn| {
        let feed_id =
            match filter.feed.as_deref().map(|slug| feed_number(conn, slug)).transpose()? {
                Some(None) => return Ok(None),
                found => found.flatten(),
            };
        let rows: Vec<SummaryRow> = sql_query(RUNS)
            .bind::<Nullable<BigInt>, _>(feed_id)
            .bind::<Nullable<Text>, _>(filter.event.as_deref().map(text))
            .bind::<Nullable<Text>, _>(filter.ring.as_deref().map(text))
            .bind::<Nullable<Text>, _>(filter.run_type.as_deref().map(text))
            .bind::<Nullable<Timestamptz>, _>(filter.span.from)
            .bind::<Nullable<Timestamptz>, _>(filter.span.to)
            .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.first_seen_at))
            .bind::<Nullable<BigInt>, _>(after.map(|after| after.id))
            .bind::<BigInt, _>(i64::from(limit))
            .load(conn)?;
        Ok(Some(rows.into_iter().map(RunSummary::from).collect()))
    })
}

/// When the latest event of this name began at the earliest, with its last run; none where there
/// was none. A name may come again every year.
pub(super) fn latest_span(conn: &mut PgConnection, event: &str) -> QueryResult<Option<Span>> {
    let newest: Option<DateTime<Utc>> = agility_runs::table
        .filter(agility_runs::event_name.eq(text(event)))
        .order(agility_runs::first_seen_at.desc())
        .select(agility_runs::first_seen_at)
        .first(conn)
        .optional()?;
    Ok(newest.map(|newest| Span { from: Some(newest - EVENT), to: None }))
}

/// The feed that told of the event of this name last; none where there was no such event.
///
/// # Errors
/// The connection's.
pub fn feed_of_event(conn: &mut PgConnection, event: &str) -> QueryResult<Option<FeedId>> {
    let slug: Option<String> = agility_runs::table
        .inner_join(feeds::table)
        .filter(agility_runs::event_name.eq(text(event)))
        .order(agility_runs::first_seen_at.desc())
        .select(feeds::slug)
        .first(conn)
        .optional()?;
    Ok(slug.map(FeedId::new))
}

#[derive(QueryableByName)]
struct SummaryRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    venue: String,
    #[diesel(sql_type = Text)]
    feed_name: String,
    #[diesel(sql_type = Text)]
    event_name: String,
    #[diesel(sql_type = Text)]
    ring_name: String,
    #[diesel(sql_type = Text)]
    trial_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    run_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    judge_name: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    first_seen_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    dogs: i64,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = BigInt)]
    out: i64,
    #[diesel(sql_type = BigInt)]
    clear_rounds: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_result_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    leader_handler: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    leader_dog: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    leader_dorsal: Option<String>,
}

impl From<SummaryRow> for RunSummary {
    fn from(row: SummaryRow) -> Self {
        let SummaryRow { leader_dorsal: dorsal, leader_dog: dog, leader_handler: handler, .. } =
            row;
        let has_leader = dorsal.is_some() || dog.is_some() || handler.is_some();
        Self {
            id: row.id,
            feed: FeedInfo {
                id: FeedId::new(row.slug),
                kind: row.kind,
                venue: row.venue,
                name: row.feed_name,
            },
            event_name: row.event_name,
            ring_name: row.ring_name,
            trial_name: row.trial_name,
            name: row.name,
            run_type: row.run_type,
            judge_name: row.judge_name,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            dogs: row.dogs,
            done: row.done,
            out: row.out,
            clear_rounds: row.clear_rounds,
            last_result_at: row.last_result_at,
            leader: has_leader.then_some(RunLeader { dorsal, dog, handler }),
        }
    }
}
