//! The parts of a ring.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use maud::{Markup, html};

use crate::{
    board::{
        RingBoard,
        agility::{OnCourse, TimeToBeat},
    },
    event::agility::{CombinedResult, Pair, Playset},
};

use super::{
    part::{Part, Sport},
    screen::{Panel, Screen},
};

/// A part as it is now; none where it has nothing to show.
pub(super) fn part(screen: &Screen, ring: &RingBoard, part: Part) -> Option<Markup> {
    let on_course = ring.on_course.as_ref();
    match part {
        Part::Run => run(screen, ring),
        Part::Clock => clock(screen, on_course?),
        Part::Dog => dog(screen, on_course?),
        Part::Beat => beat(screen, ring),
        Part::Result => result(screen, on_course?),
        Part::Next => next(screen, ring),
        Part::Best => best(screen, &ring.best),
        Part::Combined => combined(screen, &ring.combined),
        _ => None,
    }
}

fn run(screen: &Screen, ring: &RingBoard) -> Option<Markup> {
    let run = ring.run.as_ref()?;
    let (key, course) = (&run.key, &run.course);
    let words = &screen.words().ring;
    let judge = course.judge_name.as_deref().and_then(|name| screen.person(name));
    Some(Panel::of(Part::Run).around(html! {
        span.title { (key.name.trim()) " " span.type { (words.run_type(&key.run_type)) } }
        span.detail { (key.trial_name.trim()) }
        @if let Some(judge) = judge { span.detail { (words.judge) " " b { (judge) } } }
        @if let Some(standard) = &course.standard_time {
            span.detail { (words.standard_time) " " b { (standard) " s" } }
        }
    }))
}

/// The time since the start was seen, then the one that counts.
fn clock(screen: &Screen, on_course: &OnCourse) -> Option<Markup> {
    let inside = match on_course.running_since {
        _ if on_course.is_done() => html! { time { (time(screen, &on_course.playset)) } },
        Some(since) if on_course.is_running() => html! {
            time data-clock-ms="0" data-clock-at=(since.timestamp_millis()) data-clock-dir="up"
                data-clock-runs data-clock-form="seconds" {}
        },
        // Nobody can tell how long it has been running.
        Some(_) | None => return None,
    };
    let mood = on_course.is_running().then_some("running");
    Some(Panel::of(Part::Clock).mood(mood).around(inside))
}

fn dog(screen: &Screen, on_course: &OnCourse) -> Option<Markup> {
    // Where the result is shown there is no room for both.
    let result_is_shown = screen.layout.parts_of(Sport::Agility).contains(&Part::Result);
    if on_course.is_done() && result_is_shown {
        return None;
    }
    let playset = &on_course.playset;
    Some(Panel::of(Part::Dog).about(&playset.playset_id).around(html! {
        (pair(screen, &playset.pair))
        (marks(screen, playset))
    }))
}

fn beat(screen: &Screen, ring: &RingBoard) -> Option<Markup> {
    let words = &screen.words().ring;
    if ring.on_course.as_ref()?.is_done() {
        return None;
    }
    let figure = match ring.time_to_beat()? {
        TimeToBeat::Seconds(seconds) => html! { span.figure { (seconds) } },
        TimeToBeat::OutOfReach => html! { span.detail { (words.out_of_reach) } },
    };
    Some(Panel::of(Part::Beat).around(html! {
        span.headline { (words.time_to_beat) }
        (figure)
    }))
}

fn result(screen: &Screen, on_course: &OnCourse) -> Option<Markup> {
    if !on_course.is_done() {
        return None;
    }
    let playset = &on_course.playset;
    let mood = playset.disqualification.is_some().then_some("out");
    Some(Panel::of(Part::Result).mood(mood).about(&playset.playset_id).around(html! {
        @if let Some(place) = playset.classification { span.position { (place) } }
        (pair(screen, &playset.pair))
        (marks(screen, playset))
        @if mood.is_none() { span.figure { (time(screen, playset)) } }
        @if let Some(penalties) = shown_penalties(playset) {
            span.detail { (screen.words().ring.penalties.long) " " b { (penalties) } }
        }
        @if let Some(qualification) = shown_qualification(playset) {
            span.detail.qualification { (qualification) }
        }
    }))
}

fn next(screen: &Screen, ring: &RingBoard) -> Option<Markup> {
    let next = ring.next.as_ref()?;
    Some(Panel::of(Part::Next).about(&next.playset_id).around(html! {
        span.headline { (screen.words().ring.next) }
        (pair(screen, &next.pair))
    }))
}

fn best(screen: &Screen, best: &[Arc<Playset>]) -> Option<Markup> {
    let rows = best.iter().take(rows(screen)).map(|playset| {
        let is_out = playset.disqualification.is_some();
        let penalties = playset.total_penalization.as_ref();
        place(
            screen,
            playset.classification,
            &playset.pair,
            is_out,
            penalties,
            playset.time_s.as_ref(),
        )
    });
    table(Part::Best, screen.words().ring.best, rows.collect())
}

fn combined(screen: &Screen, results: &[Arc<CombinedResult>]) -> Option<Markup> {
    let rows = results.iter().take(rows(screen)).map(|result| {
        let penalties = result.total_penalization.as_ref();
        place(screen, result.classification, &result.pair, false, penalties, result.time_s.as_ref())
    });
    table(Part::Combined, screen.words().ring.combined, rows.collect())
}

fn table(part: Part, headline: &str, rows: Vec<Markup>) -> Option<Markup> {
    if rows.is_empty() {
        return None;
    }
    Some(Panel::of(part).mood(Some("table")).around(html! {
        span.headline { (headline) }
        ol { @for row in rows { (row) } }
    }))
}

fn place(
    screen: &Screen,
    classification: Option<i32>,
    pair: &Pair,
    is_out: bool,
    penalties: Option<&BigDecimal>,
    time_s: Option<&BigDecimal>,
) -> Markup {
    let handler = pair.handler.as_deref().and_then(|name| screen.person(name));
    html! {
        li.row {
            span.position { @if let Some(place) = classification { (place) } }
            span.name {
                (pair.dog_family_name.as_deref().unwrap_or_default().trim())
                @if let Some(handler) = handler { " " small { (handler) } }
            }
            @if is_out {
                span.cell.out { (screen.words().ring.eliminated_short) }
            } @else {
                span.cell.penalties { @if let Some(penalties) = penalties { (penalties) } }
                span.cell.time { @if let Some(time) = time_s { (time) } }
            }
        }
    }
}

fn rows(screen: &Screen) -> usize {
    usize::try_from(screen.layout.rows).unwrap_or(usize::MAX)
}

/// Dog, handler, and where they come from.
fn pair(screen: &Screen, pair: &Pair) -> Markup {
    let handler = pair.handler.as_deref().and_then(|name| screen.person(name));
    let from = [&pair.club, &pair.country].into_iter().flatten();
    let from: Vec<_> = from.map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    let dog = pair.dog_family_name.as_deref().unwrap_or_default().trim();
    html! {
        span.pair {
            span.name { (dog) }
            @if let Some(handler) = handler { span.handler { (handler) } }
            @if !from.is_empty() { span.from { (from.join(" · ")) } }
        }
    }
}

/// Faults and refusals, or that the dog is out.
fn marks(screen: &Screen, playset: &Playset) -> Markup {
    let words = &screen.words().ring;
    html! {
        @if playset.disqualification.is_some() {
            span.marks { span.mark.out { (words.eliminated) } }
        } @else {
            span.marks {
                (mark(words.faults, playset.faults))
                (mark(words.refusals, playset.refusals))
            }
        }
    }
}

fn mark(name: &str, count: Option<i32>) -> Markup {
    let count = count.unwrap_or(0);
    html! { span.mark.some[count > 0] { (name) " " b { (count) } } }
}

/// The time that counts, or why there is none.
fn time(screen: &Screen, playset: &Playset) -> String {
    let words = &screen.words().ring;
    match (&playset.disqualification, &playset.time_s) {
        (Some(_), _) => words.eliminated_short.to_owned(),
        (None, Some(time)) => time.to_string(),
        (None, None) => screen.air_words().no_time.to_owned(),
    }
}

fn shown_penalties(playset: &Playset) -> Option<&BigDecimal> {
    playset.total_penalization.as_ref().filter(|_| playset.disqualification.is_none())
}

/// `EXC_0` as people write it.
fn shown_qualification(playset: &Playset) -> Option<String> {
    let sent = playset.qualification.as_deref().filter(|_| playset.disqualification.is_none())?;
    Some(sent.replace('_', " ")).filter(|shown| !shown.trim().is_empty())
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use tests::dog as a_dog;
