//! All feeds on a page.

use actix::System;
use ringside::simulator::Fault;

use super::stage::{Heat, Stage};

#[test]
fn fleet_shows_every_feed_and_how_it_is() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&["Ann", "Bob"]);
        heat.lap(1, 41_000);
        let showing = stage.keep_showing(&heat);
        let mut page = stage.open("/").await;
        assert_eq!(page.count(".card").await, 2);
        page.wait_until("document.querySelector('#f-track').innerText.includes('Live')").await;
        let card = page.text("#f-track").await;
        for word in ["Main track", "Final", "Ann", "41.000"] {
            assert!(card.contains(word), "{word} in {card}");
        }
        drop(showing);
        let card = page.text("#f-ring").await;
        assert!(card.contains("Connected"), "{card}");

        stage.ring.set_fault(Fault::RefuseWith503);
        stage.ring.drop_connections();
        page.wait_until("document.querySelector('#f-ring.trouble')").await;
        page.wait_until("document.querySelector('#f-ring').innerText.includes('Not connected')")
            .await;
        stage.ring.set_fault(Fault::None);
        page.wait_until("document.querySelector('#f-ring:not(.trouble)')").await;
        page.assert_no_errors().await;
    });
}

#[test]
fn fleet_is_worked_by_keyboard() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut page = stage.open("/").await;
        page.press("Tab").await;
        assert_eq!(page.evaluate("document.activeElement.className").await, "skip");
        let mut reached = Vec::new();
        for _ in 0..20 {
            page.press("Tab").await;
            // The ring around it may be drawn around all of its card.
            let (name, ring) = (
                page.evaluate("document.activeElement.id || document.activeElement.innerText")
                    .await,
                page.evaluate(
                    "[null, '::after'].some(part => getComputedStyle(document.activeElement, part)\
                     .outlineStyle !== 'none')",
                )
                .await,
            );
            let name = name.as_str().unwrap_or_default().to_owned();
            assert_eq!(ring, true, "{name} has no visible focus");
            let is_done = name == "Main track";
            reached.push(name);
            if is_done {
                break;
            }
        }
        assert!(reached.contains(&"theme".to_owned()), "{reached:?}");
        assert!(reached.contains(&"filter".to_owned()), "{reached:?}");
        assert!(reached.contains(&"Main track".to_owned()), "{reached:?}");
        page.press("Enter").await;
        page.wait_until("location.pathname === '/feeds/track'").await;

        page.go(&stage.address("/")).await;
        page.press("/").await;
        for key in ["r", "i", "n", "g"] {
            page.press(key).await;
        }
        page.wait_until("document.querySelector('#f-track').hidden").await;
        assert_eq!(page.evaluate("document.querySelector('#f-ring').hidden").await, false);
        page.assert_no_errors().await;
    });
}
