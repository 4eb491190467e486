//! `ringside export` as people run it.

use std::{fs, path::Path, process::Command};

use ringside::export::{DataSet, Format};

use super::{FORMATS, all, export, of_feed, with_many_laps, with_rows};
use crate::support::{
    postgres::TestDb,
    program::{Deployment, command, ringside, stderr, stdout},
};

/// Everything in a folder, hidden files too.
fn files(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect();
    files.sort();
    files
}

/// Runs `ringside export` with these arguments in the folder of the deployment.
fn run(deployment: &Deployment, arguments: &[&str]) -> std::process::Output {
    let mut all = vec!["--config", deployment.config(), "export"];
    all.extend(arguments);
    command(&all).current_dir(deployment.folder.path()).output().unwrap()
}

#[test]
fn export_writes_the_format_that_the_name_ends_with_and_says_how_much() {
    let db = with_rows();
    let deployment = Deployment::on(&db, "");
    for (what, format) in DataSet::ALL.into_iter().zip(FORMATS.into_iter().cycle()) {
        let file = format!("{}.{}", what.as_str(), format.as_str());
        let output = run(&deployment, &[what.as_str(), "--output", &file]);
        assert!(output.status.success(), "{}", stderr(&output));
        let written = fs::read(deployment.folder.path().join(&file)).unwrap();
        assert_eq!(written, export(&db, &all(what), format).unwrap(), "{file}");
        assert!(stdout(&output).starts_with(&format!("{} rows=", what.as_str())));
    }
    let as_text = run(&deployment, &["laps", "--format", "jsonl", "--feed", "speedpark"]);
    let lines = export(&db, &of_feed(DataSet::Laps, "speedpark"), Format::JsonLines).unwrap();
    assert_eq!(as_text.stdout, lines);
    assert!(stderr(&as_text).contains("laps rows=20 file=the standard output"));
    let marked = run(&deployment, &["laps", "--bom"]).stdout;
    assert_eq!(marked, export(&db, &all(DataSet::Laps), Format::Csv { bom: true }).unwrap());
}

#[test]
fn export_takes_feeds_heats_and_times_as_people_write_them() {
    let db = with_rows();
    let deployment = Deployment::on(&db, "");
    let lines = |arguments: &[&str]| {
        let output = run(&deployment, arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).lines().count() - 1
    };
    assert_eq!(lines(&["heats", "--feed", "indoor", "--feed", "speedpark"]), 3);
    assert_eq!(lines(&["heats", "--heat", "8"]), 1);
    assert_eq!(
        lines(&["heats", "--from", "2026-05-01T14:00:00Z", "--to", "2026-05-02T00:00:00Z"]),
        1
    );
    // A date is a whole day of this machine's clock, wherever that is: here two days around.
    assert_eq!(lines(&["heats", "--from", "2026-04-30", "--to", "2026-05-04"]), 3);
}

#[test]
fn export_leaves_files_alone_unless_it_is_told_to_replace_them() {
    let db = with_rows();
    let deployment = Deployment::on(&db, "");
    let file = deployment.folder.path().join("laps.csv");
    fs::write(&file, "mine").unwrap();
    let output = run(&deployment, &["laps", "--output", "laps.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("laps.csv is there already; --force replaces it"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert!(run(&deployment, &["laps", "--output", "laps.csv", "--force"]).status.success());
    assert!(fs::read_to_string(&file).unwrap().starts_with("feed,"));
}

#[test]
fn export_leaves_nothing_behind_when_it_fails_in_the_middle() {
    let db = with_rows();
    // The last of more rows than are read at once.
    db.execute(
        "INSERT INTO playsets (run_id, playset_id, updated_at) \
         SELECT 1, 'm' || n, now() FROM generate_series(1, 5000) AS n; \
         INSERT INTO playsets (run_id, playset_id, time_s, updated_at) VALUES (2, 'z', 0.0000001, now())",
    );
    let deployment = Deployment::on(&db, "");
    let before = files(deployment.folder.path());
    let output = run(&deployment, &["playsets", "--output", "playsets.parquet"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("time_s has the value 0.0000001"), "{}", stderr(&output));
    assert_eq!(files(deployment.folder.path()), before);
    assert!(run(&deployment, &["playsets", "--output", "playsets.csv"]).status.success());
}

#[test]
fn export_says_what_is_wrong_with_what_it_is_told() {
    let db = with_rows();
    let deployment = Deployment::on(&db, "");
    for (arguments, words) in [
        (
            &["laps", "--feed", "speedprak"][..],
            "there is no feed \"speedprak\"; is \"speedpark\" meant?",
        ),
        (&["laps", "--heat", "1"], "there is no heat 1"),
        (&["results", "--heat", "7"], "results have no heats; leave --heat away"),
        (&["laps", "--output", "laps.xlsx"], ".csv, .jsonl (JSON Lines) or .parquet"),
        (&["laps", "--format", "jsonl", "--bom"], "--bom is for csv"),
        (&["laps", "--from", "2026-05-02", "--to", "2026-05-01"], "is not before --to"),
        (&["laps", "--from", "noon"], "that is no time"),
        (&["laps", "--output", "nowhere/laps.csv"], "nowhere/laps.csv: No such file"),
        (&["lap"], "laps"),
    ] {
        let output = run(&deployment, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(words), "no {words:?} in {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn export_ends_well_when_its_reader_has_seen_enough() {
    let db = with_many_laps(100);
    let deployment = Deployment::on(&db, "");
    let script = format!(
        "set -o pipefail; {} --config {} export laps | head -n 1",
        env!("CARGO_BIN_EXE_ringside"),
        deployment.config()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("feed,venue,track,heat_id,"));
}

#[test]
fn export_works_without_a_service_from_its_private_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ringside.toml");
    fs::write(&config, "").unwrap();
    let config = config.to_str().unwrap();
    for _ in 0..2 {
        let output = ringside(&["--config", config, "export", "heats"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output).lines().count(), 1);
    }
    let url = ringside(&["--config", config, "database-url"]);
    assert_eq!(url.status.code(), Some(2), "it is stopped again");
}

#[test]
fn export_ends_with_2_when_the_database_refuses() {
    let db = TestDb::new();
    let url = db.url.replace("/test_", "/no_test_");
    let deployment = Deployment::new(&format!("[database]\nurl = {url:?}\n"));
    let output = run(&deployment, &["laps", "--output", "laps.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("does not exist"), "{}", stderr(&output));
    assert!(!deployment.folder.path().join("laps.csv").exists());
}
