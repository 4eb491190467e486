//! A ring: the dog on course, the next one, the course, the best.

mod course;
mod dog;
mod results;

use maud::{Markup, html};

use crate::{
    board::RingBoard,
    event::agility::{Pair, RunKey},
    http::words::RingWords,
};

use super::{reader::Reader, sheet::Sheet, time::Moment};

pub(super) use course::facts as course_facts;
pub(super) use dog::{marks, status_headline};

/// Draws the ring onto the sheet.
pub(super) fn draw(sheet: &mut Sheet, ring: &RingBoard, reader: &Reader, moment: Moment) {
    let words = &reader.words().ring;
    sheet.piece("run-head", head(ring, words, reader));
    sheet.piece("dog", dog::draw(ring, reader, moment));
    sheet.piece("next", dog::next(ring, reader));
    if let Some(course) = course::draw(ring, reader) {
        sheet.piece("course", course);
    }
    results::draw(sheet, ring, reader);
}

/// `Agility 2, Grade III L`: what a run is called, without what all runs of the ring share.
pub(super) fn title(run: &RunKey, words: &RingWords) -> String {
    let (name, run_type) = (run.name.trim(), words.run_type(run.run_type.trim()));
    let mut parts = Vec::new();
    if !name.to_lowercase().contains(&run_type.to_lowercase()) {
        parts.push(run_type);
    }
    parts.extend([name, run.trial_name.trim()]);
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Who the dog is to people: its call name, else the one in its papers.
pub(super) fn dog_name(pair: &Pair) -> Option<&str> {
    let named =
        |name: &'_ Option<String>| name.as_deref().map(str::trim).is_some_and(|n| !n.is_empty());
    [&pair.dog_family_name, &pair.dog_studbook_name]
        .into_iter()
        .find(|name| named(name))
        .and_then(|name| name.as_deref())
        .map(str::trim)
}

/// Many venues just number their rings.
pub(super) fn ring_name(name: &str, words: &RingWords) -> Option<String> {
    let name = name.trim();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let named = if is_number { words.ring.with(name) } else { name.to_owned() };
    (!name.is_empty()).then_some(named)
}

fn head(ring: &RingBoard, words: &RingWords, reader: &Reader) -> Markup {
    let run = ring.run.as_ref().map(|run| &run.key);
    html! {
        header id="run-head" data-headline=(status_headline(ring, reader)) {
            @if let Some(run) = run {
                h2 dir="auto" { (title(run, words)) }
                p.facts {
                    @if !run.event_name.trim().is_empty() { bdi { (run.event_name.trim()) } }
                    @if let Some(ring) = ring_name(&run.ring_name, words) { bdi { (ring) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
