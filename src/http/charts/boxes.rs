//! How times are spread: a box a row, from left (quick) to right.

use log::error;
use plotters::{
    element::Rectangle,
    prelude::{IntoDrawingArea, SVGBackend},
    style::{
        Color,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    ink::{self, Ink},
    label,
    plot::{BOTTOM, Drawn, Error, TOP, WIDTH, line, text, triangle_right},
    ticks,
    traces::time_axis,
    words::ChartWords,
};

/// More rows than this nobody compares.
pub const MAX_BOXES: usize = 40;
const ROW: i32 = 66;
const BOX: i32 = 36;
/// For the labels.
const LEFT: i32 = 420;
/// For the counts.
const RIGHT: i32 = 150;
/// Times farther above the box than so many times its width are beyond the edge.
const FAR: f64 = 3.0;

/// How the times of one kart or driver are spread, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxOf {
    pub label: String,
    /// The quickest.
    pub low_ms: i32,
    /// A quarter of the times are below.
    pub quarter_ms: i32,
    pub median_ms: i32,
    /// A quarter of the times are above.
    pub three_quarters_ms: i32,
    /// The slowest, or how far the line to the right goes.
    pub high_ms: i32,
    /// How many times there are.
    pub count: i64,
    /// Boxes with the same number have the same colour; 0 where colours mean nothing.
    pub hue: u8,
}

impl BoxOf {
    /// How far to the right it must be seen.
    fn reach(&self) -> f64 {
        let [quarter, three_quarters, high] =
            [self.quarter_ms, self.three_quarters_ms, self.high_ms].map(f64::from);
        high.min(three_quarters + (three_quarters - quarter).max(100.0) * FAR)
    }

    pub(super) fn in_words(&self, words: &ChartWords) -> String {
        let [low, median, high] =
            [self.low_ms, self.median_ms, self.high_ms].map(|ms| ticks::time(ms.max(0).into(), 3));
        (words.spread_summary)(&label::short(&self.label, None), self.count, [&low, &median, &high])
    }
}

/// None where there is nothing to draw. Whether a time lies beyond the edge stands beside it.
pub(super) fn draw(boxes: &[BoxOf]) -> Option<(Drawn, bool)> {
    let lows = boxes.iter().map(|row| f64::from(row.low_ms)).reduce(f64::min)?;
    let highs = boxes.iter().map(BoxOf::reach).reduce(f64::max)?;
    let (values, value_ticks) = time_axis(lows.max(0.0), highs.max(0.0));
    let rows = i32::try_from(boxes.len()).ok()?;
    let height = TOP + rows * ROW + BOTTOM;
    let mut drawing = String::new();
    let scale = Scale { values };
    let drawn = scale.draw(boxes, &value_ticks, height, &mut drawing);
    // Writing to a string does not fail; should the plotter see that otherwise, there is no chart.
    let is_cut = drawn.inspect_err(|error| error!("a chart can't be drawn: {error}")).ok()?;
    Some((Drawn { width: WIDTH, height, shapes: ink::classes(&drawing) }, is_cut))
}

struct Scale {
    values: (f64, f64),
}

impl Scale {
    fn draw(
        &self,
        boxes: &[BoxOf],
        value_ticks: &[(f64, String)],
        height: i32,
        drawing: &mut String,
    ) -> Result<bool, Error> {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(drawing, size).into_drawing_area();
        let bottom = height - BOTTOM;
        for (value, words) in value_ticks {
            let x = self.place(*value);
            line(&area, Ink::Grid, vec![(x, TOP), (x, bottom)])?;
            let at = Pos::new(HPos::Center, VPos::Top);
            text(&area, Ink::Text, words, (x, bottom + 14), at)?;
        }
        line(&area, Ink::Axis, vec![(LEFT, bottom), (WIDTH - RIGHT, bottom)])?;
        let mut is_cut = false;
        for (row, y) in boxes.iter().zip((TOP + ROW / 2..).step_by(ROW as usize)) {
            let ink = Ink::Driver(row.hue % Ink::DRIVERS);
            let at = Pos::new(HPos::Right, VPos::Center);
            text(&area, ink, &label::short(&row.label, None), (LEFT - 24, y), at)?;
            let at = Pos::new(HPos::Left, VPos::Center);
            text(&area, Ink::Text, &row.count.to_string(), (WIDTH - RIGHT + 30, y), at)?;
            let [low, quarter, median, three_quarters, high] =
                [row.low_ms, row.quarter_ms, row.median_ms, row.three_quarters_ms, row.high_ms]
                    .map(|ms| self.place(f64::from(ms)));
            line(&area, ink, vec![(low, y), (quarter, y)])?;
            line(&area, ink, vec![(three_quarters, y), (high, y)])?;
            line(&area, ink, vec![(low, y - BOX / 4), (low, y + BOX / 4)])?;
            if f64::from(row.high_ms) > self.values.1 {
                is_cut = true;
                triangle_right(&area, ink.color().filled(), (high, y))?;
            } else {
                line(&area, ink, vec![(high, y - BOX / 4), (high, y + BOX / 4)])?;
            }
            let (top, base) = (y - BOX / 2, y + BOX / 2);
            area.draw(&Rectangle::new([(quarter, top), (three_quarters, base)], ink.color()))?;
            line(&area, ink, vec![(median, top - 4), (median, base + 4)])?;
        }
        area.present()?;
        Ok(is_cut)
    }

    /// Within the axis, whatever the value.
    fn place(&self, value: f64) -> i32 {
        let (low, high) = self.values;
        let part = ((value - low) / (high - low)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a part of the width")]
        let along = (part * f64::from(WIDTH - RIGHT - LEFT)) as i32;
        LEFT + along
    }
}
