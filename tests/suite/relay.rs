//! The relay: local clients of both protocols, with nothing but another address.

mod client;
mod crowd;
mod hostile;

use std::{fs, sync::Arc};

use actix::System;
use ringside::{
    http::session::{End, SessionLimits},
    pipeline::websocket::SocketSettings,
    simulator::{
        Fault, Plays, Ring, RingOptions, Simulator, SimulatorOptions, Track, TrackOptions,
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::support::{
    postgres::TestDb,
    service::{Service, get, options, ring_table, track_table},
    wait_until,
};

use client::{Client, refusal};

const SAMPLES: &str = include_str!("../fixtures/flowagility/messages-2024.json");
const NOT_READY: &str = r#"{"error":"Runs are not ready yet"}"#;
/// The sample frames of BMI, and the one that says that nothing is loaded.
const FRAMES: [&str; 5] = [
    include_str!("../fixtures/bmi/before_start_timed.json"),
    include_str!("../fixtures/bmi/running_by_laps.json"),
    include_str!("../fixtures/bmi/finished_timed.json"),
    "{}",
    include_str!("../fixtures/bmi/seed.json"),
];

/// The messages of the document, with the line breaks and the blanks that they have there.
fn samples() -> Vec<&'static str> {
    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(borrow)]
        msg: &'a RawValue,
    }
    let samples: Vec<Sample<'static>> = serde_json::from_str(SAMPLES).unwrap();
    samples.into_iter().map(|sample| sample.msg.get()).collect()
}

async fn simulator() -> Simulator {
    Simulator::start(SimulatorOptions::default()).await.unwrap()
}

fn ring(simulator: &Simulator, token: &str) -> Ring {
    simulator.add_ring(RingOptions { plays: Plays::Nothing, ..RingOptions::new(token) })
}

fn track(simulator: &Simulator, resource: &str) -> Track {
    simulator.add_track(TrackOptions { plays: Plays::Nothing, ..TrackOptions::new(resource) })
}

async fn is_up(service: &Service, feed: &str) {
    wait_until("the feed is up", async || {
        service.feed(feed).await.state == ringside::pipeline::supervisor::FeedState::Up
    })
    .await;
}

async fn frames_are(service: &Service, feed: &str, frames: u64) {
    wait_until("the frames", async || service.feed(feed).await.frames >= frames).await;
}

fn settings() -> Arc<SocketSettings> {
    Arc::new(SocketSettings::new(1 << 20, false, Vec::new()).unwrap())
}

#[test]
fn ring_client_hears_every_message_once_and_byte_for_byte() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let ring = ring(&simulator, "-aB3_xYz");
        let service = Service::start(&db, &ring_table("ring", &ring)).await;
        is_up(&service, "ring").await;

        // A client that pings before all else, one that asks, and one that only listens.
        let mut pinging = Client::connect(&service, "/relay/ring").await;
        let mut asking = Client::connect(&service, "/relay/ring").await;
        let mut listening = Client::connect(&service, "/relay/ring").await;
        assert_eq!(pinging.ask("ping").await, "pong");
        assert_eq!(asking.ask("streaming_data").await, NOT_READY);
        assert_eq!(asking.ask("version").await, "1.0.0");
        assert_eq!(asking.ask(" Ping\n").await, "pong");
        asking.send("what is the time?").await;

        let samples = samples();
        assert_eq!(samples.len(), 11);
        for sample in &samples {
            ring.push(*sample);
        }
        for client in [&mut pinging, &mut asking, &mut listening] {
            for sample in &samples {
                assert_eq!(client.text().await, *sample);
            }
            assert_eq!(client.ask("ping").await, "pong", "nothing more came");
        }
        assert_eq!(asking.ask("streaming_data").await, samples[10]);
        // One that comes later hears nothing that it does not ask for.
        let mut late = Client::connect(&service, "/relay/ring").await;
        assert_eq!(late.ask("ping").await, "pong");
        assert_eq!(late.ask("streaming_data").await, samples[10]);

        assert_eq!((ring.connections(), ring.open_connections()), (1, 1));
        pinging.close().await;
        service.stop().await;
    });
}

#[test]
fn ring_client_hears_nothing_twice_when_the_venue_was_away() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let ring = ring(&simulator, "-aB3_xYz");
        let service = Service::start(&db, &ring_table("ring", &ring)).await;
        is_up(&service, "ring").await;
        let mut client = Client::connect(&service, "/relay/ring").await;
        let samples = samples();
        ring.push(samples[1]);
        assert_eq!(client.text().await, samples[1]);

        ring.set_fault(Fault::Refuse);
        ring.drop_connections();
        wait_until("the venue is away", async || ring.open_connections() == 0).await;
        assert_eq!(client.ask("ping").await, "pong");
        assert_eq!(client.ask("streaming_data").await, samples[1]);
        let frames = service.feed("ring").await.frames;
        ring.set_fault(Fault::None);
        // What the new connection asked for is what was known: the message and the version.
        frames_are(&service, "ring", frames + 2).await;
        ring.push(samples[2]);
        assert_eq!(client.text().await, samples[2]);
        assert_eq!(client.ask("ping").await, "pong");
        service.stop().await;
    });
}

#[test]
fn track_client_hears_the_last_frame_when_it_starts_and_then_each_one() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let track = track(&simulator, "8501@speedpark");
        track.push(FRAMES[0]);
        let service = Service::start(&db, &track_table("track", &track)).await;
        is_up(&service, "track").await;
        frames_are(&service, "track", 1).await;

        let mut client = Client::connect(&service, "/relay/track").await;
        let mut other = Client::connect(&service, "/relay/track").await;
        // Nothing before it is asked for, nor to who asks for what is served elsewhere.
        other.send("START 8502@speedpark").await;
        track.push(FRAMES[1]);
        frames_are(&service, "track", 2).await;
        client.is_silent().await;
        other.is_silent().await;

        client.send("START 8501@speedpark").await;
        assert_eq!(client.text().await, FRAMES[1]);
        for frame in FRAMES {
            track.push(frame);
            assert_eq!(client.text().await, frame);
        }
        // A running heat says the same twice within milliseconds, and both are told.
        track.push(FRAMES[4]);
        assert_eq!(client.text().await, FRAMES[4]);
        client.send("start  8501@speedpark\r\n").await;
        assert_eq!(client.text().await, FRAMES[4]);
        other.is_silent().await;
        client.is_silent().await;
        assert_eq!(track.connections(), 1);
        service.stop().await;
    });
}

#[test]
fn track_client_hears_a_recorded_heat_byte_for_byte() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings/bmi-one-heat.jsonl");
    let Ok(recording) = fs::read_to_string(recording) else {
        eprintln!("skipped: no recording");
        return;
    };
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let track = track(&simulator, "1@recorded");
        let service = Service::start(&db, &track_table("track", &track)).await;
        is_up(&service, "track").await;
        let mut client = Client::connect(&service, "/relay/track").await;
        client.send("START 1@recorded").await;
        let mut frames = 0;
        for frame in recording.lines() {
            track.push(frame);
            assert_eq!(client.text().await, frame);
            frames += 1;
        }
        assert_eq!(frames, 1_313);
        client.is_silent().await;
        service.stop().await;
    });
}

#[test]
fn track_client_on_the_port_of_its_own_names_the_track_it_wants() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let tracks = ["1@park", "2@park", "3@park"].map(|name| track(&simulator, name));
        for (track, frame) in tracks.iter().zip(FRAMES) {
            track.push(frame);
        }
        let [first, second, third] = &tracks;
        let two = track_table("first", first) + &track_table("second", second);
        let service = Service::start_with(&db, &two, options(), |config| {
            config.relay.bmi_bind = Some(([127, 0, 0, 1], 0).into());
        })
        .await;
        frames_are(&service, "first", 1).await;
        frames_are(&service, "second", 1).await;
        let port = service.app.relay_address().unwrap();

        let mut client = Client::connect_to(port, "/").await;
        client.is_silent().await;
        client.send("START 2@park").await;
        assert_eq!(client.text().await, FRAMES[1]);
        client.send("START 1@park").await;
        assert_eq!(client.text().await, FRAMES[0]);
        first.push("{}");
        second.push(FRAMES[3]);
        assert_eq!(client.text().await, "{}");
        client.is_silent().await;

        // What is asked for too early is told when it is there.
        let mut early = Client::connect_to(port, "/any/path").await;
        early.send("START 3@park").await;
        early.is_silent().await;
        service.set_feeds(&db, &(two + &track_table("third", third))).await;
        assert_eq!(early.text().await, FRAMES[2]);

        assert_eq!(get(port, "/").await.0, 426);
        assert!(tracks.iter().all(|track| track.connections() == 1));
        service.stop().await;
    });
}

#[test]
fn relay_refuses_before_the_upgrade_whom_it_can_not_serve() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let ring = ring(&simulator, "-aB3_xYz");
        let options = ringside::app::Options {
            sessions: SessionLimits { most: 2, ..SessionLimits::default() },
            ..options()
        };
        let feeds = ring_table("ring", &ring);
        let service = Service::start_with(&db, &feeds, options, |_| {}).await;
        for path in ["/relay/other", "/relay/RING", "/relay/ring%2F", "/relay/", "/relay/ring/x"] {
            assert_eq!(refusal(service.address(), path).await, 404, "{path}");
        }
        assert_eq!(service.get("/relay/other").await.0, 404);
        assert_eq!(service.get("/relay/ring").await.0, 426);
        let first = Client::connect(&service, "/relay/ring").await;
        let _second = Client::connect(&service, "/relay/ring").await;
        assert_eq!(refusal(service.address(), "/relay/ring").await, 503);
        first.close().await;
        wait_until("there is room", async || {
            service.get("/metrics").await.1.contains("\nringside_local_sockets 1.0\n")
        })
        .await;
        Client::connect(&service, "/relay/ring").await;
        service.stop().await;
    });
}

#[test]
fn relay_ends_with_its_feed_and_says_so() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let (ring, track) = (ring(&simulator, "-aB3_xYz"), track(&simulator, "1@park"));
        track.push(FRAMES[0]);
        let both = ring_table("ring", &ring) + &track_table("track", &track);
        let service = Service::start(&db, &both).await;
        frames_are(&service, "track", 1).await;
        let mut rings = Client::connect(&service, "/relay/ring").await;
        assert_eq!(rings.ask("ping").await, "pong");
        let mut quiet = Client::connect(&service, "/relay/track").await;
        let mut started = Client::connect(&service, "/relay/track").await;
        started.send("START 1@park").await;
        assert_eq!(started.text().await, FRAMES[0]);

        service.set_feeds(&db, &ring_table("ring", &ring)).await;
        for client in [&mut quiet, &mut started] {
            assert_eq!(client.end().await, "1001 this feed is configured no more");
        }
        assert_eq!(rings.ask("ping").await, "pong", "others do not notice");
        let ended = format!(
            "ringside_local_sockets_ended_total{{reason=\"{}\"}} 2",
            End::Farewell.as_str()
        );
        wait_until("both are counted", async || service.get("/metrics").await.1.contains(&ended))
            .await;

        let (report, end) = tokio::join!(service.stop(), rings.end());
        assert_eq!(end, "1001 the service stops");
        assert!(report.saved);
    });
}
