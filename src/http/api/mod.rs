//! The past for programs: `/api/v1`, read only, JSON. What it can be asked is told by
//! `/api/openapi.json`, which is made from the handlers themselves.
//!
//! A handler takes its parameters by [`strict::Strict`] and what its path names by
//! [`strict::Named`], asks [`Sources::desk`] one question of `db::queries`, and answers with
//! [`answer::answer`]. Names of people go through [`Sources::privacy`](super::Sources), as
//! everywhere. A room is a file with `routes` and `Docs`, named in [`ROOMS`]; what all answers have
//! in common, errors included, [`description`] and [`shape`] add.

mod agility;
mod answer;
mod decimal;
mod description;
mod drivers;
mod error;
mod export;
mod feeds;
mod heat;
mod heat_analysis;
mod heats;
mod karts;
mod laps;
mod page;
mod params;
mod records;
mod shape;
mod span;
mod strict;

use actix_web::{
    HttpRequest, HttpResponse,
    middleware::{Compress, ErrorHandlers, from_fn},
    web::{self, ServiceConfig},
};
use utoipa::OpenApi;

use super::{Sources, Unanswered, look};

pub(super) use self::export::Exports;

use self::{
    answer::answer,
    error::ApiError,
    strict::{Named, Strict},
};

/// What there is: the routes of each room, and how it describes itself.
const ROOMS: [Room; 10] = [
    (feeds::routes, feeds::Docs::openapi),
    (heats::routes, heats::Docs::openapi),
    (heat::routes, heat::Docs::openapi),
    (heat_analysis::routes, heat_analysis::Docs::openapi),
    (laps::routes, laps::Docs::openapi),
    (drivers::routes, drivers::Docs::openapi),
    (karts::routes, karts::Docs::openapi),
    (records::routes, records::Docs::openapi),
    (agility::routes, agility::Docs::openapi),
    (export::routes, export::Docs::openapi),
];

type Room = (fn(&mut ServiceConfig), fn() -> utoipa::openapi::OpenApi);

pub(super) fn routes(config: &mut ServiceConfig) {
    let mut rooms = web::scope("/v1");
    for (routes, _) in ROOMS {
        rooms = rooms.configure(routes);
    }
    config.service(
        web::scope("/api")
            .wrap(Compress::default())
            .wrap(from_fn(shape::tell_what_varies))
            .wrap(ErrorHandlers::new().default_handler(shape::as_ours))
            .route("", look().to(page::page))
            .route("/", look().to(page::page))
            .route("/openapi.json", look().to(openapi))
            .service(rooms),
    );
}

async fn openapi(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    answer(&request, &*description::WHOLE)
}
