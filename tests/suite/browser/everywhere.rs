//! What holds on every page.

use actix::System;

use crate::support::{chromium::Page, wait_until};

use super::stage::{Heat, Stage, dog, ring};

/// All that a page weighs on the wire, with its style and its script.
const MAX_BYTES: u64 = 100_000;

const PAGES: [&str; 9] = [
    "/",
    "/feeds/track",
    "/feeds/ring",
    "/feeds/track/heats",
    "/heats",
    "/heats?feed=track&name=final&state=running",
    "/heats/1",
    "/heats/1?a=1&b=2",
    "/overlay",
];

/// What reaches over the right edge of the page.
const BEYOND: &str = "[...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth && !one.closest('.sideways'))
    .map(one => one.outerHTML.slice(0, 80))";

/// With a heat of many drivers and laps on, and a dog on course.
async fn busy() -> Stage {
    let stage = Stage::set().await;
    let names: Vec<_> = (1..=16).map(|n| format!("Maximiliane van der Longname {n}")).collect();
    let mut heat = Heat::running(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for lap in 0..20 {
        for driver in 1..=16 {
            heat.lap(driver, 61_000 + (lap * 7 + driver as u32 * 13) % 40 * 50);
        }
        // Every frame has a lap of everybody: none is missed.
        stage.show(&heat);
    }
    let mel = dog(1, "Mel of the Long and Winding Road", "Anna-Maria Lopez-Garcia", "running");
    stage.show_ring(&ring(Some(&mel), Some(&dog(2, "Nala", "Zoë", "ready")), &[]));
    let all = "SELECT count(*) AS laps FROM laps";
    wait_until("the laps are stored", async || stage.db.value(all) == 320).await;
    // Heat 1 it is, since it is the first of this database.
    assert_eq!(stage.db.value("SELECT id FROM heats"), 1);
    stage
}

async fn settled(page: &mut Page, path: &str) {
    let shown = match path {
        "/feeds/track" | "/heats/1" => "#position-chart svg",
        "/heats/1?a=1&b=2" => "#duel-chart svg",
        "/feeds/ring" => "#dog .dog-name",
        "/" => "#f-track .on b",
        _ => "main",
    };
    page.wait_until(&format!("document.querySelector('{shown}')")).await;
}

#[test]
fn pages_fit_on_a_phone() {
    System::new().block_on(async {
        let stage = busy().await;
        let mut page = Page::blank().await;
        page.set_viewport(390, 844, true).await;
        for path in PAGES {
            page.go(&stage.address(path)).await;
            settled(&mut page, path).await;
            let [wide, room] = ["scrollWidth", "clientWidth"]
                .map(|width| format!("document.documentElement.{width}"));
            let (wide, room) = (page.evaluate(&wide).await, page.evaluate(&room).await);
            let beyond = page.evaluate(BEYOND).await;
            assert!(wide.as_u64() <= room.as_u64(), "{path} is {wide} wide on {room}: {beyond}");
            assert_eq!(room, 390, "{path}");
        }
        page.assert_no_errors().await;
    });
}

#[test]
fn pages_are_light_and_ask_nobody_else() {
    System::new().block_on(async {
        let stage = busy().await;
        for path in PAGES {
            // With a context of its own nothing is in a cache.
            let mut page = stage.open(path).await;
            settled(&mut page, path).await;
            let bytes = page.transferred().await;
            assert!((1_000..MAX_BYTES).contains(&bytes), "{path}: {bytes} bytes");
            for address in page.requested().await {
                let own = address.contains(&stage.service.address().to_string());
                assert!(own || address.starts_with("data:"), "{path} asks {address}");
            }
            page.assert_no_errors().await;
        }
    });
}

#[test]
fn pages_say_what_they_know_without_scripts() {
    System::new().block_on(async {
        let stage = busy().await;
        for (path, place, word) in [
            ("/", "#f-track", "Maximiliane"),
            ("/feeds/track", "#heat-rows", "Maximiliane"),
            ("/feeds/track", "#lap-chart svg", "Maximiliane"),
            ("/feeds/ring", "#dog", "Mel of the Long"),
            ("/feeds/track/heats", ".heats", "7 - Final"),
            ("/heats?name=FINAL", ".heats", "7 - Final"),
            ("/heats/1", "#heat-rows", "Maximiliane"),
            ("/heats/1", "#gap-chart svg", "Maximiliane"),
            ("/heats/1", "#pace", "Maximiliane"),
            ("/heats/1?a=1&b=2", "#duel", "quicker laps"),
        ] {
            let mut page = Page::blank().await;
            page.disable_scripts().await;
            page.go(&stage.address(path)).await;
            let text = page.text(place).await;
            assert!(text.contains(word), "{path}: {text}");
            page.assert_no_errors().await;
        }
    });
}

#[test]
fn pages_speak_every_language() {
    System::new().block_on(async {
        let stage = busy().await;
        let mut page = Page::blank().await;
        for lang in ["en", "es", "de", "fr", "nl"] {
            for path in PAGES {
                let joint = if path.contains('?') { '&' } else { '?' };
                page.go(&stage.address(&format!("{path}{joint}lang={lang}"))).await;
                settled(&mut page, path).await;
                assert_eq!(page.evaluate("document.documentElement.lang").await, lang);
                // Where it leads to is for readers of this language too.
                let links = "[...document.querySelectorAll('main a, nav a')].filter(a => \
                             !a.search.includes('lang=') && !a.hasAttribute('download')).map(a => a.href)";
                assert_eq!(page.evaluate(links).await, serde_json::json!([]), "{path}");
            }
        }
        page.go(&stage.address("/heats/1?lang=de")).await;
        for (place, word) in
            [("#heat-head", "läuft"), ("#lap-chart", "Rundenzeiten"), ("#completeness", "Runden")]
        {
            let text = page.text(place).await;
            assert!(text.to_lowercase().contains(&word.to_lowercase()), "{word} in {text}");
        }
        page.assert_no_errors().await;
    });
}

#[test]
fn pages_follow_the_readers_taste_for_light_and_dark() {
    System::new().block_on(async {
        let stage = busy().await;
        let mut page = stage.open("/feeds/track").await;
        settled(&mut page, "/feeds/track").await;
        let mut grounds = Vec::new();
        for dark in [true, false] {
            page.set_dark(dark).await;
            let ground = "getComputedStyle(document.body).backgroundColor";
            grounds.push(page.evaluate(ground).await.as_str().unwrap().to_owned());
            // Axes and names are read on both.
            let text = "getComputedStyle(document.querySelector('#lap-chart text')).fill";
            grounds.push(page.evaluate(text).await.as_str().unwrap().to_owned());
        }
        let [dark, dark_text, light, light_text] = grounds.as_slice() else { unreachable!() };
        assert_ne!((dark, dark_text), (light, light_text));
        assert_ne!(dark, dark_text);
        assert_ne!(light, light_text);
        page.assert_no_errors().await;
    });
}
