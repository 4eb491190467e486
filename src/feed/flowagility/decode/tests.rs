use std::{collections::BTreeMap, sync::Arc};

use bigdecimal::BigDecimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::event::{
    Extra,
    agility::{
        CombinedResult, Course, Pair, PastRun, Playset, PlaysetChange, Progress, Run, RunKey,
    },
};

use super::{super::snapshot::prefer, *};

mod known;
mod limits;
mod properties;
mod samples;

/// The messages of the protocol's documentation, as it first was and as it was in 2024.
const FIRST: &str = include_str!("../../../../tests/fixtures/flowagility/messages-1.0.0.json");
const LATEST: &str = include_str!("../../../../tests/fixtures/flowagility/messages-2024.json");

const FLOW_JP: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxxx";
const MEL_JP: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const MEL_AG: &str = "wwwwwwww-wwww-wwww-wwww-wwwwwwwwwwww";
const FLOW_AG: &str = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";

fn samples(revision: &str) -> Vec<Value> {
    #[derive(Deserialize)]
    struct Sample {
        msg: Value,
    }
    let samples: Vec<Sample> = serde_json::from_str(revision).unwrap();
    samples.into_iter().map(|sample| sample.msg).collect()
}

/// Message 5 of the documentation, where the first dog is submitted, with one change.
fn submitted(change: impl FnOnce(&mut Value)) -> Value {
    let mut message = samples(FIRST).remove(5);
    change(&mut message);
    message
}

fn at(second: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_662_330_000 + second as i64, 0).unwrap()
}

/// What the database ends up with: the last write of a key wins, and of a course what is missing
/// says nothing.
#[derive(Clone, Debug, Default)]
struct Table {
    runs: BTreeMap<RunKey, Run>,
    playsets: BTreeMap<(RunKey, String), Playset>,
    changes: BTreeMap<(RunKey, String, DateTime<Utc>), Progress>,
    combined: BTreeMap<(RunKey, String), CombinedResult>,
}

impl Table {
    fn write(&mut self, events: &[Event]) {
        for event in events {
            let Event::Agility(event) = event.clone() else { panic!("{event:?}") };
            match event {
                AgilityEvent::Run(mut run) => {
                    let key = RunKey::clone(&run.key);
                    if let Some(old) = self.runs.remove(&key) {
                        run.course = prefer(run.course, old.course);
                    }
                    self.runs.insert(key, run);
                }
                AgilityEvent::Playset(playset) => {
                    let run = RunKey::clone(&playset.run);
                    assert!(self.runs.contains_key(&run), "a playset before its run");
                    self.playsets
                        .insert((run, playset.playset_id.clone()), Arc::unwrap_or_clone(playset));
                }
                AgilityEvent::PlaysetChange(change) => {
                    let key = (RunKey::clone(&change.run), change.playset_id);
                    assert!(self.playsets.contains_key(&key), "a change before its playset");
                    self.changes.insert((key.0, key.1, change.changed_at), change.progress);
                }
                AgilityEvent::Combined(result) => {
                    let mut result = Arc::unwrap_or_clone(result);
                    let run = RunKey { run_type: String::new(), ..RunKey::clone(&result.run) };
                    result.run = Arc::new(run.clone());
                    self.combined.insert((run, result.dorsal.clone()), result);
                }
                AgilityEvent::RunsNotReady { .. } => {}
            }
        }
    }

    fn recall(&self, run: &RunKey) -> Past {
        let latest: BTreeMap<_, _> = self
            .changes
            .iter()
            .filter(|((key, ..), _)| key == run)
            .map(|((_, playset_id, _), progress)| (playset_id.clone(), progress.clone()))
            .collect();
        Past::Run(PastRun { progress: latest.into_iter().collect() })
    }

    /// The first line in which two tables differ, but for the times at which a row was last
    /// written, which a restart moves. Debug tells 15.00 from 15.0.
    fn difference(&self, other: &Self) -> Option<(String, String)> {
        let lines = |table: &Self| {
            let mut table = table.clone();
            table.runs.values_mut().for_each(|run| run.seen_at = at(0));
            table.playsets.values_mut().for_each(|playset| playset.updated_at = at(0));
            table.combined.values_mut().for_each(|result| result.updated_at = at(0));
            let rows = table.runs.values().map(|run| format!("{run:?}"));
            let rows = rows.chain(table.playsets.values().map(|playset| format!("{playset:?}")));
            let rows = rows.chain(table.changes.iter().map(|change| format!("{change:?}")));
            let rows = rows.chain(table.combined.values().map(|result| format!("{result:?}")));
            rows.chain(["the end".to_owned()]).collect::<Vec<_>>()
        };
        lines(self).into_iter().zip(lines(other)).find(|(ours, theirs)| ours != theirs)
    }
}

/// A decoder and the table that its events are written to.
struct Ring {
    decoder: FlowAgilityDecoder,
    table: Table,
}

impl Ring {
    fn new() -> Self {
        Self { decoder: FlowAgilityDecoder::new(), table: Table::default() }
    }

    fn restart(&mut self) {
        self.decoder = FlowAgilityDecoder::new();
    }

    fn try_hear(&mut self, at: DateTime<Utc>, payload: &str) -> Result<Outcome, DecodeError> {
        let frame = Frame { received_at: at, payload: &payload.into() };
        self.try_with(|decoder| decoder.decode(frame))
    }

    fn try_with(
        &mut self,
        decode: impl Fn(&mut FlowAgilityDecoder) -> Result<Decoded, DecodeError>,
    ) -> Result<Outcome, DecodeError> {
        for _ in 0..3 {
            match decode(&mut self.decoder)? {
                Decoded::Events(outcome) => {
                    self.table.write(&outcome.events);
                    return Ok(outcome);
                }
                Decoded::Asks(ask) => {
                    let Ask::Run(run) = &ask else { panic!("{ask:?}") };
                    let past = self.table.recall(run);
                    self.decoder.recall(ask, past);
                }
            }
        }
        panic!("more asks than runs in a message");
    }

    fn hear(&mut self, second: usize, message: &Value) -> Outcome {
        self.try_hear(at(second), &message.to_string()).unwrap()
    }

    fn hear_all(&mut self, messages: &[Value]) -> Vec<Outcome> {
        messages.iter().enumerate().map(|(second, message)| self.hear(second, message)).collect()
    }
}

fn decimal(text: &str) -> Option<BigDecimal> {
    Some(text.parse().unwrap())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn run_key(run_type: &str) -> Arc<RunKey> {
    Arc::new(RunKey {
        event_name: "RSCE Pawer 26-27-28 Agosto / 2-3-4 Septiembre".to_owned(),
        ring_name: "1".to_owned(),
        trial_name: "RSCE 4 Septiembre ".to_owned(),
        name: "G3 / S".to_owned(),
        run_type: run_type.to_owned(),
    })
}

fn flow() -> Pair {
    Pair {
        dorsal: text("9"),
        handler: text("Julen Lázaro Martínez"),
        club: text("Pawer"),
        country: text("ES"),
        team_name: None,
        dog_family_name: text("Flow"),
        dog_studbook_name: text("Lasborras Fifty Shades"),
        dog_breed: text("Shetland Sheepdog"),
        dog_gender: text("Male"),
        dog_age: text("6 years"),
        dog_height_cm: decimal("34.0"),
    }
}

fn mel() -> Pair {
    Pair {
        dorsal: text("41"),
        handler: text("Anna Nogues Lopez"),
        club: text("Baix Llobregat"),
        country: text("ES"),
        team_name: None,
        dog_family_name: text("Mel"),
        dog_studbook_name: text("Mel De Torkental"),
        dog_breed: text("Poodle"),
        dog_gender: text("Female"),
        dog_age: text("11 years"),
        dog_height_cm: decimal("32.0"),
    }
}

/// A dog that has not begun.
fn ready(run_type: &str, playset_id: &str, pair: Pair, start_order: i32) -> Playset {
    Playset {
        run: run_key(run_type),
        playset_id: playset_id.to_owned(),
        pair,
        start_order: Some(start_order),
        status: text("ready"),
        faults: Some(0),
        refusals: Some(0),
        disqualification: None,
        qualification: None,
        classification: None,
        time_s: None,
        time_marker: Some(false),
        speed_m_s: None,
        total_penalization: None,
        updated_at: at(0),
        extra: Extra::new(),
    }
}

fn running(playset: Playset, faults: i32, refusals: i32, disqualification: &str) -> Playset {
    Playset {
        status: text("running"),
        faults: Some(faults),
        refusals: Some(refusals),
        disqualification: text(disqualification).filter(|word| !word.is_empty()),
        ..playset
    }
}

/// `result`: qualification, classification, time, speed, total penalization.
fn calculated(
    playset: Playset,
    faults: i32,
    refusals: i32,
    result: (&str, i32, &str, &str, &str),
) -> Playset {
    Playset {
        status: text("calculated"),
        faults: Some(faults),
        refusals: Some(refusals),
        qualification: text(result.0),
        classification: Some(result.1),
        time_s: decimal(result.2),
        time_marker: Some(true),
        speed_m_s: decimal(result.3),
        total_penalization: decimal(result.4),
        ..playset
    }
}

#[test]
fn decoder_says_nothing_new_when_a_snapshot_comes_again() {
    for message in samples(LATEST) {
        let mut ring = Ring::new();
        let first = ring.hear(0, &message);
        let again = ring.hear(1, &message);
        assert_ne!(first.events, []);
        assert_eq!(again.events, []);
        assert_eq!(again.active, first.active);
    }
}

#[test]
fn decoder_ends_in_the_same_rows_when_all_comes_twice() {
    for revision in [FIRST, LATEST] {
        let messages = samples(revision);
        let mut ring = Ring::new();
        ring.hear_all(&messages);
        let once = format!("{:#?}", ring.table);
        ring.hear_all(&messages);
        assert_eq!(format!("{:#?}", ring.table), once);
        ring.restart();
        ring.hear_all(&messages);
        assert_eq!(format!("{:#?}", ring.table), once);
    }
}

#[test]
fn decoder_ends_in_the_same_rows_when_the_process_restarts_between_any_two_messages() {
    for revision in [FIRST, LATEST] {
        let messages = samples(revision);
        let mut whole = Ring::new();
        whole.hear_all(&messages);
        for cut in 0..=messages.len() {
            let mut ring = Ring::new();
            for (second, message) in messages.iter().enumerate() {
                if second == cut {
                    ring.restart();
                }
                ring.hear(second, message);
            }
            let difference = ring.table.difference(&whole.table);
            assert_eq!(difference, None, "restart before message {cut}");
        }
    }
}

#[test]
fn decoder_makes_no_false_step_when_it_recalls_a_run() {
    let messages = samples(FIRST);
    let mut ring = Ring::new();
    ring.hear_all(&messages);
    ring.restart();
    let outcome = ring.hear(99, &messages[10]);
    let steps = |event: &&Event| matches!(event, Event::Agility(AgilityEvent::PlaysetChange(_)));
    assert_eq!(outcome.events.iter().filter(steps).count(), 0);
    assert_eq!(outcome.events.len(), 5, "the run, two dogs and two combined results");
}

#[test]
fn decoder_asks_for_one_run_at_a_time_and_changes_nothing_meanwhile() {
    let mut decoder = FlowAgilityDecoder::new();
    let payload = samples(FIRST)[7].to_string().into();
    let frame = Frame { received_at: at(0), payload: &payload };
    let jumping = Ask::Run(run_key("JP"));
    let agility = Ask::Run(run_key("AG"));
    for _ in 0..2 {
        assert_eq!(decoder.decode(frame), Ok(Decoded::Asks(jumping.clone())));
    }
    decoder.recall(jumping, Past::Run(PastRun::default()));
    assert_eq!(decoder.decode(frame), Ok(Decoded::Asks(agility.clone())));
    decoder.recall(agility, Past::Run(PastRun::default()));
    assert!(matches!(decoder.decode(frame), Ok(Decoded::Events(_))));
}

#[test]
fn decoder_asks_again_when_eight_other_runs_came_between() {
    let run = |name: &str| submitted(|message| message["run"]["name"] = name.into());
    let first = run("first");
    for (others, forgotten) in [(6, false), (7, true)] {
        let mut ring = Ring::new();
        ring.hear(0, &first);
        let steps = ring.table.changes.len();
        // The eighth is the one in `run_ready`, which is the same every time.
        for n in 1..=others {
            ring.hear(n, &run(&format!("other {n}")));
        }
        let payload = first.to_string().into();
        let answer = ring.decoder.decode(Frame { received_at: at(9), payload: &payload }).unwrap();
        assert_eq!(matches!(answer, Decoded::Asks(_)), forgotten, "{others} others");
        ring.hear(9, &first);
        assert_eq!(ring.table.changes.len(), steps + others, "no step for the run that came back");
    }
}

#[test]
fn course_grows_over_time_and_the_run_wins_over_the_dog() {
    let with = |run: Value, dog: Value| {
        let mut message = samples(FIRST).remove(2);
        for (slot, fields) in [("/run", run), ("/run/playset", dog)] {
            let slot = message.pointer_mut(slot).unwrap().as_object_mut().unwrap();
            slot.extend(fields.as_object().unwrap().clone());
        }
        message
    };
    let mut ring = Ring::new();
    let mut course = |second, run, dog| {
        ring.hear(second, &with(run, dog));
        ring.table.runs.values().next().unwrap().course.clone()
    };
    let mut known = Course { length_m: decimal("200"), obstacles: Some(20), ..Course::default() };
    assert_eq!(course(0, json!({}), json!({"length": "200", "obstacles": 20})), known);
    known.length_m = decimal("210");
    assert_eq!(course(1, json!({"length": "210"}), json!({})), known);
    known.judge_name = text("J");
    assert_eq!(course(2, json!({}), json!({"length": "200", "judge_name": "J"})), known);
    assert_eq!(course(3, json!({}), json!({})), known);
    known.length_m = decimal("190.5");
    assert_eq!(course(4, json!({"length": 190.5}), json!({})), known);
}

#[test]
fn course_fills_up_from_both_slots_and_the_one_with_the_dog_on_course_wins() {
    let message = submitted(|message| {
        message["run"]["length"] = "210".into();
        message["run"]["judge_name"] = "J".into();
        message["run_ready"]["length"] = "200".into();
        message["run_ready"]["obstacles"] = "20".into();
    });
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let courses: Vec<_> = ring.table.runs.values().map(|run| run.course.clone()).collect();
    let wanted = Course {
        judge_name: text("J"),
        length_m: decimal("210"),
        obstacles: Some(20),
        ..Course::default()
    };
    assert_eq!(courses, [wanted]);
}

#[test]
fn results_count_only_when_calculated() {
    for status in ["pending", "ready", "running", "", "paused"] {
        let message = submitted(|message| {
            message["run"]["playset"]["status_string"] = status.into();
            message["run"]["playset"]["disqualification"] = "elim".into();
        });
        let mut ring = Ring::new();
        let outcome = ring.hear(0, &message);
        let playset = &ring.table.playsets[&(RunKey::clone(&run_key("JP")), MEL_JP.to_owned())];
        let eliminated = running(ready("JP", MEL_JP, mel(), 1), 2, 1, "elim");
        let wanted = Playset {
            status: text(status).filter(|word| !word.is_empty()),
            time_marker: Some(true),
            disqualification: eliminated.disqualification.filter(|_| status == "running"),
            ..eliminated
        };
        assert_eq!(*playset, wanted, "{status}");
        assert_eq!(outcome.active, status == "running");
        let reported = (status == "paused").then_some("status_string=paused");
        assert_eq!(outcome.unknown, reported.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn values_that_cannot_be_read_stay_as_sent_and_are_reported() {
    let message = submitted(|message| {
        let playset = &mut message["run"]["playset"];
        playset["faults"] = "abc".into();
        playset["speed"] = "fast".into();
        playset["classification"] = "first".into();
        playset["time"] = "abc".into();
        playset["time_marker"] = "perhaps".into();
        playset["length"] = "long".into();
        message["run"]["obstacles"] = "many".into();
        message["run"]["results_best"] = "".into();
    });
    let mut ring = Ring::new();
    let outcome = ring.hear(0, &message);
    let known = calculated(ready("JP", MEL_JP, mel(), 1), 0, 1, ("V_GOOD", 1, "1", "1", "15.00"));
    let wanted = Playset {
        faults: None,
        classification: None,
        time_s: None,
        time_marker: None,
        speed_m_s: None,
        extra: json!({"faults": "abc", "speed": "fast", "classification": "first", "time": "abc",
                      "time_marker": "perhaps", "length": "long"})
        .as_object()
        .unwrap()
        .clone(),
        ..known
    };
    let said: Vec<_> = ring.table.playsets.values().collect();
    assert_eq!(said[1], &wanted);
    let run = ring.table.runs.values().next().unwrap();
    assert_eq!(Value::Object(run.extra.clone()), json!({"obstacles": "many"}));
    let mut unknown = outcome.unknown;
    unknown.sort();
    assert_eq!(
        unknown,
        [
            "playset.classification=\"first\"",
            "playset.faults=\"abc\"",
            "playset.length=\"long\"",
            "playset.speed=\"fast\"",
            "playset.time=\"abc\"",
            "playset.time_marker=\"perhaps\"",
            "run.obstacles=\"many\"",
        ]
    );
}

#[test]
fn unknown_fields_are_kept_and_reported_once_a_frame() {
    let mut message = samples(FIRST).remove(10);
    message["a"] = 1.into();
    message["run"]["b"] = json!([2]);
    message["run"]["playset"]["c"] = Value::Null;
    for n in 0..2 {
        message["run"]["results_best"][n]["d"] = n.into();
        message["run"]["results_combined"][n]["e"] = json!({"n": n});
    }
    message["run"]["type"] = "GAMES".into();
    let mut ring = Ring::new();
    let outcome = ring.hear(0, &message);
    assert_eq!(
        outcome.unknown,
        ["a", "type=GAMES", "run.b", "playset.c", "results_best.d", "results_combined.e"]
    );
    let run = ring.table.runs.values().next().unwrap();
    assert_eq!(Value::Object(run.extra.clone()), json!({"a": 1, "b": [2]}));
    let extras = ring.table.playsets.values().map(|playset| Value::Object(playset.extra.clone()));
    assert_eq!(extras.collect::<Vec<_>>(), [json!({"c": null}), json!({"d": 0})]);
    let extras = ring.table.combined.values().map(|result| Value::Object(result.extra.clone()));
    assert_eq!(extras.collect::<Vec<_>>(), [json!({"e": {"n": 0}}), json!({"e": {"n": 1}})]);
}

#[test]
fn dogs_and_pairs_without_identity_are_passed_over() {
    let mut message = samples(FIRST).remove(10);
    message["run"]["playset"]["id"] = "".into();
    message["run"]["results_best"][0]["id"] = Value::Null;
    message["run"]["results_combined"][1]["dorsal"] = "".into();
    let mut ring = Ring::new();
    let outcome = ring.hear(0, &message);
    assert_eq!(
        outcome.unknown,
        ["playset.id=\"\"", "results_best.id=\"\"", "results_combined.dorsal=\"\""]
    );
    let dogs: Vec<_> = ring.table.playsets.values().map(|dog| dog.playset_id.as_str()).collect();
    assert_eq!(dogs, [FLOW_AG]);
    let pairs: Vec<_> = ring.table.combined.values().map(|result| &*result.dorsal).collect();
    assert_eq!(pairs, ["41"]);
}

#[test]
fn dog_that_runs_again_is_not_what_its_earlier_result_says() {
    let message = submitted(|message| {
        let earlier = message["run"]["playset"].clone();
        message["run_ready"]["playset"]["id"] = FLOW_JP.into();
        message["run"]["results_best"][0]["id"] = FLOW_JP.into();
        message["run"]["playset"] = earlier;
    });
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let key = (RunKey::clone(&run_key("JP")), FLOW_JP.to_owned());
    assert_eq!(ring.table.playsets[&key].status.as_deref(), Some("ready"));
}

#[test]
fn combined_result_is_said_again_only_when_it_changes_whichever_brother_carries_it() {
    let mut message = samples(FIRST).remove(10);
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let combined = |outcome: Outcome| {
        let result = |event| match event {
            Event::Agility(AgilityEvent::Combined(result)) => Some(result.dorsal.clone()),
            _ => None,
        };
        outcome.events.into_iter().filter_map(result).collect::<Vec<_>>()
    };
    message["run"]["type"] = "JP".into();
    assert_eq!(combined(ring.hear(1, &message)), [""; 0]);
    message["run"]["results_combined"][1]["total_penalization"] = "104.00".into();
    assert_eq!(combined(ring.hear(2, &message)), ["9"]);
}

#[test]
fn first_mention_counts_when_a_pair_is_in_the_combined_results_twice() {
    let mut message = samples(FIRST).remove(10);
    message["run"]["results_combined"][1]["dorsal"] = "41".into();
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let places: Vec<_> = ring.table.combined.values().map(|result| result.classification).collect();
    assert_eq!(places, [Some(1)]);
    assert_eq!(ring.hear(1, &message).events, []);
}

#[test]
fn later_step_overwrites_the_earlier_one_when_both_come_at_once() {
    let messages = samples(FIRST);
    let mut ring = Ring::new();
    ring.hear(0, &messages[2]);
    ring.hear(0, &messages[3]);
    let steps: Vec<_> = ring.table.changes.values().map(|step| step.refusals).collect();
    assert_eq!(steps, [Some(1)]);
}

#[test]
fn error_message_is_said_once_in_a_row() {
    let mut ring = Ring::new();
    let mut hear = |second, message: Value| {
        let outcome = ring.hear(second, &message);
        let said = outcome.events.into_iter().map(|event| match event {
            Event::Agility(AgilityEvent::RunsNotReady { message, .. }) => message,
            other => format!("{other:?}").chars().take(12).collect(),
        });
        (said.collect::<Vec<_>>(), outcome.unknown)
    };
    let not_ready = json!({"error": "Runs are not ready yet"});
    let none: Vec<String> = Vec::new();
    assert_eq!(hear(0, not_ready.clone()).0, ["Runs are not ready yet"]);
    assert_eq!(hear(1, not_ready.clone()), (none.clone(), none.clone()));
    let (said, unknown) = hear(2, json!({"error": " Ring is closed\n"}));
    assert_eq!(said, [" Ring is closed\n"]);
    assert_eq!(unknown, ["error=Ring is closed"]);
    assert_eq!(hear(3, json!({"error": " Ring is closed\n"})).0, none);
    assert_eq!(hear(4, json!({"run": "", "run_ready": null})), (none.clone(), none));
    assert_eq!(hear(5, not_ready).0, ["Runs are not ready yet"]);
}

#[test]
fn version_is_reported_once_when_it_is_another_one() {
    let mut ring = Ring::new();
    ring.hear(0, &samples(FIRST)[2]);
    let mut hear = |payload: &str| {
        let outcome = ring.try_hear(at(0), payload).unwrap();
        assert_eq!(outcome.events, []);
        assert!(outcome.active, "a version says nothing of the dog on course");
        outcome.unknown
    };
    for known in ["1.0.0", "\"1.0.0\"", "v1.0", " 1.0.7\n", "1"] {
        assert_eq!(hear(known), [""; 0], "{known}");
    }
    assert_eq!(hear("2.0.0"), ["version=2.0.0"]);
    assert_eq!(hear("\"v2.0.0\""), [""; 0]);
    assert_eq!(hear("1.1"), ["version=1.1"]);
}

#[test]
fn decoder_does_not_believe_in_a_dog_on_course_when_a_connection_began() {
    let mut ring = Ring::new();
    assert!(ring.hear(0, &samples(FIRST)[2]).active);
    ring.decoder.connected();
    assert!(!ring.try_hear(at(1), "1.0.0").unwrap().active);
}

#[test]
fn frame_is_rejected_with_the_reason_when_it_means_nothing() {
    let long = "x".repeat(401);
    let results = |n| Value::Array(vec![json!({}); n]);
    let run = |key: &str, value: Value| submitted(|message| message["run"][key] = value);
    for (payload, reason) in [
        ("hello".to_owned(), "not the JSON of this protocol: no object"),
        ("[1]".to_owned(), "not the JSON of this protocol: no object"),
        ("1.0.0 beta".to_owned(), "not the JSON of this protocol: no object"),
        ("{".to_owned(), "not the JSON of this protocol: EOF while parsing an object"),
        ("{\"a\":[".to_owned(), "not the JSON of this protocol: EOF while parsing a list"),
        ("{}".to_owned(), "neither run, run_ready nor error"),
        (json!({"error": "", "event_name": "E"}).to_string(), "neither run, run_ready nor error"),
        (run("name", "".into()).to_string(), "a run without name"),
        (run("name", long.clone().into()).to_string(), "a name of 401 bytes"),
        (run("type", long.clone().into()).to_string(), "a type of 401 bytes"),
        (submitted(|m| m["event_name"] = "".into()).to_string(), "a run without event_name"),
        (submitted(|m| m["ring_name"] = Value::Null).to_string(), "a run without ring_name"),
        (run("results_best", results(1_001)).to_string(), "1001 results in one message"),
        (
            submitted(|m| m["run"]["playset"]["id"] = long.clone().into()).to_string(),
            "a playset id of 401 bytes",
        ),
        (run("results_combined", json!([{"dorsal": long}])).to_string(), "a dorsal of 401 bytes"),
    ] {
        let mut ring = Ring::new();
        let error = ring.try_hear(at(0), &payload).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
        assert!(error.len() < 300);
    }
}

#[test]
fn run_is_rejected_when_it_has_more_dogs_than_ever_start_and_the_known_ones_stay() {
    let starters = |from: usize, to: usize| {
        submitted(|message| {
            let dog = |n: usize| json!({"id": n, "status_string": "calculated"});
            message["run"]["results_best"] = (from..to).map(dog).collect();
        })
    };
    let mut ring = Ring::new();
    ring.hear(0, &starters(0, 1_000));
    ring.hear(1, &starters(1_000, 1_998));
    let before = format!("{:?}", ring.table);
    let error = ring.try_hear(at(2), &starters(1_998, 1_999).to_string()).unwrap_err();
    assert_eq!(error.to_string(), "a run with more than 2000 starters");
    assert_eq!(ring.hear(3, &starters(500, 1_500)).events, []);
    assert_eq!(format!("{:?}", ring.table), before);
}

#[test]
fn texts_go_through_as_sent_when_they_hold_markup_or_nul() {
    let strange = "<b>Zoë</b>\0\u{202e}🐕";
    let message = submitted(|message| message["run"]["playset"]["handler"] = strange.into());
    let mut ring = Ring::new();
    ring.hear(0, &message);
    let handlers: Vec<_> = ring.table.playsets.values().map(|dog| &dog.pair.handler).collect();
    assert!(handlers.contains(&&text(strange)));
}
