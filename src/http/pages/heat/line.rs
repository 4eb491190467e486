//! A driver's row.

use maud::{Markup, html};

use crate::{
    board::karting::Line,
    http::words::{HeatWords, SignWords},
};

use super::super::{address, reader::Reader, sheet::Element, sign::sign, time};

pub(super) const OVERALL: &str = "◆";
pub(super) const PERSONAL: &str = "●";
pub(super) const WON: &str = "▲";
pub(super) const LOST: &str = "▼";
pub(super) const COMPUTED: &str = "≈";
pub(super) const MISSED: &str = "∅";

/// `best` is the quickest lap of the heat. With a `feed` the driver and the kart are links to what
/// else is known of them there.
///
/// On a small screen the gap stands under the time that decides: the last lap of a race, else the
/// best lap.
pub(super) fn draw(
    line: &Line,
    best: Option<i32>,
    is_race: bool,
    feed: Option<&str>,
    reader: &Reader,
) -> Element {
    let words = reader.words();
    let (standing, signs) = (&line.standing, &words.sign);
    let id = format!("d{}", standing.driver_id);
    let is_overall = |ms: Option<i32>| ms.is_some() && ms == best;
    let last_sign = match line.last_is_best() {
        true if is_overall(standing.last_lap_ms) => Best::Overall,
        true => Best::Personal,
        false => Best::No,
    };
    let best_sign = if is_overall(standing.best_lap_ms) { Best::Overall } else { Best::No };
    let [last, best, average] =
        [standing.last_lap_ms, standing.best_lap_ms, standing.average_lap_ms].map(lap_or_dash);
    let gap = standing.gap.trim();
    let folded_gap = html! { @if !gap.is_empty() { span.folded { (gap) } } };
    let name = reader.names.show(standing.name.trim());
    let of_driver = feed.and_then(|feed| address::driver(&standing.name, feed, reader));
    let of_karts = feed.map(|feed| address::karts(feed, reader));
    let html = html! {
        tr id=(id) data-laps=(standing.laps) {
            td.pos { (standing.position) (places(line, signs)) }
            td.kart {
                @if !standing.kart.is_empty() { (linked(of_karts, html! { b { (standing.kart) } })) }
            }
            th.who scope="row" {
                (linked(of_driver, html! { bdi.name { (name) } }))
                (badges(line, signs))
                (folded(standing.laps, &best, &average, &words.heat))
            }
            td.laps { (standing.laps) }
            td class={ "last" (last_sign.class()) } {
                (last_sign.draw(signs)) (last) @if is_race { (folded_gap) }
            }
            td class={ "best" (best_sign.class()) } {
                (best_sign.draw(signs)) (best) @if !is_race { (folded_gap) }
            }
            td.avg { (average) }
            td.gap { @if gap.is_empty() { "–" } @else { (gap) } }
        }
    };
    Element { id, html }
}

fn linked(address: Option<String>, what: Markup) -> Markup {
    html! { @if let Some(address) = address { a href=(address) { (what) } } @else { (what) } }
}

#[derive(Clone, Copy)]
enum Best {
    No,
    Personal,
    Overall,
}

impl Best {
    fn class(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Personal => " personal",
            Self::Overall => " overall",
        }
    }

    fn draw(self, words: &SignWords) -> Markup {
        match self {
            Self::No => html! {},
            Self::Personal => sign("", PERSONAL, words.personal_best),
            Self::Overall => sign("", OVERALL, words.overall_best),
        }
    }
}

fn lap_or_dash(ms: Option<i32>) -> String {
    ms.map_or_else(|| "–".to_owned(), time::lap)
}

fn places(line: &Line, words: &SignWords) -> Markup {
    match line.places_gained() {
        Some(won) if won > 0 => sign("won", &format!("{WON}{won}"), &words.places_won.of(won)),
        Some(won) if won < 0 => {
            let lost = won.saturating_neg();
            sign("lost", &format!("{LOST}{lost}"), &words.places_lost.of(lost))
        }
        _ => html! {},
    }
}

/// What is special about the driver's laps.
fn badges(line: &Line, words: &SignWords) -> Markup {
    let (missing, computed) = (line.missing_laps(), line.reconstructed_laps());
    html! {
        @if let Some(record) = &line.standing.last_record {
            " " span.record { (words.record(record)) }
        }
        @if computed > 0 {
            @let meaning = words.reconstructed.of(i64::try_from(computed).unwrap_or(i64::MAX));
            " " (sign("computed", &format!("{COMPUTED}{computed}"), &meaning))
        }
        @if missing > 0 {
            " " (sign("missed", &format!("{MISSED}{missing}"), &words.missed.of(missing)))
        }
    }
}

/// What a small screen has no columns for, under the name.
fn folded(laps: i32, best: &str, average: &str, words: &HeatWords) -> Markup {
    html! {
        span.folded {
            span { (words.laps.short) " " (laps) }
            span.f-best { (words.best.short) " " (best) }
            span { (words.average.short) " " (average) }
        }
    }
}
