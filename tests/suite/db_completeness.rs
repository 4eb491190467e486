//! What the database says of what is known of a heat: `heat_completeness`.

use serde_json::{Value, json};

use crate::support::postgres::TestDb;

/// One heat, number 1, to which a test adds drivers and laps.
struct Heat(TestDb);

impl Heat {
    fn new() -> Self {
        let test = TestDb::new();
        test.execute(
            "INSERT INTO feeds (id, slug, kind, venue, name) VALUES (1, 'speedpark', 'bmi', '', '')",
        );
        add_heats(&test, 1);
        Self(test)
    }

    /// With so many laps by the venue's count.
    fn driver(&self, driver: i64, laps: i32) {
        self.0.execute(&format!(
            "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, \
             laps, gap, last_passing, updated_at) \
             VALUES (1, 1, {driver}, 'driver {driver}', '7', 0, 1, {laps}, '', false, now())"
        ));
    }

    fn laps(&self, driver: i64, laps: &[i32]) {
        self.laps_of_source(driver, laps, "timed", 0);
    }

    fn laps_of_source(&self, driver: i64, laps: &[i32], source: &str, error_ms: i32) {
        self.0.execute(&format!(
            "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
             SELECT 1, {driver}, lap, 40000, '{source}', {error_ms} FROM unnest('{{{}}}'::int[]) AS lap",
            laps.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
        ));
    }

    fn remove(&self, driver: i64, lap: i32) {
        self.0.execute(&format!(
            "UPDATE laps SET removed_at = now() WHERE driver_id = {driver} AND lap = {lap}"
        ));
    }

    fn completeness(&self) -> Value {
        let mut rows = self.0.rows("SELECT * FROM heat_completeness WHERE heat_id = 1");
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// Expected, known and missing laps.
    fn numbers(&self) -> [i64; 3] {
        let found = self.completeness();
        ["laps_expected", "laps_known", "laps_missing"].map(|name| found[name].as_i64().unwrap())
    }

    /// Driver, first and last lap of every hole.
    fn holes(&self) -> Vec<[i64; 3]> {
        let found = self.completeness();
        let holes = found["missing"].as_array().unwrap();
        assert_eq!(found["complete"], holes.is_empty());
        let numbers = |hole: &Value| {
            ["driver_id", "first_lap", "last_lap"].map(|name| hole[name].as_i64().unwrap())
        };
        holes.iter().map(numbers).collect()
    }
}

fn add_heats(test: &TestDb, heats: i32) {
    test.execute(&format!(
        "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
         race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
         first_seen_at, last_seen_at) \
         SELECT id, 1, id, 'heat', 0, 'running', 'time', 'best_lap', 0, true, true, 0, 0, now(), \
         now() FROM generate_series(1, {heats}) AS id"
    ));
}

#[test]
fn heat_is_complete_when_every_lap_of_every_driver_is_known() {
    let heat = Heat::new();
    heat.driver(1, 3);
    heat.laps(1, &[1, 2]);
    heat.laps_of_source(1, &[3], "reconstructed", 3);
    heat.driver(2, 2);
    heat.laps_of_source(2, &[1], "corrected", 0);
    heat.laps_of_source(2, &[2], "reconstructed", 1);
    heat.driver(3, 0);
    let mut expected = json!({
        "heat_id": 1, "feed_id": 1, "finished": false, "drivers": 3, "laps_expected": 5,
        "laps_known": 5, "laps_timed": 2, "laps_corrected": 1, "laps_reconstructed": 2,
        "laps_missing": 0, "complete": true, "missing": [], "max_error_ms": 3
    });
    assert_eq!(heat.completeness(), expected, "in progress");
    heat.0.execute("UPDATE heats SET finished_at = now()");
    expected["finished"] = true.into();
    assert_eq!(heat.completeness(), expected);
}

#[test]
fn heat_without_drivers_lacks_nothing() {
    assert_eq!(Heat::new().numbers(), [0, 0, 0]);
    assert_eq!(Heat::new().holes(), Vec::<[i64; 3]>::new());
    assert_eq!(Heat::new().completeness()["max_error_ms"], 0);
}

#[test]
fn heat_names_the_missing_laps_as_ranges() {
    let heat = Heat::new();
    heat.driver(1, 9);
    heat.laps(1, &[3, 4, 6, 7]);
    heat.driver(2, 4);
    heat.driver(3, 1);
    heat.laps(3, &[1]);
    assert_eq!(heat.holes(), [[1, 1, 2], [1, 5, 5], [1, 8, 9], [2, 1, 4]]);
    assert_eq!(heat.numbers(), [14, 5, 9]);
    assert_eq!(heat.completeness()["missing"][3]["name"], "driver 2");
}

/// Laps are counted and not numbered: when one is taken away, the last one goes.
#[test]
fn heat_does_not_expect_a_removed_lap_unless_the_venue_counts_one_again() {
    let heat = Heat::new();
    heat.driver(1, 3);
    heat.laps(1, &[1, 2, 3, 4]);
    heat.remove(1, 4);
    assert_eq!(heat.holes(), Vec::<[i64; 3]>::new());
    assert_eq!(heat.numbers(), [3, 3, 0]);

    // A fourth lap was driven, and what is stored under its number was not it.
    heat.0.execute("UPDATE heat_drivers SET laps = 5");
    heat.laps(1, &[5]);
    assert_eq!(heat.holes(), [[1, 4, 4]]);
    assert_eq!(heat.numbers(), [5, 4, 1]);
}

#[test]
fn heat_expects_of_a_withdrawn_driver_what_was_last_counted() {
    let heat = Heat::new();
    heat.driver(1, 2);
    heat.laps(1, &[1, 2]);
    // Gone from the venue's table: the standing stays as it was, and so do the laps.
    heat.driver(2, 3);
    heat.laps(2, &[1, 3]);
    assert_eq!(heat.holes(), [[2, 2, 2]]);
    assert_eq!(heat.completeness()["drivers"], 2);
}

#[test]
fn heat_expects_the_highest_lap_that_any_table_knows_of() {
    let heat = Heat::new();
    heat.driver(1, 2);
    heat.laps(1, &[1, 2, 3]);
    // No standing of this one.
    heat.laps(2, &[2]);
    heat.0.execute("INSERT INTO lap_gaps VALUES (1, 2, 3, 5, NULL, 0), (1, 3, 1, 2, 80000, 0)");
    assert_eq!(heat.holes(), [[2, 1, 1], [2, 3, 5], [3, 1, 2]]);
    assert_eq!(heat.numbers(), [10, 4, 6]);
    assert_eq!(heat.completeness()["missing"][0]["name"], Value::Null);
}

#[test]
fn heat_asked_for_by_its_id_reads_no_other_heat() {
    let test = Heat::new().0;
    test.execute("DELETE FROM heats");
    add_heats(&test, 500);
    test.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source) \
         SELECT heat, driver, lap, 40000, 'timed' FROM generate_series(1, 500) AS heat, \
         generate_series(1, 10) AS driver, generate_series(1, 5) AS lap; \
         INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, laps, \
         gap, last_passing, updated_at) \
         SELECT heat, 1, driver, '', '', 0, 1, 5, '', false, now() FROM generate_series(1, 500) AS heat, \
         generate_series(1, 10) AS driver; \
         INSERT INTO lap_gaps SELECT heat, 1, 6, 7, NULL, 0 FROM generate_series(1, 500) AS heat; \
         ANALYZE",
    );
    test.execute(
        "CREATE FUNCTION plan_of(query text) RETURNS jsonb LANGUAGE plpgsql AS $$ \
         DECLARE plan jsonb; BEGIN EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; \
         RETURN plan; END $$",
    );
    let plan = test
        .value("SELECT plan_of('SELECT * FROM heat_completeness WHERE heat_id = 77')")
        .to_string();
    assert!(plan.contains("laps_pkey") && plan.contains("heat_drivers_pkey"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}
