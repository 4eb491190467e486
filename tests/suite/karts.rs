//! The kart table over the whole service.

use actix::System;
use serde_json::{Value, json};

use crate::support::{past::Past, service::Service};

async fn karts(service: &Service, query: &str) -> Value {
    let (status, body) = service.get(&format!("/api/v1/karts?{query}")).await;
    assert_eq!(status, 200, "{query}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Laps whose median, without the first, is this; the best one is half a second quicker.
fn laps(median_ms: i32) -> [i32; 4] {
    [median_ms + 5_000, median_ms, median_ms - 500, median_ms + 400]
}

/// Ann and Bob swap karts 7 and 9: 7 is 300 ms quicker than 9, as in the test of the model. Kart 1 is
/// driven once, by somebody who drives nothing else.
fn swap() -> Past {
    let past = Past::new();
    past.heat(1, 1, "Heat 1", "2026-05-01T18:00:00Z");
    past.drives(1, 1, ("Ann", "7"), &laps(40_000));
    past.drives(1, 2, ("Bob", "9"), &laps(42_000));
    past.heat(2, 1, "Heat 2", "2026-05-01T19:00:00Z");
    past.drives(2, 5, ("ann ", "9"), &laps(41_200));
    past.drives(2, 6, ("Bob", "7"), &laps(42_600));
    past.drives(2, 7, ("Eve", "1"), &laps(39_000));
    past.heat(3, 1, "Kids", "2026-04-01T18:00:00Z");
    past.drives(3, 1, ("Kim", "K1"), &laps(60_000));
    past
}

const MAY: &str = "feed=main&from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z";

#[test]
fn kart_table_corrects_karts_for_their_drivers() {
    System::new().block_on(async {
        let past = swap();
        let service = past.serve("").await;
        let table = karts(&service, MAY).await;
        let rows = table["karts"].as_array().unwrap();
        let names: Vec<_> = rows.iter().map(|row| row["kart"].as_str().unwrap()).collect();
        assert_eq!(names, ["7", "9", "1"]);
        assert_eq!(
            rows[0],
            json!({
                "kart": "7",
                "median": {"effect_ms": -150.0, "standard_error_ms": null, "low_ms": null,
                           "high_ms": null, "stints": 2, "drivers": 2, "laps": 8},
                "best": {"effect_ms": -150.0, "standard_error_ms": null, "low_ms": null,
                         "high_ms": null, "stints": 2, "drivers": 2, "laps": 8},
                "stints": 2, "laps": 8, "best_lap_ms": 39_500,
                "spread": {"low_ms": 40_000, "quarter_ms": 40_000, "median_ms": 40_000,
                           "three_quarters_ms": 42_600, "high_ms": 42_600, "count": 2},
            })
        );
        assert_eq!(rows[1]["median"]["effect_ms"], 150.0);
        assert_eq!((&rows[2]["median"], &rows[2]["stints"]), (&Value::Null, &json!(1)));
        assert_eq!(table["from"], "2026-05-01T00:00:00Z");
        assert_eq!((&table["is_cut"], &table["missing_since"]), (&json!(false), &Value::Null));
        let kids = karts(&service, "feed=main&from=2026-01-01T00:00:00Z&class=mini").await;
        assert_eq!(kids["karts"].as_array().unwrap().len(), 1);
        assert_eq!(kids["karts"][0]["kart"], "K1");
        assert_eq!(karts(&service, "feed=other").await["karts"], json!([]));
        service.stop().await;
    });
}

#[test]
fn kart_table_takes_an_alias_for_one_driver() {
    System::new().block_on(async {
        let past = swap();
        past.db
            .execute("UPDATE heat_drivers SET name = 'Annie' WHERE heat_id = 2 AND driver_id = 5");
        let service = past.serve("").await;
        let apart = karts(&service, MAY).await;
        assert_eq!(apart["karts"][0]["median"], Value::Null, "Bob alone compares nothing");
        service.stop().await;
        let alias = "[[alias]]\nvenue = \"SpeedPark\"\nname = \"Ann\"\nalso = [\"Annie\"]\n";
        let service = past.serve(alias).await;
        let table = karts(&service, MAY).await;
        assert_eq!(table["karts"][0]["median"]["effect_ms"], -150.0);
        service.stop().await;
    });
}

#[test]
fn kart_table_tells_what_is_wrong_and_what_there_is_not() {
    System::new().block_on(async {
        let service = swap().serve("").await;
        for (query, status, parameter) in [
            ("", 400, json!("feed")),
            ("feed=main&from=yesterday", 400, json!("from")),
            ("feed=nowhere", 404, Value::Null),
        ] {
            let (found, body) = service.get(&format!("/api/v1/karts?{query}")).await;
            assert_eq!(found, status, "{query}: {body}");
            let error: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(error["error"]["parameter"], parameter, "{query}");
        }
        service.stop().await;
    });
}
