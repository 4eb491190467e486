//! Heats that were: the list of a feed's at `/feeds/<id>/heats`, one at `/heats/<number>`.
//!
//! Unlike everything live these come from the database. While it is away the pages say so.

mod duel;
mod list;
mod one;
mod pace;
mod words;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::StatusCode,
    middleware::Compress,
    web::{self, ServiceConfig},
};
use log::warn;
use maud::{Markup, html};
use url::form_urlencoded;

use crate::{
    db::queries,
    event::FeedId,
    http::{Sources, Unanswered, look},
};

use self::{duel::Chosen, words::HeatsWords};
use super::{layout, page, reader::Reader};

const HEATS_A_PAGE: u32 = 50;

pub(super) fn routes(config: &mut ServiceConfig) {
    // Most of a heat's page are charts, and those shrink to a sixth.
    let small = |path| web::resource(path).wrap(Compress::default());
    config
        .service(small("/feeds/{feed}/heats").route(look().to(list_page)))
        .service(small("/heats/{heat}").route(look().to(heat_page)));
}

/// The address of a feed's heats.
fn list_path(feed: &str) -> String {
    format!("/feeds/{feed}/heats")
}

/// To all heats of a feed.
pub(super) fn link(feed: &str, reader: &Reader) -> Markup {
    html! { a href=(reader.link(&list_path(feed))) { (HeatsWords::of(reader.lang).heats) } }
}

async fn list_page(
    request: HttpRequest,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let feed = FeedId::new(feed.into_inner());
    let before = before(&request);
    let question = move |conn: &mut _| queries::latest_heats(conn, &feed, before, HEATS_A_PAGE);
    match sources.desk.ask(question).await {
        Ok(Some(heats)) => page(StatusCode::OK, list::page(&heats, before.is_some(), &reader)),
        Ok(None) => page(StatusCode::NOT_FOUND, layout::no_such_feed(&reader)),
        Err(why) => away(&why, &reader),
    }
}

async fn heat_page(
    request: HttpRequest,
    heat: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let words = HeatsWords::of(reader.lang);
    let no_such_heat =
        || page(StatusCode::NOT_FOUND, layout::plain(words.not_found, words.no_such_heat, &reader));
    let Ok(heat) = heat.parse() else { return no_such_heat() };
    let question =
        move |conn: &mut _| Ok((queries::heat(conn, heat)?, queries::neighbours(conn, heat)?));
    match sources.desk.ask(question).await {
        Ok((Some(heat), beside)) => {
            page(StatusCode::OK, one::page(&heat, beside, chosen(&request), &reader))
        }
        Ok((None, _)) => no_such_heat(),
        Err(why) => away(&why, &reader),
    }
}

/// Before which heat the list begins; none where it begins with the newest.
fn before(request: &HttpRequest) -> Option<i64> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == "before").and_then(|(_, heat)| heat.parse().ok())
}

/// Who is to be compared; who is no number is nobody.
fn chosen(request: &HttpRequest) -> Chosen {
    let mut chosen = Chosen::default();
    for (key, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        match &*key {
            "a" => chosen.a = value.parse().ok(),
            "b" => chosen.b = value.parse().ok(),
            _ => {}
        }
    }
    chosen
}

fn away(why: &Unanswered, reader: &Reader) -> HttpResponse {
    warn!("a heat can't be shown: {why}");
    let words = HeatsWords::of(reader.lang);
    let content = layout::plain(words.no_database, words.database_away, reader);
    page(StatusCode::SERVICE_UNAVAILABLE, content)
}
