//! What counts in a heat, after each lap of a driver.

use chrono::{DateTime, Utc};

use crate::event::karting::{Lap, LapGap};

/// Half of the crossings tell the first passing within this, or they tell nothing. They are known to
/// 0.4 s on either side.
const SAME_MOMENT_MS: i64 = 1_000;

/// What decides a heat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// A race: who has driven most laps first.
    Laps,
    BestLap,
    BestAverage,
}

impl Counts {
    /// By the race mode of a heat; one that nobody knows is taken for a race.
    pub fn of(race_mode: &str) -> Self {
        match race_mode {
            "best_lap" => Self::BestLap,
            "best_average" => Self::BestAverage,
            _ => Self::Laps,
        }
    }
}

/// What a driver drove in a heat.
#[derive(Clone, Copy, Debug)]
pub struct Driven<'a> {
    /// Ascending, without those that officials took away.
    pub laps: &'a [Lap],
    /// Laps that are known to be missing.
    pub gaps: &'a [LapGap],
}

impl<'a> Driven<'a> {
    /// By lap what counts, milliseconds, the less the better: the sum of all laps, the best one so
    /// far, or the average so far.
    ///
    /// A sum takes laps whose single times are not known with their sum; where that is not known
    /// either, there is none from there on. The others go by the laps that are known.
    pub fn scores(self, counts: Counts) -> Vec<(i32, i64)> {
        match counts {
            Counts::Laps => self.totals(),
            Counts::BestLap => self.folded(i64::MAX, i64::min, |best, _| best),
            Counts::BestAverage => self.folded(0, |sum, ms| sum + ms, |sum, laps| sum / laps),
        }
    }

    /// When the driver crossed the line for the first time, to begin lap 1: nobody tells, but every
    /// crossing since then that is known to some tenths of a second tells it once more, and the
    /// middle of all is closer than each. None where no crossing is known, or they contradict each
    /// other: clocks were set, or a recording was replayed at another speed.
    pub fn first_passing(self) -> Option<DateTime<Utc>> {
        let totals = self.totals();
        let mut told: Vec<i64> = self
            .numbered()
            .filter_map(|(lap, _)| {
                let at = totals.binary_search_by_key(&lap.lap, |(number, _)| *number).ok()?;
                let (_, total) = totals.get(at)?;
                lap.crossed_at?.timestamp_millis().checked_sub(*total)
            })
            .collect();
        told.sort_unstable();
        let at = |quarters: usize| told.get(told.len() * quarters / 4).copied();
        let (quarter, middle, three_quarters) = (at(1)?, at(2)?, at(3)?);
        let is_one_moment = three_quarters.saturating_sub(quarter) <= SAME_MOMENT_MS;
        is_one_moment.then(|| DateTime::from_timestamp_millis(middle)).flatten()
    }

    fn numbered(self) -> impl Iterator<Item = (&'a Lap, i64)> {
        let laps = self.laps.iter().filter(|lap| lap.lap >= 1);
        laps.map(|lap| (lap, i64::from(lap.lap_ms.max(0))))
    }

    fn folded(
        self,
        start: i64,
        fold: impl Fn(i64, i64) -> i64,
        score: impl Fn(i64, i64) -> i64,
    ) -> Vec<(i32, i64)> {
        let mut folded = start;
        let scored = (1..).zip(self.numbered()).map(|(laps, (lap, ms))| {
            folded = fold(folded, ms);
            (lap.lap, score(folded, laps))
        });
        scored.collect()
    }

    fn totals(self) -> Vec<(i32, i64)> {
        let (mut totals, mut next, mut total) = (Vec::new(), 1, 0_i64);
        for (lap, ms) in self.numbered() {
            if lap.lap != next {
                let fills = |gap: &&LapGap| {
                    gap.first_lap == next && gap.last_lap.checked_add(1) == Some(lap.lap)
                };
                let hole = self.gaps.iter().find(fills);
                let Some(missing_ms) = hole.and_then(|gap| gap.total_ms) else { break };
                total = total.saturating_add(missing_ms.max(0));
            }
            total = total.saturating_add(ms);
            totals.push((lap.lap, total));
            next = lap.lap.saturating_add(1);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{gap, lap, laps},
        *,
    };

    #[test]
    fn scores_are_what_counts_after_each_lap() {
        let laps = laps(&[50_000, 40_000, 42_000]);
        let scores = |counts| Driven { laps: &laps, gaps: &[] }.scores(counts);
        assert_eq!(scores(Counts::Laps), [(1, 50_000), (2, 90_000), (3, 132_000)]);
        assert_eq!(scores(Counts::BestLap), [(1, 50_000), (2, 40_000), (3, 40_000)]);
        assert_eq!(scores(Counts::BestAverage), [(1, 50_000), (2, 45_000), (3, 44_000)]);
    }

    #[test]
    fn sum_goes_over_a_hole_whose_sum_is_known_and_ends_at_another() {
        let laps = [lap(1, 50_000), lap(4, 40_000), lap(6, 41_000)];
        let gaps = [gap(2, 3, Some(85_000)), gap(5, 5, None)];
        let driven = Driven { laps: &laps, gaps: &gaps };
        assert_eq!(driven.scores(Counts::Laps), [(1, 50_000), (4, 175_000)]);
        assert_eq!(driven.scores(Counts::BestLap).len(), 3);
        let late = [lap(3, 50_000)];
        assert_eq!(Driven { laps: &late, gaps: &[] }.scores(Counts::Laps), []);
    }

    #[test]
    fn first_passing_is_the_middle_of_what_the_crossings_tell() {
        let mut laps = laps(&[50_000, 40_000, 42_000, 41_000]);
        assert_eq!(Driven { laps: &laps, gaps: &[] }.first_passing(), None);
        // From a first passing at 1,000,000: 0.3 s late, on time, and 0.1 s early.
        for (lap, at_ms) in [(0, 1_050_300), (2, 1_132_000), (3, 1_172_900)] {
            laps[lap].crossed_at = DateTime::from_timestamp_millis(at_ms);
        }
        let first = Driven { laps: &laps, gaps: &[] }.first_passing().unwrap();
        assert_eq!(first.timestamp_millis(), 1_000_000);
        // Twice as fast as it was.
        for (lap, at_ms) in [(0, 25_000), (1, 45_000), (2, 66_000), (3, 86_500)] {
            laps[lap].crossed_at = DateTime::from_timestamp_millis(at_ms);
        }
        assert_eq!(Driven { laps: &laps, gaps: &[] }.first_passing(), None);
    }
}
