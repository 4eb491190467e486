//! An oracle that can't complain is none.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use ringside::simulator::{
    KartOptions, KartWorld, RingDayOptions, RingWorld, SentConnection, SentFrame, SentLog,
};

use super::{
    journal::Recorded,
    tables::{ChangeRow, DriverRow, GapRow, HeatName, HeatRow, LapRow, PlaysetRow, RunRow},
    *,
};

const HEAT: &str = "[HEAT] 1";

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
}

/// A connection whose frames came at these milliseconds.
fn connection(frames: Vec<(i64, String)>) -> SentConnection {
    let began_at = at(frames.first().map_or(0, |(ms, _)| *ms));
    let frames = frames.into_iter().map(|(ms, text)| SentFrame {
        at: at(ms),
        is_binary: false,
        payload: Bytes::from(text),
    });
    SentConnection { began_at, ended_at: None, frames: frames.collect() }
}

/// A heat of driver 7 with so many laps, the last of which took so long.
fn frame(laps: u32, last_ms: i64) -> String {
    let average = 40_000;
    format!(
        r#"{{"T":300,"N":"{HEAT}","S":1,"E":1,"R":1,"C":0,"D":[{{"D":7,"L":{laps},"T":{last_ms},"A":{average},"B":1,"K":"4","P":1,"N":"A"}}]}}"#
    )
}

fn heat() -> HeatName {
    HeatName { start_unix: 300, heat: HEAT.to_owned() }
}

fn lap(lap: u32, lap_ms: i64, source: &str) -> LapRow {
    let (feed, source) = ("t".to_owned(), source.to_owned());
    LapRow { feed, heat: heat(), driver_id: 7, lap, lap_ms, source, error_ms: 0, removed: false }
}

/// The tables after frames that end like `frame(laps, last_ms)`.
fn tables(laps: i64, last_ms: i64, rows: Vec<LapRow>) -> Tables {
    let feed = || "t".to_owned();
    let [state, end_condition, race_mode] = ["running", "time", "best_lap"].map(str::to_owned);
    Tables {
        heats: vec![HeatRow { feed: feed(), name: heat(), state, end_condition, race_mode }],
        drivers: vec![DriverRow {
            feed: feed(),
            heat: heat(),
            driver_id: 7,
            name: "A".to_owned(),
            kart: "4".to_owned(),
            position: 1,
            laps,
            last_lap_ms: Some(last_ms),
            average_lap_ms: Some(40_000),
            best_lap_ms: Some(1),
        }],
        laps: rows,
        ..Tables::default()
    }
}

/// Driver 7 drives laps of 41, 42, 43 … seconds.
fn truth(laps: u32) -> TrackTruth {
    use ringside::simulator::karting::{DriverTruth, HeatTruth, LapTruth};
    let lap = |lap| LapTruth {
        lap,
        lap_ms: 40_000 + lap * 1_000,
        kart: "4".to_owned(),
        corrected: false,
        removed: false,
    };
    let driver = DriverTruth {
        driver_id: 7,
        name: "A".to_owned(),
        kart: "4".to_owned(),
        laps: (1..=laps).map(lap).collect(),
        lap_count: laps,
        best_ms: None,
        average_ms: None,
        position: 1,
        withdrawn: false,
    };
    let heat = HeatTruth {
        start_unix: 300,
        name: HEAT.to_owned(),
        occurrence: 0,
        state: 1,
        end_condition: 1,
        race_mode: 1,
        finished: false,
        drivers: vec![driver],
    };
    TrackTruth { heats: vec![heat] }
}

fn judged(connections: Vec<SentConnection>, deaths: &[Death], tables: &Tables) -> Report {
    let sent = SentLog { connections, dropped: 0 };
    let feed = Feed { slug: "t".to_owned(), sent, truth: truth(9), is_track: true };
    Oracle::new(&[feed], deaths).judge(tables, true)
}

/// Laps 1 to 3, a second apart, on one connection.
fn three_laps() -> Vec<SentConnection> {
    let frames = (1..=3).map(|n| (n * 1_000, frame(n as u32, 40_000 + n * 1_000)));
    vec![connection(frames.collect())]
}

fn rows(numbers: impl IntoIterator<Item = u32>) -> Vec<LapRow> {
    numbers.into_iter().map(|n| lap(n, 40_000 + i64::from(n) * 1_000, "timed")).collect()
}

/// Missing, wrong, doubled, never sent.
fn faults(report: &Report) -> [usize; 4] {
    [report.missing, report.wrong, report.doubled, report.never_sent]
}

#[test]
fn oracle_is_content_when_every_lap_is_there() {
    let report = judged(three_laps(), &[], &tables(3, 43_000, rows(1..=3)));
    assert!(report.is_clean(), "{}", report.complaints());
    assert_eq!((report.frames_sent, report.frames_safe), (3, 3));
    // The heat, the standing, and three laps.
    assert_eq!((report.rows_expected, report.rows_found), (5, 5));
}

#[test]
fn oracle_complains_when_a_lap_is_missing() {
    let report = judged(three_laps(), &[], &tables(3, 43_000, rows([1, 3])));
    assert_eq!(faults(&report), [1, 0, 0, 0]);
    assert!(report.complaints().contains("lap 2 of"), "{}", report.complaints());
}

#[test]
fn oracle_complains_when_a_lap_has_another_time_or_source() {
    for row in [lap(2, 42_001, "timed"), lap(2, 42_000, "corrected")] {
        let mut rows = rows([1, 3]);
        rows.push(row);
        assert_eq!(faults(&judged(three_laps(), &[], &tables(3, 43_000, rows))), [0, 1, 0, 0]);
    }
}

#[test]
fn oracle_complains_when_a_lap_or_a_heat_is_there_twice() {
    let mut twice = tables(3, 43_000, rows([1, 2, 3, 2]));
    assert_eq!(faults(&judged(three_laps(), &[], &twice)), [0, 0, 1, 0]);
    twice.laps.pop();
    twice.heats.push(twice.heats[0].clone());
    assert_eq!(faults(&judged(three_laps(), &[], &twice)), [0, 0, 1, 0]);
}

#[test]
fn oracle_complains_when_a_lap_or_a_heat_was_never_sent() {
    let mut more = tables(3, 43_000, rows(1..=4));
    assert_eq!(faults(&judged(three_laps(), &[], &more)), [0, 0, 0, 1]);
    more.laps.pop();
    more.laps.push(LapRow { driver_id: 8, ..lap(1, 41_000, "timed") });
    assert_eq!(faults(&judged(three_laps(), &[], &more)), [0, 0, 0, 1]);
}

#[test]
fn oracle_complains_when_a_standing_is_old() {
    let report = judged(three_laps(), &[], &tables(2, 42_000, rows(1..=3)));
    assert_eq!(faults(&report), [0, 1, 0, 0]);
}

/// Killed 100 ms after lap 3; the next frame is that of lap 5.
fn killed_before_lap_four() -> (Vec<SentConnection>, Death) {
    let death = Death { killed_at: at(3_100), back_at: at(3_500) };
    let mut connections = three_laps();
    connections.push(connection(vec![(5_000, frame(5, 45_000))]));
    (connections, death)
}

#[test]
fn lap_just_before_a_kill_may_be_there_or_inferred_or_in_a_gap() {
    let (connections, death) = killed_before_lap_four();
    let judged = |rows, gaps| {
        let tables = Tables { gaps, ..tables(5, 45_000, rows) };
        judged(connections.clone(), &[death], &tables)
    };
    let inferred = |n, ms| LapRow { error_ms: 4, ..lap(n, ms, "reconstructed") };
    let gap = |first_lap| GapRow {
        feed: "t".to_owned(),
        heat: heat(),
        driver_id: 7,
        first_lap,
        last_lap: 4,
        total_ms: None,
        error_ms: 0,
    };

    let mut seen = rows([1, 2, 3, 5]);
    seen.push(inferred(4, 43_997));
    let report = judged(seen.clone(), vec![]);
    assert!(report.is_clean(), "{}", report.complaints());
    assert_eq!((report.frames_sent, report.frames_safe, report.reconstructed), (4, 3, 1));

    let report = judged(rows([1, 2, 5]), vec![gap(3)]);
    assert!(report.is_clean(), "{}", report.complaints());
    assert_eq!(report.in_gaps, 2);

    // Neither known nor known to be missing; inferred wrongly; both; a gap over what was safe.
    assert_eq!(faults(&judged(rows([1, 2, 3, 5]), vec![])), [1, 0, 0, 0]);
    seen.pop();
    seen.push(inferred(4, 43_995));
    assert_eq!(faults(&judged(seen.clone(), vec![])), [0, 1, 0, 0]);
    assert_eq!(faults(&judged(rows(1..=5), vec![gap(4)])), [0, 2, 0, 0]);
    assert_eq!(faults(&judged(rows([1, 5]), vec![gap(2)])), [1, 0, 0, 0]);
}

#[test]
fn gap_must_hold_the_true_sum() {
    let (connections, death) = killed_before_lap_four();
    for (total_ms, wrong) in [(86_995, 0), (86_994, 1)] {
        let gap = GapRow {
            feed: "t".to_owned(),
            heat: heat(),
            driver_id: 7,
            first_lap: 3,
            last_lap: 4,
            total_ms: Some(total_ms),
            error_ms: 5,
        };
        let tables = Tables { gaps: vec![gap], ..tables(5, 45_000, rows([1, 2, 5])) };
        let report = judged(connections.clone(), &[death], &tables);
        assert_eq!(faults(&report), [0, wrong, 0, 0], "{}", report.complaints());
    }
}

#[test]
fn frames_to_a_dead_client_prove_nothing() {
    let mut connections = three_laps();
    // Taken after the kill, before the next start.
    connections.push(connection(vec![(3_200, frame(4, 44_000))]));
    let death = Death { killed_at: at(3_150), back_at: at(3_300) };
    let report = judged(connections, &[death], &tables(2, 42_000, rows(1..=2)));
    assert!(report.is_clean(), "{}", report.complaints());
    assert_eq!((report.frames_sent, report.frames_safe), (4, 2));
}

#[test]
fn corrections_and_removals_must_be_stored() {
    let frames = [(1, 41_000), (2, 42_000), (2, 40_000), (3, 43_000), (2, 40_000)];
    let frames = (1..).zip(frames).map(|(n, (laps, ms))| (n * 1_000, frame(laps, ms)));
    let connections = vec![connection(frames.collect())];
    let stored = |removed| {
        let removed = LapRow { removed, ..lap(3, 43_000, "timed") };
        tables(2, 40_000, vec![lap(1, 41_000, "timed"), lap(2, 40_000, "corrected"), removed])
    };
    let report = judged(connections.clone(), &[], &stored(true));
    assert!(report.is_clean(), "{}", report.complaints());
    assert_eq!(faults(&judged(connections, &[], &stored(false))), [0, 1, 0, 0]);
}

fn recorded(ms: i64, text: String) -> Recorded {
    let received_at = at(ms).timestamp_micros();
    Recorded { slug: "t".to_owned(), received_at, payload: text.into_bytes() }
}

#[test]
fn journal_must_have_every_safe_frame_once_and_nothing_else() {
    let (mut connections, death) = killed_before_lap_four();
    let pong = SentFrame { at: at(2_500), is_binary: false, payload: Bytes::from_static(b"pong") };
    connections[0].frames.insert(2, pong);
    let sent = SentLog { connections, dropped: 0 };
    let feed = Feed { slug: "t".to_owned(), sent, truth: truth(9), is_track: true };
    let judged = |frames: Vec<(i64, String)>| {
        let mut report = Report::default();
        let frames = frames.into_iter().map(|(ms, text)| recorded(ms, text)).collect();
        Journal::of(frames).judge(std::slice::from_ref(&feed), &[death], true, &mut report);
        report
    };
    let all: Vec<_> = [(1, 41), (2, 42), (3, 43)]
        .map(|(n, s)| (n * 1_000 + 1, frame(n as u32, s * 1_000)))
        .into();
    let after = (5_001, frame(5, 45_000));
    let with_after =
        |frames: &[(i64, String)]| judged([frames, std::slice::from_ref(&after)].concat());
    let report = with_after(&all);
    assert_eq!((faults(&report), report.lost_ms_before_kill), ([0; 4], None));
    // The last one before the kill may be missing.
    let report = with_after(&all[..2]);
    assert_eq!((faults(&report), report.lost_ms_before_kill), ([0; 4], Some(100)));
    // The one before it may not, nor any of a connection that lives.
    assert_eq!(faults(&with_after(&all[..1])), [1, 0, 0, 0]);
    assert_eq!(faults(&judged(all.clone())), [1, 0, 0, 0]);
    // Twice, another, and before anything was sent.
    let twice = [&all[..], &[all[2].clone(), after.clone()]].concat();
    assert_eq!(faults(&judged(twice)), [0, 1, 0, 0]);
    let another = [&all[..2], &[(3_001, "{}".to_owned()), after.clone()]].concat();
    assert_eq!(faults(&judged(another)), [0, 1, 0, 0]);
    let early = [&[(0, "{}".to_owned())], &all[..], &[after]].concat();
    assert_eq!(faults(&judged(early)), [0, 0, 0, 1]);
}

/// A whole world, with its tables made from its truth instead of its frames.
#[test]
fn oracle_reads_a_world_of_karts_as_it_was() {
    let options = KartOptions {
        heat_s: 120,
        heats: Some(3),
        corrections: 0.3,
        removals: 0.3,
        reruns: 0.5,
        ..KartOptions::default()
    };
    let mut world = KartWorld::new(3, options);
    let frames: Vec<_> = world.by_ref().map(|f| (f.offset.as_millis() as i64, f.text)).collect();
    let truth = world.truth();
    let mut tables = Tables::default();
    for heat in &truth.heats {
        let name = HeatName { start_unix: heat.start_unix, heat: heat.name.clone() };
        for driver in &heat.drivers {
            for lap in &driver.laps {
                tables.laps.push(LapRow {
                    heat: name.clone(),
                    driver_id: driver.driver_id,
                    removed: lap.removed,
                    ..self::lap(
                        lap.lap,
                        lap.lap_ms.into(),
                        if lap.corrected { "corrected" } else { "timed" },
                    )
                });
            }
        }
    }
    assert!(tables.laps.iter().any(|lap| lap.removed) && tables.laps.len() > 30);
    let sent = SentLog { connections: vec![connection(frames)], dropped: 0 };
    let feed = Feed { slug: "t".to_owned(), sent, truth, is_track: true };
    let oracle = Oracle::new(&[feed], &[]);
    let report = oracle.judge(&tables, true);
    // These tables have no heats and no standings.
    assert_eq!(faults(&report)[1..], [0, 0, 0], "{}", report.complaints());
    let missing = report.missing;
    tables.laps.pop();
    assert_eq!(oracle.judge(&tables, true).missing, missing + 1);
}

/// The day of a ring and its tables as the frames' last words.
fn ring_day() -> (Feed, Tables) {
    let options = RingDayOptions { days: Some(1), classes: 1, ..RingDayOptions::default() };
    let mut world = RingWorld::new(2, options);
    let frames: Vec<_> = world.by_ref().map(|f| (f.offset.as_millis() as i64, f.text)).collect();
    let truth = world.truth();
    let mut tables = Tables::default();
    let feed = || "r".to_owned();
    for run in &truth.runs {
        let names = [&truth.event_name, &truth.ring_name, &run.trial_name, &run.name];
        let key = format!("{}|{}", names.map(String::as_str).join("|"), run.run_type);
        tables.runs.push(RunRow { feed: feed(), run: key.clone() });
        for p in &run.playsets {
            let progress = |p: &ringside::simulator::agility::ProgressTruth| {
                let (status, out, time) = (&p.status, &p.disqualification, &p.time);
                format!("{status}|{}|{}|{out}|{time}", p.faults, p.refusals)
            };
            let says = format!(
                "{}|{}|{}|{}|{}|{}|{}|{}",
                p.dorsal,
                p.handler,
                p.dog_family_name,
                p.start_order,
                progress(&p.progress),
                p.qualification,
                p.classification,
                p.total_penalization,
            );
            let (run, playset_id) = (key.clone(), p.playset_id.clone());
            for (_, step) in &p.changes {
                let (run, playset_id) = (run.clone(), playset_id.clone());
                let (says, changed_at) = (progress(step), String::new());
                tables.changes.push(ChangeRow { feed: feed(), run, playset_id, changed_at, says });
            }
            tables.playsets.push(PlaysetRow { feed: feed(), run, playset_id, says });
        }
    }
    let sent = SentLog { connections: vec![connection(frames)], dropped: 0 };
    let truth = TrackTruth::default();
    (Feed { slug: feed(), sent, truth, is_track: false }, tables)
}

#[test]
fn oracle_reads_the_day_of_a_ring_as_it_was() {
    let (feed, tables) = ring_day();
    let oracle = Oracle::new(&[feed], &[]);
    for in_order in [true, false] {
        let report = oracle.judge(&tables, in_order);
        let combined = report.complaints().lines().all(|line| line.contains("combined result"));
        assert!(combined && report.missing > 0, "{}", report.complaints());
        assert_eq!(faults(&report)[1..], [0, 0, 0]);
    }
}

#[test]
fn oracle_complains_when_a_step_of_a_time_line_is_missing_or_there_twice() {
    let (feed, mut tables) = ring_day();
    let oracle = Oracle::new(&[feed], &[]);
    let [missing, ..] = faults(&oracle.judge(&tables, true));
    let change = tables.changes.remove(3);
    assert_eq!(oracle.judge(&tables, false).missing, missing + 1);
    assert!(oracle.judge(&tables, true).missing > missing);
    tables.changes.insert(3, change.clone());
    tables.changes.push(change);
    assert_eq!(faults(&oracle.judge(&tables, true)), [missing, 0, 1, 0]);
    tables.changes.pop();
    tables.playsets[0].says += "?";
    assert_eq!(faults(&oracle.judge(&tables, true)), [missing, 1, 0, 0]);
    tables.playsets.remove(0);
    tables.runs.push(RunRow { feed: "r".to_owned(), run: "another".to_owned() });
    assert_eq!(faults(&oracle.judge(&tables, true)), [missing + 1, 0, 0, 1]);
}
