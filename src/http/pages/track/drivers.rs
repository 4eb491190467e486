//! `/drivers`: who drove at a venue, by name.

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use maud::{Markup, html};

use crate::{
    db::queries::{self, DriverName, DriversWanted},
    http::{
        Privacy, Sources,
        pages::{layout, page, reader::Reader, time},
    },
};

use super::{Asked, Tracks, asking, away, driver, nothing, records, words::TrackWords};

const NAMES_A_PAGE: u32 = 100;

pub(super) async fn drivers_page(
    request: HttpRequest,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let asked = Asked::of(&request);
    let tracks = match Tracks::of(&asked, &sources, &reader).await {
        Ok(tracks) => tracks,
        Err(instead) => return instead,
    };
    // Who knows the whole name may ask for it, also where none is shown.
    match asked.get("name") {
        Some(name) => driver::of_name(name, &asked, &tracks, &sources, &reader).await,
        None if sources.privacy == Privacy::Initials => hidden(&tracks, &reader),
        None => list(&asked, &tracks, &sources, &reader).await,
    }
}

async fn list(asked: &Asked, tracks: &Tracks, sources: &Sources, reader: &Reader) -> HttpResponse {
    let begins = asked.get("begins").unwrap_or_default().to_owned();
    let wanted = DriversWanted {
        feed: Some(tracks.chosen.id.clone()),
        venue: None,
        begins: begins.clone(),
        after: asked.get("after").map(str::to_owned),
        limit: NAMES_A_PAGE + 1,
    };
    match sources.desk.ask(move |conn| queries::driver_names(conn, &wanted)).await {
        Ok(Some(mut names)) => {
            let words = TrackWords::of(reader.lang);
            let more = names.len() > NAMES_A_PAGE as usize;
            names.truncate(NAMES_A_PAGE as usize);
            let next = names.last().filter(|_| more).map(|last| last.name_key.clone());
            let fields = html! {
                label { (words.name_begins) input type="search" name="begins" value=(begins); }
            };
            let answer = table(&names, next.as_deref(), &begins, tracks, reader);
            asking(words.drivers, tracks, reader, &fields, &answer)
        }
        Ok(None) => page(actix_web::http::StatusCode::NOT_FOUND, layout::no_such_feed(reader)),
        Err(why) => away(&why, reader),
    }
}

/// Whoever may see no names may look one up.
fn hidden(tracks: &Tracks, reader: &Reader) -> HttpResponse {
    let words = TrackWords::of(reader.lang);
    let fields = html! { label { (words.full_name) input type="search" name="name" required; } };
    asking(words.drivers, tracks, reader, &fields, &nothing(words.names_are_hidden))
}

fn table(
    names: &[DriverName],
    next: Option<&str>,
    begins: &str,
    tracks: &Tracks,
    reader: &Reader,
) -> Markup {
    let words = TrackWords::of(reader.lang);
    let feed = tracks.chosen.id.as_str();
    let further = |after| {
        reader.link_with("/drivers", &[("feed", feed), ("begins", begins), ("after", after)])
    };
    html! {
        @if names.is_empty() {
            (nothing(words.no_drivers))
        } @else {
            table.heat.heats {
                caption.vh { (words.drivers) }
                thead {
                    tr {
                        th.who scope="col" { (reader.words().heat.driver.long) }
                        th scope="col" { (words.heats) }
                        th.when scope="col" { (words.last_heat) }
                    }
                }
                tbody {
                    @for name in names {
                        tr {
                            th.who scope="row" { (records::driver(&name.name, feed, reader)) }
                            td { (name.heats) }
                            td.when {
                                a href=(reader.link(&format!("/heats/{}", name.heat_id))) { (time::date(name.at)) }
                            }
                        }
                    }
                }
            }
            p.means { (words.names_are_not_people) }
            @if let Some(after) = next {
                nav.pages aria-label=(words.drivers) {
                    a rel="next" href=(further(after)) { (words.further_names) }
                }
            }
        }
    }
}
