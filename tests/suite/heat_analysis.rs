//! What the laps of one heat tell, over the API, worked out by hand.

use actix::System;
use serde_json::{Value, json};

use crate::support::{
    postgres::TestDb,
    service::{Service, options},
};

/// A race of Ann, whose laps are even but for a spin in lap 5, and Bob, who began 4 s earlier, loses
/// half a second a lap, and misses lap 8.
const HEAT: &str = "
    INSERT INTO feeds (id, slug, kind, venue, name) VALUES (1, 'main', 'bmi', 'Park', 'Main');
    INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, race_mode,
            clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, first_seen_at, last_seen_at)
        VALUES (7, 1, 300, 'Final', 0, 'finished', 'laps', 'most_laps', 0, true, true, 0, 0,
            to_timestamp(1700000000), to_timestamp(1700000900));
    INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, laps,
            gap, last_passing, updated_at)
        VALUES (7, 1, 11, 'Ann Lee', '4', 0, 1, 9, '', false, to_timestamp(1700000900)),
               (7, 1, 12, 'Bob', '07', 0, 2, 9, '', false, to_timestamp(1700000900));
    INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, crossed_at)
        SELECT 7, 11, lap, ms, 'timed',
            to_timestamp(1700000004 + sum(ms) OVER (ORDER BY lap) / 1000.0)
        FROM UNNEST(ARRAY[45000, 40000, 40000, 40000, 48000, 40000, 40000, 40000, 40000])
            WITH ORDINALITY AS driven (ms, lap);
    INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, crossed_at)
        SELECT 7, 12, lap, 40500, 'timed', to_timestamp(1700000000 + lap * 40.5)
        FROM generate_series(1, 9) AS lap WHERE lap <> 8";

async fn service() -> (TestDb, Service) {
    let db = TestDb::new();
    db.execute(HEAT);
    let service = Service::start_with(&db, "", options(), |_| {}).await;
    (db, service)
}

async fn ask(service: &Service, path: &str) -> (u16, Value) {
    let (status, body) = service.get(&format!("/api/v1/heats/{path}")).await;
    (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

#[test]
fn pace_sets_the_spin_aside_and_sums_up_the_rest() {
    System::new().block_on(async {
        let (_db, service) = service().await;
        let (status, pace) = ask(&service, "7/pace").await;
        assert_eq!((status, &pace["heat_id"]), (200, &json!(7)));
        let ann = &pace["drivers"][0];
        assert_eq!(
            *ann,
            json!({
                "driver_id": 11, "name": "Ann Lee", "kart": "4", "position": 1, "laps": 7,
                "slow_laps": [5], "short_laps": [], "computed_laps": 0, "best_ms": 40_000,
                "quarter_ms": 40_000, "median_ms": 40_000, "three_quarters_ms": 40_000,
                "slowest_ms": 40_000, "mean_ms": 40_000.0, "deviation_ms": 0.0,
                "consistency_percent": 100.0, "slope_ms_per_lap": 0.0, "slope_low_ms_per_lap": 0.0,
                "slope_high_ms_per_lap": 0.0, "trend": "even", "first_third_ms": 40_000,
                "last_third_ms": 40_000,
            })
        );
        assert_eq!(pace["drivers"][1]["laps"], 7);
    });
}

#[test]
fn duel_tells_the_gap_by_the_crossings_and_where_it_came_from() {
    System::new().block_on(async {
        let (_db, service) = service().await;
        let (status, duel) = ask(&service, "7/duel?a=11&b=12").await;
        assert_eq!(status, 200, "{duel}");
        assert_eq!((&duel["a"]["laps_won"], &duel["b"]["laps_won"]), (&json!(6), &json!(2)));
        assert_eq!(duel["counts"], "laps");
        // Bob is 4 s ahead at first, and 8.5 s after Ann's long first lap; she wins half a second in
        // each of three, loses 7.5 s by the spin, and wins half a second twice.
        let gaps: Vec<_> = duel["laps"].as_array().unwrap().iter().map(|lap| &lap["gap_ms"]).collect();
        let known = [-8_500, -8_000, -7_500, -7_000, -14_500, -14_000, -13_500];
        assert_eq!(gaps[..7], known.map(|gap| json!(gap)).each_ref()[..]);
        assert_eq!(gaps[7..], [&Value::Null, &Value::Null], "nobody knows Bob's lap 8");
        assert_eq!(duel["decisive_laps"], json!([5, 1, 2]));
        assert_eq!(duel["overtakes"], json!([]));
        assert_eq!(duel["laps"][7], json!({
            "lap": 8, "a_ms": 40_000, "b_ms": null, "difference_ms": null, "gap_ms": null, "ahead": null,
        }));
    });
}

#[test]
fn questions_that_make_no_sense_are_refused_by_name() {
    System::new().block_on(async {
        let (_db, service) = service().await;
        for (path, status, parameter) in [
            ("8/pace", 404, Value::Null),
            ("7/duel?a=11&b=99", 404, Value::Null),
            ("7/pace?lap=3", 400, json!("lap")),
            ("7/duel?a=11", 400, json!("b")),
            ("7/duel?a=11&b=Bob", 400, json!("b")),
        ] {
            let (answered, error) = ask(&service, path).await;
            assert_eq!(
                (answered, &error["error"]["parameter"]),
                (status, &parameter),
                "{path}: {error}"
            );
        }
    });
}
