//! Laps as they change: nothing is skipped, whoever writes when.

use std::time::Instant;

use actix::System;
use diesel::connection::SimpleConnection;
use ringside::db::queries::{self, ChangeFilter, ChangeMark, Followed};
use serde_json::{Value, json};

use crate::support::wait_until;

use super::world::World;

const KEYS: [&str; 3] = ["heat_id", "driver_id", "lap"];

fn keys(laps: &Value) -> Vec<[i64; 3]> {
    let key = |lap: &Value| KEYS.map(|key| lap[key].as_i64().unwrap());
    laps["laps"].as_array().unwrap().iter().map(key).collect()
}

fn lap(driver: i64, lap: i64) -> String {
    format!(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
         VALUES (2, {driver}, {lap}, 1000, 'timed', 0)"
    )
}

async fn first(world: &World, filter: &str) -> Value {
    world.settled().await;
    world.json(&format!("/api/v1/laps{filter}")).await
}

async fn after(world: &World, laps: &Value, filter: &str) -> Value {
    world.settled().await;
    let next = laps["next"].as_str().unwrap();
    world.json(&format!("/api/v1/laps?after={next}{filter}")).await
}

#[test]
fn laps_are_told_once_and_again_when_they_change() {
    System::new().block_on(async {
        let world = World::open().await;
        let all = first(&world, "").await;
        let expected =
            [[1, 11, 1], [1, 11, 2], [1, 11, 4], [1, 12, 1], [1, 12, 2], [1, 12, 3], [2, 21, 1]];
        assert_eq!(keys(&all), expected);
        assert_eq!(all["more"], false);
        assert_eq!(
            all["laps"][5],
            json!({
                "feed": "alfa", "heat_id": 1, "heat": "Sprint 12 min", "driver_id": 12,
                "driver": "Bob", "lap": 3, "lap_ms": 20_000, "kart": "07", "position": 1,
                "crossed_at": "2026-11-23T10:01:50Z", "source": "timed", "error_ms": 0,
                "removed_at": "2026-11-23T10:05:00Z"
            })
        );
        let nothing = after(&world, &all, "").await;
        assert_eq!(nothing, json!({ "laps": [], "next": all["next"], "more": false }));
        world.db.execute(
            "UPDATE laps SET lap_ms = 43100, source = 'corrected', changed_in = DEFAULT \
             WHERE heat_id = 1 AND driver_id = 12 AND lap = 2",
        );
        let changed = after(&world, &all, "").await;
        assert_eq!(keys(&changed), [[1, 12, 2]]);
        assert_eq!(changed["laps"][0]["lap_ms"], 43_100);
        // Who has not asked yet hears of it once.
        assert_eq!(keys(&first(&world, "").await).len(), 7);
    });
}

#[test]
fn laps_are_told_in_pieces_when_less_is_wanted_than_there_is() {
    System::new().block_on(async {
        let world = World::open().await;
        let mut laps = first(&world, "?limit=3").await;
        let mut read = keys(&laps);
        while laps["more"] == true {
            assert!(read.len() < 20, "there is no end of {read:?}");
            laps = after(&world, &laps, "&limit=3").await;
            read.extend(keys(&laps));
        }
        assert_eq!(read, keys(&first(&world, "").await));
    });
}

#[test]
fn laps_of_an_earlier_transaction_are_told_when_it_ends_after_a_later_one() {
    System::new().block_on(async {
        let world = World::open().await;
        let before = first(&world, "").await;
        let mut slow = world.db.conn();
        slow.batch_execute(&format!("BEGIN; {}", lap(21, 2))).unwrap();
        world.db.execute(&lap(21, 3));
        let next = before["next"].as_str().unwrap();
        let meanwhile = world.json(&format!("/api/v1/laps?after={next}")).await;
        // What came later must wait: else the cursor would stand behind what is not there yet.
        assert_eq!(keys(&meanwhile), Vec::<[i64; 3]>::new());
        slow.batch_execute("COMMIT").unwrap();
        world.db.execute(&lap(21, 4));
        let then = after(&world, &meanwhile, "").await;
        assert_eq!(keys(&then), [[2, 21, 2], [2, 21, 3], [2, 21, 4]]);
        assert_eq!(keys(&after(&world, &then, "").await), Vec::<[i64; 3]>::new());
    });
}

#[test]
fn laps_of_one_feed_are_found_in_bounded_steps_when_they_are_rare() {
    System::new().block_on(async {
        let world = World::open().await;
        world.db.execute(
            "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
             SELECT 3, 31, lap, 1000, 'timed', 0 FROM generate_series(1, 6000) AS lap",
        );
        world.db.execute(&lap(21, 2));
        let filter = "&feed=alfa&limit=10";
        let start = first(&world, "?feed=alfa&limit=10").await;
        assert_eq!((keys(&start).len(), &start["more"]), (7, &json!(true)));
        let second = after(&world, &start, filter).await;
        assert_eq!((keys(&second), &second["more"]), (vec![[2, 21, 2]], &json!(false)));
        let of_heat = first(&world, "?heat=2").await;
        assert_eq!(keys(&of_heat), [[2, 21, 1], [2, 21, 2]]);
        assert_eq!(keys(&after(&world, &of_heat, "&heat=2").await), Vec::<[i64; 3]>::new());
        assert_eq!(keys(&first(&world, "?heat=2&feed=beta").await), Vec::<[i64; 3]>::new());
        // A full page that ends in the middle of what was looked at.
        let part = first(&world, "?feed=beta&limit=5").await;
        assert_eq!((keys(&part).len(), &part["more"]), (5, &json!(true)));
        assert_eq!(keys(&after(&world, &part, "&feed=beta&limit=5").await)[0], [3, 31, 6]);
        for nowhere in ["feed=nowhere", "heat=99"] {
            assert_eq!(world.get(&format!("/api/v1/laps?{nowhere}")).await.status, 404);
        }
    });
}

#[test]
fn cursor_is_gone_when_it_is_of_another_database() {
    System::new().block_on(async {
        let (here, there) = (World::open().await, World::open().await);
        let next = first(&there, "").await["next"].as_str().unwrap().to_owned();
        let answer = here.get(&format!("/api/v1/laps?after={next}")).await;
        assert_eq!(answer.status, 410);
        let error = &answer.json()["error"];
        assert_eq!((&error["code"], &error["parameter"]), (&json!("gone"), &json!("after")));
    });
}

#[test]
fn mark_is_gone_when_it_lies_beyond_what_the_database_has_written() {
    let db = crate::support::postgres::TestDb::new();
    let filter = ChangeFilter::default();
    let ask = |after| queries::lap_changes(&mut db.conn(), &filter, after, 10).unwrap();
    let Followed::Changes(here) = ask(None) else { panic!("no changes") };
    let beyond = ChangeMark { changed_in: i64::MAX, ..ChangeMark::START };
    assert_eq!(ask(Some((&here.database, beyond))), Followed::Gone);
    assert!(matches!(ask(Some((&here.database, here.next))), Followed::Changes(_)));
}

#[test]
fn laps_are_waited_for_when_there_are_none_yet() {
    System::new().block_on(async {
        let world = World::open().await;
        let before = first(&world, "").await;
        let waiting = after(&world, &before, "&wait=30");
        let began = Instant::now();
        let coming = async {
            wait_until("it has looked", async || began.elapsed().as_millis() > 300).await;
            world.db.execute(&lap(21, 2));
        };
        let (news, ()) = futures_util::future::join(waiting, coming).await;
        assert_eq!(keys(&news), [[2, 21, 2]]);
        let began = Instant::now();
        let nothing = after(&world, &news, "&wait=1").await;
        assert_eq!(keys(&nothing), Vec::<[i64; 3]>::new());
        assert!(began.elapsed().as_millis() >= 1_000);
    });
}
