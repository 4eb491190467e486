//! Clients that take nothing, or send what no client sends.

use std::time::{Duration, Instant};

use actix::System;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::support::{
    LIMIT,
    postgres::TestDb,
    service::{Service, ring_table},
    wait_until,
};

use super::{client::Client, crowd, ring, simulator};

/// What the kernels of both sides buffer of a connection, generously.
const KERNEL_BUFFERS: usize = 16 << 20;

async fn ended(service: &Service, reason: &str) -> u64 {
    let metrics = service.get("/metrics").await.1;
    let name = format!("ringside_local_sockets_ended_total{{reason=\"{reason}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

/// Sends this again and again until it is cut; says how much was taken.
async fn send_until_cut(socket: &mut TcpStream, bytes: &[u8]) -> usize {
    let mut taken = 0;
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        match timeout(LIMIT, socket.write(bytes)).await.expect("it is cut in time") {
            Ok(written) => taken += written,
            Err(_) => return taken,
        }
    }
    panic!("{taken} bytes were taken, and no end");
}

#[test]
fn relay_cuts_who_announces_or_sends_too_much() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let ring = ring(&simulator, "-aB3_xYz");
        let service = Service::start(&db, &ring_table("ring", &ring)).await;
        let mut polite = Client::connect(&service, "/relay/ring").await;

        // A header of 4 GiB and then as much as is taken, and texts without end.
        let huge = [&[0x81, 0x80 | 127][..], &(4_u64 << 30).to_be_bytes(), &[0; 4]].concat();
        let ping = [&[0x81, 0x84, 0, 0, 0, 0][..], b"ping"].concat().repeat(1_000);
        for (reason, first, then) in
            [("oversize", huge, vec![b'x'; 1 << 16]), ("flood", ping.clone(), ping)]
        {
            let mut hostile = crowd::upgrade(service.address(), "/relay/ring").await;
            hostile.write_all(&first).await.unwrap();
            let taken = send_until_cut(&mut hostile, &then).await;
            assert!(taken < KERNEL_BUFFERS, "{reason}: {taken} bytes");
            wait_until(reason, async || ended(&service, reason).await == 1).await;
        }
        assert_eq!(polite.ask("ping").await, "pong");
        service.stop().await;
    });
}

#[test]
fn relay_supplies_a_crowd_while_one_of_it_takes_nothing() {
    System::new().block_on(async {
        let (db, simulator) = (TestDb::new(), simulator().await);
        let ring = ring(&simulator, "-aB3_xYz");
        let options = ringside::app::Options {
            sessions: ringside::http::session::SessionLimits {
                stuck_for: Duration::from_secs(2),
                ..Default::default()
            },
            ..crate::support::service::options()
        };
        let service = Service::start_with(&db, &ring_table("ring", &ring), options, |_| {}).await;
        super::is_up(&service, "ring").await;
        let stuck = crowd::upgrade(service.address(), "/relay/ring").await;
        let crowd = crowd::Crowd::gather(service.address(), "/relay/ring", &[], 99).await;

        // Long messages fill what the kernel holds for the one that takes nothing.
        let words = "x".repeat(64 << 10);
        let mut sent = 0;
        while ended(&service, "slow").await == 0 {
            ring.push(format!(r#"{{"error":"{sent} {words}"}}"#));
            sent += 1;
            wait_until("everybody else has heard it", async || crowd.heard_by_all() == sent).await;
        }
        ring.push(r#"{"error":"the end"}"#);
        wait_until("the end", async || crowd.heard_by_all() == sent + 1).await;
        assert_eq!(crowd.heard_in_all(), 99 * (sent + 1), "each message once");
        assert_eq!((ring.connections(), ring.open_connections()), (1, 1));
        drop(stuck);
        service.stop().await;
    });
}
