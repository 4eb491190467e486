//! An agility ring live.

use actix::System;
use serde_json::json;

use super::stage::{Stage, dog, ring};

#[test]
fn ring_shows_a_run_from_the_start_to_the_result() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut page = stage.open("/feeds/ring").await;
        page.wait_until("document.querySelector('#notice')").await;

        let (mut mel, nala) =
            (dog(1, "Mel", "Anna Lopez", "ready"), dog(2, "Nala", "Zoë", "ready"));
        stage.show_ring(&ring(None, Some(&mel), &[]));
        page.wait_until("document.querySelector('#next')?.innerText.includes('Mel')").await;
        mel["status_string"] = json!("running");
        stage.show_ring(&ring(Some(&mel), None, &[]));
        page.wait_until("document.querySelector('#dog')?.innerText.includes('Mel')").await;
        let clock = "Number(document.querySelector('#dog time')?.textContent)";
        page.wait_until(&format!("{clock} > 0")).await;
        let first = page.evaluate(clock).await.as_f64().unwrap();
        page.wait_until(&format!("{clock} > {first}")).await;

        let faults = "document.querySelectorAll('#dog .figures b')";
        mel["faults"] = json!("1");
        stage.show_ring(&ring(Some(&mel), None, &[]));
        page.wait_until(&format!("[...{faults}].some(e => e.textContent === '1')")).await;
        let judge = page.text("#course").await;
        assert!(judge.contains("A. Judge") && judge.contains("180"), "{judge}");

        for (key, value) in [
            ("status_string", "calculated"),
            ("time", "38.21"),
            ("total_penalization", "5.00"),
            ("classification", "1"),
            ("qualification", "EXC"),
        ] {
            mel[key] = json!(value);
        }
        stage.show_ring(&ring(Some(&mel), Some(&nala), &[mel.clone()]));
        page.wait_until("document.querySelector('#dog')?.innerText.includes('38.21')").await;
        page.wait_until("document.querySelector('#next')?.innerText.includes('Nala')").await;
        page.wait_until("document.querySelector('#best')?.innerText.includes('Mel')").await;
        assert_eq!(page.count("#dog time").await, 0, "no clock runs after the end");
        page.assert_no_errors().await;
    });
}
