//! A heat live.

use actix::System;
use ringside::simulator::Fault;

use crate::support::chromium::Page;

use super::{
    HOSTILE,
    stage::{Heat, Stage, now_ms},
};

/// A page that tells the truth no more says so within this time.
const STALE_WITHIN_MS: u64 = 5_000;
const CLOCK: &str = "document.querySelector('#heat-clock time')?.textContent";
const IS_STALE: &str = "document.querySelector('#stale').textContent !== ''";

/// Notes in the page that it was not loaded again.
async fn mark(page: &mut Page) {
    page.evaluate("window.isTheSame = true").await;
}

async fn assert_is_the_same(page: &mut Page) {
    assert_eq!(page.evaluate("window.isTheSame").await, true, "the page was loaded again");
}

#[test]
fn table_takes_in_a_lap_while_it_is_looked_at() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&["Ann", "Bob"]);
        heat.lap(1, 41_000);
        stage.show(&heat);
        let mut page = stage.open("/feeds/track").await;
        page.wait_until("document.querySelectorAll('#heat-rows tr').length === 2").await;
        mark(&mut page).await;
        let rows = "[...document.querySelectorAll('#heat-rows .name')].map(e => e.textContent)";
        page.wait_until(&format!("{rows}.join() === 'Ann,Bob'")).await;

        heat.lap(2, 40_123);
        stage.show(&heat);
        page.wait_until(&format!("{rows}.join() === 'Bob,Ann'")).await;
        let first = page.text("#heat-rows tr:first-child").await;
        assert!(first.contains("40.123"), "{first}");
        assert!(page.text("#heat-rows tr:last-child").await.contains("0.877"), "the gap");
        // The quickest lap of all is marked with more than a colour.
        assert_eq!(page.count("#heat-rows tr:first-child .best.overall .sign").await, 1);
        assert_is_the_same(&mut page).await;
        page.assert_no_errors().await;
    });
}

#[test]
fn clock_runs_between_frames() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&["Ann"]);
        stage.show(&heat);
        let mut page = stage.open("/feeds/track").await;
        page.wait_until(&format!("/^\\d+:\\d\\d$/.test({CLOCK})")).await;
        // A heat that is silent for seconds is stale: on a busy machine it takes more than one try.
        for _ in 0..5 {
            heat.clock_ms -= 10_000;
            stage.show(&heat);
            let sent = stage.track.frames_made();
            let shown = (heat.clock_ms + 999) / 1_000;
            let (min, s) = (shown / 60, shown % 60);
            page.wait_until(&format!("{CLOCK} === '{min}:{s:02}' || {CLOCK} === '–'")).await;
            page.wait_until(&format!("{CLOCK} !== '{min}:{s:02}'")).await;
            assert_eq!(stage.track.frames_made(), sent, "no frame came");
            let later = page.evaluate(CLOCK).await;
            if later != "–" {
                let later = later.as_str().unwrap().split_once(':').unwrap();
                let later = later.0.parse::<i64>().unwrap() * 60 + later.1.parse::<i64>().unwrap();
                assert!(later < shown && later > shown - 6, "{later} s after {shown} s");
                return page.assert_no_errors().await;
            }
        }
        panic!("the clock was never seen running");
    });
}

#[test]
fn page_is_stale_within_seconds_of_the_loss_and_recovers_by_itself() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let heat = Heat::paused(&["Ann"]);
        stage.show(&heat);
        let mut page = stage.open("/feeds/track").await;
        page.wait_until(&format!("/\\d/.test({CLOCK}) && !({IS_STALE})")).await;
        mark(&mut page).await;
        // The page notes the moment itself, so that it is not ours that is measured.
        page.evaluate(&format!(
            "new MutationObserver(() => {{ if ({IS_STALE}) window.staleAt ??= Date.now(); }})\
             .observe(document.querySelector('#stale'), {{ childList: true, characterData: true, \
             subtree: true }})"
        ))
        .await;

        let died_at = now_ms();
        stage.track.set_fault(Fault::Refuse);
        stage.track.drop_connections();
        page.wait_until("window.staleAt").await;
        let stale_at = page.evaluate("window.staleAt").await.as_u64().unwrap();
        let after = stale_at.saturating_sub(died_at);
        assert!(after < STALE_WITHIN_MS, "stale after {after} ms");
        page.wait_until(&format!("{CLOCK} === '–'")).await;
        let banner = page.text("#stale").await;
        assert!(banner.contains("No connection to the venue"), "{banner}");
        assert_eq!(page.count("body.is-stale").await, 1);

        stage.track.set_fault(Fault::None);
        stage.show(&heat);
        page.wait_until(&format!("!({IS_STALE}) && /\\d/.test({CLOCK})")).await;
        assert_is_the_same(&mut page).await;
        page.assert_no_errors().await;
    });
}

#[test]
fn page_is_stale_when_the_venue_is_silent_in_a_heat() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        stage.show(&Heat::running(&["Ann"]));
        let mut page = stage.open("/feeds/track").await;
        page.wait_until(IS_STALE).await;
        page.wait_until(&format!("{CLOCK} === '–'")).await;
        assert!(page.text("#stale").await.contains("sends no data"));
        // What stands still needs no frames.
        stage.track.push("{}");
        page.wait_until(&format!("!({IS_STALE})")).await;
        page.assert_no_errors().await;
    });
}

#[test]
fn page_is_stale_when_ringside_is_gone() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        stage.show(&Heat::running(&["Ann"]));
        let mut page = stage.open("/feeds/track").await;
        page.wait_until("document.querySelectorAll('#heat-rows tr').length === 1").await;
        let Stage { service, track: _track, .. } = stage;
        service.stop().await;
        page.wait_until("document.querySelector('#stale').textContent.includes('Ringside')").await;
        page.wait_until(&format!("{CLOCK} === '–'")).await;
        assert_eq!(page.text("#heat-rows .name").await, "Ann");
        // That it tries again and again is told in the console.
        page.forget_errors().await;
    });
}

#[test]
fn charts_grow_with_the_heat() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&["Ann", "Bob", HOSTILE]);
        for lap in 0..3 {
            for driver in 1..=3 {
                heat.lap(driver, 40_000 + lap * 100 + driver as u32 * 50);
                stage.show(&heat);
            }
        }
        let mut page = stage.open("/feeds/track").await;
        for chart in ["#lap-chart", "#position-chart"] {
            page.wait_until(&format!("document.querySelector('{chart} svg')")).await;
            let drawn = page.count(&format!("{chart} polyline[class^=c]:not(.leader)")).await;
            assert_eq!(drawn, 3, "{chart}");
            let names = page.text(&format!("{chart} svg")).await;
            assert!(names.contains("Ann") && names.contains("<img src=x"), "{names}");
        }
        mark(&mut page).await;
        let points = "document.querySelector('#lap-chart polyline.c0').points.length";
        let before = page.evaluate(points).await.as_u64().unwrap();
        heat.lap(1, 40_500);
        stage.show(&heat);
        page.wait_until(&format!("{points} === {}", before + 1)).await;
        assert_is_the_same(&mut page).await;
        page.assert_no_errors().await;
    });
}

#[test]
fn names_are_names_whatever_they_are() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&[HOSTILE, "\"Flash\"", "O'Neil & <b>Co</b>"]);
        heat.name = format!("[HEAT] {HOSTILE}");
        for driver in [1, 2, 3, 1, 2, 3] {
            heat.lap(driver, 40_000 + driver as u32);
            stage.show(&heat);
        }
        for (path, place) in [
            ("/", ".card:first-child"),
            ("/feeds/track", "#heat"),
            ("/overlay/track?parts=clock,tower,last,best", "#air"),
        ] {
            let mut page = stage.open(path).await;
            page.wait_until(&format!(
                "[...document.querySelectorAll('{place}, .card')].some(e => \
                 e.innerText.includes('<img src=x onerror=alert(1)>'))"
            ))
            .await;
            assert_eq!(page.count("img, b b, script:not([src])").await, 0, "{path}");
            page.assert_no_errors().await;
        }
    });
}
