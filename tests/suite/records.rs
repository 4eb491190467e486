//! The best laps of a track.

use actix::System;
use serde_json::{Value, json};

use crate::support::{past::Past, service::Service};

async fn records(service: &Service, query: &str) -> Value {
    let (status, body) = service.get(&format!("/api/v1/records?{query}")).await;
    assert_eq!(status, 200, "{query}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Place, name, time.
fn table(records: &Value) -> Vec<(u64, &str, i64)> {
    let rows = records["records"].as_array().unwrap().iter();
    rows.map(|row| {
        let (place, lap) = (row["place"].as_u64().unwrap(), row["lap_ms"].as_i64().unwrap());
        (place, row["name"].as_str().unwrap(), lap)
    })
    .collect()
}

/// Three evenings in spring, and a heat of juniors.
fn spring() -> Past {
    let past = Past::new();
    past.heat(1, 1, "Heat 1", "2026-04-30T18:00:00Z");
    past.drives(1, 1, ("Ann", "7"), &[45_000, 41_000, 40_500]);
    past.drives(1, 2, ("Bob", "9"), &[44_000, 40_900]);
    past.heat(2, 1, "Heat 2", "2026-05-01T18:00:00Z");
    past.drives(2, 1, (" ANN ", "9"), &[46_000, 40_100, 40_600]);
    past.drives(2, 2, ("Eve", "7"), &[43_000, 40_900]);
    past.heat(3, 1, "Junior Cup", "2026-05-01T19:00:00Z");
    past.drives(3, 1, ("Kim", "J1"), &[52_000, 50_000]);
    past.heat(4, 3, "Heat 1", "2026-05-01T18:00:00Z");
    past.drives(4, 1, ("Zoe", "1"), &[20_000]);
    past
}

#[test]
fn records_have_each_name_once_with_its_best_lap() {
    System::new().block_on(async {
        let past = spring();
        let service = past.serve("").await;
        let ever = records(&service, "feed=main&window=ever").await;
        assert_eq!(
            table(&ever),
            [(1, " ANN ", 40_100), (2, "Bob", 40_900), (2, "Eve", 40_900), (4, "Kim", 50_000)]
        );
        assert_eq!(
            ever["records"][0],
            json!({
                "place": 1, "name": " ANN ", "lap_ms": 40_100, "at": "2026-05-01T18:01:26.100Z",
                "kart": "9", "class": null, "heat_id": 2, "heat_name": "Heat 2", "driver_id": 1,
                "lap": 2,
            })
        );
        assert_eq!(ever["classes"], json!(["junior"]));
        assert_eq!(
            (&ever["from"], &ever["to"], &ever["missing_since"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        let two = records(&service, "feed=main&window=ever&limit=2").await;
        assert_eq!(table(&two), [(1, " ANN ", 40_100), (2, "Bob", 40_900)]);
        let juniors = records(&service, "feed=main&window=ever&class=junior").await;
        assert_eq!(table(&juniors), [(1, "Kim", 50_000)]);
        let day = records(&service, "feed=main&day=2026-04-30").await;
        assert_eq!(table(&day), [(1, "Ann", 40_500), (2, "Bob", 40_900)]);
        assert_eq!(day["from"], "2026-04-29T22:00:00Z");
        let april = records(&service, "feed=main&day=2026-04-02&window=month").await;
        assert_eq!(table(&april), [(1, "Ann", 40_500), (2, "Bob", 40_900)]);
        let year = records(&service, "feed=main&day=2026-12-31&window=year").await;
        assert_eq!(table(&year), table(&ever));
        let week = records(&service, "feed=main&day=2026-05-03&window=week").await;
        assert_eq!(table(&week), table(&ever), "Monday was the 27th");
        let other_year = records(&service, "feed=main&day=2025-12-31&window=year").await;
        assert_eq!(table(&other_year), []);
        service.stop().await;
    });
}

#[test]
fn records_of_a_day_begin_and_end_at_midnight_of_the_track() {
    System::new().block_on(async {
        let past = Past::new();
        // Clocks in Madrid go back in the night to 25 October 2026, at 3:00: midnight is 22:00 UTC
        // before it, and 23:00 UTC after it.
        past.heat(1, 1, "Late", "2026-10-24T21:59:00Z");
        past.drives(1, 1, ("Before", "1"), &[59_999]);
        past.drives(1, 2, ("At", "2"), &[60_000]);
        past.heat(2, 1, "Later", "2026-10-25T22:59:00Z");
        past.drives(2, 1, ("Last", "1"), &[59_999]);
        past.drives(2, 2, ("After", "2"), &[60_000]);
        let service = past.serve("").await;
        for (day, expected) in [
            ("2026-10-24", vec!["Before"]),
            ("2026-10-25", vec!["Last", "At"]),
            ("2026-10-26", vec!["After"]),
        ] {
            let found = records(&service, &format!("feed=main&day={day}")).await;
            let names: Vec<_> = table(&found).into_iter().map(|(_, name, _)| name).collect();
            assert_eq!(names, expected, "{day}");
        }
        service.stop().await;
    });
}

#[test]
fn records_follow_corrections_and_do_not_count_what_was_taken_away_or_computed() {
    System::new().block_on(async {
        let past = spring();
        past.sum_up();
        past.db.execute(
            "UPDATE laps SET removed_at = now() WHERE heat_id = 2 AND driver_id = 1 AND lap = 2; \
             UPDATE laps SET lap_ms = 40300, source = 'corrected' \
             WHERE heat_id = 1 AND driver_id = 2 AND lap = 2; \
             UPDATE laps SET lap_ms = 30000, source = 'reconstructed', error_ms = 2 \
             WHERE heat_id = 2 AND driver_id = 2 AND lap = 2; \
             UPDATE laps SET changed_in = pg_current_xact_id()::text::bigint",
        );
        let service = past.serve("").await;
        let ever = records(&service, "feed=main&window=ever").await;
        assert_eq!(
            table(&ever),
            [(1, "Bob", 40_300), (2, "Ann", 40_500), (3, "Eve", 43_000), (4, "Kim", 50_000)]
        );
        service.stop().await;
    });
}

#[test]
fn records_take_the_names_of_an_alias_for_one_person() {
    System::new().block_on(async {
        let past = spring();
        let alias =
            "[[alias]]\nvenue = \"SpeedPark\"\nname = \"Bobby\"\nalso = [\"bob\", \"EVE\"]\n";
        let service = past.serve(alias).await;
        let ever = records(&service, "feed=main&window=ever").await;
        // The lap that was first counts; it stands under the name of its heat.
        assert_eq!(table(&ever), [(1, " ANN ", 40_100), (2, "Bob", 40_900), (3, "Kim", 50_000)]);
        service.stop().await;
    });
}

#[test]
fn records_find_names_behind_a_regular_who_holds_all_the_best_laps() {
    System::new().block_on(async {
        let past = Past::new();
        past.db.execute(
            "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             first_seen_at, last_seen_at) \
             SELECT n, 1, n, 'Heat', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0, at, at \
             FROM generate_series(1, 900) AS n, \
                  LATERAL (SELECT timestamptz '2026-01-01T12:00Z' + n * interval '6 h') AS t (at); \
             INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, gap, last_passing, updated_at) \
             SELECT n, 1, 1, CASE n % 300 WHEN 0 THEN 'Guest ' || n ELSE 'Regular' END, '1', 0, 1, \
             1, '', false, now() FROM generate_series(1, 900) AS n; \
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
             SELECT n, 1, 1, CASE n % 300 WHEN 0 THEN 50000 ELSE 40000 END, 'timed', 0 \
             FROM generate_series(1, 900) AS n",
        );
        let service = past.serve("").await;
        let ever = records(&service, "feed=main&window=ever&limit=3").await;
        assert_eq!(
            table(&ever),
            [(1, "Regular", 40_000), (2, "Guest 300", 50_000), (2, "Guest 600", 50_000)]
        );
        assert_eq!(ever["records"][0]["heat_id"], 1, "who was first");
        service.stop().await;
    });
}

#[test]
fn records_tell_which_parameter_is_wrong() {
    System::new().block_on(async {
        let past = spring();
        let service = past.serve("").await;
        for (query, status, code, parameter) in [
            ("", 400, "bad_parameter", json!("feed")),
            ("feed=main&windw=day", 400, "unknown_parameter", json!("windw")),
            ("feed=main&window=century", 400, "bad_parameter", json!("window")),
            ("feed=main&day=2026-02-30", 400, "bad_parameter", json!("day")),
            ("feed=main&limit=101", 400, "bad_parameter", json!("limit")),
            ("feed=nowhere", 404, "not_found", Value::Null),
        ] {
            let (found, body) = service.get(&format!("/api/v1/records?{query}")).await;
            let error: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(found, status, "{query}: {body}");
            assert_eq!(error["error"]["code"], code, "{query}");
            assert_eq!(error["error"]["parameter"], parameter, "{query}");
        }
        service.stop().await;
    });
}

#[test]
fn records_say_since_when_laps_may_be_missing() {
    let past = spring();
    past.sum_up();
    past.heat(5, 1, "Heat 5", "2026-05-02T18:00:00Z");
    past.drives(5, 1, ("Max", "1"), &[39_000]);
    let wanted = ringside::db::queries::RecordsWanted {
        feed: ringside::event::FeedId::new("main"),
        from: "2026-05-01T00:00:00Z".parse().unwrap(),
        to: "2026-06-01T00:00:00Z".parse().unwrap(),
        class: None,
        limit: 10,
    };
    let ask = || {
        let person = |_: &str, name: &str| name.to_owned();
        ringside::db::queries::records(&mut past.db.conn(), &wanted, person).unwrap().unwrap()
    };
    let before = ask();
    assert_eq!(before.missing_since.unwrap().to_rfc3339(), "2026-05-02T18:00:39+00:00");
    assert!(before.records.iter().all(|record| record.name != "Max"));
    past.sum_up();
    let after = ask();
    assert_eq!((after.missing_since, after.records[0].name.as_str()), (None, "Max"));
}
