//! Two drivers of a heat, chosen by a plain form: `?a=<driver_id>&b=<driver_id>`.

mod words;

use std::borrow::Cow;

use maud::{Markup, html};

use crate::{
    analysis::karting::{self, Counts, Driven, Duel, DuelLap, Side},
    board::{HeatBoard, karting::Line},
    http::{
        charts::duel_chart,
        pages::{reader::Reader, time},
    },
};

use self::words::DuelWords;

/// Whom the reader wants side by side, by `driver_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub a: Option<i64>,
    pub b: Option<i64>,
}

/// The form, and below it what became of those who are chosen. Nothing where there are no two.
pub(super) fn section(heat: &HeatBoard, chosen: Chosen, reader: &Reader) -> Markup {
    let words = DuelWords::of(reader.lang);
    let drove: Vec<&Line> =
        heat.lines.iter().map(AsRef::as_ref).filter(|line| !line.laps.is_empty()).collect();
    let [first, second, ..] = drove.as_slice() else { return html! {} };
    let find =
        |id: Option<i64>| drove.iter().copied().find(|line| Some(line.standing.driver_id) == id);
    let (a, b) = (find(chosen.a), find(chosen.b));
    html! {
        section #duel.panel {
            h3 { (words.duel) }
            form.ask method="get" action="#duel" {
                @if reader.is_lang_chosen() {
                    input type="hidden" name="lang" value=(reader.lang.tag());
                }
                (select("a", a.unwrap_or(first), &drove, words, reader))
                span.versus aria-hidden="true" { "–" }
                (select("b", b.unwrap_or(second), &drove, words, reader))
                button { (words.compare) }
            }
            @match (a, b) {
                (Some(a), Some(b)) if !std::ptr::eq(a, b) => (outcome(heat, a, b, reader)),
                (Some(_), Some(_)) => { p role="status" { (words.choose_two) } }
                _ => {}
            }
        }
    }
}

fn select(
    name: &str,
    chosen: &Line,
    drove: &[&Line],
    words: &DuelWords,
    reader: &Reader,
) -> Markup {
    html! {
        select name=(name) aria-label=(if name == "a" { words.one } else { words.other }) {
            @for line in drove {
                @let standing = &line.standing;
                option value=(standing.driver_id) selected[std::ptr::eq(chosen, *line)] {
                    (standing.position) ". " (shown(line, reader))
                    @if !standing.kart.is_empty() { " #" (standing.kart) }
                }
            }
        }
    }
}

fn shown<'a>(line: &'a Line, reader: &Reader) -> Cow<'a, str> {
    reader.names.show(line.standing.name.trim())
}

fn outcome(heat: &HeatBoard, a: &Line, b: &Line, reader: &Reader) -> Markup {
    let words = DuelWords::of(reader.lang);
    let counts = Counts::of(&heat.heat.race_mode);
    let [of_a, of_b] = [a, b].map(|line| Driven { laps: &line.laps, gaps: &line.gaps });
    let duel = karting::duel(of_a, of_b, counts);
    let mut names = [shown(a, reader), shown(b, reader)];
    if names[0] == names[1] {
        // The kart tells apart those who share a name.
        names = [a, b]
            .map(|line| Cow::Owned(format!("{} #{}", shown(line, reader), line.standing.kart)));
    }
    let name_of = |side: Side| match side {
        Side::A => &*names[0],
        Side::B => &*names[1],
    };
    let gaps: Vec<_> = duel.laps.iter().map(|lap| (lap.lap, lap.gap_ms)).collect();
    let last = duel.laps.iter().rev().find_map(|lap| Some((lap.lap, lap.gap_ms?)));
    let title = match counts {
        Counts::Laps => words.gap,
        Counts::BestLap => words.gap_of_best,
        Counts::BestAverage => words.gap_of_average,
    };
    let summary = last.map_or(String::new(), |(lap, gap)| match gap {
        0 => (words.level_after)(lap),
        1.. => (words.ahead_after)(&names[0], &seconds(gap), lap),
        _ => (words.ahead_after)(&names[1], &seconds(gap), lap),
    });
    html! {
        div.outcome role="status" {
            p.score {
                bdi { (names[0]) } " " b { (duel.won_by_a) " : " (duel.won_by_b) } " " bdi { (names[1]) }
                " " small { (words.laps_won) }
            }
            @if !summary.is_empty() { p { (summary) } }
            @if !duel.overtakes.is_empty() { p { (overtakes(&duel, name_of, words)) } }
            @if !duel.decisive.is_empty() { p { (words.decisive) ": " (decisive(&duel, name_of)) } }
        }
        @if gaps.len() > 1 {
            (duel_chart(title, [&names[0], &names[1]], &summary, &gaps, reader.lang))
        }
        @if counts == Counts::Laps { p.label { (words.how_exact) } }
        (table(&duel, &names, words, reader))
    }
}

/// Without a sign.
fn seconds(ms: i64) -> String {
    time::difference(ms.saturating_abs()).trim_start_matches('+').to_owned()
}

fn overtakes<'a>(duel: &Duel, name_of: impl Fn(Side) -> &'a str, words: &DuelWords) -> Markup {
    html! {
        (words.ahead_changed) ": "
        @for (nth, (lap, by)) in duel.overtakes.iter().enumerate() {
            @if nth > 0 { ", " }
            (words.lap) " " (lap) " " bdi { (name_of(*by)) }
        }
    }
}

fn decisive<'a>(duel: &Duel, name_of: impl Fn(Side) -> &'a str) -> Markup {
    let laps = duel.decisive.iter().filter_map(|number| {
        let lap = duel.laps.iter().find(|lap| lap.lap == *number)?;
        let won_ms = lap.difference_ms?;
        Some((lap.lap, if won_ms > 0 { Side::A } else { Side::B }, won_ms.abs()))
    });
    html! {
        @for (nth, (lap, by, ms)) in laps.enumerate() {
            @if nth > 0 { ", " }
            (lap) " (" bdi { (name_of(by)) } " " (time::difference(ms)) ")"
        }
    }
}

fn table(duel: &Duel, names: &[Cow<'_, str>; 2], words: &DuelWords, reader: &Reader) -> Markup {
    let of_lap = |ms: Option<i32>| ms.map_or_else(|| "–".to_owned(), time::lap);
    let difference = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), time::difference);
    let quicker = |lap: &DuelLap, is_a: bool| {
        lap.difference_ms.is_some_and(|ms| if is_a { ms > 0 } else { ms < 0 })
    };
    html! {
        details {
            summary { (words.lap_by_lap) }
            div.sideways tabindex="0" role="region" aria-label=(words.lap_by_lap) {
                table.laps {
                    thead {
                        tr {
                            th scope="col" { (words.lap) }
                            @for name in names { th scope="col" { bdi { (name) } } }
                            th scope="col" { (words.difference) }
                            th scope="col" { (reader.words().heat.gap.long) }
                        }
                    }
                    tbody {
                        @for lap in duel.laps.iter().take(super::one::MAX_LAPS) {
                            tr {
                                th scope="row" { (lap.lap) }
                                td { @if quicker(lap, true) { b { (of_lap(lap.a_ms)) } } @else { (of_lap(lap.a_ms)) } }
                                td { @if quicker(lap, false) { b { (of_lap(lap.b_ms)) } } @else { (of_lap(lap.b_ms)) } }
                                td { (difference(lap.difference_ms)) }
                                td { (difference(lap.gap_ms)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::http::{
        pages::sample::{heat, line, reader},
        privacy::Privacy,
        words::Lang,
    };

    use super::*;

    fn board() -> HeatBoard {
        let mut bob = line(2, "Bob", &[46_000, 41_000, 39_000, 38_000]);
        Arc::make_mut(&mut bob.standing).driver_id = 2;
        bob.laps.iter_mut().for_each(|lap| lap.driver_id = 2);
        heat(vec![line(1, "<Ann>", &[45_000, 41_500, 40_500, 40_000]), bob])
    }

    fn page(a: Option<i64>, b: Option<i64>, reader: &Reader) -> String {
        section(&board(), Chosen { a, b }, reader).into_string()
    }

    #[test]
    fn form_offers_all_drivers_and_chooses_the_first_two() {
        let page = page(None, None, &reader(Lang::En));
        assert!(page.contains("<form class=\"ask\" method=\"get\""), "{page}");
        assert_eq!(page.matches("&lt;Ann&gt;").count(), 2, "{page}");
        assert_eq!(page.matches(" selected").count(), 2, "{page}");
        assert!(!page.contains("<svg"), "{page}");
    }

    #[test]
    fn duel_is_told_in_words_a_chart_and_a_table() {
        let id = |nth: usize| Some(board().lines[nth].standing.driver_id);
        let page_of = page(id(0), id(1), &reader(Lang::En));
        for said in ["1 : 3", "&lt;Ann&gt;", "<svg", "−2.000", "id=\"duel-chart\""] {
            assert!(page_of.contains(said), "{said} in {page_of}");
        }
        let same = page(id(0), id(0), &reader(Lang::En));
        assert!(same.contains("Choose two different drivers.") && !same.contains("<svg"), "{same}");
        let mut private = reader(Lang::De);
        private.names = Privacy::Initials;
        let private = page(id(0), id(1), &private);
        assert!(!private.contains("Ann") && private.contains("A."), "{private}");
    }

    #[test]
    fn nobody_is_compared_with_oneself() {
        let alone = heat(vec![line(1, "Ann", &[45_000, 41_500])]);
        let page = section(&alone, Chosen::default(), &reader(Lang::En)).into_string();
        assert_eq!(page, "");
    }
}
