//! Charts as SVG: of a heat (lap times, positions, gaps, how laps are spread), live and of heats
//! that were, and what others draw from the past: spreads, and a driver's progress.
//!
//! A chart is plain data first ([`traces`]: who went where), then a drawing ([`plot`]), then a figure
//! with words. Nothing here has a colour: shapes have classes, and `charts.css` says what they look
//! like on dark and light. What is drawn is bounded, however long the heat and however large the
//! field; the caption says what was left out.

mod boxes;
mod driven;
mod gaps;
mod ink;
mod label;
mod plot;
mod run;
mod ticks;
mod traces;
mod whiskers;
mod words;

use chrono::{DateTime, Utc};
use maud::{Markup, PreEscaped, html};

use crate::{
    analysis::karting::Spread,
    board::{HeatBoard, karting::Line},
    event::karting::Lap,
};

use self::{
    ink::Ink,
    plot::Drawn,
    traces::{Mark, Traces},
    words::ChartWords,
};
use super::{privacy::Privacy, words::Lang};

pub use self::{
    boxes::{BoxOf, MAX_BOXES},
    run::{DogDone, run_chart},
    whiskers::{MAX_WHISKERS, WhiskerOf, seconds},
};

/// What the shapes look like: part of the pages' stylesheet.
pub const STYLE: &str = include_str!("charts.css");

/// Lap time over lap number, a line for each driver: `<figure class="chart" id="lap-chart">`.
///
/// Laps that were computed are hollow, missing laps break the line, and laps far off the middle are
/// drawn at the edge, marked so.
pub fn lap_chart(heat: &HeatBoard, names: Privacy, lang: Lang) -> Markup {
    let words = ChartWords::of(lang);
    figure("lap-chart", words.lap_times, &Traces::of_laps(heat, names), words)
}

/// Position after each lap, the first on top, a line for each driver:
/// `<figure class="chart" id="position-chart">`.
///
/// A line breaks where a position is not known.
pub fn position_chart(heat: &HeatBoard, names: Privacy, lang: Lang) -> Markup {
    let words = ChartWords::of(lang);
    figure("position-chart", words.positions, &Traces::of_positions(heat, names), words)
}

/// Gap to the leader over lap number, a line for each driver, the leader on top:
/// `<figure class="chart" id="gap-chart">`.
///
/// In a race it is the difference of the sums of all laps, to whoever had driven as many laps first;
/// in other heats that of the best lap, or the average, so far. Lines break where a lap is missing;
/// what is far behind is drawn at the edge, marked so.
pub fn gap_chart(heat: &HeatBoard, names: Privacy, lang: Lang) -> Markup {
    let words = ChartWords::of(lang);
    let title = match &*heat.heat.race_mode {
        "best_lap" => words.gaps_of_best,
        "best_average" => words.gaps_of_average,
        _ => words.gaps,
    };
    figure("gap-chart", title, &Traces::of_gaps(heat, names), words)
}

/// A difference of two drivers after each lap, in milliseconds, as a line above and below zero:
/// `<figure class="chart" id="duel-chart">`. Above it the first of `names` is ahead, who are named as
/// they may be shown. `title` and what `said` says of it are in the reader's language.
pub fn duel_chart(
    title: &str,
    names: [&str; 2],
    said: &str,
    differences: &[(i32, Option<i64>)],
    lang: Lang,
) -> Markup {
    let words = ChartWords::of(lang);
    let [a, b] = names.map(|name| label::short(name, None));
    let last = differences.iter().rev().find_map(|(_, difference)| *difference);
    let ahead = match last {
        Some(1..) => a.clone(),
        Some(0) | None => String::new(),
        Some(_) => b.clone(),
    };
    let traces = Traces::of_difference(ahead, differences);
    let notes = html! { " " small { ((words.above_below)(&a, &b)) } };
    let (said, drawn) = (said.to_owned(), plot::draw(&traces, words.lap));
    Figure { id: "duel-chart", class: "chart", title, notes, said, drawn }.draw(words)
}

/// How the laps of each driver are spread, as [`box_chart`]: `<figure class="chart boxes"
/// id="spread-chart">`. Only exact laps, without the first, which begins at a standstill.
pub fn spread_chart(heat: &HeatBoard, names: Privacy, lang: Lang) -> Markup {
    let mut ids: Vec<_> = heat.lines.iter().map(|line| line.standing.driver_id).collect();
    ids.sort_unstable();
    let name = |line: &Line| names.show(line.standing.name.trim()).into_owned();
    let is_shared = |shown: &str| heat.lines.iter().filter(|line| name(line) == shown).count() > 1;
    let box_of = |line: &Line| {
        let counts = |lap: &&Lap| lap.lap > 1 && lap.error_ms == 0 && lap.lap_ms > 0;
        let times = line.laps.iter().filter(counts).map(|lap| lap.lap_ms).collect();
        let spread = Spread::of(times)?;
        let nth = ids.partition_point(|id| *id < line.standing.driver_id);
        let shown = name(line);
        let kart = is_shared(&shown).then_some(line.standing.kart.as_str());
        Some(BoxOf {
            label: label::short(&shown, kart),
            low_ms: spread.low,
            quarter_ms: spread.quarter,
            median_ms: spread.median,
            three_quarters_ms: spread.three_quarters,
            high_ms: spread.high,
            count: spread.count,
            hue: u8::try_from(nth % usize::from(Ink::DRIVERS)).unwrap_or_default(),
        })
    };
    let boxes: Vec<_> = heat.lines.iter().filter_map(|line| box_of(line)).collect();
    box_chart("spread-chart", ChartWords::of(lang).spread, &boxes, lang)
}

/// A box a row, in the order that they come, [`MAX_BOXES`] at most: `<figure class="chart boxes">`
/// with this id. `title` is shown, in the reader's language.
pub fn box_chart(id: &str, title: &str, boxes: &[BoxOf], lang: Lang) -> Markup {
    let words = ChartWords::of(lang);
    let shown = boxes.get(..MAX_BOXES).unwrap_or(boxes);
    let said: Vec<_> = shown.iter().map(|row| row.in_words(words)).collect();
    let (drawn, is_cut) = boxes::draw(shown).unzip();
    let notes = html! {
        @if drawn.is_some() { " " small { (words.box_means) } }
        @if shown.len() < boxes.len() { " " small { ((words.only_first_rows)(shown.len())) } }
        @if is_cut == Some(true) {
            " " small { span aria-hidden="true" { "▶ " } (words.off_scale) }
        }
    };
    let figure = Figure { id, class: "chart boxes", title, notes, said: said.join("; "), drawn };
    figure.draw(words)
}

/// Estimates with their intervals, a row each, in the order that they come, [`MAX_WHISKERS`] at most:
/// `<figure class="chart boxes">` with this id. `title` and `note` are shown, in the reader's language.
pub fn whisker_chart(
    id: &str,
    (title, note): (&str, &str),
    rows: &[WhiskerOf],
    lang: Lang,
) -> Markup {
    let words = ChartWords::of(lang);
    let shown = rows.get(..MAX_WHISKERS).unwrap_or(rows);
    let said: Vec<_> = shown.iter().map(WhiskerOf::in_words).collect();
    let notes = html! {
        " " small { (note) }
        @if shown.len() < rows.len() { " " small { ((words.only_first_rows)(shown.len())) } }
    };
    let drawn = whiskers::draw(shown);
    Figure { id, class: "chart boxes", title, notes, said: said.join("; "), drawn }.draw(words)
}

/// A time of a driver's past: the best lap of a heat, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub at: DateTime<Utc>,
    pub ms: i32,
    /// Under it, where there is room: a day, short.
    pub label: String,
}

/// The latest so many times are drawn.
const MAX_PROGRESS: usize = 300;
/// Labels have room for so many.
const PROGRESS_LABELS: usize = 5;

/// Times one after the other, the oldest on the left, whatever time was between them:
/// `<figure class="chart" id="progress-chart">`. They come in any order. `title` is shown, in the
/// reader's language.
pub fn progress_chart(title: &str, points: &[Progress], lang: Lang) -> Markup {
    let words = ChartWords::of(lang);
    let mut points: Vec<_> = points.iter().collect();
    points.sort_by_key(|point| point.at);
    let left_out = points.len().saturating_sub(MAX_PROGRESS);
    points.drain(..left_out);
    let best = points.iter().map(|point| point.ms).min().map(|ms| ticks::time(ms.max(0).into(), 3));
    let values: Vec<_> = points.iter().map(|point| point.ms).collect();
    // The middle of the label stands under its point: every so manieth has one.
    let apart = points.len().div_ceil(PROGRESS_LABELS).max(1);
    let labels = (1..).zip(&points).step_by(apart);
    let labels = labels.map(|(nth, point)| (nth, label::short(&point.label, None))).collect();
    let name = best.clone().map_or(String::new(), |best| (words.best_of_all)(&best));
    let traces = Traces::of_progress(name, &values, labels);
    let said = points.iter().map(|point| {
        format!("{}: {}", label::short(&point.label, None), ticks::time(point.ms.max(0).into(), 3))
    });
    let notes = html! {
        @if left_out > 0 { " " small { ((words.only_latest)(points.len())) } }
    };
    let said = said.collect::<Vec<_>>().join("; ");
    let drawn = plot::draw(&traces, "");
    Figure { id: "progress-chart", class: "chart", title, notes, said, drawn }.draw(words)
}

fn figure(id: &str, title: &str, traces: &Traces, words: &ChartWords) -> Markup {
    let notes = html! {
        @if traces.left_out > 0 {
            " " small { ((words.only_first)(traces.lines.len())) }
        }
        @if traces.step > 1 {
            " " small { ((words.only_every)(traces.step)) }
        }
        @if traces.has(Mark::Hollow) {
            " " small { span aria-hidden="true" { "○ " } (words.computed) }
        }
        @if traces.has(Mark::Above) || traces.has(Mark::Below) {
            " " small { span aria-hidden="true" { "▲ " } (words.off_scale) }
        }
    };
    let (said, drawn) = (traces.in_words(words), plot::draw(traces, words.lap));
    Figure { id, class: "chart", title, notes, said, drawn }.draw(words)
}

/// A drawing with all that is said of it.
struct Figure<'a> {
    id: &'a str,
    class: &'a str,
    title: &'a str,
    /// Beside the title.
    notes: Markup,
    /// For those who don't see it.
    said: String,
    drawn: Option<Drawn>,
}

impl Figure<'_> {
    fn draw(self, words: &ChartWords) -> Markup {
        let Self { id, class, title, notes, said, drawn } = self;
        html! {
            figure class=(class) id=(id) {
                figcaption { strong { (title) } (notes) }
                @match drawn {
                    Some(Drawn { width, height, shapes }) => {
                        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) }
                            role="img" aria-label=(title) aria-describedby={ (id) "-words" } fill="none" {
                            desc id={ (id) "-words" } { (said) }
                            // Written by the plotter, which escapes its texts; see `ink`.
                            (PreEscaped(shapes))
                        }
                    }
                    None => { p { (words.no_laps) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
