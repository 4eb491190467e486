//! The list of heats: filters, and pages while heats come in.

use actix::System;
use serde_json::Value;

use crate::support::past::Past;

use super::world::World;

fn ids(heats: &Value) -> Vec<i64> {
    heats["heats"].as_array().unwrap().iter().map(|heat| heat["id"].as_i64().unwrap()).collect()
}

async fn found(world: &World, query: &str) -> Vec<i64> {
    ids(&world.json(&format!("/api/v1/heats?{query}")).await)
}

#[test]
fn heats_are_those_that_every_filter_leaves_newest_first() {
    System::new().block_on(async {
        let world = World::open().await;
        for (query, expected) in [
            ("", vec![2, 3, 1, 5, 4]),
            ("feed=alfa", vec![2, 1, 5]),
            ("feed=ring", vec![]),
            ("state=finished", vec![1, 5, 4]),
            ("state=paused", vec![]),
            ("name=sprint", vec![2, 1, 5]),
            ("name=%25_%5C%20%C3%91", vec![4]),
            ("name=SPRINT%2012", vec![1, 5]),
            ("name=_", vec![4]),
            ("day=2026-11-22", vec![5, 4]),
            ("day=2026-11-23&feed=beta", vec![3]),
            ("from=2026-11-23T10:10:00Z", vec![2, 3]),
            ("to=2026-11-23T10:10:00Z", vec![1, 5, 4]),
            ("from=2026-11-23T11:10:00%2B01:00&to=2026-11-23T10:10:00.001Z", vec![3]),
            ("from=2026-11-23T11:00:00Z&to=2026-11-23T10:00:00Z", vec![]),
            ("day=2026-11-23&to=2026-11-23T10:10:00Z", vec![1]),
        ] {
            assert_eq!(found(&world, query).await, expected, "{query}");
        }
        assert_eq!(world.get("/api/v1/heats?feed=nowhere").await.status, 404);
    });
}

#[test]
fn day_of_heats_is_one_by_the_clocks_of_the_feed_and_of_utc_without_one() {
    System::new().block_on(async {
        let past = Past::new();
        // Half past midnight in Madrid, where `main` is.
        past.heat(1, 1, "Late", "2026-05-01T22:30:00Z");
        let service = past.serve("").await;
        for (query, expected) in [
            ("feed=main&day=2026-05-02", vec![1]),
            ("feed=main&day=2026-05-01", vec![]),
            ("day=2026-05-01", vec![1]),
            ("day=2026-05-02", vec![]),
        ] {
            let (_, body) = service.get(&format!("/api/v1/heats?{query}")).await;
            assert_eq!(ids(&serde_json::from_str(&body).unwrap()), expected, "{query}");
        }
        service.stop().await;
    });
}

#[test]
fn pages_skip_and_repeat_nothing_when_heats_come_in_between() {
    System::new().block_on(async {
        let world = World::open().await;
        let mut path = "/api/v1/heats?limit=1".to_owned();
        let mut read = Vec::new();
        for n in 0.. {
            assert!(n < 20, "the list has no end");
            let page = world.json(&path).await;
            read.extend(ids(&page));
            // One that is newer than all, and one right beside the last that was read.
            world.db.execute(&format!(
                "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, \
                 end_condition, race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, \
                 end_mode, first_seen_at, last_seen_at) \
                 SELECT id, 1, id, 'New', 0, 'running', 'time', 'best_lap', 0, true, true, 0, 0, at, at \
                 FROM (SELECT 100 + {n} AS id, '2026-12-01Z'::timestamptz AS at \
                       UNION ALL SELECT 200 + {n}, first_seen_at FROM heats WHERE id = {}) AS new",
                read.last().unwrap()
            ));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/heats?limit=1&cursor={next}");
        }
        assert_eq!(read, [2, 3, 1, 5, 4]);
        let all = found(&world, "limit=500").await;
        assert_eq!(all[..5], [104, 103, 102, 101, 100]);
        assert_eq!(all.len(), 15);
    });
}

#[test]
fn pages_end_with_no_cursor_when_the_last_one_is_full() {
    System::new().block_on(async {
        let world = World::open().await;
        let page = world.json("/api/v1/heats?limit=5").await;
        assert_eq!((ids(&page).len(), &page["next"]), (5, &Value::Null));
        let page = world.json("/api/v1/heats?limit=4").await;
        let next = page["next"].as_str().unwrap();
        assert_eq!(found(&world, &format!("limit=4&cursor={next}")).await, [4]);
    });
}
