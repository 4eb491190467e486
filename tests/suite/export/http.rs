//! `/api/v1/export` over the whole service.

use std::time::Duration;

use actix::System;
use awc::http::{StatusCode, header};
use ringside::{
    app::Options,
    export::{DataSet, Format},
    http::{Privacy, session::SessionLimits},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{FORMATS, all, exact::kill_exports, export, of_feed, with_many_laps, with_rows};
use crate::support::{
    LIMIT,
    service::{Service, options},
    wait_until,
};

struct Answer {
    status: StatusCode,
    headers: header::HeaderMap,
    /// None when it broke off.
    body: Option<Vec<u8>>,
}

async fn ask(service: &Service, method: &str, path: &str, encoding: &str) -> Answer {
    let client = awc::Client::builder().connector(awc::Connector::new().timeout(LIMIT)).finish();
    let address = format!("http://{}/api/v1/export/{path}", service.address());
    let request = client.request(method.parse().unwrap(), address).timeout(LIMIT).no_decompress();
    let mut answer =
        request.insert_header((header::ACCEPT_ENCODING, encoding)).send().await.unwrap();
    let body = answer.body().limit(1 << 30).await.ok().map(|body| body.to_vec());
    Answer { status: answer.status(), headers: answer.headers().clone(), body }
}

async fn fetch(service: &Service, path: &str) -> Answer {
    ask(service, "GET", path, "identity").await
}

fn error(answer: &Answer) -> (u16, Value) {
    let body: Value = serde_json::from_slice(answer.body.as_ref().unwrap()).unwrap();
    (answer.status.as_u16(), body["error"].clone())
}

#[test]
fn export_over_http_is_the_file_that_the_command_writes() {
    System::new().block_on(async {
        let db = with_rows();
        let service = Service::start(&db, "").await;
        for what in DataSet::ALL {
            for format in FORMATS {
                let path = format!("{}?format={}", what.as_str(), format.as_str());
                let answer = fetch(&service, &path).await;
                assert_eq!(answer.status, 200, "{path}");
                assert_eq!(answer.body.unwrap(), export(&db, &all(what), format).unwrap(), "{path}");
                let kind = answer.headers.get(header::CONTENT_TYPE).unwrap();
                assert_eq!(kind, format.media_type());
            }
        }
        let path = "laps?feed=speedpark&from=2026-05-01T14:00:00%2B00:00&to=2026-05-02T00:00:00Z&heat=7";
        let answer = fetch(&service, path).await;
        let named = answer.headers.get(header::CONTENT_DISPOSITION).unwrap().to_str().unwrap();
        assert_eq!(
            named,
            "attachment; filename=\"ringside-laps-speedpark-heat-7-from-20260501T140000Z-to-20260502T000000Z.csv\""
        );
        let lines = String::from_utf8(answer.body.unwrap()).unwrap();
        assert_eq!(csv::Reader::from_reader(lines.as_bytes()).records().count(), 19);
        let marked = fetch(&service, "heats?bom=true").await.body.unwrap();
        assert_eq!(marked, export(&db, &all(DataSet::Heats), Format::Csv { bom: true }).unwrap());
        service.stop().await;
    });
}

#[test]
fn export_over_http_is_packed_where_that_helps_and_costs_nothing_for_head() {
    System::new().block_on(async {
        let db = with_many_laps(100);
        let service = Service::start(&db, "").await;
        let wanted = all(DataSet::Laps);
        let packed = ask(&service, "GET", "laps", "gzip").await;
        assert_eq!(packed.headers.get(header::CONTENT_ENCODING).unwrap(), "gzip");
        let mut plain = Vec::new();
        let body = packed.body.unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(body.as_slice()), &mut plain)
            .unwrap();
        assert_eq!(plain, export(&db, &wanted, Format::Csv { bom: false }).unwrap());
        assert!(body.len() < plain.len() / 5);
        let parquet = ask(&service, "GET", "laps?format=parquet", "gzip").await;
        assert_eq!(parquet.body.unwrap(), export(&db, &wanted, Format::Parquet).unwrap());
        let head = ask(&service, "HEAD", "laps?format=parquet", "identity").await;
        assert_eq!((head.status.as_u16(), head.body.unwrap().len()), (200, 0));
        assert!(head.headers.contains_key(header::CONTENT_DISPOSITION));
        service.stop().await;
    });
}

#[test]
fn export_over_http_shows_no_more_of_people_than_pages_do() {
    System::new().block_on(async {
        let db = with_rows();
        db.execute("UPDATE heat_drivers SET extra = '{\"nick\": \"Ann\"}' WHERE driver_id = 0");
        let initials =
            |config: &mut ringside::config::Config| config.http.privacy = Privacy::Initials;
        let service = Service::start_with(&db, "", options(), initials).await;
        let get = async |path: &str| {
            String::from_utf8(fetch(&service, path).await.body.unwrap()).unwrap()
        };
        let laps = get("laps?format=jsonl").await;
        assert!(laps.contains("\"driver_name\":\"A.\"") && laps.contains("\"driver_name\":null"));
        let standings = get("standings?format=jsonl").await;
        let (playsets, results) =
            (get("playsets?format=jsonl").await, get("results?format=jsonl").await);
        for (file, name) in [
            (&laps, "Ann"),
            (&laps, "Neill"),
            (&standings, "Ann"),
            (&playsets, "Julen"),
            (&playsets, "Neill"),
            (&results, "Anna"),
        ] {
            assert!(!file.contains(name), "{name} in {file}");
        }
        assert!(playsets.contains("\"judge_name\":\"T. O.\""), "{playsets}");
        service.stop().await;
    });
}

#[test]
fn export_over_http_says_what_is_wrong_with_what_is_asked() {
    System::new().block_on(async {
        let db = with_rows();
        let service = Service::start(&db, "").await;
        for (path, status, parameter) in [
            ("lap", 400, "what".into()),
            ("laps?feed=nobody", 404, Value::Null),
            ("laps?heat=1", 404, Value::Null),
            ("laps?fed=speedpark", 400, "fed".into()),
            ("laps?format=xlsx", 400, "format".into()),
            ("laps?from=yesterday", 400, "from".into()),
            ("results?heat=7", 400, "heat".into()),
            ("laps?format=jsonl&bom=true", 400, "bom".into()),
        ] {
            let (found, error) = error(&fetch(&service, path).await);
            assert_eq!((found, &error["parameter"]), (status, &parameter), "{path}: {error}");
        }
        let openapi: Value =
            serde_json::from_str(&service.get("/api/openapi.json").await.1).unwrap();
        let said = &openapi["paths"]["/api/v1/export/{what}"]["get"]["description"];
        for column in DataSet::ALL.into_iter().flat_map(DataSet::columns) {
            let row = format!("| `{}` | {}", column.name, column.kind.as_str());
            assert!(said.as_str().unwrap().contains(&row), "no {row:?} in {said}");
        }
        service.stop().await;
    });
}

/// A client that reads no more than the head of the answer.
struct Lazy(TcpStream);

impl Lazy {
    async fn ask(service: &Service) -> Self {
        let mut socket = TcpStream::connect(service.address()).await.unwrap();
        let request = "GET /api/v1/export/laps?format=jsonl HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 15];
        socket.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        Self(socket)
    }

    /// Reads on until nothing comes any more.
    async fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // It may be reset.
        timeout(LIMIT, self.0.read_to_end(&mut rest)).await.unwrap().ok();
        rest
    }
}

/// Whether an answer in chunks came to its end.
fn is_whole(answer: &[u8]) -> bool {
    answer.ends_with(b"\r\n0\r\n\r\n")
}

fn open_exports(db: &crate::support::postgres::TestDb) -> i64 {
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid() AND query LIKE 'FETCH%'";
    db.value(open).as_i64().unwrap()
}

#[test]
fn export_over_http_breaks_off_when_its_connection_is_killed() {
    System::new().block_on(async {
        let db = with_many_laps(3_000);
        let service = Service::start(&db, "").await;
        let client = Lazy::ask(&service).await;
        assert_eq!(kill_exports(&db), 1);
        let rest = client.rest().await;
        assert!(!rest.is_empty() && !is_whole(&rest));
        // The place is free again, and a whole answer looks like one.
        let client = Lazy::ask(&service).await;
        let rest = client.rest_while_open().await;
        assert!(is_whole(&rest));
        service.stop().await;
    });
}

impl Lazy {
    /// Reads on until the end of the answer; the connection stays open after it.
    async fn rest_while_open(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let read = async {
            while !is_whole(&rest) {
                assert!(self.0.read_buf(&mut rest).await.unwrap() > 0, "broken off");
            }
        };
        timeout(LIMIT, read).await.unwrap();
        rest
    }
}

#[test]
fn export_over_http_is_one_of_two_and_nobody_holds_a_place_by_reading_nothing() {
    System::new().block_on(async {
        let db = with_many_laps(3_000);
        let sessions =
            SessionLimits { stuck_for: Duration::from_secs(2), ..SessionLimits::default() };
        let options = Options { sessions, ..options() };
        let service = Service::start_with(&db, "", options, |_| {}).await;
        let clients = [Lazy::ask(&service).await, Lazy::ask(&service).await];
        let busy = fetch(&service, "heats").await;
        assert_eq!(busy.headers.get(header::RETRY_AFTER).unwrap(), "30");
        let (status, error) = error(&busy);
        assert_eq!((status, &error["code"]), (503, &"unavailable".into()));
        // Neither reads.
        wait_until("places are free", async || open_exports(&db) == 0).await;
        assert_eq!(fetch(&service, "heats").await.status, 200);
        for client in clients {
            assert!(!is_whole(&client.rest().await));
        }
        service.stop().await;
    });
}

#[test]
fn export_over_http_breaks_off_when_the_service_stops() {
    System::new().block_on(async {
        let db = with_many_laps(3_000);
        let service = Service::start(&db, "").await;
        let client = Lazy::ask(&service).await;
        timeout(Duration::from_secs(20), service.stop()).await.unwrap();
        assert!(!is_whole(&client.rest().await));
        wait_until("no connection is left", async || open_exports(&db) == 0).await;
    });
}

#[test]
fn export_over_http_is_of_the_feed_alone() {
    System::new().block_on(async {
        let db = with_rows();
        let service = Service::start(&db, "").await;
        let body = fetch(&service, "laps?feed=indoor").await.body.unwrap();
        let wanted = of_feed(DataSet::Laps, "indoor");
        assert_eq!(body, export(&db, &wanted, Format::Csv { bom: false }).unwrap());
        service.stop().await;
    });
}
