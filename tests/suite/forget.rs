//! One person is taken out of all tables and the journal, also beside a running service.

use std::{fs, path::Path};

use actix::System;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use ringside::simulator::{
    KartOptions, Plays, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
    TrackOptions,
};
use serde_json::Value;

use crate::support::{
    postgres::TestDb,
    program::{Deployment, Program, ringside, stderr, stdout},
    service::{ring_table, track_table},
    wait_until,
};

/// A deployment whose track and ring have been heard for a while.
struct Day {
    db: TestDb,
    deployment: Deployment,
    program: Program,
    _simulator: Simulator,
    /// Somebody who drove, and somebody who ran.
    driver: String,
    handler: String,
}

impl Day {
    async fn pass() -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let world = KartOptions { heat_s: 120, heats: Some(2), ..KartOptions::default() };
        let track = simulator.add_track(TrackOptions {
            speed: 40.0,
            plays: Plays::World(world),
            start: Start::WithFirstSubscriber,
            ..TrackOptions::new("1@x")
        });
        let ring = simulator.add_ring(RingOptions {
            speed: 200.0,
            plays: Plays::World(RingDayOptions { days: Some(1), ..RingDayOptions::default() }),
            start: Start::WithFirstSubscriber,
            ..RingOptions::new("12345678")
        });
        let db = TestDb::new();
        let feeds = track_table("main", &track) + &ring_table("ring", &ring);
        let deployment = Deployment::on(&db, &feeds);
        let program = deployment.started().await;
        let finished = "SELECT count(*) FROM heats WHERE finished_at IS NOT NULL";
        let results = "SELECT count(*) FROM playsets WHERE status = 'calculated'";
        wait_until("two heats and some dogs are done", async || {
            db.value(finished) == 2 && db.value(results).as_i64().unwrap() >= 3
        })
        .await;
        let text = |query: &str| db.value(query).as_str().unwrap().to_owned();
        let driver = text(
            "SELECT name FROM heat_drivers WHERE btrim(name) LIKE '% %' \
             ORDER BY heat_id DESC, updated_at DESC, driver_id LIMIT 1",
        );
        let handler = text(
            "SELECT handler FROM playsets WHERE status = 'calculated' ORDER BY playset_id LIMIT 1",
        );
        Self { db, deployment, program, _simulator: simulator, driver, handler }
    }

    fn forget(&self, name: &str, rest: &[&str]) -> std::process::Output {
        let config = self.deployment.config().to_owned();
        let mut arguments = vec!["--config", &config, "forget", "--name", name];
        arguments.extend(rest);
        ringside(&arguments)
    }

    fn journal(&self) -> std::path::PathBuf {
        self.deployment.folder.path().join("ringside-data/journal")
    }
}

/// The files of the journal that hold these bytes.
fn files_with(dir: &Path, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(words.len()).any(|window| window == words.as_bytes()) {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

fn in_tables(db: &TestDb, words: &str) -> bool {
    db.dump().to_lowercase().contains(&words.trim().to_lowercase())
}

#[test]
fn person_is_in_no_table_and_no_file_when_forgotten_beside_a_running_service() {
    System::new().block_on(async {
        let day = Day::pass().await;
        let name = day.driver.trim().to_owned();
        day.db.execute(&format!(
            "INSERT INTO rejected_frames (feed_id, received_at, reason, payload) SELECT id, now(), 'x', 'no JSON of {name}' FROM feeds WHERE slug = 'main';
             INSERT INTO rejected_rows (table_name, reason, row) VALUES ('heat_drivers', 'x', jsonb_build_object('name', '{name}'));
             INSERT INTO notices (target, kind, key, feed_id, body, delivered_at)
                 SELECT 'club', 'heat_finished', 'k', id, jsonb_build_object('text', '1. {name}, 30.0'), now() FROM feeds WHERE slug = 'main';
             UPDATE heats SET extra = jsonb_build_object('winner', '{name}');"
        ));
        let results = "SELECT heat_id, driver_id, kart, position, laps, best_lap_ms FROM heat_drivers ORDER BY 1, 2";
        let before = day.db.rows(results);
        let laps = day.db.rows("SELECT heat_id, driver_id, lap, lap_ms FROM laps ORDER BY 1, 2, 3");
        assert!(!files_with(&day.journal(), &name).is_empty());

        // What the journal trimmed long ago lies in its free pages.
        let mut journal = SqliteConnection::establish(
            day.journal().join("journal.sqlite").to_str().unwrap(),
        )
        .unwrap();
        journal
            .batch_execute(
                "PRAGMA busy_timeout = 10000; \
                 DELETE FROM records WHERE seq < (SELECT avg(seq) FROM records); \
                 PRAGMA wal_checkpoint(PASSIVE)",
            )
            .unwrap();
        drop(journal);

        // Looking changes nothing, nor does a command that nobody can answer.
        let looked = day.forget(&name, &["--dry-run"]);
        assert!(looked.status.success(), "{}", stderr(&looked));
        for place in ["heat_drivers", "rejected_frames", "notices", "journal"] {
            assert!(stdout(&looked).contains(place), "{place}: {}", stdout(&looked));
        }
        assert!(stderr(&day.forget(&name, &[])).contains("--yes"));
        assert!(in_tables(&day.db, &name));

        let done = day.forget(&name.to_uppercase(), &["--yes"]);
        assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
        assert!(!in_tables(&day.db, &name), "{}", day.db.dump());
        assert_eq!(files_with(&day.journal(), &name), Vec::<String>::new());
        assert_eq!(day.db.rows(results), before);
        assert_eq!(day.db.rows("SELECT heat_id, driver_id, lap, lap_ms FROM laps ORDER BY 1, 2, 3"), laps);
        let text = day.db.value("SELECT body->>'text' FROM notices");
        assert!(text.as_str().unwrap().starts_with("1. Driver "), "{text}");

        // Once more finds nothing; the service goes on as it was.
        assert!(stdout(&day.forget(&name, &["--dry-run"])).contains("is nowhere"));
        let (_, health) = crate::support::service::get(day.deployment.address, "/health").await;
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["journal"]["trouble"], Value::Null, "{health}");
        assert_eq!(health["writer"]["trouble"], Value::Null, "{health}");
    });
}

#[test]
fn journal_without_the_name_fills_a_new_database_with_the_same_rows() {
    System::new().block_on(async {
        let day = Day::pass().await;
        let done = day.forget(&day.handler, &["--yes"]);
        assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
        assert!(!in_tables(&day.db, &day.handler), "{}", day.db.dump());
        assert_eq!(files_with(&day.journal(), day.handler.trim()), Vec::<String>::new());
        // The journal fills another database, and the name is not there either.
        let counted = "SELECT (SELECT count(*) FROM playsets) AS sets, (SELECT count(*) FROM laps) AS laps, \
                       (SELECT count(*) FROM rejected_frames) AS rejected";
        day.program.kill();
        let other = TestDb::new();
        let here = day.db.rows(counted);
        let text = fs::read_to_string(&day.deployment.config).unwrap();
        fs::write(&day.deployment.config, text.replace(&day.db.url, &other.url)).unwrap();
        let program = day.deployment.started().await;
        wait_until("the other database is filled", async || {
            let there = other.rows(counted);
            there[0]["laps"].as_i64() >= here[0]["laps"].as_i64()
                && there[0]["sets"].as_i64() >= here[0]["sets"].as_i64()
        })
        .await;
        program.kill();
        assert_eq!(other.value("SELECT count(*) FROM rejected_frames"), here[0]["rejected"]);
    });
}

#[test]
fn person_of_another_venue_is_left_alone() {
    System::new().block_on(async {
        let day = Day::pass().await;
        let name = day.driver.trim().to_owned();
        let done = day.forget(&name, &["--venue", "Elsewhere", "--yes"]);
        assert!(stdout(&done).contains("is nowhere at \"Elsewhere\""), "{}", stdout(&done));
        assert!(in_tables(&day.db, &name));
        let done = day.forget(&name, &["--venue", "karting MAIN", "--yes"]);
        assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
        assert!(!in_tables(&day.db, &name));
    });
}
