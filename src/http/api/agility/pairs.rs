//! `/api/v1/dogs/{dorsal}` and `/api/v1/handlers/{handler}`: what a pair did.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    db::queries::{self, RunWithDogs, RunsAfter},
    event::agility::Playset as StoredPlayset,
    http::privacy::Privacy,
};

use super::{
    super::{
        ApiError, Named, Sources, Strict, answer,
        feeds::no_feed,
        params::{Day, FeedSlug, Limit, Moment, Phrase},
        span::Asked,
    },
    params::{self, RunsCursor},
    shape::{Combined, RunOfPair, dogs},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct DogPath {
    /// The pair's number within the event. Text: `7` and `007` are different.
    #[param(inline, example = "007")]
    dorsal: Phrase,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DogQuery {
    /// The event, by just its name: a dorsal means nothing outside of it. Else it is the one in which
    /// the dorsal was seen last.
    #[param(inline)]
    event: Option<Phrase>,
    /// Only runs that were first seen on this day, by the clocks of the event's rings; of UTC where no
    /// event is named.
    #[param(inline)]
    day: Option<Day>,
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

/// What a dog did in an event
///
/// Over all rings, with its combined results.
#[utoipa::path(
    get,
    path = "/api/v1/dogs/{dorsal}",
    tag = "agility",
    params(DogPath, DogQuery),
    responses((status = 200, body = DogsDay)),
)]
pub(super) async fn dog(
    request: HttpRequest,
    Named(DogPath { dorsal: Phrase(dorsal) }): Named<DogPath>,
    Strict(query): Strict<DogQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let event = query.event.map(|event| event.0);
    let asked = Asked { day: query.day, ..Asked::default() };
    let span = asked.span(&sources, None, event.as_deref()).await?;
    let wanted = dorsal.clone();
    let question = move |conn: &mut _| queries::day_of_dog(conn, &wanted, event.as_deref(), span);
    let day = sources.desk.ask(question).await?;
    let day = day.ok_or_else(|| ApiError::not_found(format_args!("dorsal {dorsal} there")))?;
    let is_it = |dog: &StoredPlayset| dog.pair.dorsal.as_ref() == Some(&dorsal);
    let runs = day.runs.iter().map(|run| of_pair(run, is_it, sources.privacy)).collect();
    let combined = day.combined.iter().map(|one| Combined::of(one, sources.privacy)).collect();
    answer(&request, &DogsDay { event: day.event_name, runs, combined, dorsal })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct HandlerPath {
    /// The full name; case and the blanks around it do not matter.
    #[param(inline, example = "Ann Lee")]
    handler: Phrase,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HandlerQuery {
    /// Only runs of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only with a dog of this call name; case does not matter.
    #[param(inline)]
    dog: Option<Phrase>,
    /// Only runs that were first seen on this day, by the clocks of the feed; of UTC where none is
    /// named.
    #[param(inline)]
    day: Option<Day>,
    /// Only runs that were first seen from this moment on.
    #[param(inline)]
    from: Option<Moment>,
    /// Only runs that were first seen before this moment.
    #[param(inline)]
    to: Option<Moment>,
    /// How many runs at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// Where to go on: `next` of the answer before.
    #[param(inline)]
    cursor: Option<RunsCursor>,
}

/// What a handler did. Names are not identities: two people of one name are one here.
#[derive(Serialize, ToSchema)]
struct HandlersRuns {
    handler: String,
    /// Newest first, each with this handler's dogs alone.
    runs: Vec<RunOfPair>,
    /// The cursor of the next page; null where this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// What a handler did
///
/// With all dogs, over all feeds, newest first. Names are no identities.
#[utoipa::path(
    get,
    path = "/api/v1/handlers/{handler}",
    tag = "agility",
    params(HandlerPath, HandlerQuery),
    responses((status = 200, body = HandlersRuns)),
)]
pub(super) async fn handler(
    request: HttpRequest,
    Named(HandlerPath { handler: Phrase(name) }): Named<HandlerPath>,
    Strict(query): Strict<HandlerQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let Limit(limit) = query.limit;
    let after = params::after(query.cursor)?;
    let asked = Asked { day: query.day, from: query.from, to: query.to };
    let span = asked.span(&sources, query.feed.as_deref(), None).await?;
    let (wanted, feed) = (name.clone(), query.feed.as_deref().map(str::to_owned));
    let question = move |conn: &mut _| {
        queries::handler_runs(conn, &wanted, feed.as_deref(), span, after, limit + 1)
    };
    let found = sources.desk.ask(question).await?;
    let found = found.ok_or_else(|| no_feed(query.feed.as_ref()))?;
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
                .as_ref()
                .is_none_or(|Phrase(call)| is_same(dog.pair.dog_family_name.as_deref(), call))
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
