//! What is drawn of whatever heat: exactly for a small one, and always well-formed and bounded.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    board::karting::{Clock, Line},
    event::karting::{Heat, HeatKey, Lap, LapGap, LapSource, Standing},
};

/// What a chart may weigh: two of them are a small part of a page.
const MAX_BYTES: usize = 40_000;

/// A lap's number, its time, the position after it.
type Drive = (i32, i32, Option<i32>);

fn key() -> Arc<HeatKey> {
    Arc::new(HeatKey { start_unix: 300, name: "Heat".into(), occurrence: 0 })
}

fn line(driver_id: i64, name: &str, position: i32, drives: &[Drive]) -> Line {
    let laps = drives.iter().map(|&(lap, lap_ms, position)| Lap {
        heat: key(),
        driver_id,
        lap,
        lap_ms,
        kart: None,
        position,
        crossed_at: None,
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    });
    let standing = Standing {
        heat: key(),
        driver_id,
        name: name.to_owned(),
        kart: "7".to_owned(),
        web_member_id: 0,
        position,
        laps: i32::try_from(drives.len()).unwrap(),
        last_lap_ms: drives.last().map(|(_, ms, _)| *ms),
        average_lap_ms: None,
        best_lap_ms: drives.iter().map(|(_, ms, _)| *ms).min(),
        gap: String::new(),
        last_passing: false,
        last_record: None,
        updated_at: DateTime::<Utc>::UNIX_EPOCH,
        extra: Default::default(),
    };
    Line { standing: standing.into(), laps: laps.collect(), gaps: Vec::new() }
}

fn heat(lines: Vec<Line>) -> HeatBoard {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    HeatBoard {
        heat: Heat {
            key: key(),
            state: "running".into(),
            end_condition: "time".into(),
            race_mode: "most_laps".into(),
            clock_ms: 0,
            clock_started: true,
            clock_enabled: true,
            remaining_laps: 0,
            end_mode: 0,
            started_at: None,
            finished_at: None,
            seen_at: at,
            extra: Default::default(),
        },
        clock: Clock { ms: 0, at, runs: true, counts_down: true },
        lines: lines.into_iter().map(Arc::new).collect(),
    }
}

/// A heat of so many drivers and laps, all complete.
fn full(drivers: i32, laps: i32) -> HeatBoard {
    let of_driver = |driver: i32| {
        let drives = (1..=laps).map(|lap| {
            (lap, 40_000 + driver * 100 + lap % 7 * 50, Some((driver + lap) % drivers + 1))
        });
        let name = format!("Driver {driver}");
        line(driver.into(), &name, driver + 1, &drives.collect::<Vec<_>>())
    };
    heat((0..drivers).map(of_driver).collect())
}

fn lap_chart(heat: &HeatBoard) -> String {
    super::lap_chart(heat, Privacy::Names, Lang::En).into_string()
}

fn position_chart(heat: &HeatBoard) -> String {
    super::position_chart(heat, Privacy::Names, Lang::En).into_string()
}

/// Every chart of a heat.
fn charts(heat: &HeatBoard) -> [String; 4] {
    let of = |chart: fn(&HeatBoard, Privacy, Lang) -> Markup| {
        chart(heat, Privacy::Names, Lang::En).into_string()
    };
    [of(super::lap_chart), of(super::position_chart), of(gap_chart), of(spread_chart)]
}

/// Fails unless every tag is closed in its order, attributes are quoted once each, and no text has a
/// bare `<`, `>` or `&`.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        assert_text(&rest[..at]);
        let end = at + rest[at..].find('>').unwrap_or_else(|| panic!("a tag has no end: {rest}"));
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "in {xml}");
            continue;
        }
        let (tag, is_closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()), "<{name}>");
        let mut keys = Vec::new();
        let mut pieces = attributes.split('"');
        while let Some(key) = pieces.next().map(str::trim).filter(|key| !key.is_empty()) {
            let key = key.strip_suffix('=').unwrap_or_else(|| panic!("{key:?} in <{tag}>"));
            assert!(!keys.contains(&key), "{key} twice in <{tag}>");
            assert!(key != "style" && !key.starts_with("on"), "{key}");
            keys.push(key);
            assert_text(pieces.next().unwrap_or_else(|| panic!("{key} has no value in <{tag}>")));
        }
        if !is_closed {
            open.push(name);
        }
    }
    assert_text(rest);
    assert_eq!(open, Vec::<&str>::new(), "never closed");
}

fn assert_text(text: &str) {
    assert!(!text.contains(['<', '>']), "{text:?}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    for entity in text.split('&').skip(1) {
        let known = ["lt;", "gt;", "amp;", "quot;", "apos;", "#39;"];
        assert!(known.iter().any(|known| entity.starts_with(known)), "&{entity}");
    }
}

/// The points of every line of a driver, in order.
fn lines(chart: &str) -> Vec<&str> {
    let lines = chart.split("<polyline class=\"c").skip(1).filter(|line| !line.contains("leader"));
    lines.filter_map(|line| line.split("points=\"").nth(1)?.split('"').next()).collect()
}

#[test]
fn lap_chart_draws_a_line_a_driver_with_breaks_hollow_and_clipped_laps() {
    let mut ann = line(
        1,
        "Ann",
        1,
        &[(1, 45_000, None), (2, 40_000, None), (4, 41_000, None), (5, 200_000, None)],
    );
    ann.laps[1].source = LapSource::Reconstructed;
    let bob = line(2, "Bob", 2, &[(1, 46_000, None), (2, 42_000, None)]);
    let chart = lap_chart(&heat(vec![ann, bob]));
    assert_well_formed(&chart);
    assert!(chart.starts_with(
        "<figure class=\"chart\" id=\"lap-chart\"><figcaption><strong>Lap times</strong> <small>\
         <span aria-hidden=\"true\">○ </span>missed and computed</small> <small>\
         <span aria-hidden=\"true\">▲ </span>off the scale</small></figcaption>\
         <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1600 900\" role=\"img\" \
         aria-label=\"Lap times\" aria-describedby=\"lap-chart-words\" fill=\"none\">\
         <desc id=\"lap-chart-words\">Ann: laps 4, best 40.000; Bob: laps 2, best 42.000</desc>"
    ), "{chart}");
    // Laps 1 to 5 stand from 170 to 1170; 40 s stand near 812 and 46 s near 30, as lap 5 does.
    assert_eq!(lines(&chart), ["170,59 420,542", "170,180 420,784", "920,663 1170,59"]);
    assert_eq!(chart.matches("hollow").count(), 1);
    assert_eq!(chart.matches("<polygon class=\"c0 d0\"").count(), 1);
    assert!(chart.contains(">Ann</text>") && chart.contains(">Bob</text>"));
}

#[test]
fn position_chart_has_the_first_on_top_and_ends_where_the_table_ends() {
    let ann = line(1, "Ann", 2, &[(1, 40_000, Some(1)), (2, 40_000, Some(1))]);
    let bob = line(2, "Bob", 1, &[(1, 40_000, Some(2)), (2, 40_000, None), (3, 39_000, Some(1))]);
    let chart = position_chart(&heat(vec![bob, ann]));
    assert_well_formed(&chart);
    assert_eq!(lines(&chart), ["170,226 670,226"]);
    let height_of = |name: &str| {
        let before = &chart[..chart.find(&format!(">{name}</text>")).unwrap()];
        let y = before.rsplit(" y=\"").next().unwrap();
        y.split('"').next().unwrap().parse::<i32>().unwrap()
    };
    assert!(height_of("Bob") < height_of("Ann"));
}

fn gaps(race_mode: &'static str) -> String {
    let hole = |first_lap, last_lap, total_ms| LapGap {
        heat: key(),
        driver_id: 2,
        first_lap,
        last_lap,
        total_ms,
        error_ms: 0,
    };
    let ann = line(1, "Ann", 1, &[(1, 45_000, None), (2, 40_000, None), (3, 41_000, None)]);
    let mut bob = line(2, "Bob", 2, &[(1, 46_000, None), (3, 40_000, None)]);
    bob.gaps.push(hole(2, 2, Some(42_000)));
    let cleo = line(3, "Cleo", 3, &[(1, 47_000, None), (3, 39_000, None)]);
    let mut board = heat(vec![ann, bob, cleo]);
    board.heat.race_mode = race_mode.into();
    gap_chart(&board, Privacy::Names, Lang::En).into_string()
}

#[test]
fn gap_chart_of_a_race_tells_the_sums_of_all_laps_as_far_as_they_are_known() {
    let chart = gaps("most_laps");
    assert_well_formed(&chart);
    assert!(chart.contains("<strong>Gap to the leader</strong>"), "{chart}");
    // From 61 (no gap) down to 757 (2 s). Ann leads with 45, 85, 126 s. Bob is 1 s behind, misses a lap, and then 2 s behind with 46 +
    // 42 + 40 s: the lowest gap. Of Cleo's second lap nothing is known, so nothing from there on.
    assert_eq!(lines(&chart), ["170,61 670,61 1170,61"]);
    let dots: Vec<_> = chart.split("<circle class=\"c").skip(1).collect();
    let at = |ink: &str| -> Vec<_> {
        let dots = dots.iter().filter(|dot| dot.starts_with(ink));
        dots.filter_map(|dot| dot.split("cx=\"").nth(1)?.split(" r=").next()).collect()
    };
    assert_eq!(at("1"), ["170\" cy=\"409\"", "1170\" cy=\"757\""]);
    assert_eq!(at("2"), ["170\" cy=\"757\""]);
}

#[test]
fn gap_chart_of_other_heats_tells_what_is_missing_to_the_best_so_far() {
    let chart = gaps("best_lap");
    assert!(chart.contains("<strong>Gap to the best lap so far</strong>"), "{chart}");
    // After lap 3 Cleo has 39 s, Ann and Bob 40 s: the line of Ann ends 1 s below the top.
    assert!(lines(&chart)[0].starts_with("170,61 670,61 1170,409"), "{chart}");
    let chart = gaps("best_average");
    assert!(chart.contains("<strong>Gap to the best average so far</strong>"), "{chart}");
}

#[test]
fn gap_chart_of_a_race_goes_by_the_crossings_where_all_have_some() {
    let crossing = |mut line: Line, start_ms: i64| {
        let mut at = start_ms;
        for lap in &mut line.laps {
            at += i64::from(lap.lap_ms);
            lap.crossed_at = DateTime::from_timestamp_millis(at);
        }
        line
    };
    let ann = line(1, "Ann", 1, &[(1, 40_000, None), (2, 40_000, None), (3, 40_000, None)]);
    let bob = line(2, "Bob", 2, &[(1, 39_500, None), (2, 39_500, None), (3, 39_500, None)]);
    let drawn = |ann: &Line, bob: &Line| {
        let board = heat(vec![ann.clone(), bob.clone()]);
        let chart = gap_chart(&board, Privacy::Names, Lang::En).into_string();
        lines(&chart).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // Bob began two seconds behind Ann and wins half a second a lap, but never passes her; by their
    // laps alone he led from the first on.
    let top = "170,61 670,61 1170,61";
    let by_laps = drawn(&ann, &bob);
    assert!(by_laps[0] == top && by_laps[1].starts_with("170,2"), "{by_laps:?}");
    let by_crossings = drawn(&crossing(ann, 1_000_000), &crossing(bob, 1_002_000));
    assert!(by_crossings[1] == top && by_crossings[0].starts_with("170,757"), "{by_crossings:?}");
}

#[test]
fn gap_chart_tells_nobodys_gap_once_the_leader_is_lost() {
    let ann = line(1, "Ann", 1, &[(1, 45_000, None), (3, 41_000, None)]);
    let bob = line(2, "Bob", 2, &[(1, 46_000, None), (2, 42_000, None), (3, 40_000, None)]);
    let chart = gap_chart(&heat(vec![ann, bob]), Privacy::Names, Lang::En).into_string();
    assert_eq!(lines(&chart), Vec::<&str>::new(), "{chart}");
    assert_eq!(chart.matches("<circle").count(), 2, "{chart}");
}

fn box_of(label: &str, times: [i32; 5], count: i64) -> BoxOf {
    let [low_ms, quarter_ms, median_ms, three_quarters_ms, high_ms] = times;
    let label = label.to_owned();
    BoxOf { label, low_ms, quarter_ms, median_ms, three_quarters_ms, high_ms, count, hue: 0 }
}

#[test]
fn box_chart_draws_a_box_a_row_and_cuts_what_is_far_off() {
    let boxes = [
        box_of("7", [40_000, 40_250, 40_500, 40_750, 41_250], 12),
        box_of("<b>", [41_000, 41_000, 41_000, 41_000, 99_000], 3),
    ];
    let chart = box_chart("karts", "Karts", &boxes, Lang::En).into_string();
    assert_well_formed(&chart);
    assert!(chart.starts_with("<figure class=\"chart boxes\" id=\"karts\">"), "{chart}");
    assert!(chart.contains("7: 12 laps, 40.000 to 41.250, median 40.500; &lt;b&gt;: 3 laps"));
    // The axis goes from 39.948 to 41.352 s and is 1030 wide: half a second of it is 367.
    assert!(chart.contains("width=\"367\""), "{chart}");
    assert_eq!(chart.matches("<rect").count(), 2);
    assert_eq!(chart.matches("<polygon").count(), 1, "the slowest lap is beyond the edge");
    assert!(chart.contains("off the scale"));
    let none = box_chart("karts", "Karts", &[], Lang::En).into_string();
    assert!(none.contains("No laps yet.") && !none.contains("<svg"), "{none}");
    let many: Vec<_> = (0..99).map(|n| box_of(&n.to_string(), [1, 2, 3, 4, 5], 1)).collect();
    let many = box_chart("karts", "Karts", &many, Lang::En).into_string();
    assert!(many.contains("The first 40.") && many.matches("<rect").count() == 40, "{many}");
}

#[test]
fn spread_chart_counts_exact_laps_after_the_first() {
    let mut ann = line(
        1,
        "Ann",
        1,
        &[(1, 60_000, None), (2, 41_000, None), (3, 40_000, None), (4, 39_000, None)],
    );
    ann.laps[3].error_ms = 3;
    let bob = line(2, "Bob", 2, &[(1, 61_000, None)]);
    let chart = spread_chart(&heat(vec![ann, bob]), Privacy::Names, Lang::En).into_string();
    assert!(chart.contains(">Ann: 2 laps, 40.000 to 41.000, median 40.000</desc>"), "{chart}");
}

#[test]
fn progress_chart_goes_from_the_oldest_to_the_latest() {
    let point = |day: i64, ms| Progress {
        at: DateTime::from_timestamp(day * 86_400, 0).unwrap(),
        ms,
        label: format!("day {day}"),
    };
    let chart = progress_chart("Bests", &[point(9, 41_000), point(2, 43_000)], Lang::En);
    let chart = chart.into_string();
    assert_well_formed(&chart);
    assert!(chart.contains(">day 2: 43.000; day 9: 41.000</desc>"), "{chart}");
    assert!(chart.contains(">best 41.000</text>") && chart.contains(">day 9</text>"), "{chart}");
    let (start, end) = lines(&chart)[0].split_once(' ').unwrap();
    let height = |point: &str| point.split_once(',').unwrap().1.parse::<i32>().unwrap();
    assert!(height(start) < height(end), "quicker is lower: {chart}");
    let one = progress_chart("Bests", &[point(1, 40_000)], Lang::En).into_string();
    assert_eq!(one.matches("<circle").count(), 1, "{one}");
    let many: Vec<_> = (0..999).map(|day| point(day, 40_000)).collect();
    let many = progress_chart("Bests", &many, Lang::En).into_string();
    assert!(many.contains("The latest 300.") && !many.contains("day 698:"), "{many}");
    assert!(progress_chart("Bests", &[], Lang::En).into_string().contains("No laps yet."));
}

#[test]
fn chart_says_so_when_there_is_no_lap() {
    for board in [heat(vec![]), heat(vec![line(1, "Ann", 1, &[])])] {
        for chart in charts(&board) {
            assert_well_formed(&chart);
            assert!(chart.contains("<p>No laps yet.</p>") && !chart.contains("<svg"), "{chart}");
        }
    }
}

#[test]
fn chart_shows_names_as_text_whatever_they_are() {
    let names = [
        "<img src=x onerror=alert(1)>",
        "\"><script>",
        "' onload='x",
        "a & b &lt;",
        "]]>",
        "🏁 Kim",
        "محمد",
        "李雷",
        "a\u{0}\u{202e}b\nc",
        "</text></svg>",
    ];
    let lines = names.iter().enumerate().map(|(nth, name)| {
        let nth = i32::try_from(nth).unwrap();
        line(nth.into(), name, nth + 1, &[(1, 40_000, Some(nth + 1)), (2, 40_500, Some(nth + 1))])
    });
    let board = heat(lines.collect());
    for chart in charts(&board) {
        assert_well_formed(&chart);
        assert!(!chart.contains("<img") && !chart.contains("<script"), "{chart}");
        for shown in ["&lt;img src=x one…", "🏁 Kim", "محمد", "李雷", "abc"] {
            assert!(chart.contains(&format!(">{shown}</text>")), "{shown} in {chart}");
        }
    }
    let private = super::lap_chart(&board, Privacy::Initials, Lang::En).into_string();
    assert!(private.contains(">K.</text>") && !private.contains("Kim"), "{private}");
}

#[test]
fn chart_tells_namesakes_apart_by_their_karts() {
    let mut lines = vec![
        line(1, "Ann", 1, &[(1, 40_000, Some(1))]),
        line(2, " Ann ", 2, &[(1, 41_000, Some(2))]),
        line(3, "Bob", 3, &[(1, 42_000, Some(3))]),
    ];
    Arc::make_mut(&mut lines[1].standing).kart = "12".to_owned();
    let chart = lap_chart(&heat(lines));
    for name in ["Ann #7", "Ann #12", "Bob"] {
        assert!(chart.contains(&format!(">{name}</text>")), "{name} in {chart}");
    }
    let lines = [(1, "Ann"), (2, "Ann"), (3, "Bob")]
        .map(|(id, name)| line(id, name, 1, &[(1, 50_000, None), (2, 40_000, None)]));
    let chart = spread_chart(&heat(lines.into()), Privacy::Names, Lang::En).into_string();
    assert_eq!(chart.matches(">Ann #7</text>").count(), 2, "{chart}");
    assert!(chart.contains(">Bob</text>"), "{chart}");
}

#[test]
fn driver_keeps_the_colour_when_positions_change() {
    let (ann, bob) =
        (line(7, "Ann", 1, &[(1, 40_000, Some(1))]), line(3, "Bob", 2, &[(1, 41_000, Some(2))]));
    for board in [heat(vec![ann.clone(), bob.clone()]), heat(vec![bob, ann])] {
        let chart = position_chart(&board);
        let text_of = |ink: &str| {
            let text = chart.split(&format!("<text class=\"{ink}\"")).nth(1).unwrap();
            text.split(['>', '<']).nth(1).unwrap().to_owned()
        };
        assert_eq!([text_of("c0 d0"), text_of("c1 d0")], ["Bob", "Ann"]);
    }
}

#[test]
fn chart_of_a_large_heat_says_what_it_leaves_out() {
    let chart = lap_chart(&full(20, 30));
    assert!(!chart.contains("The first") && !chart.contains("One lap in"), "{chart}");
    let chart = position_chart(&full(100, 200));
    assert!(chart.contains("The first 24 drivers."), "{chart}");
    assert!(chart.contains("One lap in 4."), "{chart}");
    assert_well_formed(&chart);
}

#[test]
fn chart_is_in_every_language() {
    let charts =
        Lang::ALL.map(|lang| super::lap_chart(&full(2, 3), Privacy::Names, lang).into_string());
    for (chart, title) in charts.iter().zip([
        "Lap times",
        "Tiempos por vuelta",
        "Rundenzeiten",
        "Temps au tour",
        "Rondetijden",
    ]) {
        assert_well_formed(chart);
        assert!(chart.contains(&format!("<strong>{title}</strong>")), "{chart}");
    }
}

fn any_drive() -> impl Strategy<Value = Drive> {
    let number = prop_oneof![4 => 1..60_i32, 1 => any::<i32>()];
    let time = prop_oneof![4 => 30_000..90_000_i32, 1 => any::<i32>()];
    let position = prop_oneof![4 => (1..30_i32).prop_map(Some), 1 => any::<Option<i32>>()];
    (number, time, position)
}

fn any_line() -> impl Strategy<Value = Line> {
    let drives = prop::collection::vec(any_drive(), 0..80);
    (any::<i64>(), any::<String>(), any::<i32>(), drives, any::<bool>()).prop_map(
        |(id, name, position, mut drives, is_computed)| {
            drives.sort();
            drives.dedup_by_key(|(lap, ..)| *lap);
            let mut line = line(id, &name, position, &drives);
            if is_computed {
                line.laps.iter_mut().for_each(|lap| lap.source = LapSource::Reconstructed);
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chart_is_well_formed_and_bounded_whatever_the_heat(lines in prop::collection::vec(any_line(), 0..40)) {
        let board = heat(lines);
        for mode in ["most_laps", "best_lap", "best_average"] {
            let mut board = board.clone();
            board.heat.race_mode = mode.into();
            for chart in charts(&board) {
                assert_well_formed(&chart);
                prop_assert!(chart.len() <= MAX_BYTES, "{} bytes", chart.len());
            }
        }
    }

    #[test]
    fn box_chart_is_well_formed_and_bounded_whatever_the_boxes(
        boxes in prop::collection::vec((any::<String>(), any::<[i32; 5]>(), any::<i64>()), 0..60)
    ) {
        let boxes: Vec<_> = boxes.iter().map(|(label, of, count)| box_of(label, *of, *count)).collect();
        let chart = box_chart("karts", "Karts", &boxes, Lang::En).into_string();
        assert_well_formed(&chart);
        prop_assert!(chart.len() <= MAX_BYTES, "{} bytes", chart.len());
    }

    #[test]
    fn progress_chart_is_well_formed_and_bounded_whatever_the_times(
        points in prop::collection::vec((any::<i32>(), any::<i32>(), any::<String>()), 0..400)
    ) {
        let points: Vec<_> = points.into_iter().map(|(at, ms, label)| {
            Progress { at: DateTime::from_timestamp(at.into(), 0).unwrap(), ms, label }
        }).collect();
        let chart = progress_chart("Bests", &points, Lang::En).into_string();
        assert_well_formed(&chart);
        prop_assert!(chart.len() <= MAX_BYTES, "{} bytes", chart.len());
    }
}

#[test]
fn chart_is_bounded_however_large_the_heat() {
    for (drivers, laps) in [(20, 20), (24, 80), (100, 200), (100, 2_000)] {
        let mut board = full(drivers, laps);
        for round in 0..3 {
            for line in &mut board.lines {
                let laps = &mut Arc::make_mut(line).laps;
                match round {
                    0 => {}
                    1 => laps
                        .iter_mut()
                        .filter(|lap| lap.lap % 5 < 2)
                        .for_each(|lap| lap.lap_ms *= 3),
                    _ => {
                        laps.retain(|lap| lap.lap % 2 == 0);
                        laps.iter_mut().for_each(|lap| lap.source = LapSource::Reconstructed);
                    }
                }
            }
            for chart in charts(&board) {
                assert_well_formed(&chart);
                assert!(chart.len() <= MAX_BYTES, "{drivers} × {laps}: {} bytes", chart.len());
            }
        }
    }
}
