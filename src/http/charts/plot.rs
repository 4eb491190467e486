//! Draws traces: axes, lines, marks, and the names at their ends.

use log::error;
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    element::{Circle, PathElement, Polygon},
    prelude::{Cartesian2d, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, SVGBackend},
    style::{
        Color, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    ink::{self, Ink},
    label,
    traces::{Axes, Mark, Point, Trace, Traces},
};

/// Twice what a chart measures on a middling screen, since the plotter knows only whole numbers.
pub(super) const WIDTH: i32 = 1_600;
const LEAST_HEIGHT: i32 = 900;
pub(super) const TOP: i32 = 30;
pub(super) const BOTTOM: i32 = 88;
const LEFT: i32 = 170;
/// For the names.
const RIGHT: i32 = 430;
/// Between the last lap and the names.
const LEADER: i32 = 36;
/// Or a lap: of a race most are a lap behind in the end.
const LONGEST_LEADER: i32 = 150;
/// From one name to the next; positions are as far apart while they are few.
const ROW: i32 = 52;
const MOST_ROWS: i32 = 30;
/// The stylesheet says how large texts are; this is for the plotter alone.
const FONT: (&str, i32) = ("sans-serif", 46);
/// With more points than this only lines are drawn, and the marks that mean something.
const DOTTED_UP_TO: usize = 240;
const DOT: i32 = 6;
const RING: i32 = 11;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Error = DrawingAreaErrorKind<std::io::Error>;

/// A drawing to be put into an `svg` element of this view box.
pub struct Drawn {
    pub width: i32,
    pub height: i32,
    pub shapes: String,
}

/// None where there is nothing to draw. `lap_word` stands beside the numbers of the laps.
pub fn draw(traces: &Traces, lap_word: &str) -> Option<Drawn> {
    let axes = traces.axes.as_ref()?;
    let mut drawing = String::new();
    let plot = Plot::new(traces, axes);
    let drawn = plot.draw(&mut drawing, lap_word);
    // Writing to a string does not fail; should the plotter see that otherwise, there is no chart.
    drawn.inspect_err(|error| error!("a chart can't be drawn: {error}")).ok()?;
    Some(Drawn { width: WIDTH, height: plot.height, shapes: ink::classes(&drawing) })
}

struct Plot<'t> {
    traces: &'t Traces,
    axes: &'t Axes,
    height: i32,
    field: Cartesian2d<RangedCoordf64, RangedCoordf64>,
}

impl<'t> Plot<'t> {
    fn new(traces: &'t Traces, axes: &'t Axes) -> Self {
        let rows =
            i32::try_from(axes.value_ticks.len().max(traces.lines.len())).unwrap_or(MOST_ROWS);
        let height = LEAST_HEIGHT.max(rows.min(MOST_ROWS) * ROW + TOP + BOTTOM);
        let (first, last) = axes.laps;
        let (low, high) = axes.values;
        let field = Cartesian2d::new(
            f64::from(first)..f64::from(last),
            low..high,
            (LEFT..WIDTH - RIGHT, height - BOTTOM..TOP),
        );
        Self { traces, axes, height, field }
    }

    fn draw(&self, drawing: &mut String, lap_word: &str) -> Result<(), Error> {
        let size = (WIDTH.unsigned_abs(), self.height.unsigned_abs());
        let area = SVGBackend::with_string(drawing, size).into_drawing_area();
        self.draw_axes(&area, lap_word)?;
        let has_dots = self.traces.points().count() <= DOTTED_UP_TO;
        // The first in the table is drawn last, on top of the others.
        for trace in self.traces.lines.iter().rev() {
            self.draw_trace(&area, trace, has_dots)?;
        }
        self.draw_names(&area)?;
        area.present()
    }

    fn draw_axes(&self, area: &Area, lap_word: &str) -> Result<(), Error> {
        let (right, bottom) = (WIDTH - RIGHT, self.height - BOTTOM);
        for (value, words) in &self.axes.value_ticks {
            let (_, y) = self.place(f64::from(self.axes.laps.0), *value);
            line(area, Ink::Grid, vec![(LEFT, y), (right, y)])?;
            text(area, Ink::Text, words, (LEFT - 16, y), Pos::new(HPos::Right, VPos::Center))?;
        }
        let below = bottom + 14;
        for (lap, words) in &self.axes.lap_ticks {
            let (x, _) = self.place(f64::from(*lap), self.axes.values.0);
            line(area, Ink::Axis, vec![(x, bottom), (x, bottom + 8)])?;
            text(area, Ink::Text, words, (x, below), Pos::new(HPos::Center, VPos::Top))?;
        }
        text(area, Ink::Text, lap_word, (LEFT - 32, below), Pos::new(HPos::Right, VPos::Top))?;
        line(area, Ink::Axis, vec![(LEFT, bottom), (right, bottom)])
    }

    fn draw_trace(&self, area: &Area, trace: &Trace, has_dots: bool) -> Result<(), Error> {
        for stroke in &trace.strokes {
            let places = stroke.iter().map(|point| self.place_of(point)).collect();
            let is_alone = stroke.len() == 1;
            if !is_alone {
                line(area, trace.ink, places)?;
            }
            for point in stroke {
                self.draw_mark(area, trace.ink, point, has_dots || is_alone)?;
            }
        }
        Ok(())
    }

    fn draw_mark(&self, area: &Area, ink: Ink, point: &Point, dotted: bool) -> Result<(), Error> {
        let (x, y) = self.place_of(point);
        let filled = ink.color().filled();
        match point.mark {
            Mark::Plain if dotted => area.draw(&Circle::new((x, y), DOT, filled)),
            Mark::Plain => Ok(()),
            Mark::Hollow => area.draw(&Circle::new((x, y), RING, ShapeStyle::from(ink.color()))),
            Mark::Above => triangle(area, filled, (x, y), -18),
            Mark::Below => triangle(area, filled, (x, y), 18),
        }
    }

    /// From the end of every line to a place where its name has room.
    fn draw_names(&self, area: &Area) -> Result<(), Error> {
        let mut names: Vec<_> = self
            .traces
            .lines
            .iter()
            .filter_map(|trace| {
                let last = trace.strokes.last()?.last()?;
                let (_, height) = self.place(f64::from(last.lap), trace.end);
                Some((height, self.place_of(last), trace))
            })
            .collect();
        names.sort_by_key(|(height, ..)| *height);
        let mut heights: Vec<_> = names.iter().map(|(height, ..)| *height).collect();
        label::spread(&mut heights, ROW, TOP, self.height - BOTTOM);
        let right = WIDTH - RIGHT + LEADER;
        let (last, before) = (self.axes.laps.1, self.axes.laps.1.saturating_sub(1));
        let lap = self.place(last.into(), 0.0).0 - self.place(before.into(), 0.0).0;
        let longest = LONGEST_LEADER.max(lap);
        for (height, (_, end, trace)) in heights.into_iter().zip(names) {
            // From a line that ended early it would cross all the others.
            if end.0 >= WIDTH - RIGHT - longest {
                line(area, trace.leader, vec![end, (right - 6, height)])?;
            }
            let at = Pos::new(HPos::Left, VPos::Center);
            text(area, trace.ink, &trace.name, (right, height), at)?;
        }
        Ok(())
    }

    fn place_of(&self, point: &Point) -> (i32, i32) {
        self.place(f64::from(point.lap), point.value)
    }

    fn place(&self, lap: f64, value: f64) -> (i32, i32) {
        use plotters::coord::CoordTranslate;
        self.field.translate(&(lap, value))
    }
}

pub(super) fn line(area: &Area, ink: Ink, places: Vec<(i32, i32)>) -> Result<(), Error> {
    area.draw(&PathElement::new(places, ink.color()))
}

fn triangle(area: &Area, style: ShapeStyle, (x, y): (i32, i32), tip: i32) -> Result<(), Error> {
    area.draw(&Polygon::new(vec![(x - 12, y), (x + 12, y), (x, y + tip)], style))
}

pub(super) fn triangle_right(
    area: &Area,
    style: ShapeStyle,
    (x, y): (i32, i32),
) -> Result<(), Error> {
    area.draw(&Polygon::new(vec![(x, y - 12), (x, y + 12), (x + 18, y)], style))
}

pub(super) fn text(
    area: &Area,
    ink: Ink,
    words: &str,
    place: (i32, i32),
    at: Pos,
) -> Result<(), Error> {
    let color = ink.color();
    area.draw_text(words, &TextStyle::from(FONT).color(&color).pos(at), place)
}
