//! By hand, and what holds of all laps.

use proptest::prelude::*;

use super::{
    super::sample::{lap, laps},
    *,
};

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.001
}

#[test]
fn pace_of_steady_laps_is_summed_up_exactly() {
    // Laps 2 to 7 go 40.1, 40.0, 40.2, 40.1, 40.3, 40.2: a mean of 40.15 s. Their squares off it sum
    // up to (50² + 150² + 50²) × 2 = 55,000, so the deviation is √(55,000 ÷ 5) = 104.881 ms.
    let pace = pace(&laps(&[55_000, 40_100, 40_000, 40_200, 40_100, 40_300, 40_200]));
    let spread = pace.spread.unwrap();
    assert_eq!((spread.low, spread.median, spread.high, spread.count), (40_000, 40_100, 40_300, 6));
    let even = pace.evenness.unwrap();
    assert!(close(even.mean_ms, 40_150.0) && close(even.deviation_ms, 104.881), "{even:?}");
    assert!(close(even.consistency, 100.0 - 100.0 * 104.880_885 / 40_150.0), "{even:?}");
    // Laps are −2.5 … 2.5 off their middle: squares 17.5, products 2.5×50 + 1.5×150 + 0.5×(50 − 50)
    // … = 125 + 225 − 25 − 25 + 225 + 125 = 650, so 650 ÷ 17.5 ms a lap.
    assert!(close(even.slope_ms, 650.0 / 17.5), "{even:?}");
    // What is left is 55,000 − 650² ÷ 17.5 = 30,857.14; t of 4 is 2.776; so ± 58.29 ms.
    let reach = 2.776_445 * (30_857.142_857_f64 / 4.0 / 17.5).sqrt();
    let (low, high) = even.slope_interval_ms;
    assert!((low - (even.slope_ms - reach)).abs() < 0.1, "{low} ± {reach}");
    assert!((high - (even.slope_ms + reach)).abs() < 0.1, "{high} ± {reach}");
    assert_eq!(even.direction(), 0, "six laps do not say it");
    assert_eq!((even.first_third_ms, even.last_third_ms), (40_000, 40_200));
    assert_eq!((pace.slow, pace.short, pace.computed), (vec![], vec![], 0));
}

#[test]
fn pace_that_falls_off_is_told() {
    let times: Vec<_> = (0..12).map(|lap| 40_000 + lap * 50 + lap % 2 * 20).collect();
    let even = pace(&laps(&times)).evenness.unwrap();
    assert!((45.0..55.0).contains(&even.slope_ms), "{even:?}");
    assert_eq!(even.direction(), 1);
    assert!(even.last_third_ms - even.first_third_ms > 300);
    let quicker: Vec<_> = times.into_iter().rev().collect();
    assert_eq!(pace(&laps(&quicker)).evenness.unwrap().direction(), -1);
}

#[test]
fn laps_that_tell_nothing_of_the_pace_are_set_aside_and_told() {
    let mut drive =
        laps(&[41_000, 40_000, 40_100, 71_000, 40_200, 40_000, 12_000, 40_100, 42_000, 40_100]);
    drive[7].error_ms = 4;
    let pace = pace(&drive);
    // The median of the measured ones is 40.1 s: 42.1 s is not slow yet.
    assert_eq!((pace.slow, pace.short, pace.computed), (vec![4], vec![7], 1));
    assert_eq!(pace.spread.unwrap().count, 6);
}

#[test]
fn beginner_keeps_laps_that_differ_much() {
    let pace =
        pace(&laps(&[60_000, 50_000, 56_000, 48_000, 53_000, 58_000, 47_000, 52_000, 90_000]));
    // The median is 52.5 s, and half of the laps are at least 4 s off it: 52.5 + 3 × 1.4826 × 4 s.
    assert_eq!(pace.slow, [9]);
    assert_eq!(pace.spread.unwrap().count, 7);
}

#[test]
fn pace_of_few_laps_says_no_more_than_they_do() {
    let none = pace(&laps(&[40_000]));
    assert_eq!((none.spread, none.evenness), (None, None));
    let few = pace(&laps(&[45_000, 40_000, 41_000, 42_000]));
    assert_eq!(few.spread.unwrap().median, 41_000);
    assert_eq!(few.evenness, None);
}

#[test]
fn students_t_is_as_in_the_tables() {
    for (freedom, t) in [(4.0, 2.776), (5.0, 2.571), (10.0, 2.228), (30.0, 2.042), (120.0, 1.980)] {
        let ours = student(freedom);
        assert!((ours - t).abs() < 0.002, "{freedom}: {ours}, not {t}");
    }
}

proptest! {
    #[test]
    fn every_lap_is_counted_or_set_aside_once(
        times in prop::collection::vec((any::<i32>(), 0..3_i32), 0..60)
    ) {
        let drive: Vec<_> = (1..).zip(&times).map(|(number, (ms, error_ms))| {
            let mut lap = lap(number, *ms);
            lap.error_ms = *error_ms;
            lap
        }).collect();
        let pace = pace(&drive);
        let driven = drive.iter().filter(|lap| lap.lap > 1 && lap.lap_ms > 0).count() as i64;
        let aside = (pace.slow.len() + pace.short.len()) as i64 + pace.computed;
        prop_assert_eq!(driven, aside + pace.spread.map_or(0, |spread| spread.count));
        if let Some(even) = pace.evenness {
            let (low, high) = even.slope_interval_ms;
            prop_assert!(low <= even.slope_ms && even.slope_ms <= high);
            prop_assert!((0.0..=100.0).contains(&even.consistency));
        }
    }

    #[test]
    fn pace_does_not_depend_on_the_level_of_the_times(
        off in prop::collection::vec(0..900_i32, 8..40), more in 0..20_000_i32
    ) {
        let at = |level: i32| {
            let times: Vec<_> = off.iter().map(|off| 40_000 + level + off).collect();
            pace(&laps(&times)).evenness.unwrap()
        };
        let (one, other) = (at(0), at(more));
        prop_assert!(close(one.slope_ms, other.slope_ms));
        prop_assert!(close(one.deviation_ms, other.deviation_ms));
    }
}
