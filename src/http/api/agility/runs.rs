//! `/api/v1/runs`: which runs there were.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::db::queries::{self, RunSummary, RunsAfter, RunsFilter};

use super::{
    super::{
        ApiError, Sources, Strict, answer,
        feeds::no_feed,
        params::{Day, FeedSlug, Limit, Moment, Phrase},
        span::Asked,
    },
    params::{self, RunsCursor},
    shape::{Run as RunHead, shown},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunsQuery {
    /// Only runs of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only runs of events of just this name.
    #[param(inline)]
    event: Option<Phrase>,
    /// Only runs in rings of just this name.
    #[param(inline)]
    ring: Option<Phrase>,
    /// Only runs of this type: `AG`, `JP`, or as the venue sends it.
    #[serde(rename = "type")]
    #[param(inline)]
    run_type: Option<Phrase>,
    /// Only runs that were first seen on this day, by the clocks of the feed or of the event's rings;
    /// of UTC where neither is named.
    #[param(inline)]
    day: Option<Day>,
    /// Only runs that were first seen from this moment on.
    #[param(inline)]
    from: Option<Moment>,
    /// Only runs that were first seen before this moment.
    #[param(inline)]
    to: Option<Moment>,
    /// How many at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// Where to go on: `next` of the answer before.
    #[param(inline)]
    cursor: Option<RunsCursor>,
}

#[derive(Serialize, ToSchema)]
struct Runs {
    runs: Vec<Summary>,
    /// The cursor of the next page; null where this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// A run in short.
#[derive(Serialize, ToSchema)]
struct Summary {
    #[serde(flatten)]
    run: RunHead,
    #[schema(required)]
    judge: Option<String>,
    /// Dogs that were seen so far: a venue shows each when its turn comes near.
    dogs: i64,
    /// Dogs that have a result.
    done: i64,
    clear_rounds: i64,
    out: i64,
    #[schema(required)]
    last_result_at: Option<DateTime<Utc>>,
    /// Who leads, or won; null where nobody is placed.
    #[schema(required)]
    leader: Option<Leader>,
}

#[derive(Serialize, ToSchema)]
struct Leader {
    #[schema(required)]
    dorsal: Option<String>,
    #[schema(required)]
    dog: Option<String>,
    #[schema(required)]
    handler: Option<String>,
}

/// Runs, newest first
///
/// Filters add up. Reading on by `next` skips and repeats nothing, whatever comes meanwhile.
#[utoipa::path(
    get,
    path = "/api/v1/runs",
    tag = "agility",
    params(RunsQuery),
    responses((status = 200, body = Runs)),
)]
pub(super) async fn runs(
    request: HttpRequest,
    Strict(query): Strict<RunsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let Limit(limit) = query.limit;
    let after = params::after(query.cursor)?;
    let event = query.event.map(|event| event.0);
    let asked = Asked { day: query.day, from: query.from, to: query.to };
    let span = asked.span(&sources, query.feed.as_deref(), event.as_deref()).await?;
    let filter = RunsFilter {
        feed: query.feed.as_deref().map(str::to_owned),
        event,
        ring: query.ring.map(|ring| ring.0),
        run_type: query.run_type.map(|run_type| run_type.0),
        span,
    };
    let question = move |conn: &mut _| queries::agility_runs(conn, &filter, after, limit + 1);
    let found = sources.desk.ask(question).await?;
    let found = found.ok_or_else(|| no_feed(query.feed.as_ref()))?;
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
