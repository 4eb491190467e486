//! How quick each kart really is, corrected for who drove it and when.
//!
//! A stint's time is taken to be the sum of what the driver can on that day, what the heat was like
//! (a wet track, a crowd, a party on its second go), what the kart is worth, and chance:
//!
//! ```text
//! time of the stint = driver on the day + heat + kart + chance
//! ```
//!
//! The driver counts for a day and not for ever, because names are not identities and people learn.
//! The heat counts because all who drive in it share it. Every stint weighs the same, since what
//! makes two stints of one driver differ is hardly the number of laps; those of fewer than
//! [`LEAST_LAPS`] are left out. Outliers lose weight as Huber proposed. `docs/karts.md` is for people.

mod design;
mod solve;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use nalgebra::{DMatrix, DVector};

use design::Design;
use solve::{Normal, Solution, Span};

/// The first lap of a heat is from a standing start and in no median, and the middle of fewer than
/// three others is chance.
pub const LEAST_LAPS: i32 = 4;
/// A track has some dozens; the time to compare them grows with the third power.
const MOST_KARTS: usize = 200;

/// Residuals within so many times their usual size count in full: 95 % as good as least squares
/// where there are no outliers.
const HUBER: f64 = 1.345;
/// The median of absolute deviations of a normal distribution, as a share of its standard deviation.
const MAD: f64 = 0.674_489_75;
/// Lap times have no finer step, milliseconds.
const FINEST_MS: f64 = 1.0;
/// The usual size of residuals is looked at anew in so many rounds; were it for ever, it and the
/// weights could go round in circles.
const SCALE_ROUNDS: usize = 10;
const ROUNDS: usize = 100;
/// Effects that move by less have settled, milliseconds.
const SETTLED_MS: f64 = 1e-3;

/// What a driver did with a kart in a heat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stint<'a> {
    pub heat: i64,
    /// The entry in the heat.
    pub driver_id: i64,
    /// Equal names on one day are one person, unless they meet in one heat. Empty: nobody known.
    pub name: &'a str,
    /// Empty: no kart known; such a stint tells nothing.
    pub kart: &'a str,
    /// At the track.
    pub day: NaiveDate,
    pub laps: i32,
    pub best_ms: i32,
    pub median_ms: i32,
}

/// By which time of a stint karts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Median,
    Best,
}

/// The karts of a track, compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KartModel {
    /// The quickest first.
    pub karts: Vec<KartEffect>,
    /// Karts that cannot be compared with those: nobody drove one of them and then another.
    pub apart: Vec<String>,
    /// Stints that took part.
    pub stints: usize,
    /// How much two goes of one driver differ by chance: the standard deviation, milliseconds; none
    /// where there is not one stint more than it takes to compare at all.
    pub scatter_ms: Option<f64>,
}

/// What a kart is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct KartEffect {
    pub kart: String,
    /// Milliseconds a lap against the average kart, below zero for a quick one. The average is over
    /// the stints that took part: the kart that a driver gets on average.
    pub effect_ms: f64,
    /// None where there is nothing to tell chance by.
    pub error: Option<EffectError>,
    /// Stints that took part, their drivers (anew each day), and laps.
    pub stints: usize,
    pub drivers: usize,
    pub laps: i64,
}

/// How far the truth may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectError {
    pub standard_error_ms: f64,
    /// In 95 of 100 cases the truth is from here,
    pub low_ms: f64,
    /// to here.
    pub high_ms: f64,
}

/// Compares the karts of these stints, all of one track.
pub fn compare_karts(stints: &[Stint<'_>], measure: Measure) -> KartModel {
    let design = Design::of(stints, measure, MOST_KARTS);
    let plain = Normal::of(&design, &vec![1.0; design.drives.len()]);
    let span = Span::of(&plain.information);
    let compared = design.largest(span.classes());
    if compared.is_empty() {
        return KartModel { apart: design.apart(&[]), ..KartModel::default() };
    }
    let spare = design.drives.len().saturating_sub(design.free() + span.rank());
    let settled = settle(&design, &span, plain.solve(&design, &span), spare);
    let chance_ms = spread(&settled, spare);
    let mut karts = effects(stints, &design, &compared, &settled.effects);
    if let Some(chance_ms) = chance_ms {
        let covariance = span.inverse() * chance_ms.powi(2);
        let shares = design.shares(&compared);
        for (effect, kart) in karts.iter_mut().zip(&compared) {
            let error_ms = error_ms(&covariance, &shares, *kart);
            let margin_ms = error_ms * student_95(spare);
            effect.error = Some(EffectError {
                standard_error_ms: error_ms,
                low_ms: effect.effect_ms - margin_ms,
                high_ms: effect.effect_ms + margin_ms,
            });
        }
    }
    karts.sort_by(|a, b| a.effect_ms.total_cmp(&b.effect_ms).then_with(|| a.kart.cmp(&b.kart)));
    let stints = karts.iter().map(|kart| kart.stints).sum();
    KartModel { karts, apart: design.apart(&compared), stints, scatter_ms: chance_ms }
}

/// Takes weight from outliers until nothing moves any more. `spare` counts the stints beyond those
/// that it takes to compare at all.
fn settle(design: &Design<'_>, span: &Span, plain: Solution, spare: usize) -> Solution {
    let mut solution = plain;
    if spare == 0 {
        return solution;
    }
    let mut full_ms = 0.0;
    for round in 0..ROUNDS {
        if round < SCALE_ROUNDS {
            full_ms = full_ms_of(&solution.residuals, spare);
        }
        let weights = weights(&solution.residuals, full_ms);
        let next = Normal::of(design, &weights).solve(design, span);
        let moved_ms = (&next.effects - &solution.effects).amax();
        solution = next;
        if moved_ms < SETTLED_MS && round >= SCALE_ROUNDS {
            break;
        }
    }
    solution
}

/// What each residual still counts.
fn weights(residuals: &[f64], full_ms: f64) -> Vec<f64> {
    residuals.iter().map(|residual| (full_ms / residual.abs()).min(1.0)).collect()
}

/// Up to which size a residual counts in full. What is usual is told by their middle, which outliers
/// do not move; fitted values lie closer to their stints than the truth does, by what the fit was free
/// to choose.
fn full_ms_of(residuals: &[f64], spare: usize) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let middle_ms = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
    HUBER * (middle_ms / MAD * (count(residuals.len()) / count(spare)).sqrt()).max(FINEST_MS)
}

/// By how much stints differ by chance, as Huber's estimate of effects sees it: the deviation to
/// multiply the errors of plain least squares with.
fn spread(settled: &Solution, spare: usize) -> Option<f64> {
    if spare == 0 {
        return None;
    }
    let residuals = &settled.residuals;
    let full_ms = full_ms_of(residuals, spare);
    let clipped = residuals.iter().map(|residual| residual.clamp(-full_ms, full_ms).powi(2));
    let (all, free) = (count(residuals.len()), count(residuals.len() - spare));
    let in_full =
        count(residuals.iter().filter(|residual| residual.abs() <= full_ms).count()) / all;
    let correction = 1.0 + free / all * (1.0 - in_full) / in_full;
    Some(correction * (clipped.sum::<f64>() / count(spare)).sqrt() / in_full)
}

/// Against the average of the compared karts, without errors, in their order.
fn effects(
    stints: &[Stint<'_>],
    design: &Design<'_>,
    compared: &[usize],
    effects: &DVector<f64>,
) -> Vec<KartEffect> {
    let average_ms = design.shares(compared).dot(effects);
    let effect = |kart: &usize| {
        let of_kart = || design.drives.iter().filter(|drive| drive.kart == *kart);
        let mut drivers: Vec<_> = of_kart().map(|drive| (drive.block, drive.driver)).collect();
        drivers.sort_unstable();
        drivers.dedup();
        KartEffect {
            kart: design.karts[*kart].to_owned(),
            effect_ms: effects[*kart] - average_ms,
            error: None,
            stints: of_kart().count(),
            drivers: drivers.len(),
            laps: of_kart().map(|drive| i64::from(stints[drive.stint].laps)).sum(),
        }
    };
    compared.iter().map(effect).collect()
}

/// Of the difference between a kart and the average.
fn error_ms(covariance: &DMatrix<f64>, shares: &DVector<f64>, kart: usize) -> f64 {
    let mut contrast = -shares;
    contrast[kart] += 1.0;
    contrast.dot(&(covariance * &contrast)).max(0.0).sqrt()
}

/// So many standard errors hold the truth in 95 of 100 cases: Student's t, to three digits.
fn student_95(spare: usize) -> f64 {
    const FEW: [f64; 4] = [12.706, 4.303, 3.182, 2.776];
    match spare {
        1..=4 => FEW[spare - 1],
        _ => {
            let n = count(spare);
            1.96 + 2.372 / n + 2.82 / n.powi(2) + 2.56 / n.powi(3)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no track has 2^52 stints")]
fn count(number: usize) -> f64 {
    number as f64
}
