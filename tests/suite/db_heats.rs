//! Heats as the pages read them: one with its laps, and the latest of a feed.

use diesel::{PgConnection, connection::SimpleConnection};
use ringside::{
    board::karting::Line,
    db::queries::{self, FeedHeats, StoredHeat},
    event::{FeedId, karting::LapSource},
};

use crate::support::postgres::TestDb;

fn with_heats(heats: i32) -> TestDb {
    let db = TestDb::new();
    db.execute(&format!(
        "INSERT INTO feeds (id, slug, kind, venue, name) VALUES \
         (1, 'speedpark', 'bmi', 'SpeedPark', 'Main'), (2, 'other', 'bmi', 'Other', 'Track'); \
         INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
         race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, started_at, \
         finished_at, first_seen_at, last_seen_at) \
         SELECT id, 1 + id % 2, id * 300, '[HEAT] ' || id, 0, 'finished', 'time', 'best_lap', 1000, \
         true, true, 0, 0, at, at + interval '10 min', at, at + interval '11 min' \
         FROM generate_series(1, {heats}) AS id, to_timestamp(1700000000 + id * 900) AS at"
    ));
    db
}

fn add_driver(db: &TestDb, heat: i64, driver: i64, name: &str, position: i32, best: i32) {
    db.execute(&format!(
        "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, \
         laps, best_lap_ms, gap, last_passing, updated_at) \
         VALUES ({heat}, 1 + {heat} % 2, {driver}, '{name}', '07', 0, {position}, 4, {best}, '+1.5', \
         false, to_timestamp(1700000000 + {driver}))"
    ));
}

fn heat(db: &TestDb, id: i64) -> Option<StoredHeat> {
    queries::heat(&mut db.conn(), id).unwrap()
}

fn latest(db: &TestDb, feed: &str, before: Option<i64>, limit: u32) -> Option<FeedHeats> {
    queries::latest_heats(&mut db.conn(), &FeedId::new(feed), before, limit).unwrap()
}

#[test]
fn heat_is_read_with_its_table_its_laps_and_what_is_missing() {
    let db = with_heats(3);
    add_driver(&db, 2, 11, "Bob", 2, 41_000);
    add_driver(&db, 2, 10, "Ann", 1, 40_000);
    // Withdrew while first, before Ann was.
    add_driver(&db, 2, 9, "Cleo", 1, 43_000);
    db.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, position, source, error_ms, removed_at) \
         VALUES (2, 10, 1, 44000, 2, 'timed', 0, NULL), (2, 10, 2, 40000, NULL, 'reconstructed', 3, \
         NULL), (2, 10, 4, 40500, 1, 'corrected', 0, NULL), (2, 10, 5, 1, 1, 'timed', 0, now()), \
         (3, 10, 1, 1, 1, 'timed', 0, NULL); \
         INSERT INTO lap_gaps VALUES (2, 10, 3, 3, 41000, 5)",
    );
    let found = heat(&db, 2).unwrap();
    assert_eq!(found.feed.id.as_str(), "speedpark");
    assert_eq!(found.feed.venue, "SpeedPark");
    assert_eq!(&*found.board.heat.key.name, "[HEAT] 2");
    assert_eq!(found.board.heat.state, "finished");
    assert!(!found.board.clock.runs && found.board.clock.counts_down);
    let names: Vec<_> = found.board.lines.iter().map(|line| line.standing.name.as_str()).collect();
    assert_eq!(names, ["Ann", "Cleo", "Bob"]);
    let Line { standing, laps, gaps } = &*found.board.lines[0];
    assert_eq!((standing.kart.as_str(), standing.best_lap_ms), ("07", Some(40_000)));
    let laps: Vec<_> = laps.iter().map(|lap| (lap.lap, lap.lap_ms, lap.source)).collect();
    assert_eq!(
        laps,
        [
            (1, 44_000, LapSource::Timed),
            (2, 40_000, LapSource::Reconstructed),
            (4, 40_500, LapSource::Corrected)
        ]
    );
    assert_eq!(
        gaps.iter().map(|gap| (gap.first_lap, gap.total_ms)).collect::<Vec<_>>(),
        [(3, Some(41_000))]
    );
    let counts = &found.completeness;
    assert_eq!((counts.laps_expected, counts.laps_known, counts.laps_missing), (12, 3, 9));
    assert_eq!((counts.laps_corrected, counts.laps_reconstructed, counts.max_error_ms), (1, 1, 3));
    assert!(counts.finished);
    let ann = counts.missing.iter().find(|hole| hole.driver_id == 10).unwrap();
    assert_eq!((ann.name.as_deref(), ann.first_lap, ann.last_lap), (Some("Ann"), 3, 3));
}

#[test]
fn heat_that_nobody_knows_is_none() {
    let db = with_heats(1);
    assert_eq!(heat(&db, 2), None);
    assert_eq!(heat(&db, i64::MIN), None);
    assert_eq!(latest(&db, "nobody", None, 5), None);
    assert_eq!(latest(&db, "speed\0park", None, 5).unwrap().heats.len(), 0, "heat 1 is another's");
}

#[test]
fn latest_heats_come_newest_first_and_page_by_page() {
    let db = with_heats(7);
    add_driver(&db, 6, 1, "Bob", 2, 39_000);
    add_driver(&db, 6, 2, "Ann", 1, 40_000);
    let ids = |found: &FeedHeats| found.heats.iter().map(|heat| heat.id).collect::<Vec<_>>();
    let first = latest(&db, "speedpark", None, 2).unwrap();
    assert_eq!((ids(&first), first.more), (vec![6, 4], true));
    assert_eq!(first.feed.venue, "SpeedPark");
    let newest = &first.heats[0];
    assert_eq!((newest.name.as_str(), newest.state.as_str()), ("[HEAT] 6", "finished"));
    assert_eq!((newest.drivers, newest.best_lap_ms), (2, Some(39_000)));
    assert_eq!(newest.leader.as_deref(), Some("Ann"));
    assert_eq!((first.heats[1].drivers, first.heats[1].leader.as_deref()), (0, None));
    let rest = latest(&db, "speedpark", Some(4), 2).unwrap();
    assert_eq!((ids(&rest), rest.more), (vec![2], false));
    assert_eq!(ids(&latest(&db, "speedpark", Some(999), 2).unwrap()), Vec::<i64>::new());
}

/// Rows of `heats` that this connection has read so far, by whatever way.
fn rows_read(db: &TestDb, conn: &mut PgConnection) -> i64 {
    conn.batch_execute("SELECT pg_stat_force_next_flush()").unwrap();
    let read = db.value(
        "SELECT (seq_tup_read + COALESCE(idx_tup_fetch, 0))::bigint AS read \
         FROM pg_stat_user_tables WHERE relname = 'heats'",
    );
    read.as_i64().unwrap()
}

#[test]
fn latest_heats_of_a_long_history_are_read_by_index() {
    let db = with_heats(20_000);
    db.execute("ANALYZE heats");
    let conn = &mut *db.conn();
    let before = rows_read(&db, conn);
    let feed = FeedId::new("speedpark");
    for heat in [None, Some(19_000), Some(500)] {
        let found = queries::latest_heats(conn, &feed, heat, 50).unwrap().unwrap();
        assert_eq!(found.heats.len(), 50);
    }
    let read = rows_read(&db, conn) - before;
    assert!((150..1_000).contains(&read), "{read} rows read");
}
