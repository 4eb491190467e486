//! The best of the run, and over brother runs.

use bigdecimal::BigDecimal;
use maud::{Markup, html};

use crate::{
    board::RingBoard,
    event::agility::{CombinedResult, Pair, Playset},
    http::words::{Column, RingWords},
};

use super::{
    super::{
        address,
        reader::Reader,
        sheet::{Element, Sheet, rows_id},
        sign::sign,
    },
    dog_name,
};

const BEST: &str = "best";
const COMBINED: &str = "combined";

pub(super) fn draw(sheet: &mut Sheet, ring: &RingBoard, reader: &Reader) {
    let words = &reader.words().ring;
    let rows: Vec<_> = ring.best.iter().map(|dog| best_row(dog, reader)).collect();
    let is_empty = rows.is_empty();
    sheet.list(BEST, rows, move |rows| table(BEST, words.best, is_empty, rows, words));
    if !ring.combined.is_empty() {
        let rows = ring.combined.iter().map(|result| combined_row(result, reader)).collect();
        sheet.list(COMBINED, rows, move |rows| table(COMBINED, words.combined, false, rows, words));
    }
}

fn table(
    id: &str,
    caption: &str,
    is_empty: bool,
    rows: &Markup,
    words: &'static RingWords,
) -> Markup {
    let column = |class, Column { short, long }| {
        html! { th scope="col" class=(class) { abbr title=(long) { (short) } } }
    };
    let marks = Column { short: words.faults_short, long: words.faults };
    let refusals = Column { short: words.refusals_short, long: words.refusals };
    html! {
        section id=(id) class="panel table-piece" {
            table.results {
                caption { h3 { (caption) } }
                thead {
                    tr {
                        (column("pos", words.place))
                        th.who scope="col" { (words.dog) " · " (words.handler) }
                        @if id == BEST { (column("marks", marks)) (column("marks", refusals)) }
                        (column("pen", words.penalties))
                        th.time scope="col" { (words.time) }
                    }
                }
                tbody id=(rows_id(id)) data-rows { (rows) }
            }
            @if is_empty { p.empty { (words.no_results) } }
        }
    }
}

fn best_row(dog: &Playset, reader: &Reader) -> Element {
    let words = &reader.words().ring;
    let id = format!("b-{}", dog.playset_id);
    let is_out = dog.disqualification.is_some();
    let html = html! {
        tr id=(id) {
            td.pos { (place(dog.classification)) }
            (who(&dog.pair, &dog.run.event_name, reader))
            @for count in [dog.faults, dog.refusals] {
                td.marks { @if let Some(count) = count { (count) } @else { "–" } }
            }
            @if is_out {
                td.pen.out { (sign("", words.eliminated_short, words.eliminated)) }
                td.time { "–" }
            } @else {
                td.pen { (decimal(dog.total_penalization.as_ref())) }
                td.time { (decimal(dog.time_s.as_ref())) }
            }
        }
    };
    Element { id, html }
}

fn combined_row(result: &CombinedResult, reader: &Reader) -> Element {
    let id = format!("c-{}", result.dorsal);
    let html = html! {
        tr id=(id) {
            td.pos { (place(result.classification)) }
            (who(&result.pair, &result.run.event_name, reader))
            td.pen { (decimal(result.total_penalization.as_ref())) }
            td.time { (decimal(result.time_s.as_ref())) }
        }
    };
    Element { id, html }
}

fn who(pair: &Pair, event: &str, reader: &Reader) -> Markup {
    let name = dog_name(pair).unwrap_or("–");
    // On a wall there is nothing to click.
    let dorsal = pair.dorsal.as_deref().filter(|_| !reader.wall);
    html! {
        th.who scope="row" {
            @match dorsal.and_then(|dorsal| address::dog(dorsal, event, reader)) {
                Some(address) => a.name href=(address) { bdi { (name) } },
                None => bdi.name { (name) },
            }
            @if let Some(handler) = &pair.handler {
                " " bdi.with { (reader.names.show(handler.trim())) }
            }
            @if let Some(country) = &pair.country { " " bdi.country { (country) } }
        }
    }
}

fn place(classification: Option<i32>) -> String {
    classification.map_or_else(|| "–".to_owned(), |place| place.to_string())
}

fn decimal(number: Option<&BigDecimal>) -> String {
    number.map_or_else(|| "–".to_owned(), ToString::to_string)
}
