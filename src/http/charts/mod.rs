//! Charts of a heat as SVG: lap times and positions, live and of heats that were.
//!
//! A chart is plain data first ([`traces`]: who went where), then a drawing ([`plot`]), then a figure
//! with words. Nothing here has a colour: shapes have classes, and `charts.css` says what they look
//! like on dark and light. What is drawn is bounded, however long the heat and however large the
//! field; the caption says what was left out.

mod ink;
mod label;
mod plot;
mod ticks;
mod traces;
mod words;

use maud::{Markup, PreEscaped, html};

use crate::board::HeatBoard;

use self::{
    plot::Drawn,
    traces::{Mark, Traces},
    words::ChartWords,
};
use super::{privacy::Privacy, words::Lang};

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

fn figure(id: &str, title: &str, traces: &Traces, words: &ChartWords) -> Markup {
    html! {
        figure.chart id=(id) {
            figcaption {
                strong { (title) }
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
            }
            @match plot::draw(traces, words.lap) {
                Some(Drawn { width, height, shapes }) => {
                    svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) }
                        role="img" aria-label=(title) aria-describedby={ (id) "-words" } fill="none" {
                        desc id={ (id) "-words" } { (traces.in_words(words)) }
                        // Written by the plotter, which escapes its texts; see `ink`.
                        (PreEscaped(shapes))
                    }
                }
                None => { p { (words.no_laps) } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
