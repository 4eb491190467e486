//! Frames that no venue would send, one for each way to be too much.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::{
    event::{Event, Past, karting::KartingEvent},
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
};

use super::decode::BmiDecoder;

const LONGEST_FRAME: usize = (4 << 20) - 1;

/// A heat in which drivers `1..=drivers` all have the same count of laps.
fn heat(name: &str, drivers: i64, laps: i32) -> String {
    let line = |id| format!(r#"{{"D":{id},"L":{laps},"T":9,"A":9,"B":9}}"#);
    let lines: Vec<_> = (1..=drivers).map(line).collect();
    format!(r#"{{"T":300,"N":"{name}","S":1,"CS":1,"D":[{}]}}"#, lines.join(","))
}

/// A heat of one driver, whose fields are `driver`.
fn with_driver(driver: &str) -> String {
    format!(r#"{{"T":300,"N":"Heat","D":[{driver}]}}"#)
}

/// Decodes a frame for which the store knows nothing.
fn hear(decoder: &mut BmiDecoder, payload: &str) -> Result<Outcome, DecodeError> {
    let frame = Frame { received_at: DateTime::UNIX_EPOCH, payload: &payload.into() };
    let mut decoded = decoder.decode(frame)?;
    if let Decoded::Asks(ask) = decoded {
        decoder.recall(ask, Past::Heats(Vec::new()));
        decoded = decoder.decode(frame)?;
    }
    match decoded {
        Decoded::Events(outcome) => Ok(outcome),
        Decoded::Asks(ask) => panic!("asked twice: {ask:?}"),
    }
}

fn rejection(payload: &str) -> String {
    hear(&mut BmiDecoder::default(), payload).unwrap_err().to_string()
}

fn asks(decoder: &mut BmiDecoder, payload: &str) -> bool {
    let frame = Frame { received_at: DateTime::UNIX_EPOCH, payload: &payload.into() };
    matches!(decoder.decode(frame), Ok(Decoded::Asks(_)))
}

/// Lets drivers cross the line one lap at a time.
fn drive(decoder: &mut BmiDecoder, name: &str, drivers: i64, laps: i32) {
    for lap in 1..=laps {
        hear(decoder, &heat(name, drivers, lap)).unwrap();
    }
}

#[test]
fn frame_is_rejected_when_it_is_nested_without_end() {
    let brackets = "[".repeat(LONGEST_FRAME);
    for begin in ["", "{\"D\":", "{\"D\":[{\"D\":", "{\"X\":", "{\"C\":", "{\"X\":{\"Y\":"] {
        let reason = rejection(&format!("{begin}{brackets}"));
        assert!(reason.starts_with("not the JSON of this protocol"), "{begin}: {reason}");
    }
    let objects = "{\"D\":".repeat(LONGEST_FRAME / 5);
    assert!(rejection(&objects).starts_with("not the JSON of this protocol"));
}

#[test]
fn value_that_is_nested_without_end_is_done_without_where_it_does_not_matter() {
    let nested = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let payload = format!(r#"{{"T":1,"N":"a","C":{nested},"D":[]}}"#);
    let outcome = hear(&mut BmiDecoder::default(), &payload).unwrap();
    assert_eq!(outcome.unknown, ["C=[…]"]);
    let unknown = format!(r#"{{"T":1,"N":"a","X":{nested},"D":[]}}"#);
    assert!(rejection(&unknown).contains("recursion limit"));
}

#[test]
fn frame_is_rejected_when_a_number_is_none_that_a_computer_has() {
    for number in ["1e400", "-1e400", "NaN", "Infinity", "--1", "01"] {
        let payload = with_driver(&format!(r#"{{"D":1,"L":0,"T":{number}}}"#));
        assert!(rejection(&payload).starts_with("not the JSON of this protocol"), "{number}");
    }
}

#[test]
fn numbers_at_the_edges_are_taken_or_refused_and_never_bent() {
    let decoded = |driver: &str| hear(&mut BmiDecoder::default(), &with_driver(driver));
    let standing = |driver: &str| match decoded(driver).unwrap().events.swap_remove(1) {
        Event::Karting(KartingEvent::Standing(standing)) => standing,
        other => panic!("{other:?}"),
    };
    assert_eq!(standing(r#"{"D":9223372036854775807,"L":-0}"#).driver_id, i64::MAX);
    assert_eq!(standing(r#"{"D":-9223372036854775808,"L":-0.0}"#).driver_id, i64::MIN);
    assert_eq!(standing(r#"{"D":1,"L":1e1}"#).laps, 10);
    assert_eq!(standing(r#"{"D":1,"L":1,"T":2147483647}"#).last_lap_ms, Some(i32::MAX));
    assert_eq!(standing(r#"{"D":1,"L":1,"T":"NaN"}"#).last_lap_ms, None);
    for driver in [
        r#"{"D":9223372036854775808,"L":0}"#,
        r#"{"D":1e300,"L":0}"#,
        r#"{"D":1.5,"L":0}"#,
        r#"{"D":1,"L":2000000000}"#,
        r#"{"D":1,"L":1,"T":2147483648}"#,
        r#"{"D":1,"L":1,"P":-2147483649}"#,
    ] {
        assert!(matches!(decoded(driver), Err(DecodeError::Implausible(_))), "{driver}");
    }
}

#[test]
fn laps_that_jump_as_far_as_they_can_are_one_gap() {
    let mut decoder = BmiDecoder::default();
    hear(&mut decoder, &heat("a", 1, 1)).unwrap();
    let jump = hear(&mut decoder, &heat("a", 1, 10_000)).unwrap();
    let [_, Event::Karting(KartingEvent::Lap(lap)), Event::Karting(KartingEvent::LapGap(gap))] =
        &jump.events[..]
    else {
        panic!("{jump:?}");
    };
    assert_eq!((lap.lap, gap.first_lap, gap.last_lap), (10_000, 2, 9_999));
}

#[test]
fn heat_is_refused_when_it_has_laps_without_end_and_the_known_ones_stay() {
    let mut decoder = BmiDecoder::default();
    drive(&mut decoder, "a", 500, 199);
    assert_eq!(
        hear(&mut decoder, &heat("a", 500, 200)).unwrap_err().to_string(),
        "more than 100000 laps in one heat"
    );
    assert_eq!(hear(&mut decoder, &heat("a", 200, 199)).unwrap().events, []);
    let taken_back = hear(&mut decoder, &heat("a", 200, 0)).unwrap().events;
    assert_eq!(taken_back.len(), 200 * 200, "every lap, and every standing");
    assert!(hear(&mut decoder, &heat("a", 200, 1)).is_ok());
}

#[test]
fn refused_frame_does_not_count_as_use_of_its_heat() {
    let mut decoder = BmiDecoder::default();
    drive(&mut decoder, "a", 500, 199);
    for name in ["b", "c", "d"] {
        hear(&mut decoder, &heat(name, 1, 0)).unwrap();
    }
    assert!(hear(&mut decoder, &heat("a", 500, 200)).is_err());
    hear(&mut decoder, &heat("e", 1, 0)).unwrap();
    assert!(asks(&mut decoder, &heat("a", 500, 199)));
    assert!(!asks(&mut decoder, &heat("b", 1, 0)));
}

#[test]
fn decoder_forgets_heats_when_they_take_too_much_memory() {
    let mut decoder = BmiDecoder::default();
    for name in ["a", "b", "c"] {
        drive(&mut decoder, name, 500, 100);
    }
    assert!(!asks(&mut decoder, &heat("c", 500, 101)));
    assert!(asks(&mut decoder, &heat("a", 500, 101)));
}

#[test]
fn decoder_forgets_heats_of_one_name_when_they_take_too_much_memory() {
    let mut decoder = BmiDecoder::default();
    let of = |first: i64, laps: i32| {
        let line = |id| format!(r#"{{"D":{id},"L":{laps},"T":9,"A":9,"B":9}}"#);
        let lines: Vec<_> = (first..first + 500).map(line).collect();
        format!(r#"{{"T":300,"N":"a","D":[{}]}}"#, lines.join(","))
    };
    let occurrence = |outcome: &Outcome| match &outcome.events[0] {
        Event::Karting(KartingEvent::Heat(heat)) => heat.key.occurrence,
        other => panic!("{other:?}"),
    };
    for first in [1_000, 2_000, 3_000] {
        for lap in 1..=100 {
            hear(&mut decoder, &of(first, lap)).unwrap();
        }
    }
    let latest = hear(&mut decoder, &of(3_000, 101)).unwrap();
    assert!(matches!(latest.events[0], Event::Karting(KartingEvent::Standing(_))));
    // Those of the first heat are strangers by now.
    assert_eq!(occurrence(&hear(&mut decoder, &of(1_000, 101)).unwrap()), 3);
}

#[test]
fn unknown_fields_stay_small_when_every_driver_has_many() {
    let fields: Vec<_> = (0..16).map(|n| format!(r#""X{n}":[{}0]"#, "0,".repeat(20))).collect();
    let line = |id| format!(r#"{{"D":{id},"L":0,{}}}"#, fields.join(","));
    let lines: Vec<_> = (0..500).map(line).collect();
    let outcome = hear(&mut BmiDecoder::default(), &with_driver(&lines.join(","))).unwrap();
    let weight: usize = outcome.events.iter().map(Event::weight).sum();
    assert!(weight <= 1 + 500 * 3, "{weight}");
    let Event::Karting(KartingEvent::Standing(standing)) = &outcome.events[1] else { panic!() };
    assert_eq!(standing.extra["X0"], json!(vec![0; 21]));
    assert!(standing.extra.values().all(Value::is_array) && standing.extra.len() < 16);
    assert_eq!(outcome.unknown.len(), 16);
}

#[test]
fn frame_says_nothing_again_when_it_is_too_long_to_be_compared() {
    let mut decoder = BmiDecoder::default();
    let padded = heat("a", 1, 1) + &" ".repeat(300_000);
    assert_eq!(hear(&mut decoder, &padded).unwrap().events.len(), 3);
    let again = hear(&mut decoder, &padded).unwrap();
    assert!(again.active && again.scene.is_some());
    assert_eq!((again.events, again.unknown), (Vec::new(), Vec::new()));
}
