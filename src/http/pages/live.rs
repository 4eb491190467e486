//! The sockets of the pages: what changed of what a page shows.

use actix_web::{HttpRequest, HttpResponse, error::ErrorServiceUnavailable, web};
use futures_util::stream;
use url::form_urlencoded;

use crate::http::{
    Sources,
    session::{self, CloseCode, Farewell, News, Talk},
    view,
};

use super::{
    assets,
    charts::Charts,
    feed,
    fleet::{self, FleetDesk},
    reader::Reader,
};

/// For the script: the page is of another version and should be loaded anew.
const OTHER_VERSION: u16 = 4_001;

pub(super) async fn feed_socket(
    request: HttpRequest,
    payload: web::Payload,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, actix_web::Error> {
    let reader = Reader::of_socket(&request, sources.privacy);
    let Some(watching) = sources.watch(&feed).await.map_err(ErrorServiceUnavailable)? else {
        return Ok(HttpResponse::NotFound().finish());
    };
    let mut charts = Charts::default();
    let news =
        view::news(watching.live, move |live, now| feed::shown(live, &mut charts, &reader, now));
    session::open(&request, payload, listen_only(&request, news))
}

pub(super) async fn fleet_socket(
    request: HttpRequest,
    payload: web::Payload,
    sources: web::Data<Sources>,
    desk: web::Data<FleetDesk>,
) -> Result<HttpResponse, actix_web::Error> {
    let reader = Reader::of_socket(&request, sources.privacy);
    let news = fleet::news(sources, desk, reader);
    session::open(&request, payload, listen_only(&request, news))
}

/// The client of a page has nothing to say.
fn listen_only(request: &HttpRequest, news: News) -> Talk {
    let news = if is_of_this_version(request) { news } else { farewell_to_an_old_page() };
    Talk::telling(news)
}

/// Also where the client does not say.
fn is_of_this_version(request: &HttpRequest) -> bool {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == "version").is_none_or(|(_, theirs)| theirs == assets::version())
}

fn farewell_to_an_old_page() -> News {
    let farewell =
        Farewell::new(CloseCode::Other(OTHER_VERSION), "this page is of another version");
    Box::pin(stream::iter([Err(farewell)]))
}
