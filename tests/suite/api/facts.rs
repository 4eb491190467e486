//! What is told of feeds and heats, compared whole.

use actix::System;
use ringside::http::Privacy;
use serde_json::{Value, json};

use super::{examples::EXAMPLES, world::World};

fn sprint() -> Value {
    json!({
        "id": 1, "feed": "alfa", "start_unix": 1_795_428_000, "name": "Sprint 12 min",
        "occurrence": 0, "state": "finished", "end_condition": "time", "race_mode": "best_lap",
        "started_at": "2026-11-23T10:00:05Z", "finished_at": "2026-11-23T10:12:05Z",
        "first_seen_at": "2026-11-23T10:00:00Z", "last_seen_at": "2026-11-23T10:13:00.123456Z",
        "drivers": 3, "laps": 6, "best_lap_ms": 40_000, "leader": "Ann Vega"
    })
}

fn lap(lap: i32, lap_ms: i32, kart: Value, position: Value, crossed_at: Value) -> Value {
    json!({
        "lap": lap, "lap_ms": lap_ms, "kart": kart, "position": position,
        "crossed_at": crossed_at, "source": "timed", "error_ms": 0
    })
}

fn with(mut value: Value, changes: Value) -> Value {
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    value
}

#[test]
fn feeds_are_told_with_what_was_last_heard_of_them() {
    System::new().block_on(async {
        let world = World::open().await;
        let alfa = json!({
            "id": "alfa", "kind": "bmi", "venue": "Karting Alfa", "name": "Main track",
            "connected_at": "2026-11-23T09:31:00Z", "disconnected_at": "2026-11-23T11:00:00Z",
            "disconnect_reason": "silence", "last_heard_at": "2026-11-23T11:00:00Z"
        });
        let beta = json!({
            "id": "beta", "kind": "bmi", "venue": "Beta Hall", "name": "Indoor",
            "connected_at": null, "disconnected_at": null, "disconnect_reason": null,
            "last_heard_at": "2026-11-23T10:11:00Z"
        });
        let ring = json!({
            "id": "ring", "kind": "flowagility", "venue": "RSCE Pawer", "name": "Ring 1",
            "connected_at": "2026-11-22T08:00:00Z", "disconnected_at": "2026-11-22T18:00:00Z",
            "disconnect_reason": "requested", "last_heard_at": "2026-11-22T18:00:00Z"
        });
        let silent = json!({
            "id": "silent", "kind": "bmi", "venue": "Nowhere", "name": "Never heard",
            "connected_at": null, "disconnected_at": null, "disconnect_reason": null,
            "last_heard_at": null
        });
        let all = world.json("/api/v1/feeds").await;
        assert_eq!(all, json!({ "feeds": [alfa, beta, ring, silent] }));
        let rings = world.json("/api/v1/feeds?kind=flowagility").await;
        assert_eq!(rings, json!({ "feeds": [ring] }));
        assert_eq!(world.json("/api/v1/feeds/alfa").await, alfa);
        assert_eq!(world.get("/api/v1/feeds/nowhere").await.status, 404);
    });
}

#[test]
fn heat_is_told_whole_with_its_laps_and_what_is_missing() {
    System::new().block_on(async {
        let world = World::open().await;
        let ann = json!({
            "driver_id": 11, "driver": "Ann Vega", "kart": "7", "position": 1, "laps": 4,
            "last_lap_ms": 40_500, "average_lap_ms": 41_300, "best_lap_ms": 40_000, "gap": "",
            "last_record": "day", "updated_at": "2026-11-23T10:12:00Z",
            "lap_gaps": [{ "first_lap": 3, "last_lap": 3, "total_ms": 41_000, "error_ms": 5 }],
            "lap_times": [
                lap(1, 44_000, json!("7"), json!(2), json!("2026-11-23T10:00:49Z")),
                with(
                    lap(2, 40_000, Value::Null, Value::Null, Value::Null),
                    json!({ "source": "reconstructed", "error_ms": 3 }),
                ),
                with(
                    lap(4, 40_500, json!("7"), json!(1), json!("2026-11-23T10:02:50.500Z")),
                    json!({ "source": "corrected" }),
                ),
            ]
        });
        let cleo = json!({
            "driver_id": 13, "driver": "Cleo", "kart": "3", "position": 1, "laps": 0,
            "last_lap_ms": null, "average_lap_ms": null, "best_lap_ms": null, "gap": "",
            "last_record": null, "updated_at": "2026-11-23T10:01:00Z",
            "lap_gaps": [], "lap_times": []
        });
        let bob = json!({
            "driver_id": 12, "driver": "Bob", "kart": "07", "position": 2, "laps": 2,
            "last_lap_ms": 42_500, "average_lap_ms": 42_500, "best_lap_ms": 42_000,
            "gap": "+2.000", "last_record": null, "updated_at": "2026-11-23T10:11:00Z",
            "lap_gaps": [],
            "lap_times": [
                lap(1, 42_000, json!("07"), json!(1), json!("2026-11-23T10:00:47Z")),
                lap(2, 43_000, json!("07"), json!(2), json!("2026-11-23T10:01:30Z")),
            ]
        });
        let expected = json!({
            "heat": sprint(),
            "completeness": {
                "finished": true, "complete": false, "laps_expected": 6, "laps_known": 5,
                "laps_corrected": 1, "laps_reconstructed": 1, "laps_missing": 1, "max_error_ms": 3,
                "missing": [
                    { "driver_id": 11, "driver": "Ann Vega", "first_lap": 3, "last_lap": 3 }
                ]
            },
            "standings": [ann, cleo, bob]
        });
        assert_eq!(world.json("/api/v1/heats/1").await, expected);
        let empty = world.json("/api/v1/heats/3").await;
        assert_eq!(empty["standings"], json!([]));
        assert_eq!(empty["heat"]["leader"], Value::Null);
        assert_eq!(world.get("/api/v1/heats/99").await.status, 404);
    });
}

#[test]
fn names_are_initials_everywhere_when_names_are_not_to_be_shown() {
    System::new().block_on(async {
        let world = World::open_with(|config| config.http.privacy = Privacy::Initials).await;
        world.settled().await;
        assert_eq!(world.json("/api/v1/heats?limit=500").await["heats"][2]["leader"], "A. V.");
        for path in ["/api/v1/heats?limit=500", "/api/v1/heats/1", "/api/v1/laps"] {
            let answer = world.json(path).await.to_string();
            assert!(answer.contains("A. V."), "{path}: {answer}");
        }
        // The description has a made-up Ann.
        let people = ["Vega", "Bob", "Cleo", "Dan", "Tamm", "Lee", "Juez", "Zoë"];
        for path in EXAMPLES.iter().flat_map(|(_, addresses)| *addresses) {
            let answer = world.get(path).await;
            let text = String::from_utf8_lossy(&answer.body);
            let told: Vec<_> = people.iter().filter(|name| text.contains(**name)).collect();
            assert!(told.is_empty(), "{path} tells of {told:?}");
        }
        let page = String::from_utf8(world.get("/api").await.body).unwrap();
        assert!(
            !page.contains("/drivers/Dan") && !page.contains("Tamm"),
            "examples tell of people"
        );
    });
}

#[test]
fn heat_is_told_whole_when_it_has_more_laps_than_one_wants_to_hold() {
    System::new().block_on(async {
        let world = World::open().await;
        world.db.execute(
            "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, gap, last_passing, updated_at) \
             SELECT 4, 2, id, 'Driver ' || id, id, 0, id, 1500, '', false, now() \
             FROM generate_series(1, 40) AS id; \
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source, \
             error_ms) SELECT 4, driver, lap, 60000 + lap, driver, 1, now(), 'timed', 0 \
             FROM generate_series(1, 40) AS driver, generate_series(1, 1500) AS lap",
        );
        let answer = world.get("/api/v1/heats/4").await;
        assert!(answer.body.len() > 5_000_000, "{} bytes", answer.body.len());
        let heat = answer.json();
        let standings = heat["standings"].as_array().unwrap();
        assert_eq!(standings.len(), 40);
        for (n, standing) in standings.iter().enumerate() {
            let laps = standing["lap_times"].as_array().unwrap();
            assert_eq!((standing["position"].as_u64(), laps.len()), (Some(n as u64 + 1), 1_500));
            assert_eq!(laps[1_499]["lap_ms"], 61_500);
        }
        let known = [("If-None-Match", answer.header("etag"))];
        let again = world.ask(awc::http::Method::GET, "/api/v1/heats/4", &known).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        world.db.execute(
            "UPDATE laps SET lap_ms = 1, changed_in = DEFAULT \
             WHERE heat_id = 4 AND driver_id = 1 AND lap = 1",
        );
        let corrected = world.ask(awc::http::Method::GET, "/api/v1/heats/4", &known).await;
        assert_eq!(corrected.status, 200);
    });
}
