//! Agility runs that were, from the live page of a ring.

use actix::System;
use serde_json::json;

use crate::support::wait_until;

use super::{
    HOSTILE,
    stage::{Stage, dog, ring},
};

#[test]
fn run_is_found_from_its_ring_and_tells_whose_turn_it_is() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let (mut mel, nala) =
            (dog(1, "Mel", "Anna Lopez", "ready"), dog(2, "Nala", HOSTILE, "ready"));
        stage.show_ring(&ring(None, Some(&mel), &[]));
        mel["status_string"] = json!("running");
        stage.show_ring(&ring(Some(&mel), None, &[]));
        for (key, value) in [
            ("status_string", "calculated"),
            ("time", "38.21"),
            ("total_penalization", "0.00"),
            ("classification", "1"),
            ("qualification", "EXC_0"),
        ] {
            mel[key] = json!(value);
        }
        stage.show_ring(&ring(Some(&mel), Some(&nala), &[mel.clone()]));
        let stored =
            "SELECT count(*) AS dogs FROM playsets WHERE status IN ('calculated', 'ready')";
        wait_until("both dogs are stored", async || stage.db.value(stored) == 2).await;

        let mut page = stage.open("/feeds/ring").await;
        page.wait_until("document.querySelector('.title a[href^=\"/runs\"]')").await;
        page.evaluate("document.querySelector('.title a[href^=\"/runs\"]').click()").await;
        page.wait_until("location.pathname === '/runs' && document.querySelector('.runs')").await;
        page.evaluate("document.querySelector('.runs tbody th a').click()").await;
        page.wait_until("document.querySelector('#results tbody tr')").await;
        let row = page.text("#results tbody tr").await;
        for word in ["Mel", "Anna Lopez", "38.21", "EXC_0"] {
            assert!(row.contains(word), "{word} in {row}");
        }
        // 180 m: 38.21 s to beat, 45 s are the standard.
        let targets = page.text("#targets").await;
        assert!(targets.contains("< 38.21") && targets.contains("≤ 45"), "{targets}");
        assert_eq!(page.count("#run-chart circle").await, 1);
        assert!(page.text("#coming").await.contains(HOSTILE));

        page.evaluate("document.querySelector('#coming [name=dorsal]').value = '2'").await;
        page.evaluate("document.querySelector('#coming form').requestSubmit()").await;
        page.wait_until("location.search.includes('dorsal=2')").await;
        page.wait_until("document.querySelector('#coming .score')").await;
        assert_eq!(page.text("#coming .score").await, "This dog is next.");

        page.evaluate("document.querySelector('#results tbody a.name').click()").await;
        page.wait_until("location.pathname === '/dogs/1'").await;
        page.wait_until("document.querySelector('#runs tbody tr')").await;
        assert!(page.text("#runs tbody tr").await.contains("38.21"));

        page.set_viewport(390, 844, true).await;
        for path in
            ["/runs", "/runs/1", "/runs/1?dorsal=2&lang=de", "/dogs/1", "/handlers/Anna%20Lopez"]
        {
            page.go(&stage.address(path)).await;
            page.wait_until("document.readyState === 'complete'").await;
            let width = page.evaluate("document.documentElement.scrollWidth").await;
            assert_eq!(width, 390, "{path}");
        }
        page.assert_no_errors().await;
    });
}
