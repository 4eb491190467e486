//! `/api/v1/heats`: the races of karts, newest first, of one feed or of all.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    db::queries::{self, HeatFilter, ListedHeat},
    http::Privacy,
};

use super::{
    ApiError, Sources, Strict, answer,
    feeds::no_feed,
    look,
    params::{Cursor, Day, FeedSlug, Key, Limit, Moment, Phrase},
    span::Asked,
};

#[derive(OpenApi)]
#[openapi(paths(heats))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/heats", look().to(heats));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HeatsQuery {
    /// Only heats of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only heats that were first seen on this day, by the clocks of the feed; of UTC where none is
    /// named.
    #[param(inline)]
    day: Option<Day>,
    /// Only heats that were first seen then or later.
    #[param(inline)]
    from: Option<Moment>,
    /// Only heats that were first seen before.
    #[param(inline)]
    to: Option<Moment>,
    /// Only heats with this in their name, in capitals or not.
    #[param(inline, example = "junior")]
    name: Option<Phrase>,
    /// Only heats in this state.
    #[param(inline)]
    state: Option<State>,
    /// How many at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// Where to go on: `next` of the answer before.
    #[param(inline)]
    cursor: Option<HeatsCursor>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    NotStarted,
    Running,
    Paused,
    Stopped,
    Finished,
    NextHeat,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
            Self::NextHeat => "next_heat",
        }
    }
}

type HeatsCursor = Cursor<Place>;

/// The moment at which a heat was first seen, in microseconds, and its id.
#[derive(Serialize, Deserialize)]
struct Place(i64, i64);

impl Key for Place {
    const NAME: &'static str = "heats1";

    fn example() -> Self {
        Self(1_795_462_200_000_000, 1)
    }
}

#[derive(Serialize, ToSchema)]
struct Heats {
    /// Newest first, by `first_seen_at`.
    heats: Vec<HeatSummary>,
    /// The cursor of older ones; null where there are none.
    #[schema(required)]
    next: Option<String>,
}

/// A heat in short.
#[derive(Serialize, ToSchema)]
pub(super) struct HeatSummary {
    pub id: i64,
    #[schema(example = "speedpark")]
    feed: String,
    /// The scheduled start as sent, unix seconds; whether UTC or local wall time is unknown.
    start_unix: i64,
    /// Repeats every day.
    #[schema(example = "Sprint 12 min")]
    name: String,
    /// 0; 1, 2, … for further heats with the same start and name that share no driver.
    occurrence: i32,
    /// `not_started`, `running`, `paused`, `stopped`, `finished`, `next_heat`, or `unknown(n)`.
    #[schema(example = "finished")]
    state: String,
    /// `manual`, `time`, `laps`, `time_or_laps`, or `unknown(n)`.
    #[schema(example = "time")]
    end_condition: String,
    /// Who wins: `most_laps`, `best_lap`, `best_average`, or `unknown(n)`.
    #[schema(example = "best_lap")]
    race_mode: String,
    /// When the clock was first seen running; null when it never was.
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    /// When the heat was first seen finished; null when it never was.
    #[schema(required)]
    finished_at: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    /// Everybody who was ever in the heat.
    drivers: i64,
    /// Of all drivers, by the venue's count.
    laps: i64,
    #[schema(required)]
    best_lap_ms: Option<i32>,
    /// The name of who is first in the table.
    #[schema(required)]
    leader: Option<String>,
}

impl HeatSummary {
    pub fn new(heat: ListedHeat, privacy: Privacy) -> Self {
        Self {
            id: heat.id,
            feed: heat.feed,
            start_unix: heat.start_unix,
            name: heat.name,
            occurrence: heat.occurrence,
            state: heat.state,
            end_condition: heat.end_condition,
            race_mode: heat.race_mode,
            started_at: heat.started_at,
            finished_at: heat.finished_at,
            first_seen_at: heat.first_seen_at,
            last_seen_at: heat.last_seen_at,
            drivers: heat.drivers,
            laps: heat.laps,
            best_lap_ms: heat.best_lap_ms,
            leader: heat.leader.map(|name| privacy.show(&name).into_owned()),
        }
    }
}

/// Heats, newest first
///
/// Filters add up. Heats that come while you read appear on the first page, and no other page
/// changes by them: reading on by `next` skips and repeats nothing.
#[utoipa::path(
    get,
    path = "/api/v1/heats",
    tag = "heats",
    params(HeatsQuery),
    responses((status = 200, body = Heats)),
)]
async fn heats(
    request: HttpRequest,
    Strict(query): Strict<HeatsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let asked = Asked { day: query.day, from: query.from, to: query.to };
    let span = asked.span(&sources, query.feed.as_deref(), None).await?;
    let filter = HeatFilter {
        feed: query.feed.as_deref().map(str::to_owned),
        from: span.from,
        to: span.to,
        name: query.name.map(|name| name.0),
        state: query.state.map(|state| state.as_str().to_owned()),
    };
    let behind = query.cursor.map(|cursor| behind(&cursor.0)).transpose()?;
    let Limit(limit) = query.limit;
    let question = move |conn: &mut _| queries::list_heats(conn, &filter, behind, limit + 1);
    let Some(mut found) = sources.desk.ask(question).await? else {
        return Err(no_feed(query.feed.as_ref()));
    };
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next =
        last.map(|heat| Cursor(Place(heat.first_seen_at.timestamp_micros(), heat.id)).to_string());
    let heats = found.into_iter().map(|heat| HeatSummary::new(heat, sources.privacy)).collect();
    answer(&request, &Heats { heats, next })
}

fn behind(place: &Place) -> Result<(DateTime<Utc>, i64), ApiError> {
    // Others the database does not know.
    let moment = DateTime::from_timestamp_micros(place.0)
        .filter(|moment| (1..=9999).contains(&moment.year()));
    let moment =
        moment.ok_or_else(|| ApiError::bad_parameter("cursor", "cursor: leads nowhere"))?;
    Ok((moment, place.1))
}
