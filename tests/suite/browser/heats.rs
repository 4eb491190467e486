//! Heats that were.

use actix::System;

use crate::support::{
    chromium::Page,
    postgres::TestDb,
    proxy::{Network, Proxy},
    wait_until,
};

use super::{
    HOSTILE,
    stage::{Heat, Stage},
};

/// A heat that has been driven and is in the database.
async fn with_a_heat(stage: &Stage) {
    let mut heat = Heat::running(&["Ann", HOSTILE]);
    for lap in 0..3 {
        for driver in [1, 2] {
            heat.lap(driver, 40_000 + lap * 100 + driver as u32 * 50);
            stage.show(&heat);
        }
    }
    heat.state = 4;
    heat.clock_ms = 0;
    stage.show(&heat);
    let finished = "SELECT count(*) AS heats FROM heats WHERE finished_at IS NOT NULL";
    wait_until("the heat is stored", async || stage.db.value(finished) == 1).await;
}

#[test]
fn past_heat_is_found_from_its_feed_and_shown_whole() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        with_a_heat(&stage).await;
        let mut page = stage.open("/feeds/track").await;
        page.evaluate("document.querySelector('.title a[href^=\"/heats\"]').click()").await;
        page.wait_until("location.search === '?feed=track'").await;
        page.wait_until("document.querySelector('.heats')").await;
        let row = page.text(".heats tbody tr").await;
        for word in ["7 - Final", "Finished", "2", "Ann", "40.050"] {
            assert!(row.contains(word), "{word} in {row}");
        }
        page.evaluate("document.querySelector('.heats tbody a').click()").await;
        page.wait_until("location.pathname.startsWith('/heats/')").await;
        page.wait_until("document.readyState === 'complete'").await;
        for chart in ["#lap-chart", "#gap-chart", "#position-chart"] {
            let drawn = page.count(&format!("{chart} polyline[class^=c]:not(.leader)")).await;
            assert_eq!(drawn, 2, "{chart}");
        }
        assert_eq!(page.count("#spread-chart rect").await, 2);
        let pace = page.text("#pace tbody tr").await;
        assert!(pace.contains("Ann") && pace.contains("40.150"), "{pace}");
        assert!(page.text("#completeness").await.contains("all 6 laps"));
        assert!(page.text("#heat").await.contains(HOSTILE));
        page.evaluate("document.querySelector('#all-laps summary').click()").await;
        assert!(page.text("#all-laps tbody tr").await.contains("40.050"));
        assert_eq!(page.count("img").await, 0);
        page.evaluate("document.querySelector('.title a').click()").await;
        page.wait_until("location.pathname === '/feeds/track'").await;
        page.assert_no_errors().await;
    });
}

#[test]
fn heats_are_found_by_track_day_name_and_state_with_a_plain_form() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        with_a_heat(&stage).await;
        stage.db.execute(
            "INSERT INTO heats (feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             first_seen_at, last_seen_at) \
             SELECT feed_id, n, 'Sprint ' || n, 0, 'stopped', 'time', 'best_lap', 0, false, false, 0, \
             0, at, at FROM heats, generate_series(1, 120) AS n, to_timestamp(1700000000 + n * 60) AS at",
        );
        let mut page = Page::blank().await;
        // Nothing of it needs a script.
        page.disable_scripts().await;
        page.go(&stage.address("/heats")).await;
        assert!(page.text(".heats tbody tr").await.contains("7 - Final"));
        let mut seen = Vec::new();
        loop {
            let names = "[...document.querySelectorAll('.heats tbody th')].map(th => th.innerText)";
            let names: Vec<String> = serde_json::from_value(page.evaluate(names).await).unwrap();
            seen.extend(names);
            let next = page.evaluate("document.querySelector('a[rel=next]')?.href").await;
            let Some(next) = next.as_str().map(str::to_owned) else { break };
            page.go(&next).await;
        }
        assert_eq!(seen.len(), 121);
        assert!(seen[1] == "Sprint 120" && seen[120] == "Sprint 1");

        page.go(&stage.address("/heats")).await;
        page.evaluate("document.querySelector('[name=name]').focus()").await;
        for key in ["S", "P", "R", "I", "N", "T", " ", "7", "Enter"] {
            page.press(key).await;
        }
        page.wait_until("location.search.includes('name=SPRINT+7')").await;
        page.wait_until("document.querySelectorAll('.heats tbody tr').length === 11").await;
        for (asked, found) in [
            ("feed=track&day=2023-11-14&state=stopped&name=sprint", 50),
            ("feed=ring", 0),
            ("state=finished", 1),
            ("day=2023-11-15&state=finished", 0),
        ] {
            page.go(&stage.address(&format!("/heats?{asked}"))).await;
            assert_eq!(page.count(".heats tbody tr").await, found, "{asked}");
        }
        assert!(page.text(".notice").await.contains("No heat is like that."));
        assert_eq!(stage.service.get("/heats?feed=nowhere").await.0, 404);
        page.assert_no_errors().await;
    });
}

#[test]
fn two_drivers_of_a_past_heat_are_compared_by_keyboard() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        with_a_heat(&stage).await;
        let mut page = stage.open("/heats/1?lang=de").await;
        assert_eq!(page.count("#duel svg").await, 0);
        page.evaluate("document.querySelector('#duel [name=a]').focus()").await;
        // The numbers before the names are places.
        for key in ["2", "Tab", "1", "Tab", "Enter"] {
            page.press(key).await;
        }
        page.wait_until("location.search === '?lang=de&a=2&b=1'").await;
        page.wait_until("document.querySelector('#duel-chart polyline[class^=c]')").await;
        let outcome = page.text("#duel .outcome").await;
        for said in [HOSTILE, "0 : 3", "Ann liegt nach Runde 3 um 0.050 s vorn."] {
            assert!(outcome.contains(said), "{said} in {outcome}");
        }
        page.evaluate("document.querySelector('#duel details summary').click()").await;
        assert!(page.text("#duel tbody tr").await.contains("−0.050"));
        assert_eq!(page.count("img").await, 0);
        // Another language asks for the same two.
        page.evaluate("document.querySelector('.languages [lang=fr]').click()").await;
        page.wait_until("document.documentElement?.lang === 'fr'").await;
        page.wait_until("document.readyState === 'complete'").await;
        assert_eq!(page.count("#duel-chart svg").await, 1);
        page.assert_no_errors().await;
    });
}

#[test]
fn pages_of_past_heats_say_so_when_there_is_none() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let feeds = "SELECT count(*) AS feeds FROM feeds";
        wait_until("the feeds are stored", async || stage.db.value(feeds) == 2).await;
        let (status, text) = stage.service.get("/feeds/track/heats?lang=de").await;
        assert_eq!(status, 200);
        assert!(text.contains("Hier gab es noch keine Läufe."), "{text}");
        for path in ["/heats/1", "/heats/none", "/heats/99999999999999999999", "/feeds/no/heats"] {
            let (status, text) = stage.service.get(path).await;
            assert_eq!(status, 404, "{path}");
            assert!(text.contains("</html>"), "{path}: {text}");
        }
    });
}

#[test]
fn pages_of_past_heats_say_so_while_the_database_is_away() {
    System::new().block_on(async {
        let db = TestDb::new();
        let (before, after) = db.url.split_once("127.0.0.1:").unwrap();
        let (port, name) = after.split_once('/').unwrap();
        let proxy = Proxy::start(([127, 0, 0, 1], port.parse().unwrap()).into()).await;
        let url = format!("{before}{}/{name}", proxy.address);
        let stage = Stage::on(TestDb { url, pool: db.pool.clone() }).await;
        with_a_heat(&stage).await;
        proxy.set(Network::Cut);
        for path in ["/feeds/track/heats", "/heats", "/heats/1"] {
            let (status, text) = stage.service.get(path).await;
            assert_eq!(status, 503, "{path}");
            assert!(text.contains("The database does not answer."), "{path}: {text}");
        }
        // What is live needs no database.
        assert_eq!(stage.service.get("/feeds/track").await.0, 200);
        proxy.set(Network::Passes);
        wait_until("the heat is shown", async || {
            stage.service.get("/feeds/track/heats").await.0 == 200
        })
        .await;
    });
}
