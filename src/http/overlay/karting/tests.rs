use chrono::TimeDelta;

use crate::{
    board::karting::Clock,
    event::karting::{Heat, HeatKey, LapSource, Standing},
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

fn heat(race_mode: &'static str, lines: Vec<Line>) -> HeatBoard {
    let key = key();
    let heat = Heat {
        key,
        state: "running".into(),
        end_condition: "time".into(),
        race_mode: race_mode.into(),
        clock_ms: 65_000,
        clock_started: true,
        clock_enabled: true,
        remaining_laps: 0,
        end_mode: 0,
        started_at: None,
        finished_at: None,
        seen_at: now(),
        extra: Default::default(),
    };
    let clock = Clock { ms: 65_000, at: now(), runs: true, counts_down: true };
    HeatBoard { heat, clock, lines: lines.into_iter().map(Arc::new).collect() }
}

fn key() -> Arc<HeatKey> {
    Arc::new(HeatKey { start_unix: 0, name: "[HEAT] 33 - <b>XL ".into(), occurrence: 0 })
}

/// A driver after three laps, the last of them two seconds ago.
fn line(position: i32, name: &str, laps_ms: [i32; 3], gap: &str) -> Line {
    let lap = |(lap, lap_ms)| Lap {
        heat: key(),
        driver_id: position.into(),
        lap,
        lap_ms,
        kart: Some("7".into()),
        position: Some(position),
        crossed_at: (lap == 3).then(|| now() - TimeDelta::seconds(2)),
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    };
    let standing = Standing {
        heat: key(),
        driver_id: position.into(),
        name: name.to_owned(),
        kart: format!("0{position}"),
        web_member_id: 0,
        position,
        laps: 3,
        last_lap_ms: laps_ms.last().copied(),
        average_lap_ms: Some(laps_ms.iter().sum::<i32>() / 3),
        best_lap_ms: laps_ms.iter().min().copied(),
        gap: gap.to_owned(),
        last_passing: false,
        last_record: None,
        updated_at: now(),
        extra: Default::default(),
    };
    Line { standing: standing.into(), laps: (1..).zip(laps_ms).map(lap).collect(), gaps: vec![] }
}

fn drawn(screen: &Screen, heat: &HeatBoard, of: Part) -> Option<String> {
    part(screen, heat, of, now()).map(|part| part.into_string())
}

fn rows(screen: &Screen, heat: &HeatBoard) -> Vec<String> {
    let ids = heat.lines.iter().map(|line| (line, format!("driver-{}", line.standing.driver_id)));
    let mut before = None;
    ids.map(|(line, id)| {
        let drawn = row(screen, heat, line, before, &id).into_string();
        before = Some(line.as_ref());
        drawn
    })
    .collect()
}

#[test]
fn clock_carries_what_a_script_needs_to_let_it_run() {
    let mut heat = heat("best_lap", vec![]);
    assert_eq!(
        drawn(&screen(""), &heat, Part::Clock).unwrap(),
        "<section id=\"clock\" class=\"panel clock running\"><span class=\"title\">33 - \
         &lt;b&gt;XL</span><time data-clock-ms=\"65000\" data-clock-at=\"1700000000000\" \
         data-clock-dir=\"down\" data-clock-runs data-clock-form=\"minutes\"></time></section>"
    );
    heat.clock.runs = false;
    heat.heat.clock_started = false;
    heat.heat.remaining_laps = 5;
    heat.clock.ms = 0;
    let waits = drawn(&screen(""), &heat, Part::Clock).unwrap();
    assert!(waits.contains("Get ready</span><span class=\"to-go\">5 laps to go</span></section>"));
}

#[test]
fn clock_shows_no_time_when_the_heat_is_over() {
    for state in ["finished", "stopped"] {
        let mut heat = heat("best_lap", vec![]);
        heat.heat.state = state.into();
        heat.clock.runs = false;
        let clock = drawn(&screen("lang=en"), &heat, Part::Clock).unwrap();
        assert!(!clock.contains("<time"), "{clock}");
        assert!(clock.to_lowercase().contains(state), "{clock}");
    }
}

#[test]
fn tower_has_a_row_for_each_driver_that_marks_bests() {
    let lines = vec![
        line(1, " <i>Ann</i> Lee ", [40_000, 35_000, 35_500], ""),
        line(2, "Bob", [41_000, 64_740, 36_000], "01.000"),
    ];
    let heat = heat("best_lap", lines);
    assert_eq!(
        rows(&screen("columns=kart,last,best,gap,interval,laps,average"), &heat),
        [
            "<li class=\"row\" id=\"driver-1\"><span class=\"position\">1</span>\
             <span class=\"kart\">01</span>\
             <span class=\"name\">&lt;i&gt;Ann&lt;/i&gt; Lee</span>\
             <span class=\"cell time\">35.500</span>\
             <span class=\"cell time fastest\">35.000</span><span class=\"cell gap\"></span>\
             <span class=\"cell gap\"></span><span class=\"cell laps\">3</span>\
             <span class=\"cell time\">36.833</span></li>",
            "<li class=\"row\" id=\"driver-2\"><span class=\"position\">2</span>\
             <span class=\"kart\">02</span><span class=\"name\">Bob</span>\
             <span class=\"cell time own-best\">36.000</span>\
             <span class=\"cell time\">36.000</span><span class=\"cell gap\">+1.000</span>\
             <span class=\"cell gap\">+1.000</span><span class=\"cell laps\">3</span>\
             <span class=\"cell time\">47.246</span></li>",
        ]
    );
}

#[test]
fn tower_shows_the_lap_that_decides_when_nothing_else_is_wanted() {
    let lines = || vec![line(1, "Ann", [70_000, 61_002, 62_000], "")];
    for (mode, time) in
        [("best_lap", "1:01.002"), ("best_average", "1:04.334"), ("most_laps", "1:02.000")]
    {
        let row = rows(&screen(""), &heat(mode, lines())).remove(0);
        assert!(row.contains(&format!("\">{time}</span><span class=\"cell gap\">")), "{row}");
    }
}

#[test]
fn tower_is_no_longer_than_wanted_and_absent_without_drivers() {
    let lines = (1..=4).map(|n| line(n, "Ann", [40_000, 40_000, 40_000], "")).collect();
    let (heat, empty) = (heat("best_lap", lines), heat("best_lap", vec![]));
    let mut fragments = Fragments::default();
    let mut expected = Fragments::default();
    let screen = screen("rows=2");
    tower_rows(&screen, &heat, &mut fragments);
    for (line, before) in [(0, None), (1, Some(&*heat.lines[0]))] {
        let id = format!("driver-{}", line + 1);
        expected.part(&id, row(&screen, &heat, &heat.lines[line], before, &id));
    }
    expected.order(ROWS, vec!["driver-1".to_owned(), "driver-2".to_owned()]);
    assert_eq!(fragments, expected);
    assert_eq!(drawn(&screen, &empty, Part::Tower), None);
    let mut nothing = Fragments::default();
    tower_rows(&screen, &empty, &mut nothing);
    assert_eq!(nothing, Fragments::default());
}

#[test]
fn names_are_left_out_or_shortened_when_wanted() {
    let heat = heat("best_lap", vec![line(1, "Ann Lee", [40_000, 35_000, 35_500], "")]);
    let name = |query, privacy| {
        let screen = Screen { privacy, ..screen(query) };
        let row = rows(&screen, &heat).remove(0);
        row.split("name\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(name("", Privacy::Names), "Ann Lee");
    assert_eq!(name("names=initials", Privacy::Names), "A. L.");
    assert_eq!(name("names=none", Privacy::Names), "Kart 01");
    // What the operator decided, an address can't undo.
    assert_eq!(name("names=full", Privacy::Initials), "A. L.");
}

#[test]
fn last_tells_the_lap_that_matters_most_and_only_while_it_is_news() {
    let lines = vec![
        line(1, "Ann", [35_000, 34_000, 36_000], ""),
        line(2, "Bob", [40_000, 39_000, 38_000], ""),
    ];
    let mut heat = heat("best_lap", lines);
    let last = |heat: &HeatBoard, query, at| {
        part(&screen(query), heat, Part::Last, at).map(|part| part.into_string())
    };
    assert_eq!(
        last(&heat, "", now()).unwrap(),
        "<section id=\"last\" class=\"panel last own-best\" data-key=\"2-3\">\
         <span class=\"headline\">Personal best</span><span class=\"name\">Bob</span>\
         <span class=\"detail\">Lap 3</span><span class=\"figure\">38.000</span></section>"
    );
    assert_eq!(last(&heat, "", now() + TimeDelta::seconds(4)), None);
    // Now the only one, and nobody's best.
    heat.lines.pop();
    assert!(last(&heat, "", now()).unwrap().contains("Last lap"));
    assert_eq!(last(&heat, "laps=best", now()), None);
    heat.lines = vec![Arc::new(line(1, "Ann", [35_000, 34_000, 33_000], ""))];
    assert!(last(&heat, "laps=best", now()).unwrap().contains("Fastest lap"));
    let mut record = line(1, "Ann", [35_000, 34_000, 33_000], "");
    Arc::make_mut(&mut record.standing).last_record = Some("day".into());
    heat.lines = vec![Arc::new(record)];
    assert!(last(&heat, "", now()).unwrap().contains("Record of the day"));
}

#[test]
fn best_names_who_drove_the_fastest_lap() {
    let lines = vec![
        line(1, "Ann", [35_000, 34_000, 36_000], ""),
        line(2, "Bob", [40_000, 33_999, 38_000], ""),
    ];
    let best = drawn(&screen(""), &heat("most_laps", lines), Part::Best).unwrap();
    assert!(best.contains("Bob</span><span class=\"figure\">33.999"), "{best}");
    assert_eq!(drawn(&screen(""), &heat("most_laps", vec![]), Part::Best), None);
}

#[test]
fn battle_shows_the_closest_two_by_what_decides_the_heat() {
    let lines = || {
        vec![
            line(1, "Ann", [35_000, 34_000, 36_000], ""),
            line(2, "Bob", [40_000, 34_900, 38_000], "+01.200"),
            line(3, "Cid", [40_000, 35_000, 38_000], "+02.500"),
        ]
    };
    let battle = drawn(&screen(""), &heat("most_laps", lines()), Part::Battle).unwrap();
    assert!(battle.contains("Battle for P1</span><span class=\"name\">Ann"), "{battle}");
    assert!(battle.contains("1.200"), "{battle}");
    let battle = drawn(&screen(""), &heat("best_lap", lines()), Part::Battle).unwrap();
    assert!(battle.contains("Battle for P2") && battle.contains("0.100"), "{battle}");

    let mut apart = heat("most_laps", lines());
    apart.lines = vec![
        Arc::new(line(1, "Ann", [35_000, 34_000, 36_000], "")),
        Arc::new(line(2, "Bob", [35_000, 34_000, 36_000], "1 lap")),
        Arc::new(line(3, "Cid", [35_000, 34_000, 36_000], "+31.000")),
    ];
    assert_eq!(drawn(&screen(""), &apart, Part::Battle), None);
    let mut over = heat("most_laps", lines());
    over.clock.runs = false;
    assert_eq!(drawn(&screen(""), &over, Part::Battle), None);
}

#[test]
fn gaps_stay_as_sent_when_nobody_can_read_them() {
    for (sent, shown) in [
        ("+01.265", "+1.265"),
        ("75.001", "+75.001"),
        ("", ""),
        (" 1 Lap ", "1 Lap"),
        ("+1:05.000", "+1:05.000"),
        ("+.5", "+.5"),
        ("+99999999999.000", "+99999999999.000"),
    ] {
        assert_eq!(gap(sent), shown);
    }
}
