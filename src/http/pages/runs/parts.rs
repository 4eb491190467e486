//! What several pages of runs and dogs show alike.

use bigdecimal::BigDecimal;
use maud::{Markup, html};

use crate::{
    analysis::agility::{Placed, is_out},
    event::agility::{Pair, Playset, RunKey},
    http::{
        pages::{address, reader::Reader, ring, sign::sign},
        words::Column,
    },
};

use super::RunsWords;

/// A run by its name, as a link.
pub(in crate::http::pages) fn run_link(id: i64, key: &RunKey, reader: &Reader) -> Markup {
    let title = ring::title(key, &reader.words().ring);
    html! {
        a dir="auto" href=(reader.link(&format!("/runs/{id}"))) {
            @if title.is_empty() { (id) } @else { (title) }
        }
    }
}

/// A dog by its name, as a link to what it does in the event.
pub(in crate::http::pages) fn dog_link(pair: &Pair, event: &str, reader: &Reader) -> Markup {
    let name = ring::dog_name(pair).unwrap_or("–");
    let address = pair.dorsal.as_deref().and_then(|dorsal| address::dog(dorsal, event, reader));
    html! {
        @match address {
            Some(address) => a.name href=(address) { bdi { (name) } },
            None => bdi.name { (name) },
        }
    }
}

/// A handler by name, as a link where names are shown.
pub(in crate::http::pages) fn handler_link(name: &str, reader: &Reader) -> Markup {
    let shown = reader.names.show(name.trim());
    html! {
        @match address::handler(name, reader) {
            Some(address) => a.with href=(address) { bdi { (shown) } },
            None => bdi.with { (shown) },
        }
    }
}

/// The cell of a dog with its handler and its country.
pub(super) fn who(pair: &Pair, event: &str, reader: &Reader) -> Markup {
    let country = pair.country.as_deref().filter(|country| !country.trim().is_empty());
    html! {
        th.who scope="row" {
            (dog_link(pair, event, reader))
            @if let Some(handler) = &pair.handler { " " (handler_link(handler, reader)) }
            @if let Some(country) = country { " " bdi.country { (country) } }
        }
    }
}

/// A place; one that was reckoned here has a sign.
pub(in crate::http::pages) fn place(placed: &Placed<'_>, words: &RunsWords) -> Markup {
    html! {
        @match placed.place {
            Some(place) => {
                (place)
                @if placed.is_provisional { (sign("aside", "*", words.provisional)) }
            }
            None => "–",
        }
    }
}

/// Faults, refusals, penalties, time, speed and the venue's word of a dog that is done.
pub(in crate::http::pages) fn result_cells(dog: &Playset, reader: &Reader) -> Markup {
    let words = &reader.words().ring;
    let speed = dog.speed_m_s.as_ref().map(|speed| reader.lang.number(&speed.to_plain_string()));
    let word = dog.qualification.as_deref().map(str::trim).filter(|word| !word.is_empty());
    html! {
        @for count in [dog.faults, dog.refusals] {
            td.marks { @if let Some(count) = count { (count) } @else { "–" } }
        }
        @if is_out(dog) {
            td.pen.out { (sign("", words.eliminated_short, words.eliminated)) }
            td.time { "–" }
            td.speed { "–" }
        } @else {
            td.pen { (decimal(dog.total_penalization.as_ref())) }
            td.time { (decimal(dog.time_s.as_ref())) }
            td.speed { (speed.as_deref().unwrap_or("–")) }
        }
        td.word { (word.unwrap_or("–")) }
    }
}

/// How many cells [`result_cells`] are.
pub(in crate::http::pages) const RESULT_CELLS: usize = 6;

/// Heads of [`result_cells`].
pub(in crate::http::pages) fn result_heads(reader: &Reader) -> Markup {
    let (ring, words) = (&reader.words().ring, RunsWords::of(reader.lang));
    let marks = [(ring.faults_short, ring.faults), (ring.refusals_short, ring.refusals)];
    html! {
        @for (short, long) in marks { (head("marks", Column { short, long })) }
        (head("pen", ring.penalties))
        th.time scope="col" { (ring.time) }
        (head("speed", Column { short: "m/s", long: words.speed }))
        th.word scope="col" { (words.qualification) }
    }
}

pub(in crate::http::pages) fn head(class: &str, Column { short, long }: Column) -> Markup {
    html! { th scope="col" class=(class) { abbr title=(long) { (short) } } }
}

/// With the digits it has.
pub(in crate::http::pages) fn decimal(number: Option<&BigDecimal>) -> String {
    number.map_or_else(|| "–".to_owned(), BigDecimal::to_plain_string)
}
