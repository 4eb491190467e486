//! `/api/v1/heats/{heat}`: all that is known of a heat, as its page shows it. Written driver by
//! driver while it is read.

use std::ops::ControlFlow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    db::queries::{
        self, Completeness, HeatPart, HeatRecord, LapGapRecord, LapRecord, StandingRecord,
    },
    http::{Outlet, Privacy},
};

use super::{
    ApiError, Named, Sources, Strict,
    answer::{tag, tagged},
    heats::HeatSummary,
    look,
    params::{Id, Nothing},
};

#[derive(OpenApi)]
#[openapi(paths(heat))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/heats/{heat}", look().to(heat));
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct HeatPath {
    /// The id of the heat.
    #[param(inline)]
    pub heat: Id,
}

/// All that is known of a heat. Written in this order; `standings` are the end of it.
#[derive(Serialize, ToSchema)]
struct Heat {
    #[schema(inline)]
    heat: HeatSummary,
    completeness: HeatCompleteness,
    /// In the order of the table. Who withdrew keeps the position of old, behind who has it now.
    standings: Vec<Standing>,
}

/// Whether every lap that was driven is known.
#[derive(Serialize, ToSchema)]
struct HeatCompleteness {
    /// The end of the heat was seen; else it is still on, or further laps are not even counted.
    finished: bool,
    /// No lap is missing: so far, unless finished.
    complete: bool,
    /// Per driver the venue's count, or the highest lap known if that is higher.
    laps_expected: i64,
    laps_known: i64,
    /// Of the known: sent with one time, later with another.
    laps_corrected: i64,
    /// Of the known: missed, and computed from what came before and after.
    laps_reconstructed: i64,
    laps_missing: i64,
    /// The widest error of a known lap; 0 when every time is exact.
    max_error_ms: i32,
    missing: Vec<Hole>,
}

/// Laps without a time, both ends included.
#[derive(Serialize, ToSchema)]
struct Hole {
    driver_id: i64,
    /// Null for a driver without a standing.
    #[schema(required)]
    driver: Option<String>,
    first_lap: i64,
    last_lap: i64,
}

/// A driver of a heat, as last seen: the venue's own arithmetic.
#[derive(Serialize, ToSchema)]
struct Standing {
    /// A heat entry: new in every heat, even for the same person.
    driver_id: i64,
    #[schema(example = "Max V.")]
    driver: String,
    /// Text: `7` and `07` are different; empty for a late joiner without a kart.
    #[schema(example = "7")]
    kart: String,
    /// 1 for the first.
    position: i32,
    /// Completed, by the venue's count.
    laps: i32,
    #[schema(required)]
    last_lap_ms: Option<i32>,
    /// Rounded down by the venue.
    #[schema(required)]
    average_lap_ms: Option<i32>,
    #[schema(required)]
    best_lap_ms: Option<i32>,
    /// As sent; its format depends on the race mode; empty for the leader.
    #[schema(example = "+0.420")]
    gap: String,
    /// The record that the last lap broke: `day`, `week`, `month`, `year`, `ever`.
    #[schema(required)]
    last_record: Option<String>,
    updated_at: DateTime<Utc>,
    /// Laps known to be missing from `lap_times`, in their order.
    lap_gaps: Vec<LapGap>,
    /// Every lap that counts, in their order.
    lap_times: Vec<Lap>,
}

#[derive(Serialize, ToSchema)]
struct LapGap {
    first_lap: i32,
    last_lap: i32,
    /// Their sum lies in `total_ms .. total_ms + error_ms`; null where even that is unknown.
    #[schema(required)]
    total_ms: Option<i64>,
    error_ms: i32,
}

#[derive(Serialize, ToSchema)]
struct Lap {
    /// 1 for the driver's first.
    lap: i32,
    /// The true time lies in `lap_ms .. lap_ms + error_ms`.
    lap_ms: i32,
    /// When the lap was seen, as `position`; null where that moment was missed.
    #[schema(required)]
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
}

/// One heat with all its laps
///
/// The same numbers as its page. Large heats are written while they are read; the `ETag` is that of
/// the content, as everywhere.
#[utoipa::path(
    get,
    path = "/api/v1/heats/{heat}",
    tag = "heats",
    params(HeatPath),
    responses((status = 200, body = Heat)),
)]
async fn heat(
    request: HttpRequest,
    Named(HeatPath { heat: Id(heat) }): Named<HeatPath>,
    Strict(Nothing {}): Strict<Nothing>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let privacy = sources.privacy;
    let stream = sources.desk.stream(move |conn, outlet| {
        let mut telling = Telling { privacy, outlet, drivers: Vec::new().into_iter(), first: true };
        queries::heat_in_parts(conn, heat, |part| telling.tell(part))
    });
    let (tag, rest) = stream.await?;
    let Some(tag) = tag else {
        return Err(ApiError::not_found(format_args!("heat {heat}")));
    };
    Ok(tagged(&request, &tag, |mut answer| {
        answer.content_type(ContentType::json()).streaming(rest)
    }))
}

/// Writes a heat as its parts come.
struct Telling<'a> {
    privacy: Privacy,
    /// Its head is the tag; none where there is no such heat.
    outlet: &'a mut Outlet<Option<String>>,
    /// Those whose laps are to come.
    drivers: std::vec::IntoIter<Standing>,
    first: bool,
}

impl Telling<'_> {
    fn tell(&mut self, part: HeatPart) -> ControlFlow<()> {
        match part {
            HeatPart::Record(None) => self.outlet.begin(None),
            HeatPart::Record(Some(record)) => self.begin(*record),
            HeatPart::Laps(laps) => self.driver(laps),
        }
    }

    fn begin(&mut self, record: HeatRecord) -> ControlFlow<()> {
        let HeatRecord { heat, completeness, standings, mut lap_gaps, laps_stamp } = record;
        let standings: Vec<Standing> = standings
            .into_iter()
            .map(|one| {
                let gaps = lap_gaps.remove(&one.driver_id).unwrap_or_default();
                Standing::new(one, gaps, self.privacy)
            })
            .collect();
        let is_empty = standings.is_empty();
        let completeness = HeatCompleteness::new(completeness, self.privacy);
        let head = (HeatSummary::new(heat, self.privacy), completeness);
        // All but the laps, and what changes with them.
        let Ok(known) = serde_json::to_vec(&(&head, &standings, laps_stamp)) else {
            return ControlFlow::Break(());
        };
        self.drivers = standings.into_iter();
        self.outlet.begin(Some(tag(&known)))?;
        self.outlet.write(b"{\"heat\":")?;
        self.json(&head.0)?;
        self.outlet.write(b",\"completeness\":")?;
        self.json(&head.1)?;
        self.outlet.write(b",\"standings\":[")?;
        if is_empty { self.end() } else { ControlFlow::Continue(()) }
    }

    fn driver(&mut self, laps: Vec<LapRecord>) -> ControlFlow<()> {
        let Some(standing) = self.drivers.next() else { return ControlFlow::Break(()) };
        if !self.first {
            self.outlet.write(b",")?;
        }
        self.first = false;
        let lap_times = laps.into_iter().map(Lap::from).collect();
        self.json(&Standing { lap_times, ..standing })?;
        if self.drivers.as_slice().is_empty() { self.end() } else { ControlFlow::Continue(()) }
    }

    fn end(&mut self) -> ControlFlow<()> {
        self.outlet.write(b"]}")?;
        self.outlet.end()
    }

    /// Breaks also where a value can't be written, which none of these is.
    fn json(&mut self, value: &impl Serialize) -> ControlFlow<()> {
        self.outlet.write_json(value).unwrap_or(ControlFlow::Break(()))
    }
}

impl HeatCompleteness {
    fn new(counts: Completeness, privacy: Privacy) -> Self {
        let holes = counts.missing.into_iter().map(|hole| Hole {
            driver_id: hole.driver_id,
            driver: hole.name.map(|name| privacy.show(&name).into_owned()),
            first_lap: hole.first_lap,
            last_lap: hole.last_lap,
        });
        Self {
            finished: counts.finished,
            complete: counts.laps_missing == 0,
            laps_expected: counts.laps_expected,
            laps_known: counts.laps_known,
            laps_corrected: counts.laps_corrected,
            laps_reconstructed: counts.laps_reconstructed,
            laps_missing: counts.laps_missing,
            max_error_ms: counts.max_error_ms,
            missing: holes.collect(),
        }
    }
}

impl Standing {
    fn new(record: StandingRecord, gaps: Vec<LapGapRecord>, privacy: Privacy) -> Self {
        let lap_gaps = gaps.into_iter().map(|gap| LapGap {
            first_lap: gap.first_lap,
            last_lap: gap.last_lap,
            total_ms: gap.total_ms,
            error_ms: gap.error_ms,
        });
        Self {
            driver_id: record.driver_id,
            driver: privacy.show(&record.name).into_owned(),
            kart: record.kart,
            position: record.position,
            laps: record.laps,
            last_lap_ms: record.last_lap_ms,
            average_lap_ms: record.average_lap_ms,
            best_lap_ms: record.best_lap_ms,
            gap: record.gap,
            last_record: record.last_record,
            updated_at: record.updated_at,
            lap_gaps: lap_gaps.collect(),
            lap_times: Vec::new(),
        }
    }
}

impl From<LapRecord> for Lap {
    fn from(record: LapRecord) -> Self {
        let LapRecord { lap, lap_ms, kart, position, crossed_at, source, error_ms } = record;
        Self { lap, lap_ms, kart, position, crossed_at, source, error_ms }
    }
}
