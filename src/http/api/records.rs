//! `/api/v1/records`: the best laps of a track.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    db::queries::{self, Record, RecordsWanted},
    event::FeedId,
    http::{
        almanac,
        calendar::{self, Span, Window},
    },
};

use super::{
    ApiError, Sources, Strict, answer,
    feeds::no_feed,
    look,
    params::{Day, FeedSlug, Limit, Phrase},
};

#[derive(OpenApi)]
#[openapi(paths(records))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/records", look().to(records));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordsQuery {
    /// Of this track.
    #[param(inline)]
    feed: FeedSlug,
    /// The window of the calendar that `day` is in, by the clocks of the track.
    #[serde(default)]
    #[param(inline)]
    window: Window,
    /// Today where none is given.
    #[param(inline)]
    day: Option<Day>,
    /// Only karts of this class, as the names of heats tell it: `mini`, `junior`, `adult`, `twin`,
    /// `pro`.
    #[param(inline, example = "junior")]
    class: Option<Phrase>,
    /// How many names at most.
    #[serde(default)]
    #[param(inline)]
    limit: Limit<100, 20>,
}

#[derive(Serialize, ToSchema)]
struct RecordsAnswer {
    feed: String,
    #[schema(inline)]
    window: Window,
    /// The day that the window is around.
    day: NaiveDate,
    /// The first moment of the window, 1970 at the earliest; null for `ever`, as `to`.
    #[schema(required)]
    from: Option<DateTime<Utc>>,
    /// The first moment after it, 2100 at the latest.
    #[schema(required)]
    to: Option<DateTime<Utc>>,
    /// As asked for.
    #[schema(required)]
    class: Option<String>,
    /// All classes that heats of this track ever had.
    classes: Vec<String>,
    /// The quickest first; every name once. Names that the config calls one person are one; apart
    /// from that equal names are taken for one person.
    records: Vec<RecordOf>,
    /// Laps that came after this moment may not be counted yet; null where all are.
    #[schema(required)]
    missing_since: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct RecordOf {
    /// From 1; equal laps share it.
    place: usize,
    name: String,
    lap_ms: i32,
    /// When the lap ended; where that was missed, when the heat began.
    at: DateTime<Utc>,
    /// Null where nobody knows.
    #[schema(required)]
    kart: Option<String>,
    /// Null where the name of the heat tells none.
    #[schema(required)]
    class: Option<String>,
    heat_id: i64,
    heat_name: String,
    driver_id: i64,
    /// Which lap of the driver in that heat.
    lap: i32,
}

/// The best laps of a track
///
/// One for each name, for a day, week, month or year, or ever. Laps that were computed or taken away
/// by officials do not count.
#[utoipa::path(
    get,
    path = "/api/v1/records",
    tag = "records",
    params(RecordsQuery),
    responses((status = 200, body = RecordsAnswer)),
)]
async fn records(
    request: HttpRequest,
    Strict(query): Strict<RecordsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let feed = FeedId::new(&*query.feed);
    let zone = sources.almanac.zone(&feed);
    let day = query.day.map_or_else(|| calendar::day(Utc::now(), zone), |day| day.0);
    let no_such_day = || ApiError::bad_parameter("day", "day: the calendar does not go so far");
    let span = query.window.around(day, zone).ok_or_else(no_such_day)?;
    let Limit(limit) = query.limit;
    let class = query.class.map(|class| class.0);
    let (from, to) = (span.from, span.to);
    let wanted = RecordsWanted { feed, from, to, class: class.clone(), limit };
    let almanac = sources.almanac.clone();
    let person = move |venue: &str, name: &str| almanac::key(&almanac.names_of(venue, name).name);
    let question = move |conn: &mut _| queries::records(conn, &wanted, person);
    let found = sources.desk.ask(question).await?;
    let found = found.ok_or_else(|| no_feed(Some(&query.feed)))?;
    let is_ever = span == Span::EVER;
    let span = span.within_ever();
    let bound = |at| (!is_ever).then_some(at);
    let places = places(&found.records);
    let of_one = |(record, place): (Record, usize)| RecordOf {
        place,
        name: sources.privacy.show(&record.name).into_owned(),
        lap_ms: record.best_lap_ms,
        at: record.best_at,
        kart: Some(record.kart).filter(|kart| !kart.is_empty()),
        class: Some(record.class).filter(|class| !class.is_empty()),
        heat_id: record.heat_id,
        heat_name: record.heat_name,
        driver_id: record.driver_id,
        lap: record.best_lap,
    };
    let records = RecordsAnswer {
        feed: found.feed.id.as_str().to_owned(),
        window: query.window,
        day,
        from: bound(span.from),
        to: bound(span.to),
        class,
        classes: found.classes,
        records: found.records.into_iter().zip(places).map(of_one).collect(),
        missing_since: found.missing_since,
    };
    answer(&request, &records)
}

/// Of records in their order: equal laps share a place.
pub fn places(records: &[Record]) -> Vec<usize> {
    let first_of = |record: &Record| {
        records.partition_point(|quicker| quicker.best_lap_ms < record.best_lap_ms) + 1
    };
    records.iter().map(first_of).collect()
}
