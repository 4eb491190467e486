//! Every fault really behaves so.

use std::collections::BTreeSet;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use yawc::{Frame as YawcFrame, OpCode, Options, WebSocket};

use super::{
    super::socket::{BINARY, CLOSE, COMPRESSED, CONTINUATION, FIN, PING, PONG, TEXT},
    compression::OFFER,
    *,
};

/// A track that misbehaves and has a frame to misbehave with.
async fn faulty(fault: Fault) -> (Simulator, Track) {
    let simulator = simulator().await;
    let track = simulator.add_track(quiet("1@a"));
    track.push(r#"{"N":"Мишаня"}"#);
    track.set_fault(fault);
    (simulator, track)
}

#[tokio::test]
async fn refuse_resets_without_an_answer() {
    let (_simulator, track) = faulty(Fault::Refuse).await;
    let error = Client::dial(&track).await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(track.connections(), 1);
}

#[tokio::test]
async fn refuse_with_503_answers_so() {
    let (_simulator, track) = faulty(Fault::RefuseWith503).await;
    let mut client = Client::dial(&track).await.unwrap();
    assert!(client.head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{}", client.head);
    assert_eq!(client.end().await, None);
}

#[tokio::test]
async fn hang_before_upgrade_never_answers() {
    let (_simulator, track) = faulty(Fault::HangBeforeUpgrade).await;
    let url = track.url();
    assert!(tokio::time::timeout(QUIET, Client::dial_with(&url, "")).await.is_err());
    assert_eq!(track.connections(), 1);
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn hang_after_upgrade_answers_nothing_until_it_is_over() {
    let (_simulator, track) = faulty(Fault::HangAfterUpgrade).await;
    let mut client = Client::dial(&track).await.unwrap();
    assert!(client.head.starts_with("HTTP/1.1 101 "));
    // More requests than any queue holds: the end of the client must still be seen.
    for _ in 0..40 {
        client.send(FIN | PING, b"?").await;
    }
    assert!(client.hears_nothing().await);
    drop(client);
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn accept_and_close_says_goodbye_at_once() {
    let (_simulator, track) = faulty(Fault::AcceptAndClose).await;
    let mut client = Client::dial(&track).await.unwrap();
    client.say("START 1@a").await;
    assert_eq!(client.frame().await, frame_of(FIN | CLOSE, &1000_u16.to_be_bytes()));
    assert_eq!(client.end().await, None);
}

#[tokio::test]
async fn close_after_and_reset_after_count_data_frames() {
    for (fault, end) in [
        (Fault::CloseAfter { frames: 2 }, None),
        (Fault::ResetAfter { frames: 2 }, Some(std::io::ErrorKind::ConnectionReset)),
    ] {
        let (_simulator, track) = faulty(fault).await;
        let mut client = Client::start(&track).await;
        client.text().await;
        client.send(FIN | PING, b"").await;
        assert_eq!(client.frame().await.first, FIN | PONG);
        track.push("second");
        assert_eq!(client.text().await, "second");
        if end.is_none() {
            assert_eq!(client.frame().await.first, FIN | CLOSE);
        }
        assert_eq!(client.end().await, end);
    }
}

#[tokio::test]
async fn silent_meets_open_connections_and_answers_pings() {
    let (_simulator, track) = faulty(Fault::None).await;
    let mut client = Client::start(&track).await;
    client.text().await;
    track.set_fault(Fault::Silent);
    track.push("unheard");
    client.send(FIN | PING, b"1").await;
    assert_eq!(client.frame().await, frame_of(FIN | PONG, b"1"));
    assert!(client.hears_nothing().await);
    track.set_fault(Fault::None);
    track.push("heard");
    assert_eq!(client.text().await, "heard");
}

#[tokio::test]
async fn no_pong_sends_data_and_leaves_pings_of_both_kinds_unanswered() {
    let simulator = simulator().await;
    let ring = simulator.add_ring(RingOptions {
        plays: Plays::Nothing,
        compression: Compression::None,
        ..RingOptions::new("x")
    });
    ring.set_fault(Fault::NoPong);
    let mut client = Client::dial(&ring).await.unwrap();
    client.send(FIN | PING, b"1").await;
    client.say("ping").await;
    client.say("version").await;
    assert_eq!(client.text().await, "1.0.0");
    ring.push("data");
    assert_eq!(client.text().await, "data");
    assert!(client.hears_nothing().await);
}

#[tokio::test]
async fn frames_are_replaced_by_empty_garbage_broken_or_binary_ones() {
    let original = r#"{"N":"Мишаня"}"#.as_bytes();
    for fault in [Fault::EmptyFrames, Fault::Garbage, Fault::InvalidUtf8, Fault::Binary] {
        let (_simulator, track) = faulty(fault).await;
        let mut client = Client::start(&track).await;
        let Seen { first, payload } = client.frame().await;
        let opcode = if fault == Fault::Binary { BINARY } else { TEXT };
        assert_eq!(first, FIN | opcode, "{fault:?}");
        match fault {
            Fault::EmptyFrames => assert!(payload.is_empty()),
            Fault::Garbage => {
                let text = String::from_utf8(payload).unwrap();
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
            }
            Fault::InvalidUtf8 => assert!(String::from_utf8(payload).is_err()),
            _ => assert_eq!(payload, original),
        }
        track.set_fault(Fault::None);
        track.push("well again");
        assert_eq!(client.text().await, "well again");
    }
}

#[tokio::test]
async fn drip_sends_byte_by_byte() {
    let every = Duration::from_millis(5);
    let (_simulator, track) = faulty(Fault::Drip { every }).await;
    let began = std::time::Instant::now();
    let mut client = Client::start(&track).await;
    assert_eq!(client.text().await, r#"{"N":"Мишаня"}"#);
    assert!(began.elapsed() >= every * 20, "{:?}", began.elapsed());
}

#[tokio::test]
async fn fragmented_message_comes_in_parts_with_pings_between() {
    for compression in [Compression::None, Compression::default()] {
        let simulator = simulator().await;
        let track = simulator.add_track(TrackOptions { compression, ..quiet("1@a") });
        track.push(r#"{"N":"Мишаня"}"#);
        track.set_fault(Fault::Fragmented);
        let mut client = Client::start(&track).await;
        let mut whole = Vec::new();
        let mut firsts = Vec::new();
        for _ in 0..7 {
            let Seen { first, payload } = client.frame().await;
            firsts.push(first);
            if first & 0x0F != PING {
                whole.extend(payload);
            }
        }
        let between = FIN | PING;
        assert_eq!(
            firsts,
            [TEXT, between, CONTINUATION, between, CONTINUATION, between, FIN | CONTINUATION]
        );
        assert_eq!(whole, r#"{"N":"Мишаня"}"#.as_bytes());

        // And a strict client puts it together again, compressed where that was agreed upon.
        let options = Options::default().with_utf8().with_balanced_compression();
        let stream = TcpStream::connect(simulator.addr()).await.unwrap();
        let url = track.url().parse().unwrap();
        let mut socket = soon(WebSocket::handshake(url, stream, options)).await.unwrap();
        soon(socket.send(YawcFrame::text("START 1@a"))).await.unwrap();
        for _ in 0..2 {
            let seen = loop {
                let seen = soon(socket.next()).await.unwrap();
                if seen.opcode() == OpCode::Text {
                    break seen;
                }
            };
            assert_eq!(seen.as_str(), r#"{"N":"Мишаня"}"#);
            track.push(r#"{"N":"Мишаня"}"#);
        }
    }
}

#[tokio::test]
async fn oversize_frame_claims_its_size_and_flows() {
    let (_simulator, track) = faulty(Fault::Oversize { bytes: 5_000_001 }).await;
    let mut client = Client::start(&track).await;
    let frame = client.frame().await;
    assert_eq!((frame.first, frame.payload.len()), (FIN | TEXT, 5_000_001));
    track.set_fault(Fault::None);
    track.push("well again");
    assert_eq!(client.text().await, "well again");
}

#[tokio::test]
async fn huge_header_claims_4_gib_and_flows_until_the_client_leaves() {
    let (_simulator, track) = faulty(Fault::HugeHeader).await;
    let mut client = Client::start(&track).await;
    assert_eq!(soon(client.header()).await.unwrap(), (FIN | TEXT, 4 << 30));
    let mut body = vec![0; 4 << 20];
    soon(client.stream.read_exact(&mut body)).await.unwrap();
    drop(client);
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn endless_fragments_never_finish() {
    let (_simulator, track) = faulty(Fault::EndlessFragments).await;
    let mut client = Client::start(&track).await;
    assert_eq!(client.frame().await.first, TEXT);
    for _ in 0..100 {
        assert_eq!(client.frame().await.first, CONTINUATION);
    }
    drop(client);
    wait_until(|| track.open_connections() == 0).await;
}

#[tokio::test]
async fn deflate_bomb_is_small_on_the_wire_and_large_inside() {
    let simulator = simulator().await;
    let track =
        simulator.add_track(TrackOptions { compression: Compression::default(), ..quiet("1@a") });
    track.push("x");
    track.set_fault(Fault::DeflateBomb { bytes: 1 << 30 });
    let mut client = Client::dial_with(&track.url(), OFFER).await.unwrap();
    client.say("START 1@a").await;
    let frame = client.frame().await;
    assert_eq!(frame.first, FIN | COMPRESSED | TEXT);
    assert!(frame.payload.len() < 4 << 20, "{}", frame.payload.len());

    // A client of the service's kind reads a small one whole, and refuses a large one.
    for (bytes, is_read) in [(1 << 20, true), (64 << 20, false)] {
        track.set_fault(Fault::DeflateBomb { bytes });
        let options = Options::default()
            .with_utf8()
            .with_limits(4 << 20, 8 << 20)
            .with_balanced_compression();
        let stream = TcpStream::connect(simulator.addr()).await.unwrap();
        let url = track.url().parse().unwrap();
        let mut socket = soon(WebSocket::handshake(url, stream, options)).await.unwrap();
        soon(socket.send(YawcFrame::text("START 1@a"))).await.unwrap();
        let seen = soon(socket.next_frame()).await;
        assert_eq!(seen.is_ok_and(|frame| frame.payload().len() as u64 == bytes), is_read);
    }
}

#[tokio::test]
async fn flood_repeats_the_present_frame_and_answers_pings() {
    let (_simulator, track) = faulty(Fault::Flood).await;
    let mut client = Client::start(&track).await;
    client.send(FIN | PING, b"still there?").await;
    track.push("new");
    let mut seen = BTreeSet::new();
    let mut frames = 0;
    while seen.len() < 3 {
        seen.insert(client.frame().await.payload);
        frames += 1;
    }
    for expected in [r#"{"N":"Мишаня"}"#, "new", "still there?"] {
        assert!(seen.contains(expected.as_bytes()), "{expected}");
    }
    wait_until(|| track.frames_sent() > 1_000).await;
    track.set_fault(Fault::None);
    track.push("last");
    while client.text().await != "last" {
        frames += 1;
    }
    assert!(frames > 1_000, "{frames}");
    assert!(client.hears_nothing().await);
}

#[tokio::test]
async fn data_with_upgrade_comes_in_one_segment_with_the_answer() {
    let (simulator, _track) = faulty(Fault::DataWithUpgrade).await;
    let mut stream = TcpStream::connect(simulator.addr()).await.unwrap();
    let request = "GET /1@a HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut segment = vec![0; 4_096];
    let len = soon(stream.read(&mut segment)).await.unwrap();
    let segment = String::from_utf8_lossy(&segment[..len]).into_owned();
    assert!(segment.starts_with("HTTP/1.1 101 "), "{segment}");
    assert!(segment.ends_with(r#"{"N":"Мишаня"}"#), "{segment}");
}
