//! One run: its results, what there is to beat, who is to come, and what happened.

use bigdecimal::{BigDecimal, ToPrimitive};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    analysis::agility::{Placed, is_clear, is_done, is_out, results},
    db::queries::{RunSheet, StoredCombined},
    event::agility::Playset,
    http::{
        charts::{DogDone, run_chart},
        pages::{
            layout::{self, Frame},
            reader::Reader,
            ring, time,
        },
    },
};

use super::{
    RunsWords,
    coming::{self, Question},
    parts, targets, timeline,
};

pub(super) fn page(
    sheet: &RunSheet,
    question: &Question,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Markup {
    let stored = &sheet.run.stored;
    let run = ring::title(&stored.run.key, &reader.words().ring);
    let title = format!("{run} · {}", stored.run.key.event_name.trim());
    let frame = Frame { title: &title, socket: None, stale: None, now };
    let results = results(&sheet.run.playsets);
    let course = ring::course_facts(&stored.run.course, reader);
    layout::page(
        &frame,
        reader,
        html! {
            (head(sheet, &run, reader))
            div #board {
                (table(&results, sheet, reader))
                @if let Some(course) = course { (course) }
                (targets::panel(sheet, &results, reader))
                (coming::panel(sheet, question, reader, now))
                @if !sheet.combined.is_empty() { (combined(&sheet.combined, reader)) }
                @if !results.is_empty() {
                    section #charts { (run_chart(&done(sheet, reader), standard_ms(sheet), reader.lang)) }
                }
            }
            (timeline::draw(sheet, reader))
        },
    )
}

fn head(sheet: &RunSheet, title: &str, reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let stored = &sheet.run.stored;
    let key = &stored.run.key;
    let of_event = reader.link_with("/runs", &[("event", &key.event_name)]);
    html! {
        header.title {
            h1 dir="auto" { (title) }
            p.facts {
                @if !key.event_name.trim().is_empty() { a href=(of_event) { bdi { (key.event_name.trim()) } } }
                @if let Some(ring) = ring::ring_name(&key.ring_name, &reader.words().ring) {
                    bdi { (ring) }
                }
                span { (words.when) " " (time::date(stored.first_seen_at)) }
                a href=(reader.link(&format!("/feeds/{}", stored.feed.id))) { (words.live) }
                @for brother in &sheet.brothers {
                    span { (words.brother) " " (parts::run_link(brother.id, &brother.run.key, reader)) }
                }
            }
        }
    }
}

fn table(results: &[Placed<'_>], sheet: &RunSheet, reader: &Reader) -> Markup {
    let (words, ring_words) = (RunsWords::of(reader.lang), &reader.words().ring);
    let event = &sheet.run.stored.run.key.event_name;
    let count = |is_such: fn(&Playset) -> bool| {
        let dogs = results.iter().filter(|placed| is_such(placed.dog)).count();
        i64::try_from(dogs).unwrap_or(i64::MAX)
    };
    html! {
        section #results.panel.table-piece {
            table.results {
                caption {
                    h3 { (words.results) }
                    p.facts { ((words.seen_so_far)(count(is_done), count(is_clear), count(is_out))) }
                }
                thead {
                    tr {
                        (parts::head("pos", ring_words.place))
                        th.who scope="col" { (ring_words.dog) " · " (ring_words.handler) }
                        (parts::result_heads(reader))
                    }
                }
                tbody {
                    @for placed in results {
                        tr {
                            td.pos { (parts::place(placed, words)) }
                            (parts::who(&placed.dog.pair, event, reader))
                            (parts::result_cells(placed.dog, reader))
                        }
                    }
                }
            }
            @if results.is_empty() { p.empty { (ring_words.no_results) } }
        }
    }
}

fn combined(results: &[StoredCombined], reader: &Reader) -> Markup {
    let words = &reader.words().ring;
    html! {
        section #combined.panel.table-piece {
            table.results {
                caption { h3 { (words.combined) } }
                thead {
                    tr {
                        (parts::head("pos", words.place))
                        th.who scope="col" { (words.dog) " · " (words.handler) }
                        (parts::head("pen", words.penalties))
                        th.time scope="col" { (words.time) }
                    }
                }
                tbody {
                    @for StoredCombined { result, .. } in results {
                        tr {
                            td.pos { @if let Some(place) = result.classification { (place) } @else { "–" } }
                            (parts::who(&result.pair, &result.run.event_name, reader))
                            td.pen { (parts::decimal(result.total_penalization.as_ref())) }
                            td.time { (parts::decimal(result.time_s.as_ref())) }
                        }
                    }
                }
            }
        }
    }
}

/// Dogs with a result, in start order as the query gives them.
fn done(sheet: &RunSheet, reader: &Reader) -> Vec<DogDone> {
    let words = &reader.words().ring;
    let done = sheet.run.playsets.iter().filter(|dog| is_done(dog));
    done.map(|dog| {
        let time_s = dog.time_s.as_ref().filter(|_| !is_out(dog));
        DogDone {
            name: ring::dog_name(&dog.pair).unwrap_or("–").to_owned(),
            start_order: dog.start_order,
            time_ms: time_s.and_then(milliseconds),
            is_clear: is_clear(dog),
            result: match time_s {
                Some(time) => format!("{} s, {}", time.to_plain_string(), ring::marks(dog, words)),
                None => words.eliminated.to_owned(),
            },
        }
    })
    .collect()
}

fn standard_ms(sheet: &RunSheet) -> Option<i64> {
    sheet.run.stored.run.course.standard_time.as_ref().and_then(milliseconds)
}

fn milliseconds(seconds: &BigDecimal) -> Option<i64> {
    (seconds * BigDecimal::from(1_000)).to_i64()
}
