//! `/drivers/<name>`: what was driven under a name at a venue.

use actix_web::{HttpRequest, HttpResponse, Responder, http::StatusCode, web};
use chrono::Utc;
use maud::{Markup, html};

use crate::{
    db::queries::{self, DriverBest, DriverHeat, DriverHistory},
    http::{
        Sources,
        almanac::Person,
        calendar,
        charts::{Progress, progress_chart, seconds},
        pages::{
            heat,
            layout::{self, Frame},
            page,
            reader::Reader,
            time,
        },
    },
};

use super::{Asked, Tracks, away, words::TrackWords};

const HEATS_A_PAGE: u32 = 100;

pub(super) async fn driver_page(
    request: HttpRequest,
    name: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let asked = Asked::of(&request);
    match Tracks::of(&asked, &sources, &reader).await {
        Ok(tracks) => of_name(&name, &asked, &tracks, &sources, &reader).await,
        Err(instead) => instead,
    }
}

/// At the venue of the track.
pub(super) async fn of_name(
    name: &str,
    asked: &Asked,
    tracks: &Tracks,
    sources: &Sources,
    reader: &Reader,
) -> HttpResponse {
    let venue = tracks.chosen.venue.clone();
    let person = sources.almanac.names_of(&venue, name);
    let (names, before) = (person.names.clone(), asked.get("before").and_then(entry));
    let question =
        move |conn: &mut _| queries::driver_history(conn, &venue, &names, before, HEATS_A_PAGE);
    match sources.desk.ask(question).await {
        Ok(history) if history.bests.is_empty() => {
            let words = TrackWords::of(reader.lang);
            page(
                StatusCode::NOT_FOUND,
                layout::plain(words.no_such_driver, words.nobody_here, reader),
            )
        }
        Ok(history) => {
            let found = Found { person, history, tracks, sources, is_later: before.is_some() };
            page(StatusCode::OK, found.page(reader))
        }
        Err(why) => away(&why, reader),
    }
}

/// `7.2`: driver 2 of heat 7.
fn entry(text: &str) -> Option<(i64, i64)> {
    let (heat, driver) = text.split_once('.')?;
    Some((heat.parse().ok()?, driver.parse().ok()?))
}

struct Found<'a> {
    person: Person,
    history: DriverHistory,
    tracks: &'a Tracks,
    sources: &'a Sources,
    /// It does not begin with the newest.
    is_later: bool,
}

impl Found<'_> {
    fn page(&self, reader: &Reader) -> Markup {
        let words = TrackWords::of(reader.lang);
        let venue = &self.tracks.chosen.venue;
        let written = self.history.heats.first().map_or("", |heat| heat.name.trim());
        let name =
            if self.person.has_aliases || written.is_empty() { &self.person.name } else { written };
        let name = reader.names.show(name);
        let title = format!("{name} · {venue}");
        let frame = Frame { title: &title, socket: None, stale: None, now: Utc::now() };
        let drivers = reader.link_with("/drivers", &[("feed", self.tracks.chosen.id.as_str())]);
        let identity = match self.person.has_aliases {
            true => words.names_of_alias,
            false => words.name_is_no_person,
        };
        let content = html! {
            header.title {
                h1 dir="auto" { (name) " " small { (venue) } }
                p { a href=(drivers) { (words.drivers) } }
            }
            p.means #identity { (identity) }
            (self.bests(reader))
            section #charts { div #charts-rows { (self.progress(reader)) } }
            (self.heats(reader))
        };
        layout::page(&frame, reader, content)
    }

    fn bests(&self, reader: &Reader) -> Markup {
        let words = TrackWords::of(reader.lang);
        html! {
            section #bests.panel {
                h3 { (words.personal_bests) }
                dl {
                    @for best in &self.history.bests {
                        div {
                            dt { (best.feed_name) " · " (words.heats) ": " (best.heats) }
                            dd { (best_lap(best, reader)) }
                        }
                    }
                }
            }
        }
    }

    /// The best laps heat by heat, of each track where there are several.
    fn progress(&self, reader: &Reader) -> Markup {
        let words = TrackWords::of(reader.lang);
        // The charts have an id, so there is one: of the track that the reader came from, if it was
        // driven, else of the one with the most heats.
        let chosen = self.tracks.chosen.id.as_str();
        let most = self.history.bests.iter().max_by_key(|best| (best.feed == chosen, best.heats));
        let Some(track) = most else { return html! {} };
        let zone = self.sources.almanac.zone(&self.tracks.chosen.id);
        let point = |heat: &DriverHeat| {
            let label = calendar::day(heat.at, zone).format("%d.%m.").to_string();
            Some(Progress { at: heat.at, ms: heat.best_lap_ms?, label })
        };
        let of_track = self.history.heats.iter().filter(|heat| heat.feed == track.feed);
        let points: Vec<Progress> = of_track.filter_map(point).collect();
        let title = format!("{}: {}", words.progress, track.feed_name);
        html! { @if points.len() > 1 { (progress_chart(&title, &points, reader.lang)) } }
    }

    fn heats(&self, reader: &Reader) -> Markup {
        let words = TrackWords::of(reader.lang);
        let columns = &reader.words().heat;
        html! {
            section #history.panel {
                h3 { (words.heats) }
                div.sideways tabindex="0" role="region" aria-label=(words.heats) {
                    table.figures-of {
                        thead {
                            tr {
                                th.who scope="col" { (words.heat) }
                                th scope="col" { (words.when) }
                                th scope="col" { (columns.position.long) }
                                th.kart scope="col" { (columns.kart.long) }
                                th scope="col" { (words.laps) }
                                th scope="col" { (words.best_lap) }
                                th scope="col" { (words.behind_best) }
                                th scope="col" { (words.median) }
                                th scope="col" { (words.middle_half) }
                            }
                        }
                        tbody { @for heat in &self.history.heats { (self.heat(heat, reader)) } }
                    }
                }
                nav.pages aria-label=(words.heats) {
                    @if self.is_later { a rel="first" href=(self.link(None, reader)) { (words.newest) } }
                    @if let Some(last) = self.history.heats.last().filter(|_| self.history.more) {
                        a rel="next" href=(self.link(Some(last), reader)) { (words.older) }
                    }
                }
                details.means {
                    summary { (words.how_to_read) }
                    @for sentence in words.driver_means { p { (sentence) } }
                }
            }
        }
    }

    fn heat(&self, driven: &DriverHeat, reader: &Reader) -> Markup {
        let is_best =
            |best: &DriverBest| best.feed == driven.feed && best.heat_id == Some(driven.heat_id);
        let words = TrackWords::of(reader.lang);
        let lap = |ms: Option<i32>| ms.map_or("–".to_owned(), time::lap);
        let half = driven.quarter_ms.zip(driven.three_quarters_ms).map(|(from, to)| to - from);
        let behind = driven.best_lap_ms.zip(driven.heat_best_lap_ms);
        html! {
            tr {
                th.who scope="row" {
                    a dir="auto" href=(reader.link(&format!("/heats/{}", driven.heat_id))) {
                        (heat::title_or_dash(&driven.heat_name))
                    }
                }
                td { (time::date(driven.at)) }
                td { (driven.position) small { " / " (driven.drivers) } }
                td.kart { @if driven.kart.is_empty() { "–" } @else { b { (driven.kart) } } }
                td { (driven.laps) }
                td {
                    @if self.history.bests.iter().any(is_best) {
                        span.sign.personal title=(words.personal_best) aria-label=(words.personal_best) { "★" } " "
                    }
                    b { (lap(driven.best_lap_ms)) }
                }
                td { (behind.map_or("–".to_owned(), |(own, best)| seconds(f64::from(own - best)))) }
                td { (lap(driven.median_ms)) }
                td { (lap(half)) }
            }
        }
    }

    /// This page from another heat on; the name travels as it was asked for.
    fn link(&self, before: Option<&DriverHeat>, reader: &Reader) -> String {
        let before = before.map(|heat| format!("{}.{}", heat.heat_id, heat.driver_id));
        let name = self.person.names.first().map_or("", String::as_str);
        let mut asked = vec![("feed", self.tracks.chosen.id.as_str()), ("name", name)];
        asked.extend(before.as_deref().map(|before| ("before", before)));
        reader.link_with("/drivers", &asked)
    }
}

fn best_lap(best: &DriverBest, reader: &Reader) -> Markup {
    html! {
        @match (best.best_lap_ms, best.best_at) {
            (Some(ms), Some(at)) => {
                (time::lap(ms)) " "
                small {
                    @match best.heat_id {
                        Some(heat) => { a href=(reader.link(&format!("/heats/{heat}"))) { (time::date(at)) } }
                        None => (time::date(at)),
                    }
                }
            }
            _ => "–",
        }
    }
}
