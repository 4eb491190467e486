//! permessage-deflate, as yawc understands it.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use yawc::{Frame as YawcFrame, OpCode, Options, WebSocket};

use super::{
    super::socket::{COMPRESSED, FIN, TEXT},
    *,
};

pub(super) const OFFER: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

#[tokio::test]
async fn track_compresses_only_for_clients_that_offer_it() {
    let simulator = simulator().await;
    let track =
        simulator.add_track(TrackOptions { compression: Compression::default(), ..quiet("1@a") });
    track.push("x".repeat(1_000));
    let mut plain = Client::start(&track).await;
    assert!(!plain.head.contains("Extensions"));
    assert_eq!(plain.text().await.len(), 1_000);
    let mut packed = Client::dial_with(&track.url(), OFFER).await.unwrap();
    assert!(packed.head.contains("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    packed.say("START 1@a").await;
    let frame = packed.frame().await;
    assert_eq!(frame.first, FIN | COMPRESSED | TEXT);
    assert!(frame.payload.len() < 100);
}

#[tokio::test]
async fn compressed_conversation_is_understood_by_yawc_with_and_without_takeover() {
    let simulator = simulator().await;
    for (index, context_takeover) in [true, false].into_iter().enumerate() {
        for client_forgets in [true, false] {
            let ring = simulator.add_ring(RingOptions {
                plays: Plays::Nothing,
                compression: Compression::Deflate { context_takeover },
                ..RingOptions::new(format!("{index}{client_forgets}"))
            });
            let mut options = Options::default()
                .with_utf8()
                .with_balanced_compression()
                .with_compression_threshold(0);
            if client_forgets {
                options = options.client_no_context_takeover();
            }
            let stream = TcpStream::connect(simulator.addr()).await.unwrap();
            let url = ring.url().parse().unwrap();
            let mut socket = soon(WebSocket::handshake(url, stream, options)).await.unwrap();
            let frames: Vec<String> = KartWorld::new(1, KartOptions::default())
                .take(60)
                .map(|frame| frame.text)
                .collect();
            for frame in &frames {
                ring.push(frame.clone());
            }
            for frame in &frames {
                let seen = soon(socket.next()).await.unwrap();
                assert_eq!((seen.opcode(), seen.as_str()), (OpCode::Text, frame.as_str()));
            }
            // Three times the same: with takeover the later ones are hardly more than a reference.
            for _ in 0..3 {
                soon(socket.send(YawcFrame::text("streaming_data"))).await.unwrap();
                let seen = soon(socket.next()).await.unwrap();
                assert_eq!(Some(seen.as_str()), frames.last().map(String::as_str));
            }
        }
    }
}
