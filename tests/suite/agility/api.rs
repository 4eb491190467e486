//! `/api/v1`: runs, dogs, handlers, clubs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Office, at_the_office};

impl Office {
    async fn ask(&self, path: &str) -> Value {
        let (status, body) = self.service.get(&format!("/api/v1{path}")).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn refusal(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.service.get(&format!("/api/v1{path}")).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path}: {e}"));
        (status, body["error"].clone())
    }
}

/// These members of every element of a list.
fn columns(list: &Value, names: &[&str]) -> Vec<Value> {
    let row = |one: &Value| names.iter().map(|name| one[*name].clone()).collect();
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(row).collect()
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("no moment: {value}")).parse().unwrap()
}

#[test]
fn run_tells_its_course_and_its_results_in_their_order() {
    at_the_office(async |office| {
        let run = office.ask("/runs/1").await;
        assert_eq!(run["run"]["event"], "Spring Cup");
        assert_eq!(run["run"]["trial"], "Saturday ");
        assert_eq!(run["course"]["judge"], "Ana Juez");
        let rows = columns(&run["playsets"], &["dorsal", "place", "is_provisional", "is_clear"]);
        let expected = [
            json!(["007", 1, false, true]),
            json!(["9", 2, false, true]),
            json!(["41", 3, false, false]),
            json!(["12", 4, false, false]),
            json!(["13", 4, false, false]),
            json!(["7", null, false, false]),
            json!(["50", null, false, false]),
        ];
        assert_eq!(rows, expected);
        let combined = columns(&run["combined"], &["dorsal", "place"]);
        assert_eq!(combined, [json!(["007", 1]), json!(["9", 2])]);
        assert_eq!(columns(&run["brothers"], &["id", "type"]), [json!([2, "AG"])]);
    });
}

#[test]
fn run_tells_decimals_with_the_digits_that_are_stored() {
    at_the_office(async |office| {
        let (_, body) = office.service.get("/api/v1/runs/1").await;
        for member in [
            r#""time_s":35.40,"#,
            r#""time_s":34.200,"#,
            r#""total_penalization_s":0.00,"#,
            r#""total_penalization_s":100.00,"#,
            r#""length_m":160,"#,
        ] {
            assert!(body.contains(member), "{member}: {body}");
        }
        let (_, body) = office.service.get("/api/v1/runs/2/targets").await;
        assert!(body.contains(r#""standard_time_s":42.50,"#), "{body}");
    });
}

#[test]
fn timeline_tells_what_happened_and_when() {
    at_the_office(async |office| {
        let timeline = office.ask("/runs/1/timeline").await;
        let rows = columns(
            &timeline["changes"],
            &["dorsal", "status", "faults", "refusals", "disqualification"],
        );
        let expected = [
            json!(["7", "running", 2, 2, null]),
            json!(["7", "running", 2, 3, "elim"]),
            json!(["7", "calculated", 2, 3, "elim"]),
        ];
        assert_eq!(rows, expected);
    });
}

#[test]
fn targets_are_the_lead_and_the_limits_of_each_qualification() {
    at_the_office(async |office| {
        // Bond leads with 34.200 s and no penalization; 160 m, 40 s standard, 60 s maximum.
        let targets = office.ask("/runs/1/targets?marks=0").await;
        assert_eq!(targets["leader"]["dorsal"], "007");
        assert_eq!(targets["limits_agree"], true);
        let rows =
            columns(&targets["targets"], &["goal", "reach", "time_s", "or_equal", "speed_m_s"]);
        let expected = [
            // 160 / 34.2 = 4.678…, 160 / 46 = 3.478…, 160 / 56 = 2.857…, 160 / 60 = 2.666…
            json!(["lead", "time", 34.200, false, 4.68]),
            json!(["EXC_0", "time", 40.0, true, 4.00]),
            json!(["EXC", "time", 46.0, false, 3.48]),
            json!(["V_GOOD", "time", 56.0, false, 2.86]),
            json!(["GOOD", "time", 60.0, true, 2.67]),
        ];
        assert_eq!(numbers(rows), numbers(expected.to_vec()));

        // With a fault: 41 s leave 5 + 1 = 6 s.
        let targets = office.ask("/runs/1/targets?marks=1").await;
        let rows = columns(&targets["targets"], &["goal", "reach", "time_s"]);
        let expected = [
            json!(["lead", "out_of_reach", null]),
            json!(["EXC_0", "out_of_reach", null]),
            json!(["EXC", "time", 41.0]),
            json!(["V_GOOD", "time", 51.0]),
            json!(["GOOD", "time", 60.0]),
        ];
        assert_eq!(numbers(rows), numbers(expected.to_vec()));
        assert_eq!(office.ask("/runs/1/targets").await["targets"].as_array().unwrap().len(), 30);

        // Nothing is known of the course of run 3, and Flow is clean there.
        let targets = office.ask("/runs/3/targets?marks=0").await;
        let rows = columns(&targets["targets"], &["goal", "reach", "time_s", "speed_m_s"]);
        assert_eq!(
            numbers(rows[..2].to_vec()),
            numbers(vec![
                json!(["lead", "time", 30.0, null]),
                json!(["EXC_0", "unknown", null, null]),
            ])
        );
        assert_eq!(targets["limits_agree"], Value::Null);
    });
}

/// Numbers without regard to their digits.
fn numbers(rows: Vec<Value>) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_f64().map_or_else(|| value.to_string(), |n| n.to_string());
    rows.iter().map(|row| row.as_array().unwrap().iter().map(text).collect()).collect()
}

#[test]
fn until_counts_the_dogs_before_a_dorsal() {
    at_the_office(async |office| {
        // Mel is on course; Zip is next, Zap was swapped behind it, six to nine nobody has seen.
        let zip = office.ask("/runs/2/until/12").await;
        assert_eq!((&zip["turn"], &zip["dogs_before"]), (&json!("to_come"), &json!(0)));
        assert_eq!(zip["on_course"], "41");
        let zap = office.ask("/runs/2/until/13").await;
        assert_eq!((&zap["start_order"], &zap["dogs_before"]), (&json!(5), &json!(1)));
        let told = office.ask("/runs/2/until/88?start_order=10").await;
        assert_eq!((&told["dogs_before"], &told["unseen"]), (&json!(6), &json!(4)));
        for (dorsal, turn) in [("007", "done"), ("41", "on_course"), ("7", "unknown")] {
            let until = office.ask(&format!("/runs/2/until/{dorsal}")).await;
            assert_eq!((&until["turn"], &until["dogs_before"]), (&json!(turn), &Value::Null));
        }
        // One interval says nothing about the next.
        assert_eq!((&zip["rhythm"], &zip["estimate"]), (&Value::Null, &Value::Null));
    });
}

#[test]
fn until_tells_when_a_dorsal_may_be_called_once_the_ring_has_a_rhythm() {
    at_the_office(async |office| {
        // Results every 60 s, the last one 30 s ago.
        office.db.execute(
            "INSERT INTO playset_changes (run_id, playset_id, changed_at, status) \
             SELECT 2, 'x' || n, now() - interval '150 seconds' - n * interval '60 seconds', 'calculated' \
             FROM generate_series(0, 2) AS n; \
             UPDATE playset_changes SET changed_at = now() - interval '90 seconds' WHERE playset_id = 'b2' AND status = 'calculated'; \
             UPDATE playset_changes SET changed_at = now() - interval '330 seconds' WHERE playset_id = 'b1' AND status = 'calculated'",
        );
        let zap = office.ask("/runs/2/until/13").await;
        // 330, 270, 210, 150, 90 s ago.
        assert_eq!(zap["rhythm"]["median_s"], 60.0);
        assert_eq!(zap["rhythm"]["intervals"], 4);
        let last = moment(&zap["rhythm"]["last_result_at"]);
        let estimate = &zap["estimate"];
        let expected = moment(&estimate["expected_at"]);
        // The next result is overdue since 30 s: any moment, and one dog more.
        assert!((expected - last).num_seconds() >= 150, "{zap}");
        assert!(expected <= Utc::now() + chrono::TimeDelta::seconds(60), "{zap}");
        assert!(moment(&estimate["earliest_at"]) <= expected);
        assert!(moment(&estimate["latest_at"]) >= expected);
    });
}

#[test]
fn runs_are_listed_newest_first_and_by_what_is_asked_for() {
    at_the_office(async |office| {
        let ids = |list: &Value| {
            columns(list, &["id"])
                .into_iter()
                .map(|row| row[0].as_i64().unwrap())
                .collect::<Vec<_>>()
        };
        let all = office.ask("/runs").await;
        assert_eq!((ids(&all["runs"]), &all["next"]), (vec![2, 3, 1, 5, 4], &Value::Null));
        for (query, expected) in [
            ("feed=ring-1", vec![2, 1, 5, 4]),
            ("feed=track", vec![]),
            ("event=Spring%20Cup", vec![2, 3, 1, 4]),
            ("ring=2", vec![3]),
            ("type=AG", vec![2, 5]),
            ("feed=ring-1&type=JP&limit=1", vec![1]),
        ] {
            assert_eq!(
                ids(&office.ask(&format!("/runs?{query}")).await["runs"]),
                expected,
                "{query}"
            );
        }
        let first = &all["runs"][2];
        let counts = ["dogs", "done", "clear_rounds", "out"].map(|name| first[name].clone());
        assert_eq!(counts, [json!(7), json!(6), json!(2), json!(1)]);
        assert_eq!(
            first["leader"],
            json!({"dorsal": "007", "dog": "Bond", "handler": "Ülle Tamm"})
        );
        let day = moment(&first["first_seen_at"]).format("%Y-%m-%d");
        assert!(ids(&office.ask(&format!("/runs?day={day}")).await["runs"]).contains(&1));
        assert_eq!(ids(&office.ask("/runs?day=2001-02-03").await["runs"]), Vec::<i64>::new());
    });
}

#[test]
fn cursor_leads_through_all_runs_though_new_ones_come() {
    at_the_office(async |office| {
        let mut seen = Vec::new();
        let mut path = "/runs?limit=2".to_owned();
        loop {
            let page = office.ask(&path).await;
            seen.extend(columns(&page["runs"], &["id"]).into_iter().map(|row| row[0].clone()));
            office.db.execute(
                "INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, first_seen_at, last_seen_at) \
                 SELECT 100 + count(*), 2, 'New', '1', '', 'Run ' || count(*), 'AG', now(), now() FROM agility_runs",
            );
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/runs?limit=2&cursor={next}");
        }
        assert_eq!(seen, [2, 3, 1, 5, 4].map(Value::from));
    });
}

#[test]
fn dog_is_told_its_day_over_all_rings_of_the_event() {
    at_the_office(async |office| {
        let day = office.ask("/dogs/9").await;
        assert_eq!(day["event"], "Spring Cup");
        let runs: Vec<_> = day["runs"].as_array().unwrap().iter().collect();
        let told: Vec<_> = runs
            .iter()
            .map(|run| (run["run"]["id"].clone(), run["playsets"][0]["place"].clone()))
            .collect();
        // Of a year ago there is nothing, though event and dorsal are called the same.
        assert_eq!(told, [(json!(1), json!(2)), (json!(3), json!(1)), (json!(2), json!(2))]);
        assert_eq!(runs[1]["playsets"][0]["is_provisional"], true);
        assert_eq!(columns(&day["combined"], &["place", "dog"]), [json!([2, "Flow"])]);

        let bond = office.ask("/dogs/007?event=Spring%20Cup").await;
        assert_eq!(bond["runs"].as_array().unwrap().len(), 2);
        let rex = office.ask("/dogs/7").await;
        assert_eq!(rex["runs"][0]["playsets"][0]["dog"], "Rex");
        assert_eq!(office.refusal("/dogs/99").await.0, 404);
        assert_eq!(office.refusal("/dogs/9?event=Nowhere").await.0, 404);
    });
}

#[test]
fn handler_is_found_by_name_however_it_is_written() {
    at_the_office(async |office| {
        for name in ["Julen%20L%C3%A1zaro", "JULEN%20L%C3%81ZARO", "%20julen%20l%C3%A1zaro"] {
            let runs = office.ask(&format!("/handlers/{name}")).await;
            let ids: Vec<_> = runs["runs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|run| run["run"]["id"].clone())
                .collect();
            assert_eq!(ids, [2, 3, 1].map(Value::from), "{name}");
        }
        let anna = office.ask("/handlers/Anna%20Nogu%C3%A9s").await;
        let dogs: Vec<_> = anna["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                columns(&run["playsets"], &["dog"])
                    .into_iter()
                    .map(|dog| dog[0].clone())
                    .collect::<Vec<_>>()
            })
            .collect();
        let expected = [
            vec![json!("Mel"), json!("Zip")],
            vec![json!("Mel"), json!("Zip")],
            vec![json!("Mel")],
        ];
        assert_eq!(dogs, expected);
        let zip = office.ask("/handlers/Anna%20Nogu%C3%A9s?dog=zip&feed=ring-1").await;
        assert_eq!(zip["runs"].as_array().unwrap().len(), 2);
        assert_eq!(office.refusal("/handlers/Nobody%20Else").await.0, 404);
    });
}

#[test]
fn clubs_and_countries_are_counted_over_the_runs_of_the_event() {
    at_the_office(async |office| {
        let clubs = office.ask("/clubs?event=Spring%20Cup").await;
        let rows = columns(
            &clubs["clubs"],
            &["name", "dogs", "runs", "clear_rounds", "out", "wins", "podiums", "best_place"],
        );
        let expected = [
            // Flow 2nd, 1st and 2nd; Rex out.
            json!(["Pawer", 2, 4, 2, 1, 1, 3, 1]),
            // Bond 1st twice, Zap 4th.
            json!(["Tartu", 2, 3, 2, 0, 2, 2, 1]),
            // Mel 3rd, Zip 4th.
            json!(["Baix", 2, 2, 0, 0, 0, 1, 3]),
        ];
        assert_eq!(rows, expected);
        let words = json!({"EXC_0": 1, "V_GOOD": 1, "DISQ (R)": 1});
        assert_eq!(clubs["clubs"][0]["qualifications"], words);
        let countries = office.ask("/countries?event=Spring%20Cup").await;
        let rows = columns(&countries["countries"], &["name", "dogs", "runs", "podiums"]);
        let expected = [json!(["ES", 3, 5, 4]), json!(["EE", 2, 3, 2]), json!(["GB", 1, 1, 0])];
        assert_eq!(rows, expected);
    });
}

#[test]
fn combined_results_are_of_the_latest_event_of_that_name() {
    at_the_office(async |office| {
        let combined = office.ask("/combined?event=Spring%20Cup").await;
        let rows = columns(&combined["combined"], &["name", "dorsal", "place", "feed"]);
        let expected = [json!(["G3 / L", "007", 1, "ring-1"]), json!(["G3 / L", "9", 2, "ring-1"])];
        assert_eq!(rows, expected);
        let flow = office.ask("/combined?event=Spring%20Cup&dorsal=9&feed=ring-1").await;
        assert_eq!(columns(&flow["combined"], &["place"]), [json!([2])]);
        assert_eq!(office.ask("/combined?event=Nowhere").await["combined"], json!([]));
    });
}

#[test]
fn mistakes_are_named_when_something_wrong_is_asked() {
    at_the_office(async |office| {
        for (path, status, parameter) in [
            ("/runs?fede=ring-1", 400, json!("fede")),
            ("/runs?limit=501", 400, json!("limit")),
            ("/runs?cursor=zz", 400, json!("cursor")),
            ("/runs?feed=nowhere", 404, Value::Null),
            ("/runs/99", 404, Value::Null),
            ("/runs/1/targets?marks=6", 400, json!("marks")),
            ("/runs/99/until/7", 404, Value::Null),
            ("/clubs?day=today", 400, json!("day")),
            ("/combined", 400, json!("event")),
            ("/combined?event=Spring%20Cup&feed=nowhere", 404, Value::Null),
            ("/handlers/Ann%20Lee?feed=nowhere", 404, Value::Null),
        ] {
            let (told, error) = office.refusal(path).await;
            assert_eq!(told, status, "{path}: {error}");
            if status == 404 {
                assert_eq!(error["code"], "not_found", "{path}");
            } else if path != "/combined" {
                assert_eq!(error["parameter"], parameter, "{path}: {error}");
            }
        }
    });
}
