//! The documented messages of both protocols, sent by a fake venue to the running service: they
//! are in the tables field by field.

use actix::System;
use ringside::simulator::{Plays, RingOptions, Simulator, SimulatorOptions, TrackOptions};
use serde_json::{Value, json};

use crate::support::{
    postgres::TestDb,
    service::{Service, ring_table, track_table},
    wait_for, wait_until,
};

fn without(mut row: Value, keys: &[&str]) -> Value {
    for key in keys {
        assert!(row.as_object_mut().unwrap().remove(*key).is_some(), "no column {key} in {row}");
    }
    row
}

#[test]
fn bmi_message_of_the_document_is_in_the_tables_field_by_field() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let options = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("33@seed") };
        let track = simulator.add_track(options);
        track.push(include_str!("../fixtures/bmi/seed.json"));
        let service = Service::start(&db, &track_table("seed", &track)).await;
        let count = "SELECT count(*) FROM laps";
        wait_for("five laps", 5.into(), async || db.value(count)).await;

        let heat = db.rows("SELECT * FROM heats").remove(0);
        let heat = without(heat, &["id", "feed_id", "first_seen_at", "last_seen_at", "started_at"]);
        assert_eq!(
            heat,
            json!({
                "start_unix": 1_708_452_000, "name": "[HEAT] 33 - Carrera XL ", "occurrence": 0,
                "state": "running", "end_condition": "time", "race_mode": "best_lap",
                "clock_ms": 410_909, "clock_started": true, "clock_enabled": true,
                "remaining_laps": 0, "end_mode": 0, "finished_at": null, "extra": {},
            })
        );
        let drivers = db.rows("SELECT * FROM heat_drivers ORDER BY position");
        let expected = [
            (3_591_187, "Maty", "8", 11, 36_580, 41_825, 36_580, ""),
            (3_591_175, "lei√±o", "14", 11, 40_548, 40_565, 37_578, "00.998"),
            (3_591_177, "benjamin seguel", "9", 10, 40_452, 45_105, 40_001, "03.421"),
            (3_591_176, "bastian seguel", "1", 9, 41_340, 50_421, 40_318, "03.738"),
            (3_591_188, "Ale", "17", 8, 52_666, 58_463, 52_666, "16.086"),
        ];
        assert_eq!(drivers.len(), expected.len());
        for ((n, driver), expected) in drivers.into_iter().enumerate().zip(expected) {
            let (id, name, kart, laps, last, average, best, gap) = expected;
            assert_eq!(
                without(driver, &["heat_id", "feed_id", "updated_at"]),
                json!({
                    "driver_id": id, "name": name, "name_key": name.to_lowercase(),
                    "kart": kart, "web_member_id": 0,
                    "position": n + 1, "laps": laps, "last_lap_ms": last,
                    "average_lap_ms": average, "best_lap_ms": best, "gap": gap,
                    "last_passing": false, "last_record": null, "extra": {},
                })
            );
        }
        let lap = db.rows("SELECT * FROM laps WHERE driver_id = 3591187").remove(0);
        assert_eq!(
            without(lap, &["heat_id", "changed_in"]),
            json!({
                "driver_id": 3_591_187, "lap": 11, "lap_ms": 36_580, "kart": "8", "position": 1,
                "crossed_at": null, "source": "timed", "error_ms": 0, "removed_at": null,
            })
        );
        // The ten laps before it are known to be missing, and their sum by the average.
        let gap = db.rows("SELECT * FROM lap_gaps WHERE driver_id = 3591187").remove(0);
        assert_eq!(
            without(gap, &["heat_id"]),
            json!({
                "driver_id": 3_591_187, "first_lap": 1, "last_lap": 10,
                "total_ms": 41_825 * 11 - 36_580, "error_ms": 10,
            })
        );
        service.stop().await;
    });
}

#[test]
fn flowagility_messages_of_the_document_are_in_the_tables_field_by_field() {
    System::new().block_on(async {
        let revisions = [
            include_str!("../fixtures/flowagility/messages-1.0.0.json"),
            include_str!("../fixtures/flowagility/messages-2024.json"),
        ];
        for (revision, messages) in revisions.into_iter().enumerate() {
            all_messages(messages, revision == 1).await;
        }
    });
}

async fn all_messages(messages: &str, later_revision: bool) {
    let messages: Vec<Value> = serde_json::from_str(messages).unwrap();
    assert_eq!(messages.len(), 11);
    let db = TestDb::new();
    let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let ring = RingOptions { plays: Plays::Nothing, ..RingOptions::new("12345678") };
    let ring = simulator.add_ring(ring);
    let service = Service::start(&db, &ring_table("ring", &ring)).await;
    wait_until("the ring is asked", async || ring.subscribers() == 1).await;
    for message in &messages {
        ring.push(message["msg"].to_string());
    }
    // The answer to `version` is a frame as well.
    wait_until("all messages", async || service.feed("ring").await.frames >= 12).await;
    let count = "SELECT count(*) FROM combined_results";
    wait_for("combined results", 2.into(), async || db.value(count)).await;
    let feed = service.feed("ring").await;
    assert_eq!((feed.rejected, feed.unknown), (0, 0), "{:?}", feed.unknown_names);

    let runs = db.rows("SELECT * FROM agility_runs ORDER BY type DESC");
    let course = |value: Value| if later_revision { value } else { Value::Null };
    for (run, run_type) in runs.iter().zip(["JP", "AG"]) {
        assert_eq!(run["event_name"], "RSCE Pawer 26-27-28 Agosto / 2-3-4 Septiembre");
        assert_eq!(run["ring_name"], "1");
        assert_eq!(run["trial_name"], "RSCE 4 Septiembre ");
        assert_eq!(run["name"], "G3 / S");
        assert_eq!(run["type"], run_type);
    }
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["judge_name"], course("Santa Claus".into()));
    assert_eq!(runs[0]["obstacles"], course(20.into()));

    let playsets = db.rows(
        "SELECT r.type, p.* FROM playsets p JOIN agility_runs r ON r.id = p.run_id \
         ORDER BY r.type DESC, p.dorsal::int",
    );
    let team = Value::Null;
    let flow = json!({
        "dorsal": "9", "handler": "Julen Lázaro Martínez", "club": "Pawer", "country": "ES",
        "team_name": team, "dog_family_name": "Flow", "dog_studbook_name": "Lasborras Fifty Shades",
        "dog_breed": "Shetland Sheepdog", "dog_gender": "Male", "dog_age": "6 years",
        "dog_height_cm": 34.0,
    });
    let mel = json!({
        "dorsal": "41", "handler": "Anna Nogues Lopez", "club": "Baix Llobregat", "country": "ES",
        "team_name": team, "dog_family_name": "Mel", "dog_studbook_name": "Mel De Torkental",
        "dog_breed": "Poodle", "dog_gender": "Female", "dog_age": "11 years",
        "dog_height_cm": 32.0,
    });
    let expected = [
        (
            "JP",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxxx",
            &flow,
            json!({
                "start_order": 2, "status": "calculated", "faults": 1, "refusals": 0,
                "disqualification": null, "qualification": "EXC", "classification": 1,
                "time_s": 28.78, "speed_m_s": 6.95, "total_penalization": 5.00,
            }),
        ),
        (
            "JP",
            "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
            &mel,
            json!({
                "start_order": 1, "status": "calculated", "faults": 2, "refusals": 1,
                "disqualification": null, "qualification": "V_GOOD", "classification": 2,
                "time_s": 23.56, "speed_m_s": 8.49, "total_penalization": 15.00,
            }),
        ),
        (
            "AG",
            "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb",
            &flow,
            json!({
                "start_order": 2, "status": "calculated", "faults": 0, "refusals": 0,
                "disqualification": "elim", "qualification": "DISQualification",
                "classification": null, "time_s": null, "speed_m_s": null,
                "total_penalization": 100.00,
            }),
        ),
        (
            "AG",
            "wwwwwwww-wwww-wwww-wwww-wwwwwwwwwwww",
            &mel,
            json!({
                "start_order": 1, "status": "calculated", "faults": 1, "refusals": 0,
                "disqualification": null, "qualification": "EXC", "classification": 1,
                "time_s": 29.00, "speed_m_s": 6.90, "total_penalization": 5.00,
            }),
        ),
    ];
    assert_eq!(playsets.len(), expected.len());
    for (playset, (run_type, id, pair, result)) in playsets.iter().zip(expected) {
        assert_eq!((&playset["type"], &playset["playset_id"]), (&run_type.into(), &id.into()));
        for (key, value) in pair.as_object().unwrap().iter().chain(result.as_object().unwrap()) {
            assert_eq!(&playset[key], value, "{run_type} {id} {key}");
        }
    }
    // Decimals are kept as they were sent.
    let exact = db.rows(
        "SELECT time_s::text, total_penalization::text AS p FROM playsets \
                         WHERE playset_id LIKE 'w%'",
    );
    assert_eq!(exact, [json!({ "time_s": "29.00", "p": "5.00" })]);

    let combined = db.rows("SELECT * FROM combined_results ORDER BY classification");
    for (result, (dorsal, time, penalization)) in
        combined.iter().zip([("41", 52.56, 20.0), ("9", 28.78, 105.0)])
    {
        assert_eq!(result["dorsal"], dorsal);
        assert_eq!(result["time_s"], time);
        assert_eq!(result["total_penalization"], penalization);
        assert_eq!(result["name"], "G3 / S");
    }
    assert_eq!(combined[0]["handler"], "Anna Nogues Lopez");
    assert_eq!(combined[1]["dog_family_name"], "Flow");

    // Mel's first run, step by step.
    let steps = db.rows(
        "SELECT status, faults, refusals, disqualification, time_s FROM playset_changes \
                         WHERE playset_id LIKE 'y%' ORDER BY changed_at",
    );
    let first = if later_revision { Value::Null } else { "elim".into() };
    let last_step = json!({ "status": "calculated", "faults": 2, "refusals": 1,
                            "disqualification": null, "time_s": 23.56 });
    let running = |faults: i32, refusals: i32, disqualification: &Value| {
        json!({ "status": "running", "faults": faults, "refusals": refusals,
                "disqualification": disqualification, "time_s": null })
    };
    assert_eq!(
        steps,
        [running(1, 0, &first), running(1, 1, &first), running(0, 0, &"elim".into()), last_step]
    );
    service.stop().await;
}
