//! Pages for people: the fleet at `/`, a feed live at `/feeds/<id>`, its past heats at
//! `/feeds/<id>/heats` and `/heats/<number>`.
//!
//! A page is drawn whole by the server, so that it says all it knows without a script. The same
//! functions draw what its socket sends later: [`sheet`] is one drawing, as a page or in pieces.

mod address;
mod assets;
mod charts;
mod dogs;
mod feed;
mod fleet;
mod heat;
mod heats;
pub(super) mod layout;
mod live;
pub(super) mod reader;
mod ring;
mod runs;
#[cfg(test)]
mod sample;
mod sheet;
mod sign;
mod status;
mod time;
mod track;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::StatusCode,
    web::{self, ServiceConfig},
};
use chrono::Utc;
use maud::Markup;

use super::{Sources, look};

use self::{fleet::FleetDesk, reader::Reader};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::Data::new(FleetDesk::default()))
        .route("/", look().to(fleet_page))
        .route("/socket", web::get().to(live::fleet_socket))
        .route("/feeds/{feed}", look().to(feed_page))
        .route("/feeds/{feed}/socket", web::get().to(live::feed_socket));
    heats::routes(config);
    track::routes(config);
    runs::routes(config);
    dogs::routes(config);
    assets::routes(config);
}

async fn fleet_page(request: HttpRequest, sources: web::Data<Sources>) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    match fleet::gather(&sources).await {
        Some(fleet) => page(StatusCode::OK, fleet::page(&fleet, &reader, Utc::now())),
        None => page(StatusCode::SERVICE_UNAVAILABLE, layout::unavailable(&reader)),
    }
}

async fn feed_page(
    request: HttpRequest,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    match sources.watch(&feed).await {
        Ok(Some(watching)) => {
            let live = watching.live.borrow().clone();
            page(StatusCode::OK, feed::page(&live, &reader, Utc::now()))
        }
        Ok(None) => page(StatusCode::NOT_FOUND, layout::no_such_feed(&reader)),
        Err(_) => page(StatusCode::SERVICE_UNAVAILABLE, layout::unavailable(&reader)),
    }
}

fn page(status: StatusCode, markup: Markup) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(markup.into_string())
}
