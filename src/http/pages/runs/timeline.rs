//! What happened on course, and when: for videos and protests.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    db::queries::RunSheet,
    event::agility::{Playset, PlaysetChange},
    http::pages::reader::Reader,
};

use super::{RunsWords, parts};

/// More would make an endless page; the API has them all.
const MAX_STEPS: usize = 1_000;

/// The latest first; nothing where nothing was seen.
pub(super) fn draw(sheet: &RunSheet, reader: &Reader) -> Markup {
    let (words, ring) = (RunsWords::of(reader.lang), &reader.words().ring);
    let dogs: BTreeMap<&str, &Playset> =
        sheet.run.playsets.iter().map(|dog| (dog.playset_id.as_str(), dog)).collect();
    let event = &sheet.run.stored.run.key.event_name;
    html! {
        @if !sheet.changes.is_empty() {
            details #time-line {
                summary { (words.time_line) }
                div.sideways tabindex="0" role="region" aria-label=(words.time_line) {
                    table.results {
                        thead {
                            tr {
                                th.when scope="col" { (words.at) }
                                th.who scope="col" { (ring.dog) }
                                th.word scope="col" { (words.what) }
                                @for label in [ring.faults, ring.refusals, ring.time] {
                                    th scope="col" { (label) }
                                }
                            }
                        }
                        tbody {
                            @for change in sheet.changes.iter().rev().take(MAX_STEPS) {
                                (step(change, dogs.get(change.playset_id.as_str()).copied(), event, reader))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn step(change: &PlaysetChange, dog: Option<&Playset>, event: &str, reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let (at, progress) = (change.changed_at, &change.progress);
    let status = progress.status.as_deref().map(|status| words.status(status));
    html! {
        tr {
            td.when {
                time datetime=(at.format("%Y-%m-%dT%H:%M:%S%.3fZ")) { (at.format("%H:%M:%S")) }
            }
            th.who scope="row" {
                @if let Some(dog) = dog { (parts::dog_link(&dog.pair, event, reader)) } @else { "–" }
            }
            td.word {
                (status.unwrap_or("–"))
                @if progress.disqualification.is_some() { " · " (reader.words().ring.eliminated) }
            }
            @for count in [progress.faults, progress.refusals] {
                td { @if let Some(count) = count { (count) } @else { "–" } }
            }
            td { (parts::decimal(progress.time_s.as_ref())) }
        }
    }
}
