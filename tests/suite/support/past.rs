//! A database with heats that a test made by hand.

use std::{
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use ringside::db::tally;

use super::{LIMIT, postgres::TestDb, service::Service};

/// Feeds `main` (1) and `kids` (2) of SpeedPark, `other` (3) of another venue. Nobody answers at
/// their addresses.
pub const FEEDS: &str = "\
[[feed]]\nid = \"main\"\nkind = \"bmi\"\nvenue = \"SpeedPark\"\nname = \"Main\"\n\
url = \"ws://127.0.0.1:1/\"\nresource = \"1@main\"\ntime_zone = \"Europe/Madrid\"\n\
[[feed]]\nid = \"kids\"\nkind = \"bmi\"\nvenue = \"SpeedPark\"\nname = \"Kids\"\n\
url = \"ws://127.0.0.1:1/\"\nresource = \"1@kids\"\n\
[[feed]]\nid = \"other\"\nkind = \"bmi\"\nvenue = \"Other\"\nname = \"Hall\"\n\
url = \"ws://127.0.0.1:1/\"\nresource = \"1@other\"\n";

pub struct Past {
    pub db: TestDb,
}

impl Past {
    pub fn new() -> Self {
        let db = TestDb::new();
        db.execute(
            "INSERT INTO feeds (id, slug, kind, venue, name) VALUES \
             (1, 'main', 'bmi', 'SpeedPark', 'Main'), (2, 'kids', 'bmi', 'SpeedPark', 'Kids'), \
             (3, 'other', 'bmi', 'Other', 'Hall'); \
             SELECT setval(pg_get_serial_sequence('feeds', 'id'), 10)",
        );
        Self { db }
    }

    /// A finished heat that began then, as RFC 3339.
    pub fn heat(&self, id: i64, feed: i64, name: &str, began: &str) {
        self.db.execute(&format!(
            "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             started_at, finished_at, first_seen_at, last_seen_at) \
             VALUES ({id}, {feed}, {id}, '{name}', 0, 'finished', 'time', 'best_lap', 0, true, \
             true, 0, 0, '{began}', timestamptz '{began}' + interval '1 hour', '{began}', \
             timestamptz '{began}' + interval '1 hour')"
        ));
    }

    /// A driver of the heat, one lap after the other from its start on.
    pub fn drives(&self, heat: i64, driver: i64, (name, kart): (&str, &str), laps_ms: &[i32]) {
        let best = laps_ms.iter().min().map_or("NULL".to_owned(), i32::to_string);
        self.db.execute(&format!(
            "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, best_lap_ms, gap, last_passing, updated_at) \
             SELECT id, feed_id, {driver}, '{name}', '{kart}', 0, {driver}, {}, {best}, '', \
             false, last_seen_at FROM heats WHERE id = {heat}",
            laps_ms.len()
        ));
        let began = self.db.value(&format!("SELECT started_at FROM heats WHERE id = {heat}"));
        let mut at: DateTime<Utc> = began.as_str().unwrap().parse().unwrap();
        for (ms, lap) in laps_ms.iter().zip(1..) {
            at += TimeDelta::milliseconds((*ms).into());
            self.db.execute(&format!(
                "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, crossed_at, source, \
                 error_ms) VALUES ({heat}, {driver}, {lap}, {ms}, '{kart}', '{}', 'timed', 0)",
                at.to_rfc3339()
            ));
        }
    }

    /// Sums up all laps so far, as the service does: as soon as no transaction on the server, be it of
    /// another test, is older than they are.
    pub fn sum_up(&self) {
        let is_behind = "SELECT EXISTS (SELECT FROM laps WHERE changed_in > \
            COALESCE((SELECT changed_in FROM tallies), -1)) AS is_behind";
        let began = Instant::now();
        while tally::step(&mut self.db.conn(), 1_000).unwrap().changes > 0
            || self.db.value(is_behind) == true
        {
            assert!(began.elapsed() < LIMIT, "laps are not summed up within {LIMIT:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The service on this database; `more` is configuration beside the feeds.
    pub async fn serve(&self, more: &str) -> Service {
        self.sum_up();
        Service::start(&self.db, &format!("{FEEDS}{more}")).await
    }
}
