//! A heat: its name and state, its clock, its table.

mod line;

use maud::{Markup, html};

use crate::{
    board::HeatBoard,
    http::words::{HeatWords, SignWords, Words},
};

use super::{
    reader::Reader,
    sheet::{Sheet, rows_id},
    sign::{self, sign},
    time::{self, Moment},
};

const TABLE: &str = "heat";

/// Draws the heat onto the sheet.
pub(super) fn draw(sheet: &mut Sheet, heat: &HeatBoard, reader: &Reader, moment: Moment) {
    let words = reader.words();
    sheet.piece("heat-head", head(heat, words));
    sheet.piece("heat-clock", clock(heat, &words.heat, moment));
    draw_table(sheet, heat, None, reader);
}

/// The same of a heat of this feed that was: without the clock, which nobody knows now, and with links
/// to what else is known.
pub(super) fn draw_past(sheet: &mut Sheet, heat: &HeatBoard, feed: &str, reader: &Reader) {
    sheet.piece("heat-head", head(heat, reader.words()));
    draw_table(sheet, heat, Some(feed), reader);
}

fn draw_table(sheet: &mut Sheet, heat: &HeatBoard, feed: Option<&str>, reader: &Reader) {
    let words = reader.words();
    let best = heat.best_lap_ms();
    let is_race = heat.heat.race_mode == "most_laps";
    let row = |line| line::draw(line, best, is_race, feed, reader);
    let rows = heat.lines.iter().map(|line| row(line)).collect();
    // What a heat is about decides which columns a small screen folds away.
    let class = match &*heat.heat.race_mode {
        "most_laps" => "heat race",
        "best_average" => "heat average",
        _ => "heat",
    };
    let is_empty = heat.lines.is_empty();
    sheet.list(TABLE, rows, move |rows| table(class, is_empty, rows, &words.heat));
    sheet.piece("legend", legend(&words.sign));
}

/// The name without the venue's token for it.
pub(super) fn title(name: &str) -> String {
    let title = name.replace("[HEAT]", "");
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same where something must stand.
pub(super) fn title_or_dash(name: &str) -> String {
    Some(title(name)).filter(|title| !title.is_empty()).unwrap_or_else(|| "–".to_owned())
}

pub(super) fn state(state: &str, words: &HeatWords) -> Markup {
    html! {
        span class={ "state " (class_of(state)) } {
            (sign::glyph(sign::of_state(state))) " " (words.state(state))
        }
    }
}

/// A code as a class: one that nobody knows may have any characters.
fn class_of(state: &str) -> &str {
    match state {
        "not_started" | "running" | "paused" | "stopped" | "finished" | "next_heat" => state,
        _ => "unknown",
    }
}

fn head(heat: &HeatBoard, words: &Words) -> Markup {
    let (title, of) = (title(&heat.heat.key.name), &words.heat);
    let headline = format!("{title}: {}", of.state(&heat.heat.state));
    html! {
        header id="heat-head" data-headline=(headline) {
            h2 dir="auto" { (title) }
            p.facts {
                (state(&heat.heat.state, of))
                span { (of.mode(&heat.heat.race_mode)) }
                span { (of.end(&heat.heat.end_condition)) }
            }
        }
    }
}

fn clock(heat: &HeatBoard, words: &HeatWords, moment: Moment) -> Markup {
    // A counter of zero at the end is a reset: it tells neither the time driven nor the time left.
    let is_over = matches!(&*heat.heat.state, "finished" | "next_heat");
    let to_go = Some(heat.heat.remaining_laps)
        .filter(|laps| *laps > 0 && !is_over && heat.heat.end_condition == "laps");
    let label = if heat.clock.counts_down { words.time_left } else { words.elapsed };
    html! {
        div id="heat-clock" class="clock" {
            @if let Some(laps) = to_go { p.togo { (words.laps_to_go.of(laps)) } }
            @if !is_over {
                p class=[to_go.map(|_| "minor")] {
                    span.label { (label) } " " (time::heat_clock(&heat.clock, moment))
                }
            }
        }
    }
}

fn table(class: &str, is_empty: bool, rows: &Markup, words: &HeatWords) -> Markup {
    let column = |class, column: crate::http::words::Column| {
        html! { th scope="col" class=(class) { abbr title=(column.long) { (column.short) } } }
    };
    html! {
        div id=(TABLE) class="table-piece" {
            table class=(class) {
                caption.vh { (words.caption) }
                thead {
                    tr {
                        (column("pos", words.position))
                        (column("kart", words.kart))
                        (column("who", words.driver))
                        (column("laps", words.laps))
                        (column("last", words.last))
                        (column("best", words.best))
                        (column("avg", words.average))
                        (column("gap", words.gap))
                    }
                }
                tbody id=(rows_id(TABLE)) data-rows { (rows) }
            }
            @if is_empty { p.empty { (words.no_drivers) } }
        }
    }
}

fn legend(words: &SignWords) -> Markup {
    html! {
        ul id="legend" aria-label=(words.legend) {
            li { (sign("overall", line::OVERALL, "")) (words.overall_best) }
            li { (sign("personal", line::PERSONAL, "")) (words.personal_best) }
            li {
                (sign("won", line::WON, "")) (sign("lost", line::LOST, "")) (words.places)
            }
            li { (sign("computed", line::COMPUTED, "")) (words.reconstructed_laps) }
            li { (sign("missed", line::MISSED, "")) (words.missed_laps) }
        }
    }
}

#[cfg(test)]
mod tests;
