//! The page of all feeds: trouble first, what is on, and how old it is.

mod card;
mod desk;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    http::Sources,
    pipeline::{
        live::{GetLive, Live},
        message::GetHealth,
        supervisor::FeedHealth,
    },
};

use super::{
    layout::{self, Frame},
    reader::Reader,
    sheet::{Element, Sheet, rows_id},
    time::Moment,
};

pub(super) use desk::{FleetDesk, news};

/// What is known of a feed: what it shows, and how its connection is kept.
pub(super) struct Seen {
    pub live: Live,
    /// None where the supervisor does not know it (yet).
    pub health: Option<FeedHealth>,
}

/// All feeds at the moment; none where the hub is gone.
pub(super) async fn gather(sources: &Sources) -> Option<Vec<Seen>> {
    let (live, health) =
        tokio::join!(sources.live.fleet.send(GetLive), sources.fleet.send(GetHealth));
    let mut known: BTreeMap<_, _> = health
        .map(|fleet| fleet.feeds.into_iter().map(|feed| (feed.id.clone(), feed)).collect())
        .unwrap_or_default();
    let seen = live.ok()?.into_iter().map(|live| {
        let health = known.remove(live.feed.id.as_str());
        Seen { live, health }
    });
    Some(seen.collect())
}

/// What the page shows at a moment.
pub(super) fn sheet(fleet: &[Seen], reader: &Reader, moment: Moment) -> Sheet {
    let words = &reader.words().fleet;
    let mut venues: BTreeMap<&str, Vec<(bool, Element)>> = BTreeMap::new();
    for seen in fleet {
        let cards = venues.entry(&seen.live.feed.venue).or_default();
        cards.push((card::is_in_trouble(seen, moment.now), card::draw(seen, reader, moment)));
    }
    let in_trouble = venues.values().flatten().filter(|(trouble, _)| *trouble).count();
    let mut sheet = Sheet::default();
    sheet.loose("summary", summary(fleet.len(), in_trouble, reader));
    if fleet.is_empty() {
        let text = words.no_feeds;
        sheet.piece("notice", html! { section id="notice" class="panel notice" { p { (text) } } });
    }
    let mut venues: Vec<_> = venues.into_iter().collect();
    // Trouble is seen at once; the rest keeps its place, so that it is found where it was.
    venues.sort_by_key(|(_, cards)| !cards.iter().any(|(trouble, _)| *trouble));
    for (venue, mut cards) in venues {
        cards.sort_by_key(|(trouble, _)| !*trouble);
        let id = venue_id(venue);
        let class = if cards.len() > 1 { "venue many" } else { "venue" };
        let cards = cards.into_iter().map(|(_, card)| card).collect();
        let (venue, list) = (venue.to_owned(), id.clone());
        sheet.list(id, cards, move |cards| {
            html! {
                section id=(list) class=(class) {
                    h2 dir="auto" { (venue) }
                    ul id=(rows_id(&list)) data-rows { (cards) }
                }
            }
        });
    }
    sheet
}

/// The whole page.
pub(super) fn page(fleet: &[Seen], reader: &Reader, now: DateTime<Utc>) -> Markup {
    let words = &reader.words().fleet;
    let sheet = sheet(fleet, reader, Moment::on_page(now));
    let socket = Some("/socket?view=fleet".to_owned());
    let frame = Frame { title: words.title, socket, stale: None, now };
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 { (words.title) }
                @if let Some(summary) = sheet.element("summary") { (summary) }
                // It can do nothing without the script, which shows it.
                search.filter hidden {
                    label {
                        span.vh { (words.filter) }
                        input type="search" id="filter" placeholder=(words.filter) autocomplete="off"
                            spellcheck="false" title=(words.filter_hint) aria-keyshortcuts="/";
                    }
                    output for="filter" {}
                }
            }
            p id="no-match" class="empty" hidden { (words.no_match) }
            div.fleet { (sheet.board()) }
        },
    )
}

fn summary(feeds: usize, in_trouble: usize, reader: &Reader) -> Markup {
    let words = &reader.words().fleet;
    let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
    let headline = words.in_trouble.of(count(in_trouble));
    html! {
        p id="summary" class="status" data-headline=[(in_trouble > 0).then_some(&headline)] {
            (words.feeds.of(count(feeds))) " · "
            @if in_trouble > 0 { b.fault { (headline) } } @else { (words.all_well) }
        }
    }
}

/// An id that any name of a venue can have.
fn venue_id(venue: &str) -> String {
    venue.bytes().fold("v-".to_owned(), |id, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => id + char::from(byte).encode_utf8(&mut [0]),
        _ => format!("{id}_{byte:02x}"),
    })
}

#[cfg(test)]
mod tests;
