//! Heats as the pages read them: one with its laps, those beside it, and the list of all.

use diesel::{PgConnection, connection::SimpleConnection};
use ringside::{
    board::karting::Line,
    db::queries::{self, HeatFilter, ListedHeat, Neighbours, StoredHeat},
    event::karting::LapSource,
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

/// Of a feed, newest first.
fn list(
    db: &TestDb,
    feed: &str,
    behind: Option<&ListedHeat>,
    limit: u32,
) -> Option<Vec<ListedHeat>> {
    let filter = HeatFilter { feed: Some(feed.to_owned()), ..HeatFilter::default() };
    let behind = behind.map(|heat| (heat.first_seen_at, heat.id));
    queries::list_heats(&mut db.conn(), &filter, behind, limit).unwrap()
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
    assert_eq!(list(&db, "nobody", None, 5), None);
    assert_eq!(list(&db, "speed\0park", None, 5).unwrap(), [], "heat 1 is another's");
}

#[test]
fn heats_come_newest_first_and_page_by_page() {
    let db = with_heats(7);
    add_driver(&db, 6, 1, "Bob", 2, 39_000);
    add_driver(&db, 6, 2, "Ann", 1, 40_000);
    let ids = |found: &[ListedHeat]| found.iter().map(|heat| heat.id).collect::<Vec<_>>();
    let first = list(&db, "speedpark", None, 2).unwrap();
    assert_eq!(ids(&first), [6, 4]);
    let newest = &first[0];
    assert_eq!((newest.name.as_str(), newest.state.as_str()), ("[HEAT] 6", "finished"));
    assert_eq!((newest.drivers, newest.best_lap_ms), (2, Some(39_000)));
    assert_eq!(newest.leader.as_deref(), Some("Ann"));
    assert_eq!((first[1].drivers, first[1].leader.as_deref()), (0, None));
    assert_eq!(ids(&list(&db, "speedpark", first.last(), 2).unwrap()), [2]);
}

#[test]
fn neighbours_of_a_heat_are_of_its_feed() {
    let db = with_heats(7);
    let beside = |heat| queries::neighbours(&mut db.conn(), heat).unwrap();
    assert_eq!(beside(4), Neighbours { previous: Some(2), next: Some(6) });
    assert_eq!(beside(2), Neighbours { previous: None, next: Some(4) });
    assert_eq!(beside(7), Neighbours { previous: Some(5), next: None });
    assert_eq!(beside(99), Neighbours::default());
    // First seen at the very same moment: the number decides.
    db.execute("UPDATE heats SET first_seen_at = to_timestamp(1700000000)");
    assert_eq!(beside(4), Neighbours { previous: Some(2), next: Some(6) });
}

#[test]
fn tracks_are_the_feeds_that_have_heats() {
    let db = with_heats(1);
    let tracks = queries::tracks(&mut db.conn()).unwrap();
    assert_eq!(tracks.iter().map(|feed| feed.id.as_str()).collect::<Vec<_>>(), ["other"]);
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
fn heats_of_a_long_history_are_read_by_index() {
    let db = with_heats(20_000);
    db.execute("ANALYZE heats");
    let conn = &mut *db.conn();
    let before = rows_read(&db, conn);
    let filter = HeatFilter { feed: Some("speedpark".to_owned()), ..HeatFilter::default() };
    let newest = queries::list_heats(conn, &filter, None, 50).unwrap().unwrap();
    let last = newest.last().unwrap();
    let behind = Some((last.first_seen_at, last.id));
    assert_eq!(queries::list_heats(conn, &filter, behind, 50).unwrap().unwrap().len(), 50);
    let all = HeatFilter::default();
    assert_eq!(queries::list_heats(conn, &all, behind, 50).unwrap().unwrap().len(), 50);
    assert_eq!(queries::neighbours(conn, 500).unwrap().next, Some(502));
    assert_eq!(queries::tracks(conn).unwrap().len(), 2);
    let read = rows_read(&db, conn) - before;
    assert!((150..1_000).contains(&read), "{read} rows read");
}
