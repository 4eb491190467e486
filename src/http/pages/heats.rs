//! Heats that were: the list of a feed's at `/feeds/<id>/heats`, one at `/heats/<number>`.
//!
//! Unlike everything live these come from the database, a few questions at a time: the store needs
//! its connections more than readers do. While it is away the pages say so.

mod list;
mod one;
mod words;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::StatusCode,
    web::{self, ServiceConfig},
};
use log::warn;
use maud::{Markup, html};
use tokio::{sync::Semaphore, time::timeout};
use url::form_urlencoded;

use crate::{
    db::{self, Pool, queries},
    event::FeedId,
    http::{Sources, look},
};

use self::words::HeatsWords;
use super::{layout, page, reader::Reader};

/// Of the pool's four connections.
const QUESTIONS_AT_ONCE: usize = 2;
/// A reader waits no longer than this for a page.
const PATIENCE: Duration = Duration::from_secs(4);
const HEATS_A_PAGE: u32 = 50;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::Data::new(Desk::default()))
        .route("/feeds/{feed}/heats", look().to(list_page))
        .route("/heats/{heat}", look().to(heat_page));
}

/// The address of a feed's heats.
fn list_path(feed: &str) -> String {
    format!("/feeds/{feed}/heats")
}

/// To all heats of a feed.
pub(super) fn link(feed: &str, reader: &Reader) -> Markup {
    html! { a href=(reader.link(&list_path(feed))) { (HeatsWords::of(reader.lang).heats) } }
}

/// Where questions queue.
struct Desk {
    free: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        Self { free: Semaphore::new(QUESTIONS_AT_ONCE) }
    }
}

async fn list_page(
    request: HttpRequest,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
    desk: web::Data<Desk>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let feed = FeedId::new(feed.into_inner());
    let before = before(&request);
    let question = move |pool: &Pool| {
        db::ask(pool, |conn| queries::latest_heats(conn, &feed, before, HEATS_A_PAGE))
    };
    match ask(&sources, &desk, question).await {
        Ok(Some(heats)) => page(StatusCode::OK, list::page(&heats, before.is_some(), &reader)),
        Ok(None) => page(StatusCode::NOT_FOUND, layout::no_such_feed(&reader)),
        Err(why) => away(&why, &reader),
    }
}

async fn heat_page(
    request: HttpRequest,
    heat: web::Path<String>,
    sources: web::Data<Sources>,
    desk: web::Data<Desk>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let words = HeatsWords::of(reader.lang);
    let no_such_heat =
        || page(StatusCode::NOT_FOUND, layout::plain(words.not_found, words.no_such_heat, &reader));
    let Ok(heat) = heat.parse() else { return no_such_heat() };
    let question = move |pool: &Pool| db::ask(pool, |conn| queries::heat(conn, heat));
    match ask(&sources, &desk, question).await {
        Ok(Some(heat)) => page(StatusCode::OK, one::page(&heat, &reader)),
        Ok(None) => no_such_heat(),
        Err(why) => away(&why, &reader),
    }
}

/// Before which heat the list begins; none where it begins with the newest.
fn before(request: &HttpRequest) -> Option<i64> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == "before").and_then(|(_, heat)| heat.parse().ok())
}

/// # Errors
/// Why there is no answer, in words for the log.
async fn ask<T: Send + 'static>(
    sources: &Sources,
    desk: &Desk,
    question: impl FnOnce(&Pool) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let pool = sources.pool.get()?.clone();
    let asked = async {
        // The semaphore is never closed.
        let _turn = desk.free.acquire().await;
        web::block(move || question(&pool)).await
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err("the question was cancelled".to_owned()),
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    }
}

fn away(why: &str, reader: &Reader) -> HttpResponse {
    warn!("a heat can't be shown: {why}");
    let words = HeatsWords::of(reader.lang);
    let content = layout::plain(words.no_database, words.database_away, reader);
    page(StatusCode::SERVICE_UNAVAILABLE, content)
}
