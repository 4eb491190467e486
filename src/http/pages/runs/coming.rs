//! Who is to come, and how many dogs until one.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    analysis::agility::{Estimate, Rhythm, Turn, Until, expect, rhythm, until, waiting},
    db::queries::RunSheet,
    http::pages::reader::Reader,
};

use super::{RunsWords, parts};

/// What a reader asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub dorsal: Option<String>,
    /// From the start list.
    pub start_order: Option<i32>,
}

pub(super) fn panel(
    sheet: &RunSheet,
    question: &Question,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Markup {
    let words = RunsWords::of(reader.lang);
    let event = &sheet.run.stored.run.key.event_name;
    let waiting = waiting(&sheet.run.playsets);
    html! {
        section #coming.panel {
            h3 { (words.to_come) }
            @if waiting.is_empty() { p.empty { (words.nobody_waits) } }
            ul.waiting {
                @for dog in waiting {
                    li {
                        @if let Some(number) = dog.start_order { b { (number) } " " }
                        (parts::dog_link(&dog.pair, event, reader))
                        @if let Some(handler) = &dog.pair.handler { " " (parts::handler_link(handler, reader)) }
                    }
                }
            }
            h3 { (words.how_many) }
            form.ask method="get" {
                @if reader.is_lang_chosen() { input type="hidden" name="lang" value=(reader.lang.tag()); }
                label {
                    (words.dorsal)
                    input type="text" name="dorsal" size="6" required value=[question.dorsal.as_deref()];
                }
                label {
                    (words.start_number)
                    input type="number" name="start" min="1" max="9999" value=[question.start_order];
                }
                button type="submit" { (words.ask) }
            }
            @if let Some(dorsal) = &question.dorsal {
                (answer(sheet, dorsal, question.start_order, reader, now))
            }
            p.means { (words.from_the_list) }
        }
    }
}

/// How many dogs until this dorsal, in sentences.
pub(in crate::http::pages) fn answer(
    sheet: &RunSheet,
    dorsal: &str,
    told: Option<i32>,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Markup {
    let until = until(&sheet.run.playsets, &sheet.changes, dorsal, told);
    let rhythm = rhythm(&sheet.changes);
    let estimate = rhythm.as_ref().and_then(|rhythm| expect(&until, rhythm, now));
    sentences(&until, rhythm.as_ref().zip(estimate), RunsWords::of(reader.lang), now)
}

fn sentences(
    until: &Until<'_>,
    expected: Option<(&Rhythm, Estimate)>,
    words: &RunsWords,
    now: DateTime<Utc>,
) -> Markup {
    let count = |dogs: usize| i64::try_from(dogs).unwrap_or(i64::MAX);
    let said = match (until.turn, until.dogs_before) {
        (Turn::Done, _) => words.has_run.to_owned(),
        (Turn::OnCourse, _) => words.is_on_course.to_owned(),
        (Turn::Passed, _) => words.number_passed.to_owned(),
        (Turn::ToCome, Some(0)) if until.on_course.is_some() => words.next_after.to_owned(),
        (Turn::ToCome, Some(0)) => words.is_next.to_owned(),
        (Turn::ToCome, Some(dogs)) => words.dogs_before.of(count(dogs)),
        (Turn::ToCome | Turn::Unknown, _) => words.not_announced.to_owned(),
    };
    html! {
        p.score { b { (said) } }
        @if let Some((rhythm, estimate)) = expected {
            p { (in_about(&estimate, words, now)) }
            p.means { (words.rhythm.with(format!("{:.0}", rhythm.median_s))) " " (words.without_breaks) }
        }
        @if until.unseen > 0 { p.means { (words.of_them_unseen.of(count(until.unseen))) } }
        @if !until.passed_over.is_empty() {
            p.means {
                (words.passed_over)
                @for dog in &until.passed_over { " " bdi { (dog.pair.dorsal.as_deref().unwrap_or("–")) } }
            }
        }
    }
}

fn in_about(estimate: &Estimate, words: &RunsWords, now: DateTime<Utc>) -> String {
    let minutes = |at: DateTime<Utc>| ((at - now).num_seconds().max(0) + 30) / 60;
    let [mid, low, high] =
        [estimate.expected_at, estimate.earliest_at, estimate.latest_at].map(minutes);
    (words.in_about)(mid, low, high)
}
