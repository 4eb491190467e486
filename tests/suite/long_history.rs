//! What is asked over many heats of a long history is read by index.

use std::time::Instant;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, connection::SimpleConnection};
use ringside::{
    db::queries::{self, DriversWanted, RecordsWanted},
    event::FeedId,
};

use crate::support::past::Past;

/// 4,000 heats of 12 on the track within four years, as many of another track, 2,000 names.
fn long_history() -> Past {
    let past = Past::new();
    past.db.execute(
        "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
         race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, started_at, \
         first_seen_at, last_seen_at) \
         SELECT n, CASE n % 2 WHEN 0 THEN 1 ELSE 3 END, n, 'Heat ' || n, 0, 'finished', 'time', \
                'best_lap', 0, true, true, 0, 0, at, at, at \
         FROM generate_series(1, 8000) AS n, \
              LATERAL (SELECT timestamptz '2022-01-01T00:00Z' + n * interval '4 h') AS t (at); \
         INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
         position, laps, gap, last_passing, updated_at) \
         SELECT heats.id, feed_id, driver, 'Driver ' || (heats.id * 7919 + driver * 131) % 2000, \
                driver::text, 0, driver, 15, '', false, first_seen_at \
         FROM heats, generate_series(1, 12) AS driver; \
         INSERT INTO stints (heat_id, driver_id, kart, feed_id, class, laps, best_lap, best_lap_ms, \
         best_at, quarter_ms, median_ms, three_quarters_ms) \
         SELECT heats.id, driver, driver::text, feed_id, '', 15, 5, \
                40000 + (heats.id * 7 + driver * 997) % 9973, first_seen_at, 41000, 42000, 43000 \
         FROM heats, generate_series(1, 12) AS driver; \
         ANALYZE",
    );
    past
}

/// Rows of `stints` and `heat_drivers` that this connection has read so far, by whatever way.
fn rows_read(past: &Past, conn: &mut PgConnection) -> i64 {
    conn.batch_execute("SELECT pg_stat_force_next_flush()").unwrap();
    let read = past.db.value(
        "SELECT sum(seq_tup_read + COALESCE(idx_tup_fetch, 0))::bigint AS read \
         FROM pg_stat_user_tables WHERE relname IN ('stints', 'heat_drivers')",
    );
    read.as_i64().unwrap()
}

#[test]
fn questions_over_many_heats_read_few_rows_of_a_long_history() {
    let past = long_history();
    let conn = &mut *past.db.conn();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let feed = || FeedId::new("main");
    let mut count = |what: &str,
                     most: i64,
                     question: &mut dyn FnMut(&mut PgConnection) -> usize| {
        let (before, began) = (rows_read(&past, conn), Instant::now());
        let found = question(conn);
        let took = began.elapsed();
        let read = rows_read(&past, conn) - before;
        println!("{what}: {found} found, {read} rows read, {took:?}");
        assert!(found > 0 && (1..most).contains(&read), "{what}: {found} found, {read} rows read");
    };
    for (what, from, to, most) in [
        ("records ever", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", 6_000),
        ("records of a year", "2022-12-31T23:00:00Z", "2023-12-31T23:00:00Z", 4_000),
        ("records of a month", "2023-04-30T22:00:00Z", "2023-05-31T22:00:00Z", 4_000),
        ("records of a day", "2023-05-01T22:00:00Z", "2023-05-02T22:00:00Z", 500),
    ] {
        count(what, most, &mut |conn| {
            let (from, to) = (at(from), at(to));
            let wanted = RecordsWanted { feed: feed(), from, to, class: None, limit: 20 };
            let person = |_: &str, name: &str| name.to_owned();
            queries::records(conn, &wanted, person).unwrap().unwrap().records.len()
        });
    }
    count("drivers", 4_000, &mut |conn| {
        let wanted = DriversWanted {
            feed: Some(feed()),
            venue: None,
            begins: "driver 1".into(),
            after: Some("driver 15".into()),
            limit: 100,
        };
        queries::driver_names(conn, &wanted).unwrap().unwrap().len()
    });
    count("a driver", 2_000, &mut |conn| {
        let names = ["Driver 15".to_owned()];
        queries::driver_history(conn, "SpeedPark", &names, None, 100).unwrap().heats.len()
    });
    count("karts of 30 days", 4_000, &mut |conn| {
        let span = (at("2023-05-01T00:00:00Z"), at("2023-05-31T00:00:00Z"));
        queries::driven(conn, &feed(), span, None, 50_000).unwrap().unwrap().stints.len()
    });
}
