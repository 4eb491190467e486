//! `/api/v1/laps`: every lap and every correction of one, for those who keep a copy up to date.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    rt::time::{Instant, sleep_until},
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    db::queries::{self, ChangeFilter, ChangeMark, Followed, LapChange, LapChanges},
    http::Privacy,
};

use super::{
    ApiError, Sources, Strict, answer,
    feeds::no_feed,
    look,
    params::{Cursor, FeedSlug, Id, Key, Limit, Wait},
};

/// While somebody waits for changes.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(OpenApi)]
#[openapi(paths(laps))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/laps", look().to(laps));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LapsQuery {
    /// Only changes behind this cursor: `next` of the answer before. Without it from the beginning.
    #[param(inline)]
    after: Option<LapsCursor>,
    /// Only laps of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only laps of the heat with this id.
    #[param(inline)]
    heat: Option<Id>,
    /// How many at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit<5_000, 1_000>,
    /// Seconds to wait for a change where there is none yet.
    #[serde(default)]
    #[param(inline)]
    wait: Wait,
}

type LapsCursor = Cursor<Place>;

/// The database, and a mark in it.
#[derive(Clone, Serialize, Deserialize)]
struct Place(String, i64, i64, i64, i32);

impl Key for Place {
    const NAME: &'static str = "laps1";

    fn example() -> Self {
        Self::new("elsewhere".to_owned(), ChangeMark::START)
    }
}

impl Place {
    fn new(database: String, mark: ChangeMark) -> Self {
        let ChangeMark { changed_in, heat_id, driver_id, lap } = mark;
        Self(database, changed_in, heat_id, driver_id, lap)
    }

    fn mark(&self) -> ChangeMark {
        let Self(_, changed_in, heat_id, driver_id, lap) = *self;
        ChangeMark { changed_in, heat_id, driver_id, lap }
    }
}

#[derive(Serialize, ToSchema)]
struct Laps {
    /// In the order of their changes.
    laps: Vec<ChangedLap>,
    /// Where to go on, now or later.
    next: String,
    /// There may be more already: go on at once. Possible with `laps` empty, when a filter left out
    /// all that was looked at.
    more: bool,
}

/// A lap as it is since its last change. The key is `(heat_id, driver_id, lap)`.
#[derive(Serialize, ToSchema)]
struct ChangedLap {
    #[schema(example = "speedpark")]
    feed: String,
    heat_id: i64,
    /// The name of the heat.
    #[schema(example = "Sprint 12 min")]
    heat: String,
    /// A heat entry: new in every heat, even for the same person.
    driver_id: i64,
    /// Null for a driver without a standing.
    #[schema(required, example = "Max V.")]
    driver: Option<String>,
    /// 1 for the driver's first.
    lap: i32,
    /// The true time lies in `lap_ms .. lap_ms + error_ms`.
    lap_ms: i32,
    /// When the lap was seen, as `position`; null where that moment was missed.
    #[schema(required, example = "7")]
    kart: Option<String>,
    #[schema(required)]
    position: Option<i32>,
    /// When the kart crossed the line, to about 0.4 s; null where that was missed.
    #[schema(required)]
    crossed_at: Option<DateTime<Utc>>,
    /// `timed`, `corrected`, or `reconstructed`.
    #[schema(example = "timed")]
    source: String,
    /// 0 unless reconstructed.
    error_ms: i32,
    /// When officials took the lap away; null for a lap that counts.
    #[schema(required)]
    removed_at: Option<DateTime<Utc>>,
}

impl ChangedLap {
    fn new(change: LapChange, privacy: Privacy) -> Self {
        let LapChange { feed, heat, driver, lap } = change;
        Self {
            feed,
            heat_id: lap.mark.heat_id,
            heat,
            driver_id: lap.mark.driver_id,
            driver: driver.map(|name| privacy.show(&name).into_owned()),
            lap: lap.mark.lap,
            lap_ms: lap.lap_ms,
            kart: lap.kart,
            position: lap.position,
            crossed_at: lap.crossed_at,
            source: lap.source,
            error_ms: lap.error_ms,
            removed_at: lap.removed_at,
        }
    }
}

/// Laps as they change
///
/// Every lap once, and again whenever it changes: corrected, or taken away (`removed_at`). Keep
/// `next`, ask again with it as `after`, and put each lap over the one with its key: then your copy
/// has everything, whatever happened meanwhile. Nothing is skipped, also not what was being
/// written while you asked. The name of a driver is as of now; a new name is no change of a lap.
#[utoipa::path(
    get,
    path = "/api/v1/laps",
    tag = "laps",
    params(LapsQuery),
    responses(
        (status = 200, body = Laps),
        (status = 410, body = ApiError,
         description = "The cursor is of another database, or of a later time than the backup that \
                        this one was restored from. Begin anew, without `after`."),
    ),
)]
async fn laps(
    request: HttpRequest,
    Strict(query): Strict<LapsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let until = Instant::now() + Duration::from_secs(query.wait.0.into());
    let mut place = query.after.as_ref().map(|cursor| cursor.0.clone());
    loop {
        let followed = follow(&query, place, &sources).await?;
        let is_news = !followed.changes.is_empty() || followed.more;
        let LapChanges { database, changes, next, more } = followed;
        let next = Place::new(database, next);
        if is_news || Instant::now() >= until {
            let laps = changes
                .into_iter()
                .map(|change| ChangedLap::new(change, sources.privacy))
                .collect();
            return answer(&request, &Laps { laps, next: Cursor(next).to_string(), more });
        }
        place = Some(next);
        sleep_until(until.min(Instant::now() + LOOK_AGAIN)).await;
    }
}

async fn follow(
    query: &LapsQuery,
    place: Option<Place>,
    sources: &Sources,
) -> Result<LapChanges, ApiError> {
    let filter = ChangeFilter {
        feed: query.feed.as_deref().map(str::to_owned),
        heat: query.heat.map(|id| id.0),
    };
    let Limit(limit) = query.limit;
    let question = move |conn: &mut _| {
        let after = place.as_ref().map(|place| (place.0.as_str(), place.mark()));
        queries::lap_changes(conn, &filter, after, limit)
    };
    match sources.desk.ask(question).await? {
        Followed::Changes(changes) => Ok(changes),
        Followed::NoFeed => Err(no_feed(query.feed.as_ref())),
        Followed::NoHeat => Err(ApiError::not_found("such heat")),
        Followed::Gone => Err(ApiError::gone(
            "after",
            "this cursor is of another database, or of a later time than the backup that this one \
             was restored from; begin anew, without `after`",
        )),
    }
}
