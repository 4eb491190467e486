//! `/api/v1/drivers`: names at a venue, and `/api/v1/drivers/{driver}`: what was driven under one.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    db::queries::{self, DriverBest, DriverHeat, DriverName, DriversWanted},
    event::FeedId,
    http::Privacy,
};

use super::{
    ApiError, Named, Sources, Strict, answer,
    feeds::no_feed,
    look,
    params::{Cursor, FeedSlug, Key, Limit, Phrase},
};

#[derive(OpenApi)]
#[openapi(paths(drivers, driver))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/drivers", look().to(drivers)).route("/drivers/{driver}", look().to(driver));
}

type DriversCursor = Cursor<AfterName>;
type DriverCursor = Cursor<BeforeHeat>;

/// A name, as the list sorts them.
#[derive(Serialize, Deserialize)]
struct AfterName(String);

impl Key for AfterName {
    const NAME: &'static str = "drivers1";

    fn example() -> Self {
        Self("ann".to_owned())
    }
}

/// A heat and an entry in it.
#[derive(Serialize, Deserialize)]
struct BeforeHeat(i64, i64);

impl Key for BeforeHeat {
    const NAME: &'static str = "driver_heats1";

    fn example() -> Self {
        Self(1, 1)
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DriversQuery {
    /// At the venue of this feed.
    #[param(inline)]
    feed: FeedSlug,
    /// Only names that begin so; case and blanks around do not matter.
    #[param(inline, example = "a")]
    begins: Option<Phrase>,
    /// How many at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// Where to go on: `next` of the answer before.
    #[param(inline)]
    cursor: Option<DriversCursor>,
}

#[derive(Serialize, ToSchema)]
struct DriversAnswer {
    /// In the order of their names in small letters. Names are no identities: two people may share
    /// one.
    drivers: Vec<Driver>,
    /// This deployment shows initials only, and does not tell who there is. Who knows a full name
    /// can ask for it.
    is_hidden: bool,
    #[schema(required)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Driver {
    /// As it was written in the latest heat.
    name: String,
    /// In how many heats it occurs, twice where two had it.
    heats: i64,
    last_heat_id: i64,
    /// When that began.
    last_heat_at: DateTime<Utc>,
}

/// Drivers of a venue, by name
///
/// Over all tracks of the venue. Names are no identities: two people may share one.
#[utoipa::path(
    get,
    path = "/api/v1/drivers",
    tag = "drivers",
    params(DriversQuery),
    responses((status = 200, body = DriversAnswer)),
)]
async fn drivers(
    request: HttpRequest,
    Strict(query): Strict<DriversQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let Limit(limit) = query.limit;
    let wanted = DriversWanted {
        feed: Some(FeedId::new(&*query.feed)),
        venue: None,
        begins: query.begins.map(|Phrase(begins)| begins).unwrap_or_default(),
        after: query.cursor.map(|Cursor(AfterName(name))| name),
        limit: limit + 1,
    };
    let found = sources.desk.ask(move |conn| queries::driver_names(conn, &wanted)).await?;
    let mut found = found.ok_or_else(|| no_feed(Some(&query.feed)))?;
    // Names could be guessed letter by letter.
    let is_hidden = sources.privacy == Privacy::Initials;
    if is_hidden {
        found.clear();
    }
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| Cursor(AfterName(last.name_key.clone())).to_string());
    let of_one = |driver: DriverName| Driver {
        name: driver.name,
        heats: driver.heats,
        last_heat_id: driver.heat_id,
        last_heat_at: driver.at,
    };
    let drivers = found.into_iter().map(of_one).collect();
    answer(&request, &DriversAnswer { drivers, is_hidden, next })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct DriverPath {
    /// The full name; case and the blanks around it do not matter.
    #[param(inline, example = "Ann Lee")]
    driver: Phrase,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DriverQuery {
    /// At the venue of this feed.
    #[param(inline)]
    feed: FeedSlug,
    /// How many heats at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// Where to go on: `next` of the answer before.
    #[param(inline)]
    cursor: Option<DriverCursor>,
}

#[derive(Serialize, ToSchema)]
struct DriverAnswer {
    name: String,
    venue: String,
    #[schema(inline)]
    identity: Identity,
    /// What was driven best on each track of the venue.
    tracks: Vec<Track>,
    /// Latest first.
    heats: Vec<HeatOf>,
    #[schema(required)]
    next: Option<String>,
}

/// What makes all this one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Identity {
    /// Nothing but the name: it may be several people.
    Name,
    /// The config says that several names are one person.
    Alias,
}

#[derive(Serialize, ToSchema)]
struct Track {
    feed: String,
    name: String,
    /// Heats there, of the latest 5,000.
    heats: i64,
    /// The best lap; null where none is known, as all below.
    #[schema(required)]
    best_lap_ms: Option<i32>,
    #[schema(required)]
    best_at: Option<DateTime<Utc>>,
    #[schema(required)]
    best_kart: Option<String>,
    #[schema(required)]
    best_heat_id: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct HeatOf {
    heat_id: i64,
    feed: String,
    heat_name: String,
    /// When it began.
    at: DateTime<Utc>,
    state: String,
    driver_id: i64,
    /// As it was written in that heat.
    name: String,
    /// Of several the one with the most laps; null where nobody knows.
    #[schema(required)]
    kart: Option<String>,
    position: i32,
    /// How many were in the heat.
    drivers: i64,
    laps: i32,
    #[schema(required)]
    best_lap_ms: Option<i32>,
    /// The middle lap, without the first; null where laps are not known, as `interquartile_ms`.
    #[schema(required)]
    median_ms: Option<i32>,
    /// Consistency: between how far from each other the middle half of the laps lies.
    #[schema(required)]
    interquartile_ms: Option<i32>,
    /// The best lap of anybody in the heat.
    #[schema(required)]
    heat_best_lap_ms: Option<i32>,
    /// From that to the own best.
    #[schema(required)]
    behind_best_ms: Option<i32>,
}

/// What a driver did
///
/// Everything that was driven under a name at a venue, and under its aliases, the latest heat first.
/// A name is no identity.
#[utoipa::path(
    get,
    path = "/api/v1/drivers/{driver}",
    tag = "drivers",
    params(DriverPath, DriverQuery),
    responses((status = 200, body = DriverAnswer)),
)]
async fn driver(
    request: HttpRequest,
    Named(DriverPath { driver: Phrase(name) }): Named<DriverPath>,
    Strict(query): Strict<DriverQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let Limit(limit) = query.limit;
    let before = query.cursor.map(|Cursor(BeforeHeat(heat, driver))| (heat, driver));
    let (almanac, at) = (sources.almanac.clone(), FeedId::new(&*query.feed));
    let question = move |conn: &mut _| {
        let feeds = queries::venue_feeds(conn, Some(&at), None)?;
        let Some(feed) = feeds.into_iter().next() else { return Ok(None) };
        let person = almanac.names_of(&feed.venue, &name);
        let history = queries::driver_history(conn, &feed.venue, &person.names, before, limit)?;
        Ok(Some((feed.venue, person, history)))
    };
    let found = sources.desk.ask(question).await?;
    let (venue, person, history) = found.ok_or_else(|| no_feed(Some(&query.feed)))?;
    if history.bests.is_empty() {
        return Err(ApiError::not_found("driver of this name at this venue"));
    }
    let last = history.heats.last().filter(|_| history.more);
    let next = last.map(|last| Cursor(BeforeHeat(last.heat_id, last.driver_id)).to_string());
    let show = |name: &str| sources.privacy.show(name).into_owned();
    let written = history.heats.first().map_or(person.name.as_str(), |heat| heat.name.trim());
    let driver = DriverAnswer {
        name: show(if person.has_aliases { &person.name } else { written }),
        venue,
        identity: if person.has_aliases { Identity::Alias } else { Identity::Name },
        tracks: history.bests.into_iter().map(track).collect(),
        heats: history.heats.into_iter().map(|heat| heat_of(heat, &show)).collect(),
        next,
    };
    answer(&request, &driver)
}

fn track(best: DriverBest) -> Track {
    Track {
        feed: best.feed,
        name: best.feed_name,
        heats: best.heats,
        best_lap_ms: best.best_lap_ms,
        best_at: best.best_at,
        best_kart: best.kart.filter(|kart| !kart.is_empty()),
        best_heat_id: best.heat_id,
    }
}

fn heat_of(heat: DriverHeat, show: &impl Fn(&str) -> String) -> HeatOf {
    HeatOf {
        heat_id: heat.heat_id,
        feed: heat.feed,
        heat_name: heat.heat_name,
        at: heat.at,
        state: heat.state,
        driver_id: heat.driver_id,
        name: show(&heat.name),
        kart: Some(heat.kart).filter(|kart| !kart.is_empty()),
        position: heat.position,
        drivers: heat.drivers,
        laps: heat.laps,
        best_lap_ms: heat.best_lap_ms,
        median_ms: heat.median_ms,
        interquartile_ms: heat
            .quarter_ms
            .zip(heat.three_quarters_ms)
            .map(|(quarter, three_quarters)| three_quarters - quarter),
        heat_best_lap_ms: heat.heat_best_lap_ms,
        behind_best_ms: heat.best_lap_ms.zip(heat.heat_best_lap_ms).map(|(own, best)| own - best),
    }
}
