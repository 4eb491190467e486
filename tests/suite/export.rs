//! Exports, read back by other programs' ways of reading and compared with the database.

mod command;
mod docs;
mod exact;
mod http;
mod programs;

use chrono::{DateTime, Utc};
use ringside::{
    event::FeedId,
    export::{Cursor, DataSet, Export, ExportError, Format, Wanted},
};

use crate::support::postgres::TestDb;

const FORMATS: [Format; 3] = [Format::Csv { bom: false }, Format::JsonLines, Format::Parquet];

/// Names that break what is not careful: quotes, commas, ends of lines, blanks, formulas, emoji,
/// nothing at all.
const NAMES: [&str; 9] = [
    "Ann",
    "\"O'Neill\", Bob",
    "two\nlines\r\nthree",
    "=cmd|' /C calc'!A0",
    " blanks around ",
    "Мишаня 🏎️",
    "",
    "\\N",
    "null",
];

/// Two tracks with three heats, a ring with a run: every kind of null and of decimals.
fn with_rows() -> TestDb {
    let db = TestDb::new();
    db.execute(
        "INSERT INTO feeds (id, slug, kind, venue, name) VALUES \
         (1, 'speedpark', 'bmi', 'Speed, \"Park\"', 'Main'), (2, 'indoor', 'bmi', 'Indoor', ''), \
         (3, 'ring-1', 'flowagility', 'RSCE', 'Ring 1'); \
         INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
         race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, started_at, \
         finished_at, first_seen_at, last_seen_at, extra) VALUES \
         (7, 1, 1773951300, '[HEAT] 46 - Гонка ', 0, 'finished', 'laps', 'best_lap', 439916, true, \
         false, 5, 0, '2026-05-01 14:00:00.123456+00', '2026-05-01 14:10:00+00', \
         '2026-05-01 13:59:00+00', '2026-05-01 14:11:00.5+00', '{\"Q\": [1.50, \"ä\"]}'), \
         (8, 1, 1773951300, '[HEAT] 46 - Гонка ', 1, 'unknown(9)', 'time', 'most_laps', 0, false, \
         true, 0, 3, NULL, NULL, '2026-05-02 00:00:00+00', '2026-05-02 00:00:00.000001+00', '{}'), \
         (9, 2, -1, '', 0, 'running', 'manual', 'best_average', 9007199254740993, true, true, 0, 0, \
         '2026-05-03 10:00:00+00', NULL, '2026-05-01 10:00:00+00', '2026-05-03 10:00:00+00', '{}')",
    );
    for (n, name) in NAMES.iter().enumerate() {
        let name = name.replace('\'', "''");
        let (best, record) = if n == 0 { ("NULL", "NULL") } else { ("39000", "'ever'") };
        db.execute(&format!(
            "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, last_lap_ms, average_lap_ms, best_lap_ms, gap, last_passing, \
             last_record, updated_at) VALUES (7, 1, {n}, '{name}', '0{n}', 9223372036854775807, {n}, \
             2, {best}, {best}, {best}, '', {n} % 2 = 0, {record}, '2026-05-01 14:05:00.000010+00'); \
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source, \
             error_ms, removed_at) VALUES \
             (7, {n}, 1, 40000 + {n}, '0{n}', {n}, '2026-05-01 14:01:00.999999+00', 'timed', 0, NULL), \
             (7, {n}, 2, 39000, NULL, NULL, NULL, 'reconstructed', 3, '2026-05-01 14:02:00+00')"
        ));
    }
    db.execute(
        // A driver without a standing, a heat of another track, and a heat that never began.
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
         VALUES (7, 99, 1, 41000, 'timed', 0), (8, 1, 1, 42000, 'timed', 0), \
         (9, 1, 1, 43000, 'timed', 0); \
         INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, \
         judge_name, length_m, obstacles, standard_time, maximum_time, first_seen_at, last_seen_at) \
         VALUES (1, 3, 'Spring', 'A', 'Trial ', 'Jumping', 'JP', 'Tim O''Neill', 187.50, 20, 40, \
         60.000, now(), now()), (2, 3, 'Spring', 'A', 'Trial ', 'Agility', 'AG', NULL, NULL, NULL, \
         NULL, NULL, now(), now()); \
         INSERT INTO playsets (run_id, playset_id, dorsal, start_order, handler, club, country, \
         team_name, dog_family_name, dog_studbook_name, dog_breed, dog_gender, dog_age, \
         dog_height_cm, status, faults, refusals, disqualification, qualification, classification, \
         time_s, time_marker, speed_m_s, total_penalization, updated_at, extra) VALUES \
         (1, 'a', '9', 1, 'Julen, \"J\"', '', 'ES', NULL, '=Flow', 'Flow of\nthe Hill', 'BC', 'F', \
         '6 years', 45.0, 'calculated', 0, 1, NULL, 'EXC', 2, 35.40, true, 5.3000, 0.00, \
         '2026-05-01 14:05:00.123+00', '{\"note\": \"=1+1\"}'), \
         (1, 'b', '10', 2, 'Anna', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         'calculated', NULL, NULL, 'elim', 'DISQ', NULL, NULL, false, -0.5, 100.00, \
         '2026-05-01 14:06:00+00', '{}'), \
         (2, 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         NULL, NULL, NULL, NULL, NULL, 123456789012.123456, NULL, NULL, NULL, \
         '2026-05-02 14:06:00+00', '{}'); \
         INSERT INTO combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal, \
         classification, handler, dog_height_cm, time_s, total_penalization, updated_at) VALUES \
         (3, 'Spring', 'A', 'Trial ', 'Both', '9', 1, 'Julen, \"J\"', 45.0, 70.10, 0.00, \
         '2026-05-01 15:00:00+00'), \
         (3, 'Spring', 'A', 'Trial ', 'Both', '10', NULL, 'Anna', NULL, NULL, 200.00, \
         '2026-05-01 15:00:00+00')",
    );
    db
}

/// Many laps of one track: enough that no buffer of a socket holds their export.
fn with_many_laps(heats: u32) -> TestDb {
    let db = TestDb::new();
    db.execute(&format!(
        "INSERT INTO feeds (id, slug, kind, venue, name) VALUES (1, 'speedpark', 'bmi', 'S', 'M'); \
         INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
         race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, first_seen_at, \
         last_seen_at) SELECT id, 1, id, 'Heat', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, \
         0, now(), now() FROM generate_series(1, {heats}) AS id; \
         INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
         SELECT heat, driver, lap, 40000 + lap, 'timed', 0 FROM generate_series(1, {heats}) AS heat, \
         generate_series(1, 10) AS driver, generate_series(1, 10) AS lap; ANALYZE"
    ));
    db
}

fn all(what: DataSet) -> Wanted {
    Wanted { what, feeds: Vec::new(), from: None, to: None, heat: None }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn of_feed(what: DataSet, feed: &str) -> Wanted {
    Wanted { feeds: vec![FeedId::new(feed)], ..all(what) }
}

/// The whole file.
fn export(db: &TestDb, wanted: &Wanted, format: Format) -> Result<Vec<u8>, ExportError> {
    let mut export = Export::new(Cursor::open(&db.url, wanted)?, format, None, Vec::new())?;
    while export.step()? {}
    export.finish()
}
