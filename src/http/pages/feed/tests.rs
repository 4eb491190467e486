use std::sync::Arc;

use chrono::TimeDelta;

use crate::http::words::Lang;

use super::{
    super::sample::{at, heat, line, live, reader, ring},
    *,
};

fn boards() -> Vec<Board> {
    let heats = ["not_started", "running", "paused", "stopped", "finished", "next_heat", "new"];
    let heats = heats.map(|state| {
        let mut heat = heat(vec![line(1, "Ale", &[60_000, 61_000])]);
        heat.heat.state = state.into();
        Board::Heat(Arc::new(heat))
    });
    let others = [
        Board::Unknown,
        Board::Empty,
        Board::NotReady("Runs are not ready yet".into()),
        Board::Ring(Arc::new(ring())),
        Board::Ring(Arc::default()),
    ];
    heats.into_iter().chain(others).collect()
}

fn links() -> [Link; 3] {
    let reason = "remote_closed".to_owned();
    [Link::Never, Link::Up { since: at(-9) }, Link::Down { since: at(0), reason }]
}

#[test]
fn every_language_draws_every_state() {
    for lang in Lang::ALL {
        for board in boards() {
            for link in links() {
                let live = Live { link, ..live(board.clone()) };
                let html = page(&live, &reader(lang), at(1)).into_string();
                assert!(html.contains(&format!("<html lang=\"{}\"", lang.tag())));
                assert!(
                    html.contains("<div id=\"board\"><") && html.ends_with("</html>"),
                    "{html}"
                );
                assert!(!html.contains("{}"), "{html}");
            }
        }
    }
}

#[test]
fn page_escapes_what_comes_from_outside() {
    let evil = "<img src=x onerror=alert(1)>";
    let board = Board::Heat(Arc::new(heat(vec![line(1, evil, &[60_000, 61_000])])));
    let html = page(&live(board), &reader(Lang::En), at(1)).into_string();
    assert!(!html.contains("<img"), "{html}");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{html}");
    assert!(html.contains("Karting &lt;Nord&gt;"), "{html}");
}

#[test]
fn page_is_stale_when_the_connection_is_lost_or_a_clock_is_unconfirmed() {
    let board = || Board::Heat(Arc::new(heat(Vec::new())));
    let words = |live: &Live, seconds| {
        shown(live, &mut Charts::default(), &reader(Lang::De), at(seconds)).stale
    };
    let fresh = live(board());
    assert_eq!(words(&fresh, 1), None);
    let silent = "Die Anlage sendet keine Daten. Die Anzeige ist veraltet.";
    assert_eq!(words(&fresh, 5).as_deref(), Some(silent));
    let down = Link::Down { since: at(0), reason: "silence".into() };
    let down = Live { link: down, ..live(Board::Empty) };
    let lost = "Keine Verbindung zur Anlage. Die Anzeige ist veraltet.";
    assert_eq!(words(&down, 1).as_deref(), Some(lost));
    let html = page(&down, &reader(Lang::De), at(1)).into_string();
    assert!(html.contains("<body class=\"is-stale\""), "{html}");
    assert!(html.contains("<span>Die Anlage sendet nichts mehr.</span>"), "{html}");
}

#[test]
fn age_is_told_only_while_no_clock_runs() {
    let running = live(Board::Heat(Arc::new(heat(Vec::new()))));
    let html = page(&running, &reader(Lang::En), at(1)).into_string();
    assert!(!html.contains("last data"), "{html}");
    let html = page(&live(Board::Empty), &reader(Lang::En), at(125)).into_string();
    assert!(
        html.contains("last data <span data-since=\"1700000000000\">2 min</span> ago"),
        "{html}"
    );
}

#[test]
fn page_of_a_large_heat_weighs_less_than_its_limit_with_style_script_and_charts() {
    let lap = |driver: i32, lap: i32| 60_000 + (driver * 7_919 + lap * 104_729) % 3_000;
    let drivers = (1..=22).map(|driver| {
        let laps: Vec<_> = (1..=15).map(|number| lap(driver, number)).collect();
        line(driver, "Somebody With A Long Name", &laps)
    });
    let board = Board::Heat(Arc::new(heat(drivers.collect())));
    let html = page(&live(board), &reader(Lang::De), at(1)).into_string();
    assert!(html.contains("lap-chart"), "{html}");
    let weight = html.len() + super::super::assets::weight();
    assert!(weight < 100_000, "{} + assets = {weight}", html.len());
}

#[test]
fn charts_stand_for_a_while_when_laps_come_in() {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(async {
            let mut charts = Charts::default();
            let mut figures = |laps: &[i32]| {
                let mut sheet = Sheet::default();
                charts.draw(&mut sheet, &heat(vec![line(1, "Ale", laps)]), &reader(Lang::En));
                sheet.board().into_string()
            };
            assert!(!figures(&[60_000]).contains("chart"), "one lap is no line");
            let first = figures(&[60_000, 61_000]);
            assert!(first.contains("lap-chart") && first.contains("position-chart"));
            assert_eq!(figures(&[60_000, 61_000, 59_000]), first);
            tokio::time::advance(std::time::Duration::from_secs(5)).await;
            let second = figures(&[60_000, 61_000, 59_000]);
            assert_ne!(second, first);
            tokio::time::advance(std::time::Duration::from_secs(5)).await;
            assert_eq!(figures(&[60_000, 61_000, 59_000]), second);
            assert_ne!(figures(&[60_000, 65_000, 59_000]), second, "officials corrected a lap");
        });
}

#[test]
fn sheet_says_the_same_in_pieces_as_on_a_page() {
    let board = Board::Heat(Arc::new(heat(vec![line(1, "Ale", &[]), line(2, "Zoë", &[])])));
    let whole = sheet(
        &live(board.clone()),
        &mut Charts::default(),
        &reader(Lang::En),
        Moment::on_page(at(1)),
    );
    let page = whole.board().into_string();
    let changes = crate::http::fragments::Differ::default().changes(whole.fragments());
    let message = changes.message(None, at(1) + TimeDelta::milliseconds(5));
    let message: serde_json::Value = serde_json::from_str(&message).unwrap();
    assert_eq!(message["now"], 1_700_000_001_005_i64);
    let ids = ["heat-head", "heat-clock", "heat", "legend"];
    assert_eq!(message["order"]["board"], serde_json::json!(ids));
    assert_eq!(message["order"]["heat-rows"], serde_json::json!(["d1", "d2"]));
    for id in ["heat-head", "heat-clock", "legend", "d1", "d2"] {
        let part = message["parts"][id].as_str().unwrap();
        assert!(part.contains(&format!("id=\"{id}\"")) && page.contains(part), "{id}: {part}");
    }
    let frame = message["parts"]["heat"].as_str().unwrap();
    assert!(frame.contains("<tbody id=\"heat-rows\" data-rows></tbody>"), "{frame}");
}
