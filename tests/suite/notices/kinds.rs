//! What is told, against rows made by hand.

use actix::System;
use serde_json::{Value, json};

use crate::support::wait_until;

use super::{
    database, finish_heat, is_settled, outbox, plan,
    receiver::{Call, Receiver},
    start, table,
};

const ALL: &str = "on = [\"heat_finished\", \"record_broken\", \"personal_best\", \
                   \"run_finished\", \"dogs_before\", \"feed_down\", \"feed_back\"]\n\
                   dorsals = [\"007\"]\ndown_for = \"10s\"";

fn of_kind(calls: &[Call], kind: &str) -> Vec<Value> {
    let of = calls.iter().filter(|call| call.headers["ringside-kind"] == kind);
    of.map(Call::json).collect()
}

#[test]
fn target_is_told_of_a_heat_its_record_and_personal_bests() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        // Too old to be told, and what is compared with.
        finish_heat(&db, 1, "Heat 1", "40 days", &[("Ann Lee", 30_000), ("Bob", 33_000)]);
        finish_heat(&db, 2, "Heat 2", "26 hours", &[(" ann lee ", 32_000), ("Bob", 34_000)]);
        finish_heat(&db, 3, "Heat 3", "1 minute", &[("Bob", 29_500), ("Ann Lee", 31_000), ("New", 35_000)]);
        let notices = start(&db, plan(&table("club", &receiver.url(), ALL)));
        let calls = receiver.called(3).await;
        wait_until("all is marked", async || is_settled(&db, 3)).await;
        notices.stop().await;

        let kinds: Vec<_> = calls.iter().map(|call| &call.headers["ringside-kind"]).collect();
        assert_eq!(kinds, ["heat_finished", "record_broken", "personal_best"]);
        let heat = calls[0].json();
        assert_eq!(heat["id"], calls[0].id());
        assert_eq!(heat["feed"], json!({
            "id": "speedpark", "kind": "bmi", "venue": "SpeedPark", "name": "Main track"
        }));
        assert_eq!(
            heat["text"],
            "SpeedPark · Main track: Heat 3 is over: 1. Bob 29.500, 2. Ann Lee 31.000, \
             3. New 35.000. Best lap: 29.500 Bob, kart 1"
        );
        assert_eq!(heat["heat"]["name"], "Heat 3");
        assert_eq!(heat["heat"]["drivers"], 3);
        assert_eq!(heat["table"][1], json!({
            "position": 2, "name": "Ann Lee", "kart": "2", "laps": 2, "best_lap_ms": 31_000, "gap": ""
        }));
        assert_eq!((&heat["best"]["lap_ms"], &heat["best"]["lap"]), (&json!(29_500), &json!(2)));

        let record = calls[1].json();
        assert_eq!((&record["record"]["lap_ms"], &record["record"]["name"]), (&json!(29_500), &json!("Bob")));
        let broken = record["record"]["broken"].as_array().unwrap();
        let ever = broken.last().unwrap();
        assert_eq!((&ever["period"], &ever["lap_ms"], &ever["name"]), (&json!("ever"), &json!(30_000), &json!("Ann Lee")));
        assert!(record["text"].as_str().unwrap().contains("Track record: 29.500 Bob, kart 1 · before: 30.000 Ann Lee"), "{record}");

        // Ann was quicker before, New was never here.
        let bests = calls[2].json();
        assert_eq!(bests["bests"].as_array().unwrap().len(), 1, "{bests}");
        let bob = &bests["bests"][0];
        assert_eq!((&bob["name"], &bob["lap_ms"], &bob["before_ms"]), (&json!("Bob"), &json!(29_500), &json!(33_000)));
        assert!(bests["text"].as_str().unwrap().ends_with("Bob 29.500 (−3.500)"), "{bests}");
    });
}

#[test]
fn record_is_of_one_class_and_an_equal_lap_breaks_none() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        finish_heat(&db, 1, "Junior 1", "3 days", &[("Kid", 20_000)]);
        finish_heat(&db, 2, "Heat 1", "2 days", &[("Ann", 30_000)]);
        finish_heat(&db, 3, "Heat 2", "2 minutes", &[("Bob", 30_000)]);
        finish_heat(&db, 4, "Pro 1", "1 minute", &[("First of its class", 10_000)]);
        let on = "on = [\"record_broken\", \"heat_finished\"]";
        let notices = start(&db, plan(&table("club", &receiver.url(), on)));
        wait_until("both heats are told", async || is_settled(&db, 2)).await;
        notices.stop().await;
        assert_eq!(of_kind(&receiver.calls(), "record_broken"), Vec::<Value>::new());
    });
}

const RUN: &str = "
    INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, first_seen_at, last_seen_at)
        VALUES (7, 2, 'Cup', '1', 'Trial', 'G3 / S ', 'JP', now() - interval '1 hour', now());
    INSERT INTO playsets (run_id, playset_id, dorsal, start_order, handler, dog_family_name, status,
            faults, refusals, disqualification, classification, time_s, total_penalization, updated_at) VALUES
        (7, 'a', '41', 1, 'Julen Gil', 'Flow', 'calculated', 0, 0, NULL, 1, 35.40, 0.00, now()),
        (7, 'b', '42', 2, 'Anna', 'Mel', 'calculated', 1, 0, NULL, 2, 34.00, 5.00, now()),
        (7, 'c', '43', 3, 'Eve', 'Kai', 'calculated', 0, 0, 'elim', NULL, NULL, 100.00, now());
    INSERT INTO playset_changes VALUES (7, 'a', now() - interval '30 minutes', 'calculated', 0, 0, NULL, 35.40);
";

#[test]
fn target_is_told_of_a_run_when_no_dog_is_left_and_the_ring_stands_still() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        db.execute(RUN);
        let notices = start(&db, plan(&table("club", &receiver.url(), ALL)));
        let calls = receiver.called(1).await;
        notices.stop().await;
        let run = calls[0].json();
        assert_eq!(
            run["text"],
            "RSCE Pawer · Ring 1: G3 / S JP is over: 1. Julen Gil & Flow 35.40 s, \
             2. Anna & Mel 34.00 s · 1 eliminated"
        );
        assert_eq!(run["tally"], json!({ "dogs": 3, "eliminated": 1 }));
        // Exactly the digits that were sent.
        assert!(calls[0].body.contains(r#""time_s": 35.40"#), "{}", calls[0].body);
        assert!(calls[0].body.contains(r#""total_penalization": 0.00"#), "{}", calls[0].body);
        assert_eq!(run["podium"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn run_is_not_over_while_the_next_dog_may_come_until_another_run_has_begun() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        db.execute(RUN);
        db.execute("UPDATE playset_changes SET changed_at = now() - interval '1 minute'");
        let notices = start(&db, plan(&table("club", &receiver.url(), ALL)));
        // The second one is looked at after the run was.
        finish_heat(&db, 1, "Heat 1", "1 minute", &[("Ann", 30_000)]);
        receiver.called(1).await;
        finish_heat(&db, 2, "Heat 2", "1 minute", &[("Bob", 30_000)]);
        receiver.called(2).await;
        assert_eq!(of_kind(&receiver.calls(), "run_finished"), Vec::<Value>::new());
        db.execute(
            "INSERT INTO agility_runs SELECT 8, feed_id, event_name, ring_name, trial_name, 'G2', \
                 type, NULL, NULL, NULL, NULL, NULL, now(), now(), '{}' FROM agility_runs;
             INSERT INTO playset_changes VALUES (8, 'x', now() - interval '3 seconds', 'ready', 0, 0, NULL, NULL);",
        );
        wait_until("the run is told", async || {
            !of_kind(&receiver.calls(), "run_finished").is_empty()
        })
        .await;
        notices.stop().await;
        let keys: Vec<_> = outbox(&db).into_iter().map(|row| row["key"].clone()).collect();
        assert_eq!(keys, ["heat_finished:1", "heat_finished:2", "run_finished:7"]);
    });
}

#[test]
fn target_is_told_once_when_three_dogs_are_before_its_dorsal() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        db.execute(RUN);
        // On course 3; shown 4; 5 and 6 nobody has seen; 007 is the seventh.
        db.execute(
            "UPDATE playsets SET status = 'running', disqualification = NULL WHERE playset_id = 'c';
             INSERT INTO playsets (run_id, playset_id, dorsal, start_order, handler, dog_family_name, status, updated_at)
                 VALUES (7, 'd', '44', 4, 'Max', 'Zoe', 'ready', now()), (7, 'e', '007', 7, 'James', 'Q', 'pending', now());
             INSERT INTO playset_changes VALUES (7, 'c', now() - interval '3 seconds', 'running', 0, 0, NULL, NULL);",
        );
        let notices = start(&db, plan(&table("club", &receiver.url(), ALL)));
        let calls = receiver.called(1).await;
        let turn = calls[0].json();
        assert_eq!(turn["kind"], "dogs_before");
        assert_eq!((&turn["turn"]["dogs_before"], &turn["turn"]["dog"]["handler"]), (&json!(3), &json!("James")));
        assert_eq!(turn["text"], "RSCE Pawer · Ring 1: 3 dogs before dorsal 007 (James & Q), G3 / S JP");
        // One dog less is no news.
        db.execute(
            "UPDATE playsets SET status = 'running' WHERE playset_id = 'd';
             INSERT INTO playset_changes VALUES (7, 'd', now() - interval '2 seconds', 'running', 0, 0, NULL, NULL);",
        );
        finish_heat(&db, 1, "Heat 1", "1 minute", &[("Ann", 30_000)]);
        receiver.called(2).await;
        finish_heat(&db, 2, "Heat 2", "1 minute", &[("Bob", 30_000)]);
        receiver.called(3).await;
        notices.stop().await;
        assert_eq!(of_kind(&receiver.calls(), "dogs_before").len(), 1);
    });
}

#[test]
fn target_is_told_when_a_feed_is_away_for_long_and_when_it_is_back() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        db.execute(
            "UPDATE feed_connections SET disconnected_at = now() - interval '7 minutes', reason = 'silence' WHERE feed_id = 1;
             UPDATE feed_connections SET disconnected_at = now() - interval '5 seconds', reason = 'silence' WHERE feed_id = 2;",
        );
        let notices = start(&db, plan(&table("club", &receiver.url(), ALL)));
        let down = receiver.called(1).await[0].json();
        assert_eq!(down["text"], "SpeedPark · Main track: not heard for 7 minutes");
        assert_eq!((&down["feed"]["id"], &down["connection"]["reason"]), (&json!("speedpark"), &json!("silence")));
        db.execute(
            "INSERT INTO feed_connections VALUES (1, 2, now(), NULL, NULL, NULL), (2, 2, now(), NULL, NULL, NULL)",
        );
        let back = receiver.called(2).await[1].json();
        assert_eq!((&back["kind"], &back["feed"]["id"]), (&json!("feed_back"), &json!("speedpark")));
        wait_until("all is marked", async || is_settled(&db, 2)).await;
        notices.stop().await;
        // The other was away for less than ten seconds.
        let keys: Vec<_> = outbox(&db).into_iter().map(|row| row["key"].clone()).collect();
        assert_eq!(keys, ["feed_down:speedpark:1", "feed_back:speedpark:1"]);
    });
}

#[test]
fn nobody_is_told_of_what_is_old_or_was_before_the_target_was_known() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        finish_heat(&db, 1, "Last year", "300 days", &[("Ann", 30_000)]);
        finish_heat(&db, 2, "Yesterday", "25 hours", &[("Ann", 30_000)]);
        finish_heat(&db, 3, "Today", "23 hours", &[("Ann", 40_000)]);
        let on = "on = [\"heat_finished\"]";
        let tables =
            [table("club", &receiver.url(), on), table("new", &receiver.url(), on)].concat();
        let notices = start(&db, plan(&tables));
        receiver.called(1).await;
        wait_until("all is marked", async || is_settled(&db, 1)).await;
        notices.stop().await;
        let calls = receiver.calls();
        assert_eq!((calls.len(), calls[0].json()["heat"]["name"].clone()), (1, json!("Today")));
        assert_eq!(outbox(&db)[0]["target"], "club");
    });
}

#[test]
fn chat_gets_one_line_in_its_language_and_names_call_nobody() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["chat"]);
        finish_heat(&db, 1, "Heat 1", "1 minute", &[("@everyone", 30_000)]);
        let rest = "on = [\"heat_finished\"]\nform = \"chat\"\nlang = \"de\"";
        let notices = start(&db, plan(&table("chat", &receiver.url(), rest)));
        let calls = receiver.called(1).await;
        notices.stop().await;
        let expected = "SpeedPark · Main track: Heat 1 ist zu Ende: 1. @\u{200b}everyone 30.000. \
                        Schnellste Runde: 30.000 @\u{200b}everyone, Kart 1";
        assert_eq!(calls[0].json(), json!({ "content": expected }));
    });
}

#[test]
fn names_are_initials_where_people_see_initials() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        finish_heat(&db, 1, "Heat 1", "1 minute", &[("Ann Lee", 30_000)]);
        let mut plan = plan(&table("club", &receiver.url(), "on = [\"heat_finished\"]"));
        plan.privacy = ringside::http::Privacy::Initials;
        let notices = start(&db, plan);
        let calls = receiver.called(1).await;
        notices.stop().await;
        assert!(
            calls[0].body.contains("A. L.") && !calls[0].body.contains("Lee"),
            "{}",
            calls[0].body
        );
    });
}
