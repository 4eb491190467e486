//! Estimates with their intervals: a dot and a whisker a row, zero in the middle.

use log::error;
use plotters::{
    element::Circle,
    prelude::{IntoDrawingArea, SVGBackend},
    style::{
        Color,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    ink::{self, Ink},
    label,
    plot::{BOTTOM, Drawn, Error, TOP, WIDTH, line, text},
    ticks,
};

/// More rows than this nobody compares.
pub const MAX_WHISKERS: usize = 80;
const ROW: i32 = 60;
const DOT: i32 = 11;
const CAP: i32 = 12;
const LEFT: i32 = 300;
/// For the numbers.
const RIGHT: i32 = 240;
/// A whisker may be so many times as long as the farthest dot is from zero; what is longer goes to
/// the edge.
const FAR: f64 = 2.5;
/// Less than this nobody feels, milliseconds.
const LEAST_REACH_MS: f64 = 100.0;
/// Of a row that is surely below zero, surely above, and neither.
const BELOW: Ink = Ink::Driver(2);
const ABOVE: Ink = Ink::Driver(1);
const UNSURE: Ink = Ink::Driver(7);

/// An estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct WhiskerOf {
    pub label: String,
    pub value_ms: f64,
    /// From, to; none where nobody can tell.
    pub interval_ms: Option<(f64, f64)>,
}

impl WhiskerOf {
    fn ink(&self) -> Ink {
        match self.interval_ms {
            Some((_, high)) if high < 0.0 => BELOW,
            Some((low, _)) if low > 0.0 => ABOVE,
            _ => UNSURE,
        }
    }

    /// How far from zero it goes.
    fn reach(&self) -> f64 {
        let (low, high) = self.interval_ms.unwrap_or((self.value_ms, self.value_ms));
        low.abs().max(high.abs())
    }

    pub(super) fn in_words(&self) -> String {
        let interval = self.interval_ms.map_or(String::new(), |(low, high)| {
            format!(" ({} … {})", seconds(low), seconds(high))
        });
        format!("{}: {}{interval}", label::short(&self.label, None), seconds(self.value_ms))
    }
}

/// A difference of times in seconds with three decimals: `+0.152`, `−0.040`.
pub fn seconds(ms: f64) -> String {
    let text = format!("{:.3}", ms.abs() / 1_000.0);
    match text.as_str() {
        "0.000" => text,
        _ if ms < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// None where there is nothing to draw.
pub(super) fn draw(rows: &[WhiskerOf]) -> Option<Drawn> {
    let farthest = rows.iter().map(|row| row.value_ms.abs()).reduce(f64::max)?;
    let longest = rows.iter().map(WhiskerOf::reach).reduce(f64::max)?;
    let reach = longest.min(farthest * FAR).max(farthest).max(LEAST_REACH_MS) * 1.05;
    let height = TOP + i32::try_from(rows.len()).ok()? * ROW + BOTTOM;
    let mut drawing = String::new();
    let drawn = Scale { reach }.draw(rows, height, &mut drawing);
    // Writing to a string does not fail; should the plotter see that otherwise, there is no chart.
    drawn.inspect_err(|error| error!("a chart can't be drawn: {error}")).ok()?;
    Some(Drawn { width: WIDTH, height, shapes: ink::classes(&drawing) })
}

struct Scale {
    /// To both sides of zero, milliseconds.
    reach: f64,
}

impl Scale {
    fn draw(&self, rows: &[WhiskerOf], height: i32, drawing: &mut String) -> Result<(), Error> {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(drawing, size).into_drawing_area();
        let bottom = height - BOTTOM;
        #[expect(clippy::cast_possible_truncation, reason = "no lap takes 2^63 ms")]
        let above = ticks::times(0, self.reach as i64, 3);
        let below = above.iter().filter(|(ms, _)| *ms > 0).map(|(ms, _)| -ms);
        for ms in above.iter().map(|(ms, _)| *ms).chain(below) {
            #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
            let x = self.place(ms as f64);
            let ink = if ms == 0 { Ink::Axis } else { Ink::Grid };
            line(&area, ink, vec![(x, TOP), (x, bottom)])?;
            let at = Pos::new(HPos::Center, VPos::Top);
            text(&area, Ink::Text, &ticks::signed(ms), (x, bottom + 14), at)?;
        }
        for (row, y) in rows.iter().zip((TOP + ROW / 2..).step_by(ROW as usize)) {
            let ink = row.ink();
            let at = Pos::new(HPos::Right, VPos::Center);
            text(&area, Ink::Text, &label::short(&row.label, None), (LEFT - 24, y), at)?;
            let at = Pos::new(HPos::Right, VPos::Center);
            text(&area, ink, &seconds(row.value_ms), (WIDTH - 24, y), at)?;
            if let Some((low, high)) = row.interval_ms {
                let ends = [self.place(low), self.place(high)];
                line(&area, ink, ends.map(|x| (x, y)).into())?;
                for x in ends {
                    line(&area, ink, vec![(x, y - CAP), (x, y + CAP)])?;
                }
            }
            area.draw(&Circle::new((self.place(row.value_ms), y), DOT, ink.color().filled()))?;
        }
        area.present()
    }

    /// Within the axis, whatever the value.
    fn place(&self, ms: f64) -> i32 {
        let part = ((ms + self.reach) / (2.0 * self.reach)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a part of the width")]
        let along = (part * f64::from(WIDTH - RIGHT - LEFT)) as i32;
        LEFT + along
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_and_three_decimals() {
        let words = [-150.0, 0.2, -0.4, 1_234.5].map(seconds);
        assert_eq!(words, ["−0.150", "0.000", "0.000", "+1.234"]);
    }

    #[test]
    fn rows_are_coloured_by_what_is_sure() {
        let row = |interval_ms| WhiskerOf { label: "7".into(), value_ms: 0.0, interval_ms };
        assert_eq!(row(Some((-9.0, -1.0))).ink(), BELOW);
        assert_eq!(row(Some((1.0, 9.0))).ink(), ABOVE);
        assert_eq!(row(Some((-1.0, 9.0))).ink(), UNSURE);
        assert_eq!(row(None).ink(), UNSURE);
    }

    #[test]
    fn whiskers_stay_on_the_chart_however_long_they_are() {
        let row = |value_ms, interval_ms| WhiskerOf { label: "<7>".into(), value_ms, interval_ms };
        let rows = [row(-100.0, Some((-9e9, 9e9))), row(100.0, None)];
        let drawn = draw(&rows).unwrap();
        assert_eq!(drawn.shapes.matches("<circle").count(), 2);
        assert!(drawn.shapes.contains("&lt;7&gt;"), "{}", drawn.shapes);
        assert!(drawn.shapes.contains(&format!("points=\"{LEFT},")), "{}", drawn.shapes);
        assert!(draw(&[]).is_none());
    }
}
