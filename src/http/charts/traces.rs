//! What a chart shows, as plain data: where every driver's line goes, and how far the axes reach.

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::{Lap, LapSource},
    http::privacy::Privacy,
};

use super::{ink::Ink, label, ticks, words::ChartWords};

/// More lines than there are inks would say nothing.
const MAX_DRIVERS: usize = Ink::DRIVERS as usize;
/// What all lines together may weigh, in points of a line: some ten bytes each.
const MAX_WEIGHT: usize = 2_000;
const WEIGHT_OF_STROKE: usize = 5;
const WEIGHT_OF_MARK: usize = 6;
/// What is beyond is no position.
const MAX_POSITION: i32 = 100;
/// Laps beyond these parts of the middle lap are drawn at the edge: one stop of two minutes would
/// squash all that is interesting.
const QUICKEST: f64 = 0.75;
const SLOWEST: f64 = 1.3;
/// A time axis spans so much at least, so that thousandths do not look like minutes. Milliseconds.
const LEAST_SPAN_MS: f64 = 1_000.0;
/// Between the outermost laps and the edges.
const AIR: f64 = 1.08;
const LAP_TICKS: i64 = 12;
const TIME_TICKS: i64 = 7;
const POSITION_TICKS: i64 = 24;

/// All lines of a chart.
pub struct Traces {
    /// In the order of the table.
    pub lines: Vec<Trace>,
    /// None where there is nothing to draw.
    pub axes: Option<Axes>,
    /// How many more drivers have laps.
    pub left_out: usize,
    /// Every how manieth lap is drawn.
    pub step: i32,
}

/// The line of one driver.
pub struct Trace {
    pub name: String,
    pub ink: Ink,
    pub leader: Ink,
    /// Without a lap missing inside; each has a point.
    pub strokes: Vec<Vec<Point>>,
    /// The value beside which the name stands.
    pub end: f64,
    /// By the venue's count.
    laps: i32,
    best_lap_ms: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub lap: i32,
    /// Milliseconds, or a position.
    pub value: f64,
    pub mark: Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Plain,
    /// A time that was computed.
    Hollow,
    /// Off the scale, drawn at its upper or lower edge.
    Above,
    Below,
}

pub struct Axes {
    /// The first and the last lap; they differ.
    pub laps: (i32, i32),
    /// The values at the bottom and at the top; they differ.
    pub values: (f64, f64),
    pub lap_ticks: Vec<i64>,
    pub value_ticks: Vec<(f64, String)>,
}

impl Traces {
    pub fn of_laps(heat: &HeatBoard, names: Privacy) -> Self {
        let point = |lap: &Lap| {
            let mark = match lap.source {
                LapSource::Reconstructed => Mark::Hollow,
                LapSource::Timed | LapSource::Corrected => Mark::Plain,
            };
            Some((f64::from(lap.lap_ms.max(0)), mark))
        };
        let mut driven = Driven::of(heat, point);
        let (low, high) = driven.clip();
        let (middle, half) = (f64::midpoint(low, high), (high - low).max(LEAST_SPAN_MS) / 2.0);
        let values = ((middle - half * AIR).max(0.0), middle + half * AIR);
        #[expect(clippy::cast_possible_truncation, reason = "made of whole numbers of 32 bits")]
        let times = ticks::times(values.0 as i64, values.1 as i64, TIME_TICKS);
        #[expect(clippy::cast_precision_loss, reason = "made of whole numbers of 32 bits")]
        let value_ticks = times.into_iter().map(|(ms, words)| (ms as f64, words)).collect();
        let mut traces = Self::of(heat, driven, names, |_| None);
        traces.set_axes(values, value_ticks);
        traces
    }

    pub fn of_positions(heat: &HeatBoard, names: Privacy) -> Self {
        let places = heat.places();
        let point = |lap: &Lap| {
            let place = *places.get(&(lap.driver_id, lap.lap))?;
            Some((position(place)?, Mark::Plain))
        };
        // Who was passed after the last lap stands below the end of the line.
        let end = |line: &Line| position(line.standing.position);
        let mut traces = Self::of(heat, Driven::of(heat, point), names, end);
        let ends = traces.lines.iter().map(|line| line.end);
        let lowest = traces.points().map(|point| point.value).chain(ends).fold(2.0, f64::max);
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_POSITION")]
        let ticks = ticks::numbers(1, lowest as i64, POSITION_TICKS);
        #[expect(clippy::cast_precision_loss, reason = "at most MAX_POSITION")]
        let value_ticks = ticks.into_iter().map(|n| (n as f64, n.to_string())).collect();
        traces.set_axes((lowest + 0.5, 0.5), value_ticks);
        traces
    }

    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.lines.iter().flat_map(|line| line.strokes.iter().flatten())
    }

    pub fn has(&self, mark: Mark) -> bool {
        self.points().any(|point| point.mark == mark)
    }

    /// For those who don't see it.
    pub fn in_words(&self, words: &ChartWords) -> String {
        let lines = self.lines.iter().map(|line| {
            let best = line.best_lap_ms.map_or("–".to_owned(), |ms| ticks::time(ms.into(), 3));
            (words.summary)(&line.name, line.laps, &best)
        });
        lines.collect::<Vec<_>>().join("; ")
    }

    /// `end`: where the name stands, if not beside the last lap.
    fn of(
        heat: &HeatBoard,
        driven: Driven,
        names: Privacy,
        end: impl Fn(&Line) -> Option<f64>,
    ) -> Self {
        // Colours go by the driver's id: they stay when positions change.
        let mut ids: Vec<_> = heat.lines.iter().map(|line| line.standing.driver_id).collect();
        ids.sort_unstable();
        let shown = driven.lines.iter().map(|(line, _)| names.show(line.standing.name.trim()));
        let shown: Vec<_> = shown.map(|name| (label::short(&name, None), name)).collect();
        let step = driven.step_within_weight();
        let lines =
            driven.lines.iter().zip(&shown).filter_map(|((line, points), (label, name))| {
                let standing = &line.standing;
                let nth = ids.partition_point(|id| *id < standing.driver_id) % MAX_DRIVERS;
                let nth = u8::try_from(nth).ok()?;
                let is_shared = shown.iter().filter(|(other, _)| other == label).count() > 1;
                Some(Trace {
                    name: match is_shared {
                        true => label::short(name, Some(&standing.kart)),
                        false => label.clone(),
                    },
                    ink: Ink::Driver(nth),
                    leader: Ink::Leader(nth),
                    strokes: strokes(points, step),
                    end: end(line).or_else(|| Some(points.last()?.value))?,
                    laps: standing.laps,
                    best_lap_ms: standing.best_lap_ms,
                })
            });
        Self { lines: lines.collect(), axes: None, left_out: driven.left_out, step }
    }

    fn set_axes(&mut self, values: (f64, f64), value_ticks: Vec<(f64, String)>) {
        let laps = || self.points().map(|point| point.lap);
        let (Some(first), Some(last)) = (laps().min(), laps().max()) else { return };
        self.axes = Some(Axes {
            laps: if first < last { (first, last) } else { (first - 1, last) },
            lap_ticks: ticks::numbers(first.into(), last.into(), LAP_TICKS),
            values,
            value_ticks,
        });
    }
}

fn position(position: i32) -> Option<f64> {
    (1..=MAX_POSITION).contains(&position).then(|| f64::from(position))
}

/// The points of those who are drawn.
struct Driven<'h> {
    /// In the order of the table; each has a point.
    lines: Vec<(&'h Line, Vec<Point>)>,
    left_out: usize,
}

impl<'h> Driven<'h> {
    /// `point`: what is drawn of a lap, if anything.
    fn of(heat: &'h HeatBoard, point: impl Fn(&Lap) -> Option<(f64, Mark)>) -> Self {
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
    fn clip(&mut self) -> (f64, f64) {
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

    /// The least step, doubled again and again, with which the lines are light enough.
    fn step_within_weight(&self) -> i32 {
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
fn strokes(points: &[Point], step: i32) -> Vec<Vec<Point>> {
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
