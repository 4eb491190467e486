//! How much of the service one address may have, and that nobody takes it from the others.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use ringside::http::guard::Limits;

use crate::support::wait_until;

use super::{client::aside, *};

/// Whether the other side has closed the connection, within so long.
async fn is_cut(mut stream: TcpStream, within: Duration) -> bool {
    aside(move || {
        stream.set_read_timeout(Some(within)).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        !matches!(ended.map_err(|e| e.kind()), Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
    })
    .await
}

#[test]
fn caller_who_asks_too_often_hears_when_to_come_again_and_others_notice_nothing() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |rules| {
            rules.limits = Limits { requests_per_second_per_address: 2, ..Limits::default() };
        })
        .await;
        let mut refused = None;
        for _ in 0..60 {
            match client.try_get("/livez", "").await {
                Ok(answer) if answer.status == 429 => {
                    refused = Some(answer);
                    break;
                }
                // The door may be quicker to refuse.
                _ => {}
            }
        }
        let refused = refused.expect("sixty requests in a moment");
        assert_eq!(refused.body, r#"{"error":"too many requests from there"}"#);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
        let monitor = client.from(2);
        assert_eq!(monitor.get("/livez", "").await.status, 200);
        assert_eq!(monitor.get("/health", "").await.status, 200);
        wait_until("it may ask again", async || {
            client.try_get("/livez", "").await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        service.stop().await;
    });
}

#[test]
fn caller_gets_so_many_connections_and_a_place_is_free_when_one_ends() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |rules| {
            rules.limits = Limits { connections_per_address: 5, ..Limits::default() };
        })
        .await;
        let mut open = Vec::new();
        wait_until("the sixth is cut", async || {
            // On a slow machine the first ones may have been cut for saying nothing.
            open.clear();
            for _ in 0..5 {
                open.extend(client.connect().await);
            }
            client.try_get("/livez", "").await.is_err()
        })
        .await;
        assert_eq!(client.from(2).get("/livez", "").await.status, 200);
        open.pop();
        wait_until("there is a place", async || {
            client.try_get("/livez", "").await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        service.stop().await;
    });
}

#[test]
fn crowd_of_one_address_leaves_a_place_for_a_monitor() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |rules| {
            rules.limits = Limits { sockets: 40, ..Limits::default() };
        })
        .await;
        let mut crowd = Vec::new();
        wait_until("it is full", async || {
            crowd.clear();
            for _ in 0..100 {
                crowd.extend(client.connect().await);
            }
            client.try_get("/livez", "").await.is_err()
        })
        .await;
        for path in ["/livez", "/health"] {
            assert_eq!(client.from(2).get(path, "").await.status, 200, "{path}");
        }
        drop(crowd);
        service.stop().await;
    });
}

#[test]
fn client_who_sends_slowly_is_cut() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let begun = Instant::now();
        let starts = [
            // Nothing, half a head, and a form that never ends.
            String::new(),
            "GET /livez HTTP/1.1\r\nHost: x\r\nX-".to_owned(),
            format!("POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\nt", client.to),
        ];
        for start in starts {
            let mut stream = client.connect().await.unwrap();
            let mut drips = stream.try_clone().unwrap();
            stream.write_all(start.as_bytes()).unwrap();
            // A byte now and then is what keeps such a connection open elsewhere.
            let dripping = aside(move || {
                while drips.write_all(b"a").is_ok() {
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
            let cut = is_cut(stream, Duration::from_secs(15));
            let (cut, ()) = tokio::join!(cut, dripping);
            assert!(cut, "after {:?}: {start:?}", begun.elapsed());
        }
        service.stop().await;
    });
}

#[test]
fn request_with_a_body_is_refused_without_reading_it() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |_| {}).await;
        for head in ["Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n"] {
            let answer = client.get("/livez", &format!("Connection: keep-alive\r\n{head}")).await;
            assert_eq!(answer.status, 413, "{head}");
        }
        let large = format!("X: {}\r\n", "x".repeat(200_000));
        let answer = client.try_get("/livez", &large).await;
        assert!(answer.as_ref().map_or(true, |a| a.status >= 400), "{answer:?}");
        assert_eq!(client.get("/livez", "").await.status, 200);
        service.stop().await;
    });
}

#[test]
fn proxy_is_believed_who_asks_and_nobody_else_is() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |rules| {
            rules.proxies = vec!["127.0.0.3".parse().unwrap()];
            rules.limits = Limits {
                requests_per_second_per_address: 1,
                connections_per_address: 1,
                ..Limits::default()
            };
        })
        .await;
        let visitor = |n: u32| format!("X-Forwarded-For: 6.6.6.6, 198.51.100.{n}\r\n");
        let flood = async |client: Client, line: &str| {
            for _ in 0..30 {
                match client.try_get("/livez", line).await {
                    Ok(answer) if answer.status == 200 => {}
                    refused => return refused.map_or(0, |answer| answer.status),
                }
            }
            200
        };
        let proxy = client.from(3);
        assert_eq!(flood(proxy, &visitor(1)).await, 429);
        assert_eq!(proxy.get("/livez", &visitor(2)).await.status, 200, "another visitor");
        // Who is no proxy can't get a bucket for each request.
        let mut refused = 0;
        for n in 0..60 {
            let answer = client.try_get("/livez", &visitor(n)).await;
            refused += u32::from(!answer.is_ok_and(|answer| answer.status == 200));
        }
        assert!(refused > 10, "{refused}");
        service.stop().await;
    });
}
