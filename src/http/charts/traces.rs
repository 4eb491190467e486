//! What a chart shows, as plain data: where every driver's line goes, and how far the axes reach.

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::{Lap, LapSource},
    http::privacy::Privacy,
};

use super::{
    driven::{Driven, MAX_DRIVERS, strokes},
    gaps,
    ink::Ink,
    label, ticks,
    words::ChartWords,
};

/// What is beyond is no position.
const MAX_POSITION: i32 = 100;
/// A time axis spans so much at least, so that thousandths do not look like minutes. Milliseconds.
pub(super) const LEAST_SPAN_MS: f64 = 1_000.0;
/// Between the outermost laps and the edges.
const AIR: f64 = 1.08;
/// Of a line that stands alone.
const MOST_POINTS: usize = 500;
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
    pub lap_ticks: Vec<(i32, String)>,
    pub value_ticks: Vec<(f64, String)>,
}

impl Traces {
    pub fn of_laps(heat: &HeatBoard, names: Privacy) -> Self {
        let point = |lap: &Lap| Some((f64::from(lap.lap_ms.max(0)), mark_of(lap)));
        let mut driven = Driven::of(heat, point);
        let (low, high) = driven.clip();
        let (values, value_ticks) = time_axis(low, high);
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

    /// Gaps to whoever leads, who is on top.
    pub fn of_gaps(heat: &HeatBoard, names: Privacy) -> Self {
        let behind = gaps::behind(heat);
        let point = |lap: &Lap| {
            let gap = *behind.get(&(lap.driver_id, lap.lap))?;
            #[expect(clippy::cast_precision_loss, reason = "the chart is some hundred pixels high")]
            Some((gap as f64, mark_of(lap)))
        };
        let mut driven = Driven::of(heat, point);
        let lowest = driven.clip_gaps().max(LEAST_SPAN_MS) * AIR;
        #[expect(clippy::cast_possible_truncation, reason = "a sum of times of 32 bits")]
        let times = ticks::times(0, lowest as i64, TIME_TICKS);
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let value_ticks = times.into_iter().map(|(ms, words)| match ms {
            0 => (0.0, words),
            _ => (ms as f64, format!("+{words}")),
        });
        let value_ticks = value_ticks.collect();
        let mut traces = Self::of(heat, driven, names, |_| None);
        traces.set_axes((lowest, lowest * (1.0 - AIR) / 2.0), value_ticks);
        traces
    }

    /// One line that goes above zero and below, by lap; it breaks where there is no value.
    pub fn of_difference(name: String, values: &[(i32, Option<i64>)]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "the chart is some hundred pixels high")]
        let point = |(lap, value): &(i32, Option<i64>)| {
            let value = (*value)? as f64;
            (*lap >= 1).then_some(Point { lap: *lap, value, mark: Mark::Plain })
        };
        let points: Vec<Point> = values.iter().filter_map(point).collect();
        let Some(last) = points.last().copied() else { return Self::nothing() };
        let all = || points.iter().map(|point| point.value);
        let (low, high) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        let (middle, half) = (f64::midpoint(low, high), (high - low).max(LEAST_SPAN_MS) / 2.0);
        let values = (middle - half * AIR, middle + half * AIR);
        let trace = Trace {
            name,
            ink: Ink::Driver(0),
            leader: Ink::Leader(0),
            end: last.value,
            strokes: strokes(&points, step_for(&points)),
            laps: 0,
            best_lap_ms: None,
        };
        let mut traces = Self { lines: vec![trace], ..Self::nothing() };
        #[expect(clippy::cast_possible_truncation, reason = "a difference of times of 32 bits")]
        let ticks = ticks::times(values.0 as i64, values.1 as i64, TIME_TICKS);
        traces.set_axes(
            values,
            ticks
                .into_iter()
                .map(|(ms, _)| (ms, ticks::signed(ms)))
                .map(|(ms, words)| (ms as f64, words))
                .collect(),
        );
        traces
    }

    fn nothing() -> Self {
        Self { lines: Vec::new(), axes: None, left_out: 0, step: 1 }
    }

    /// One line: a value a step, the first being 1, `words` under the steps that have some.
    pub fn of_progress(name: String, values: &[i32], lap_ticks: Vec<(i32, String)>) -> Self {
        let points = (1..).zip(values);
        let points = points.map(|(lap, ms)| Point {
            lap,
            value: f64::from((*ms).max(0)),
            mark: Mark::Plain,
        });
        let points: Vec<_> = points.collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Self::nothing();
        };
        let laps = (first.lap, last.lap.max(first.lap + 1));
        let all = || points.iter().map(|point| point.value);
        let (low, high) = (all().fold(first.value, f64::min), all().fold(first.value, f64::max));
        let (values, value_ticks) = time_axis(low, high);
        let trace = Trace {
            name,
            ink: Ink::Driver(0),
            leader: Ink::Leader(0),
            end: last.value,
            strokes: vec![points],
            laps: 0,
            best_lap_ms: None,
        };
        let axes = Some(Axes { laps, values, lap_ticks, value_ticks });
        Self { lines: vec![trace], axes, left_out: 0, step: 1 }
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
            lap_ticks: lap_ticks(first, last),
            values,
            value_ticks,
        });
    }
}

fn mark_of(lap: &Lap) -> Mark {
    match lap.source {
        LapSource::Reconstructed => Mark::Hollow,
        LapSource::Timed | LapSource::Corrected => Mark::Plain,
    }
}

/// Every how manieth point of a line that stands alone is drawn.
fn step_for(points: &[Point]) -> i32 {
    i32::try_from(points.len() / MOST_POINTS + 1).unwrap_or(i32::MAX)
}

fn lap_ticks(first: i32, last: i32) -> Vec<(i32, String)> {
    let ticks = ticks::numbers(first.into(), last.into(), LAP_TICKS).into_iter();
    ticks.filter_map(|lap| Some((i32::try_from(lap).ok()?, lap.to_string()))).collect()
}

/// An axis for times from `low` to `high`, milliseconds, and what stands beside it.
pub(super) fn time_axis(low: f64, high: f64) -> ((f64, f64), Vec<(f64, String)>) {
    let (middle, half) = (f64::midpoint(low, high), (high - low).max(LEAST_SPAN_MS) / 2.0);
    let values = ((middle - half * AIR).max(0.0), middle + half * AIR);
    #[expect(clippy::cast_possible_truncation, reason = "made of whole numbers of 32 bits")]
    let times = ticks::times(values.0 as i64, values.1 as i64, TIME_TICKS);
    #[expect(clippy::cast_precision_loss, reason = "made of whole numbers of 32 bits")]
    let ticks = times.into_iter().map(|(ms, words)| (ms as f64, words));
    (values, ticks.collect())
}

fn position(position: i32) -> Option<f64> {
    (1..=MAX_POSITION).contains(&position).then(|| f64::from(position))
}
