//! `/api/v1/karts`: how quick the karts of a track are, corrected for who drove them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    analysis::karting::{KartRow, Spread, kart_model::KartEffect},
    event::FeedId,
    http::{
        calendar::{self, Span},
        karts::{KartDesk, KartsWanted},
    },
};

use super::{
    ApiError, Sources, Strict, answer,
    feeds::no_feed,
    look,
    params::{FeedSlug, Moment, Phrase},
};

/// Where nothing is asked for.
pub const USUAL_DAYS: u32 = 30;

#[derive(OpenApi)]
#[openapi(paths(karts))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/karts", look().to(karts));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KartsQuery {
    /// Of this track.
    #[param(inline)]
    feed: FeedSlug,
    /// Stints from then on; where nothing is given, of 30 days, today included.
    #[param(inline)]
    from: Option<Moment>,
    /// Stints before then.
    #[param(inline)]
    to: Option<Moment>,
    /// Only karts of this class, as the names of heats tell it: `mini`, `junior`, `adult`, `twin`,
    /// `pro`.
    #[param(inline, example = "junior")]
    class: Option<Phrase>,
}

#[derive(Serialize, ToSchema)]
struct KartsAnswer {
    feed: String,
    /// The first moment that counts, 1970 at the earliest.
    from: DateTime<Utc>,
    /// The first moment after it, 2100 at the latest.
    to: DateTime<Utc>,
    #[schema(required)]
    class: Option<String>,
    /// All classes that heats of this track ever had.
    classes: Vec<String>,
    /// Those that can be compared by their median laps, the quickest first; then the others.
    karts: Vec<Kart>,
    /// How much two goes of one driver differ by chance, a standard deviation: of median laps; null
    /// where nothing tells it.
    #[schema(required)]
    median_scatter_ms: Option<f64>,
    /// The same of best laps.
    #[schema(required)]
    best_scatter_ms: Option<f64>,
    /// There were too many stints in the span, and only the latest 50,000 are in this.
    is_cut: bool,
    /// Laps that came after this moment may not be counted yet; null where all are.
    #[schema(required)]
    missing_since: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct Kart {
    kart: String,
    /// Against the average kart, on the median laps of stints. Null where the kart can't be compared:
    /// nobody drove it and another one that can be on the same day.
    #[schema(required)]
    median: Option<Effect>,
    /// The same on the best laps of stints.
    #[schema(required)]
    best: Option<Effect>,
    /// Of all drivers, compared or not.
    stints: usize,
    laps: i64,
    /// The quickest lap with the kart, whoever drove.
    best_lap_ms: i32,
    /// How the median laps of its stints are spread, whoever drove; null where all were too short.
    #[schema(required)]
    spread: Option<SpreadOf>,
}

#[derive(Serialize, ToSchema)]
struct Effect {
    /// A lap; below zero for a kart that is quicker than the average.
    effect_ms: f64,
    /// Null where there is too little to tell chance by, as the next two.
    #[schema(required)]
    standard_error_ms: Option<f64>,
    /// From here to `high_ms` lies the truth in 95 of 100 cases.
    #[schema(required)]
    low_ms: Option<f64>,
    #[schema(required)]
    high_ms: Option<f64>,
    /// Stints that took part.
    stints: usize,
    /// Their drivers, anew each day.
    drivers: usize,
    laps: i64,
}

#[derive(Serialize, ToSchema)]
struct SpreadOf {
    low_ms: i32,
    quarter_ms: i32,
    median_ms: i32,
    three_quarters_ms: i32,
    high_ms: i32,
    count: i64,
}

/// How quick each kart of a track is
///
/// Corrected for who drove it: the time of a stint is taken for the sum of the driver on that day, the
/// heat, the kart, and chance. Worked out at most once a minute.
#[utoipa::path(
    get,
    path = "/api/v1/karts",
    tag = "karts",
    params(KartsQuery),
    responses((status = 200, body = KartsAnswer)),
)]
async fn karts(
    request: HttpRequest,
    Strict(query): Strict<KartsQuery>,
    sources: web::Data<Sources>,
    desk: web::Data<KartDesk>,
) -> Result<HttpResponse, ApiError> {
    let feed = FeedId::new(&*query.feed);
    let zone = sources.almanac.zone(&feed);
    let to = query.to.map_or_else(Utc::now, |to| to.0);
    let too_far = || ApiError::bad_parameter("to", "to: the calendar does not go so far");
    let days = Span::of_days(USUAL_DAYS, calendar::day(to, zone), zone).ok_or_else(too_far)?;
    let span = Span {
        from: query.from.map_or(days.from, |from| from.0),
        to: query.to.map_or(days.to, |to| to.0),
    };
    let (span, class) = (span.within_ever(), query.class.map(|class| class.0));
    let wanted = KartsWanted { feed, span, class: class.clone() };
    let found = desk.karts(&sources, wanted).await?;
    let found = found.ok_or_else(|| no_feed(Some(&query.feed)))?;
    let karts = KartsAnswer {
        feed: found.feed.id.as_str().to_owned(),
        from: span.from,
        to: span.to,
        class,
        classes: found.classes.clone(),
        karts: found.table.karts.iter().map(kart).collect(),
        median_scatter_ms: found.table.median_scatter_ms.map(thousandth),
        best_scatter_ms: found.table.best_scatter_ms.map(thousandth),
        is_cut: found.is_cut,
        missing_since: found.missing_since,
    };
    answer(&request, &karts)
}

fn kart(row: &KartRow) -> Kart {
    Kart {
        kart: row.kart.clone(),
        median: row.median.as_ref().map(effect),
        best: row.best.as_ref().map(effect),
        stints: row.stints,
        laps: row.laps,
        best_lap_ms: row.best_lap_ms,
        spread: row.spread.map(spread),
    }
}

fn effect(effect: &KartEffect) -> Effect {
    let KartEffect { effect_ms, error, stints, drivers, laps, .. } = effect;
    Effect {
        effect_ms: thousandth(*effect_ms),
        standard_error_ms: error.map(|error| thousandth(error.standard_error_ms)),
        low_ms: error.map(|error| thousandth(error.low_ms)),
        high_ms: error.map(|error| thousandth(error.high_ms)),
        stints: *stints,
        drivers: *drivers,
        laps: *laps,
    }
}

fn spread(spread: Spread) -> SpreadOf {
    let Spread { low, quarter, median, three_quarters, high, count } = spread;
    SpreadOf {
        low_ms: low,
        quarter_ms: quarter,
        median_ms: median,
        three_quarters_ms: three_quarters,
        high_ms: high,
        count,
    }
}

/// More digits would tell nothing, and differ from one machine to the next.
fn thousandth(ms: f64) -> f64 {
    // Not minus zero.
    (ms * 1_000.0).round() / 1_000.0 + 0.0
}
