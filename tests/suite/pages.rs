//! The pages over the whole service: what a browser is served, and what its socket tells.

use std::sync::Arc;

use actix::System;
use ringside::{
    pipeline::websocket::{ConnectError, Incoming, SocketSettings, Websocket},
    simulator::{
        Fault, Plays, Ring, RingOptions, Simulator, SimulatorOptions, Track, TrackOptions,
    },
};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use crate::support::{
    LIMIT,
    postgres::TestDb,
    service::{Service, options, ring_table, track_table},
    wait_until,
};

/// Two drivers, five laps to go; the second one is called what nobody should be.
const RACE: &str = r#"{"T":1773951300,"CE":1,"CS":1,"D":[{"LP":0,"A":62149,"B":59227,"K":"2","G":"","D":19086130,"L":6,"T":64740,"R":5,"N":"Мишаня","P":1,"M":0},{"LP":0,"A":62644,"B":59981,"K":"1","G":"+01.265","D":19086075,"L":6,"T":65428,"R":5,"N":"<img src=x onerror=alert(1)>","P":2,"M":0}],"EM":0,"C":439916,"N":"[HEAT] 46 - Гонка","E":2,"R":0,"L":5,"S":1}"#;
const MESSAGES: &str = include_str!("../fixtures/flowagility/messages-2024.json");

/// A track and a ring that say what they are told to.
pub struct Scene {
    db: TestDb,
    _simulator: Simulator,
    pub track: Track,
    pub ring: Ring,
    pub service: Service,
}

impl Scene {
    pub async fn open() -> Self {
        let (db, simulator) =
            (TestDb::new(), Simulator::start(SimulatorOptions::default()).await.unwrap());
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@pages") };
        let track = simulator.add_track(track);
        let ring = RingOptions { plays: Plays::Nothing, ..RingOptions::new("pages001") };
        let ring = simulator.add_ring(ring);
        let feeds = track_table("track", &track) + &ring_table("ring", &ring);
        let mut options = options();
        // Venues of this test are silent on purpose.
        options.deadlines.silence = None;
        options.deadlines.first_message = LIMIT;
        let service = Service::start_with(&db, &feeds, options, |_| {}).await;
        Self { db, _simulator: simulator, track, ring, service }
    }

    pub async fn page(&self, path: &str) -> String {
        let (status, body) = self.service.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Waits until the page says so.
    async fn page_says(&self, path: &str, words: &str) -> String {
        wait_until(words, async || self.page(path).await.contains(words)).await;
        self.page(path).await
    }

    pub async fn socket(&self, path: &str) -> Client {
        Client { socket: connect(self.service.address(), path).await.unwrap() }
    }

    pub async fn close(self) {
        self.service.stop().await;
        drop(self.db);
    }
}

/// What the script of a page hears.
pub struct Client {
    socket: Websocket,
}

impl Client {
    pub async fn message(&mut self) -> Value {
        let settings = settings();
        let heard = timeout(LIMIT, async {
            loop {
                match self.socket.next(&settings).await.unwrap() {
                    Incoming::Text(text) => return serde_json::from_str(&text).unwrap(),
                    Incoming::Ping | Incoming::Pong => {}
                    Incoming::Binary(bytes) => panic!("{bytes:?}"),
                }
            }
        });
        let message: Value = heard.await.expect("something is said in time");
        assert!(message["now"].is_i64(), "{message}");
        message
    }

    /// The first message for which this is true.
    pub async fn message_with(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.message().await;
            if is_it(&message) {
                return message;
            }
        }
    }
}

fn settings() -> Arc<SocketSettings> {
    Arc::new(SocketSettings::new(1 << 20, false, Vec::new()).unwrap())
}

pub async fn connect(address: std::net::SocketAddr, path: &str) -> Result<Websocket, ConnectError> {
    let url = Url::parse(&format!("ws://{address}{path}")).unwrap();
    timeout(LIMIT, Websocket::connect(&url, &settings())).await.expect("an answer in time")
}

/// The value of an attribute of the page, as a browser reads it.
fn attribute(html: &str, name: &str) -> String {
    let (_, rest) = html.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}"));
    rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&quot;", "\"")
}

#[test]
fn page_shows_the_present_heat_without_a_script() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let before = scene.page("/feeds/track").await;
        assert!(before.contains("Waiting for the first data"), "{before}");
        scene.track.push(RACE);
        let page = scene.page_says("/feeds/track", "Мишаня").await;
        for shown in ["46 - Гонка", "5 laps to go", "1:04.740", "59.227", "+01.265", "1:02.644"]
        {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert!(page.contains("<noscript><meta http-equiv=\"refresh\""), "{page}");
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "{page}");
        assert!(!page.contains("<img"), "{page}");

        scene.track.push("{}");
        scene.page_says("/feeds/track", "No heat is loaded on this track.").await;
        scene.close().await;
    });
}

#[test]
fn page_shows_the_ring_as_the_documented_messages_tell_it() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let messages: Vec<Value> = serde_json::from_str(MESSAGES).unwrap();
        for (shown, message) in [
            ("The start order is not out yet.", &messages[0]["msg"]),
            ("Next dog", &messages[1]["msg"]),
            ("On course", &messages[2]["msg"]),
            ("Finished", &messages[5]["msg"]),
        ] {
            scene.ring.push(message.to_string());
            scene.page_says("/feeds/ring", shown).await;
        }
        scene.close().await;
    });
}

#[test]
fn pages_answer_in_the_language_that_is_wanted() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(RACE);
        for (lang, feeds, to_go) in [
            ("en", "2 feeds", "5 laps to go"),
            ("es", "2 pistas", "Faltan 5 vueltas"),
            ("de", "2 Anzeigen", "Noch 5 Runden"),
            ("fr", "2 pistes", "Encore 5 tours"),
            ("nl", "2 banen", "Nog 5 ronden"),
        ] {
            let page = scene.page_says(&format!("/feeds/track?lang={lang}"), to_go).await;
            assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{page}");
            // The language goes on with the reader.
            assert!(page.contains(&format!("href=\"/?lang={lang}\"")), "{page}");
            let fleet = scene.page(&format!("/?lang={lang}&unknown=1")).await;
            assert!(fleet.contains(feeds), "{fleet}");
            assert!(fleet.contains(&format!("href=\"/feeds/track?lang={lang}\"")), "{fleet}");
        }
        scene.close().await;
    });
}

#[test]
fn page_of_no_feed_is_a_page_that_says_so() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let (status, page) = scene.service.get("/feeds/nowhere?lang=fr").await;
        assert_eq!(status, 404);
        assert!(page.contains("Cette page n’existe pas"), "{page}");
        let refused = connect(scene.service.address(), "/feeds/nowhere/socket").await;
        assert!(matches!(refused, Err(ConnectError::Refused(_))), "it was upgraded");
        scene.close().await;
    });
}

#[test]
fn page_and_all_it_loads_weigh_little_and_come_from_here() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(RACE);
        let page = scene.page_says("/feeds/track", "Мишаня").await;
        let mut weight = page.len();
        let links: Vec<_> = page.split("\"/assets/").skip(1).collect();
        assert_eq!(links.len(), 2, "{page}");
        for link in links {
            let path = format!("/assets/{}", link.split_once('"').unwrap().0);
            weight += scene.page(&path).await.len();
        }
        assert!(weight < 100_000, "{weight}");
        for outside in ["http://", "https://", "style=\"", "onclick"] {
            assert!(!page.contains(outside), "{outside}: {page}");
        }
        scene.close().await;
    });
}

#[test]
fn socket_tells_all_at_first_and_then_what_changed() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(RACE);
        let page = scene.page_says("/feeds/track?lang=de", "Мишаня").await;
        let mut client = scene.socket(&attribute(&page, "data-socket")).await;
        let first = client.message().await;
        assert_eq!(first["stale"], Value::Null, "{first}");
        let rows = serde_json::json!(["d19086130", "d19086075"]);
        assert_eq!(first["order"]["heat-rows"], rows);
        for id in ["status", "heat-head", "heat-clock", "heat", "d19086130", "d19086075"] {
            let html = first["parts"][id].as_str().unwrap_or_else(|| panic!("{id}: {first}"));
            assert!(html.contains(&format!("id=\"{id}\"")), "{html}");
        }
        assert!(!first.to_string().contains("<img"), "{first}");

        // A lap of the second driver: with two laps there is something to draw.
        let lap = RACE.replace("\"L\":6,\"T\":65428", "\"L\":7,\"T\":61000");
        scene.track.push(lap.replace("439916", "441000"));
        let next = client.message_with(|message| message["parts"].is_object()).await;
        let parts = next["parts"].as_object().unwrap();
        let ids: Vec<_> = parts.keys().map(String::as_str).collect();
        let charts = ["charts", "d19086075", "heat-clock", "lap-chart", "position-chart"];
        assert_eq!(ids, charts, "{next}");
        assert!(parts["d19086075"].as_str().unwrap().contains("1:01.000"), "{next}");
        assert_eq!(next["order"]["heat-rows"], Value::Null, "{next}");

        // One of the first: the charts stand for a while.
        let lap = lap.replace("\"L\":6,\"T\":64740", "\"L\":7,\"T\":62000");
        scene.track.push(lap.replace("439916", "442000"));
        let next = client.message_with(|message| message["parts"].is_object()).await;
        let parts = next["parts"].as_object().unwrap();
        let ids: Vec<_> = parts.keys().map(String::as_str).collect();
        assert_eq!(ids, ["d19086130", "heat-clock"], "{next}");
        assert_eq!(next["order"], Value::Null, "{next}");

        scene.track.push("{}");
        let empty = client.message_with(|message| message["order"].is_object()).await;
        assert_eq!(empty["order"], serde_json::json!({ "board": ["notice"] }));
        scene.close().await;
    });
}

#[test]
fn socket_says_that_a_page_is_stale_when_the_venue_is_gone_and_when_it_is_back() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(RACE);
        scene.page_says("/feeds/track", "Мишаня").await;
        let mut client = scene.socket("/feeds/track/socket?lang=es&view=live").await;
        assert_eq!(client.message().await["stale"], Value::Null);

        scene.track.set_fault(Fault::Refuse);
        scene.track.drop_connections();
        let stale = client.message_with(|message| message["stale"].is_string()).await;
        let words = "Sin conexión con la pista. Lo que se ve no está al día.";
        assert_eq!(stale["stale"], words);
        let page = scene.page("/feeds/track?lang=es").await;
        assert!(page.contains("<body class=\"is-stale\"") && page.contains(words), "{page}");
        let fleet = scene.page_says("/?lang=es", "1 con problemas").await;
        assert!(fleet.contains("class=\"card trouble\""), "{fleet}");

        scene.track.set_fault(Fault::None);
        client.message_with(|message| message["stale"].is_null()).await;
        scene.close().await;
    });
}

#[test]
fn socket_of_the_fleet_tells_only_the_cards_that_changed() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        scene.track.push(RACE);
        let page = scene.page_says("/", "46 - Гонка").await;
        let mut client = scene.socket(&attribute(&page, "data-socket")).await;
        let first = client.message().await;
        for id in ["summary", "f-track", "f-ring"] {
            assert!(first["parts"][id].is_string(), "{id}: {first}");
        }
        assert!(page.contains(first["parts"]["summary"].as_str().unwrap()), "{first}");

        scene.track.push("{}");
        let next = client.message_with(|message| message["parts"]["f-track"].is_string()).await;
        assert!(next["parts"]["f-track"].as_str().unwrap().contains("No heat is loaded"));
        assert_eq!(next["parts"].as_object().unwrap().len(), 1, "{next}");
        scene.close().await;
    });
}

#[test]
fn socket_sends_a_page_of_another_version_away() {
    System::new().block_on(async {
        let scene = Scene::open().await;
        let mut client = scene.socket("/feeds/track/socket?version=0123").await;
        let end = timeout(LIMIT, client.socket.next(&settings())).await.unwrap().unwrap_err();
        assert!(end.to_string().contains("4001"), "{end}");
        scene.close().await;
    });
}
