//! How even a driver's laps are within a heat, and whether they fall off.
//!
//! Laps that tell nothing of the pace are set aside, and told:
//! - the first, which begins at a standstill or behind a crowd,
//! - those whose time was computed and not measured,
//! - slow ones (a spin, the pits, a yellow flag): slower than the median by more than 5 % of it, and
//!   by more than three robust standard deviations (1.4826 × the median absolute deviation), so that
//!   a beginner whose every lap is another keeps most of them,
//! - short ones, below three quarters of the median: whoever drove them did not drive the track.
//!
//! The rest is what is summed up.

use crate::event::karting::Lap;

use super::Spread;

/// From so many laps on a heat says something about evenness.
const ENOUGH: usize = 6;
const SLOW_PART: f64 = 0.05;
const SLOW_DEVIATIONS: f64 = 3.0;
/// Makes a median absolute deviation a standard deviation, where times are spread as by chance.
const ROBUST: f64 = 1.4826;
const SHORT_PART: f64 = 0.75;
/// Of the normal distribution, for an interval of 95 %.
const Z: f64 = 1.959_964;

/// The pace of one driver in one heat.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Of the laps that are summed up; none where there is none.
    pub spread: Option<Spread>,
    /// Numbers of the laps that were set aside for being slow.
    pub slow: Vec<i32>,
    /// And for being short.
    pub short: Vec<i32>,
    /// How many were computed, without the first lap.
    pub computed: i64,
    /// From six laps on.
    pub evenness: Option<Evenness>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evenness {
    pub mean_ms: f64,
    /// The standard deviation (with n − 1), milliseconds.
    pub deviation_ms: f64,
    /// 100 × (1 − deviation ÷ mean), per cent: 100 when all laps are the same, 0 at worst.
    pub consistency: f64,
    /// Of a straight line through the laps by least squares, milliseconds a lap: above zero where
    /// laps become slower.
    pub slope_ms: f64,
    /// Where the true slope lies with 95 %, if laps scatter around the line by chance alone.
    pub slope_interval_ms: (f64, f64),
    /// The median of the first third of the laps, rounded down, and of the last.
    pub first_third_ms: i32,
    pub last_third_ms: i32,
}

impl Evenness {
    /// The interval says that laps became slower (1), quicker (−1), or neither (0).
    pub fn direction(&self) -> i8 {
        match self.slope_interval_ms {
            (low, _) if low > 0.0 => 1,
            (_, high) if high < 0.0 => -1,
            _ => 0,
        }
    }
}

/// `laps` of one driver, ascending, without those that officials took away.
pub fn pace(laps: &[Lap]) -> Pace {
    let after_first = laps.iter().filter(|lap| lap.lap > 1 && lap.lap_ms > 0);
    let (exact, computed): (Vec<&Lap>, Vec<&Lap>) = after_first.partition(|lap| lap.error_ms == 0);
    let limits = limits(exact.iter().map(|lap| f64::from(lap.lap_ms)).collect());
    let (mut counted, mut slow, mut short) = (Vec::new(), Vec::new(), Vec::new());
    for lap in exact {
        match (limits, f64::from(lap.lap_ms)) {
            (Some((low, _)), ms) if ms < low => short.push(lap.lap),
            (Some((_, high)), ms) if ms > high => slow.push(lap.lap),
            _ => counted.push((lap.lap, lap.lap_ms)),
        }
    }
    Pace {
        spread: Spread::of(counted.iter().map(|(_, ms)| *ms).collect()),
        slow,
        short,
        computed: i64::try_from(computed.len()).unwrap_or(i64::MAX),
        evenness: evenness(&counted),
    }
}

/// The least and the most that a lap takes that tells something of the pace.
fn limits(mut times: Vec<f64>) -> Option<(f64, f64)> {
    let middle = median(&mut times)?;
    let mut off: Vec<f64> = times.iter().map(|ms| (ms - middle).abs()).collect();
    let deviation = ROBUST * median(&mut off)?;
    let slow = (middle * SLOW_PART).max(deviation * SLOW_DEVIATIONS);
    Some((middle * SHORT_PART, middle + slow))
}

fn evenness(counted: &[(i32, i32)]) -> Option<Evenness> {
    if counted.len() < ENOUGH {
        return None;
    }
    let n = counted.len() as f64;
    let points = || counted.iter().map(|(lap, ms)| (f64::from(*lap), f64::from(*ms)));
    let mean_lap = points().map(|(lap, _)| lap).sum::<f64>() / n;
    let mean_ms = points().map(|(_, ms)| ms).sum::<f64>() / n;
    let sum = |of: fn(f64, f64) -> f64| -> f64 {
        points().map(|(lap, ms)| of(lap - mean_lap, ms - mean_ms)).sum()
    };
    let (laps, times, both) = (sum(|x, _| x * x), sum(|_, y| y * y), sum(|x, y| x * y));
    let deviation_ms = (times / (n - 1.0)).sqrt();
    // Laps have different numbers, so this is never a division by zero.
    let slope_ms = both / laps;
    let left = (times - slope_ms * both).max(0.0);
    let reach = student(n - 2.0) * (left / (n - 2.0) / laps).sqrt();
    let third = counted.len() / 3;
    let times = |of: &[(i32, i32)]| Spread::of(of.iter().map(|(_, ms)| *ms).collect());
    Some(Evenness {
        mean_ms,
        deviation_ms,
        consistency: (100.0 * (1.0 - deviation_ms / mean_ms)).max(0.0),
        slope_ms,
        slope_interval_ms: (slope_ms - reach, slope_ms + reach),
        first_third_ms: times(counted.get(..third)?)?.median,
        last_third_ms: times(counted.get(counted.len() - third..)?)?.median,
    })
}

/// Student's t for an interval of 95 %, by its series in 1 ÷ freedom: to a thousandth from four on.
fn student(freedom: f64) -> f64 {
    let z2 = Z * Z;
    let terms = [
        (z2 + 1.0) / 4.0,
        ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0,
        (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0,
        ((((79.0 * z2 + 776.0) * z2 + 1_482.0) * z2 - 1_920.0) * z2 - 945.0) / 92_160.0,
    ];
    let series = terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom);
    Z * (1.0 + series)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) =
        (values.get((values.len().checked_sub(1)?) / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

#[cfg(test)]
mod tests;
