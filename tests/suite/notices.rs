//! Webhooks are told what the tables say, once, in order, over every kind of trouble.

mod kinds;
mod receiver;
mod trouble;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use ringside::{
    config::{self, Config},
    db::{LatePool, tally},
    http::Privacy,
    notify::{Notices, Patience, Plan, Watched},
};
use serde_json::Value;

use crate::support::{LIMIT, postgres::TestDb};

/// A track and a ring.
const FEEDS: &str = "
    INSERT INTO feeds (id, slug, kind, venue, name) VALUES
        (1, 'speedpark', 'bmi', 'SpeedPark', 'Main track'),
        (2, 'ring-1', 'flowagility', 'RSCE Pawer', 'Ring 1');
    INSERT INTO feed_connections VALUES (1, 1, now() - interval '1 hour', NULL, NULL, NULL),
                                        (2, 1, now() - interval '1 hour', NULL, NULL, NULL);
";

/// As patient as a test can be.
fn patience() -> Patience {
    Patience {
        look_every: Duration::from_millis(50),
        call_within: Duration::from_secs(1),
        first_wait: Duration::from_millis(50),
        longest_wait: Duration::from_millis(200),
        connects_within: Duration::ZERO,
        ..Patience::default()
    }
}

/// A database with the two feeds, whose targets `names` are known since yesterday.
fn database(names: &[&str]) -> TestDb {
    let db = TestDb::new();
    prepare(&db, names);
    db
}

fn prepare(db: &TestDb, names: &[&str]) {
    db.execute(FEEDS);
    for name in names {
        db.execute(&format!(
            "INSERT INTO notice_targets (name, since) VALUES ('{name}', now() - interval '2 days')"
        ));
    }
}

/// The `[[notify]]` tables in an otherwise empty configuration.
fn configured(notify: &str) -> Config {
    let feeds = "[[feed]]\nid = \"speedpark\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"N\"\n\
                 url = \"ws://127.0.0.1:1/\"\nresource = \"1@x\"\n\
                 [[feed]]\nid = \"ring-1\"\nkind = \"flowagility\"\nvenue = \"V\"\nname = \"N\"\n\
                 url = \"ws://127.0.0.1:1/ring\"\n";
    let path = std::path::Path::new("test");
    config::parse(&format!("{feeds}{notify}"), path, path, &|_| None)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn plan(notify: &str) -> Plan {
    let watched = |slug: &str, kind: &str, venue: &str, name: &str| Watched {
        slug: slug.to_owned(),
        kind: kind.to_owned(),
        venue: venue.to_owned(),
        name: name.to_owned(),
        zone: "Europe/Madrid".to_owned(),
    };
    Plan {
        targets: configured(notify).notify,
        feeds: vec![
            watched("speedpark", "bmi", "SpeedPark", "Main track"),
            watched("ring-1", "flowagility", "RSCE Pawer", "Ring 1"),
        ],
        privacy: Privacy::Names,
    }
}

fn start(db: &TestDb, plan: Plan) -> Notices {
    let pool = LatePool::default();
    pool.open(db.pool.clone(), db.url.clone());
    Notices::start(Arc::new(pool), plan, patience(), Vec::new()).unwrap()
}

/// A finished heat with its drivers, best laps in milliseconds, ended so long ago; and its stints.
fn finish_heat(db: &TestDb, id: i64, name: &str, ago: &str, drivers: &[(&str, i32)]) {
    let mut statements = format!(
        "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             started_at, finished_at, first_seen_at, last_seen_at) \
         SELECT {id}, 1, {id}, '{name}', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0, \
             at - interval '10 minutes', at, at - interval '11 minutes', at \
         FROM (SELECT now() - interval '{ago}' AS at) AS ended;"
    );
    for (index, (driver, best_ms)) in drivers.iter().enumerate() {
        let position = index + 1;
        statements += &format!(
            "INSERT INTO heat_drivers (heat_id, driver_id, feed_id, name, kart, web_member_id, \
                 position, laps, best_lap_ms, gap, last_passing, updated_at) \
             SELECT id, {position}, 1, '{driver}', '{position}', 0, {position}, 2, {best_ms}, '', \
                 false, finished_at FROM heats WHERE id = {id};
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source) \
             SELECT id, {position}, lap, {best_ms} + 1000 * (2 - lap), '{position}', {position}, \
                 finished_at - make_interval(mins => 4 - lap), 'timed' \
             FROM heats, generate_series(1, 2) AS lap WHERE id = {id};"
        );
    }
    db.conn().batch_execute(&statements).unwrap();
    // Laps count when no older transaction is open, and other tests have theirs on this server.
    let began = Instant::now();
    let stints = format!("SELECT count(*) FROM stints WHERE heat_id = {id}");
    while db.value(&stints) != drivers.len() {
        assert!(began.elapsed() < LIMIT, "the laps are not summed up");
        tally::step(&mut db.conn(), 100_000).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn outbox(db: &TestDb) -> Vec<Value> {
    db.rows(
        "SELECT target, key, tries, delivered_at IS NOT NULL AS delivered, \
                given_up_at IS NOT NULL AS given_up, last_error FROM notices ORDER BY id",
    )
}

fn is_settled(db: &TestDb, notices: usize) -> bool {
    let open = "SELECT count(*) FROM notices WHERE delivered_at IS NULL AND given_up_at IS NULL";
    let all = "SELECT count(*) FROM notices";
    db.value(open) == 0 && db.value(all) == notices
}

/// A table for one receiver.
fn table(name: &str, url: &str, rest: &str) -> String {
    format!("[[notify]]\nname = \"{name}\"\nurl = \"{url}\"\n{rest}\n")
}
