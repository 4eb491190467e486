use crate::event::karting::{Heat, Lap, LapSource, PastDriver, PastHeat, Standing};

use super::*;

const SEED: &str = include_str!("../../../../tests/fixtures/bmi/seed.json");
const BY_LAPS: &str = include_str!("../../../../tests/fixtures/bmi/running_by_laps.json");
const FINISHED: &str = include_str!("../../../../tests/fixtures/bmi/finished_timed.json");

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

fn decode(decoder: &mut BmiDecoder, payload: &str, ms: i64) -> Result<Decoded, DecodeError> {
    decoder.decode(Frame { received_at: at(ms), payload: &payload.into() })
}

/// A heat of drivers `(id, laps, last_ms)`, all of whose laps took equally long.
fn heat(name: &str, clock_ms: i64, drivers: &[(i64, i32, i32)]) -> String {
    let line = |&(id, laps, ms): &(i64, i32, i32)| {
        format!(r#"{{"D":{id},"L":{laps},"T":{ms},"A":{ms},"B":{ms},"K":"4","P":1,"N":"A"}}"#)
    };
    let drivers: Vec<_> = drivers.iter().map(line).collect();
    let drivers = drivers.join(",");
    format!(r#"{{"T":300,"N":"{name}","S":1,"CS":1,"C":{clock_ms},"E":0,"R":1,"D":[{drivers}]}}"#)
}

/// Decodes a frame for which the store knows nothing.
fn outcome(decoder: &mut BmiDecoder, payload: &str, ms: i64) -> Outcome {
    let mut decoded = decode(decoder, payload, ms).unwrap();
    if let Decoded::Asks(ask) = decoded {
        decoder.recall(ask, Past::Heats(Vec::new()));
        decoded = decode(decoder, payload, ms).unwrap();
    }
    match decoded {
        Decoded::Events(outcome) => outcome,
        Decoded::Asks(ask) => panic!("asked twice: {ask:?}"),
    }
}

fn occurrence(outcome: &Outcome) -> Option<i32> {
    outcome.events.iter().find_map(|event| match event {
        Event::Karting(KartingEvent::Heat(heat)) => Some(heat.key.occurrence),
        _ => None,
    })
}

fn laps(outcome: &Outcome) -> Vec<Lap> {
    let lap = |event: &Event| match event {
        Event::Karting(KartingEvent::Lap(lap)) => Some(lap.clone()),
        _ => None,
    };
    outcome.events.iter().filter_map(lap).collect()
}

#[test]
fn decoder_tells_every_field_of_the_first_frame() {
    let outcome = outcome(&mut BmiDecoder::default(), SEED, 0);
    assert!(outcome.active && outcome.unknown.is_empty());
    let name = "[HEAT] 33 - Carrera XL ".into();
    let key = Arc::new(HeatKey { start_unix: 1_708_452_000, name, occurrence: 0 });
    let heat = Heat {
        key: key.clone(),
        state: "running".into(),
        end_condition: "time".into(),
        race_mode: "best_lap".into(),
        clock_ms: 410_909,
        clock_started: true,
        clock_enabled: true,
        remaining_laps: 0,
        end_mode: 0,
        started_at: Some(at(0)),
        finished_at: None,
        seen_at: at(0),
        extra: Default::default(),
    };
    assert_eq!(outcome.events[0], Event::Karting(KartingEvent::Heat(heat)));
    let standing = Standing {
        heat: key.clone(),
        driver_id: 3_591_187,
        name: "Maty".to_owned(),
        kart: "8".to_owned(),
        web_member_id: 0,
        position: 1,
        laps: 11,
        last_lap_ms: Some(36_580),
        average_lap_ms: Some(41_825),
        best_lap_ms: Some(36_580),
        gap: String::new(),
        last_passing: false,
        last_record: None,
        updated_at: at(0),
        extra: Default::default(),
    };
    assert_eq!(outcome.events[1], Event::Karting(KartingEvent::Standing(standing.into())));
    let lap = Lap {
        heat: key.clone(),
        driver_id: 3_591_187,
        lap: 11,
        lap_ms: 36_580,
        kart: Some("8".into()),
        position: Some(1),
        crossed_at: None,
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    };
    assert_eq!(outcome.events[2], Event::Karting(KartingEvent::Lap(lap)));
    let gap = crate::event::karting::LapGap {
        heat: key,
        driver_id: 3_591_187,
        first_lap: 1,
        last_lap: 10,
        total_ms: Some(11 * 41_825 - 36_580),
        error_ms: 10,
    };
    assert_eq!(outcome.events[3], Event::Karting(KartingEvent::LapGap(gap)));
    assert_eq!(outcome.events.len(), 1 + 5 * 3);
}

#[test]
fn decoder_is_active_only_while_a_started_clock_runs() {
    let mut decoder = BmiDecoder::default();
    assert!(outcome(&mut decoder, BY_LAPS, 0).active);
    assert!(!outcome(&mut decoder, FINISHED, 0).active);
    assert!(!outcome(&mut decoder, r#"{"T":1,"N":"a","S":1,"CS":0,"D":[]}"#, 0).active);
    assert!(!outcome(&mut decoder, r#"{"T":1,"N":"a","S":2,"CS":1,"D":[]}"#, 0).active);
    assert!(!outcome(&mut decoder, "{}", 0).active);
}

#[test]
fn decoder_says_nothing_when_the_same_frame_comes_again() {
    let mut decoder = BmiDecoder::default();
    outcome(&mut decoder, SEED, 0);
    decoder.connected();
    let again = outcome(&mut decoder, SEED, 1_000);
    assert_eq!(again, Outcome { active: true, ..Outcome::default() });
}

#[test]
fn decoder_tells_only_what_changed() {
    let mut decoder = BmiDecoder::default();
    outcome(&mut decoder, &heat("a", 0, &[(1, 0, 0), (2, 0, 0)]), 0);
    let clock = outcome(&mut decoder, &heat("a", 9, &[(1, 0, 0), (2, 0, 0)]), 1_000);
    assert!(matches!(clock.events[..], [Event::Karting(KartingEvent::Heat(_))]));
    let passing = outcome(&mut decoder, &heat("a", 9, &[(1, 0, 0), (2, 1, 40_000)]), 2_000);
    let [Event::Karting(KartingEvent::Standing(standing)), Event::Karting(KartingEvent::Lap(lap))] =
        &passing.events[..]
    else {
        panic!("{passing:?}");
    };
    assert_eq!((standing.driver_id, standing.updated_at), (2, at(2_000)));
    assert_eq!((lap.lap_ms, lap.crossed_at), (40_000, Some(at(2_000))));
}

#[test]
fn decoder_asks_before_it_says_a_word_about_a_heat() {
    let mut decoder = BmiDecoder::default();
    let asks = decode(&mut decoder, SEED, 0).unwrap();
    let name: Arc<str> = "[HEAT] 33 - Carrera XL ".into();
    assert_eq!(asks, Decoded::Asks(Ask::Heats { start_unix: 1_708_452_000, name }));
    assert_eq!(decode(&mut decoder, SEED, 0).unwrap(), asks);
}

#[test]
fn decoder_asks_again_for_a_heat_that_four_others_followed() {
    let mut decoder = BmiDecoder::default();
    for name in ["a", "b", "c", "d"] {
        outcome(&mut decoder, &heat(name, 0, &[(1, 0, 0)]), 0);
    }
    outcome(&mut decoder, &heat("a", 1, &[(1, 0, 0)]), 0);
    outcome(&mut decoder, &heat("e", 0, &[(1, 0, 0)]), 0);
    let asks = |decoder: &mut BmiDecoder, name| {
        let payload = heat(name, 2, &[(1, 0, 0)]);
        matches!(decode(decoder, &payload, 0).unwrap(), Decoded::Asks(_))
    };
    assert!(!asks(&mut decoder, "a"));
    assert!(asks(&mut decoder, "b"));
}

#[test]
fn decoder_asks_again_for_a_heat_that_it_has_not_seen_for_minutes() {
    let is_remembered = |next: &str, ms| {
        let mut decoder = BmiDecoder::default();
        outcome(&mut decoder, &heat("a", 0, &[(1, 0, 0)]), 0);
        // The other heat begins, and goes on.
        outcome(&mut decoder, next, 1_000);
        outcome(&mut decoder, next, ms);
        let next = next.replace("40000", "41000");
        outcome(&mut decoder, &next, ms);
        let again = decode(&mut decoder, &heat("a", 2, &[(1, 0, 0)]), ms).unwrap();
        matches!(again, Decoded::Events(_))
    };
    for next in [heat("b", 0, &[(1, 1, 40_000)]), "{}".to_owned()] {
        assert!(is_remembered(&next, 179_000), "{next}");
        assert!(!is_remembered(&next, 181_000), "{next}");
    }
    // The heat that is shown stays, also when only its clock moves or nothing at all, and when
    // another one comes for a moment.
    for moves in [0, 1] {
        let mut decoder = BmiDecoder::default();
        for second in (0..600).step_by(60) {
            outcome(&mut decoder, &heat("a", moves * second, &[(1, 0, 0)]), 1_000 * second);
        }
        outcome(&mut decoder, &heat("b", 0, &[(1, 0, 0)]), 601_000);
        let next = heat("a", 600, &[(1, 1, 40_000)]);
        assert!(matches!(decode(&mut decoder, &next, 602_000), Ok(Decoded::Events(_))));
    }
}

#[test]
fn decoder_counts_heats_of_equal_name_that_share_no_driver() {
    let mut decoder = BmiDecoder::default();
    let mut seen = |drivers: &[(i64, i32, i32)], clock| {
        occurrence(&outcome(&mut decoder, &heat("a", clock, drivers), clock))
    };
    assert_eq!(seen(&[], 0), Some(0));
    assert_eq!(seen(&[(1, 0, 0)], 1), Some(0));
    assert_eq!(seen(&[(2, 0, 0), (3, 0, 0)], 2), Some(1));
    assert_eq!(seen(&[(3, 0, 0), (4, 0, 0)], 3), Some(1));
    assert_eq!(seen(&[(1, 0, 0)], 4), Some(0));
    assert_eq!(seen(&[(1, 0, 0), (4, 0, 0)], 7), Some(1));
    assert_eq!(seen(&[], 5), Some(1));
    assert_eq!(seen(&[(5, 0, 0)], 6), Some(2));
}

#[test]
fn decoder_goes_on_where_the_stored_heat_ended() {
    let mut decoder = BmiDecoder::default();
    let key = Arc::new(HeatKey { start_unix: 300, name: "a".into(), occurrence: 3 });
    let lap = Lap {
        heat: key.clone(),
        driver_id: 1,
        lap: 1,
        lap_ms: 40_000,
        kart: None,
        position: None,
        crossed_at: None,
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    };
    let past = PastHeat {
        occurrence: 3,
        started_at: Some(at(-9)),
        finished_at: None,
        drivers: vec![PastDriver { driver_id: 1, laps: vec![lap], gaps: Vec::new() }],
    };
    let payload = heat("a", 0, &[(1, 2, 40_000)]);
    let Ok(Decoded::Asks(ask)) = decode(&mut decoder, &payload, 0) else { panic!() };
    decoder.recall(ask, Past::Heats(vec![past]));
    let outcome = outcome(&mut decoder, &payload, 0);
    let Event::Karting(KartingEvent::Heat(heat)) = &outcome.events[0] else { panic!() };
    assert_eq!((&heat.key, heat.started_at), (&key, Some(at(-9))));
    let laps = laps(&outcome);
    assert_eq!((laps.len(), laps[0].lap, laps[0].crossed_at), (1, 2, None));
    assert_eq!(outcome.events.len(), 3);
}

#[test]
fn decoder_does_not_ask_for_ever_when_the_answer_is_of_another_kind() {
    let mut decoder = BmiDecoder::default();
    let Ok(Decoded::Asks(ask)) = decode(&mut decoder, SEED, 0) else { panic!() };
    decoder.recall(ask, Past::Run(Default::default()));
    assert!(matches!(decode(&mut decoder, SEED, 0), Ok(Decoded::Events(_))));
}

#[test]
fn decoder_remembers_when_a_heat_started_and_finished() {
    let mut decoder = BmiDecoder::default();
    let state = |state: i32, clock_started: i32| {
        format!(r#"{{"T":1,"N":"a","S":{state},"CS":{clock_started},"D":[]}}"#)
    };
    let mut times = |payload: String, ms| {
        let outcome = outcome(&mut decoder, &payload, ms);
        let Event::Karting(KartingEvent::Heat(heat)) = &outcome.events[0] else { panic!() };
        (heat.started_at, heat.finished_at)
    };
    assert_eq!(times(state(1, 0), 1), (None, None));
    assert_eq!(times(state(1, 1), 2), (Some(at(2)), None));
    assert_eq!(times(state(2, 1), 3), (Some(at(2)), None));
    assert_eq!(times(state(4, 0), 4), (Some(at(2)), Some(at(4))));
    assert_eq!(times(state(5, 0), 5), (Some(at(2)), Some(at(4))));
}

#[test]
fn decoder_tells_that_the_track_was_cleared_once() {
    let mut decoder = BmiDecoder::default();
    let cleared = Event::Karting(KartingEvent::TrackCleared { at: at(5) });
    assert_eq!(outcome(&mut decoder, "{}", 5).events, [cleared]);
    assert_eq!(outcome(&mut decoder, "{}", 6).events, []);
    outcome(&mut decoder, SEED, 7);
    assert_eq!(outcome(&mut decoder, "{}", 8).events.len(), 1);
}

#[test]
fn decoder_names_unknown_codes_and_keeps_them_as_words() {
    let payload = r#"{"T":1,"N":"a","S":9,"E":7,"R":-1,"X":0,"D":[{"D":1,"L":0,"R":8}]}"#;
    let outcome = outcome(&mut BmiDecoder::default(), payload, 0);
    assert_eq!(outcome.unknown, ["X", "S=9", "E=7", "R=-1", "D.R=8"]);
    let Event::Karting(KartingEvent::Heat(heat)) = &outcome.events[0] else { panic!() };
    assert_eq!((&*heat.state, &*heat.end_condition), ("unknown(9)", "unknown(7)"));
    let Event::Karting(KartingEvent::Standing(standing)) = &outcome.events[1] else { panic!() };
    assert_eq!(standing.last_record.as_deref(), Some("unknown(8)"));
}

#[test]
fn decoder_is_as_before_when_a_frame_is_refused() {
    let mut decoder = BmiDecoder::default();
    outcome(&mut decoder, SEED, 0);
    for payload in ["", "nonsense", r#"{"T":1}"#, r#"{"T":1708452000,"N":"x","D":[{"D":1}]}"#] {
        assert!(decode(&mut decoder, payload, 1).is_err(), "{payload}");
    }
    assert_eq!(outcome(&mut decoder, SEED, 2).events, []);
}

#[test]
fn decoder_refuses_drivers_without_end_in_one_heat() {
    let mut decoder = BmiDecoder::default();
    let crowd = |first: i64| -> Vec<_> {
        (first..first + 400).map(|id| (id, 0, 0)).chain([(0, 0, 0)]).collect()
    };
    outcome(&mut decoder, &heat("a", 0, &crowd(1_000)), 0);
    outcome(&mut decoder, &heat("a", 0, &crowd(2_000)), 0);
    let refused = heat("a", 0, &crowd(3_000));
    assert!(matches!(decode(&mut decoder, &refused, 0), Err(DecodeError::Implausible(_))));
    assert_eq!(outcome(&mut decoder, &heat("a", 0, &crowd(2_000)), 0).events, []);
}

#[test]
fn crossings_have_a_time_only_where_the_frame_before_was_seen() {
    let crossed_at = |between: &dyn Fn(&mut BmiDecoder), ms| {
        let mut decoder = BmiDecoder::default();
        decoder.connected();
        outcome(&mut decoder, &heat("a", 0, &[(1, 1, 40_000)]), 0);
        between(&mut decoder);
        let laps = laps(&outcome(&mut decoder, &heat("a", 1, &[(1, 2, 40_000)]), ms));
        assert_eq!(laps.len(), 1);
        assert_eq!((laps[0].position, laps[0].kart.as_deref()), (Some(1), Some("4")));
        laps[0].crossed_at
    };
    assert_eq!(crossed_at(&|_| (), 1_000), Some(at(1_000)));
    assert_eq!(crossed_at(&|_| (), 40_000), None);
    assert_eq!(crossed_at(&|decoder| decoder.connected(), 1_000), None);
    let cleared = |decoder: &mut BmiDecoder| drop(outcome(decoder, "{}", 500));
    assert_eq!(crossed_at(&cleared, 1_000), None);
    let without_driver = |decoder: &mut BmiDecoder| {
        drop(outcome(decoder, &heat("a", 0, &[]), 500));
    };
    assert_eq!(crossed_at(&without_driver, 1_000), None);
}
