//! Records, karts and drivers of a track.

use actix::System;
use ringside::{config::Config, http::Privacy};

use crate::support::{
    chromium::Page,
    past::{FEEDS, Past},
    service::{Service, options},
};

use super::HOSTILE;

/// Three drivers who swap karts, and one who is called what nobody should be.
fn evening() -> Past {
    let past = Past::new();
    let laps = |ms: i32| [ms + 5_000, ms, ms - 500, ms + 400];
    for (heat, karts) in [(1, ["7", "8", "9"]), (2, ["8", "9", "7"]), (3, ["9", "7", "8"])] {
        past.heat(heat, 1, &format!("Heat {heat}"), &format!("2026-05-01T1{heat}:00:00Z"));
        for (driver, (name, kart)) in (1..).zip(["Ann", "Bob", HOSTILE].iter().zip(karts)) {
            let worth = if kart == "7" { -300 } else { 0 };
            let chance = if (heat, driver) == (2, 2) { 40 } else { 0 };
            let ms = 40_000 + i32::try_from(driver).unwrap() * 700 + worth + chance;
            past.drives(heat, driver, (name, kart), &laps(ms));
        }
    }
    past
}

#[test]
fn records_lead_to_a_driver_and_back_to_the_list_without_a_script() {
    System::new().block_on(async {
        let service = evening().serve("").await;
        let address = |path: &str| format!("http://{}{path}", service.address());
        let mut page = Page::open(&address("/records?feed=main&window=ever")).await;
        let first = page.text("table tbody tr").await;
        for word in ["1", "Ann", "39.900", "7", "Heat 1"] {
            assert!(first.contains(word), "{word} in {first}");
        }
        assert_eq!(page.count("table tbody tr").await, 3);
        assert_eq!(page.count("img").await, 0);
        assert!(page.text("main").await.contains(HOSTILE));
        assert!(page.text("main").await.contains("A name is not a person"));
        page.evaluate("document.querySelector('tbody th a').click()").await;
        page.wait_until("location.pathname === '/drivers/Ann'").await;
        page.wait_until("document.querySelector('#history')").await;
        assert!(page.text("#bests").await.contains("39.900"));
        assert_eq!(page.count("#history tbody tr").await, 3);
        assert_eq!(page.count("#history .sign").await, 1, "one of them was the best");
        assert_eq!(page.count("#progress-chart circle").await, 3);
        assert!(page.text("#identity").await.contains("names are no identities"));
        page.evaluate("document.querySelector('.title a').click()").await;
        page.wait_until("location.pathname === '/drivers'").await;
        page.wait_until("document.querySelector('table')").await;
        assert_eq!(page.count("tbody tr").await, 3);
        page.assert_no_errors().await;
        service.stop().await;
    });
}

#[test]
fn kart_table_shows_dots_and_boxes_and_says_how_to_read_them() {
    System::new().block_on(async {
        let service = evening().serve("").await;
        // The heats of this test are not of the last days.
        let (status, empty) = service.get("/karts?feed=main&days=7&lang=de").await;
        assert_eq!(status, 200);
        assert!(empty.contains("Keine Runden in diesem Zeitraum."), "{empty}");
        service.stop().await;

        let past = evening();
        past.db
            .execute("UPDATE laps SET crossed_at = now() - interval '2 h' + lap * interval '1 s'");
        let service = past.serve("").await;
        let mut page = Page::open(&format!("http://{}/karts?feed=main", service.address())).await;
        assert_eq!(page.count("#kart-effects circle").await, 3);
        assert_eq!(page.count("#kart-spreads rect").await, 3);
        let quickest = page.text("#karts tbody tr").await;
        assert!(quickest.starts_with('7') && quickest.contains("−0.2"), "{quickest}");
        page.evaluate("document.querySelector('summary').click()").await;
        assert!(page.text(".means").await.contains("driver on that day"));
        page.set_viewport(390, 800, true).await;
        let overflows = "document.documentElement.scrollWidth > innerWidth";
        assert_eq!(page.evaluate(overflows).await, false);
        page.assert_no_errors().await;
        service.stop().await;
    });
}

#[test]
fn no_address_on_a_page_holds_a_name_when_names_are_private() {
    System::new().block_on(async {
        let past = evening();
        past.sum_up();
        let private = |config: &mut Config| config.http.privacy = Privacy::Initials;
        let service = Service::start_with(&past.db, FEEDS, options(), private).await;
        for path in ["/records?feed=main&window=ever", "/drivers?feed=main", "/karts?feed=main"] {
            let (status, page) = service.get(path).await;
            assert_eq!(status, 200, "{path}");
            assert!(!page.contains("Ann") && !page.contains("Bob"), "{path}: {page}");
        }
        assert!(service.get("/drivers?feed=main").await.1.contains("Names are not shown here."));
        let (status, ann) = service.get("/drivers?feed=main&name=ann").await;
        assert_eq!(status, 200);
        assert!(ann.contains(">A. ") && ann.contains("39.900"), "{ann}");
        for (path, status) in [
            ("/drivers/Nobody?feed=main", 404),
            ("/records?feed=nowhere", 404),
            ("/records?feed=main&day=never&window=x", 200),
        ] {
            assert_eq!(service.get(path).await.0, status, "{path}");
        }
        service.stop().await;
    });
}
