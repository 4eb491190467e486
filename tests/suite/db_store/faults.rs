//! What is refused, and whose fault it is.

use ringside::{
    db,
    event::{Event, agility::AgilityEvent, karting::KartingEvent},
    pipeline::message::{BatchReport, StoreError},
};
use serde_json::json;

use crate::support::postgres::TestDb;

use super::events::*;

#[actix::test]
async fn store_sets_a_poison_row_aside_and_writes_its_neighbours() {
    let test = TestDb::new();
    // By a constraint, which Diesel names, and by an error that it does not.
    test.execute(
        "ALTER TABLE laps ADD CONSTRAINT no_lap_13 CHECK (lap <> 13); \
         CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NEW.name = 'driver 3' THEN RAISE EXCEPTION 'no number 3 here'; END IF; RETURN NEW; \
         END $$; \
         CREATE TRIGGER object BEFORE INSERT ON heat_drivers FOR EACH ROW EXECUTE FUNCTION object()",
    );
    let store = TestStore::on(&test);
    let key = heat_key("poison");
    let mut events = karting([KartingEvent::Heat(heat(&key))]);
    events.extend(karting((1..=20).map(|number| KartingEvent::Lap(lap(&key, 1, number)))));
    events.extend(karting((1..=5).map(|id| KartingEvent::Standing(standing(&key, id).into()))));
    events.extend(everything());

    let report = store.write(&events).await;
    assert_eq!(report.rejected, 2);
    assert_eq!(test.value("SELECT array_agg(lap ORDER BY lap) FROM laps JOIN heats ON id = heat_id WHERE name = 'poison'"),
        json!((1..=20).filter(|lap| *lap != 13).collect::<Vec<_>>()));
    assert_eq!(test.value("SELECT array_agg(driver_id ORDER BY driver_id) FROM heat_drivers JOIN heats ON id = heat_id WHERE heats.name = 'poison'"),
        json!([1, 2, 4, 5]));
    assert_eq!(test.value("SELECT count(*) FROM playsets"), 1);

    let aside = test.rows("SELECT table_name, reason, \"row\" FROM rejected_rows ORDER BY 1");
    assert_eq!(aside[0]["table_name"], "heat_drivers");
    assert_eq!(aside[0]["row"]["driver_id"], 3);
    assert_eq!(aside[0]["reason"], "no number 3 here (SQLSTATE P0001)");
    assert_eq!(aside[1]["table_name"], "laps");
    assert_eq!(aside[1]["row"]["lap_ms"], 36_013);
    assert!(aside[1]["reason"].as_str().unwrap().contains("no_lap_13"), "{aside:?}");

    // Again: still two, still the same rows.
    let dump = test.dump();
    assert_eq!(store.write(&events).await, BatchReport { rows: 0, rejected: 2 });
    assert_eq!(test.dump(), dump);
}

#[actix::test]
async fn store_sets_a_key_aside_that_is_too_long_for_an_index_with_all_that_hangs_on_it() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    // Postgres compresses what goes into an index: this it can't.
    let long: String = (0..9_000).map(|_| fastrand::alphanumeric()).collect();
    let (good, bad) = (heat_key("good"), heat_key(&long));
    let events = karting([
        KartingEvent::Heat(heat(&good)),
        KartingEvent::Heat(heat(&bad)),
        KartingEvent::Lap(lap(&bad, 1, 1)),
        KartingEvent::LapGap(gap(&bad, 2, 3)),
        KartingEvent::Lap(lap(&good, 1, 1)),
    ]);
    assert_eq!(store.write(&events).await.rejected, 3);
    assert_eq!(test.value("SELECT name FROM heats"), "good");
    assert_eq!(test.value("SELECT count(*) FROM laps"), 1);
    let aside = test.rows("SELECT table_name, reason, \"row\" FROM rejected_rows ORDER BY 1");
    let tables: Vec<_> = aside.iter().map(|row| row["table_name"].as_str().unwrap()).collect();
    assert_eq!(tables, ["heats", "lap_gaps", "laps"]);
    assert!(aside[0]["reason"].as_str().unwrap().contains("SQLSTATE 54000"), "{}", aside[0]);
    let reason = aside[2]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("there is no heat feed=speedpark start_unix=1699999800"),
        "{reason}"
    );
    assert_eq!(aside[2]["row"].get("heat_id"), None);
    assert_eq!(aside[2]["row"]["lap_ms"], 36_001);
}

#[actix::test]
async fn store_moves_an_absurd_number_to_extra() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let key = run_key("AG");
    let mut absurd = playset(&key, "bbbb");
    absurd.time_s = Some("1e999999999".parse().unwrap());
    let events = agility([AgilityEvent::Run(run(&key)), AgilityEvent::Playset(absurd.into())]);
    assert_eq!(store.write(&events).await.rejected, 0);
    assert_eq!(
        test.rows("SELECT time_s, extra FROM playsets"),
        [json!({"time_s": null, "extra": {"time_s": "1e999999999"}})]
    );
}

#[actix::test]
async fn store_writes_a_heat_anew_when_somebody_deleted_it_meanwhile() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let key = heat_key("deleted");
    let events = karting([KartingEvent::Heat(heat(&key)), KartingEvent::Lap(lap(&key, 1, 1))]);
    store.write(&events).await;
    test.execute("DELETE FROM heats");
    // The id that the store remembers is of no use any more.
    assert_eq!(store.write(&events).await, BatchReport { rows: 2, rejected: 0 });
    assert_eq!(test.value("SELECT count(*) FROM laps"), 1);
}

#[actix::test]
async fn store_blames_no_row_when_the_database_is_at_fault() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    store.write(&[Event::Configured]).await;
    let before = test.dump();
    test.execute("ALTER TABLE laps RENAME TO laps_away");
    let error = store.try_write(&everything()).await.unwrap_err();
    let StoreError::Refused(reason) = &error else { panic!("{error:?}") };
    assert!(reason.contains("laps") && reason.contains("42P01"), "{reason}");
    test.execute("ALTER TABLE laps_away RENAME TO laps");
    assert_eq!(test.dump(), before, "something of the batch was written");

    assert_eq!(store.write(&everything()).await.rejected, 0);
    assert_eq!(test.value("SELECT count(*) FROM rejected_rows"), 0);
}

#[actix::test]
async fn store_blames_no_row_when_it_has_no_right_to_write() {
    let test = TestDb::new();
    test.execute(
        "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; \
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
         GRANT INSERT, UPDATE ON feeds, rejected_rows TO reader",
    );
    let store = TestStore::over(db::connect(&test.url.replace("//ringside@", "//reader@"), 1));
    let error = store.try_write(&everything()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Refused(why) if why.contains("42501")), "{error:?}");
    assert_eq!(test.value("SELECT count(*) FROM rejected_rows"), 0);
    assert_eq!(test.value("SELECT count(*) FROM feeds"), 0);
}

/// Raises this SQLSTATE for every lap, as the server itself would.
fn fail_laps_with(test: &TestDb, sqlstate: &str) {
    test.execute(&format!(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           RAISE EXCEPTION 'simulated' USING ERRCODE = '{sqlstate}'; END $$; \
         CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON laps \
           FOR EACH ROW EXECUTE FUNCTION fail()"
    ));
}

#[actix::test]
async fn store_tells_trouble_that_passes_from_trouble_that_stays() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    // Deadlock, out of memory, lock not available, shutting down; then full disk, no right.
    for (sqlstate, passes) in [
        ("40P01", true),
        ("40001", true),
        ("53200", true),
        ("55P03", true),
        ("57P01", true),
        ("53100", false),
        ("42501", false),
        ("25006", false),
    ] {
        fail_laps_with(&test, sqlstate);
        let error = store.try_write(&everything()).await.unwrap_err();
        assert_eq!(matches!(error, StoreError::Retriable(_)), passes, "{sqlstate}: {error:?}");
    }
    assert_eq!(test.value("SELECT count(*) FROM laps"), 0);
    assert_eq!(test.value("SELECT count(*) FROM rejected_rows"), 0);
    test.execute("DROP TRIGGER fail ON laps");
    assert_eq!(store.write(&everything()).await.rejected, 0);
}

#[actix::test]
async fn store_calls_a_lost_connection_retriable_and_goes_on_with_the_next() {
    let test = TestDb::new();
    // Ends its own connection in the middle of the first write.
    test.execute(
        "CREATE SEQUENCE attempts; \
         CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('attempts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; \
           RETURN NEW; END $$; \
         CREATE TRIGGER die BEFORE INSERT ON laps FOR EACH ROW EXECUTE FUNCTION die()",
    );
    let store = TestStore::on(&test);
    let error = store.try_write(&everything()).await.unwrap_err();
    assert!(matches!(error, StoreError::Retriable(_)), "{error:?}");
    assert_eq!(store.write(&everything()).await.rejected, 0);
    assert_eq!(test.value("SELECT count(*) FROM laps"), 3);
}

#[actix::test]
async fn store_calls_an_absent_database_retriable_without_naming_its_password() {
    let store = TestStore::over(db::connect("postgres://ann:s3cret@127.0.0.1:1/timing", 1));
    let error = store.try_write(&everything()).await.unwrap_err();
    assert!(matches!(error, StoreError::Retriable(_)), "{error:?}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}
