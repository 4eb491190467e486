//! What people ask at a track over many heats: `/records`, `/karts`, `/drivers`.
//!
//! Each is a plain form of which track and what of it, and the answer below. What a form can't have
//! sent is passed over: a page is for people.

mod driver;
mod drivers;
mod karts;
mod records;
mod words;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    middleware::Compress,
    web::{self, ServiceConfig},
};
use chrono::Utc;
use log::warn;
use maud::{Markup, html};
use url::form_urlencoded;

use crate::{
    db::queries,
    event::FeedInfo,
    http::{Sources, Unanswered, look},
};

use self::words::TrackWords;
use super::{
    layout::{self, Frame},
    page,
    reader::Reader,
};

/// The kind of feeds that are tracks.
const TRACKS: &str = "bmi";

pub(super) fn routes(config: &mut ServiceConfig) {
    // Charts shrink to a sixth.
    let small = |path| web::resource(path).wrap(Compress::default());
    config
        .service(small("/records").route(look().to(records::records_page)))
        .service(small("/karts").route(look().to(karts::karts_page)))
        .service(small("/drivers").route(look().to(drivers::drivers_page)))
        .service(small("/drivers/{name}").route(look().to(driver::driver_page)));
}

/// What the address asks for.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        Self(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
    }

    /// None where it is empty, as forms send what nobody chose.
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.trim());
        found.filter(|value| !value.is_empty())
    }
}

/// All tracks, and the one that is asked for.
struct Tracks {
    all: Vec<FeedInfo>,
    chosen: FeedInfo,
}

impl Tracks {
    /// The first of all where the address names none; else the page that says why not.
    async fn of(asked: &Asked, sources: &Sources, reader: &Reader) -> Result<Self, HttpResponse> {
        let all = sources.desk.ask(|conn| queries::known_feeds(conn, Some(TRACKS))).await;
        let all = all.map_err(|why| away(&why, reader))?;
        let chosen = match asked.get("feed") {
            Some(id) => all.iter().find(|feed| feed.id.as_str() == id),
            None => all.first(),
        };
        match chosen.cloned() {
            Some(chosen) => Ok(Self { all, chosen }),
            None if all.is_empty() => {
                let words = TrackWords::of(reader.lang);
                Err(page(
                    StatusCode::OK,
                    layout::plain(words.no_tracks, words.no_tracks_yet, reader),
                ))
            }
            None => Err(page(StatusCode::NOT_FOUND, layout::no_such_feed(reader))),
        }
    }

    /// To choose another.
    fn field(&self, reader: &Reader) -> Markup {
        let options = self.all.iter().map(|feed| {
            let name = format!("{} · {}", feed.venue, feed.name);
            (feed.id.as_str().to_owned(), name)
        });
        let words = TrackWords::of(reader.lang);
        choice("feed", words.track, options.collect(), self.chosen.id.as_str())
    }
}

/// A page with a form and what it asked for.
fn asking(
    title: &str,
    tracks: &Tracks,
    reader: &Reader,
    fields: &Markup,
    answer: &Markup,
) -> HttpResponse {
    let words = TrackWords::of(reader.lang);
    let FeedInfo { id, venue, name, .. } = &tracks.chosen;
    let full = format!("{title}: {name} · {venue}");
    let frame = Frame { title: &full, socket: None, stale: None, now: Utc::now() };
    let content = html! {
        header.title {
            h1 dir="auto" { (title) " " small { (name) " · " (venue) } }
            p { a href=(reader.link(&format!("/feeds/{id}"))) { (words.live) } }
        }
        form.ask method="get" {
            @if reader.is_lang_chosen() {
                input type="hidden" name="lang" value=(reader.lang.tag());
            }
            (tracks.field(reader))
            (fields)
            button { (words.show) }
        }
        (answer)
    };
    page(StatusCode::OK, layout::page(&frame, reader, content))
}

/// A list to choose one of, by value and words.
fn choice(name: &str, label: &str, options: Vec<(String, String)>, chosen: &str) -> Markup {
    html! {
        label {
            (label)
            select name=(name) {
                @for (value, words) in options {
                    option value=(value) selected[value == chosen] { (words) }
                }
            }
        }
    }
}

/// To choose a class of karts; nothing where the track has none.
fn class_choice(classes: &[String], chosen: Option<&str>, words: &TrackWords) -> Markup {
    let any = (String::new(), words.all_karts.to_owned());
    let of_each = classes.iter().map(|class| (class.clone(), words.class(class).to_owned()));
    html! {
        @if !classes.is_empty() {
            (choice("class", words.kart_class, std::iter::once(any).chain(of_each).collect(), chosen.unwrap_or_default()))
        }
    }
}

fn nothing(text: &str) -> Markup {
    html! { section.panel.notice { p { (text) } } }
}

fn away(why: &Unanswered, reader: &Reader) -> HttpResponse {
    warn!("a page of a track can't be shown: {why}");
    let words = TrackWords::of(reader.lang);
    let content = layout::plain(words.no_database, words.database_away, reader);
    page(StatusCode::SERVICE_UNAVAILABLE, content)
}
