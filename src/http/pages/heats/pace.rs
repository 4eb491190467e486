//! How even the drivers of a heat were, and whether they fell off.

mod words;

use maud::{Markup, html};

use crate::{
    analysis::karting::{self, Evenness, Pace, Spread},
    board::{HeatBoard, karting::Line},
    http::pages::{reader::Reader, sign::sign, time},
};

use self::words::PaceWords;

/// Numbers of laps that are told one by one.
const MOST_NUMBERS: usize = 6;

/// The table of all who have a lap after the first; nothing where nobody has.
pub(super) fn section(heat: &HeatBoard, reader: &Reader) -> Markup {
    let words = PaceWords::of(reader.lang);
    let paces: Vec<_> = heat
        .lines
        .iter()
        .map(|line| (line, karting::pace(&line.laps)))
        .filter_map(|(line, pace)| Some((line, pace.spread?, pace)))
        .collect();
    html! {
        @if !paces.is_empty() {
            section #pace.panel {
                h3 { (words.pace) }
                div.sideways tabindex="0" role="region" aria-label=(words.pace) {
                    table.figures-of {
                        thead {
                            tr {
                                th.who scope="col" { (reader.words().heat.driver.long) }
                                th scope="col" { (words.laps) }
                                th scope="col" { (words.median) }
                                th scope="col" { (words.middle_half) }
                                th scope="col" { (words.consistency) }
                                th scope="col" { (words.slope) }
                                th scope="col" { (words.thirds) }
                                th scope="col" { (words.aside) }
                            }
                        }
                        tbody {
                            @for (line, spread, pace) in &paces { (row(line, *spread, pace, reader)) }
                        }
                    }
                }
                details.means {
                    summary { (words.what_is_this) }
                    @for sentence in words.means { p { (sentence) } }
                }
            }
        }
    }
}

fn row(line: &Line, spread: Spread, pace: &Pace, reader: &Reader) -> Markup {
    let words = PaceWords::of(reader.lang);
    html! {
        tr {
            th.who scope="row" { bdi { (reader.names.show(line.standing.name.trim())) } }
            td { (spread.count) }
            td { b { (time::lap(spread.median)) } }
            td { (time::lap(spread.middle_half())) }
            @match &pace.evenness {
                Some(even) => {
                    td { (reader.lang.number(&format!("{:.1}", even.consistency))) " %" }
                    td { (slope(even, words)) }
                    td { (thirds(even)) }
                }
                None => { td { "–" } td { "–" } td { "–" } }
            }
            td.aside { (aside(pace, words)) }
        }
    }
}

fn slope(even: &Evenness, words: &PaceWords) -> Markup {
    let (low, high) = even.slope_interval_ms;
    let reach = (high - low) / 2.0;
    html! {
        @match even.direction() {
            1 => (sign("lost", "▲", words.slower)),
            -1 => (sign("won", "▼", words.quicker)),
            _ => (sign("even", "≈", words.even)),
        }
        (time::difference(whole(even.slope_ms))) " "
        small { "± " (time::difference(whole(reach)).trim_start_matches('+')) }
    }
}

/// Slopes are those of times of 32 bits.
fn whole(ms: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a slope of times of 32 bits")]
    let whole = ms.round() as i64;
    whole
}

fn thirds(even: &Evenness) -> Markup {
    html! { (time::lap(even.first_third_ms)) " → " (time::lap(even.last_third_ms)) }
}

fn aside(pace: &Pace, words: &PaceWords) -> Markup {
    let kinds = [(words.slow, &pace.slow), (words.short, &pace.short)];
    let mut told: Vec<String> = kinds
        .into_iter()
        .filter(|(_, laps)| !laps.is_empty())
        .map(|(kind, laps)| format!("{kind} {}", numbers(laps)))
        .collect();
    if pace.computed > 0 {
        told.push(format!("{} {}", words.computed, pace.computed));
    }
    html! { @if told.is_empty() { "–" } @else { (told.join("; ")) } }
}

fn numbers(laps: &[i32]) -> String {
    let shown = laps.iter().take(MOST_NUMBERS).map(i32::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    if laps.len() > MOST_NUMBERS { format!("{shown} … ({})", laps.len()) } else { shown }
}

#[cfg(test)]
mod tests {
    use crate::http::{
        pages::sample::{heat, line, reader},
        words::Lang,
    };

    use super::*;

    #[test]
    fn pace_is_told_with_what_was_set_aside() {
        let times = [55_000, 40_100, 40_000, 40_200, 71_000, 40_100, 40_300, 40_200];
        let board = heat(vec![line(1, "<Ann>", &times), line(2, "Bob", &[50_000])]);
        let page = section(&board, &reader(Lang::En)).into_string();
        for said in ["&lt;Ann&gt;", "<td>6</td>", "<b>40.100</b>", "99.7 %", "slow: lap 5", "≈"] {
            assert!(page.contains(said), "{said} in {page}");
        }
        assert!(!page.contains("Bob"), "who has no lap after the first has no pace: {page}");
        assert_eq!(section(&heat(vec![]), &reader(Lang::En)).into_string(), "");
    }

    #[test]
    fn many_numbers_are_cut() {
        assert_eq!(numbers(&[3, 7]), "3, 7");
        assert_eq!(numbers(&[1, 2, 3, 4, 5, 6, 7, 8]), "1, 2, 3, 4, 5, 6 … (8)");
    }
}
