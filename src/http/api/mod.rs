//! The past for programs: `/api/v1`, read only, JSON. What it can be asked is told by
//! `/api/openapi.json`, which is made from the handlers themselves.
//!
//! A handler takes its parameters by [`strict::Strict`], asks [`Sources::desk`] one question of
//! `db::queries`, and answers with [`answer::answer`]. Names of people go through
//! [`Sources::privacy`](super::Sources), as everywhere.

mod agility;
mod answer;
mod decimal;
mod error;
mod feeds;
mod heat_analysis;
mod strict;

use actix_web::{
    HttpResponse,
    middleware::Compress,
    web::{self, ServiceConfig},
};
use utoipa::OpenApi;

use super::{Sources, look};

use self::{answer::answer, error::ApiError, strict::Strict};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("/api")
            .wrap(Compress::default())
            .route("/openapi.json", look().to(openapi))
            .service(web::scope("/v1").configure(rooms)),
    );
}

fn rooms(config: &mut ServiceConfig) {
    config.configure(feeds::routes);
    config.configure(agility::routes);
    config.configure(heat_analysis::routes);
}

/// The description of the API as a whole; each room adds its own.
#[derive(OpenApi)]
#[openapi(info(title = "Ringside", description = "What live timing said, as it was saved."))]
struct Whole;

fn description() -> utoipa::openapi::OpenApi {
    let mut whole = Whole::openapi();
    whole.merge(feeds::Docs::openapi());
    whole.merge(agility::Docs::openapi());
    whole.merge(heat_analysis::Docs::openapi());
    whole
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().json(description())
}
