//! `/api/v1/heats/{heat}/pace` and `/api/v1/heats/{heat}/duel`: what the laps of one heat tell.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    analysis::karting::{self, Counts, Driven, Evenness, Pace, Side},
    board::karting::Line,
    db::queries::{self, StoredHeat},
    http::Privacy,
};

use super::{
    ApiError, Named, Sources, Strict, answer,
    heat::HeatPath,
    look,
    params::{Id, Nothing},
};

#[derive(OpenApi)]
#[openapi(paths(heat_pace, heat_duel))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/heats/{heat}/pace", look().to(heat_pace))
        .route("/heats/{heat}/duel", look().to(heat_duel));
}

#[derive(Serialize, ToSchema)]
struct HeatPace {
    heat_id: i64,
    /// In the order of the table.
    drivers: Vec<DriverPace>,
}

/// Laps that tell nothing of the pace are set aside: the first, computed ones, slow ones (slower
/// than the median by more than 5 % of it and by more than three robust standard deviations) and
/// short ones (below three quarters of the median). All other figures are of the laps that are left.
#[derive(Serialize, ToSchema)]
struct DriverPace {
    driver_id: i64,
    name: String,
    /// As sent; may be empty.
    kart: String,
    position: i32,
    /// How many laps are left.
    laps: i64,
    /// The numbers of those that were set aside for being slow.
    slow_laps: Vec<i32>,
    /// And for being short.
    short_laps: Vec<i32>,
    /// How many were set aside for being computed and not measured.
    computed_laps: i64,
    /// Null without a lap, as the median and the quartiles, which are laps that were driven.
    #[schema(required)]
    best_ms: Option<i32>,
    #[schema(required)]
    quarter_ms: Option<i32>,
    #[schema(required)]
    median_ms: Option<i32>,
    #[schema(required)]
    three_quarters_ms: Option<i32>,
    #[schema(required)]
    slowest_ms: Option<i32>,
    /// Null with fewer than six laps, as all that follows.
    #[schema(required)]
    mean_ms: Option<f64>,
    /// The standard deviation.
    #[schema(required)]
    deviation_ms: Option<f64>,
    /// 100 × (1 − deviation ÷ mean): 100 when all laps are the same.
    #[schema(required)]
    consistency_percent: Option<f64>,
    /// By how much each lap was slower than the one before, of a straight line by least squares.
    #[schema(required)]
    slope_ms_per_lap: Option<f64>,
    /// The ends of its 95 % interval.
    #[schema(required)]
    slope_low_ms_per_lap: Option<f64>,
    #[schema(required)]
    slope_high_ms_per_lap: Option<f64>,
    /// What the interval says: `slower`, `quicker`, or `even`.
    #[schema(required)]
    trend: Option<&'static str>,
    /// Medians of the first and the last third of the laps.
    #[schema(required)]
    first_third_ms: Option<i32>,
    #[schema(required)]
    last_third_ms: Option<i32>,
}

impl DriverPace {
    fn of(line: &Line, names: Privacy) -> Self {
        let Pace { spread, slow, short, computed, evenness } = karting::pace(&line.laps);
        let standing = &line.standing;
        let figure = |of: fn(&Evenness) -> f64| evenness.as_ref().map(of).map(tenths);
        Self {
            driver_id: standing.driver_id,
            name: names.show(standing.name.trim()).into_owned(),
            kart: standing.kart.clone(),
            position: standing.position,
            laps: spread.map_or(0, |spread| spread.count),
            slow_laps: slow,
            short_laps: short,
            computed_laps: computed,
            best_ms: spread.map(|spread| spread.low),
            quarter_ms: spread.map(|spread| spread.quarter),
            median_ms: spread.map(|spread| spread.median),
            three_quarters_ms: spread.map(|spread| spread.three_quarters),
            slowest_ms: spread.map(|spread| spread.high),
            mean_ms: figure(|even| even.mean_ms),
            deviation_ms: figure(|even| even.deviation_ms),
            consistency_percent: figure(|even| even.consistency),
            slope_ms_per_lap: figure(|even| even.slope_ms),
            slope_low_ms_per_lap: figure(|even| even.slope_interval_ms.0),
            slope_high_ms_per_lap: figure(|even| even.slope_interval_ms.1),
            trend: evenness.as_ref().map(|even| match even.direction() {
                1 => "slower",
                -1 => "quicker",
                _ => "even",
            }),
            first_third_ms: evenness.as_ref().map(|even| even.first_third_ms),
            last_third_ms: evenness.as_ref().map(|even| even.last_third_ms),
        }
    }
}

/// More digits would be of no use to anybody.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// How even the laps of a heat were
///
/// For each driver the spread of the laps, and whether they fell off.
#[utoipa::path(
    get,
    path = "/api/v1/heats/{heat}/pace",
    tag = "heats",
    params(HeatPath),
    responses((status = 200, body = HeatPace)),
)]
async fn heat_pace(
    request: HttpRequest,
    Named(HeatPath { heat: Id(heat_id) }): Named<HeatPath>,
    Strict(Nothing {}): Strict<Nothing>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let heat = heat(heat_id, &sources).await?;
    let drivers = heat.board.lines.iter();
    let drivers = drivers.map(|line| DriverPace::of(line, sources.privacy)).collect();
    answer(&request, &HeatPace { heat_id, drivers })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DuelQuery {
    /// The `driver_id` of one driver of the heat.
    #[param(inline, example = 11)]
    a: Id,
    /// And of another.
    #[param(inline, example = 12)]
    b: Id,
}

/// Differences are B minus A, milliseconds: above zero A is quicker, or ahead.
#[derive(Serialize, ToSchema)]
struct HeatDuel {
    heat_id: i64,
    a: Duellist,
    b: Duellist,
    /// What the gap is of: `laps`: the moments of crossing the line, known as a whole to some tenths
    /// of a second; `best_lap` and `best_average`: those so far.
    counts: &'static str,
    /// The laps of both that made the largest differences, the largest first, three at most.
    decisive_laps: Vec<i32>,
    /// Every change of who was ahead.
    overtakes: Vec<Overtake>,
    /// Every lap that one of them drove.
    laps: Vec<DuelLap>,
}

#[derive(Serialize, ToSchema)]
struct Duellist {
    driver_id: i64,
    name: String,
    /// As sent; may be empty.
    kart: String,
    position: i32,
    /// Of the laps that both drove, in how many this driver was quicker.
    laps_won: i64,
}

#[derive(Serialize, ToSchema)]
struct Overtake {
    /// After which it was seen.
    lap: i32,
    /// Who was ahead from then on: `a`, `b`.
    by: &'static str,
}

#[derive(Serialize, ToSchema)]
struct DuelLap {
    lap: i32,
    /// Null where it is not known, or not driven.
    #[schema(required)]
    a_ms: Option<i32>,
    #[schema(required)]
    b_ms: Option<i32>,
    /// Of this lap alone.
    #[schema(required)]
    difference_ms: Option<i64>,
    /// After this lap; null once a lap is missing of which nobody knows how long it took.
    #[schema(required)]
    gap_ms: Option<i64>,
    /// `a`, `b`; null where it is not known, or they were level.
    #[schema(required)]
    ahead: Option<&'static str>,
}

/// Two drivers of a heat, lap by lap
///
/// Who won which lap, the gap after each, and where it came from.
#[utoipa::path(
    get,
    path = "/api/v1/heats/{heat}/duel",
    tag = "heats",
    params(HeatPath, DuelQuery),
    responses(
        (status = 200, body = HeatDuel),
        (status = 404, description = "No such heat, or no such driver in it.", body = ApiError),
    ),
)]
async fn heat_duel(
    request: HttpRequest,
    Named(HeatPath { heat: Id(heat_id) }): Named<HeatPath>,
    Strict(query): Strict<DuelQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let heat = heat(heat_id, &sources).await?;
    let line = |Id(driver_id): Id| {
        let found = heat.board.lines.iter().find(|line| line.standing.driver_id == driver_id);
        found.ok_or_else(|| ApiError::not_found(format_args!("driver {driver_id} in this heat")))
    };
    let (a, b) = (line(query.a)?, line(query.b)?);
    let counts = Counts::of(&heat.board.heat.race_mode);
    let duel = karting::duel(driven(a), driven(b), counts);
    let duellist = |line: &Line, laps_won| Duellist {
        driver_id: line.standing.driver_id,
        name: sources.privacy.show(line.standing.name.trim()).into_owned(),
        kart: line.standing.kart.clone(),
        position: line.standing.position,
        laps_won,
    };
    let overtakes = duel.overtakes.into_iter();
    let laps = duel.laps.into_iter().map(|lap| DuelLap {
        lap: lap.lap,
        a_ms: lap.a_ms,
        b_ms: lap.b_ms,
        difference_ms: lap.difference_ms,
        gap_ms: lap.gap_ms,
        ahead: lap.ahead.map(letter),
    });
    let answered = HeatDuel {
        heat_id,
        a: duellist(a, duel.won_by_a),
        b: duellist(b, duel.won_by_b),
        counts: match counts {
            Counts::Laps => "laps",
            Counts::BestLap => "best_lap",
            Counts::BestAverage => "best_average",
        },
        decisive_laps: duel.decisive,
        overtakes: overtakes.map(|(lap, by)| Overtake { lap, by: letter(by) }).collect(),
        laps: laps.collect(),
    };
    answer(&request, &answered)
}

fn driven(line: &Line) -> Driven<'_> {
    Driven { laps: &line.laps, gaps: &line.gaps }
}

fn letter(side: Side) -> &'static str {
    match side {
        Side::A => "a",
        Side::B => "b",
    }
}

async fn heat(id: i64, sources: &Sources) -> Result<StoredHeat, ApiError> {
    let heat = sources.desk.ask(move |conn| queries::heat(conn, id)).await?;
    heat.ok_or_else(|| ApiError::not_found(format_args!("heat {id}")))
}
