//! `/records`: the best laps of a track.

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use chrono::{NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use crate::{
    db::queries::{self, Record, Records, RecordsWanted},
    http::{
        Sources, almanac,
        calendar::{self, Span, Window},
        pages::{address, heat, layout, page, reader::Reader, time},
    },
};

use super::{Asked, Tracks, asking, away, choice, class_choice, nothing, words::TrackWords};

const NAMES: u32 = 50;

pub(super) async fn records_page(
    request: HttpRequest,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let asked = Asked::of(&request);
    match Tracks::of(&asked, &sources, &reader).await {
        Ok(tracks) => of_track(&asked, &tracks, &sources, &reader).await,
        Err(instead) => instead,
    }
}

async fn of_track(
    asked: &Asked,
    tracks: &Tracks,
    sources: &Sources,
    reader: &Reader,
) -> HttpResponse {
    let feed = tracks.chosen.id.clone();
    let zone = sources.almanac.zone(&feed);
    let window = asked
        .get("window")
        .and_then(|word| Window::ALL.into_iter().find(|one| one.as_str() == word));
    let window = window.unwrap_or_default();
    let today = calendar::day(Utc::now(), zone);
    let day = asked.get("day").and_then(calendar::parse_day).unwrap_or(today);
    let span = window.around(day, zone).unwrap_or(Span::EVER);
    let class = asked.get("class").map(str::to_owned);
    let wanted =
        RecordsWanted { feed, from: span.from, to: span.to, class: class.clone(), limit: NAMES };
    let almanac = sources.almanac.clone();
    let person = move |venue: &str, name: &str| almanac::key(&almanac.names_of(venue, name).name);
    match sources.desk.ask(move |conn| queries::records(conn, &wanted, person)).await {
        Ok(Some(found)) => {
            let words = TrackWords::of(reader.lang);
            let fields = html! {
                (choice("window", words.span, windows(words), window.as_str()))
                label { (words.around) input type="date" name="day" value=(day); }
                (class_choice(&found.classes, class.as_deref(), words))
            };
            let answer = answer(&found, (span, zone), reader);
            asking(words.records, tracks, reader, &fields, &answer)
        }
        Ok(None) => page(actix_web::http::StatusCode::NOT_FOUND, layout::no_such_feed(reader)),
        Err(why) => away(&why, reader),
    }
}

fn windows(words: &TrackWords) -> Vec<(String, String)> {
    let named = Window::ALL.into_iter().zip(words.windows);
    named.map(|(window, name)| (window.as_str().to_owned(), name.to_owned())).collect()
}

fn answer(found: &Records, (span, zone): (Span, Tz), reader: &Reader) -> Markup {
    let words = TrackWords::of(reader.lang);
    html! {
        @if let Some(days) = days(span, zone) { p.facts { span { (days) } span { (zone) } } }
        @if found.records.is_empty() {
            (nothing(words.no_laps))
        } @else {
            (table(found, reader))
            p.means { (words.names_are_not_people) }
        }
        @if let Some(since) = found.missing_since {
            p.facts { (words.missing_since) " " (time::date(since)) }
        }
    }
}

/// The first and the last day; none of all days.
fn days(span: Span, zone: Tz) -> Option<String> {
    let first = calendar::day(span.from, zone);
    let last: NaiveDate = calendar::day(span.to - TimeDelta::seconds(1), zone);
    (span != Span::EVER).then(|| match first == last {
        true => first.to_string(),
        false => format!("{first} – {last}"),
    })
}

fn table(found: &Records, reader: &Reader) -> Markup {
    let words = TrackWords::of(reader.lang);
    let columns = &reader.words().heat;
    let place = |record: &Record| {
        let laps = &found.records;
        laps.partition_point(|quicker| quicker.best_lap_ms < record.best_lap_ms) + 1
    };
    html! {
        table.heat.heats {
            caption.vh { (words.records) }
            thead {
                tr {
                    th.pos scope="col" { abbr title=(columns.position.long) { (columns.position.short) } }
                    th.who scope="col" { (columns.driver.long) }
                    th.best scope="col" { (words.lap_time) }
                    th.kart scope="col" { (columns.kart.long) }
                    th.first.many scope="col" { (words.heat) }
                    th.when scope="col" { (words.when) }
                }
            }
            tbody {
                @for record in &found.records {
                    tr {
                        td.pos { (place(record)) }
                        th.who scope="row" { (driver(&record.name, found.feed.id.as_str(), reader)) }
                        td.best { (time::lap(record.best_lap_ms)) }
                        td.kart { @if record.kart.is_empty() { "–" } @else { b { (record.kart) } } }
                        td.first.many {
                            a dir="auto" href=(reader.link(&format!("/heats/{}", record.heat_id))) {
                                (heat::title_or_dash(&record.heat_name))
                            }
                        }
                        td.when { (time::date(record.best_at)) }
                    }
                }
            }
        }
    }
}

/// The name, with its page where names are shown.
pub(super) fn driver(name: &str, feed: &str, reader: &Reader) -> Markup {
    let shown = reader.names.show(name.trim());
    html! {
        @match address::driver(name, feed, reader) {
            Some(address) => { a dir="auto" href=(address) { bdi { (shown) } } }
            None if shown.is_empty() => { "–" }
            None => { bdi { (shown) } }
        }
    }
}
