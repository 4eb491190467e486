//! An overlay as it goes on air: the empty page, and the socket that fills it.

use actix_web::{
    HttpRequest, HttpResponse,
    error::ErrorServiceUnavailable,
    http::StatusCode,
    web::{self, Data, Payload},
};
use maud::{DOCTYPE, Markup, html};

use crate::http::{
    Sources,
    session::{self, Talk},
    view,
    words::Lang,
};

use super::{
    assets::{AIR_CSS, AIR_JS},
    choice::Choice,
    layout::Layout,
    part::Place,
    screen::Screen,
};

/// The page. Also for a feed that is not there: it is on air already, and fills itself as soon as
/// the feed is configured.
pub(super) async fn page(
    request: HttpRequest,
    feed: web::Path<String>,
    sources: Data<Sources>,
) -> actix_web::Result<HttpResponse> {
    let is_there = sources.watch(&feed).await.map_err(ErrorServiceUnavailable)?.is_some();
    let status = if is_there { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let layout = Layout::read(request.query_string()).0;
    let page = shell(&feed, &layout, Lang::of(&request));
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(page.into_string()))
}

/// What the page shows, and from now on.
pub(super) async fn socket(
    request: HttpRequest,
    payload: Payload,
    feed: web::Path<String>,
    sources: Data<Sources>,
) -> actix_web::Result<HttpResponse> {
    let Some(watching) = sources.watch(&feed).await.map_err(ErrorServiceUnavailable)? else {
        return Ok(HttpResponse::NotFound().finish());
    };
    let screen = Screen {
        layout: Layout::read(request.query_string()).0,
        lang: Lang::of(&request),
        privacy: sources.privacy,
    };
    let news = view::news(watching.live, move |live, now| screen.show(live, now));
    session::open(&request, payload, Talk::telling(news))
}

/// The places where parts will stand. A strict policy allows no style in here: the script takes the
/// measures from the attributes.
fn shell(feed: &str, layout: &Layout, lang: Lang) -> Markup {
    let theme = format!("theme-{}", layout.theme.word());
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                title { (feed) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(AIR_CSS.href());
                script src=(AIR_JS.href()) defer {}
            }
            body.(theme).light-accent[layout.accent.is_light()] {
                main #air .off
                    data-accent=(layout.accent)
                    data-scale=(layout.scale)
                    data-margin=(layout.margin_px)
                    data-width=(layout.width_px)
                    data-delay=(layout.delay_s)
                {
                    @for place in Place::ALL {
                        div.place.(place.word()) id=(place.id()) {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_holds_nothing_but_measures_and_places() {
        let layout = Layout::read("theme=venue&accent=fd0&scale=2&margin=5&width=300&delay=1.5").0;
        let page = shell("<ring>", &layout, Lang::Nl).into_string();
        for piece in [
            "<!DOCTYPE html><html lang=\"nl\">",
            "<title>&lt;ring&gt;</title>",
            "<body class=\"theme-venue light-accent\"><main class=\"off\" id=\"air\" \
             data-accent=\"ffdd00\" data-scale=\"2\" data-margin=\"5\" data-width=\"300\" \
             data-delay=\"1.5\"><div class=\"place top-left\" id=\"at-top-left\"></div>",
        ] {
            assert!(page.contains(piece), "no {piece} in {page}");
        }
        assert!(!page.contains("style=") && !page.contains("<script>"), "{page}");
    }
}
