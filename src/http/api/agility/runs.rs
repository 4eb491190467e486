//! `/api/v1/runs`: which runs there were.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::db::queries::{self, RunSummary, RunsAfter, RunsFilter};

use super::{
    super::{ApiError, Sources, Strict, answer},
    params,
    shape::{Run as RunHead, shown},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunsQuery {
    /// Only runs of this feed.
    feed: Option<String>,
    /// Only runs of events of just this name.
    event: Option<String>,
    /// Only runs in rings of just this name.
    ring: Option<String>,
    /// Only runs of this type: `AG`, `JP`, or as the venue sends it.
    #[serde(rename = "type")]
    run_type: Option<String>,
    /// Only runs that were first seen on this day, by the clocks of the feed or of the event's rings;
    /// of UTC where neither is named.
    day: Option<NaiveDate>,
    /// Only runs that were first seen from this moment on.
    from: Option<DateTime<Utc>>,
    /// Only runs that were first seen before this moment.
    to: Option<DateTime<Utc>>,
    /// 1 to 500.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Runs {
    runs: Vec<Summary>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
}

/// A run in short.
#[derive(Serialize, ToSchema)]
struct Summary {
    #[serde(flatten)]
    run: RunHead,
    judge: Option<String>,
    /// Dogs that were seen so far: a venue shows each when its turn comes near.
    dogs: i64,
    /// Dogs that have a result.
    done: i64,
    clear_rounds: i64,
    out: i64,
    last_result_at: Option<DateTime<Utc>>,
    /// Who leads, or won; null where nobody is placed.
    leader: Option<Leader>,
}

#[derive(Serialize, ToSchema)]
struct Leader {
    dorsal: Option<String>,
    dog: Option<String>,
    handler: Option<String>,
}

/// Agility runs, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/runs",
    params(RunsQuery),
    responses(
        (status = 200, body = Runs),
        (status = 400, body = ApiError),
        (status = 404, body = ApiError),
        (status = 503, body = ApiError),
    ),
)]
pub(super) async fn runs(
    request: HttpRequest,
    Strict(query): Strict<RunsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let limit = params::limit(query.limit)?;
    let after = params::after(query.cursor.as_deref())?;
    let of = (query.feed.as_deref(), query.event.as_deref());
    let span = params::span(&sources, of, query.day, (query.from, query.to)).await?;
    let named = query.feed.clone().unwrap_or_default();
    let RunsQuery { feed, event, ring, run_type, .. } = query;
    let filter = RunsFilter { feed, event, ring, run_type, span };
    let found = sources
        .desk
        .ask(move |conn| queries::agility_runs(conn, &filter, after, limit + 1))
        .await?
        .ok_or_else(|| ApiError::not_found(format_args!("feed {named}")))?;
    let page = found.get(..limit as usize).unwrap_or(&found);
    let has_more = page.len() < found.len();
    let next = page
        .last()
        .filter(|_| has_more)
        .map(|last| params::cursor(RunsAfter { first_seen_at: last.first_seen_at, id: last.id }));
    let summary = |run: &RunSummary| Summary {
        run: RunHead {
            id: run.id,
            feed: run.feed.id.as_str().to_owned(),
            venue: run.feed.venue.clone(),
            event: run.event_name.clone(),
            ring: run.ring_name.clone(),
            trial: run.trial_name.clone(),
            name: run.name.clone(),
            run_type: run.run_type.clone(),
            first_seen_at: run.first_seen_at,
            last_seen_at: run.last_seen_at,
        },
        judge: shown(run.judge_name.as_deref(), sources.privacy),
        dogs: run.dogs,
        done: run.done,
        clear_rounds: run.clear_rounds,
        out: run.out,
        last_result_at: run.last_result_at,
        leader: run.leader.as_ref().map(|leader| Leader {
            dorsal: leader.dorsal.clone(),
            dog: leader.dog.clone(),
            handler: shown(leader.handler.as_deref(), sources.privacy),
        }),
    };
    answer(&request, &Runs { runs: page.iter().map(summary).collect(), next })
}
