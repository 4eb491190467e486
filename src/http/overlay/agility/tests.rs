use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    event::agility::{Course, Run, RunKey},
    http::{overlay::layout::Layout, privacy::Privacy, words::Lang},
};

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn screen(query: &str) -> Screen {
    let layout = Layout::read(query).0;
    Screen { layout, lang: Lang::En, privacy: Privacy::Names }
}

fn number(text: &str) -> Option<BigDecimal> {
    Some(text.parse().unwrap())
}

fn key() -> Arc<RunKey> {
    Arc::new(RunKey {
        event_name: "Pawer".to_owned(),
        ring_name: "1".to_owned(),
        trial_name: "RSCE 5 Enero ".to_owned(),
        name: "G3 / <L>".to_owned(),
        run_type: "JP".to_owned(),
    })
}

/// A dog with one fault, of which the venue says no more than this.
pub(in crate::http::overlay) fn dog(name: &str, status: &str) -> Playset {
    Playset {
        run: key(),
        playset_id: name.to_lowercase(),
        pair: Pair {
            handler: Some(" Eva <b>Ruiz ".to_owned()),
            club: Some("El Salto".to_owned()),
            country: Some("ES".to_owned()),
            dog_family_name: Some(name.to_owned()),
            ..Pair::default()
        },
        start_order: Some(1),
        status: Some(status.to_owned()),
        faults: Some(1),
        refusals: Some(0),
        disqualification: None,
        qualification: None,
        classification: None,
        time_s: None,
        time_marker: None,
        speed_m_s: None,
        total_penalization: None,
        updated_at: now(),
        extra: Default::default(),
    }
}

fn calculated(name: &str) -> Playset {
    Playset {
        qualification: Some("EXC_0".to_owned()),
        classification: Some(2),
        time_s: number("32.50"),
        total_penalization: number("5.00"),
        ..dog(name, "calculated")
    }
}

fn ring(playset: Playset, running_since: Option<DateTime<Utc>>) -> RingBoard {
    let course = Course {
        judge_name: Some("Ana Gil".to_owned()),
        standard_time: number("40.00"),
        ..Course::default()
    };
    let run = Run { key: key(), course, seen_at: now(), extra: Default::default() };
    RingBoard {
        run: Some(run),
        on_course: Some(OnCourse { playset: playset.into(), running_since }),
        ..RingBoard::default()
    }
}

fn drawn(ring: &RingBoard, of: Part) -> Option<String> {
    part(&screen(""), ring, of).map(|part| part.into_string())
}

#[test]
fn run_names_course_and_judge() {
    assert_eq!(
        drawn(&ring(dog("Nala", "running"), None), Part::Run).unwrap(),
        "<section id=\"run\" class=\"panel run\"><span class=\"title\">G3 / &lt;L&gt; \
         <span class=\"type\">Jumping</span></span><span class=\"detail\">RSCE 5 Enero</span>\
         <span class=\"detail\">Judge <b>Ana Gil</b></span>\
         <span class=\"detail\">Standard time <b>40.00 s</b></span></section>"
    );
    assert_eq!(drawn(&RingBoard::default(), Part::Run), None);
}

#[test]
fn clock_runs_from_the_start_that_was_seen_and_ends_with_the_time_that_counts() {
    assert_eq!(
        drawn(&ring(dog("Nala", "running"), Some(now())), Part::Clock).unwrap(),
        "<section id=\"clock\" class=\"panel clock running\"><time data-clock-ms=\"0\" \
         data-clock-at=\"1700000000000\" data-clock-dir=\"up\" data-clock-runs \
         data-clock-form=\"seconds\"></time></section>"
    );
    // Nobody can tell since when, or it has not started.
    assert_eq!(drawn(&ring(dog("Nala", "running"), None), Part::Clock), None);
    assert_eq!(drawn(&ring(dog("Nala", "ready"), None), Part::Clock), None);
    let done = drawn(&ring(calculated("Nala"), None), Part::Clock).unwrap();
    assert!(done.contains("<time>32.50</time>"), "{done}");
}

#[test]
fn dog_on_course_has_its_marks_and_makes_room_for_its_result() {
    let mut running = dog("Nala", "running");
    assert_eq!(
        drawn(&ring(running.clone(), None), Part::Dog).unwrap(),
        "<section id=\"dog\" class=\"panel dog\" data-key=\"nala\"><span class=\"pair\">\
         <span class=\"name\">Nala</span><span class=\"handler\">Eva &lt;b&gt;Ruiz</span>\
         <span class=\"from\">El Salto · ES</span></span><span class=\"marks\">\
         <span class=\"mark some\">Faults <b>1</b></span>\
         <span class=\"mark\">Refusals <b>0</b></span></span></section>"
    );
    running.disqualification = Some("elim".to_owned());
    let out = drawn(&ring(running, None), Part::Dog).unwrap();
    assert!(out.contains("<span class=\"mark out\">Eliminated</span>"), "{out}");
    assert!(!out.contains("Refusals"), "{out}");

    let done = ring(calculated("Nala"), None);
    assert_eq!(drawn(&done, Part::Dog), None);
    assert!(part(&screen("parts=dog"), &done, Part::Dog).is_some());
}

#[test]
fn result_shows_place_time_penalties_and_qualification_once_it_counts() {
    let result = drawn(&ring(calculated("Nala"), None), Part::Result).unwrap();
    for piece in [
        "<span class=\"position\">2</span>",
        "<span class=\"figure\">32.50</span>",
        "<span class=\"detail\">Penalties <b>5.00</b></span>",
        "<span class=\"detail qualification\">EXC 0</span>",
    ] {
        assert!(result.contains(piece), "no {piece} in {result}");
    }
    assert_eq!(drawn(&ring(dog("Nala", "running"), None), Part::Result), None);
    let mut out = calculated("Nala");
    out.disqualification = Some("elim".to_owned());
    let out = drawn(&ring(out, None), Part::Result).unwrap();
    assert!(out.contains("Eliminated") && out.contains("panel result out"), "{out}");
    assert!(!out.contains("32.50") && !out.contains("5.00") && !out.contains("EXC"), "{out}");
}

#[test]
fn beat_tells_what_is_needed_until_the_dog_is_done() {
    let mut ring = ring(Playset { faults: Some(0), ..dog("Nala", "running") }, None);
    assert_eq!(drawn(&ring, Part::Beat), None);
    let leader = Playset { total_penalization: number("0.00"), ..calculated("Duna") };
    ring.best = vec![leader.into()];
    let beat = drawn(&ring, Part::Beat).unwrap();
    assert!(beat.contains("<span class=\"figure\">32.50</span>"), "{beat}");
    let with = |playset: Playset| OnCourse { playset: playset.into(), running_since: None };
    ring.on_course = Some(with(Playset { faults: Some(1), ..dog("Nala", "running") }));
    assert!(drawn(&ring, Part::Beat).unwrap().contains("out of reach"));
    ring.on_course = Some(with(calculated("Nala")));
    assert_eq!(drawn(&ring, Part::Beat), None);
}

#[test]
fn next_and_best_show_others_only_when_there_are_any() {
    let mut ring = ring(dog("Nala", "running"), None);
    for part in [Part::Next, Part::Best, Part::Combined] {
        assert_eq!(drawn(&ring, part), None);
    }
    ring.next = Some(dog("Duna", "ready").into());
    let next = drawn(&ring, Part::Next).unwrap();
    assert!(next.contains("data-key=\"duna\"") && next.contains("Duna"), "{next}");

    let mut out = calculated("Kira");
    (out.disqualification, out.classification) = (Some("elim".to_owned()), None);
    ring.best = vec![calculated("Duna").into(), out.into()];
    let best = drawn(&ring, Part::Best).unwrap();
    assert!(
        best.contains(
            "<li class=\"row\"><span class=\"position\">2</span><span class=\"name\">Duna \
             <small>Eva &lt;b&gt;Ruiz</small></span><span class=\"cell penalties\">5.00</span>\
             <span class=\"cell time\">32.50</span></li>\
             <li class=\"row\"><span class=\"position\"></span><span class=\"name\">Kira \
             <small>Eva &lt;b&gt;Ruiz</small></span><span class=\"cell out\">Elim</span></li>"
        ),
        "{best}"
    );
    let one = part(&screen("rows=1"), &ring, Part::Best).unwrap().into_string();
    assert!(!one.contains("Kira"), "{one}");

    let result = CombinedResult {
        run: key(),
        combined_id: None,
        dorsal: "7".to_owned(),
        pair: dog("Duna", "").pair,
        classification: Some(1),
        time_s: number("70.10"),
        total_penalization: number("0.00"),
        updated_at: now(),
        extra: Default::default(),
    };
    ring.combined = vec![result.into()];
    let combined = drawn(&ring, Part::Combined).unwrap();
    assert!(combined.contains("70.10") && combined.contains("Combined"), "{combined}");
}

#[test]
fn handlers_are_named_as_wanted_and_dogs_always() {
    let ring = ring(dog("Nala", "running"), None);
    let shown = |query| part(&screen(query), &ring, Part::Dog).unwrap().into_string();
    assert!(shown("names=initials").contains("<span class=\"handler\">E. B.</span>"));
    let nameless = shown("names=none");
    assert!(!nameless.contains("handler") && nameless.contains("Nala"), "{nameless}");
}
