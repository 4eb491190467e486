//! The schema: migrations both ways, `schema.rs` against the real thing, and databases that this
//! build must not touch.

mod docs;

use std::collections::BTreeMap;

use ringside::db::{
    self, MigrateError,
    migrate::{migrate_connection, revert_all, schema_state},
    queries,
};
use serde_json::Value;

use crate::support::postgres::TestDb;

const SCHEMA_RS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/db/schema.rs");

/// Tables, views, columns, indexes, constraints and comments: all that migrations make.
fn catalogue(test: &TestDb) -> Vec<Value> {
    test.rows(
        "SELECT * FROM ( \
           SELECT 'column' AS kind, table_name || '.' || column_name AS name, \
                  concat_ws(' ', data_type, is_nullable, column_default, is_identity, \
                            generation_expression, \
                            col_description(table_name::regclass, ordinal_position::int)) AS what \
           FROM information_schema.columns WHERE table_schema = 'public' \
           UNION ALL \
           SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' \
           UNION ALL \
           SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) \
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
           UNION ALL \
           SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public' \
           UNION ALL \
           SELECT 'comment', relname, obj_description(oid) FROM pg_class \
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') \
         ) AS all_of_it WHERE name NOT LIKE '\\_\\_diesel%' ORDER BY kind, name, what",
    )
}

#[test]
fn migrations_leave_the_same_schema_when_applied_undone_and_applied_again() {
    let test = TestDb::empty();
    let report = db::migrate(&test.pool).unwrap();
    assert!(report.applied.len() >= 10, "{report:?}");
    let first = catalogue(&test);
    assert!(first.len() > 100, "the catalogue is too small to tell anything: {first:?}");

    revert_all(&mut test.conn()).unwrap();
    assert_eq!(catalogue(&test), Vec::<Value>::new());

    let again = db::migrate(&test.pool).unwrap();
    assert_eq!(again, report);
    assert_eq!(catalogue(&test), first);
    assert_eq!(db::migrate(&test.pool).unwrap().applied, Vec::<String>::new());
}

#[test]
fn migrations_run_once_when_two_processes_start_together() {
    let test = TestDb::empty();
    let applied: usize = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| db::migrate(&db::connect(&test.url, 1)).unwrap().applied.len()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).sum()
    });
    let migrations = test.value("SELECT count(*) FROM __diesel_schema_migrations");
    assert_eq!(Value::from(applied), migrations);
}

#[test]
fn migrate_refuses_a_database_of_a_newer_schema() {
    let test = TestDb::new();
    let before = catalogue(&test);
    test.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')");
    let error = db::migrate(&test.pool).unwrap_err();
    assert!(
        matches!(&error, MigrateError::NewerSchema { versions } if versions == &["29990101000001"])
    );
    assert!(error.to_string().contains("29990101000001"), "{error}");
    assert!(error.to_string().contains("run the newer ringside"), "{error}");
    assert_eq!(catalogue(&test), before);
    assert_eq!(queries::ping(&mut test.conn()).unwrap().newer, ["29990101000001"]);
}

#[test]
fn ping_counts_what_is_pending_and_changes_nothing() {
    let test = TestDb::empty();
    let state = queries::ping(&mut test.conn()).unwrap();
    assert!(state.pending.len() >= 10, "{state:?}");
    assert_eq!(test.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), 0);
    migrate_connection(&mut test.conn()).unwrap();
    assert_eq!(queries::ping(&mut test.conn()).unwrap(), schema_state(&mut test.conn()).unwrap());
    assert!(queries::ping(&mut test.conn()).unwrap().pending.is_empty());
}

#[test]
fn migrate_names_no_password_when_the_database_is_away() {
    let pool = db::connect("postgres://ann:s3cret@127.0.0.1:1/timing", 1);
    let error = db::migrate(&pool).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn migrate_refuses_a_database_that_is_not_utf8() {
    let test = TestDb::empty();
    test.execute("CREATE DATABASE test_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    let (server, _) = test.url.rsplit_once("/test_").unwrap();
    let pool = db::connect(&format!("{server}/test_latin?sslmode=disable"), 1);
    let error = db::migrate(&pool).unwrap_err().to_string();
    assert!(error.contains("LATIN1"), "{error}");
}

/// Name → (SQL type as Diesel calls it, nullable).
type Columns = BTreeMap<String, (String, bool)>;

/// The tables of `schema.rs`, read as the plain text that the Diesel CLI writes.
fn tables_of_schema_rs() -> BTreeMap<String, Columns> {
    let source = std::fs::read_to_string(SCHEMA_RS).unwrap();
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    let (mut table, mut sql_name) = (String::new(), None);
    for line in source.lines().map(str::trim) {
        if line.starts_with("//") {
            continue;
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            sql_name = Some(name.trim_end_matches("\"]").to_owned());
        } else if let Some((name, sql_type)) = line.split_once(" -> ") {
            if sql_type.ends_with(");") {
                continue; // a joinable! line
            }
            let sql_type = sql_type.trim_end_matches(',');
            let inner = sql_type.strip_prefix("Nullable<").map(|inner| inner.trim_end_matches('>'));
            let name = sql_name.take().unwrap_or_else(|| name.to_owned());
            let column = (inner.unwrap_or(sql_type).to_owned(), inner.is_some());
            tables.get_mut(&table).unwrap().insert(name, column);
        } else if line.ends_with(") {") {
            table = line.split_once(" (").unwrap().0.to_owned();
            tables.insert(table.clone(), Columns::new());
        }
    }
    tables
}

fn tables_of_database(test: &TestDb) -> BTreeMap<String, Columns> {
    let rows = test.rows(
        "SELECT table_name, column_name, udt_name, is_nullable = 'YES' AS nullable \
         FROM information_schema.columns JOIN information_schema.tables \
         USING (table_schema, table_name) \
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' \
         AND table_name NOT LIKE '\\_\\_diesel%'",
    );
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let mut diesel_type = text("udt_name");
        diesel_type[..1].make_ascii_uppercase();
        tables
            .entry(text("table_name"))
            .or_default()
            .insert(text("column_name"), (diesel_type, row["nullable"].as_bool().unwrap()));
    }
    tables
}

#[test]
fn schema_rs_is_the_schema_of_the_database() {
    let of_file = tables_of_schema_rs();
    assert!(of_file.len() >= 16, "{:?}", of_file.keys());
    assert_eq!(of_file, tables_of_database(&TestDb::new()));
}

#[test]
fn every_table_and_view_says_what_it_is_for() {
    let test = TestDb::new();
    let silent = test.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         AND relkind IN ('r', 'v') AND obj_description(oid) IS NULL AND relname NOT LIKE '\\_\\_diesel%'",
    );
    assert_eq!(silent, Vec::<Value>::new());
}
