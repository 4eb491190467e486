//! What a network sees of the service: who is let in, by what, and how much of it.

mod client;
mod limits;
mod login;
mod reload;
mod tls;

use std::sync::Arc;

use actix::System;
use ringside::http::guard::{Public, Rules, Token};

use crate::support::{
    postgres::TestDb,
    service::{Service, options},
};

use client::{Client, PAGE};

const TOKEN: &str = "a-token-of-some-length";

/// One of each room, and what is in none.
const LIVE: [&str; 5] = ["/", "/socket", "/feeds/t", "/feeds/t/socket", "/heats/1"];
const OVERLAY: [&str; 3] = ["/overlay", "/overlay/t", "/overlay/t/socket"];
const RELAY: [&str; 1] = ["/relay/t"];
const PRIVATE: [&str; 5] = ["/health", "/metrics", "/readyz", "/nowhere", "/%66eeds/t"];
const OPEN: [&str; 3] = ["/livez", "/login", "/login/style.css"];

/// The connection goes with the refusal, so that the client need not wait for its end.
const UPGRADE: &str = "Connection: Upgrade, close\r\nUpgrade: websocket\r\n\
                                 Sec-WebSocket-Version: 13\r\n\
                                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A service without feeds, by these rules.
async fn service(db: &TestDb, change: impl FnOnce(&mut Rules)) -> (Service, Client) {
    let service =
        Service::start_with(db, "", options(), |config| change(&mut config.http.rules)).await;
    let client = Client::new(service.address());
    (service, client)
}

fn with_token(rules: &mut Rules) {
    rules.token = Some(Token::new(TOKEN.into()));
}

/// Runs a test with the service's own system.
fn on_system(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

#[test]
fn everything_but_the_sign_of_life_is_closed_without_the_token() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        for path in LIVE.iter().chain(&OVERLAY).chain(&RELAY).chain(&PRIVATE) {
            let answer = client.get(path, "").await;
            assert_eq!(answer.status, 401, "{path}");
            assert_eq!(answer.body, r#"{"error":"a token is needed"}"#, "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"ringside\"");
        }
        for path in OPEN {
            assert_eq!(client.get(path, "").await.status, 200, "{path}");
        }
        service.stop().await;
    });
}

#[test]
fn everything_is_open_with_the_token_in_each_form() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let cookie = client.get(&format!("/?token={TOKEN}"), PAGE).await.cookie();
        for path in LIVE.iter().chain(&OVERLAY).chain(&RELAY).chain(&PRIVATE) {
            for (path, header) in [
                (path.to_string(), format!("Authorization: Bearer {TOKEN}\r\n")),
                (path.to_string(), format!("authorization: bearer {TOKEN}\r\n")),
                (path.to_string(), format!("Cookie: a=b; {cookie}\r\n")),
                (format!("{path}?x=1&token={TOKEN}"), String::new()),
            ] {
                let answer = client.get(&path, &header).await;
                assert!(!matches!(answer.status, 401 | 403), "{path} {header} {answer:?}");
            }
        }
        for path in ["/health", "/metrics", "/readyz"] {
            let header = format!("Authorization: Bearer {TOKEN}\r\n");
            assert_eq!(client.get(path, &header).await.status, 200, "{path}");
        }
        service.stop().await;
    });
}

#[test]
fn nothing_but_the_token_opens() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let cookie = client.get(&format!("/?token={TOKEN}"), PAGE).await.cookie();
        let (name, _) = cookie.split_once('=').unwrap();
        for header in [
            format!("Authorization: Bearer {TOKEN}x\r\n"),
            format!("Authorization: Basic {TOKEN}\r\n"),
            format!("Authorization: {TOKEN}\r\n"),
            format!("Cookie: {name}={TOKEN}\r\n"),
            format!("Cookie: {name}=99999999999.00\r\n"),
            format!("Cookie: {}\r\n", cookie.replacen("=1", "=2", 1)),
            format!("X-Token: {TOKEN}\r\n"),
        ] {
            assert_eq!(client.get("/health", &header).await.status, 401, "{header}");
        }
        for query in ["?token=", "?token", "?tokens=", "?TOKEN="] {
            let path = format!("/health{query}");
            assert_eq!(client.get(&path, "").await.status, 401, "{path}");
        }
        service.stop().await;
    });
}

#[test]
fn what_is_public_is_open_and_nothing_else() {
    on_system(async {
        let db = TestDb::new();
        let all = [("live", &LIVE[..]), ("overlay", &OVERLAY), ("relay", &RELAY)];
        for (word, _) in all {
            let (service, client) = service(&db, |rules| {
                with_token(rules);
                assert!(rules.public.open(word));
            })
            .await;
            for (room, paths) in all {
                for path in paths {
                    let is_open = client.get(path, "").await.status != 401;
                    assert_eq!(is_open, room == word, "{path} when {word} is public");
                }
            }
            for path in PRIVATE {
                assert_eq!(client.get(path, "").await.status, 401, "{path}");
            }
            service.stop().await;
        }
    });
}

#[test]
fn websocket_is_refused_before_the_upgrade() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        for path in ["/feeds/t/socket", "/overlay/t/socket", "/relay/t"] {
            let answer = client.get(path, UPGRADE).await;
            assert_eq!(answer.status, 401, "{path}");
            // Also a browser's: no page is of use to it.
            let answer = client.get(path, &format!("{UPGRADE}{PAGE}")).await;
            assert!(answer.body.starts_with('{'), "{answer:?}");
        }
        service.stop().await;
    });
}

#[test]
fn socket_of_a_page_is_for_pages_of_ours_and_the_relay_for_all() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, |rules| {
            with_token(rules);
            rules.public = Public { live: true, api: true, overlay: true, relay: true };
        })
        .await;
        let ours = format!("Origin: http://{}\r\n", client.to);
        for path in ["/feeds/nowhere/socket", "/feeds/nowhere/s%6fcket", "/overlay/nowhere/socket"]
        {
            for theirs in ["http://evil.example", "null", "http://127.0.0.1:1"] {
                let answer = client.get(path, &format!("{UPGRADE}Origin: {theirs}\r\n")).await;
                assert_eq!(answer.status, 403, "{path} from {theirs}");
            }
            for fine in [&ours, ""] {
                let answer = client.get(path, &format!("{UPGRADE}{fine}")).await;
                assert_ne!(answer.status, 403, "{path} {fine}");
            }
        }
        let theirs = format!("{UPGRADE}Origin: http://evil.example\r\n");
        let answer = client.get("/relay/nowhere", &theirs).await;
        assert_ne!(answer.status, 403);
        service.stop().await;
    });
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_safe() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
        let all = LIVE.iter().chain(&OVERLAY).chain(&RELAY).chain(&PRIVATE).chain(&OPEN);
        for path in all {
            for headers in ["", PAGE, &bearer] {
                let answer = client.get(path, headers).await;
                let policy = answer.header("content-security-policy");
                let may_be_framed = path.starts_with("/overlay/");
                let ancestors = if may_be_framed { "*" } else { "'self'" };
                assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}");
                assert!(policy.ends_with(&format!("frame-ancestors {ancestors}")), "{path}");
                assert!(!policy.contains("unsafe"), "{policy}");
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
                assert_eq!(answer.header("x-frame-options").is_empty(), may_be_framed, "{path}");
                assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
                assert!(!answer.header("cache-control").is_empty(), "{path}");
                assert!(answer.header("strict-transport-security").is_empty(), "{path}");
                if !path.ends_with(".css") {
                    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
                }
            }
        }
        service.stop().await;
    });
}

#[test]
fn name_that_a_stranger_can_own_is_not_answered_while_there_is_no_token() {
    on_system(async {
        let db = TestDb::new();
        let (open, client) =
            service(&db, |rules| rules.hosts = vec!["timing.example.com".into()]).await;
        for host in ["127.0.0.1:1", "localhost", "[::1]:8080", "box.local", "timing.example.com"] {
            let answer = client.get("/health", &format!("Host: {host}\r\n")).await;
            assert_eq!(answer.status, 200, "{host}");
        }
        for path in ["/health", "/", "/livez", "/feeds/t/socket"] {
            let answer = client.get(path, "Host: rebound.evil.example:8080\r\n").await;
            assert_eq!(answer.status, 421, "{path}");
            assert!(answer.body.contains("hosts"), "{}", answer.body);
        }
        open.stop().await;
        // With one, a stranger's page has nothing that opens.
        let (closed, client) = service(&db, with_token).await;
        let answer = client.get("/livez", "Host: timing.example.com\r\n").await;
        assert_eq!(answer.status, 200);
        closed.stop().await;
    });
}

#[test]
fn changed_token_ends_what_the_old_one_opened() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let cookie = client.get(&format!("/?token={TOKEN}"), PAGE).await.cookie();
        let cookie = format!("Cookie: {cookie}\r\n");
        assert_eq!(client.get("/health", &cookie).await.status, 200);
        // Open, and asking for nothing at the moment.
        let mut idle = client.connect().await.unwrap();
        let request = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{cookie}\r\n");
        let (mut idle, begun) = client::aside(move || {
            use std::io::{Read, Write};
            idle.write_all(request.as_bytes()).unwrap();
            let mut begun = [0; 12];
            idle.read_exact(&mut begun).unwrap();
            (idle, begun)
        })
        .await;
        assert_eq!(&begun, b"HTTP/1.1 200");

        let mut rules = Rules::clone(&rules_of(&service));
        rules.token = Some(Token::new("another-token-of-length".into()));
        let changed = service.app.guard().set_rules(rules);
        assert_eq!(changed.applied, ["token"]);
        assert_eq!(client.get("/health", &cookie).await.status, 401);
        let ended = client::aside(move || {
            use std::io::Read;
            idle.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
            let mut rest = Vec::new();
            idle.read_to_end(&mut rest).map(|_| rest)
        })
        .await;
        // To its end, or reset: not the time-out.
        let kind = ended.err().map(|error| error.kind());
        assert!(matches!(kind, None | Some(std::io::ErrorKind::ConnectionReset)), "{kind:?}");
        service.stop().await;
    });
}

fn rules_of(service: &Service) -> Arc<Rules> {
    service.app.guard().rules()
}

#[test]
fn metrics_count_requests_by_room_and_refusals_by_reason_and_name_no_address() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        for _ in 0..3 {
            client.get("/feeds/t", "").await;
        }
        client.get("/health", "Authorization: Bearer wrong\r\n").await;
        client.get("/livez", "Content-Length: 5\r\n").await;
        let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
        let metrics = client.get("/metrics", &bearer).await.body;
        for line in [
            "ringside_http_requests_total{class=\"live\",status=\"4xx\"} 3",
            "ringside_http_refused_total{reason=\"no_token\"} 3",
            "ringside_http_refused_total{reason=\"wrong_token\"} 1",
            "ringside_http_refused_total{reason=\"body\"} 1",
            "# TYPE ringside_http_connections gauge",
        ] {
            assert!(metrics.contains(line), "no {line} in {metrics}");
        }
        assert!(!metrics.contains("127.0.0.1:"), "{metrics}");
        service.stop().await;
    });
}

#[test]
fn upgrade_passes_the_guard_with_the_token_in_the_address() {
    on_system(async {
        let db = TestDb::new();
        let (service, client) = service(&db, with_token).await;
        let refused = client.get("/relay/nowhere", UPGRADE).await.status;
        assert_eq!(refused, 401);
        let path = format!("/relay/nowhere?token={TOKEN}");
        let answer = client.get(&path, UPGRADE).await;
        assert_eq!(answer.status, 404, "no such feed: {answer:?}");
        service.stop().await;
    });
}
