//! Messages that no venue would send, one for each way to be too much.

use super::*;

const LONGEST_FRAME: usize = (4 << 20) - 1;

fn rejection(payload: &str) -> String {
    Ring::new().try_hear(at(0), payload).unwrap_err().to_string()
}

#[test]
fn frame_is_rejected_when_it_is_nested_without_end() {
    let brackets = "[".repeat(LONGEST_FRAME);
    assert_eq!(rejection(&brackets), "not the JSON of this protocol: no object");
    for begin in
        ["{\"run\":", "{\"x\":", "{\"run\":{\"playset\":{\"id\":", "{\"error\":\"\\\"\",\"x\":"]
    {
        let payload = format!("{begin}{brackets}");
        assert_eq!(rejection(&payload), "more than 32 levels");
    }
    let objects = "{\"run\":".repeat(LONGEST_FRAME / 7);
    assert_eq!(rejection(&objects), "more than 32 levels");
}

#[test]
fn frame_is_rejected_before_it_is_built_when_it_has_values_without_end() {
    for (begin, value) in [
        (r#"{"run":{"results_best":["#, "{},"),
        (r#"{"run":{"results_combined":["#, "\"\","),
        (r#"{"run":{"playset":{"x":["#, "0,"),
        ("{", "\"a\":0,"),
    ] {
        let payload = format!("{begin}{}", value.repeat(LONGEST_FRAME / value.len()));
        assert_eq!(rejection(&payload), "more than 50000 values", "{begin}");
    }
}

#[test]
fn frame_is_rejected_when_a_number_is_none_that_a_computer_has() {
    for number in ["1e400", "-1e400", "NaN", "Infinity", "--1", "01"] {
        let payload = format!(r#"{{"run":"","run_ready":"","x":{number}}}"#);
        assert!(rejection(&payload).starts_with("not the JSON of this protocol"), "{number}");
    }
}

#[test]
fn values_stay_as_sent_when_they_are_beyond_every_table() {
    let message = submitted(|message| {
        let dog = &mut message["run"]["playset"];
        dog["faults"] = "2147483648".into();
        dog["refusals"] = i64::MIN.into();
        dog["classification"] = u64::MAX.into();
        dog["time"] = "NaN".into();
        dog["total_penalization"] = "1e400".into();
        dog["start_order"] = "-0".into();
    });
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let key = (RunKey::clone(&run_key("JP")), MEL_JP.to_owned());
    let dog = &ring.table.playsets[&key];
    assert_eq!((dog.faults, dog.refusals, dog.classification), (None, None, None));
    assert_eq!((&dog.time_s, &dog.total_penalization), (&None, &None));
    assert_eq!(dog.start_order, Some(0));
    let kept = json!({
        "faults": "2147483648", "refusals": "-9223372036854775808",
        "classification": "18446744073709551615", "time": "NaN", "total_penalization": "1e400",
    });
    assert_eq!(dog.extra, *kept.as_object().unwrap());
}

#[test]
fn run_is_rejected_when_it_takes_megabytes_and_the_known_dogs_stay() {
    let dogs = |from: usize, to: usize| {
        submitted(|message| {
            let club = "x".repeat(4_000);
            let dog = |n: usize| json!({"id": n, "club": club});
            message["run"]["results_best"] = (from..to).map(dog).collect();
        })
    };
    let mut ring = Ring::new();
    ring.hear(0, &dogs(0, 400));
    ring.hear(1, &dogs(400, 800));
    let before = format!("{:?}", ring.table);
    let error = ring.try_hear(at(2), &dogs(800, 1_200).to_string()).unwrap_err();
    assert_eq!(error.to_string(), "a run of more than 4194304 bytes");
    assert_eq!(ring.hear(3, &dogs(10, 20)).events, []);
    assert_eq!(format!("{:?}", ring.table), before);
}

#[test]
fn events_weigh_what_was_sent_when_it_was_much() {
    let message = submitted(|message| {
        message["run"]["playset"]["club"] = "x".repeat(4_096).into();
        message["run"]["playset"]["x"] = "x".repeat(100_000).into();
    });
    let outcome = Ring::new().hear(0, &message);
    let heaviest = outcome.events.iter().map(Event::weight).max();
    assert_eq!(heaviest, Some(5), "the unknown field is too large to be kept");
    assert!(outcome.unknown.contains(&"playset.x".to_owned()));
}
