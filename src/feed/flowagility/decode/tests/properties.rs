//! Whatever comes in whatever order: no panic, and the rows of the last message.

use proptest::prelude::*;

use super::*;

/// Any JSON, with a liking for the keys and words of the protocol.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "",
        "running",
        "calculated",
        "elim",
        "JP",
        "1",
        "-1",
        "28.78",
        "8.49 m/s",
        "true",
        "1e9",
        "\0",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        (0..6_000_usize).prop_map(|length| Value::from("9".repeat(length))),
    ];
    let key = prop::sample::select(vec![
        "error",
        "event_name",
        "ring_name",
        "run",
        "run_ready",
        "name",
        "type",
        "playset",
        "id",
        "results_best",
        "results_combined",
        "dorsal",
        "status_string",
        "time",
        "speed",
        "length",
        "faults",
        "x",
    ]);
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every place in a message, to be overwritten.
fn places(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| places(value, format!("{path}/{key}"), found));
        }
        Value::Array(entries) => {
            let entries = entries.iter().enumerate();
            entries.for_each(|(n, value)| places(value, format!("{path}/{n}"), found));
        }
        _ => {}
    }
    found.push(path);
}

/// A documented message with a few places overwritten by anything.
fn mutated_sample() -> impl Strategy<Value = Value> {
    let place = (any::<prop::sample::Index>(), any_json());
    (0..22_usize, prop::collection::vec(place, 0..4)).prop_map(|(number, changes)| {
        let mut message = samples(if number < 11 { FIRST } else { LATEST }).remove(number % 11);
        for (index, value) in changes {
            let mut found = Vec::new();
            places(&message, String::new(), &mut found);
            *message.pointer_mut(&found[index.index(found.len())]).unwrap() = value;
        }
        message
    })
}

/// Whether the table has, of all that this message speaks of, what it says when it stands alone.
fn holds(table: &Table, message: &Value) -> Result<(), TestCaseError> {
    let mut alone = Ring::new();
    alone.hear(0, message);
    let mut table = table.clone();
    table.playsets.retain(|key, _| alone.table.playsets.contains_key(key));
    table.combined.retain(|key, _| alone.table.combined.contains_key(key));
    table.runs.retain(|key, _| alone.table.runs.contains_key(key));
    table.changes = alone.table.changes.clone();
    for (key, run) in &mut alone.table.runs {
        // Of the course more may be known from before.
        let known = table.runs.get(key).map(|run| run.course.clone()).unwrap_or_default();
        run.course = prefer(run.course.clone(), known);
    }
    prop_assert_eq!(table.difference(&alone.table), None);
    Ok(())
}

proptest! {
    #[test]
    fn decoder_ends_in_the_rows_of_the_last_message_whatever_came_before(
        latest in any::<bool>(),
        steps in prop::collection::vec((0..11_usize, any::<bool>(), any::<bool>()), 1..30),
    ) {
        let messages = samples(if latest { LATEST } else { FIRST });
        let mut ring = Ring::new();
        for (second, &(number, restart, reconnect)) in steps.iter().enumerate() {
            if restart {
                ring.restart();
            }
            if reconnect {
                ring.decoder.connected();
            }
            ring.hear(second, &messages[number]);
            holds(&ring.table, &messages[number])?;
        }
    }

    #[test]
    fn time_line_has_a_step_for_every_difference_and_no_other(
        numbers in prop::collection::vec((0..11_usize, any::<bool>()), 1..30),
    ) {
        let messages = samples(FIRST);
        let mut ring = Ring::new();
        for (second, &(number, restart)) in numbers.iter().enumerate() {
            if restart {
                ring.restart();
            }
            ring.hear(second, &messages[number]);
        }
        let mut last = None;
        for ((run, playset_id, _), progress) in &ring.table.changes {
            let step = Some((run, playset_id, progress));
            prop_assert_ne!(&step, &last, "a step that changes nothing");
            last = step;
        }
        for ((run, playset_id), playset) in &ring.table.playsets {
            let of_dog = |((key, id, _), _): &(&(RunKey, String, _), &Progress)| {
                key == run && id == playset_id
            };
            let (_, latest) = ring.table.changes.iter().rfind(of_dog).unwrap();
            prop_assert_eq!(&latest.status, &playset.status);
            prop_assert_eq!(latest.faults, playset.faults);
            prop_assert_eq!(latest.refusals, playset.refusals);
            prop_assert_eq!(&latest.time_s, &playset.time_s);
        }
    }

    #[test]
    fn decoder_tells_the_same_when_it_does_not_see_that_results_are_repeated(
        latest in any::<bool>(),
        steps in prop::collection::vec((4..11_usize, 0..5_u8, any::<prop::sample::Index>()), 1..30),
    ) {
        let messages = samples(if latest { LATEST } else { FIRST });
        let (mut ring, mut other) = (Ring::new(), Ring::new());
        let mut last = messages[4].clone();
        for (second, (number, change, result)) in steps.into_iter().enumerate() {
            let best = last["run"]["results_best"].as_array().filter(|best| !best.is_empty());
            match (change, best) {
                (0, _) => last = messages[number].clone(),
                (1, _) => last["run"]["playset"]["faults"] = number.into(),
                (2, Some(best)) => last["run"]["playset"] = result.get(best).clone(),
                (3, Some(best)) => {
                    last["run"]["playset"]["id"] = result.get(best)["id"].clone();
                    last["run"]["playset"]["length"] = number.into();
                }
                (4, Some(_)) => last["run"]["results_best"][0]["length"] = number.into(),
                _ => last["timestamp"] = second.into(),
            }
            let sent = last.to_string();
            let respelled = sent.replace("\"results_best\":", "\"results_best\" :");
            prop_assert_eq!(ring.try_hear(at(second), &sent), other.try_hear(at(second), &respelled));
        }
    }

    #[test]
    fn decoder_survives_anything_and_goes_on(
        messages in prop::collection::vec(prop_oneof![any_json(), mutated_sample()], 0..6),
        noise in "\\PC*",
        cut in any::<prop::sample::Index>(),
    ) {
        let mut ring = Ring::new();
        for message in &messages {
            let payload = message.to_string();
            if let Err(error) = ring.try_hear(at(0), &payload) {
                prop_assert!(error.to_string().chars().count() < 300);
            }
            let cut = payload.char_indices().nth(cut.index(payload.chars().count())).unwrap().0;
            ring.try_hear(at(1), &payload[..cut]).ok();
            ring.try_hear(at(2), &(payload[..cut].to_owned() + &noise)).ok();
        }
        let last = &samples(LATEST)[10];
        ring.hear(3, last);
        holds(&ring.table, last)?;
    }
}
