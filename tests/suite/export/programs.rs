//! Exports in programs of other people: Gnumeric, which is a spreadsheet, and polars.
//! `tests/dataframes.sh` gets both.

use std::{fs, path::Path, process::Command, sync::OnceLock};

use ringside::export::{DataSet, Format};
use serde_json::{Value, json};

use super::{NAMES, all, export, with_rows};
use crate::support::postgres::TestDb;

const CSV: Format = Format::Csv { bom: false };

/// The Python that has polars; a spreadsheet is there as well.
fn python() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dataframes.sh");
        let output = Command::new(script).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

fn write(db: &TestDb, what: DataSet, format: Format, folder: &Path) -> String {
    let file = folder.join(format!("{}.{}", what.as_str(), format.as_str()));
    fs::write(&file, export(db, &all(what), format).unwrap()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The types and the rows that polars sees.
fn polars(file: &str) -> (Value, Vec<Value>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/export/frames.py");
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(python());
    let output = Command::new(python).args([script, file]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.next().unwrap(), lines.collect())
}

/// The cells that a spreadsheet sees, a line a row.
fn spreadsheet(file: &str, folder: &Path) -> Vec<Vec<String>> {
    python();
    let cells = folder.join("cells.txt");
    let output = Command::new("ssconvert")
        .env("HOME", folder)
        .args(["--import-encoding=UTF-8", "--export-type=Gnumeric_stf:stf_assistant"])
        .args(["-O", "separator=| format=raw quoting-mode=never eol=unix", file])
        .arg(&cells)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(cells).unwrap();
    text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

/// Laps whose names stay on one line and have no separator of the test's own.
fn plain_rows() -> TestDb {
    let db = with_rows();
    db.execute("UPDATE heat_drivers SET name = 'two lines' WHERE name LIKE 'two%'");
    db.execute("UPDATE heat_drivers SET name = '=1+1' WHERE name LIKE '=%'");
    db
}

#[test]
fn polars_reads_every_row_of_every_format() {
    let db = with_rows();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (types, laps) = polars(&write(&db, DataSet::Laps, Format::Parquet, folder));
    assert_eq!(laps.len(), NAMES.len() * 2 + 3);
    assert_eq!((&types["lap_ms"], &types["driver_id"]), (&json!("Int32"), &json!("Int64")));
    assert_eq!(types["crossed_at"], "Datetime(time_unit='us', time_zone='UTC')");
    let names: Vec<_> = laps.iter().step_by(2).take(NAMES.len()).collect();
    for (lap, name) in names.iter().zip(NAMES) {
        assert_eq!(lap["driver_name"], name);
        assert_eq!(lap["crossed_at"], "2026-05-01 14:01:00.999999+00:00");
    }
    assert_eq!((&laps[1]["kart"], &laps[18]["driver_name"]), (&Value::Null, &Value::Null));

    let (types, playsets) = polars(&write(&db, DataSet::Playsets, Format::Parquet, folder));
    assert_eq!(types["time_s"], "Decimal(precision=38, scale=6)");
    assert_eq!(
        (&playsets[0]["time_s"], &playsets[1]["speed_m_s"]),
        (&json!("35.400000"), &json!("-0.500000"))
    );
    assert_eq!((&playsets[0]["club"], &playsets[1]["club"]), (&json!(""), &Value::Null));

    let (_, lines) = polars(&write(&db, DataSet::Standings, Format::JsonLines, folder));
    assert_eq!(lines.len(), NAMES.len());
    assert_eq!(lines[3]["driver_name"], NAMES[3]);
    assert_eq!(
        (&lines[0]["best_lap_ms"], &lines[1]["best_lap_ms"]),
        (&Value::Null, &json!(39_000))
    );

    let (_, rows) = polars(&write(&db, DataSet::Laps, CSV, folder));
    assert_eq!(rows.len(), laps.len());
    for (row, lap) in rows.iter().zip(&laps) {
        assert_eq!((&row["driver_name"], &row["kart"]), (&lap["driver_name"], &lap["kart"]));
        assert_eq!(row["lap_ms"], lap["lap_ms"].to_string());
    }
}

#[test]
fn spreadsheet_reads_a_csv_with_its_columns_letters_and_numbers() {
    let db = plain_rows();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cells = spreadsheet(&write(&db, DataSet::Laps, CSV, folder), folder);
    let columns: Vec<_> = DataSet::Laps.columns().map(|column| column.name).collect();
    assert_eq!(cells[0], columns);
    assert_eq!(cells.len(), 1 + NAMES.len() * 2 + 3);
    let cell = |row: usize, column: &str| {
        cells[row][columns.iter().position(|name| *name == column).unwrap()].as_str()
    };
    assert_eq!((cell(1, "driver_name"), cell(1, "lap_ms")), ("Ann", "40000"));
    assert_eq!((cell(1, "venue"), cell(1, "heat_name")), ("Speed, \"Park\"", "[HEAT] 46 - Гонка "));
    assert_eq!(cell(3, "driver_name"), "\"O'Neill\", Bob");
    assert_eq!(cell(11, "driver_name"), "Мишаня 🏎️");
    // It takes a name for what it looks like: docs/data.md says how to prevent that.
    assert_eq!(cell(7, "driver_name"), "2");
}
