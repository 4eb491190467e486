//! One dog: on course, just done, or the next to start.

use maud::{Markup, html};

use crate::{
    board::{
        RingBoard,
        agility::{OnCourse, TimeToBeat},
    },
    event::agility::{Pair, Playset},
    http::words::{Lang, RingWords},
};

use super::{
    super::{
        reader::Reader,
        time::{self, Moment},
    },
    dog_name,
};

/// The dog on course or just done.
pub(super) fn draw(ring: &RingBoard, reader: &Reader, moment: Moment) -> Markup {
    let words = &reader.words().ring;
    let Some(on) = &ring.on_course else {
        return html! {
            section id="dog" class="panel" {
                h3 { (words.on_course) }
                p.empty { (words.nobody) }
            }
        };
    };
    let dog = &on.playset;
    let title = if on.is_done() { words.done } else { words.on_course };
    let class = match (&dog.disqualification, on.is_done()) {
        (Some(_), _) => "panel out",
        (None, true) => "panel done",
        (None, false) => "panel",
    };
    html! {
        section id="dog" class=(class) {
            h3 { (title) }
            (who(&dog.pair, dog.start_order, reader))
            div.figures {
                p.time { span.label { (words.time) } " " (running_time(on, moment)) }
                @for (label, count) in [(words.faults, dog.faults), (words.refusals, dog.refusals)] {
                    p class=[count.filter(|count| *count > 0).map(|_| "some")] {
                        span.label { (label) } " " b { (or_dash(count)) }
                    }
                }
            }
            @if dog.disqualification.is_some() { p.eliminated { (words.eliminated) } }
            @if on.is_done() { (result(dog, words, reader.lang)) }
            @else if let Some(to_beat) = ring.time_to_beat() { (to_beat_line(&to_beat, words)) }
        }
    }
}

/// The dog that is to start next.
pub(super) fn next(ring: &RingBoard, reader: &Reader) -> Markup {
    let words = &reader.words().ring;
    html! {
        section id="next" class="panel" {
            h3 { (words.next) }
            @match &ring.next {
                Some(dog) => (who(&dog.pair, dog.start_order, reader)),
                None => p.empty { (words.no_next) },
            }
        }
    }
}

/// What happens in the ring, in a line: for those who hear the page.
pub(in super::super) fn status_headline(ring: &RingBoard, reader: &Reader) -> String {
    let words = &reader.words().ring;
    match &ring.on_course {
        None => words.nobody.to_owned(),
        Some(on) => {
            let state = match (&on.playset.disqualification, on.is_done()) {
                (Some(_), _) => words.eliminated,
                (None, true) => words.done,
                (None, false) => words.on_course,
            };
            format!("{state}: {}", dog_name(&on.playset.pair).unwrap_or("–"))
        }
    }
}

/// Faults and refusals in a line, for where there is little room; `Elim` where that is all.
pub(in super::super) fn marks(dog: &Playset, words: &RingWords) -> String {
    if dog.disqualification.is_some() {
        return words.eliminated.to_owned();
    }
    let counts = [(words.faults, dog.faults), (words.refusals, dog.refusals)];
    let counts = counts.map(|(label, count)| format!("{label} {}", or_dash(count)));
    counts.join(" · ")
}

/// Dog, handler, and where they come from.
fn who(pair: &Pair, start_order: Option<i32>, reader: &Reader) -> Markup {
    let words = &reader.words().ring;
    let from = [&pair.dog_breed, &pair.club, &pair.team_name, &pair.country];
    let from = from.into_iter().filter_map(|part| part.as_deref().map(str::trim));
    html! {
        p.dog-name { bdi { (dog_name(pair).unwrap_or("–")) } }
        @if let Some(handler) = &pair.handler {
            p.handler { bdi { (reader.names.show(handler.trim())) } }
        }
        p.facts {
            @if let Some(number) = start_order { span { (words.start_number) " " (number) } }
            @for part in from.filter(|part| !part.is_empty()) { bdi { (part) } }
        }
    }
}

fn running_time(on: &OnCourse, moment: Moment) -> Markup {
    if on.is_done() {
        let time = on.playset.time_s.as_ref();
        return html! { b { (time.map_or_else(|| "–".to_owned(), ToString::to_string)) } };
    }
    match on.running_since.filter(|_| on.is_running()) {
        Some(since) => time::running_clock(since, moment),
        // It was on its way when it was first seen, or stands at the start.
        None => html! { b { "–" } },
    }
}

fn to_beat_line(to_beat: &TimeToBeat, words: &RingWords) -> Markup {
    html! {
        p.to-beat {
            @match to_beat {
                TimeToBeat::Seconds(seconds) => {
                    span.label { (words.time_to_beat) } " " b { (seconds) }
                }
                TimeToBeat::OutOfReach => (words.out_of_reach),
            }
        }
    }
}

fn result(dog: &Playset, words: &RingWords, lang: Lang) -> Markup {
    let speed =
        dog.speed_m_s.as_ref().map(|speed| format!("{} m/s", lang.number(&speed.to_string())));
    let penalties = dog.total_penalization.as_ref().map(ToString::to_string);
    let facts = [
        (words.place.long, dog.classification.map(|place| place.to_string())),
        (words.penalties.long, penalties.filter(|_| dog.disqualification.is_none())),
        (words.speed, speed),
        ("", dog.qualification.clone().filter(|_| dog.disqualification.is_none())),
    ];
    html! {
        p.facts.result {
            @for (label, fact) in facts {
                @if let Some(fact) = fact {
                    span { @if !label.is_empty() { (label) " " } b { (fact) } }
                }
            }
        }
    }
}

fn or_dash(count: Option<i32>) -> String {
    count.map_or_else(|| "–".to_owned(), |count| count.to_string())
}
