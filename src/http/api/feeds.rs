//! `/api/v1/feeds`: the sources of live timing that are or once were configured.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::db::queries::{self, FeedRecord};

use super::{
    ApiError, Named, Sources, Strict, answer, look,
    params::{FeedSlug, Nothing},
};

#[derive(OpenApi)]
#[openapi(paths(feeds, feed))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/feeds", look().to(feeds)).route("/feeds/{feed}", look().to(feed));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedsQuery {
    /// Only feeds of this kind.
    #[param(inline)]
    kind: Option<Kind>,
}

/// What the venue speaks.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bmi,
    Flowagility,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bmi => "bmi",
            Self::Flowagility => "flowagility",
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct FeedPath {
    /// The id of the feed.
    #[param(inline)]
    feed: FeedSlug,
}

#[derive(Serialize, ToSchema)]
struct Feeds {
    feeds: Vec<Feed>,
}

#[derive(Serialize, ToSchema)]
struct Feed {
    /// As in the config.
    #[schema(example = "speedpark")]
    id: String,
    /// What the venue speaks: `bmi` for karts, `flowagility` for dogs.
    #[schema(example = "bmi")]
    kind: String,
    /// The place.
    #[schema(example = "SpeedPark")]
    venue: String,
    /// The track or ring there.
    #[schema(example = "Main track")]
    name: String,
    /// When the newest connection began; null where there never was one.
    #[schema(required)]
    connected_at: Option<DateTime<Utc>>,
    /// When it ended; null while it is open.
    #[schema(required)]
    disconnected_at: Option<DateTime<Utc>>,
    /// Why it ended: `remote_closed`, `silence`, …
    #[schema(required)]
    disconnect_reason: Option<String>,
    /// The latest moment at which something of it is known to have come: the begin or the end of a
    /// connection, or a frame of the newest heat or run.
    #[schema(required)]
    last_heard_at: Option<DateTime<Utc>>,
}

impl From<FeedRecord> for Feed {
    fn from(record: FeedRecord) -> Self {
        Self {
            id: record.slug,
            kind: record.kind,
            venue: record.venue,
            name: record.name,
            connected_at: record.connected_at,
            disconnected_at: record.disconnected_at,
            disconnect_reason: record.reason,
            last_heard_at: record.last_heard_at,
        }
    }
}

/// All feeds
///
/// In the order of their ids: those that are configured, and those that once were.
#[utoipa::path(
    get,
    path = "/api/v1/feeds",
    tag = "feeds",
    params(FeedsQuery),
    responses((status = 200, body = Feeds)),
)]
async fn feeds(
    request: HttpRequest,
    Strict(query): Strict<FeedsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let kind = query.kind.map(Kind::as_str);
    let found = sources.desk.ask(move |conn| queries::feed_records(conn, kind, None)).await?;
    answer(&request, &Feeds { feeds: found.into_iter().map(Feed::from).collect() })
}

/// One feed
#[utoipa::path(
    get,
    path = "/api/v1/feeds/{feed}",
    tag = "feeds",
    params(FeedPath),
    responses((status = 200, body = Feed)),
)]
async fn feed(
    request: HttpRequest,
    Named(path): Named<FeedPath>,
    Strict(Nothing {}): Strict<Nothing>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let slug = path.feed.clone();
    let found =
        sources.desk.ask(move |conn| queries::feed_records(conn, None, Some(&slug))).await?;
    match found.into_iter().next() {
        Some(record) => answer(&request, &Feed::from(record)),
        None => Err(no_feed(Some(&path.feed))),
    }
}

/// For a filter or a path that names a feed of which nothing is known.
pub(super) fn no_feed(slug: Option<&FeedSlug>) -> ApiError {
    match slug {
        Some(slug) => ApiError::not_found(format_args!("feed {}", &**slug)),
        None => ApiError::not_found("such feed"),
    }
}
