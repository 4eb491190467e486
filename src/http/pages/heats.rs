//! Heats that were and are: the list at `/heats`, that of a feed at `/feeds/<id>/heats` too, one at
//! `/heats/<number>`.
//!
//! Unlike everything live these come from the database. While it is away the pages say so.

mod asked;
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
    event::{FeedId, FeedInfo},
    http::{Sources, Unanswered, look},
};

use self::{asked::Asked, duel::Chosen, list::Heats, words::HeatsWords};
use super::{layout, page, reader::Reader};

const HEATS_A_PAGE: usize = 50;

pub(super) fn routes(config: &mut ServiceConfig) {
    // Most of a heat's page are charts, and those shrink to a sixth.
    let small = |path| web::resource(path).wrap(Compress::default());
    config
        .service(small("/heats").route(look().to(list_page)))
        .service(small("/feeds/{feed}/heats").route(look().to(list_of_feed_page)))
        .service(small("/heats/{heat}").route(look().to(heat_page)));
}

/// To all heats of a feed.
pub(super) fn link(feed: &str, reader: &Reader) -> Markup {
    let address = reader.link_with("/heats", &[("feed", feed)]);
    html! { a href=(address) { (HeatsWords::of(reader.lang).heats) } }
}

async fn list_page(request: HttpRequest, sources: web::Data<Sources>) -> impl Responder {
    list(Asked::of(request.query_string()), &request, &sources).await
}

async fn list_of_feed_page(
    request: HttpRequest,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let asked = Asked { feed: Some(feed.into_inner()), ..Asked::of(request.query_string()) };
    list(asked, &request, &sources).await
}

async fn list(asked: Asked, request: &HttpRequest, sources: &Sources) -> HttpResponse {
    let reader = Reader::of(request, sources.privacy);
    let zone = asked.feed.as_deref().map(|feed| sources.almanac.zone(&FeedId::new(feed)));
    let filter = asked.filter(zone.unwrap_or_default());
    let (behind, slug) = (asked.behind, asked.feed.clone());
    let question = move |conn: &mut _| {
        let most = HEATS_A_PAGE as u32 + 1;
        let Some(mut heats) = queries::list_heats(conn, &filter, behind, most)? else {
            return Ok(None);
        };
        let more = heats.len() > HEATS_A_PAGE;
        heats.truncate(HEATS_A_PAGE);
        let is_asked = |feed: &FeedInfo| Some(feed.id.as_str()) == slug.as_deref();
        let feed = match slug {
            Some(_) => queries::known_feeds(conn, None)?.into_iter().find(is_asked),
            None => None,
        };
        Ok(Some(Heats { tracks: queries::tracks(conn)?, feed, heats, more }))
    };
    match sources.desk.ask(question).await {
        Ok(Some(found)) => page(StatusCode::OK, list::page(&found, &asked, &reader)),
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
