//! `/api/v1/clubs`, `/api/v1/countries`, `/api/v1/combined`: the tables of an event.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    analysis::agility::{self as ring, Tally as RingTally},
    db::queries::{self, RunWithDogs, Span},
};

use super::{
    super::{
        ApiError, Sources, Strict, answer,
        feeds::no_feed,
        params::{Day, FeedSlug, Phrase},
        span::Asked,
    },
    shape::Combined,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TableQuery {
    /// The event, by just its name; of several of one name the latest. Without it all events of the
    /// day.
    #[param(inline)]
    event: Option<Phrase>,
    /// Only runs that were first seen on this day, by the clocks of the event's rings; of UTC where no
    /// event is named. Without an event it is today, where none is given.
    #[param(inline)]
    day: Option<Day>,
}

/// What the dogs of one name came to, in the runs so far.
#[derive(Serialize, ToSchema)]
struct Tally {
    /// As it was spelled first; null for pairs that name none.
    #[schema(required)]
    name: Option<String>,
    /// Pairs, each counted once.
    dogs: usize,
    /// Results of theirs.
    runs: usize,
    clear_rounds: usize,
    /// Eliminated, beyond the maximum time, or not presented.
    out: usize,
    /// Results by the venue's word for them.
    qualifications: BTreeMap<String, usize>,
    wins: usize,
    /// First to third places, wins included.
    podiums: usize,
    #[schema(required)]
    best_place: Option<i32>,
}

impl From<RingTally> for Tally {
    fn from(tally: RingTally) -> Self {
        Self {
            name: tally.name,
            dogs: tally.dogs,
            runs: tally.runs,
            clear_rounds: tally.clear_rounds,
            out: tally.out,
            qualifications: tally.qualifications,
            wins: tally.wins,
            podiums: tally.podiums,
            best_place: tally.best_place,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Clubs {
    /// The most successful first: by podiums, wins, clear rounds, runs.
    clubs: Vec<Tally>,
}

#[derive(Serialize, ToSchema)]
struct Countries {
    /// The most successful first: by podiums, wins, clear rounds, runs.
    countries: Vec<Tally>,
}

/// How the clubs of an event or a day did
#[utoipa::path(
    get,
    path = "/api/v1/clubs",
    tag = "agility",
    params(TableQuery),
    responses((status = 200, body = Clubs)),
)]
pub(super) async fn clubs(
    request: HttpRequest,
    Strict(query): Strict<TableQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let runs = runs(query, &sources).await?;
    let clubs = ring::by_club(runs.iter().map(|run| run.playsets.as_slice()));
    answer(&request, &Clubs { clubs: clubs.into_iter().map(Tally::from).collect() })
}

/// How the countries of an event or a day did
#[utoipa::path(
    get,
    path = "/api/v1/countries",
    tag = "agility",
    params(TableQuery),
    responses((status = 200, body = Countries)),
)]
pub(super) async fn countries(
    request: HttpRequest,
    Strict(query): Strict<TableQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let runs = runs(query, &sources).await?;
    let countries = ring::by_country(runs.iter().map(|run| run.playsets.as_slice()));
    answer(&request, &Countries { countries: countries.into_iter().map(Tally::from).collect() })
}

async fn runs(query: TableQuery, sources: &Sources) -> Result<Vec<RunWithDogs>, ApiError> {
    let today = || Day(Utc::now().date_naive());
    let day = query.day.or_else(|| query.event.is_none().then(today));
    let event = query.event.map(|event| event.0);
    let asked = Asked { day, ..Asked::default() };
    let span = asked.span(sources, None, event.as_deref()).await?;
    let question = move |conn: &mut _| queries::event_runs(conn, event.as_deref(), span);
    Ok(sources.desk.ask(question).await?)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CombinedQuery {
    /// The event, by just its name; of several of one name the latest.
    #[param(inline, example = "Spring Cup")]
    event: Phrase,
    /// Only of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only of this pair.
    #[param(inline)]
    dorsal: Option<Phrase>,
}

#[derive(Serialize, ToSchema)]
struct CombinedResults {
    /// By ring, trial and name, in each the best first.
    combined: Vec<Combined>,
}

/// Combined results of an event
///
/// The places of pairs over brother runs, by the venue's own arithmetic.
#[utoipa::path(
    get,
    path = "/api/v1/combined",
    tag = "agility",
    params(CombinedQuery),
    responses((status = 200, body = CombinedResults)),
)]
pub(super) async fn combined(
    request: HttpRequest,
    Strict(query): Strict<CombinedQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let feed = query.feed.as_deref().map(str::to_owned);
    let (Phrase(event), dorsal) = (query.event, query.dorsal.map(|dorsal| dorsal.0));
    let question = move |conn: &mut _| {
        let (dorsal, feed) = (dorsal.as_deref(), feed.as_deref());
        queries::combined_results(conn, &event, dorsal, feed, Span::default())
    };
    let found = sources.desk.ask(question).await?;
    let found = found.ok_or_else(|| no_feed(query.feed.as_ref()))?;
    let combined = found.iter().map(|one| Combined::of(one, sources.privacy)).collect();
    answer(&request, &CombinedResults { combined })
}
