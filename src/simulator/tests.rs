//! What really goes over the wire, seen by a client that takes nothing for granted.

mod compression;
mod faults;
mod sent;

use std::{future::Future, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    socket::{CLOSE, FIN, PING, PONG, TEXT},
    *,
};
use crate::recording::Recording;

/// A generous limit: nothing in here waits for it unless it fails.
const LIMIT: Duration = Duration::from_secs(10);
/// Long enough for anything on loopback to arrive that was sent.
const QUIET: Duration = Duration::from_millis(150);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, what).await.expect("took too long")
}

async fn wait_until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

async fn simulator() -> Simulator {
    Simulator::start(SimulatorOptions::default()).await.unwrap()
}

/// A track that says only what it is given, uncompressed.
fn quiet(resource: &str) -> TrackOptions {
    TrackOptions {
        plays: Plays::Nothing,
        compression: Compression::None,
        ..TrackOptions::new(resource)
    }
}

/// A client on bare TCP.
struct Client {
    stream: TcpStream,
    /// The answer to the upgrade.
    head: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    first: u8,
    payload: Vec<u8>,
}

impl Client {
    async fn dial(venue: &Venue) -> std::io::Result<Self> {
        Self::dial_with(&venue.url(), "").await
    }

    async fn dial_with(url: &str, headers: &str) -> std::io::Result<Self> {
        let rest = url.strip_prefix("ws://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await?;
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match soon(stream.read_u8()).await {
                Ok(byte) => head.push(byte),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { stream, head: String::from_utf8(head).unwrap() })
    }

    /// Subscribes to a track.
    async fn start(track: &Track) -> Self {
        let mut client = Self::dial(track).await.unwrap();
        client.say(&format!("START {}", track.resource())).await;
        wait_until(|| track.subscribers() > 0).await;
        client
    }

    async fn say(&mut self, text: &str) {
        self.send(FIN | TEXT, text.as_bytes()).await;
    }

    async fn send(&mut self, first: u8, payload: &[u8]) {
        assert!(payload.len() < 126);
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn header(&mut self) -> std::io::Result<(u8, u64)> {
        let first = self.stream.read_u8().await?;
        let len = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            len => u64::from(len),
        };
        Ok((first, len))
    }

    async fn try_frame(&mut self) -> std::io::Result<Seen> {
        let (first, len) = self.header().await?;
        let mut payload = vec![0; usize::try_from(len).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        Ok(Seen { first, payload })
    }

    async fn frame(&mut self) -> Seen {
        soon(self.try_frame()).await.unwrap()
    }

    async fn text(&mut self) -> String {
        let Seen { first, payload } = self.frame().await;
        assert_eq!(first, FIN | TEXT);
        String::from_utf8(payload).unwrap()
    }

    async fn hears_nothing(&mut self) -> bool {
        tokio::time::timeout(QUIET, self.stream.read_u8()).await.is_err()
    }

    /// The error that ended the connection; none for an orderly end.
    async fn end(&mut self) -> Option<std::io::ErrorKind> {
        let mut rest = Vec::new();
        soon(self.stream.read_to_end(&mut rest)).await.err().map(|error| error.kind())
    }
}

fn frame_of(first: u8, payload: &[u8]) -> Seen {
    Seen { first, payload: payload.to_vec() }
}

#[tokio::test]
async fn track_sends_snapshot_after_start_and_every_frame_in_order() {
    let simulator = simulator().await;
    let track = simulator.add_track(quiet("1@a"));
    track.push("before");
    let mut client = Client::start(&track).await;
    (0..500).for_each(|n| track.push(n.to_string()));
    assert_eq!(client.text().await, "before");
    for n in 0..500 {
        assert_eq!(client.text().await, n.to_string());
    }
    assert_eq!((track.connections(), track.open_connections()), (1, 1));
    assert_eq!((track.frames_made(), track.frames_sent()), (501, 501));
    client.send(FIN | PING, b"?").await;
    assert_eq!(client.frame().await, frame_of(FIN | PONG, b"?"));
    client.send(FIN | CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(client.frame().await, frame_of(FIN | CLOSE, &1000_u16.to_be_bytes()));
    drop(client);
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn track_is_picked_by_start_on_the_bare_address() {
    let simulator = simulator().await;
    let [first, second] = ["1@a", "-1@b"].map(|name| simulator.add_track(quiet(name)));
    first.push("first");
    second.push("second");
    let mut client = Client::dial_with(&format!("ws://{}/", simulator.addr()), "").await.unwrap();
    client.send(FIN | PING, b"early").await;
    assert_eq!(client.frame().await, frame_of(FIN | PONG, b"early"));
    client.say("START 9@nobody").await;
    client.say("START -1@b").await;
    assert_eq!(client.text().await, "second");
    assert_eq!((first.connections(), second.connections()), (0, 1));
    second.set_fault(Fault::AcceptAndClose);
    assert_eq!(client.frame().await.first, FIN | CLOSE);
}

#[tokio::test]
async fn simulator_answers_404_for_an_unknown_address() {
    let simulator = simulator().await;
    let url = format!("ws://{}/ws/streaming/nobody", simulator.addr());
    let client = Client::dial_with(&url, "").await.unwrap();
    assert!(client.head.starts_with("HTTP/1.1 404 "), "{}", client.head);
}

#[tokio::test]
async fn ring_answers_requests_and_tells_changes_unasked() {
    let simulator = simulator().await;
    let ring = simulator.add_ring(RingOptions {
        plays: Plays::Nothing,
        compression: Compression::None,
        ..RingOptions::new("-aB3dE6g")
    });
    assert!(ring.url().ends_with("/ws/streaming/-aB3dE6g"));
    let mut client = Client::dial(&ring).await.unwrap();
    client.say("ping").await;
    assert_eq!(client.text().await, "pong");
    client.say("version").await;
    assert_eq!(client.text().await, "1.0.0");
    ring.push("{}");
    assert_eq!(client.text().await, "{}");
    client.say("streaming_data").await;
    assert_eq!(client.text().await, "{}");
    assert!(client.hears_nothing().await);
}

#[tokio::test]
async fn worlds_on_the_wire_are_the_worlds_without_a_wire() {
    let simulator = simulator().await;
    let options = KartOptions { heat_s: 20, heats: Some(2), ..KartOptions::default() };
    let track = simulator.add_track(TrackOptions {
        plays: Plays::World(options.clone()),
        seed: 5,
        speed: f64::INFINITY,
        start: Start::WithFirstSubscriber,
        compression: Compression::None,
        ..TrackOptions::new("1@a")
    });
    let mut client = Client::start(&track).await;
    assert_eq!(client.text().await, "{}");
    let mut world = KartWorld::new(5, options);
    for frame in world.by_ref() {
        assert_eq!(client.text().await, frame.text);
    }
    wait_until(|| track.has_ended()).await;
    assert_eq!(track.truth(), world.truth());
    assert_eq!(track.truth().heats.len(), 2);

    let options = RingDayOptions { classes: 1, days: Some(1), ..RingDayOptions::default() };
    let ring = simulator.add_ring(RingOptions {
        plays: Plays::World(options.clone()),
        seed: 6,
        speed: f64::INFINITY,
        start: Start::WithFirstSubscriber,
        compression: Compression::None,
        ..RingOptions::new("x")
    });
    let mut client = Client::dial(&ring).await.unwrap();
    let mut world = RingWorld::new(6, options);
    for frame in world.by_ref() {
        assert_eq!(client.text().await, frame.text);
    }
    wait_until(|| ring.has_ended()).await;
    assert_eq!(ring.truth(), world.truth());
    simulator.stop().await;
    assert_eq!(client.end().await, None);
}

#[tokio::test]
async fn world_stands_still_while_paused() {
    let simulator = simulator().await;
    let track = simulator.add_track(TrackOptions {
        speed: 100.0,
        start: Start::OnResume,
        compression: Compression::None,
        ..TrackOptions::new("1@a")
    });
    let mut client = Client::start(&track).await;
    assert_eq!(client.text().await, "{}");
    assert!(client.hears_nothing().await);
    assert_eq!(track.frames_made(), 0);
    track.resume();
    wait_until(|| track.frames_made() > 20).await;
    track.pause();
    // One step may be under way; what was sent before is still to be read.
    let mut heard = 0;
    while let Ok(frame) = tokio::time::timeout(QUIET, client.try_frame()).await {
        frame.unwrap();
        heard += 1;
    }
    assert_eq!(heard, track.frames_made());
    track.resume();
    wait_until(|| track.frames_made() > heard + 20).await;
}

#[tokio::test]
async fn pause_lasts_when_another_client_comes() {
    let simulator = simulator().await;
    let track = simulator.add_track(TrackOptions {
        speed: 100.0,
        start: Start::WithFirstSubscriber,
        compression: Compression::None,
        ..TrackOptions::new("1@a")
    });
    let _first = Client::start(&track).await;
    wait_until(|| track.frames_made() > 20).await;
    track.pause();
    let mut second = Client::start(&track).await;
    second.text().await;
    // One step may be under way.
    soon(async { while !second.hears_nothing().await {} }).await;
    let made = track.frames_made();
    assert!(second.hears_nothing().await);
    assert_eq!(track.frames_made(), made);
}

#[tokio::test]
async fn world_takes_its_time_from_its_speed() {
    let simulator = simulator().await;
    let frames =
        ["{\"timestamp\":\"2022-09-05 00:00:00\"}", "{\"timestamp\":\"2022-09-05 00:00:20\"}"];
    let ring = simulator.add_ring(RingOptions {
        plays: Plays::Recording(Recording::from_frames(frames).into()),
        speed: 100.0,
        start: Start::WithFirstSubscriber,
        compression: Compression::None,
        ..RingOptions::new("x")
    });
    // Not from the first frame on, which a busy machine may read late.
    let began = std::time::Instant::now();
    let mut client = Client::dial(&ring).await.unwrap();
    assert_eq!(client.text().await, frames[0]);
    assert_eq!(client.text().await, frames[1]);
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(200) && took < LIMIT, "{took:?}");
    wait_until(|| ring.has_ended()).await;
}

#[tokio::test]
async fn recording_of_a_real_heat_is_played_whole_and_in_order() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/recordings/bmi-one-heat.jsonl");
    if !path.exists() {
        return eprintln!("skipped: {} is not here", path.display());
    }
    let recording = Recording::read(&path).unwrap();
    assert_eq!(recording.kind(), Some("bmi"));
    let simulator = simulator().await;
    let track = simulator.add_track(TrackOptions {
        plays: Plays::Recording(recording.clone().into()),
        speed: 10_000.0,
        start: Start::WithFirstSubscriber,
        ..quiet("1@a")
    });
    let mut client = Client::start(&track).await;
    for frame in recording.frames() {
        assert_eq!(client.text().await, **frame.text().unwrap());
    }
    wait_until(|| track.has_ended()).await;
    assert_eq!(track.frames_made(), 1_313);
}

#[tokio::test]
async fn subscriber_that_does_not_read_is_disconnected_and_counted() {
    let simulator = Simulator::start(SimulatorOptions { max_backlog: 100, ..Default::default() })
        .await
        .unwrap();
    let track = simulator.add_track(quiet("1@a"));
    let mut slow = Client::start(&track).await;
    let big = "x".repeat(100_000);
    soon(async {
        while track.lagged() == 0 {
            track.push(big.clone());
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(track.subscribers(), 0);
    assert_eq!(track.lagged(), 1);
    slow.end().await;
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn drop_connections_resets_open_connections_and_takes_new_ones() {
    let simulator = simulator().await;
    let track = simulator.add_track(quiet("1@a"));
    let mut client = Client::start(&track).await;
    track.drop_connections();
    assert_eq!(client.end().await, Some(std::io::ErrorKind::ConnectionReset));
    wait_until(|| track.open_connections() == 0).await;
    let mut client = Client::start(&track).await;
    track.push("again");
    assert_eq!(client.text().await, "again");
    assert_eq!((track.connections(), track.connection_times().len()), (2, 2));
}
