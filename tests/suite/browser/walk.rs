//! Every page that a reader gets to by following links.

use std::collections::BTreeSet;

use actix::System;

use crate::support::{chromium::Page, wait_until};

use super::stage::{Heat, Stage, dog, ring};

/// More pages than this small fleet has: they would not end.
const MOST_PAGES: usize = 120;

/// Paths and queries of what a page links, without those that turn its language or its looks.
const LINKS: &str = "[...document.querySelectorAll('a[href]')]
    .filter(a => a.origin === location.origin && !a.closest('.languages') && !a.matches('.to-wall'))
    .map(a => a.pathname + a.search)";

/// A race of two with a few laps, and a dog that has finished.
async fn driven() -> Stage {
    let stage = Stage::set().await;
    let mut heat = Heat::running(&["Ann Lee", "Zoë/Bob?"]);
    for lap in 0..8 {
        for driver in [1, 2] {
            heat.lap(driver, 40_000 + lap * 100 + driver as u32 * 50);
            stage.show(&heat);
        }
    }
    let mel = dog(1, "Mel", "Anna Lopez", "running");
    stage.show_ring(&ring(Some(&mel), Some(&dog(2, "Nala", "Zoë", "ready")), &[]));
    for (what, rows) in [("laps", 16), ("stints", 2), ("playsets", 2)] {
        let count = format!("SELECT count(*) AS rows FROM {what}");
        wait_until(what, async || stage.db.value(&count) == rows).await;
    }
    stage
}

/// Of whatever is there: a download is no text.
async fn status(address: &str) -> u16 {
    let answer = awc::Client::default().get(address).send().await.unwrap();
    answer.status().as_u16()
}

/// Whether a browser shows it as a page; what else there is need only be there.
fn is_page(path: &str) -> bool {
    !path.starts_with("/api") && !path.starts_with("/overlay/")
}

#[test]
fn every_link_of_every_page_leads_to_a_page_that_is_well() {
    System::new().block_on(async {
        let stage = driven().await;
        let mut page = Page::blank().await;
        page.set_viewport(390, 844, true).await;
        let (mut seen, mut next) = (BTreeSet::from(["/".to_owned()]), vec!["/".to_owned()]);
        while let Some(path) = next.pop() {
            assert_eq!(status(&stage.address(&path)).await, 200, "{path}");
            if !is_page(&path) {
                continue;
            }
            page.go(&stage.address(&path)).await;
            let widths =
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";
            let widths: [u32; 2] = serde_json::from_value(page.evaluate(widths).await).unwrap();
            assert!(widths[0] <= widths[1], "{path} is {} wide on {}", widths[0], widths[1]);
            assert_eq!(page.errors().await, Vec::<String>::new(), "{path}");
            let links: Vec<String> = serde_json::from_value(page.evaluate(LINKS).await).unwrap();
            next.extend(links.into_iter().filter(|link| seen.insert(link.clone())));
            assert!(seen.len() <= MOST_PAGES, "{seen:#?}");
        }
        let rooms = ["/feeds/", "/heats/", "/records", "/karts", "/drivers/", "/runs/", "/dogs/"];
        for room in rooms {
            assert!(seen.iter().any(|path| path.starts_with(room)), "no {room} in {seen:#?}");
        }
        page.assert_no_errors().await;
    });
}
