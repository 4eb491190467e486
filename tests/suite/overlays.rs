//! Overlays over the whole service: what venues send, as it goes on air.

use std::collections::BTreeSet;

use actix::System;
use ringside::{pipeline::websocket::ConnectError, simulator::Fault};
use serde_json::{Value, json};

use crate::{
    pages::{Client, Scene, connect},
    support::wait_until,
};

const SAMPLES: &str = include_str!("../fixtures/flowagility/messages-2024.json");

/// A frame of a heat with this driver in the lead, after so many laps of 41 s and more.
fn frame(leader: &str, laps: i64, state: i64) -> String {
    let driver = |id: i64, name: &str, position: i64, gap: &str| {
        let lap_ms = 41_000 - 10 * laps + 500 * position;
        json!({
            "LP": 0, "A": lap_ms, "B": lap_ms, "K": format!("{id}"), "G": gap, "D": id, "L": laps,
            "T": lap_ms, "R": 5, "N": name, "P": position, "M": 0,
        })
    };
    let running = i64::from(state == 1);
    json!({
        "T": 1_700_000_100, "CE": running, "CS": running, "EM": 0, "C": 300_000, "E": 1, "R": 0,
        "L": 0, "S": state, "N": "[HEAT] 7 - Mega Pro ",
        "D": [driver(11, leader, 1, ""), driver(12, "Bob", 2, "+00.400")],
    })
    .to_string()
}

/// What a client has on its screen: the parts that its places name.
#[derive(Default)]
struct Air {
    parts: serde_json::Map<String, Value>,
    places: serde_json::Map<String, Value>,
    stale: bool,
}

impl Air {
    async fn hear(&mut self, client: &mut Client) {
        let mut message = client.message().await;
        for (known, told) in [(&mut self.parts, "parts"), (&mut self.places, "order")] {
            if let Value::Object(told) = message[told].take() {
                known.extend(told);
            }
        }
        self.stale = !message["stale"].is_null();
    }

    async fn hear_until(&mut self, client: &mut Client, what: &str, is: impl Fn(&Self) -> bool) {
        wait_until(what, async || {
            self.hear(client).await;
            is(self)
        })
        .await;
    }

    fn on_air(&self) -> BTreeSet<&str> {
        let places = self.places.iter().filter(|(place, _)| place.starts_with("at-"));
        places.flat_map(|(_, ids)| ids.as_array().unwrap()).map(|id| id.as_str().unwrap()).collect()
    }

    fn part(&self, id: &str) -> &str {
        self.parts.get(id).and_then(Value::as_str).unwrap_or_default()
    }
}

#[test]
fn overlay_shows_every_part_of_a_heat_as_the_venue_sends_it() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let all = "/overlay/track/socket?parts=clock,tower,last,best,battle&columns=places,gap";
        let mut client = scene.socket(all).await;
        let mut air = Air::default();
        air.hear(&mut client).await;
        assert!(air.stale && air.on_air().is_empty());

        scene.track.push(frame("<script>alert(1)</script>", 1, 1));
        // Laps that were there before anybody listened are no news.
        air.hear_until(&mut client, "the heat", |air| air.on_air().contains("tower")).await;
        assert!(!air.on_air().contains("last"));
        scene.track.push(frame("<script>alert(1)</script>", 2, 1));
        air.hear_until(&mut client, "the lap", |air| air.part("last").contains("Lap 2")).await;
        assert!(!air.stale);
        let parts = ["battle", "best", "clock", "last", "tower"];
        assert_eq!(air.on_air(), BTreeSet::from(parts));
        assert_eq!(air.places["tower-rows"], json!(["driver-11", "driver-12"]));
        let whole = Value::from(air.parts.clone()).to_string();
        assert!(!whole.contains("<script>") && whole.contains("&lt;script&gt;"), "{whole}");
        assert!(air.part("clock").contains(">7 - Mega Pro</span>"), "{}", air.part("clock"));
        assert!(air.part("clock").contains("data-clock-dir=\"down\" data-clock-runs"));
        assert!(air.part("driver-12").contains("+0.400"), "{}", air.part("driver-12"));

        // The lap is no news any more, and nobody races.
        scene.track.push(frame("Ann", 2, 4));
        air.hear_until(&mut client, "the finish", |air| {
            air.on_air() == BTreeSet::from(["best", "clock", "tower"])
        })
        .await;
        assert!(air.part("clock").contains("Finished"), "{}", air.part("clock"));

        scene.track.push("{}");
        air.hear_until(&mut client, "nothing", |air| air.on_air().is_empty()).await;
        assert!(!air.stale, "nothing is on, and that is true");
        scene.close().await;
    });
}

#[test]
fn overlay_shows_every_part_of_a_ring_as_the_documented_messages_tell_it() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let all = "/overlay/ring/socket?parts=run,dog,result,next,clock,beat,best,combined&lang=es";
        let mut client = scene.socket(all).await;
        let mut air = Air::default();
        let mut seen = BTreeSet::new();
        let samples: Vec<Value> = serde_json::from_str(SAMPLES).unwrap();
        // Also from the beginning again: a dog is seen to start only where it was seen before.
        for sample in samples.iter().chain(&samples) {
            let text = sample["msg"].as_str().map_or_else(|| sample["msg"].to_string(), Into::into);
            scene.ring.push(text);
            for _ in 0..2 {
                air.hear(&mut client).await;
                seen.extend(air.on_air().into_iter().map(str::to_owned));
            }
        }
        for part in ["run", "dog", "result", "next", "best", "combined"] {
            assert!(seen.contains(part), "no {part} in {seen:?}");
        }
        assert!(air.part("dog").contains("Rehúses"), "{}", air.part("dog"));
        scene.close().await;
    });
}

#[test]
fn overlay_is_stale_while_its_venue_is_away() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(frame("Ann", 1, 1));
        let mut client = scene.socket("/overlay/track/socket").await;
        let mut air = Air::default();
        air.hear_until(&mut client, "the heat", |air| !air.stale).await;
        scene.track.set_fault(Fault::Refuse);
        scene.track.drop_connections();
        air.hear_until(&mut client, "it is stale", |air| air.stale).await;
        scene.track.set_fault(Fault::None);
        air.hear_until(&mut client, "it is back", |air| !air.stale).await;
        scene.close().await;
    });
}

#[test]
fn overlay_takes_its_looks_from_the_address_and_never_shows_an_error() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let page =
            scene.page("/overlay/track?theme=light&scale=2&delay=3&parts=nonsense&rows=x").await;
        for piece in ["class=\"theme-light\"", "data-scale=\"2\"", "data-delay=\"3\""] {
            assert!(page.contains(piece), "no {piece} in {page}");
        }
        // On air already while its feed is not configured yet: empty, and asking again.
        let (status, empty) = scene.service.get("/overlay/nowhere").await;
        assert_eq!(status, 404);
        assert!(empty.contains("id=\"air\"") && !empty.contains("not found"), "{empty}");
        let refused = connect(scene.service.address(), "/overlay/nowhere/socket").await;
        assert!(matches!(refused, Err(ConnectError::Refused(_))), "it answered otherwise");

        let mut client = scene.socket("/overlay/track/socket?parts=tower,nonsense&rows=1").await;
        scene.track.push(frame("Ann", 1, 1));
        let mut air = Air::default();
        air.hear_until(&mut client, "the table", |air| !air.on_air().is_empty()).await;
        assert_eq!(air.on_air(), BTreeSet::from(["tower"]));
        assert_eq!(air.places["tower-rows"], json!(["driver-11"]));
        scene.close().await;
    });
}

#[test]
fn builder_offers_the_feeds_and_what_each_can_show() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let track = scene.page("/overlay?feed=track&scale=9").await;
        assert!(track.contains("value=\"tower\" checked"), "{track}");
        assert!(track.contains("<code>scale=9</code>"), "{track}");
        let address = format!("http://{}/overlay/track?lang=en", scene.service.address());
        assert!(track.contains(&format!("value=\"{address}\"")), "{track}");
        let ring = scene.page("/overlay?feed=ring&lang=nl").await;
        assert!(ring.contains("value=\"combined\"") && !ring.contains("value=\"tower\""), "{ring}");
        // Each asset it names is there.
        for link in track.split(['"']).filter(|piece| piece.starts_with("/assets/")) {
            assert_eq!(scene.service.get(link).await.0, 200, "{link}");
        }
        scene.close().await;
    });
}
