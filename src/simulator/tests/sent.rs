//! What a venue says that it sent is what its clients got.

use chrono::Utc;

use super::*;

async fn keeping(frames: usize) -> Simulator {
    Simulator::start(SimulatorOptions { keep_sent: frames, ..Default::default() }).await.unwrap()
}

fn texts(connection: &SentConnection) -> Vec<&str> {
    connection.frames.iter().map(|frame| std::str::from_utf8(&frame.payload).unwrap()).collect()
}

#[tokio::test]
async fn venue_keeps_what_it_sent_by_connection_with_times() {
    let simulator = keeping(100).await;
    let track = simulator.add_track(quiet("1@a"));
    let began = Utc::now();
    track.push("one");
    let mut client = Client::start(&track).await;
    assert_eq!(client.text().await, "one");
    track.drop_connections();
    client.end().await;
    wait_until(|| track.open_connections() == 0).await;
    let mut client = Client::start(&track).await;
    track.set_fault(Fault::Binary);
    track.push("two");
    assert_eq!(client.text().await, "one");
    client.frame().await;

    let log = track.sent();
    let [first, second] = log.connections.as_slice() else { panic!("{log:?}") };
    assert_eq!((texts(first), texts(second)), (vec!["one"], vec!["one", "two"]));
    assert_eq!(second.frames.iter().map(|f| f.is_binary).collect::<Vec<_>>(), [false, true]);
    let first_ended = first.ended_at.unwrap();
    assert_eq!(second.ended_at, None);
    let times = [began, first.began_at, first.frames[0].at, first_ended, second.began_at];
    assert!(times.is_sorted() && second.began_at <= second.frames[0].at, "{log:?}");
}

#[tokio::test]
async fn ring_keeps_its_answers_too() {
    let simulator = keeping(100).await;
    let ring = simulator.add_ring(RingOptions {
        plays: Plays::Nothing,
        compression: Compression::None,
        ..RingOptions::new("-aB3dE6g")
    });
    let mut client = Client::dial(&ring).await.unwrap();
    client.say("ping").await;
    assert_eq!(client.text().await, "pong");
    ring.push("{}");
    assert_eq!(client.text().await, "{}");
    assert_eq!(texts(&ring.sent().connections[0]), ["pong", "{}"]);
}

#[tokio::test]
async fn log_counts_what_it_has_no_room_for() {
    let simulator = keeping(2).await;
    let track = simulator.add_track(quiet("1@a"));
    track.push("0");
    let mut client = Client::start(&track).await;
    (1..5).for_each(|n| track.push(n.to_string()));
    for n in 0..5 {
        assert_eq!(client.text().await, n.to_string());
    }
    wait_until(|| track.sent().dropped == 3).await;
    assert_eq!(texts(&track.sent().connections[0]), ["0", "1"]);
}

#[tokio::test]
async fn nothing_is_kept_unless_asked_for() {
    let simulator = simulator().await;
    let track = simulator.add_track(quiet("1@a"));
    track.push("0");
    let mut client = Client::start(&track).await;
    client.text().await;
    assert!(track.sent().connections.is_empty());
}

#[tokio::test]
async fn drop_all_connections_resets_those_of_every_venue() {
    let simulator = simulator().await;
    let venues = ["1@a", "2@b"].map(|name| simulator.add_track(quiet(name)));
    let mut clients = Vec::new();
    for venue in &venues {
        venue.push("hello");
        let mut client = Client::start(venue).await;
        client.text().await;
        clients.push(client);
    }
    simulator.drop_all_connections();
    for mut client in clients {
        assert_eq!(client.end().await, Some(std::io::ErrorKind::ConnectionReset));
    }
}
