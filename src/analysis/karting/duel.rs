//! Two drivers of a heat, side by side.

use crate::event::karting::Lap;

use super::{Counts, Driven};

/// Sums of laps are moved to the clock by crossings that are known to some tenths of a second: of
/// karts so close the places in the venue's table tell better who was ahead.
const CLOSE_MS: i64 = 500;
/// So many laps are told as those from which the gap came.
const DECISIVE: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    A,
    B,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What became of two drivers. All differences are B minus A, milliseconds: above zero A is ahead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duel {
    /// Ascending, every lap that one of them drove.
    pub laps: Vec<DuelLap>,
    /// Laps that each was quicker in, of those that both drove.
    pub won_by_a: i64,
    pub won_by_b: i64,
    /// Of the laps of both, the few that made the largest differences, the largest first.
    pub decisive: Vec<i32>,
    /// Every change of who was ahead, by the lap after which it was seen.
    pub overtakes: Vec<(i32, Side)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuelLap {
    pub lap: i32,
    pub a_ms: Option<i32>,
    pub b_ms: Option<i32>,
    /// Of this lap alone.
    pub difference_ms: Option<i64>,
    /// After this lap, of what counts in the heat: in a race of the moments in which they crossed
    /// the line, else of their bests or averages so far.
    pub gap_ms: Option<i64>,
    /// None where it is not known, or they were level.
    pub ahead: Option<Side>,
}

/// Two drivers of a heat in which that counts.
///
/// In a race the gap is known where the sums of both are (see [`Driven::scores`]). Each sum begins
/// with the kart's own first passing, which the crossings tell ([`Driven::first_passing`]); without
/// them the two are compared as if they had begun together. So in a race the gap as a whole may be
/// some tenths of a second off, while what it changed by from lap to lap is exact.
pub fn duel(a: Driven<'_>, b: Driven<'_>, counts: Counts) -> Duel {
    let is_race = counts == Counts::Laps;
    let head_start = match (is_race, a.first_passing(), b.first_passing()) {
        (true, Some(a), Some(b)) => (b - a).num_milliseconds(),
        _ => 0,
    };
    let scores = [a.scores(counts), b.scores(counts)];
    let mut numbers: Vec<i32> = a.laps.iter().chain(b.laps).map(|lap| lap.lap).collect();
    numbers.retain(|lap| *lap >= 1);
    numbers.sort_unstable();
    numbers.dedup();
    let laps: Vec<_> = numbers
        .into_iter()
        .map(|number| {
            let (of_a, of_b) = (find(a.laps, number), find(b.laps, number));
            let gap_ms = score(&scores[1], number)
                .zip(score(&scores[0], number))
                .map(|(b, a)| b.saturating_sub(a).saturating_add(head_start));
            let by_place = || {
                let places = of_a?.position.zip(of_b?.position)?;
                side(i64::from(places.1) - i64::from(places.0))
            };
            let by_gap = gap_ms.and_then(side);
            let is_close = gap_ms.is_none_or(|gap| gap.abs() < CLOSE_MS);
            let [a_ms, b_ms] = [of_a, of_b].map(|lap| lap.map(|lap| lap.lap_ms));
            DuelLap {
                lap: number,
                a_ms,
                b_ms,
                difference_ms: a_ms.zip(b_ms).map(|(a, b)| i64::from(b) - i64::from(a)),
                gap_ms,
                ahead: if is_race && is_close { by_place().or(by_gap) } else { by_gap },
            }
        })
        .collect();
    let won = |who: Side| {
        let won = laps.iter().filter(|lap| lap.difference_ms.and_then(side) == Some(who));
        i64::try_from(won.count()).unwrap_or(i64::MAX)
    };
    let (won_by_a, won_by_b) = (won(Side::A), won(Side::B));
    let (decisive, overtakes) = (decisive(&laps), overtakes(&laps));
    Duel { laps, won_by_a, won_by_b, decisive, overtakes }
}

/// Who is ahead by a difference of B minus A.
fn side(difference: i64) -> Option<Side> {
    match difference {
        0 => None,
        1.. => Some(Side::A),
        _ => Some(Side::B),
    }
}

fn find(laps: &[Lap], number: i32) -> Option<&Lap> {
    laps.get(laps.binary_search_by_key(&number, |lap| lap.lap).ok()?)
}

fn score(scores: &[(i32, i64)], number: i32) -> Option<i64> {
    let at = scores.binary_search_by_key(&number, |(lap, _)| *lap).ok()?;
    scores.get(at).map(|(_, score)| *score)
}

fn decisive(laps: &[DuelLap]) -> Vec<i32> {
    let mut differences: Vec<_> = laps
        .iter()
        .filter_map(|lap| Some((lap.difference_ms.filter(|ms| *ms != 0)?.abs(), lap.lap)))
        .collect();
    differences.sort_by_key(|(ms, lap)| (-ms, *lap));
    differences.into_iter().take(DECISIVE).map(|(_, lap)| lap).collect()
}

fn overtakes(laps: &[DuelLap]) -> Vec<(i32, Side)> {
    let mut ahead = laps.iter().filter_map(|lap| Some((lap.lap, lap.ahead?)));
    let Some((_, mut before)) = ahead.next() else { return Vec::new() };
    let mut overtakes = Vec::new();
    for (lap, now) in ahead {
        if now != before {
            overtakes.push((lap, now));
        }
        before = now;
    }
    overtakes
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::{
        super::sample::{gap, lap, laps},
        *,
    };

    fn race(a: &[Lap], b: &[Lap]) -> Duel {
        duel(Driven { laps: a, gaps: &[] }, Driven { laps: b, gaps: &[] }, Counts::Laps)
    }

    fn crossing(mut laps: Vec<Lap>, start_ms: i64) -> Vec<Lap> {
        let mut at = start_ms;
        for lap in &mut laps {
            at += i64::from(lap.lap_ms);
            lap.crossed_at = DateTime::from_timestamp_millis(at);
        }
        laps
    }

    #[test]
    fn duel_tells_each_lap_the_gap_and_who_passed_whom() {
        let duel = race(
            &laps(&[50_000, 41_000, 40_000, 44_000]),
            &laps(&[52_000, 40_000, 40_000, 40_000, 40_000]),
        );
        let told: Vec<_> =
            duel.laps.iter().map(|lap| (lap.difference_ms, lap.gap_ms, lap.ahead)).collect();
        assert_eq!(
            told,
            [
                (Some(2_000), Some(2_000), Some(Side::A)),
                (Some(-1_000), Some(1_000), Some(Side::A)),
                (Some(0), Some(1_000), Some(Side::A)),
                (Some(-4_000), Some(-3_000), Some(Side::B)),
                (None, None, None),
            ]
        );
        assert_eq!((duel.won_by_a, duel.won_by_b), (1, 2));
        assert_eq!(duel.decisive, [4, 1, 2]);
        assert_eq!(duel.overtakes, [(4, Side::B)]);
    }

    #[test]
    fn duel_of_a_race_knows_who_began_earlier_by_the_crossings() {
        let a = crossing(laps(&[40_000, 40_000]), 1_003_000);
        let b = crossing(laps(&[40_500, 40_500]), 1_000_000);
        let gaps = |a: &[Lap], b: &[Lap]| -> Vec<_> {
            race(a, b).laps.iter().map(|lap| lap.gap_ms.unwrap()).collect()
        };
        // B began 3 s before A and loses half a second a lap.
        assert_eq!(gaps(&a, &b), [-2_500, -2_000]);
        // Without the crossings of one nobody can tell.
        assert_eq!(gaps(&a, &laps(&[40_500, 40_500])), [500, 1_000]);
    }

    #[test]
    fn places_tell_who_is_ahead_when_the_karts_are_close() {
        let (mut a, mut b) = (laps(&[40_000, 40_000]), laps(&[40_200, 40_900]));
        for (lap, place) in a.iter_mut().zip([3, 3]).chain(b.iter_mut().zip([2, 2])) {
            lap.position = Some(place);
        }
        let ahead: Vec<_> = race(&a, &b).laps.iter().map(|lap| lap.ahead).collect();
        assert_eq!(ahead, [Some(Side::B), Some(Side::A)]);
        // Where the best lap counts a place says nothing of the track.
        let (a, b) = (Driven { laps: &a, gaps: &[] }, Driven { laps: &b, gaps: &[] });
        assert_eq!(duel(a, b, Counts::BestLap).laps[0].ahead, Some(Side::A));
    }

    #[test]
    fn gap_is_not_known_beyond_a_lap_that_nobody_knows() {
        let a = laps(&[50_000, 41_000, 40_000, 44_000]);
        let b = [lap(1, 51_000), lap(3, 40_000), lap(4, 40_000)];
        let gaps = |b_gaps| -> Vec<_> {
            let b = Driven { laps: &b, gaps: b_gaps };
            let duel = duel(Driven { laps: &a, gaps: &[] }, b, Counts::Laps);
            duel.laps.iter().map(|lap| lap.gap_ms).collect()
        };
        assert_eq!(gaps(&[]), [Some(1_000), None, None, None]);
        assert_eq!(
            gaps(&[gap(2, 2, Some(41_500))]),
            [Some(1_000), None, Some(1_500), Some(-2_500)]
        );
    }

    fn any_laps() -> impl Strategy<Value = Vec<Lap>> {
        let drives =
            prop::collection::btree_map(1..60_i32, (any::<i32>(), any::<Option<i32>>()), 0..40);
        drives.prop_map(|drives| {
            let laps = drives.into_iter().map(|(number, (ms, position))| Lap {
                position,
                crossed_at: position.and_then(|at| DateTime::from_timestamp(at.into(), 0)),
                ..lap(number, ms)
            });
            laps.collect()
        })
    }

    proptest! {
        #[test]
        fn duel_turned_around_says_the_opposite(a in any_laps(), b in any_laps()) {
            for counts in [Counts::Laps, Counts::BestLap, Counts::BestAverage] {
                let (a, b) = (Driven { laps: &a, gaps: &[] }, Driven { laps: &b, gaps: &[] });
                let (one, other) = (duel(a, b, counts), duel(b, a, counts));
                prop_assert_eq!((one.won_by_a, one.won_by_b), (other.won_by_b, other.won_by_a));
                prop_assert_eq!(&one.decisive, &other.decisive);
                for (lap, turned) in one.laps.iter().zip(&other.laps) {
                    prop_assert_eq!(lap.gap_ms, turned.gap_ms.map(|gap| -gap));
                    prop_assert_eq!(lap.ahead, turned.ahead.map(Side::other));
                }
                let turned: Vec<_> =
                    other.overtakes.iter().map(|(lap, side)| (*lap, side.other())).collect();
                prop_assert_eq!(one.overtakes, turned);
            }
        }
    }
}
