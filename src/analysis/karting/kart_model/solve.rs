//! Least squares for tens of thousands of drivers and heats, and some dozens of karts.
//!
//! Drivers are eliminated one by one, then the heats of each block, so that what is left to solve is
//! karts by karts. What comes out is what the whole system of equations would give.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn, SymmetricEigen};

use super::design::{Block, Design, Drive};

/// Below this share of the largest, an eigenvalue is zero.
const ZERO: f64 = 1e-10;
/// Projections that differ by less are the same.
const SAME: f64 = 1e-6;

/// The normal equations of the karts alone, and the way back to heats and drivers.
pub(super) struct Normal {
    /// Karts by karts: what the stints tell of each and of their differences.
    pub information: DMatrix<f64>,
    right: DVector<f64>,
    weights: Vec<f64>,
    blocks: Vec<Eliminated>,
}

/// The heats of a block but the first, which is the measure of the others.
struct Eliminated {
    heats: Option<Cholesky<f64, Dyn>>,
    with_karts: DMatrix<f64>,
    right: DVector<f64>,
}

pub(super) struct Solution {
    /// By kart; only differences mean something.
    pub effects: DVector<f64>,
    /// By drive: what is left to chance.
    pub residuals: Vec<f64>,
}

/// Which differences of karts the stints tell at all: it does not depend on weights.
pub(super) struct Span {
    /// Onto what they do not tell.
    blind: DMatrix<f64>,
    inverse: DMatrix<f64>,
    rank: usize,
}

impl Normal {
    /// `weights` are above zero, one for each drive.
    pub fn of(design: &Design<'_>, weights: &[f64]) -> Self {
        let karts = design.karts.len();
        let mut normal = Self {
            information: DMatrix::zeros(karts, karts),
            right: DVector::zeros(karts),
            weights: weights.to_vec(),
            blocks: Vec::with_capacity(design.blocks.len()),
        };
        for block in &design.blocks {
            let eliminated = normal.eliminate(design, block);
            normal.blocks.push(eliminated);
        }
        normal
    }

    /// Takes the drivers out of the equations of a block, then its heats.
    fn eliminate(&mut self, design: &Design<'_>, block: &Block) -> Eliminated {
        let (heats, karts) = (block.heats - 1, design.karts.len());
        let mut among_heats = DMatrix::zeros(heats, heats);
        let mut with_karts = DMatrix::zeros(heats, karts);
        let mut right = DVector::zeros(heats);
        for driver in &block.drivers {
            let (drives, weights) = (&design.drives[driver.clone()], &self.weights[driver.clone()]);
            let all: f64 = weights.iter().sum();
            let average_ms = average_ms(drives, weights);
            for (one, &weight) in drives.iter().zip(weights) {
                let off_ms = weight * (one.time_ms - average_ms);
                self.right[one.kart] += off_ms;
                if let Some(heat) = one.heat.checked_sub(1) {
                    right[heat] += off_ms;
                }
                for (other, &other_weight) in drives.iter().zip(weights) {
                    let itself = if std::ptr::eq(one, other) { weight } else { 0.0 };
                    let common = itself - weight * other_weight / all;
                    self.information[(one.kart, other.kart)] += common;
                    let Some(heat) = one.heat.checked_sub(1) else { continue };
                    with_karts[(heat, other.kart)] += common;
                    if let Some(other_heat) = other.heat.checked_sub(1) {
                        among_heats[(heat, other_heat)] += common;
                    }
                }
            }
        }
        // Positive definite, since a block hangs together and its first heat is fixed; only a block
        // of one heat has nothing to eliminate.
        let heats = Cholesky::new(among_heats).filter(|_| heats > 0);
        if let Some(heats) = &heats {
            self.information -= with_karts.tr_mul(&heats.solve(&with_karts));
            self.right -= with_karts.tr_mul(&heats.solve(&right));
        }
        Eliminated { heats, with_karts, right }
    }

    pub fn solve(&self, design: &Design<'_>, span: &Span) -> Solution {
        let effects = span.solve(&self.information, &self.right);
        let mut residuals = vec![0.0; design.drives.len()];
        for (block, eliminated) in design.blocks.iter().zip(&self.blocks) {
            let heats = eliminated
                .heats
                .as_ref()
                .map(|heats| heats.solve(&(&eliminated.right - &eliminated.with_karts * &effects)));
            let heat_ms = |heat: usize| match (&heats, heat.checked_sub(1)) {
                (Some(heats), Some(heat)) => heats[heat],
                _ => 0.0,
            };
            for driver in &block.drivers {
                let drives = &design.drives[driver.clone()];
                let weights = &self.weights[driver.clone()];
                let off = |drive: &Drive| drive.time_ms - heat_ms(drive.heat) - effects[drive.kart];
                let all: f64 = weights.iter().sum();
                let own: f64 =
                    drives.iter().zip(weights).map(|(one, weight)| off(one) * weight).sum();
                for (residual, drive) in residuals[driver.clone()].iter_mut().zip(drives) {
                    *residual = off(drive) - own / all;
                }
            }
        }
        Solution { effects, residuals }
    }
}

fn average_ms(drives: &[Drive], weights: &[f64]) -> f64 {
    let sum: f64 = drives.iter().zip(weights).map(|(drive, weight)| drive.time_ms * weight).sum();
    sum / weights.iter().sum::<f64>()
}

impl Span {
    pub fn of(information: &DMatrix<f64>) -> Self {
        let karts = information.nrows();
        let mut span = Self {
            blind: DMatrix::zeros(karts, karts),
            inverse: DMatrix::zeros(karts, karts),
            rank: 0,
        };
        if karts == 0 {
            return span;
        }
        let SymmetricEigen { eigenvectors, eigenvalues } = information.clone().symmetric_eigen();
        let zero = ZERO * eigenvalues.iter().fold(1.0, |most: f64, value| most.max(*value));
        for (vector, value) in eigenvectors.column_iter().zip(&eigenvalues) {
            let onto = vector * vector.transpose();
            if *value > zero {
                span.rank += 1;
                span.inverse += onto / *value;
            } else {
                span.blind += onto;
            }
        }
        span
    }

    pub fn rank(&self) -> usize {
        self.rank
    }

    /// For differences that are told, of the information with even weights.
    pub fn inverse(&self) -> &DMatrix<f64> {
        &self.inverse
    }

    /// Karts whose differences are told: two are in one class when what is not told is the same of
    /// both.
    pub fn classes(&self) -> Vec<Vec<usize>> {
        let mut classes: Vec<Vec<usize>> = Vec::new();
        for kart in 0..self.blind.ncols() {
            let is_like = |class: &&mut Vec<usize>| {
                let [first, ..] = class.as_slice() else { return false };
                (self.blind.column(*first) - self.blind.column(kart)).amax() < SAME
            };
            match classes.iter_mut().find(is_like) {
                Some(class) => class.push(kart),
                None => classes.push(vec![kart]),
            }
        }
        classes
    }

    fn solve(&self, information: &DMatrix<f64>, right: &DVector<f64>) -> DVector<f64> {
        // What is not told is set to zero: the sum is positive definite.
        let scale = information.diagonal().amax().max(1.0);
        let whole = information + &self.blind * scale;
        let solved = Cholesky::new(whole).map(|whole| whole.solve(right));
        solved.unwrap_or_else(|| &self.inverse * right)
    }
}
