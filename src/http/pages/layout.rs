//! The frame around every page.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use crate::http::words::{Lang, PageWords, Words};

use super::{assets, reader::Reader};

/// Without a script a page is loaded again so often, seconds.
const REFRESH_S: u32 = 5;

pub(in crate::http) struct Frame<'a> {
    pub title: &'a str,
    /// Where changes of this page come from, with a query; none where nothing changes.
    pub socket: Option<String>,
    /// Why what is shown is not true now.
    pub stale: Option<&'a str>,
    pub now: DateTime<Utc>,
}

pub(in crate::http) fn page(frame: &Frame<'_>, reader: &Reader, content: Markup) -> Markup {
    let words = reader.words();
    let socket = frame
        .socket
        .as_ref()
        .map(|socket| format!("{socket}&{}&version={}", reader.for_socket(), assets::version()));
    html! {
        (DOCTYPE)
        html lang=(reader.lang.tag()) class=[reader.wall.then_some("wall")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) " · Ringside" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(assets::style_link());
                // Before the page is painted, since it may turn dark to light.
                script src=(assets::script_link()) {}
                @if socket.is_some() {
                    noscript { meta http-equiv="refresh" content=(REFRESH_S); }
                }
            }
            body class=[frame.stale.map(|_| "is-stale")] data-socket=[socket]
                data-now=(frame.now.timestamp_millis()) data-words=(for_script(words)) {
                a.skip href="#content" { (words.page.skip) }
                (top(reader))
                p id="stale" role="status" { (frame.stale.unwrap_or_default()) }
                p id="headline" class="vh" aria-live="polite" {}
                main id="content" tabindex="-1" { (content) }
                (foot(reader))
            }
        }
    }
}

/// An address where no feed is.
pub(super) fn no_such_feed(reader: &Reader) -> Markup {
    let words = &reader.words().page;
    plain(words.not_found, words.no_such_feed, reader)
}

/// The service is about to end.
pub(super) fn unavailable(reader: &Reader) -> Markup {
    let words = reader.words();
    plain(words.link.stopped, words.link.no_service, reader)
}

/// A page that says why there is none.
pub(super) fn plain(title: &str, text: &str, reader: &Reader) -> Markup {
    let frame = Frame { title, socket: None, stale: None, now: Utc::now() };
    page(
        &frame,
        reader,
        html! {
            header.title { h1 { (title) } }
            section.panel.notice {
                p { (text) }
                p { a href=(reader.link("/")) { (reader.words().page.all_feeds) } }
            }
        },
    )
}

/// The rooms of the site, by the first part of their paths.
fn rooms(words: &PageWords) -> [(&'static str, &'static str); 7] {
    [
        ("heats", words.heats),
        ("records", words.records),
        ("karts", words.karts),
        ("drivers", words.drivers),
        ("runs", words.runs),
        ("overlay", words.overlays),
        ("api", "API"),
    ]
}

fn top(reader: &Reader) -> Markup {
    let words = &reader.words().page;
    let current = |room| reader.is_in(room).then_some("true");
    html! {
        nav.top aria-label=(words.rooms) {
            a.brand href=(reader.link("/")) { "Ringside" }
            a href=(reader.link("/")) aria-current=[current("")] { (words.all_feeds) }
            @for (room, name) in rooms(words) {
                a href=(reader.link(&format!("/{room}"))) aria-current=[current(room)] { (name) }
            }
            a.to-wall href=(reader.on_wall()) { (words.wall) }
            button type="button" id="theme" hidden title=(words.theme) aria-label=(words.theme) {
                span aria-hidden="true" { "◐" }
            }
        }
    }
}

fn foot(reader: &Reader) -> Markup {
    let words = &reader.words().page;
    html! {
        footer {
            nav.languages aria-label=(words.language) {
                @for lang in Lang::ALL {
                    a href=(reader.in_lang(lang)) lang=(lang.tag()) hreflang=(lang.tag())
                        aria-current=[(lang == reader.lang).then_some("true")] { (lang.name()) }
                }
            }
            noscript { p { (words.no_script) } }
        }
    }
}

/// What the script says by itself.
fn for_script(words: &Words) -> String {
    json!({
        "gone": words.link.no_service,
        "units": words.time.units,
    })
    .to_string()
}
