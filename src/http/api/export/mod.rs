//! `/api/v1/export/{what}`: rows of the tables as a file, as they are read.

mod docs;
mod pump;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue},
    },
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    event::FeedId,
    export::{CursorError, DataSet, Format, ShowName, Wanted},
    http::{Privacy, session::Sessions},
};

use super::{
    ApiError, Named, Sources, Strict, look,
    params::{self, FeedSlug, Id, Moment},
};

use self::{docs::Columns, pump::Refused};

pub(in crate::http) use self::pump::Exports;

#[derive(OpenApi)]
#[openapi(paths(export), modifiers(&Columns))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/export/{what}", look().to(export));
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ExportPath {
    /// Rows of what.
    #[param(inline)]
    what: What,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum What {
    Laps,
    Standings,
    Heats,
    Playsets,
    Results,
}

impl From<What> for DataSet {
    fn from(what: What) -> Self {
        match what {
            What::Laps => Self::Laps,
            What::Standings => Self::Standings,
            What::Heats => Self::Heats,
            What::Playsets => Self::Playsets,
            What::Results => Self::Results,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// How it is written; `csv` unless said otherwise.
    #[param(inline)]
    format: Option<params::Format>,
    /// Only of this feed.
    #[param(inline)]
    feed: Option<FeedSlug>,
    /// Only from then on: of laps, standings and heats the beginning of the heat counts, of playsets
    /// and results when they were last received.
    #[param(inline)]
    from: Option<Moment>,
    /// Only before then.
    #[param(inline)]
    to: Option<Moment>,
    /// Only of this heat; for laps, standings and heats.
    #[param(inline)]
    heat: Option<Id>,
    /// Begins a CSV with the mark by which Excel tells that it is UTF-8.
    #[param(inline)]
    bom: Option<bool>,
}

/// Rows of the tables as a file
///
/// It is written while it is read: an answer that breaks off before its end is no whole file. Two are
/// made at a time, and each has an hour.
#[utoipa::path(
    get,
    path = "/api/v1/export/{what}",
    tag = "export",
    params(ExportPath, ExportQuery),
    responses(
        (status = 200, description = "The rows", content(
            (String = "text/csv"),
            (String = "application/jsonl"),
            (String = "application/vnd.apache.parquet"),
        )),
    ),
)]
async fn export(
    request: HttpRequest,
    Named(ExportPath { what }): Named<ExportPath>,
    Strict(query): Strict<ExportQuery>,
    sources: web::Data<Sources>,
    exports: web::Data<Exports>,
    sessions: web::Data<Sessions>,
) -> Result<HttpResponse, ApiError> {
    let what = DataSet::from(what);
    let format = format(&query)?;
    let wanted = Wanted {
        what,
        feeds: query.feed.as_deref().map(FeedId::new).into_iter().collect(),
        from: query.from.map(|Moment(at)| at),
        to: query.to.map(|Moment(at)| at),
        heat: query.heat.map(|heat| heat.0),
    };
    if wanted.heat.is_some() && !what.has_heats() {
        let words = format!("{} have no heats; leave it out", what.as_str());
        return Err(ApiError::bad_parameter("heat", words));
    }
    let mut response = head(&wanted, format);
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let rows = exports.begin(&sources.pool, wanted, format, show(sources.privacy), &sessions).await;
    Ok(response.streaming(rows?))
}

fn format(query: &ExportQuery) -> Result<Format, ApiError> {
    let format = match query.format {
        Some(params::Format::Jsonl) => Format::JsonLines,
        Some(params::Format::Parquet) => Format::Parquet,
        Some(params::Format::Csv) | None => Format::Csv { bom: query.bom.unwrap_or(false) },
    };
    match (query.bom, format) {
        (None, _) | (_, Format::Csv { .. }) => Ok(format),
        _ => Err(ApiError::bad_parameter("bom", "it is for csv alone")),
    }
}

fn show(privacy: Privacy) -> Option<ShowName> {
    match privacy {
        Privacy::Names => None,
        Privacy::Initials => Some(|name| Privacy::Initials.show(name)),
    }
}

fn head(wanted: &Wanted, format: Format) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::OK);
    let disposition = format!("attachment; filename=\"{}\"", file_name(wanted, format));
    response
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CACHE_CONTROL, "private, no-store"));
    if format == Format::Parquet {
        // It is packed already.
        response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")));
    }
    response
}

/// `ringside-laps-speedpark-from-20261123T180000Z.csv`
fn file_name(wanted: &Wanted, format: Format) -> String {
    let time = |word: &str, at: Option<DateTime<Utc>>| {
        at.map(|at| format!("-{word}-{}", at.format("%Y%m%dT%H%M%SZ"))).unwrap_or_default()
    };
    let feeds: String = wanted.feeds.iter().map(|feed| format!("-{feed}")).collect();
    let heat = wanted.heat.map(|heat| format!("-heat-{heat}")).unwrap_or_default();
    format!(
        "ringside-{}{feeds}{heat}{}{}.{}",
        wanted.what.as_str(),
        time("from", wanted.from),
        time("to", wanted.to),
        format.as_str()
    )
}

impl From<Refused> for ApiError {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Busy => Self::unavailable("other exports are being made; try again soon"),
            Refused::Unanswered(why) => why.into(),
            Refused::Cursor(CursorError::UnknownFeed { feed, hint }) => {
                Self::not_found(format!("feed {feed:?}; {hint}"))
            }
            Refused::Cursor(CursorError::UnknownHeat(heat)) => {
                Self::not_found(format!("heat {heat}"))
            }
            Refused::Cursor(other) => super::Unanswered::new(other).into(),
            Refused::Fault(error) => Self::internal(&error),
        }
    }
}
