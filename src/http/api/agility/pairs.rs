//! `/api/v1/dogs/{dorsal}` and `/api/v1/handlers/{name}`: what a pair did.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    db::queries::{self, RunWithDogs, RunsAfter},
    event::agility::Playset as StoredPlayset,
    http::privacy::Privacy,
};

use super::{
    super::{ApiError, Sources, Strict, answer},
    params,
    shape::{Combined, RunOfPair, dogs},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DogQuery {
    /// The event, by just its name: a dorsal means nothing outside of it. Else it is the one in which
    /// the dorsal was seen last.
    event: Option<String>,
    /// Only runs that were first seen on this day, by the clocks of the feed or of the event's rings;
    /// of UTC where neither is named.
    day: Option<NaiveDate>,
}

/// What a dorsal did in an event, over all its rings.
#[derive(Serialize, ToSchema)]
struct DogsDay {
    event: String,
    dorsal: String,
    /// Oldest first, each with this dog alone.
    runs: Vec<RunOfPair>,
    combined: Vec<Combined>,
}

/// The runs of a dorsal in an event.
#[utoipa::path(
    get,
    path = "/api/v1/dogs/{dorsal}",
    params(("dorsal" = String, Path, description = "Text: `7` and `007` are different."), DogQuery),
    responses(
        (status = 200, body = DogsDay),
        (status = 400, body = ApiError),
        (status = 404, body = ApiError),
        (status = 503, body = ApiError),
    ),
)]
pub(super) async fn dog(
    request: HttpRequest,
    dorsal: web::Path<String>,
    Strict(query): Strict<DogQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let dorsal = dorsal.into_inner();
    let of = (None, query.event.as_deref());
    let span = params::span(&sources, of, query.day, (None, None)).await?;
    let wanted = dorsal.clone();
    let question =
        move |conn: &mut _| queries::day_of_dog(conn, &wanted, query.event.as_deref(), span);
    let day = sources.desk.ask(question).await?;
    let day = day.ok_or_else(|| ApiError::not_found(format_args!("dorsal {dorsal} there")))?;
    let is_it = |dog: &StoredPlayset| dog.pair.dorsal.as_ref() == Some(&dorsal);
    let runs = day.runs.iter().map(|run| of_pair(run, is_it, sources.privacy)).collect();
    let combined = day.combined.iter().map(|one| Combined::of(one, sources.privacy)).collect();
    answer(&request, &DogsDay { event: day.event_name, runs, combined, dorsal })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HandlerQuery {
    /// Only runs of this feed.
    feed: Option<String>,
    /// Only with a dog of this call name; case does not matter.
    dog: Option<String>,
    /// Only runs that were first seen on this day, by the clocks of the feed or of the event's rings;
    /// of UTC where neither is named.
    day: Option<NaiveDate>,
    /// Only runs that were first seen from this moment on.
    from: Option<DateTime<Utc>>,
    /// Only runs that were first seen before this moment.
    to: Option<DateTime<Utc>>,
    /// 1 to 500 runs.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What a handler did. Names are not identities: two people of one name are one here.
#[derive(Serialize, ToSchema)]
struct HandlersRuns {
    handler: String,
    /// Newest first, each with this handler's dogs alone.
    runs: Vec<RunOfPair>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
}

/// The runs of a handler by name, with all dogs, over all feeds.
#[utoipa::path(
    get,
    path = "/api/v1/handlers/{name}",
    params(("name" = String, Path, description = "Case and blanks around it do not matter."), HandlerQuery),
    responses(
        (status = 200, body = HandlersRuns),
        (status = 400, body = ApiError),
        (status = 404, body = ApiError),
        (status = 503, body = ApiError),
    ),
)]
pub(super) async fn handler(
    request: HttpRequest,
    name: web::Path<String>,
    Strict(query): Strict<HandlerQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let name = name.into_inner();
    let limit = params::limit(query.limit)?;
    let after = params::after(query.cursor.as_deref())?;
    let of = (query.feed.as_deref(), None);
    let span = params::span(&sources, of, query.day, (query.from, query.to)).await?;
    let (wanted, feed) = (name.clone(), query.feed.clone());
    let found = sources
        .desk
        .ask(move |conn| {
            queries::handler_runs(conn, &wanted, feed.as_deref(), span, after, limit + 1)
        })
        .await?;
    let no_feed = || ApiError::not_found(format_args!("feed {}", query.feed.unwrap_or_default()));
    let found = found.ok_or_else(no_feed)?;
    if found.is_empty() && after.is_none() {
        return Err(ApiError::not_found("run of a handler of this name there"));
    }
    let page = found.get(..limit as usize).unwrap_or(&found);
    let has_more = page.len() < found.len();
    let next = page.last().filter(|_| has_more).map(|RunWithDogs { stored, .. }| {
        params::cursor(RunsAfter { first_seen_at: stored.first_seen_at, id: stored.id })
    });
    let is_theirs = |dog: &StoredPlayset| {
        is_same(dog.pair.handler.as_deref(), &name)
            && query
                .dog
                .as_deref()
                .is_none_or(|call| is_same(dog.pair.dog_family_name.as_deref(), call))
    };
    let runs = page.iter().map(|run| of_pair(run, is_theirs, sources.privacy));
    let runs = runs.filter(|run| !run.playsets.is_empty()).collect();
    let handler = sources.privacy.show(name.trim()).into_owned();
    answer(&request, &HandlersRuns { handler, runs, next })
}

fn of_pair(
    run: &RunWithDogs,
    is_one: impl Fn(&StoredPlayset) -> bool,
    names: Privacy,
) -> RunOfPair {
    RunOfPair { run: (&run.stored).into(), playsets: dogs(run, is_one, names) }
}

fn is_same(name: Option<&str>, wanted: &str) -> bool {
    name.is_some_and(|name| name.trim().to_lowercase() == wanted.trim().to_lowercase())
}
