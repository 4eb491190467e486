//! Names of drivers at a venue, and what was driven under them.

use actix::System;
use ringside::{config::Config, http::Privacy};
use serde_json::{Value, json};

use crate::support::{
    past::{FEEDS, Past},
    service::{Service, options},
};

async fn ask(service: &Service, path: &str) -> Value {
    let (status, body) = service.get(&format!("/api/v1/{path}")).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    let drivers = list["drivers"].as_array().unwrap().iter();
    drivers.map(|driver| driver["name"].as_str().unwrap()).collect()
}

fn season() -> Past {
    let past = Past::new();
    past.heat(1, 1, "Heat 1", "2026-05-01T18:00:00Z");
    past.drives(1, 1, ("Ann", "7"), &[45_000, 41_000, 40_500, 40_900, 43_000]);
    past.drives(1, 2, ("Bob", "9"), &[44_000, 40_000]);
    past.heat(2, 2, "Kids", "2026-05-02T18:00:00Z");
    past.drives(2, 1, (" ann", "K1"), &[30_000, 29_000]);
    past.drives(2, 2, ("Ann", "K2"), &[31_000]);
    past.heat(3, 3, "Heat 1", "2026-05-03T18:00:00Z");
    past.drives(3, 1, ("Ann", "1"), &[20_000]);
    past.heat(4, 1, "Heat 9", "2026-06-01T18:00:00Z");
    past.drives(4, 1, ("A. Nna", "3"), &[44_000, 39_000]);
    past.drives(4, 2, ("annika", "4"), &[]);
    past
}

#[test]
fn names_of_a_venue_are_listed_once_page_by_page_and_found_by_their_beginning() {
    System::new().block_on(async {
        let past = season();
        let service = past.serve("").await;
        let all = ask(&service, "drivers?feed=main").await;
        // Over both tracks of the venue, as they were written in the latest heat.
        assert_eq!(names(&all), ["A. Nna", "Ann", "annika", "Bob"]);
        assert_eq!((&all["next"], &all["is_hidden"]), (&Value::Null, &json!(false)));
        assert_eq!(
            (&all["drivers"][1]["heats"], &all["drivers"][1]["last_heat_id"]),
            (&json!(3), &json!(2))
        );
        let begins = ask(&service, "drivers?feed=kids&begins=ANN").await;
        assert_eq!(names(&begins), ["Ann", "annika"]);
        assert_eq!(names(&ask(&service, "drivers?feed=kids&begins=x").await), [""; 0]);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ask(&service, &format!("drivers?feed=main&limit=1{cursor}")).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, names(&all));
        for (query, status) in
            [("drivers", 400), ("drivers?feed=main&venue=x", 400), ("drivers?feed=x", 404)]
        {
            assert_eq!(service.get(&format!("/api/v1/{query}")).await.0, status, "{query}");
        }
        service.stop().await;
    });
}

#[test]
fn history_of_a_name_has_every_heat_of_the_venue() {
    System::new().block_on(async {
        let past = season();
        let service = past.serve("").await;
        let ann = ask(&service, "drivers/ANN?feed=main").await;
        assert_eq!(
            (&ann["name"], &ann["venue"], &ann["identity"]),
            (&json!("Ann"), &json!("SpeedPark"), &json!("name"))
        );
        let heats = ann["heats"].as_array().unwrap();
        let ids: Vec<_> = heats.iter().map(|heat| (&heat["heat_id"], &heat["driver_id"])).collect();
        // Two of the name in heat 2.
        assert_eq!(ids, [(&json!(2), &json!(2)), (&json!(2), &json!(1)), (&json!(1), &json!(1))]);
        assert_eq!(
            heats[2],
            json!({
                "heat_id": 1, "feed": "main", "heat_name": "Heat 1",
                "at": "2026-05-01T18:00:00Z", "state": "finished", "driver_id": 1,
                "name": "Ann", "kart": "7", "position": 1, "drivers": 2, "laps": 5,
                "best_lap_ms": 40_500,
                // Of 40.5, 40.9, 41.0 and 43.0: the second; and from the first to the third.
                "median_ms": 40_900, "interquartile_ms": 500,
                "heat_best_lap_ms": 40_000, "behind_best_ms": 500,
            })
        );
        assert_eq!(
            ann["tracks"],
            json!([
                {"feed": "kids", "name": "Kids", "heats": 2, "best_lap_ms": 29_000,
                 "best_at": "2026-05-02T18:00:59Z", "best_kart": "K1", "best_heat_id": 2},
                {"feed": "main", "name": "Main", "heats": 1, "best_lap_ms": 40_500,
                 "best_at": "2026-05-01T18:02:06.500Z", "best_kart": "7", "best_heat_id": 1},
            ])
        );
        let first = ask(&service, "drivers/Ann?feed=main&limit=1").await;
        assert_eq!(first["heats"][0], heats[0]);
        let cursor = first["next"].as_str().unwrap();
        let rest = ask(&service, &format!("drivers/Ann?feed=main&cursor={cursor}")).await;
        assert_eq!(rest["heats"].as_array().unwrap()[..], heats[1..]);
        // Without a lap.
        let annika = ask(&service, "drivers/annika?feed=kids").await;
        assert_eq!(annika["heats"][0]["best_lap_ms"], Value::Null);
        assert_eq!(annika["tracks"][0]["best_lap_ms"], Value::Null);
        assert_eq!(service.get("/api/v1/drivers/Nobody?feed=main").await.0, 404);
        assert_eq!(service.get("/api/v1/drivers/Ann?feed=nowhere").await.0, 404);
        service.stop().await;
    });
}

#[test]
fn history_joins_aliases_and_goes_by_new_ones_at_once() {
    System::new().block_on(async {
        let past = season();
        let service = past.serve("").await;
        assert_eq!(ask(&service, "drivers/Ann?feed=main").await["tracks"][1]["heats"], 1);
        let alias =
            "[[alias]]\nvenue = \"SpeedPark\"\nname = \"Anna N.\"\nalso = [\"ann\", \"a. nna\"]\n";
        let config = service.configuration(&past.db, &format!("{FEEDS}{alias}"));
        assert!(service.app.set_almanac(&config));
        assert!(!service.app.set_almanac(&config), "the same as before");
        for name in ["Ann", "A.%20Nna", "anna%20n."] {
            let anna = ask(&service, &format!("drivers/{name}?feed=kids")).await;
            assert_eq!((&anna["name"], &anna["identity"]), (&json!("Anna N."), &json!("alias")));
            let main = &anna["tracks"][1];
            assert_eq!((&main["heats"], &main["best_lap_ms"]), (&json!(2), &json!(39_000)));
            assert_eq!(anna["heats"][0]["heat_id"], 4);
        }
        // Only at that venue.
        assert_eq!(ask(&service, "drivers/Ann?feed=other").await["identity"], "name");
        service.stop().await;
    });
}

#[test]
fn initials_are_shown_and_nobody_is_listed_when_names_are_private() {
    System::new().block_on(async {
        let past = season();
        past.sum_up();
        let private = |config: &mut Config| config.http.privacy = Privacy::Initials;
        let service = Service::start_with(&past.db, FEEDS, options(), private).await;
        let list = ask(&service, "drivers?feed=main&begins=a").await;
        assert_eq!(list, json!({"drivers": [], "is_hidden": true, "next": null}));
        let ann = ask(&service, "drivers/Ann?feed=main").await;
        assert_eq!((&ann["name"], &ann["heats"][0]["name"]), (&json!("A."), &json!("A.")));
        let records = ask(&service, "records?feed=main&window=ever").await;
        assert_eq!(records["records"][0]["name"], "A. N.");
        service.stop().await;
    });
}
