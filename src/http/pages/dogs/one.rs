//! A dog's event: its next start, and all its runs over all rings.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    analysis::agility::{is_done, results},
    db::queries::{DayOfDog, RunSheet, RunWithDogs, StoredCombined},
    event::agility::Playset,
    http::pages::{
        layout::{self, Frame},
        reader::Reader,
        ring,
        runs::{RunsWords, coming, parts},
        time,
    },
};

/// The run in which this dorsal is still to start, or is on course; the latest of several.
pub(super) fn next_start(day: &DayOfDog, dorsal: &str) -> Option<i64> {
    let waits = |run: &&RunWithDogs| dog_in(run, dorsal).is_some_and(|dog| !is_done(dog));
    day.runs.iter().rev().find(waits).map(|run| run.stored.id)
}

/// `next` is the run of [`next_start`].
pub(super) fn page(
    day: &DayOfDog,
    dorsal: &str,
    next: Option<&RunSheet>,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Markup {
    let words = RunsWords::of(reader.lang);
    let last = day.runs.iter().rev().find_map(|run| dog_in(run, dorsal));
    let name = last.and_then(|dog| ring::dog_name(&dog.pair)).unwrap_or("–");
    let event = day.event_name.trim();
    let title = format!("{name} · {event}");
    let frame = Frame { title: &title, socket: None, stale: None, now };
    let of_event = reader.link_with("/runs", &[("event", &day.event_name)]);
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" { (name) " " small { (words.dorsal) " " bdi { (dorsal) } } }
                p.facts {
                    @if let Some(dog) = last { (about(dog, reader)) }
                    a href=(of_event) { bdi { (event) } }
                }
            }
            div #board {
                @if let Some(sheet) = next { (start(sheet, dorsal, reader, now)) }
                (runs(day, dorsal, reader))
                @if !day.combined.is_empty() { (combined(&day.combined, reader)) }
            }
        },
    )
}

fn dog_in<'a>(run: &'a RunWithDogs, dorsal: &str) -> Option<&'a Playset> {
    run.playsets.iter().find(|dog| dog.pair.dorsal.as_deref() == Some(dorsal))
}

fn about(dog: &Playset, reader: &Reader) -> Markup {
    let pair = &dog.pair;
    let from = [&pair.dog_breed, &pair.club, &pair.team_name, &pair.country];
    let from = from.into_iter().filter_map(|part| part.as_deref().map(str::trim));
    html! {
        @if let Some(handler) = &pair.handler { (parts::handler_link(handler, reader)) }
        @for part in from.filter(|part| !part.is_empty()) { bdi { (part) } }
    }
}

fn start(sheet: &RunSheet, dorsal: &str, reader: &Reader, now: DateTime<Utc>) -> Markup {
    let stored = &sheet.run.stored;
    html! {
        section #next-start.panel.table-piece {
            h3 { (RunsWords::of(reader.lang).next_start) }
            p.dog-name { (parts::run_link(stored.id, &stored.run.key, reader)) }
            (coming::answer(sheet, dorsal, None, reader, now))
        }
    }
}

fn runs(day: &DayOfDog, dorsal: &str, reader: &Reader) -> Markup {
    let (words, ring_words) = (RunsWords::of(reader.lang), &reader.words().ring);
    html! {
        section #runs.panel.table-piece {
            h3 { (words.days_runs) }
            div.sideways tabindex="0" role="region" aria-label=(words.days_runs) {
                table.results {
                    thead {
                        tr {
                            th.when scope="col" { (words.when) }
                            th.who scope="col" { (words.run) }
                            th.first scope="col" { (words.ring) }
                            (parts::head("pos", ring_words.place))
                            (parts::result_heads(reader))
                        }
                    }
                    tbody { @for run in &day.runs { (row(run, dorsal, reader)) } }
                }
            }
        }
    }
}

fn row(run: &RunWithDogs, dorsal: &str, reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let key = &run.stored.run.key;
    let results = results(&run.playsets);
    let placed = results.iter().find(|placed| placed.dog.pair.dorsal.as_deref() == Some(dorsal));
    let status = dog_in(run, dorsal).and_then(|dog| dog.status.as_deref());
    let ring = ring::ring_name(&key.ring_name, &reader.words().ring);
    html! {
        tr {
            td.when { (time::date(run.stored.first_seen_at)) }
            th.who scope="row" { (parts::run_link(run.stored.id, key, reader)) }
            td.first { bdi { (ring.as_deref().unwrap_or("–")) } }
            @match placed {
                Some(placed) => {
                    td.pos { (parts::place(placed, words)) }
                    (parts::result_cells(placed.dog, reader))
                }
                None => {
                    td.pos { "–" }
                    td.word colspan=(parts::RESULT_CELLS) {
                        (status.map_or("–", |status| words.status(status)))
                    }
                }
            }
        }
    }
}

fn combined(results: &[StoredCombined], reader: &Reader) -> Markup {
    let (words, run) = (&reader.words().ring, RunsWords::of(reader.lang).run);
    html! {
        section #combined.panel.table-piece {
            table.results {
                caption { h3 { (words.combined) } }
                thead {
                    tr {
                        (parts::head("pos", words.place))
                        th.who scope="col" { (run) }
                        (parts::head("pen", words.penalties))
                        th.time scope="col" { (words.time) }
                    }
                }
                tbody {
                    @for StoredCombined { result, .. } in results {
                        tr {
                            td.pos { @if let Some(place) = result.classification { (place) } @else { "–" } }
                            th.who scope="row" {
                                bdi { (result.run.name.trim()) " · " (result.run.trial_name.trim()) }
                            }
                            td.pen { (parts::decimal(result.total_penalization.as_ref())) }
                            td.time { (parts::decimal(result.time_s.as_ref())) }
                        }
                    }
                }
            }
        }
    }
}
