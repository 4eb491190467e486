//! What screens show is what the venues sent, frame by frame: real frames and simulated worlds.

use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use ringside::{
    board::{Board, Boards},
    event::{Ask, Past},
    feed::{self, Decoded, Decoder, Frame, Outcome},
    simulator::{KartOptions, KartWorld, RingDayOptions, RingWorld},
};
use serde_json::Value;

/// Decodes and folds as the hub does, without a past.
struct Screen {
    kind: &'static str,
    decoder: Box<dyn Decoder>,
    boards: Boards,
    /// How often the decoder had told long ago what was in view again.
    begun_anew: usize,
}

impl Screen {
    fn new(kind: &'static str) -> Self {
        let (decoder, boards) = (fresh(kind), Boards::default());
        Self { kind, decoder, boards, begun_anew: 0 }
    }

    fn show(&mut self, payload: &str, received_at: DateTime<Utc>) -> Board {
        let frame = Frame { received_at, payload: &payload.into() };
        let outcome = self.decode(frame);
        if !self.boards.apply(&outcome.events, outcome.scene.as_ref(), received_at) {
            self.begun_anew += 1;
            self.decoder = fresh(self.kind);
            let outcome = self.decode(frame);
            let is_whole = self.boards.apply(&outcome.events, outcome.scene.as_ref(), received_at);
            assert!(is_whole, "a fresh decoder tells everything: {payload}");
        }
        self.boards.board()
    }

    fn decode(&mut self, frame: Frame<'_>) -> Outcome {
        loop {
            match self.decoder.decode(frame).unwrap() {
                Decoded::Events(outcome) => return outcome,
                Decoded::Asks(ask) => {
                    let past = match &ask {
                        Ask::Heats { .. } => Past::Heats(Vec::new()),
                        Ask::Run(_) => Past::Run(Default::default()),
                    };
                    self.boards.recall(&past);
                    self.decoder.recall(ask, past);
                }
            }
        }
    }
}

fn fresh(kind: &str) -> Box<dyn Decoder> {
    feed::retired(kind).unwrap().decoder()
}

fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::milliseconds(ms)
}

/// The table as sent, a line a driver.
fn table_sent(frame: &Value) -> Vec<String> {
    let drivers = frame["D"].as_array().unwrap();
    let line = |driver: &Value| {
        format!(
            "{} {} kart={} P{} laps={} last={} best={} average={} gap={}",
            driver["D"],
            driver["N"],
            driver["K"],
            driver["P"],
            driver["L"],
            driver["T"],
            driver["B"],
            driver["A"],
            driver["G"]
        )
    };
    drivers.iter().map(line).collect()
}

fn table_shown(board: &Board) -> Vec<String> {
    let Board::Heat(heat) = board else { panic!("no heat: {board:?}") };
    let ms = |time: Option<i32>| time.unwrap_or(0);
    let lines = heat.lines.iter().map(|line| {
        let driver = &line.standing;
        format!(
            "{} {:?} kart={:?} P{} laps={} last={} best={} average={} gap={:?}",
            driver.driver_id,
            driver.name,
            driver.kart,
            driver.position,
            driver.laps,
            ms(driver.last_lap_ms),
            ms(driver.best_lap_ms),
            ms(driver.average_lap_ms),
            driver.gap
        )
    });
    lines.collect()
}

fn assert_heat_is_shown(frame: &str, board: &Board, at: DateTime<Utc>) {
    let sent: Value = serde_json::from_str(frame).unwrap();
    if sent.as_object().unwrap().is_empty() {
        assert_eq!(*board, Board::Empty);
        return;
    }
    assert_eq!(table_shown(board), table_sent(&sent), "{frame}");
    let Board::Heat(heat) = board else { unreachable!() };
    assert_eq!(&*heat.heat.key.name, sent["N"].as_str().unwrap());
    let runs = sent["CS"] == 1 && sent["S"] == 1;
    assert_eq!((heat.clock.ms, heat.clock.runs), (sent["C"].as_i64().unwrap(), runs));
    assert_eq!(heat.clock.at, at);
}

#[test]
fn board_shows_every_frame_of_simulated_heats_as_sent() {
    for seed in 1..=6 {
        let options = KartOptions {
            heat_s: 120,
            heats: Some(4),
            removals: 0.4,
            corrections: 0.4,
            reruns: 0.5,
            ..KartOptions::default()
        };
        let (mut screen, mut world) = (Screen::new("bmi"), KartWorld::new(seed, options));
        let mut frames = 0;
        for frame in &mut world {
            let at = moment(frame.offset.as_millis() as i64);
            let board = screen.show(&frame.text, at);
            assert_heat_is_shown(&frame.text, &board, at);
            frames += 1;
        }
        assert!(frames > 400, "a world worth looking at: {frames}");
    }
}

#[test]
fn board_shows_every_lap_of_a_heat_that_staff_went_back_to() {
    let options = KartOptions { heat_s: 240, heats: Some(4), ..KartOptions::default() };
    let frames: Vec<_> = KartWorld::new(3, options).map(|frame| frame.text).collect();
    let mut with_laps = frames.iter().filter(|frame| frame.contains(r#","L":2,"T":"#));
    let (first, second) = (with_laps.next().unwrap(), with_laps.next_back().unwrap());
    let name = |frame: &str| serde_json::from_str::<Value>(frame).unwrap()["N"].clone();
    assert_ne!(name(first), name(second));
    let mut screen = Screen::new("bmi");
    for (n, frame) in [first, second, first, second].into_iter().enumerate() {
        let at = moment(n as i64 * 1_000);
        let board = screen.show(frame, at);
        assert_heat_is_shown(frame, &board, at);
    }
    assert_eq!(screen.begun_anew, 1, "the decoder tells the first heat only once");
}

#[test]
fn board_has_the_laps_that_the_real_recording_proves() {
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings");
    let Ok(frames) = fs::read_to_string(recordings.join("bmi-one-heat.jsonl")) else {
        println!("no recording at hand");
        return;
    };
    let mut screen = Screen::new("bmi");
    let mut laps = Vec::new();
    for (n, frame) in frames.lines().enumerate() {
        let at = moment(n as i64 * 1_000);
        let board = screen.show(frame, at);
        assert_heat_is_shown(frame, &board, at);
        let Board::Heat(heat) = board else { unreachable!() };
        laps = heat.lines.iter().flat_map(|line| line.laps.clone()).collect();
    }
    let mut shown: Vec<_> =
        laps.iter().map(|lap| format!("{},{},{}", lap.driver_id, lap.lap, lap.lap_ms)).collect();
    let proven = fs::read_to_string(recordings.join("bmi-one-heat.laps.csv")).unwrap();
    let mut proven: Vec<_> = proven
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<_> = line.split(',').collect();
            format!("{},{},{}", columns[2], columns[4], columns[5])
        })
        .collect();
    shown.sort();
    proven.sort();
    assert_eq!(shown, proven);
}

/// The dog in a slot as sent: id, status, faults, refusals.
fn dog_sent(slot: &Value) -> Option<String> {
    let dog = slot.get("playset")?;
    let text = |key: &str| dog[key].as_str().unwrap().to_owned();
    Some(format!(
        "{} {} {} {}",
        text("id"),
        text("status_string"),
        text("faults"),
        text("refusals")
    ))
}

fn dog_shown(dog: &ringside::event::agility::Playset) -> String {
    let number = |n: Option<i32>| n.map_or(String::new(), |n| n.to_string());
    let status = dog.status.as_deref().unwrap_or("");
    format!("{} {} {} {}", dog.playset_id, status, number(dog.faults), number(dog.refusals))
}

fn ids_sent(slot: &Value, list: &str, key: &str) -> Vec<String> {
    let entries = slot.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    entries.iter().map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
}

fn assert_ring_is_shown(message: &str, board: &Board, announced: &mut Option<String>) {
    let sent: Value = serde_json::from_str(message).unwrap();
    if sent.get("error").is_some() {
        assert_eq!(*board, Board::NotReady("Runs are not ready yet".into()));
        return;
    }
    let Board::Ring(ring) = board else { panic!("no ring: {board:?}") };
    let on_course = ring.on_course.as_ref().map(|dog| dog_shown(&dog.playset));
    assert_eq!(on_course, dog_sent(&sent["run"]), "{message}");
    // The next dog is remembered until it is on course.
    if let Some(next) = sent["run_ready"].get("playset") {
        *announced = Some(next["id"].as_str().unwrap().to_owned());
    }
    if sent["run"].get("playset").is_some_and(|dog| dog["id"].as_str() == announced.as_deref()) {
        *announced = None;
    }
    assert_eq!(ring.next.as_ref().map(|dog| dog.playset_id.clone()), *announced, "{message}");
    let on = if sent["run"].is_object() { &sent["run"] } else { &sent["run_ready"] };
    let best = ids_sent(on, "results_best", "id");
    if !best.is_empty() {
        let shown: Vec<_> = ring.best.iter().map(|dog| dog.playset_id.clone()).collect();
        assert_eq!(shown, best, "{message}");
    }
    let combined = ids_sent(on, "results_combined", "dorsal");
    if !combined.is_empty() {
        let shown: Vec<_> = ring.combined.iter().map(|pair| pair.dorsal.clone()).collect();
        assert_eq!(shown, combined, "{message}");
    }
    let name = ring.run.as_ref().map(|run| run.key.name.clone());
    assert_eq!(name.as_deref(), on.get("name").and_then(Value::as_str));
}

#[test]
fn board_shows_every_message_of_simulated_rings_as_sent() {
    for seed in 1..=6 {
        let options = RingDayOptions { days: Some(1), ..RingDayOptions::default() };
        let (mut screen, mut announced) = (Screen::new("flowagility"), None);
        let (mut messages, mut clocks) = (0, 0);
        for message in RingWorld::new(seed, options) {
            let at = moment(message.offset.as_millis() as i64);
            let board = screen.show(&message.text, at);
            assert_ring_is_shown(&message.text, &board, &mut announced);
            messages += 1;
            if let Board::Ring(ring) = board {
                let dog = ring.on_course.as_ref();
                clocks += usize::from(dog.is_some_and(|dog| dog.running_ms(at).is_some()));
                let ready = dog.is_none_or(|dog| dog.is_running() || dog.running_since.is_none());
                assert!(ready, "only a running dog has a clock");
            }
        }
        assert!(messages > 50 && clocks > 10, "{messages} messages, {clocks} with a clock");
    }
}

#[test]
fn board_shows_the_sample_messages_as_sent() {
    let samples: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/flowagility/messages-2024.json")).unwrap();
    let (mut screen, mut announced) = (Screen::new("flowagility"), None);
    for (n, sample) in samples.iter().enumerate() {
        let message = sample["msg"].to_string();
        let board = screen.show(&message, moment(n as i64 * 10_000));
        assert_ring_is_shown(&message, &board, &mut announced);
    }
    assert_eq!(samples.len(), 11);
}
