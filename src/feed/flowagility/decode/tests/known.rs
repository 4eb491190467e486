//! Whether an entry is read or known by its JSON, and whether a message is plain, is no difference.

use proptest::prelude::*;

use super::{super::super::known::Known, *};

/// Of few dogs, so that they come again, change and contradict each other.
const DOGS: &[&str] = &[
    r#"{"faults":"0","id":"a","status_string":"calculated","time":"20.00"}"#,
    r#"{"faults":"1","id":"a","status_string":"calculated","time":"20.00"}"#,
    r#"{"faults":"0","id":"a","status_string":"calculated","time":"20.0"}"#,
    r#"{"faults":"0","id":"b","length":"200","status_string":"running"}"#,
    r#"{"id":"b","faults":"0","length":"200","status_string":"running"}"#,
    r#"{"dorsal":"9","id":"c","judge_name":"J","status_string":"calculated"}"#,
    r#"{"dorsal":"9","id":"c","status_string":"ready","time":"30.00"}"#,
    r#"{"handler":"Zo\u00eb \"Z\"","id":"c","status_string":"calculated"}"#,
    r#"{"handler":"Zoë","id":"c","status_string":"calculated"}"#,
];
const STRANGE_DOGS: &[&str] = &[
    r#"{"faults":"0","faults":"2","id":"c"}"#,
    r#"{"id":"a","id":"b"}"#,
    r#"{ "faults" : "1" , "id":"a"}"#,
    r#"{"faults":1,"id":7,"refusals":null,"time_marker":true}"#,
    r#"{"i\u0064":"a"}"#,
    r#"{"id":"a","x":{"results_best":[{"id":"b"}]}}"#,
    r#"{"id":"b","results_best":[{"faults":"0","id":"a"}]}"#,
    r#"{"handler":{"playset":{"id":"a"}},"id":"a"}"#,
    r#"{"id":"b","status_string":"paused"}"#,
    r#"{"faults":"many","id":"c"}"#,
    r#"{"handler":" ","id":""}"#,
    "{}",
];
const PAIRS: &[&str] = &[
    r#"{"classification":"1","dorsal":"9","time":"50.00"}"#,
    r#"{"classification":"2","dorsal":"9","time":"50.00"}"#,
    r#"{"classification":"1","dorsal":"41","id":"a"}"#,
    r#"{"dorsal":"41","classification":"1","id":"a"}"#,
    r#"{"dorsal":"41","x":1}"#,
    r#"{"id":"a"}"#,
];
/// What may stand in place of a dog or a pair only in a message that is refused.
const WRONG: &[&str] = &[
    "null",
    "[]",
    r#""""#,
    "0",
    r#"{"id":"a""#,
    r#"{"id":"a",}"#,
    r#"{"id":"\ud800"}"#,
    "{\"id\":\"\t\"}",
    r#"{"id":"a"}{"id":"b"}"#,
];
/// As venues write them.
const SLOTS: &[&str] = &[
    r#"{"name":"N","playset":<dog>,"results_best":[<best>],"results_combined":[<pairs>],"type":"JP"}"#,
    r#"{"name":"N","playset":<dog>,"results_best":[<best>],"results_combined":[<pairs>],"type":"AG"}"#,
    r#"{"length":"210","name":"N","playset":<dog>,"results_best":[<best>],"type":"JP"}"#,
    r#"{"name":"N","playset":<dog>,"type":"JP"}"#,
    r#""""#,
];
const STRANGE_SLOTS: &[&str] = &[
    r#"{"type":"JP","results_combined":[<pairs>],"results_best":[<best>],"playset":<dog>,"name":"N"}"#,
    r#"{"name":"N","playset":<dog>,"results_best":[<best>],"results_best":[<dog>],"type":"JP"}"#,
    r#"{"name":"N","playset":<dog>,"results_best":"","results_combined":null,"type":"JP"}"#,
    r#"{"name":"N","playset":"","results_best":[],"type":"JP","x":{"results_best":[<best>]}}"#,
    r#"{"name":"O \"O\"","playset":<dog>,"results_best":[<best> ],"type":"JP"}"#,
    r#"{"name":1,"playset":<dog>,"results_best":[ <best>],"type":"JP"}"#,
    r#"{"name":"N","results_best":{"x":[<best>]},"type":"JP"}"#,
    r#"{"name":"","playset":<dog>}"#,
    "null",
];
const MESSAGES: &[&str] = &[
    r#"{"event_name":"E","ring_name":"1","run":<run>,"run_ready":<ready>,"timestamp":"2022-09-05"}"#,
];
const STRANGE_MESSAGES: &[&str] = &[
    r#"{"timestamp":"","run_ready":<ready>,"run":<run>,"ring_name":"1","event_name":"E"}"#,
    r#"{"event_name":"E","ring_name":"1","run":<run>,"run":<ready>}"#,
    r#"{"event_name":"E","event_name":"E","ring_name":"1","run":<run>}"#,
    r#"{"error":"Runs are not ready yet","event_name":"E","ring_name":"1","run_ready":<ready>}"#,
    r#"{"error":"Runs are not ready yet"}"#,
    r#"{"event_name":"E","ring_name":"1","run":<run>,"x":<ready>}"#,
    "{\"event_name\":\"E\",\"ring_name\":\"1\",\n\"run\":<run>}",
    r#"{"event_name":"E","ring_name":"1","run":<run>} "#,
    r#"{"event_name":"E","ring_name":"1","run":<run>}}"#,
    r#"{"event_name":"E","ring_name":"1","run":<run>"#,
    r#"{"event_name":"E","ring_name":"1","run":<run>,}"#,
];

/// Mostly one of the ordinary texts.
fn mostly(
    ordinary: &'static [&'static str],
    others: &'static [&'static str],
) -> impl Strategy<Value = &'static str> {
    let select = prop::sample::select::<&'static str>;
    prop_oneof![30 => select(ordinary), 1 => select(others)]
}

fn list(entry: impl Strategy<Value = &'static str>) -> impl Strategy<Value = String> {
    prop::collection::vec(entry, 0..5).prop_map(|entries| entries.join(","))
}

fn slot() -> impl Strategy<Value = String> {
    let dog = || prop_oneof![4 => mostly(DOGS, STRANGE_DOGS), 1 => mostly(DOGS, WRONG)];
    (mostly(SLOTS, STRANGE_SLOTS), dog(), list(dog()), list(mostly(PAIRS, WRONG))).prop_map(
        |(slot, dog, best, pairs)| {
            slot.replace("<dog>", dog).replace("<best>", &best).replace("<pairs>", &pairs)
        },
    )
}

fn message() -> impl Strategy<Value = String> {
    (mostly(MESSAGES, STRANGE_MESSAGES), slot(), slot())
        .prop_map(|(message, run, ready)| message.replace("<run>", &run).replace("<ready>", &ready))
}

/// As a decoder would read that has no shorter way.
fn read_whole(payload: &str, at: DateTime<Utc>) -> Result<Snapshot, DecodeError> {
    Snapshot::read(parse(payload)?.into(), at, &RingScene::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn decoder_tells_the_same_when_every_message_is_read_as_a_whole(
        messages in prop::collection::vec(message(), 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..16),
    ) {
        let (mut ring, mut forgetful, mut whole) = (Ring::new(), Ring::new(), Ring::new());
        for (second, index) in order.into_iter().enumerate() {
            let (at, payload) = (at(second), index.get(&messages));
            let told = ring.try_hear(at, payload);
            forgetful.decoder.known = Known::default();
            prop_assert_eq!(&told, &forgetful.try_hear(at, payload));
            let wanted = whole.try_with(|decoder| decoder.hear(read_whole(payload, at)?, at));
            // Debug tells 15.00 from 15.0.
            prop_assert_eq!(format!("{told:?}"), format!("{wanted:?}"));
        }
    }
}

#[test]
fn entry_is_told_again_when_its_dog_was_told_otherwise_and_its_unknown_each_time() {
    let mut ring = Ring::new();
    let mut hear = |second, dog: &str, best: &str| {
        let slot = SLOTS[0].replace("<dog>", dog).replace("<best>", best).replace("<pairs>", "");
        let payload = MESSAGES[0].replace("<run>", &slot).replace("<ready>", "\"\"");
        let outcome = ring.try_hear(at(second), &payload).unwrap();
        (outcome.events.len(), outcome.unknown)
    };
    let (clean, faulty, other) = (DOGS[0], DOGS[1], DOGS[3]);
    assert_eq!(hear(0, other, clean), (5, vec![]), "a run, two dogs and a step of each");
    assert_eq!(hear(1, other, clean), (0, vec![]));
    assert_eq!(hear(2, faulty, clean), (2, vec![]));
    assert_eq!(hear(3, other, clean), (2, vec![]), "it is again what the list says");
    let strange = r#"{"id":"d","x":1}"#;
    assert_eq!(hear(4, other, strange), (2, vec!["results_best.x".to_owned()]));
    assert_eq!(hear(5, other, strange), (0, vec!["results_best.x".to_owned()]));
}
