//! The charts of a heat on its page: costly to draw and to send, so drawn now and then.

use std::{sync::Arc, time::Duration};

use maud::html;
use tokio::time::Instant;

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::HeatKey,
    http::charts::{gap_chart, lap_chart, position_chart, spread_chart},
};

use super::{
    reader::Reader,
    sheet::{Element, Sheet, rows_id},
};

const CHARTS: &str = "charts";
/// A chart that changes under the eye is hard to read.
const EVERY: Duration = Duration::from_secs(5);
/// One point is no line.
const FIRST_WITH: usize = 2;

/// The charts as one client has them.
#[derive(Default)]
pub(super) struct Charts {
    drawn: Option<Drawn>,
}

struct Drawn {
    at: Instant,
    heat: HeatKey,
    lines: Vec<Arc<Line>>,
    figures: [Element; 2],
}

impl Charts {
    /// Puts the charts onto the sheet, drawn anew when a lap came, went or was corrected, and they
    /// have stood long enough.
    pub fn draw(&mut self, sheet: &mut Sheet, heat: &HeatBoard, reader: &Reader) {
        if heat.lines.iter().all(|line| line.laps.len() < FIRST_WITH) {
            self.drawn = None;
            return;
        }
        let now = Instant::now();
        let stands = self.drawn.take().filter(|drawn| {
            let is_true = have_same_laps(&drawn.lines, &heat.lines) || now < drawn.at + EVERY;
            drawn.heat == *heat.heat.key && is_true
        });
        let drawn = stands.unwrap_or_else(|| {
            let (names, lang) = (reader.names, reader.lang);
            let figures = [
                ("lap-chart", lap_chart(heat, names, lang)),
                ("position-chart", position_chart(heat, names, lang)),
            ];
            let figures = figures.map(|(id, html)| Element { id: id.to_owned(), html });
            let lines = heat.lines.clone();
            Drawn { at: now, heat: (*heat.heat.key).clone(), lines, figures }
        });
        put(sheet, drawn.figures.to_vec());
        self.drawn = Some(drawn);
    }
}

/// All charts of a heat that was, onto the sheet.
pub(super) fn draw_past(sheet: &mut Sheet, heat: &HeatBoard, reader: &Reader) {
    if heat.lines.iter().all(|line| line.laps.len() < FIRST_WITH) {
        return;
    }
    let (names, lang) = (reader.names, reader.lang);
    let figures = [
        ("lap-chart", lap_chart(heat, names, lang)),
        ("gap-chart", gap_chart(heat, names, lang)),
        ("position-chart", position_chart(heat, names, lang)),
        ("spread-chart", spread_chart(heat, names, lang)),
    ];
    put(sheet, figures.map(|(id, html)| Element { id: id.to_owned(), html }).into());
}

fn put(sheet: &mut Sheet, figures: Vec<Element>) {
    sheet.list(CHARTS, figures, |figures| {
        html! {
            section id=(CHARTS) { div id=(rows_id(CHARTS)) data-rows { (figures) } }
        }
    });
}

/// Most lines are the very same from one moment to the next.
fn have_same_laps(one: &[Arc<Line>], other: &[Arc<Line>]) -> bool {
    let mut pairs = one.iter().zip(other);
    one.len() == other.len()
        && pairs.all(|(one, other)| Arc::ptr_eq(one, other) || one.laps == other.laps)
}
