//! What every answer has in common: errors, tags, compression, methods.

use std::io::Read;

use actix::System;
use awc::http::Method;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::wait_until;

use super::world::World;

fn error(code: &str, message: &str, parameter: Value) -> Value {
    json!({ "error": { "code": code, "message": message, "parameter": parameter } })
}

#[test]
fn mistakes_are_named_with_what_is_right() {
    System::new().block_on(async {
        let world = World::open().await;
        for (path, status, expected) in [
            (
                "/api/v1/heats?fed=alfa",
                400,
                error(
                    "unknown_parameter",
                    "\"fed\" is no parameter here; is \"feed\" meant?",
                    json!("fed"),
                ),
            ),
            (
                "/api/v1/heats?limit=501",
                400,
                error(
                    "bad_parameter",
                    "limit: expected a whole number from 1 to 500, got \"501\"",
                    json!("limit"),
                ),
            ),
            (
                "/api/v1/heats?day=tomorrow",
                400,
                error(
                    "bad_parameter",
                    "day: expected a day like 2026-11-23, got \"tomorrow\"",
                    json!("day"),
                ),
            ),
            (
                "/api/v1/heats?cursor=00",
                400,
                error(
                    "bad_parameter",
                    "cursor: expected a cursor that was given as `next` by an answer of this list, \
                     got \"00\"",
                    json!("cursor"),
                ),
            ),
            (
                "/api/v1/heats/first",
                400,
                error(
                    "bad_parameter",
                    "heat: expected a whole number from 1 to 9007199254740991, got \"first\"",
                    json!("heat"),
                ),
            ),
            (
                "/api/v1/heats/1?a=1",
                400,
                error(
                    "unknown_parameter",
                    "\"a\" is no parameter here; there are none",
                    json!("a"),
                ),
            ),
            ("/api/v1/heats/99", 404, error("not_found", "there is no heat 99", Value::Null)),
            (
                "/api/v1/hats",
                404,
                error(
                    "not_found",
                    "there is no /api/v1/hats; /api shows what there is",
                    Value::Null,
                ),
            ),
        ] {
            let answer = world.get(path).await;
            assert_eq!((answer.status, answer.json()), (status, expected), "{path}");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
        }
    });
}

#[test]
fn methods_that_change_things_are_refused_with_those_that_are_there() {
    System::new().block_on(async {
        let world = World::open().await;
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = world.ask(method.clone(), "/api/v1/heats", &[]).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method}");
            assert_eq!(answer.json()["error"]["code"], "method_not_allowed");
        }
        let head = world.ask(Method::HEAD, "/api/v1/heats", &[]).await;
        let get = world.get("/api/v1/heats").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), get.header("etag"));
    });
}

#[test]
fn answer_is_not_sent_again_when_the_caller_has_it() {
    System::new().block_on(async {
        let world = World::open().await;
        world.settled().await;
        for path in ["/api/openapi.json", "/api/v1/feeds", "/api/v1/heats/1", "/api/v1/laps"] {
            let tag = world.get(path).await.header("etag").to_owned();
            assert!(tag.starts_with("W/\""), "{path}: {tag}");
            let listed = format!("\"other\", {tag}");
            for known in [tag.as_str(), &listed, "*"] {
                let again = world.ask(Method::GET, path, &[("If-None-Match", known)]).await;
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known}");
                assert_eq!(again.header("etag"), tag);
            }
            let other = world.ask(Method::GET, path, &[("If-None-Match", "\"other\"")]).await;
            assert_eq!(other.status, 200, "{path}");
        }
        let before = world.get("/api/v1/heats").await.header("etag").to_owned();
        world.db.execute("UPDATE heats SET state = 'finished' WHERE id = 2");
        assert_ne!(world.get("/api/v1/heats").await.header("etag"), before);
    });
}

#[test]
fn answer_is_compressed_when_the_caller_takes_that() {
    System::new().block_on(async {
        let world = World::open().await;
        for path in ["/api/openapi.json", "/api/v1/heats", "/api/v1/heats/1"] {
            let plain = world.get(path).await;
            let gzip = [("Accept-Encoding", "br;q=1, gzip;q=0.5")];
            let small = world.ask(Method::GET, path, &gzip).await;
            assert_eq!(small.header("content-encoding"), "gzip", "{path}");
            assert_eq!(small.header("etag"), plain.header("etag"), "{path}");
            for answer in [&plain, &small] {
                assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
            }
            let mut body = Vec::new();
            GzDecoder::new(&*small.body).read_to_end(&mut body).unwrap();
            assert_eq!(body, plain.body, "{path}");
            assert!(small.body.len() < plain.body.len(), "{path}");
        }
    });
}

#[test]
fn page_tells_of_every_address_with_an_example_that_answers() {
    System::new().block_on(async {
        let world = World::open().await;
        let description = world.json("/api/openapi.json").await;
        for path in ["/api", "/api/"] {
            let page = world.get(path).await;
            assert_eq!(
                (page.status, page.header("content-type")),
                (200, "text/html; charset=utf-8")
            );
            let page = String::from_utf8(page.body).unwrap();
            for path in description["paths"].as_object().unwrap().keys() {
                assert!(page.contains(&format!("<h2><code>{path}</code></h2>")), "{path}");
            }
            let examples: Vec<_> = page.match_indices("<p><a href=\"/api/v1").collect();
            assert_eq!(examples.len(), description["paths"].as_object().unwrap().len());
            for (at, _) in examples {
                let address = page[at..].split('"').nth(1).unwrap().replace("&amp;", "&");
                assert_eq!(world.get(&address).await.status, 200, "{address}");
            }
        }
    });
}

/// Asks for a heat, and takes nothing but the head of the answer.
async fn lazy_reader(world: &World, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(world.service.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    socket.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    socket
}

#[test]
fn readers_that_take_nothing_leave_a_place_for_others_and_theirs_when_they_go() {
    System::new().block_on(async {
        let world = World::open().await;
        world.db.execute(
            "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, gap, last_passing, updated_at) \
             SELECT 4, 2, id, 'Driver', id, 0, id, 5000, '', false, now() \
             FROM generate_series(1, 40) AS id; \
             INSERT INTO laps (heat_id, driver_id, lap, lap_ms, source, error_ms) \
             SELECT 4, driver, lap, 60000, 'timed', 0 \
             FROM generate_series(1, 40) AS driver, generate_series(1, 5000) AS lap",
        );
        let lazy = [
            lazy_reader(&world, "/api/v1/heats/4").await,
            lazy_reader(&world, "/api/v1/heats/4").await,
        ];
        assert_eq!(world.get("/api/v1/feeds").await.status, 200);
        let busy = world.get("/api/v1/heats/1").await;
        assert_eq!((busy.status, &busy.json()["error"]["code"]), (503, &json!("unavailable")));
        drop(lazy);
        wait_until("their places are free", async || {
            world.get("/api/v1/heats/1").await.status == 200
        })
        .await;
    });
}
