use std::collections::BTreeMap;

use fastrand::Rng;
use proptest::prelude::*;

use super::*;

fn day(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(738_000 + number).unwrap()
}

/// A stint whose median is also its best.
fn stint(heat: i64, name: &'static str, kart: &'static str, ms: i32) -> Stint<'static> {
    let driver_id = i64::try_from(name.len()).unwrap() * 1_000 + i64::from(name.as_bytes()[0]);
    Stint { heat, driver_id, name, kart, day: day(0), laps: 10, best_ms: ms, median_ms: ms }
}

const NAMES: [&str; 6] = ["Ann", "Bob", "Cleo", "Dirk", "Eve", "Finn"];
const KARTS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "7"];

/// Heats of six, two or three a day with the same people, karts drawn for each.
fn season(random: &mut Rng, days: i32, chance_ms: i32) -> Vec<Stint<'static>> {
    let mut stints = Vec::new();
    for on in 0..days {
        let skills: Vec<i32> = NAMES.iter().map(|_| random.i32(38_000..46_000)).collect();
        for heat in 0..random.i64(2..=3) {
            let wet_ms = random.i32(0..6_000);
            let mut karts: Vec<usize> = (0..KARTS.len()).collect();
            random.shuffle(&mut karts);
            for (who, name) in NAMES.iter().enumerate() {
                let kart = karts[who];
                let ms = skills[who] + wet_ms + WORTH[kart] + random.i32(-chance_ms..=chance_ms);
                let driven = stint(i64::from(on) * 10 + heat, name, KARTS[kart], ms);
                stints.push(Stint { day: day(on), laps: random.i32(4..20), ..driven });
            }
        }
    }
    stints
}

/// What each kart of a season is worth, milliseconds.
const WORTH: [i32; 7] = [-300, -150, -50, 0, 40, 160, 300];

/// Effects by kart, against the plain average over karts.
fn centred(effects: impl IntoIterator<Item = (String, f64)>) -> BTreeMap<String, f64> {
    let mut effects: BTreeMap<String, f64> = effects.into_iter().collect();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let average = effects.values().sum::<f64>() / effects.len() as f64;
    effects.values_mut().for_each(|effect| *effect -= average);
    effects
}

fn of_model(model: &KartModel) -> BTreeMap<String, f64> {
    centred(model.karts.iter().map(|kart| (kart.kart.clone(), kart.effect_ms)))
}

fn assert_close(one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>, within: f64) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (kart, effect) in one {
        assert!((effect - other[kart]).abs() < within, "{kart}: {effect} and {}", other[kart]);
    }
}

/// Least squares the long way: a column for each driver of a day, each heat and each kart, solved
/// by singular values. Answers with effects by kart, residuals, and the errors of single effects
/// against the plain average of the karts for residuals of size 1.
fn by_singular_values(
    stints: &[Stint<'_>],
    weights: &[f64],
) -> (BTreeMap<String, f64>, Vec<f64>, usize) {
    let mut columns: BTreeMap<String, usize> = BTreeMap::new();
    let keys = |stint: &Stint<'_>| {
        [
            format!("driver {} {}", stint.day, stint.name),
            format!("heat {}", stint.heat),
            format!("kart {}", stint.kart),
        ]
    };
    for key in stints.iter().flat_map(keys) {
        let next = columns.len();
        columns.entry(key).or_insert(next);
    }
    let mut matrix = DMatrix::zeros(stints.len(), columns.len());
    let mut times = DVector::zeros(stints.len());
    for (row, stint) in stints.iter().enumerate() {
        let weight = weights[row].sqrt();
        times[row] = f64::from(stint.median_ms) * weight;
        for key in keys(stint) {
            matrix[(row, columns[&key])] = weight;
        }
    }
    let svd = matrix.clone().svd(true, true);
    let solved = svd.solve(&times, 1e-9).unwrap();
    let left = &times - &matrix * &solved;
    let residuals = left.iter().zip(weights).map(|(left, weight)| left / weight.sqrt()).collect();
    let karts = columns
        .iter()
        .filter_map(|(key, column)| Some((key.strip_prefix("kart ")?.to_owned(), solved[*column])));
    (centred(karts), residuals, svd.rank(1e-9))
}

/// The design and its fit with these weights.
fn by_elimination(stints: &[Stint<'_>], weights: &[f64]) -> (BTreeMap<String, f64>, Vec<f64>) {
    let design = Design::of(stints, Measure::Median, MOST_KARTS);
    assert_eq!(design.drives.len(), stints.len(), "no stint is left out here");
    let weights: Vec<f64> = design.drives.iter().map(|drive| weights[drive.stint]).collect();
    let normal = Normal::of(&design, &weights);
    let solution = normal.solve(&design, &Span::of(&normal.information));
    let karts = design.karts.iter().zip(solution.effects.iter());
    let mut residuals = vec![f64::NAN; stints.len()];
    for (drive, residual) in design.drives.iter().zip(solution.residuals) {
        residuals[drive.stint] = residual;
    }
    (centred(karts.map(|(kart, effect)| ((*kart).to_owned(), *effect))), residuals)
}

#[test]
fn elimination_gives_what_least_squares_gives_the_long_way() {
    let mut random = Rng::with_seed(7);
    for days in [1, 3, 8] {
        let stints = season(&mut random, days, 400);
        let even = vec![1.0; stints.len()];
        let uneven: Vec<f64> = stints.iter().map(|_| 0.05 + random.f64()).collect();
        for weights in [even, uneven] {
            let (expected, expected_left, _) = by_singular_values(&stints, &weights);
            let (effects, left) = by_elimination(&stints, &weights);
            assert_close(&effects, &expected, 1e-6);
            for (one, other) in left.iter().zip(&expected_left) {
                assert!((one - other).abs() < 1e-6, "{one} and {other}");
            }
        }
    }
}

/// Huber's estimate is the one whose own weights give it again.
#[test]
fn model_settles_where_its_weights_give_it_again_the_long_way() {
    let mut random = Rng::with_seed(11);
    let mut stints = season(&mut random, 6, 300);
    // Spins.
    for at in [3, 20, 40] {
        stints[at].median_ms += 9_000;
    }
    let model = compare_karts(&stints, Measure::Median);
    let mut weights = vec![1.0; stints.len()];
    let mut expected = BTreeMap::new();
    let mut full = 0.0;
    for round in 0..80 {
        let (effects, residuals, rank) = by_singular_values(&stints, &weights);
        let spare = stints.len() - rank;
        let mut sizes: Vec<f64> = residuals.iter().map(|one: &f64| one.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a hundred")]
        let share = (stints.len() as f64 / spare as f64).sqrt();
        if round < SCALE_ROUNDS {
            full = 1.345 * sizes[sizes.len() / 2] / 0.674_489_75 * share;
        }
        weights = residuals.iter().map(|one| f64::min(1.0, full / one.abs())).collect();
        expected = effects;
    }
    assert_close(&of_model(&model), &expected, 0.05);
    let slowest = weights.iter().copied().fold(1.0, f64::min);
    assert!(slowest < 0.2, "a spin hardly counts: {slowest}");
}

#[test]
fn model_finds_what_karts_are_worth_when_nothing_is_left_to_chance() {
    let stints = season(&mut Rng::with_seed(3), 4, 0);
    let model = compare_karts(&stints, Measure::Median);
    let worth = KARTS.iter().zip(WORTH).map(|(kart, ms)| ((*kart).to_owned(), f64::from(ms)));
    assert_close(&of_model(&model), &centred(worth), 1e-6);
    let order: Vec<_> = model.karts.iter().map(|kart| kart.kart.as_str()).collect();
    assert_eq!(order, KARTS);
    assert_eq!(model.stints, stints.len());
    assert!(model.scatter_ms.unwrap() < 1e-6);
    assert_eq!(
        compare_karts(&stints, Measure::Best),
        model,
        "here the best laps are the middle ones"
    );
    let weighted: f64 = model.karts.iter().map(|kart| kart.effect_ms * count(kart.stints)).sum();
    assert!(weighted.abs() < 1e-6, "{weighted}");
    let laps: i64 = model.karts.iter().map(|kart| kart.laps).sum();
    assert_eq!(laps, stints.iter().map(|stint| i64::from(stint.laps)).sum::<i64>());
}

/// Two drivers swap karts. The differences are -200 and -400 for kart 1: -300 in the middle, and
/// 100 off it both times.
#[test]
fn model_of_two_drivers_who_swap_is_worked_out_by_hand() {
    let stints = [
        stint(1, "Ann", "1", 40_000),
        stint(1, "Bob", "2", 42_000),
        stint(2, "Ann", "2", 41_200),
        stint(2, "Bob", "1", 42_600),
    ];
    // Drivers: Bob - Ann = d; heats: second - first = h; karts: 2 - 1 = k.
    // 2000 = d + k, 1200 = h + k, 2600 = d + h: d = 1700, h = 900, k = 300; nothing is spare.
    let model = compare_karts(&stints, Measure::Median);
    let effects: Vec<_> =
        model.karts.iter().map(|kart| (kart.kart.as_str(), kart.effect_ms)).collect();
    assert_eq!(effects.len(), 2);
    assert!((effects[0].1 + 150.0).abs() < 1e-6 && effects[0].0 == "1", "{effects:?}");
    assert!((effects[1].1 - 150.0).abs() < 1e-6, "{effects:?}");
    assert_eq!((model.karts[0].error, model.scatter_ms), (None, None));
    assert_eq!((model.karts[0].stints, model.karts[0].drivers, model.karts[0].laps), (2, 2, 20));
}

/// Within one heat a driver changes karts at the pit, as in a race of hours: with `n` drivers who do
/// so the difference is their average, and its error is that of an average.
#[test]
fn error_is_that_of_the_average_when_each_driver_takes_both_karts() {
    let differences = [280, 310, 330, 290, 320, 270];
    let stints: Vec<_> = NAMES
        .iter()
        .zip(differences)
        .flat_map(|(name, ms)| [stint(1, name, "1", 40_000), stint(1, name, "2", 40_000 + ms)])
        .collect();
    let model = compare_karts(&stints, Measure::Median);
    let [quick, slow] = model.karts.as_slice() else { panic!("{model:?}") };
    // No difference is far enough off 300 to lose weight: 1.345 times the usual residual.
    assert!((slow.effect_ms - quick.effect_ms - 300.0).abs() < 1.0, "{model:?}");
    let error = quick.error.unwrap();
    // Deviations of the differences: sqrt(2800 / 5) = 23.66 ms; of their average: 9.66; of half of
    // it, which is the way to the average kart: 4.83.
    assert!((error.standard_error_ms - 4.83).abs() < 0.6, "{error:?}");
    // Student's t of 5 is 2.571.
    let margin = error.high_ms - quick.effect_ms;
    assert!((margin / error.standard_error_ms - 2.571).abs() < 0.01, "{error:?}");
    assert!((quick.effect_ms - error.low_ms - margin).abs() < 1e-9);
}

#[test]
fn interval_holds_the_truth_as_often_as_it_says() {
    let mut random = Rng::with_seed(23);
    let truth =
        centred(KARTS.iter().zip(WORTH).map(|(kart, ms)| ((*kart).to_owned(), f64::from(ms))));
    let (mut held, mut all) = (0, 0);
    for _ in 0..40 {
        let model = compare_karts(&season(&mut random, 8, 500), Measure::Median);
        let average = |of: &dyn Fn(&KartEffect) -> f64| {
            model.karts.iter().map(|kart| of(kart) * count(kart.stints)).sum::<f64>()
                / count(model.stints)
        };
        let zero = average(&|kart| truth[&kart.kart]);
        for kart in &model.karts {
            let EffectError { low_ms, high_ms, .. } = kart.error.unwrap();
            all += 1;
            held += i32::from((low_ms..=high_ms).contains(&(truth[&kart.kart] - zero)));
        }
    }
    let share = f64::from(held) / f64::from(all);
    assert!((0.92..=0.985).contains(&share), "{share}");
}

#[test]
fn spin_hardly_moves_what_the_others_tell() {
    let calm = season(&mut Rng::with_seed(5), 10, 200);
    let mut spun = calm.clone();
    spun[17].median_ms += 30_000;
    let (calm, spun) = (
        of_model(&compare_karts(&calm, Measure::Median)),
        of_model(&compare_karts(&spun, Measure::Median)),
    );
    assert_close(&calm, &spun, 60.0);
}

#[test]
fn kart_driven_once_has_a_wide_interval() {
    let mut stints = season(&mut Rng::with_seed(9), 10, 300);
    stints[0].kart = "8";
    let model = compare_karts(&stints, Measure::Median);
    let error = |name: &str| {
        let kart = model.karts.iter().find(|kart| kart.kart == name).unwrap();
        kart.error.unwrap().standard_error_ms
    };
    let others = KARTS.map(error);
    assert!(others.iter().all(|other| error("8") > 2.5 * other), "{} {others:?}", error("8"));
}

#[test]
fn karts_that_nobody_drove_one_after_the_other_stay_apart() {
    let mut stints = season(&mut Rng::with_seed(13), 3, 100);
    let compared = compare_karts(&stints, Measure::Median);
    // A little track within the track: other people, other karts, other heats.
    for (heat, first, second) in [(900, "m1", "m2"), (901, "m2", "m1")] {
        stints.push(stint(heat, "Kim", first, 60_000));
        stints.push(stint(heat, "Lee", second, 61_000));
    }
    // And a kart in which one person once was.
    stints.push(stint(902, "Moe", "lonely", 50_000));
    let model = compare_karts(&stints, Measure::Median);
    assert_eq!(model.apart, ["lonely", "m1", "m2"]);
    let names =
        |model: &KartModel| model.karts.iter().map(|kart| kart.kart.clone()).collect::<Vec<_>>();
    assert_eq!(names(&model), names(&compared));
    assert_close(&of_model(&model), &of_model(&compared), 25.0);
}

/// Kart and heat change together for everybody: which of them it was nobody can tell.
#[test]
fn karts_are_not_compared_when_the_heat_may_be_why() {
    let stints = [
        stint(1, "Ann", "1", 40_000),
        stint(1, "Bob", "1", 41_000),
        stint(2, "Ann", "2", 40_500),
        stint(2, "Bob", "2", 41_500),
    ];
    let model = compare_karts(&stints, Measure::Median);
    assert_eq!(model, KartModel { apart: vec!["1".into(), "2".into()], ..KartModel::default() });
}

#[test]
fn names_that_meet_in_a_heat_are_not_one_person() {
    // Two Anns: taken for one, she would have been in both karts of the heat, 3 s apart.
    let mut stints = season(&mut Rng::with_seed(17), 3, 50);
    let alone = compare_karts(&stints, Measure::Median);
    let twin = |driver_id, kart, ms| Stint { driver_id, ..stint(900, "Guest", kart, ms) };
    stints.extend([twin(1, "1", 40_000), twin(2, "2", 43_000)]);
    let model = compare_karts(&stints, Measure::Median);
    assert_eq!(model, alone);
}

#[test]
fn nothing_is_compared_where_there_is_nothing_to_compare() {
    assert_eq!(compare_karts(&[], Measure::Median), KartModel::default());
    let one_driver = [stint(1, "Ann", "1", 40_000), stint(2, "Ann", "2", 41_000)];
    let one_kart = [
        stint(1, "Ann", "1", 40_000),
        stint(2, "Ann", "1", 41_000),
        stint(1, "Bob", "1", 40_000),
        stint(2, "Bob", "1", 41_000),
    ];
    let short = season(&mut Rng::with_seed(1), 2, 10)
        .into_iter()
        .map(|stint| Stint { laps: LEAST_LAPS - 1, ..stint })
        .collect::<Vec<_>>();
    let unknown = season(&mut Rng::with_seed(1), 2, 10)
        .into_iter()
        .map(|stint| Stint { kart: "", ..stint })
        .collect::<Vec<_>>();
    for (stints, apart) in
        [(&one_driver[..], 2), (&one_kart[..], 1), (&short[..], KARTS.len()), (&unknown[..], 0)]
    {
        let model = compare_karts(stints, Measure::Median);
        assert_eq!((model.karts.len(), model.apart.len()), (0, apart));
    }
}

#[test]
fn heat_over_midnight_is_of_the_day_on_which_it_began() {
    let mut stints = season(&mut Rng::with_seed(19), 2, 100);
    let before = compare_karts(&stints, Measure::Median);
    // Of the second heat of a day all stints but one ended after midnight.
    let late: Vec<usize> = (0..stints.len()).filter(|&at| stints[at].heat == 1).collect();
    for at in &late[1..] {
        stints[*at].day = day(1);
    }
    assert_eq!(compare_karts(&stints, Measure::Median), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn model_does_not_mind_a_constant_or_the_order_or_names(seed: u64, constant in 0..30_000_i32) {
        let mut random = Rng::with_seed(seed);
        let stints = season(&mut random, 4, 300);
        let effects = of_model(&compare_karts(&stints, Measure::Median));
        let later: Vec<_> = stints
            .iter()
            .map(|stint| Stint { median_ms: stint.median_ms + constant, ..stint.clone() })
            .collect();
        assert_close(&of_model(&compare_karts(&later, Measure::Median)), &effects, 1e-4);

        let mut shuffled = stints.clone();
        random.shuffle(&mut shuffled);
        assert_close(&of_model(&compare_karts(&shuffled, Measure::Median)), &effects, 1e-4);

        let rename = |name: &str| NAMES[(NAMES.iter().position(|one| *one == name).unwrap() + 1) % 6];
        let renamed: Vec<_> =
            stints.iter().map(|stint| Stint { name: rename(stint.name), ..stint.clone() }).collect();
        assert_close(&of_model(&compare_karts(&renamed, Measure::Median)), &effects, 1e-4);
    }

    #[test]
    fn model_has_only_numbers_whatever_was_driven(
        drives in prop::collection::vec((0..6_i64, 0..5_usize, 0..7_usize, 0..4_i32, 1..100_000_i32, 0..9_i32), 0..60)
    ) {
        let stints: Vec<_> = drives
            .into_iter()
            .map(|(heat, who, kart, on, ms, laps)| Stint {
                day: day(on), laps, ..stint(heat, NAMES[who], KARTS[kart], ms)
            })
            .collect();
        let model = compare_karts(&stints, Measure::Median);
        for kart in &model.karts {
            prop_assert!(kart.effect_ms.is_finite());
            let is_fine = |error: EffectError| {
                error.standard_error_ms.is_finite()
                    && error.low_ms <= kart.effect_ms && kart.effect_ms <= error.high_ms
            };
            prop_assert!(kart.error.is_none_or(is_fine), "{kart:?}");
        }
        prop_assert_eq!(model.karts.len() != 1, true);
    }
}
