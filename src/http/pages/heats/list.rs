//! Heats of all feeds, or of one, newest first.

use chrono::Utc;
use maud::{Markup, html};

use crate::{
    db::queries::ListedHeat,
    event::FeedInfo,
    http::pages::{
        heat,
        layout::{self, Frame},
        reader::Reader,
        time,
    },
};

use super::{
    asked::{Asked, STATES},
    words::HeatsWords,
};

/// A piece of the list.
pub(super) struct Heats {
    /// Those that there are heats of.
    pub tracks: Vec<FeedInfo>,
    /// The one that is asked for.
    pub feed: Option<FeedInfo>,
    /// Newest first.
    pub heats: Vec<ListedHeat>,
    /// There are older ones.
    pub more: bool,
}

pub(super) fn page(found: &Heats, asked: &Asked, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let Heats { feed, heats, more, .. } = found;
    let title = match feed {
        Some(feed) => format!("{}: {} · {}", words.heats, feed.name, feed.venue),
        None => words.heats.to_owned(),
    };
    let frame = Frame { title: &title, socket: None, stale: None, now: Utc::now() };
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" {
                    (words.heats)
                    @if let Some(feed) = feed { " " small { (feed.name) " · " (feed.venue) } }
                }
                @if let Some(feed) = feed {
                    p { a href=(reader.link(&format!("/feeds/{}", feed.id))) { (words.live) } }
                }
            }
            (form(found, asked, reader))
            @if heats.is_empty() {
                section.panel.notice {
                    p { (if asked.is_narrow() { words.none_found } else { words.no_heats }) }
                }
            } @else {
                (table(found, reader))
            }
            nav.pages aria-label=(words.heats) {
                @if asked.behind.is_some() {
                    a rel="first" href=(asked.newest(reader)) { "← " (words.newest) }
                }
                @if let Some(last) = heats.last().filter(|_| *more) {
                    a rel="next" href=(asked.older((last.first_seen_at, last.id), reader)) {
                        (words.older) " →"
                    }
                }
            }
        },
    )
}

fn form(found: &Heats, asked: &Asked, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let is = |chosen: &Option<String>, one: &str| chosen.as_deref() == Some(one);
    // A feed without any heat is no track yet, and may be asked for all the same.
    let unlisted = found.feed.as_ref().filter(|feed| !found.tracks.contains(feed));
    html! {
        form.ask method="get" action="/heats" role="search" {
            @if reader.is_lang_chosen() {
                input type="hidden" name="lang" value=(reader.lang.tag());
            }
            label {
                (words.track)
                select name="feed" {
                    option value="" { (words.all_tracks) }
                    @for feed in found.tracks.iter().chain(unlisted) {
                        option value=(feed.id) selected[is(&asked.feed, feed.id.as_str())] {
                            (feed.venue) " · " (feed.name)
                        }
                    }
                }
            }
            label {
                (words.day)
                input type="date" name="day" value=[asked.day];
            }
            label {
                (words.in_the_name)
                input type="search" name="name" value=[&asked.name] maxlength="100" autocomplete="off";
            }
            label {
                (words.state)
                select name="state" {
                    option value="" { (words.any_state) }
                    @for state in STATES {
                        option value=(state) selected[is(&asked.state, state)] {
                            (reader.words().heat.state(state))
                        }
                    }
                }
            }
            button { (words.find) }
        }
    }
}

fn table(found: &Heats, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let columns = &reader.words().heat;
    // Of one feed it stands above.
    let has_tracks = found.feed.is_none();
    html! {
        table.heat.heats {
            caption.vh { (words.heats) }
            thead {
                tr {
                    th.when scope="col" { (words.when) }
                    th.who scope="col" { (words.heat) }
                    @if has_tracks { th.where scope="col" { (words.track) } }
                    th.how scope="col" { (words.state) }
                    th.many scope="col" { (words.drivers) }
                    th.first scope="col" { (words.first) }
                    th.best scope="col" { abbr title=(columns.best.long) { (columns.best.short) } }
                }
            }
            tbody { @for heat in &found.heats { (row(heat, has_tracks.then_some(&found.tracks), reader)) } }
        }
    }
}

fn row(heat: &ListedHeat, tracks: Option<&Vec<FeedInfo>>, reader: &Reader) -> Markup {
    let address = reader.link(&format!("/heats/{}", heat.id));
    let leader = heat.leader.as_deref().map(|name| reader.names.show(name.trim()));
    let track = tracks.map(|tracks| {
        let track = tracks.iter().find(|track| track.id.as_str() == heat.feed);
        track.map_or(heat.feed.clone(), |track| format!("{} · {}", track.venue, track.name))
    });
    html! {
        tr {
            td.when { (time::date(heat.started_at.unwrap_or(heat.first_seen_at))) }
            th.who scope="row" {
                a dir="auto" href=(address) { (heat::title_or_dash(&heat.name)) }
                @if let Some(track) = &track { span.folded { (track) } }
            }
            @if let Some(track) = &track { td.where { (track) } }
            td.how { (heat::state(&heat.state, &reader.words().heat)) }
            td.many { (heat.drivers) }
            td.first { @if let Some(leader) = leader { bdi { (leader) } } @else { "–" } }
            td.best { (heat.best_lap_ms.map_or("–".to_owned(), time::lap)) }
        }
    }
}
