//! `/api/v1/feeds`: the sources of live timing that are or once were configured.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::db::queries;

use super::{ApiError, Sources, Strict, answer, look};

#[derive(OpenApi)]
#[openapi(paths(feeds))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/feeds", look().to(feeds));
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedsQuery {
    /// Only feeds of this kind: `bmi`, `flowagility`.
    kind: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Feeds {
    feeds: Vec<Feed>,
}

#[derive(Serialize, ToSchema)]
struct Feed {
    /// As in the config.
    id: String,
    kind: String,
    venue: String,
    name: String,
}

/// All feeds, in the order of their ids.
#[utoipa::path(
    get,
    path = "/api/v1/feeds",
    params(FeedsQuery),
    responses((status = 200, body = Feeds), (status = 400, body = ApiError), (status = 503, body = ApiError)),
)]
async fn feeds(
    request: HttpRequest,
    Strict(query): Strict<FeedsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let feeds =
        sources.desk.ask(move |conn| queries::known_feeds(conn, query.kind.as_deref())).await?;
    let feeds = feeds
        .into_iter()
        .map(|info| Feed {
            id: info.id.as_str().to_owned(),
            kind: info.kind,
            venue: info.venue,
            name: info.name,
        })
        .collect();
    answer(&request, &Feeds { feeds })
}
