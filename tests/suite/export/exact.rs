//! Every value of every row, in every format.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use arrow_array::{Array, cast::AsArray, types};
use arrow_schema::{DataType, TimeUnit};
use bigdecimal::BigDecimal;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ringside::{
    db::export::Kind,
    export::{Cursor, CursorError, DataSet, Export, ExportError, Format, Wanted},
};
use serde_json::{Value, value::RawValue};

use super::{FORMATS, NAMES, all, at, export, of_feed, with_many_laps, with_rows};
use crate::support::postgres::TestDb;

/// A row by column: each value as it stands in the JSON.
type Record = BTreeMap<String, String>;

const CSV: Format = Format::Csv { bom: false };

/// What a data set should hold, asked in other words than the export asks.
fn truth(what: DataSet) -> &'static str {
    match what {
        DataSet::Laps => {
            "SELECT f.slug AS feed, f.venue, f.name AS track, l.heat_id, h.name AS heat_name, \
             iso(coalesce(h.started_at, h.first_seen_at)) AS heat_began_at, l.driver_id, \
             (SELECT name FROM heat_drivers d WHERE (d.heat_id, d.driver_id) = (l.heat_id, l.driver_id)) \
             AS driver_name, l.lap, l.lap_ms, l.error_ms, l.source, l.kart, l.position, \
             iso(l.crossed_at) AS crossed_at, iso(l.removed_at) AS removed_at \
             FROM laps l, heats h, feeds f WHERE h.id = l.heat_id AND f.id = h.feed_id \
             ORDER BY l.heat_id, l.driver_id, l.lap"
        }
        DataSet::Standings => {
            "SELECT f.slug AS feed, f.venue, f.name AS track, d.heat_id, h.name AS heat_name, \
             iso(coalesce(h.started_at, h.first_seen_at)) AS heat_began_at, d.driver_id, \
             d.name AS driver_name, d.kart, d.web_member_id, d.position, d.laps, d.last_lap_ms, \
             d.average_lap_ms, d.best_lap_ms, d.gap, d.last_passing, d.last_record, \
             iso(d.updated_at) AS updated_at, d.extra \
             FROM heat_drivers d, heats h, feeds f WHERE h.id = d.heat_id AND f.id = h.feed_id \
             ORDER BY d.heat_id, d.driver_id"
        }
        DataSet::Heats => {
            "SELECT f.slug AS feed, f.venue, f.name AS track, h.id AS heat_id, h.name AS heat_name, \
             iso(coalesce(h.started_at, h.first_seen_at)) AS heat_began_at, h.start_unix, \
             h.occurrence, h.state, h.end_condition, h.race_mode, h.clock_ms, h.clock_started, \
             h.clock_enabled, h.remaining_laps, h.end_mode, iso(h.started_at) AS started_at, \
             iso(h.finished_at) AS finished_at, iso(h.first_seen_at) AS first_seen_at, \
             iso(h.last_seen_at) AS last_seen_at, h.extra \
             FROM heats h, feeds f WHERE f.id = h.feed_id ORDER BY h.id"
        }
        DataSet::Playsets => {
            "SELECT f.slug AS feed, f.venue, f.name AS ring, r.id AS run_id, r.event_name, r.ring_name, \
             r.trial_name, r.name AS run_name, r.type AS run_type, r.judge_name, r.length_m, \
             r.obstacles, r.standard_time AS standard_time_s, r.maximum_time AS maximum_time_s, \
             p.playset_id, p.dorsal, p.start_order, p.handler, p.club, p.country, p.team_name, \
             p.dog_family_name, p.dog_studbook_name, p.dog_breed, p.dog_gender, p.dog_age, \
             p.dog_height_cm, p.status, p.faults, p.refusals, p.disqualification, p.qualification, \
             p.classification, p.time_s, p.time_marker, p.speed_m_s, p.total_penalization, \
             iso(p.updated_at) AS updated_at, p.extra \
             FROM playsets p, agility_runs r, feeds f WHERE r.id = p.run_id AND f.id = r.feed_id \
             ORDER BY p.run_id, p.playset_id"
        }
        DataSet::Results => {
            "SELECT f.slug AS feed, f.venue, f.name AS ring, c.event_name, c.ring_name, c.trial_name, \
             c.name AS run_name, c.dorsal, c.combined_id, c.classification, c.handler, c.club, \
             c.country, c.team_name, c.dog_family_name, c.dog_studbook_name, c.dog_breed, \
             c.dog_gender, c.dog_age, c.dog_height_cm, c.time_s, c.total_penalization, \
             iso(c.updated_at) AS updated_at, c.extra \
             FROM combined_results c, feeds f WHERE f.id = c.feed_id ORDER BY c.dorsal"
        }
    }
}

const ISO: &str = "CREATE FUNCTION iso(at timestamptz) RETURNS text LANGUAGE sql AS \
    $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') $$";

fn expected(db: &TestDb, what: DataSet) -> Vec<Record> {
    let as_text = format!("SELECT to_jsonb(q)::text AS row FROM ({}) AS q", truth(what));
    db.rows(&as_text).iter().map(|row| record(row["row"].as_str().unwrap())).collect()
}

/// The values with all their digits.
fn record(json: &str) -> Record {
    let raw: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap();
    raw.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
}

/// The keys of a line, in its order.
fn keys(json: &str) -> Vec<String> {
    struct Keys(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Keys;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Keys, A::Error> {
                    let mut keys = Vec::new();
                    while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                        keys.push(key);
                    }
                    Ok(Keys(keys))
                }
            }
            from.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Keys>(json).unwrap().0
}

fn names(what: DataSet) -> Vec<&'static str> {
    what.columns().map(|column| column.name).collect()
}

#[test]
fn json_lines_hold_every_value_with_its_digits_and_the_keys_in_order() {
    let db = with_rows();
    db.execute(ISO);
    for what in DataSet::ALL {
        let file = String::from_utf8(export(&db, &all(what), Format::JsonLines).unwrap()).unwrap();
        let records: Vec<_> = file.lines().map(record).collect();
        assert_eq!(records, expected(&db, what), "{what:?}");
        for line in file.lines() {
            assert_eq!(keys(line), names(what));
        }
        assert!(file.ends_with("}\n"));
    }
    let playsets = export(&db, &all(DataSet::Playsets), Format::JsonLines).unwrap();
    let first = String::from_utf8(playsets).unwrap().lines().next().unwrap().to_owned();
    for digits in ["\"time_s\":35.40,", "\"total_penalization\":0.00,", "\"speed_m_s\":5.3000,"] {
        assert!(first.contains(digits), "no {digits} in {first}");
    }
}

#[test]
fn csv_holds_every_value_as_json_lines_do() {
    let db = with_rows();
    for what in DataSet::ALL {
        let csv = export(&db, &all(what), CSV).unwrap();
        let lines = export(&db, &all(what), Format::JsonLines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), names(what));
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), lines.lines().count());
        for (row, line) in rows.iter().zip(lines.lines()) {
            let record = record(line);
            for (column, cell) in what.columns().zip(row) {
                let value = &record[column.name];
                match (column.kind, serde_json::from_str(value).unwrap()) {
                    (_, Value::Null) => assert_eq!(cell, "", "{}", column.name),
                    (_, Value::String(text)) => assert_eq!(cell, text, "{}", column.name),
                    _ => assert_eq!(cell, value, "{}", column.name),
                }
            }
        }
    }
}

#[test]
fn csv_is_as_rfc_4180_has_it_and_tells_null_from_an_empty_text() {
    let db = with_rows();
    let csv = String::from_utf8(export(&db, &all(DataSet::Playsets), CSV).unwrap()).unwrap();
    assert!(csv.starts_with("feed,venue,ring,run_id,"));
    assert!(csv.ends_with("\r\n"));
    // The club of the first pair is empty, of the second it is null.
    assert!(csv.contains(",\"Julen, \"\"J\"\"\",\"\",ES,,=Flow,\"Flow of\nthe Hill\","), "{csv}");
    assert!(csv.contains(",Anna,,,,,"), "{csv}");
    assert!(
        csv.contains(",2026-05-01T14:05:00.123000Z,\"{\"\"note\"\": \"\"=1+1\"\"}\"\r\n"),
        "{csv}"
    );
    let laps = String::from_utf8(export(&db, &all(DataSet::Laps), CSV).unwrap()).unwrap();
    for name in ["=cmd|' /C calc'!A0,", "\" blanks around \",", "\"two\nlines\r\nthree\",", "\\N,"]
    {
        assert!(laps.contains(&format!(",{name}")), "no {name:?} in {laps}");
    }
    let with_mark = export(&db, &all(DataSet::Laps), Format::Csv { bom: true }).unwrap();
    assert_eq!(with_mark.strip_prefix(b"\xEF\xBB\xBF").unwrap(), laps.as_bytes());
}

#[test]
fn parquet_holds_every_value_in_its_type() {
    let db = with_rows();
    for what in DataSet::ALL {
        let file = Bytes::from(export(&db, &all(what), Format::Parquet).unwrap());
        let lines = export(&db, &all(what), Format::JsonLines).unwrap();
        let records: Vec<_> = String::from_utf8(lines).unwrap().lines().map(record).collect();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let schema = reader.schema().clone();
        for (column, field) in what.columns().zip(schema.fields()) {
            assert_eq!(
                (field.name().as_str(), field.is_nullable()),
                (column.name, column.nullable)
            );
            assert_eq!(field.metadata()["description"], column.meaning);
            let kind = match column.kind {
                Kind::Int32 => DataType::Int32,
                Kind::Int64 => DataType::Int64,
                Kind::Bool => DataType::Boolean,
                Kind::Text | Kind::Json => DataType::Utf8,
                Kind::Decimal => DataType::Decimal128(38, 6),
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            };
            assert_eq!(field.data_type(), &kind, "{}", column.name);
        }
        let mut read: Vec<Record> = Vec::new();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let cells = schema.fields().iter().zip(batch.columns());
                read.push(
                    cells.map(|(field, array)| (field.name().clone(), value(array, row))).collect(),
                );
            }
        }
        let plain = |record: &Record| -> Record {
            let cell =
                |(name, value): (&String, &String)| (name.clone(), normal(what, name, value));
            record.iter().map(cell).collect()
        };
        let expected: Vec<Record> = records.iter().map(plain).collect();
        assert_eq!(read, expected, "{what:?}");
    }
}

/// A value of a Parquet file, as [`normal`] writes it.
fn value(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    match array.data_type() {
        DataType::Int32 => array.as_primitive::<types::Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<types::Int64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Decimal128(..) => {
            let number = array.as_primitive::<types::Decimal128Type>().value_as_string(row);
            BigDecimal::from_str(&number).unwrap().normalized().to_plain_string()
        }
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<types::TimestampMicrosecondType>().value(row);
            DateTime::from_timestamp_micros(micros)
                .unwrap()
                .to_rfc3339_opts(SecondsFormat::Micros, true)
        }
        other => panic!("no {other} is written"),
    }
}

/// A value of a line of JSON without what Parquet does not keep: quotes, and zeros at the end.
fn normal(what: DataSet, name: &str, json: &str) -> String {
    let column = what.columns().find(|column| column.name == name).unwrap();
    match (column.kind, serde_json::from_str(json).unwrap()) {
        (_, Value::Null) => "null".to_owned(),
        (Kind::Decimal, _) => BigDecimal::from_str(json).unwrap().normalized().to_plain_string(),
        (_, Value::String(text)) => text,
        _ => json.to_owned(),
    }
}

#[test]
fn parquet_refuses_a_decimal_that_it_would_cut_and_text_formats_take_it() {
    let db = with_rows();
    db.execute("UPDATE playsets SET time_s = 35.1234567 WHERE playset_id = 'b'");
    let refused = export(&db, &all(DataSet::Playsets), Format::Parquet).unwrap_err();
    assert!(matches!(refused, ExportError::Unfit(_)));
    let words = refused.to_string();
    assert!(words.contains("time_s") && words.contains("35.1234567"), "{words}");
    for format in [CSV, Format::JsonLines] {
        let file = export(&db, &all(DataSet::Playsets), format).unwrap();
        assert!(String::from_utf8(file).unwrap().contains("35.1234567,"));
    }
    db.execute("UPDATE playsets SET time_s = 35.1234560000 WHERE playset_id = 'b'");
    assert!(export(&db, &all(DataSet::Playsets), Format::Parquet).is_ok());
}

#[test]
fn export_of_nothing_is_a_file_with_its_columns() {
    let db = TestDb::new();
    for what in DataSet::ALL {
        let csv = String::from_utf8(export(&db, &all(what), CSV).unwrap()).unwrap();
        assert_eq!(csv, names(what).join(",") + "\r\n");
        assert!(export(&db, &all(what), Format::JsonLines).unwrap().is_empty());
        let parquet = Bytes::from(export(&db, &all(what), Format::Parquet).unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
        assert_eq!(reader.schema().fields().len(), names(what).len());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}

fn rows(db: &TestDb, wanted: &Wanted) -> usize {
    let file = String::from_utf8(export(db, wanted, Format::JsonLines).unwrap()).unwrap();
    file.lines().count()
}

#[test]
fn export_holds_only_what_is_wanted() {
    let db = with_rows();
    let laps = NAMES.len() * 2;
    let of = |heat| Wanted { heat: Some(heat), ..all(DataSet::Laps) };
    assert_eq!(rows(&db, &all(DataSet::Laps)), laps + 3);
    assert_eq!(rows(&db, &of(7)), laps + 1);
    assert_eq!(rows(&db, &of(8)), 1);
    assert_eq!(rows(&db, &of_feed(DataSet::Laps, "indoor")), 1);
    assert_eq!(rows(&db, &of_feed(DataSet::Laps, "ring-1")), 0);
    let mut both = of_feed(DataSet::Heats, "indoor");
    both.feeds.extend(of_feed(DataSet::Heats, "speedpark").feeds);
    assert_eq!(rows(&db, &both), 3);
    assert_eq!(rows(&db, &Wanted { heat: Some(9), ..of_feed(DataSet::Laps, "speedpark") }), 0);

    // Heat 7 began at 14:00:00.123456, heat 8 was first seen at midnight, heat 9 began on the third.
    let span = |from: &str, to: &str| Wanted {
        from: Some(at(from)),
        to: Some(at(to)),
        ..all(DataSet::Heats)
    };
    for (from, to, heats) in [
        ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z", 1),
        ("2026-05-01T14:00:00.123456Z", "2026-05-02T00:00:00.000001Z", 2),
        ("2026-05-01T14:00:00.123457Z", "2026-05-02T00:00:00Z", 0),
        ("2026-05-03T12:00:00+02:00", "2026-05-04T00:00:00Z", 1),
    ] {
        assert_eq!(rows(&db, &span(from, to)), heats, "{from} {to}");
    }
    let day = |what, day: &str| Wanted {
        from: Some(at(&format!("{day}T00:00:00Z"))),
        to: Some(at(&format!("{day}T23:59:59.999999Z"))),
        ..all(what)
    };
    assert_eq!(rows(&db, &day(DataSet::Laps, "2026-05-01")), laps + 1);
    assert_eq!(rows(&db, &day(DataSet::Playsets, "2026-05-01")), 2);
    assert_eq!(rows(&db, &day(DataSet::Playsets, "2026-05-02")), 1);
    assert_eq!(rows(&db, &day(DataSet::Results, "2026-05-02")), 0);
}

#[test]
fn export_says_what_there_is_not() {
    let db = with_rows();
    let refused = |wanted: &Wanted| Cursor::open(&db.url, wanted).err().unwrap();
    let words = refused(&of_feed(DataSet::Laps, "speedprak")).to_string();
    assert_eq!(words, "there is no feed \"speedprak\"; is \"speedpark\" meant?");
    let words = refused(&of_feed(DataSet::Laps, "zzz")).to_string();
    assert_eq!(words, "there is no feed \"zzz\"; there are indoor, ring-1, speedpark");
    let of_heat = |what| Wanted { heat: Some(1), ..all(what) };
    assert_eq!(refused(&of_heat(DataSet::Laps)), CursorError::UnknownHeat(1));
    assert_eq!(refused(&of_heat(DataSet::Results)), CursorError::NoHeats(DataSet::Results));
    let away = "postgres://ringside:s3cret@127.0.0.1:9/x?sslmode=disable";
    let away = Cursor::open(away, &all(DataSet::Laps)).err().unwrap();
    assert!(matches!(away, CursorError::Unreachable(_)));
    assert!(!away.to_string().contains("s3cret"));
}

#[test]
fn export_is_of_one_moment_and_has_each_row_once() {
    let db = with_many_laps(70);
    for format in FORMATS {
        let cursor = Cursor::open(&db.url, &all(DataSet::Laps)).unwrap();
        let mut running = Export::new(cursor, format, None, Vec::new()).unwrap();
        assert!(running.estimate() > 5_000, "{}", running.estimate());
        assert!(running.step().unwrap());
        // Of a heat that comes at the end, while the export runs.
        db.execute(
            "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
             VALUES (70, 10, 11, 1, 'timed', 0); DELETE FROM laps WHERE heat_id = 69",
        );
        while running.step().unwrap() {}
        assert_eq!(running.rows(), 7_000);
        let file = running.finish().unwrap();
        if format == Format::JsonLines {
            let key = |line: &str| {
                let lap: Value = serde_json::from_str(line).unwrap();
                ["heat_id", "driver_id", "lap"].map(|key| lap[key].as_i64().unwrap())
            };
            let keys: Vec<_> = String::from_utf8(file).unwrap().lines().map(key).collect();
            assert!(keys.is_sorted_by(|one, next| one < next));
        }
        db.execute(
            "DELETE FROM laps WHERE lap = 11; INSERT INTO laps (heat_id, driver_id, lap, lap_ms, \
             source, error_ms) SELECT 69, driver_id, lap, lap_ms, source, error_ms FROM laps \
             WHERE heat_id = 68",
        );
    }
}

#[test]
fn export_fails_when_its_connection_is_killed() {
    let db = with_many_laps(70);
    let cursor = Cursor::open(&db.url, &all(DataSet::Laps)).unwrap();
    let mut running = Export::new(cursor, CSV, None, Vec::new()).unwrap();
    assert!(running.step().unwrap());
    assert_eq!(kill_exports(&db), 1);
    let error = running.step().unwrap_err();
    assert!(matches!(error, ExportError::Cursor(CursorError::Failed(_))), "{error}");
}

/// Ends the connections of exports; how many there were.
pub(super) fn kill_exports(db: &TestDb) -> usize {
    let killed = db.rows(
        "SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'FETCH%'",
    );
    killed.iter().filter(|row| row["killed"] == true).count()
}
