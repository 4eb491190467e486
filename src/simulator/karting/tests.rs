//! What must hold in every frame of every world.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Heats of 20 s with everything out of the ordinary happening all the time.
fn eventful(heats: u32) -> KartOptions {
    KartOptions {
        heat_s: 20,
        drivers: 0..=9,
        incidents: 0.8,
        removals: 0.2,
        corrections: 0.2,
        reruns: 0.2,
        heats: Some(heats),
        ..KartOptions::default()
    }
}

fn json(frame: &Frame) -> Value {
    serde_json::from_str(&frame.text).unwrap()
}

fn number(value: &Value, key: &str) -> i64 {
    value[key].as_i64().unwrap_or_else(|| panic!("{key} of {value}"))
}

fn drivers(frame: &Value) -> &[Value] {
    frame["D"].as_array().map_or(&[], Vec::as_slice)
}

/// A driver's laps rebuilt from the frames alone.
#[derive(Default)]
struct Seen {
    laps: Vec<i64>,
}

fn check_frame(frame: &Value) {
    assert!((0..=5).contains(&number(frame, "S")), "{frame}");
    assert!((0..=3).contains(&number(frame, "E")), "{frame}");
    assert!((0..=2).contains(&number(frame, "R")), "{frame}");
    assert_eq!(number(frame, "T") % 300, 0, "{frame}");
    assert_eq!(number(frame, "CS"), number(frame, "CE"), "{frame}");
    assert!(number(frame, "CS") == 0 || number(frame, "S") == 1, "{frame}");
    if number(frame, "E") != 2 {
        assert_eq!(number(frame, "L"), 0, "{frame}");
    }
    if number(frame, "S") == 4 {
        assert_eq!(number(frame, "C"), 0, "{frame}");
    }
    let mut ids = BTreeSet::new();
    for (place, driver) in (1..).zip(drivers(frame)) {
        assert_eq!(number(driver, "P"), place, "{frame}");
        assert!(ids.insert(number(driver, "D")), "{frame}");
        let laps = number(driver, "L");
        let (last, best, average) = (number(driver, "T"), number(driver, "B"), number(driver, "A"));
        assert_eq!(laps == 0, last == 0 && best == 0 && average == 0, "{frame}");
        assert!(best <= last && best <= average, "{frame}");
        if place == 1 || laps == 0 {
            assert_eq!(driver["G"], "", "{frame}");
        }
    }
    check_order(frame);
}

fn check_order(frame: &Value) {
    let unless_zero = |value: i64| if value == 0 { i64::MAX } else { value };
    let keys: Vec<i64> = drivers(frame)
        .iter()
        .map(|driver| match number(frame, "R") {
            0 => -number(driver, "L"),
            1 => unless_zero(number(driver, "B")),
            _ => unless_zero(number(driver, "A")),
        })
        .collect();
    assert!(keys.is_sorted(), "{frame}");
    for (driver, key) in drivers(frame).iter().zip(&keys).skip(1) {
        let gap = driver["G"].as_str().unwrap();
        if number(driver, "L") == 0 {
            continue;
        }
        if number(frame, "R") == 0 {
            assert!(gap.starts_with('+'), "{frame}");
        } else if key - keys[0] < 60_000 {
            let behind = key - keys[0];
            assert_eq!(gap, format!("{:02}.{:03}", behind / 1_000, behind % 1_000), "{frame}");
        }
    }
}

/// Takes a frame's laps into account, and holds average and best against all laps seen.
fn follow(seen: &mut BTreeMap<i64, Seen>, frame: &Value) {
    for driver in drivers(frame) {
        let laps = &mut seen.entry(number(driver, "D")).or_default().laps;
        let (count, last) = (number(driver, "L") as usize, number(driver, "T"));
        assert!(count <= laps.len() + 1, "a lap was skipped: {frame}");
        if count > laps.len() {
            laps.push(last);
        } else {
            laps.truncate(count);
            // Corrected, or once more what is known.
            if let Some(known) = laps.last_mut() {
                *known = last;
            }
        }
        if !laps.is_empty() {
            assert_eq!(number(driver, "A"), laps.iter().sum::<i64>() / laps.len() as i64);
            assert_eq!(Some(number(driver, "B")), laps.iter().min().copied());
        }
    }
}

fn check_truth(truth: &HeatTruth, seen: &BTreeMap<i64, Seen>, last: &Value) {
    assert_eq!(truth.start_unix, number(last, "T"));
    assert_eq!(truth.name, last["N"].as_str().unwrap());
    assert_eq!(i64::from(truth.state), number(last, "S"));
    assert_eq!(i64::from(truth.end_condition), number(last, "E"));
    assert_eq!(i64::from(truth.race_mode), number(last, "R"));
    for driver in &truth.drivers {
        let counting: Vec<i64> =
            driver.laps.iter().filter(|lap| !lap.removed).map(|lap| lap.lap_ms.into()).collect();
        assert_eq!(counting, seen.get(&driver.driver_id).map_or(&[][..], |seen| &seen.laps));
        assert!(driver.laps.iter().zip(1..).all(|(lap, number)| lap.lap == number));
        let sent = drivers(last).iter().find(|sent| number(sent, "D") == driver.driver_id);
        let Some(sent) = sent else {
            assert!(driver.withdrawn);
            continue;
        };
        assert_eq!(driver.name, sent["N"].as_str().unwrap());
        assert_eq!(driver.kart, sent["K"].as_str().unwrap());
        assert_eq!(i64::from(driver.lap_count), number(sent, "L"));
        assert_eq!(i64::from(driver.position), number(sent, "P"));
        assert_eq!(i64::from(driver.best_ms.unwrap_or(0)), number(sent, "B"));
        assert_eq!(i64::from(driver.average_ms.unwrap_or(0)), number(sent, "A"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn frames_are_consistent_and_truth_is_what_was_sent(seed: u64) {
        let mut world = KartWorld::new(seed, eventful(6));
        let mut heats: Vec<(HeatTruth, Value, BTreeMap<i64, Seen>)> = Vec::new();
        let mut offset = Duration::ZERO;
        while let Some(frame) = world.next() {
            prop_assert!(frame.offset >= offset);
            offset = frame.offset;
            let present = json(&frame);
            if present == Value::Object(serde_json::Map::new()) {
                continue;
            }
            check_frame(&present);
            let truth = world.truth();
            let heat = truth.heats.last().unwrap();
            if truth.heats.len() > heats.len() {
                heats.push((heat.clone(), present.clone(), BTreeMap::new()));
            }
            let (last_truth, last, seen) = heats.last_mut().unwrap();
            follow(seen, &present);
            check_truth(heat, seen, &present);
            (*last_truth, *last) = (heat.clone(), present);
        }
        prop_assert_eq!(heats.len(), 6);
        let truth = world.truth();
        for (heat, (last_truth, ..)) in truth.heats.iter().zip(&heats) {
            prop_assert_eq!(heat, last_truth);
            prop_assert!(heat.finished);
        }
    }

    #[test]
    fn heats_are_told_apart_by_start_name_and_occurrence(seed: u64) {
        let mut world = KartWorld::new(seed, eventful(15));
        world.by_ref().for_each(drop);
        let truth = world.truth();
        let keys: BTreeSet<_> = truth
            .heats
            .iter()
            .map(|heat| (heat.start_unix, heat.name.clone(), heat.occurrence))
            .collect();
        prop_assert_eq!(keys.len(), 15);
        let ids: Vec<i64> = truth
            .heats
            .iter()
            .flat_map(|heat| heat.drivers.iter().map(|driver| driver.driver_id))
            .collect();
        prop_assert!(ids.is_sorted_by(|a, b| a < b), "an id came twice");
    }
}

#[test]
fn world_is_the_same_for_the_same_seed_and_another_for_another() {
    let frames =
        |seed| KartWorld::new(seed, KartOptions::default()).take(3_000).collect::<Vec<_>>();
    assert_eq!(frames(7), frames(7));
    assert_ne!(frames(7), frames(8));
}

#[test]
fn world_shows_every_state_mode_end_and_incident() {
    let mut world = KartWorld::new(4, eventful(40));
    let (mut states, mut rules, mut records) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut empty_karts, mut last_passings, mut ends) = (0, 0, BTreeMap::new());
    for frame in world.by_ref() {
        let frame = json(&frame);
        if frame.get("T").is_none() {
            continue;
        }
        states.insert(number(&frame, "S"));
        rules.insert((number(&frame, "R"), number(&frame, "E")));
        let heat = (number(&frame, "T"), frame["N"].to_string());
        ends.entry(heat).or_insert_with(BTreeSet::new).insert(number(&frame, "E"));
        for driver in drivers(&frame) {
            records.insert(number(driver, "R"));
            empty_karts += u32::from(driver["K"] == "");
            last_passings += number(driver, "LP");
        }
    }
    assert_eq!(states, (0..=5).collect());
    assert_eq!(rules.len(), 12, "{rules:?}");
    assert!(records.contains(&0) && records.contains(&5) && records.len() > 2, "{records:?}");
    assert!(empty_karts > 0 && last_passings > 0);
    assert!(ends.values().any(|ends| ends.len() > 1), "no end condition changed");
    let heats = world.truth().heats;
    let drivers = || heats.iter().flat_map(|heat| &heat.drivers);
    let laps = || drivers().flat_map(|driver| &driver.laps);
    assert!(laps().any(|lap| lap.removed) && laps().any(|lap| lap.corrected));
    assert!(drivers().any(|driver| driver.withdrawn));
    assert!(drivers().any(|driver| driver.laps.iter().any(|lap| lap.kart != driver.kart)));
    assert!(heats.iter().any(|heat| heat.occurrence > 0));
}

#[test]
fn world_has_the_rhythm_of_a_real_track() {
    let options = KartOptions { incidents: 0.0, heats: Some(12), ..KartOptions::default() };
    let frames: Vec<_> = KartWorld::new(11, options).collect();
    let (mut running, mut running_ms, mut twins, mut laps) = (0_u32, 0, 0_u32, 0_u32);
    let mut longest = Duration::ZERO;
    for pair in frames.windows(2) {
        let (before, after) = (json(&pair[0]), json(&pair[1]));
        if before["CS"] != 1 || after["CS"] != 1 {
            continue;
        }
        let step = pair[1].offset - pair[0].offset;
        running += 1;
        running_ms += step.as_millis();
        longest = longest.max(step);
        let laps_in = |frame: &Value| drivers(frame).iter().map(|d| number(d, "L")).sum::<i64>();
        laps += u32::from(laps_in(&after) > laps_in(&before));
        twins += u32::from(step <= Duration::from_millis(20));
    }
    let per_second = f64::from(running) * 1_000.0 / running_ms as f64;
    assert!((1.05..2.2).contains(&per_second), "{per_second}");
    assert!(longest <= Duration::from_millis(1_500), "{longest:?}");
    assert!(twins >= laps * 9 / 10, "{twins} twins for {laps} laps");
    let sizes: Vec<_> = frames.iter().map(|frame| frame.text.len()).collect();
    assert!(sizes.iter().all(|size| *size < 4_000));
}

#[test]
fn frame_has_the_keys_of_the_original_in_their_order() {
    let mut world = KartWorld::new(5, KartOptions { drivers: 1..=1, ..KartOptions::default() });
    let frame = world.find(|frame| frame.text.contains(r#""L":2,"T""#)).unwrap();
    let keys = |text: &str| -> Vec<String> {
        text.split(['{', ','])
            .filter_map(|part| part.strip_prefix('"')?.split_once("\":"))
            .map(|(key, _)| key.to_owned())
            .collect()
    };
    assert_eq!(
        keys(&frame.text),
        [
            "T", "CE", "CS", "D", "LP", "A", "B", "K", "G", "D", "L", "T", "R", "N", "P", "M",
            "EM", "C", "N", "E", "R", "L", "S",
        ]
    );
}
