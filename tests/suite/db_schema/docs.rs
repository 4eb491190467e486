//! `docs/schema.md` is true: its tables are the database's, its queries run and answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::postgres::TestDb;

const SCHEMA_MD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema.md"));

/// A day that every query has something to say about.
const DAY: &str = "
    INSERT INTO feeds (id, slug, kind, venue, name) VALUES
        (1, 'speedpark', 'bmi', 'SpeedPark', 'Main track'),
        (2, 'pawer-ring-1', 'flowagility', 'RSCE Pawer', 'Ring 1');
    INSERT INTO feed_connections VALUES
        (1, 1, now() - interval '9 hours', now() - interval '5 hours', 'silence', 9000),
        (1, 2, now() - interval '4 hours', now() - interval '2 minutes', 'remote_closed', 9000),
        (1, 3, now() - interval '1 minute', NULL, NULL, NULL),
        (2, 1, now() - interval '9 hours', now() - interval '1 hour', 'pong_timeout', 700);
    INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, race_mode,
            clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, first_seen_at, last_seen_at)
        SELECT id, 1, id, 'Heat ' || id, 0, 'finished', 'time', 'best_lap', 0, false, false, 0, 0,
            now() - (interval '10 minutes' * (3 - id)), now()
        FROM generate_series(1, 2) AS id;
    INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, laps, gap,
            last_passing, updated_at)
        SELECT heat, 1, driver, 'driver ' || driver, driver::text, 0, driver, 6, '', false, now()
        FROM generate_series(1, 2) AS heat, generate_series(1, 3) AS driver;
    INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source)
        SELECT heat, driver, lap, 40000 + driver * 1000 - lap * 10, driver::text, driver, now(), 'timed'
        FROM generate_series(1, 2) AS heat, generate_series(1, 3) AS driver, generate_series(1, 6) AS lap;
    -- Faster than any other, and taken away.
    UPDATE laps SET lap_ms = 30000, removed_at = now() WHERE heat_id = 2 AND driver_id = 1 AND lap = 6;
    UPDATE heat_drivers SET laps = 5 WHERE heat_id = 2 AND driver_id = 1;
    UPDATE heats SET finished_at = now() WHERE id = 1;
    DELETE FROM laps WHERE heat_id = 1 AND (driver_id, lap) IN ((2, 1), (2, 2), (3, 5));
    INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type,
            first_seen_at, last_seen_at)
        VALUES (1, 2, 'RSCE Pawer', '1', 'Trial ', 'G3 / S', 'JP', now(), now()),
               (2, 2, 'RSCE Pawer', '1', 'Trial ', 'G3 / S', 'AG', now(), now());
    INSERT INTO playsets (run_id, playset_id, dorsal, handler, dog_family_name, status, faults,
            refusals, disqualification, qualification, classification, time_s, total_penalization, updated_at)
        VALUES (1, 'a', '9', 'Julen', 'Flow', 'calculated', 1, 0, NULL, 'EXC', 2, 28.78, 5.00, now() - interval '1 second'),
               (2, 'b', '9', 'Julen', 'Flow', 'calculated', 0, 0, 'elim', 'DISQ', NULL, NULL, 100.00, now()),
               (2, 'c', '41', 'Anna', 'Mel', 'calculated', 0, 0, NULL, 'EXC_0', 1, 29.00, 0.00, now());
    INSERT INTO playset_changes VALUES
        (1, 'a', '2023-11-14 22:13:20+00', 'running', 0, 0, NULL, NULL),
        (1, 'a', '2023-11-14 22:13:31+00', 'running', 1, 0, NULL, NULL);
";

/// The heading above a query, and the query.
fn queries() -> Vec<(&'static str, &'static str)> {
    SCHEMA_MD
        .split("\n### ")
        .skip(1)
        .map(|section| {
            let heading = section.lines().next().unwrap();
            let (_, rest) = section.split_once("```sql\n").unwrap();
            let (query, _) = rest.split_once("```").unwrap();
            (heading, query.trim().trim_end_matches(';'))
        })
        .collect()
}

fn answer(test: &TestDb, heading: &str) -> Vec<Value> {
    let queries = queries();
    let (_, query) = queries.iter().find(|(found, _)| *found == heading).unwrap();
    test.rows(query)
}

#[test]
fn docs_queries_answer_on_a_day_of_racing() {
    assert_eq!(SCHEMA_MD.matches("```sql").count(), 6);
    let test = TestDb::new();
    test.execute(DAY);

    let chart = answer(&test, "The lap chart of a heat");
    assert_eq!(chart.len(), 17, "three drivers, six laps, one taken away");
    let third = json!({
        "lap": 2, "driver": "driver 3", "kart": "3", "position": 3, "lap_s": 42.98,
        "total_s": 85.97, "source": "timed"
    });
    assert_eq!(chart[5], third);

    let best = answer(&test, "The best laps of the day");
    let times: Vec<_> = best.iter().map(|row| row["lap_s"].as_f64().unwrap()).collect();
    assert_eq!(times, [40.94, 41.94, 42.94]);
    assert_eq!(best[0]["driver"], "driver 1");

    let karts = answer(&test, "The fastest karts");
    let order: Vec<_> = karts.iter().map(|row| row["kart"].as_str().unwrap()).collect();
    assert_eq!(order, ["1", "2", "3"]);
    assert_eq!(karts[0]["laps"], 11);

    let day = answer(&test, "A dog's day");
    let outcomes: Vec<_> = day.iter().map(|row| (&row["type"], &row["outcome"])).collect();
    assert_eq!(outcomes, [(&json!("JP"), &json!("EXC")), (&json!("AG"), &json!("elim"))]);
    assert_eq!(day[0]["time_line"], "22:13:20 running 0F 0R, 22:13:31 running 1F 0R");

    let gaps = answer(&test, "When a feed was not heard");
    let feeds: Vec<_> = gaps.iter().map(|row| (&row["feed"], &row["reason"])).collect();
    let of_the_track = (&json!("speedpark"), &json!("remote_closed"));
    assert_eq!(feeds, [of_the_track], "the one with a heat on: {gaps:?}");

    let heats = answer(&test, "The heats that are not complete");
    let holes: Vec<_> =
        heats.iter().map(|row| (&row["heat"], &row["driver"], &row["missing_laps"])).collect();
    let (incomplete, unfinished) = (json!("Heat 1"), json!("Heat 2"));
    let (nobody, second, third) = (Value::Null, json!("driver 2"), json!("driver 3"));
    let expected = [
        (&incomplete, &second, &json!("1-2")),
        (&incomplete, &third, &json!("5")),
        (&unfinished, &nobody, &json!("")),
    ];
    assert_eq!(holes, expected);
    assert_eq!((&heats[0]["laps"], &heats[2]["laps"]), (&json!("15 of 18"), &json!("17 of 17")));
}

#[test]
fn docs_name_every_table_and_every_column() {
    let test = TestDb::new();
    let columns = test.rows(
        "SELECT table_name, column_name FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'",
    );
    let described = SCHEMA_MD.split("## Six questions").next().unwrap();
    let sections: Vec<_> = described.split("\n**").collect();
    let mut missing = BTreeSet::new();
    for column in &columns {
        let (table, column) =
            (column["table_name"].as_str().unwrap(), column["column_name"].as_str().unwrap());
        let Some(section) = sections.iter().find(|text| text.starts_with(&format!("{table}**")))
        else {
            missing.insert(table.to_owned());
            continue;
        };
        let is_named = section.contains(&format!("`{column}`"))
            || section.lines().any(|line| line.contains("Key `") && line.contains(column));
        // The pair is described once, with the playsets.
        let is_pair = table == "combined_results"
            && section.contains("`handler` … `dog_height_cm`")
            && is_described_with_playsets(&sections, column);
        let is_parent = column.ends_with("_id");
        if !(is_named || is_pair || is_parent) {
            missing.insert(format!("{table}.{column}"));
        }
    }
    assert!(columns.len() > 100);
    assert_eq!(missing, BTreeSet::new());
}

fn is_described_with_playsets(sections: &[&str], column: &str) -> bool {
    let playsets = sections.iter().find(|text| text.starts_with("playsets**")).unwrap();
    playsets.contains(&format!("`{column}`"))
}
