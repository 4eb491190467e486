//! What must hold in every message of every ring.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Of [`eventful`] days: two classes, each twice.
const RUNS_A_DAY: usize = 4;

fn eventful() -> RingDayOptions {
    RingDayOptions {
        classes: 2,
        dogs: 1..=13,
        corrections: 0.5,
        days: Some(2),
        ..RingDayOptions::default()
    }
}

fn json(frame: &Frame) -> Value {
    serde_json::from_str(&frame.text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} of {value}"))
}

/// Seconds as thousandths, for sums without rounding.
fn thousandths(seconds: &str) -> u64 {
    let (whole, rest) = seconds.split_once('.').unwrap();
    format!("{whole}{rest:0<3}").parse().unwrap()
}

fn check_scalars(value: &Value) {
    match value {
        Value::String(_) => {}
        Value::Array(items) => items.iter().for_each(check_scalars),
        Value::Object(fields) => {
            assert!(fields.keys().is_sorted());
            fields.values().for_each(check_scalars);
        }
        other => panic!("{other} is no text"),
    }
}

fn check_result(result: &Value) {
    assert_eq!(text(result, "status_string"), "calculated");
    let penalty = thousandths(text(result, "total_penalization"));
    if text(result, "disqualification") == "elim" {
        assert_eq!((penalty, text(result, "time")), (100_000, ""));
        assert_eq!(text(result, "classification"), "");
        assert!(text(result, "qualification").starts_with("DISQ"));
    } else {
        let faults: u64 = text(result, "faults").parse().unwrap();
        let refusals: u64 = text(result, "refusals").parse().unwrap();
        assert!(refusals < 3, "{result}");
        assert!(penalty >= 5_000 * (faults + refusals), "{result}");
        assert!(thousandths(text(result, "time")) > 10_000, "{result}");
        assert!(text(result, "speed").ends_with(" m/s"), "{result}");
        assert_eq!(text(result, "qualification") == "EXC_0", penalty == 0, "{result}");
    }
}

fn check_run(run: &Value) {
    let best = list(run, "results_best");
    assert!(best.len() <= 10);
    best.iter().for_each(check_result);
    let ranked: Vec<&Value> =
        best.iter().filter(|result| !text(result, "classification").is_empty()).collect();
    for (rank, result) in (1..).zip(&ranked) {
        assert_eq!(text(result, "classification"), rank.to_string());
    }
    let keys = ranked.iter().map(|result| {
        (thousandths(text(result, "total_penalization")), thousandths(text(result, "time")))
    });
    assert!(keys.is_sorted(), "{run}");
    let playset = &run["playset"];
    if text(playset, "status_string") == "calculated" {
        check_result(playset);
        let id = text(playset, "id");
        if let Some(same) = best.iter().find(|result| text(result, "id") == id) {
            assert_eq!(same, playset);
        }
    } else {
        assert_eq!(text(playset, "status_string"), "running");
        assert_eq!(text(playset, "qualification"), "");
        assert_eq!(list(run, "results_combined").len(), 0);
    }
}

fn check_message(message: &Value) {
    check_scalars(message);
    if message.get("error").is_some() {
        return assert_eq!(text(message, "error"), "Runs are not ready yet");
    }
    if message["run"] != "" {
        check_run(&message["run"]);
        if text(&message["run"]["playset"], "status_string") == "running" {
            assert_eq!(message["run_ready"], "");
        }
    }
    if message["run_ready"] != "" {
        assert_eq!(text(&message["run_ready"]["playset"], "status_string"), "ready");
    }
}

type Key = (String, String, String, String);

/// What a follower of the messages knows: the latest of every playset.
fn follow(seen: &mut BTreeMap<Key, Value>, message: &Value) {
    for part in ["run", "run_ready"] {
        let run = &message[part];
        if !run.is_object() {
            continue;
        }
        let best = run["results_best"].as_array().map_or(&[][..], Vec::as_slice);
        for playset in std::iter::once(&run["playset"]).chain(best) {
            let of_run = |key| text(run, key).to_owned();
            let id = text(playset, "id").to_owned();
            let key = (of_run("trial_name"), of_run("name"), of_run("type"), id);
            seen.insert(key, playset.clone());
        }
    }
}

fn check_truth(truth: &RingTruth, seen: &BTreeMap<Key, Value>) {
    let mut count = 0;
    for run in &truth.runs {
        for playset in &run.playsets {
            count += 1;
            let id = playset.playset_id.clone();
            let key = (run.trial_name.clone(), run.name.clone(), run.run_type.clone(), id);
            let sent = &seen[&key];
            let progress = &playset.progress;
            assert_eq!(progress.status, text(sent, "status_string"));
            assert_eq!(progress.faults.to_string(), text(sent, "faults"));
            assert_eq!(progress.refusals.to_string(), text(sent, "refusals"));
            assert_eq!(playset.start_order.to_string(), text(sent, "start_order"));
            assert_eq!(playset.dorsal, text(sent, "dorsal"));
            if progress.status == "calculated" {
                assert_eq!(progress.disqualification, text(sent, "disqualification"));
                assert_eq!(progress.time, text(sent, "time"));
                assert_eq!(playset.classification, text(sent, "classification"));
                assert_eq!(playset.qualification, text(sent, "qualification"));
                assert_eq!(playset.total_penalization, text(sent, "total_penalization"));
            }
            let changes = playset.changes.iter().map(|(_, progress)| progress);
            assert!(changes.clone().zip(changes.skip(1)).all(|(a, b)| a != b));
            assert_eq!(playset.changes.last().map(|(_, progress)| progress), Some(progress));
        }
    }
    assert_eq!(count, seen.len());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn messages_are_consistent_and_truth_is_what_was_sent(seed: u64) {
        let mut world = RingWorld::new(seed, eventful());
        let mut seen = BTreeMap::new();
        let mut offset = Duration::ZERO;
        let mut last = Value::Null;
        while let Some(frame) = world.next() {
            prop_assert!(frame.offset >= offset);
            offset = frame.offset;
            last = json(&frame);
            check_message(&last);
            follow(&mut seen, &last);
            check_truth(&world.truth(), &seen);
        }
        prop_assert_eq!(&last["run_ready"], "");
        let truth = world.truth();
        prop_assert_eq!(truth.runs.len(), 2 * RUNS_A_DAY);
        for playset in truth.runs.iter().flat_map(|run| &run.playsets) {
            prop_assert_eq!(&playset.progress.status, "calculated");
        }
        truth.runs.chunks(RUNS_A_DAY).for_each(|day| check_combined(day, &truth.combined));
    }
}

/// Every pair of a class of up to ten has a combined result that is the sum of its runs.
fn check_combined(day: &[RunTruth], combined: &[CombinedTruth]) {
    let (jumping, agility) = day.split_at(RUNS_A_DAY / 2);
    for (first, second) in jumping.iter().zip(agility) {
        assert_eq!((&first.name, &*first.run_type), (&second.name, "JP"));
        assert_eq!(second.run_type, "AG");
        let is_of_class =
            |both: &&CombinedTruth| both.name == first.name && both.trial_name == first.trial_name;
        let of_class: Vec<_> = combined.iter().filter(is_of_class).collect();
        if first.playsets.len() > 10 {
            // Ranks may have been sent that are out of date.
            assert!(of_class.len() >= 10);
            continue;
        }
        assert_eq!(of_class.len(), first.playsets.len());
        for both in of_class {
            let leg = |run: &RunTruth| {
                let own = |playset: &&PlaysetTruth| playset.dorsal == both.dorsal;
                let playset = run.playsets.iter().find(own).unwrap();
                let time = &playset.progress.time;
                let time = if time.is_empty() { 0 } else { thousandths(time) };
                (thousandths(&playset.total_penalization), time)
            };
            let ((first_penalty, first_time), (second_penalty, second_time)) =
                (leg(first), leg(second));
            let time = if both.time.is_empty() { 0 } else { thousandths(&both.time) };
            assert_eq!(thousandths(&both.total_penalization), first_penalty + second_penalty);
            assert_eq!(time, first_time + second_time);
        }
    }
}

#[test]
fn world_is_the_same_for_the_same_seed_and_another_for_another() {
    let frames = |seed| RingWorld::new(seed, eventful()).collect::<Vec<_>>();
    assert_eq!(frames(7), frames(7));
    assert_ne!(frames(7), frames(8));
}

#[test]
fn world_begins_with_the_error_and_names_the_first_dog_without_a_run() {
    let mut world = RingWorld::new(1, eventful());
    assert_eq!(world.snapshot().unwrap(), NOT_READY);
    assert_eq!(world.next().unwrap().text, NOT_READY);
    let first = json(&world.next().unwrap());
    assert_eq!(first["run"], "");
    assert_eq!(text(&first["run_ready"]["playset"], "status_string"), "ready");
}

#[test]
fn worlds_show_faults_that_go_down_eliminations_and_left_overs() {
    let (mut down, mut left_over, mut reinstated) = (0, 0, 0);
    let mut qualifications = BTreeSet::new();
    for seed in 0..10 {
        let mut world = RingWorld::new(seed, eventful());
        for frame in world.by_ref() {
            let message = json(&frame);
            left_over += u32::from(message["run_ready"]["playset"]["qualification"] == "EXC_0");
            left_over += u32::from(message["run_ready"]["playset"]["disqualification"] == "elim");
        }
        for playset in world.truth().runs.iter().flat_map(|run| &run.playsets) {
            qualifications.insert(playset.qualification.clone());
            for pair in playset.changes.windows(2) {
                let (before, after) = (&pair[0].1, &pair[1].1);
                down += u32::from(after.faults < before.faults);
                down += u32::from(after.refusals < before.refusals);
                let (before, after) = (&before.disqualification, &after.disqualification);
                reinstated += u32::from(before == "elim" && after.is_empty());
            }
        }
    }
    assert!(down > 0 && left_over > 0 && reinstated > 0, "{down} {left_over} {reinstated}");
    for word in ["EXC_0", "EXC", "V_GOOD", "GOOD", "NQ", "DISQ", "DISQ (R)"] {
        assert!(qualifications.contains(word), "{word} is not in {qualifications:?}");
    }
}

#[test]
fn world_without_a_timer_shows_clean_dogs_only_when_calculated() {
    let statuses = |has_timer| {
        let options = RingDayOptions { has_timer: Some(has_timer), ..eventful() };
        let mut world = RingWorld::new(4, options);
        world.by_ref().for_each(drop);
        let truth = world.truth();
        let playsets = truth.runs.iter().flat_map(|run| &run.playsets);
        let ran = |playset: &&PlaysetTruth| {
            playset.changes.iter().any(|(_, progress)| progress.status == "running")
        };
        (playsets.clone().filter(ran).count(), playsets.count())
    };
    let (ran, all) = statuses(true);
    assert_eq!(ran, all);
    let (ran, all) = statuses(false);
    assert!((1..all).contains(&ran), "{ran} of {all}");
}

#[test]
fn world_has_fields_of_later_revisions_when_asked_for() {
    let of_first_dog = |later| {
        let options = RingDayOptions { is_later_revision: Some(later), ..eventful() };
        json(&RingWorld::new(2, options).nth(1).unwrap())["run_ready"].clone()
    };
    let (early, later) = (of_first_dog(false), of_first_dog(true));
    for key in ["judge_name", "length", "obstacles", "standard_time", "maximum_time", "team_name"] {
        assert!(early["playset"].get(key).is_none(), "{key}");
        assert!(later["playset"][key].is_string(), "{key}");
    }
    assert_eq!(later["length"], later["playset"]["length"]);
}
