//! Names go when they are old, and results stay.

use std::{fs, path::Path, sync::Arc, time::Duration};

use actix::System;
use ringside::{
    config,
    db::{LatePool, privacy::Aged},
    retention::{Keeper, Keeping},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{postgres::TestDb, wait_until};

/// Two heats of Ann, one long ago and one now, and a run of long ago; 100 days and a minute.
const ROWS: &str = r#"
    INSERT INTO feeds (id, slug, kind, venue, name) VALUES
        (1, 'track', 'bmi', 'SpeedPark', 'Main track'), (2, 'ring', 'flowagility', 'RSCE', 'Ring 1');
    INSERT INTO feed_connections VALUES
        (1, 1, now() - interval '100 days', now() - interval '99 days', 'silence', 1),
        (1, 2, now() - interval '98 days', now() - interval '97 days', 'silence', 1);
    INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, race_mode,
            clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, finished_at,
            first_seen_at, last_seen_at, extra)
        SELECT id, 1, id, 'Heat ' || id, 0, 'finished', 'time', 'best_lap', 0, false, false, 0, 0,
            at, at, at, '{"host": "Ann Lee"}'
        FROM (VALUES (1, now() - interval '100 days'), (2, now() - interval '95 days'),
                     (3, now() - interval '1 minute')) AS of (id, at);
    INSERT INTO heat_drivers (heat_id, driver_id, feed_id, name, kart, web_member_id, position, laps,
            best_lap_ms, gap, last_passing, updated_at, extra)
        SELECT id, driver, 1, CASE driver WHEN 1 THEN 'Ann Lee' ELSE 'Bob' END, '7', 4711, driver, 1,
            30000 + id, '', false, last_seen_at, '{"mail": "ann.lee@example.com"}'
        FROM heats, generate_series(1, 2) AS driver;
    UPDATE heat_drivers SET name = ' ann lee' WHERE heat_id = 2 AND driver_id = 1;
    INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source)
        SELECT heat_id, driver_id, 1, 30000 + heat_id, '7', driver_id, updated_at, 'timed' FROM heat_drivers;
    INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, judge_name, first_seen_at, last_seen_at)
        VALUES (1, 2, 'Cup', '1', 'T', 'G3', 'AG', 'Judy Lee', now() - interval '100 days', now() - interval '100 days');
    INSERT INTO playsets (run_id, playset_id, dorsal, handler, dog_family_name, status, time_s, updated_at)
        VALUES (1, 'a', '7', 'Ann Lee', 'Flow', 'calculated', 35.40, now() - interval '100 days');
    INSERT INTO combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal, handler, time_s, updated_at)
        VALUES (2, 'Cup', '1', 'T', 'G3', '7', 'Ann Lee', 70.80, now() - interval '100 days');
    INSERT INTO rejected_frames (feed_id, received_at, reason, payload)
        VALUES (1, now() - interval '100 days', 'no JSON', 'Ann Lee was here');
    INSERT INTO rejected_rows (table_name, reason, row, at)
        VALUES ('heat_drivers', 'x', '{"name": "Ann Lee"}', now() - interval '100 days');
    INSERT INTO notices (target, kind, key, body, created_at, delivered_at) VALUES
        ('club', 'heat_finished', 'old', '{"text": "Ann Lee won"}', now() - interval '95 days', now());
"#;

const DAY: Duration = Duration::from_secs(86_400);

fn names_after(days: u32) -> Keeping {
    // What is deleted is looked at by another test.
    Keeping { names: Some(DAY * days), rows: [].into() }
}

/// Runs the keeper until `condition` is true.
async fn keep(db: &TestDb, dir: &Path, keeping: Keeping, condition: impl Fn(&TestDb) -> bool) {
    let pool = LatePool::default();
    pool.open(db.pool.clone(), db.url.clone());
    let keeper = Keeper {
        pool: Arc::new(pool),
        data_dir: dir.to_owned(),
        journal_dir: dir.join("journal"),
        every: Duration::from_millis(50),
    };
    let (_keeping, kept) = watch::channel(keeping);
    let task = actix::spawn(keeper.keep(kept));
    wait_until("the keeper is done", async || condition(db)).await;
    task.abort();
}

fn drivers(db: &TestDb) -> Vec<Value> {
    let rows = db.rows("SELECT name FROM heat_drivers ORDER BY heat_id, driver_id");
    rows.into_iter().map(|row| row["name"].clone()).collect()
}

fn has_no_old_name(db: &TestDb) -> bool {
    db.value("SELECT count(*) FROM heats WHERE extra <> '{}'") == 1
        && db.value("SELECT count(*) FROM rejected_rows") == 0
}

/// All texts of all tables that hold this.
fn places_of(db: &TestDb, words: &str) -> Vec<String> {
    let dump = db.dump().to_lowercase();
    dump.lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
}

#[test]
fn names_are_replaced_by_pseudonyms_when_they_are_old_and_results_stay() {
    System::new().block_on(async {
        let (db, dir) = (TestDb::new(), tempfile::tempdir().unwrap());
        db.execute(ROWS);
        let results = "SELECT heat_id, driver_id, kart, position, laps, best_lap_ms FROM heat_drivers ORDER BY 1, 2";
        let laps = "SELECT * FROM laps ORDER BY heat_id, driver_id, lap";
        let before = (db.rows(results), db.rows(laps));
        keep(&db, dir.path(), names_after(90), has_no_old_name).await;

        let names = drivers(&db);
        let ann = names[0].as_str().unwrap();
        assert!(ann.starts_with("Driver ") && ann.len() == 15, "{ann}");
        // The same person in both old heats, another one beside her, and the new heat as it was.
        assert_eq!(names[2], ann);
        assert_ne!(names[1], ann);
        assert_eq!(names[1], names[3]);
        assert_eq!(names[4..], ["Ann Lee", "Bob"]);
        assert_eq!((db.rows(results), db.rows(laps)), before);
        let members = "SELECT array_agg(web_member_id ORDER BY heat_id, driver_id) FROM heat_drivers";
        assert_eq!(db.value(members), json!([0, 0, 0, 0, 4711, 4711]));

        let handler = db.value("SELECT handler FROM playsets");
        assert_eq!(db.value("SELECT handler FROM combined_results"), handler);
        assert!(handler.as_str().unwrap().starts_with("Handler "), "{handler}");
        let judge = db.value("SELECT judge_name FROM agility_runs");
        assert!(judge.as_str().unwrap().starts_with("Judge "), "{judge}");
        let left = places_of(&db, "ann lee");
        assert_eq!(left.len(), 2, "only the new heat: {left:#?}");
        assert_eq!(places_of(&db, "judy"), Vec::<String>::new());
    });
}

#[test]
fn pseudonyms_are_the_same_after_a_restart_and_for_heats_that_are_written_again() {
    System::new().block_on(async {
        let (db, dir) = (TestDb::new(), tempfile::tempdir().unwrap());
        db.execute(ROWS);
        keep(&db, dir.path(), names_after(90), has_no_old_name).await;
        let first = drivers(&db);
        // A replay brings the name back.
        db.execute("UPDATE heat_drivers SET name = 'Ann Lee', web_member_id = 4711 WHERE heat_id = 1 AND driver_id = 1");
        keep(&db, dir.path(), names_after(90), |db| drivers(db) == first).await;
        let dump = db.dump();
        keep(&db, dir.path(), names_after(90), |db| db.value("SELECT 1") == 1).await;
        assert_eq!(db.dump(), dump);
    });
}

#[test]
fn rows_are_deleted_when_they_are_old_with_all_that_hangs_on_them() {
    System::new().block_on(async {
        let (db, dir) = (TestDb::new(), tempfile::tempdir().unwrap());
        db.execute(ROWS);
        let rows = Aged::ALL.map(|what| (what, DAY * 97)).into();
        let count = |db: &TestDb, table: &str| db.value(&format!("SELECT count(*) FROM {table}"));
        let done = |db: &TestDb| count(db, "rejected_rows") == 0 && count(db, "agility_runs") == 0;
        keep(&db, dir.path(), Keeping { names: None, rows }, done).await;
        let left: Vec<_> = [
            "heats",
            "heat_drivers",
            "laps",
            "playsets",
            "combined_results",
            "rejected_frames",
            "notices",
        ]
        .into_iter()
        .map(|table| (table, count(&db, table)))
        .collect();
        let expected = [
            ("heats", json!(2)),
            ("heat_drivers", json!(4)),
            ("laps", json!(4)),
            ("playsets", json!(0)),
            ("combined_results", json!(0)),
            ("rejected_frames", json!(0)),
            ("notices", json!(1)),
        ];
        assert_eq!(left, expected);
        // The latest connection stays, however old.
        assert_eq!(db.value("SELECT generation FROM feed_connections"), 2);
    });
}

#[test]
fn single_laps_can_go_while_heats_and_their_stints_stay() {
    System::new().block_on(async {
        let (db, dir) = (TestDb::new(), tempfile::tempdir().unwrap());
        db.execute(ROWS);
        wait_until("laps are summed up", async || {
            ringside::db::tally::step(&mut db.conn(), 1_000).unwrap();
            db.value("SELECT count(*) FROM stints") == 6
        })
        .await;
        let rows = [(Aged::Laps, DAY * 90)].into();
        let laps = "SELECT count(*) FROM laps";
        keep(&db, dir.path(), Keeping { names: None, rows }, |db| db.value(laps) == 2).await;
        assert_eq!(db.value("SELECT count(*) FROM stints"), 6);
        assert_eq!(db.value("SELECT count(*) FROM heats"), 3);
    });
}

#[test]
fn journals_that_were_set_aside_go_when_they_are_old() {
    System::new().block_on(async {
        let (db, dir) = (TestDb::new(), tempfile::tempdir().unwrap());
        let journal = dir.path().join("journal");
        fs::create_dir(&journal).unwrap();
        let (old, new) =
            (journal.join("journal.damaged-1.sqlite"), journal.join("journal.damaged-2.sqlite"));
        for file in [&old, &new] {
            fs::write(file, "Ann Lee").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - DAY * 91;
        fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        keep(&db, dir.path(), names_after(90), |_| !old.exists()).await;
        assert!(new.exists());
    });
}

#[test]
fn config_reads_how_long_is_kept_and_holds_the_journal_to_it() {
    let read = |text: &str| config::parse(text, Path::new("test"), Path::new("/"), &|_| None);
    let config =
        read("[retention]\nnames = \"2d\"\nheats = \"730d\"\n").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.retention.names, Some(DAY * 2));
    assert_eq!(config.retention.rows[&Aged::Heats], DAY * 730);
    assert_eq!(config.retention.rows[&Aged::Notices], DAY * 30);
    assert_eq!(config.journal.for_time, DAY * 2);
    for (text, words) in [
        ("names = \"1h\"", "[retention]: names must be a time"),
        ("notices = \"1d\"", "[retention]: notices must be at least \"2d\""),
        ("heat = \"9d\"", "is \"heats\" meant?"),
    ] {
        let problem = read(&format!("[retention]\n{text}\n")).map(|_| ()).unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
    }
}
