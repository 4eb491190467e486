//! `stints` are true to `laps`.

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query};
use ringside::db::tally::{self, Tallied};
use serde_json::{Value, json};

use crate::support::{
    postgres::{TestDb, pid_of},
    wait_until,
};

/// Two heats of a track; the second one's name gives a class.
fn track() -> TestDb {
    let db = TestDb::new();
    db.execute(
        "INSERT INTO feeds (id, slug, kind, venue, name) VALUES (1, 'park', 'bmi', 'Park', ''); \
         INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             started_at, first_seen_at, last_seen_at) \
         SELECT id, 1, id, name, 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0, \
             at, at, at \
         FROM (VALUES (1, 'Heat 1', timestamptz '2026-01-31 23:00Z'), \
                      (2, 'Heat 2 Junior', '2026-02-01 00:00Z')) AS known (id, name, at); \
         INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, gap, last_passing, updated_at) \
         SELECT heat, 1, 10, 'Ann', '7', 0, 1, 5, '', false, now() FROM generate_series(1, 2) AS heat",
    );
    db
}

/// Follows all changes, in steps of so many.
async fn tally(db: &TestDb, limit: u32) -> u64 {
    let mut changes = 0;
    // Other tests write to the same server, and what began before their end has to wait for it.
    wait_until("all laps are summed up", async || {
        changes += step(db, limit).changes;
        let left = db.value(
            "SELECT count(*) FROM laps, tallies \
             WHERE (laps.changed_in, laps.heat_id, laps.driver_id, laps.lap) \
                 > (tallies.changed_in, tallies.heat_id, tallies.driver_id, tallies.lap)",
        );
        left == json!(0)
    })
    .await;
    changes
}

fn step(db: &TestDb, limit: u32) -> Tallied {
    tally::step(&mut db.conn(), limit).unwrap()
}

fn stints(db: &TestDb) -> Vec<Value> {
    db.rows("SELECT * FROM stints ORDER BY heat_id, driver_id, kart")
}

#[actix::test]
async fn stint_sums_up_the_exact_laps_that_count() {
    let db = track();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, crossed_at, source, error_ms, \
             removed_at) VALUES \
         (1, 10, 1, 60000, '7', '2026-01-31 23:01Z', 'timed', 0, NULL), \
         (1, 10, 2, 42000, '7', '2026-01-31 23:02Z', 'timed', 0, NULL), \
         (1, 10, 3, 41000, '7', '2026-01-31 23:03Z', 'corrected', 0, NULL), \
         (1, 10, 4, 43000, NULL, NULL, 'timed', 0, NULL), \
         (1, 10, 5, 41000, '7', '2026-01-31 23:05Z', 'timed', 0, NULL), \
         (1, 10, 6, 30000, '7', '2026-01-31 23:06Z', 'reconstructed', 5, NULL), \
         (1, 10, 7, 20000, '7', '2026-01-31 23:07Z', 'timed', 0, now()), \
         (1, 10, 8, 44000, '9', '2026-01-31 23:08Z', 'timed', 0, NULL), \
         (2, 10, 1, 50000, NULL, NULL, 'timed', 0, NULL)",
    );
    assert_eq!(tally(&db, 4).await, 9);
    let expected = [
        // Of 41, 41, 42 and 43 s: the first lap is left out.
        json!({"heat_id": 1, "driver_id": 10, "kart": "7", "feed_id": 1, "class": "", "laps": 5,
               "best_lap": 3, "best_lap_ms": 41000, "best_at": "2026-01-31T23:03:00+00:00",
               "quarter_ms": 41000, "median_ms": 41000, "three_quarters_ms": 42000,
               "best_month": "2026-01-01"}),
        json!({"heat_id": 1, "driver_id": 10, "kart": "9", "feed_id": 1, "class": "", "laps": 1,
               "best_lap": 8, "best_lap_ms": 44000, "best_at": "2026-01-31T23:08:00+00:00",
               "quarter_ms": 44000, "median_ms": 44000, "three_quarters_ms": 44000,
               "best_month": "2026-01-01"}),
        // Its only lap is its first, and the moment was missed.
        json!({"heat_id": 2, "driver_id": 10, "kart": "7", "feed_id": 1, "class": "junior",
               "laps": 1, "best_lap": 1, "best_lap_ms": 50000,
               "best_at": "2026-02-01T00:00:00+00:00", "quarter_ms": 50000, "median_ms": 50000,
               "three_quarters_ms": 50000, "best_month": "2026-02-01"}),
    ];
    assert_eq!(stints(&db), expected);
}

#[actix::test]
async fn stint_goes_with_its_laps_when_they_are_corrected_or_taken_away() {
    let db = track();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, source) VALUES \
         (1, 10, 1, 50000, '7', 'timed'), (1, 10, 2, 40000, '7', 'timed')",
    );
    tally(&db, 100).await;
    assert_eq!(stints(&db)[0]["best_lap_ms"], 40_000);
    let changed = "changed_in = pg_current_xact_id()::text::bigint";
    db.execute(&format!("UPDATE laps SET lap_ms = 45000, {changed} WHERE lap = 2"));
    assert_eq!(tally(&db, 100).await, 1);
    assert_eq!(stints(&db)[0]["best_lap_ms"], 45_000);
    let karts = || stints(&db).iter().map(|stint| stint["kart"].clone()).collect::<Vec<_>>();
    db.execute(&format!("UPDATE laps SET kart = '9', {changed} WHERE lap = 2"));
    tally(&db, 100).await;
    assert_eq!(karts(), ["7", "9"]);
    db.execute(&format!("UPDATE laps SET kart = '9', {changed}"));
    tally(&db, 100).await;
    assert_eq!(karts(), ["9"]);
    db.execute(&format!("UPDATE laps SET removed_at = now(), {changed}"));
    tally(&db, 100).await;
    assert_eq!(stints(&db), Vec::<Value>::new());
}

#[actix::test]
async fn tally_waits_for_a_change_that_began_earlier_and_is_committed_later() {
    let db = track();
    let mut slow = PgConnection::establish(&db.url).unwrap();
    slow.batch_execute(
        "BEGIN; INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) \
         VALUES (1, 10, 1, 50000, 'timed')",
    )
    .unwrap();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) VALUES (1, 10, 2, 40000, 'timed')",
    );
    assert_eq!(step(&db, 100).changes, 0, "the later one must not overtake");
    sql_query("COMMIT").execute(&mut slow).unwrap();
    assert_eq!(tally(&db, 100).await, 2);
    assert_eq!(stints(&db)[0]["laps"], 2);
}

#[actix::test]
async fn tally_is_made_by_one_process_at_a_time() {
    let db = track();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) VALUES (1, 10, 1, 50000, 'timed')",
    );
    tally(&db, 100).await;
    let mut other = PgConnection::establish(&db.url).unwrap();
    other.batch_execute("BEGIN; SELECT * FROM tallies FOR UPDATE").unwrap();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) VALUES (1, 10, 2, 40000, 'timed')",
    );
    assert_eq!(step(&db, 100), Tallied::default());
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(tally(&db, 100).await, 1);
}

#[actix::test]
async fn tally_begins_anew_when_rules_change_or_the_database_was_restored_elsewhere() {
    let db = track();
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) \
         SELECT 1, 10, lap, 40000 + lap, 'timed' FROM generate_series(1, 5) AS lap",
    );
    tally(&db, 100).await;
    let right = stints(&db);
    assert_eq!(right.len(), 1);

    db.execute("UPDATE stints SET best_lap_ms = 1; UPDATE tallies SET rules = rules - 1");
    assert_eq!(tally(&db, 2).await, 5);
    assert_eq!(stints(&db), right);

    // Laps that went by age take nothing with them.
    db.execute(
        "INSERT INTO stints SELECT 2, driver_id, kart, feed_id, class, laps, best_lap, \
             best_lap_ms, best_at, quarter_ms, median_ms, three_quarters_ms FROM stints; \
         UPDATE tallies SET rules = rules - 1",
    );
    assert_eq!(tally(&db, 2).await, 5);
    let both = stints(&db);
    assert_eq!((&both[0], &both[1]["heat_id"]), (&right[0], &json!(2)));
    db.execute("DELETE FROM stints WHERE heat_id = 2");

    // Elsewhere many more transactions had been made.
    db.execute(
        "UPDATE laps SET changed_in = 1000000000000; UPDATE tallies SET changed_in = 1000000000000; \
         UPDATE stints SET best_lap_ms = 1",
    );
    assert_eq!(tally(&db, 2).await, 5);
    assert_eq!(stints(&db), right);
}

#[actix::test]
async fn tally_tells_no_index_of_a_lap_that_was_not_the_best() {
    let db = track();
    let in_place = counted_after(&db, "stints", "n_tup_hot_upd", async |conn| {
        for (lap, lap_ms) in [(1, 50_000), (2, 40_000), (3, 41_000)] {
            let lap = format!(
                "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, source) \
                 VALUES (1, 10, {lap}, {lap_ms}, '7', 'timed')"
            );
            sql_query(lap).execute(conn).unwrap();
            follow(conn, 1).await;
        }
    })
    .await;
    assert_eq!(in_place, 1, "the first lap is new, the second one is the best");
    assert_eq!(stints(&db)[0]["laps"], 3);
}

/// Tables of a first day, and of a database that was restored: Postgres knows nothing of them.
#[actix::test]
async fn tally_reads_the_laps_it_sums_up_and_no_others_before_postgres_has_analyzed_any() {
    let db = track();
    let (all, touched) = (40_000, 500);
    let before = laps_read(&db, async |conn| {
        conn.batch_execute(
            "ALTER TABLE laps SET (autovacuum_enabled = off); \
             INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
                 race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
                 first_seen_at, last_seen_at) \
             SELECT id, 1, id, 'Heat', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0, \
                 now(), now() \
             FROM generate_series(3, 200) AS id; \
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, source) \
             SELECT heat, driver, lap, 40000 + lap, '7', 'timed' \
             FROM generate_series(1, 200) AS heat, generate_series(1, 10) AS driver, \
                 generate_series(1, 20) AS lap",
        )
        .unwrap();
        follow(conn, all).await;
        let change = "UPDATE laps SET lap_ms = 30000, changed_in = pg_current_xact_id()::text::bigint \
                      WHERE heat_id <= 50 AND lap = 2";
        assert_eq!(sql_query(change).execute(conn), Ok(touched as usize));
    })
    .await;
    let after = laps_read(&db, async |conn| follow(conn, touched).await).await;
    let read = after - before;
    assert!((touched * 20..all / 2).contains(&read), "{read} of {all} laps");
}

async fn follow(conn: &mut PgConnection, changes: u64) {
    let mut followed = 0;
    wait_until("the changes are followed", async || {
        followed += tally::step(conn, 20_000).unwrap().changes;
        followed == changes
    })
    .await;
}

/// How many laps have ever been read when this is done.
async fn laps_read(db: &TestDb, work: impl AsyncFnOnce(&mut PgConnection)) -> u64 {
    counted_after(db, "laps", "seq_tup_read + idx_tup_fetch", work).await
}

/// What Postgres has counted of a table when this is done.
async fn counted_after(
    db: &TestDb,
    table: &str,
    counter: &str,
    work: impl AsyncFnOnce(&mut PgConnection),
) -> u64 {
    let mut conn = PgConnection::establish(&db.url).unwrap();
    let pid = pid_of(&mut conn);
    work(&mut conn).await;
    drop(conn);
    db.has_ended(pid).await;
    let counted = format!("SELECT {counter} FROM pg_stat_user_tables WHERE relname = '{table}'");
    db.value(&counted).as_u64().unwrap()
}
