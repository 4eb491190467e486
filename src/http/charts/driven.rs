//! Which points of a heat are drawn: as many as there is room for, none out of all proportion.

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::Lap,
};

use super::{
    ink::Ink,
    traces::{LEAST_SPAN_MS, Mark, Point},
};

/// More lines than there are inks would say nothing.
pub const MAX_DRIVERS: usize = Ink::DRIVERS as usize;
/// What all lines together may weigh, in points of a line: some ten bytes each.
const MAX_WEIGHT: usize = 2_000;
const WEIGHT_OF_STROKE: usize = 5;
const WEIGHT_OF_MARK: usize = 6;
/// Laps beyond these parts of the middle lap are drawn at the edge: one stop of two minutes would
/// squash all that is interesting.
const QUICKEST: f64 = 0.75;
const SLOWEST: f64 = 1.3;
/// Gaps beyond so many times those of three drivers in four are drawn at the edge.
const FAR_BEHIND: f64 = 3.0;

/// The points of those who are drawn.
pub struct Driven<'h> {
    /// In the order of the table; each has a point.
    pub lines: Vec<(&'h Line, Vec<Point>)>,
    /// How many more drivers have points.
    pub left_out: usize,
}

impl<'h> Driven<'h> {
    /// `point`: what is drawn of a lap, if anything.
    pub fn of(heat: &'h HeatBoard, point: impl Fn(&Lap) -> Option<(f64, Mark)>) -> Self {
        let points_of = |line: &Line| -> Vec<Point> {
            let laps = line.laps.iter().filter(|lap| lap.lap >= 1);
            let points = laps.map(|lap| {
                let (value, mark) = point(lap)?;
                Some(Point { lap: lap.lap, value, mark })
            });
            points.flatten().collect()
        };
        let lines = heat.lines.iter().map(|line| (line.as_ref(), points_of(line)));
        let mut lines: Vec<_> = lines.filter(|(_, points)| !points.is_empty()).collect();
        let left_out = lines.len().saturating_sub(MAX_DRIVERS);
        lines.truncate(MAX_DRIVERS);
        Self { lines, left_out }
    }

    /// Moves what is far off the middle beside the outermost of the others, and marks it. Those two.
    pub fn clip(&mut self) -> (f64, f64) {
        let all = self.lines.iter().flat_map(|(_, points)| points);
        let mut values: Vec<_> = all.map(|point| point.value).collect();
        if values.is_empty() {
            return (0.0, 0.0);
        }
        let half = values.len() / 2;
        let middle = *values.select_nth_unstable_by(half, f64::total_cmp).1;
        let usual = |value: &f64| (middle * QUICKEST..=middle * SLOWEST).contains(value);
        let others = values.into_iter().filter(usual);
        let (low, high) =
            others.fold((middle, middle), |(low, high), value| (low.min(value), high.max(value)));
        for point in self.lines.iter_mut().flat_map(|(_, points)| points) {
            point.mark = match point.value {
                value if value > high => Mark::Above,
                value if value < low => Mark::Below,
                _ => point.mark,
            };
            point.value = point.value.clamp(low, high);
        }
        (low, high)
    }

    /// Moves gaps that are out of all proportion to the edge, and marks them. That edge.
    pub fn clip_gaps(&mut self) -> f64 {
        let all = self.lines.iter().flat_map(|(_, points)| points);
        let mut values: Vec<_> = all.map(|point| point.value).collect();
        if values.is_empty() {
            return 0.0;
        }
        let at = values.len() * 3 / 4;
        let most = values.select_nth_unstable_by(at, f64::total_cmp).1.max(LEAST_SPAN_MS);
        let usual = values.iter().filter(|value| **value <= most * FAR_BEHIND);
        let lowest = usual.copied().fold(0.0, f64::max);
        for point in self.lines.iter_mut().flat_map(|(_, points)| points) {
            if point.value > lowest {
                // The axis points down.
                (point.value, point.mark) = (lowest, Mark::Below);
            }
        }
        lowest
    }

    /// The least step, doubled again and again, with which the lines are light enough.
    pub fn step_within_weight(&self) -> i32 {
        let mut step = 1;
        let weight = |step| -> usize {
            let strokes = self.lines.iter().flat_map(|(_, points)| strokes(points, step));
            strokes.map(|stroke| WEIGHT_OF_STROKE + weight(&stroke)).sum()
        };
        // Beyond that step only the first and the last lap are left.
        while weight(step) > MAX_WEIGHT && step < i32::MAX / 2 {
            step *= 2;
        }
        step
    }
}

/// The points of every so manieth lap and of the last one, broken where a lap is missing.
pub fn strokes(points: &[Point], step: i32) -> Vec<Vec<Point>> {
    let (mut strokes, mut is_broken, mut before) = (Vec::<Vec<Point>>::new(), true, None);
    for (nth, point) in points.iter().enumerate() {
        is_broken |= before.is_none_or(|before| point.lap - 1 != before);
        before = Some(point.lap);
        if (point.lap - 1) % step != 0 && nth + 1 != points.len() {
            continue;
        }
        match strokes.last_mut().filter(|_| !is_broken) {
            Some(stroke) => stroke.push(*point),
            None => strokes.push(vec![*point]),
        }
        is_broken = false;
    }
    strokes
}

fn weight(stroke: &[Point]) -> usize {
    stroke.iter().map(|point| if point.mark == Mark::Plain { 1 } else { WEIGHT_OF_MARK }).sum()
}
