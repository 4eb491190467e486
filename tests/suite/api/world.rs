//! A small database with known contents, and a service in front of it.

use std::time::Duration;

use awc::{
    Client, Connector,
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
};
use ringside::config::Config;
use serde_json::Value;

use crate::support::{
    postgres::TestDb,
    service::{Service, options},
    wait_until,
};

/// A few feeds, heats, and laps. Rooms that need other rows add them to a file of their own and
/// name it in [`World::open`].
const KARTING: &str = include_str!("karting.sql");
const RING: &str = include_str!("ring.sql");

/// In [`KARTING`]: one with each kart that has a timed lap that counts.
const STINTS: i64 = 3;

pub struct World {
    pub db: TestDb,
    pub service: Service,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }
}

impl World {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let db = TestDb::new();
        db.execute(KARTING);
        db.execute(RING);
        let service = Service::start_with(&db, "", options(), |config| {
            // Whoever tests everything asks more often than anybody else.
            config.http.rules.limits.requests_per_second_per_address = 100_000;
            change(config);
        });
        Self { service: service.await, db }
    }

    /// Waits until changes of laps are told: the tests share a server, and a transaction that is open
    /// in any of its databases holds them back.
    pub async fn settled(&self) {
        let settled = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > \
                       (SELECT max(changed_in) FROM laps) AS settled";
        wait_until("changes are settled", async || self.db.value(settled) == true).await;
    }

    /// Waits until the service has summed up all laps in stints: records and karts are told by them.
    pub async fn summed_up(&self) {
        let stints = "SELECT count(*) AS stints FROM stints";
        wait_until("laps are summed up", async || self.db.value(stints) == STINTS).await;
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    /// The body of an answer that is there.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let client = Client::builder()
            .connector(Connector::new())
            .timeout(Duration::from_secs(60))
            .no_default_headers()
            .finish();
        let url = format!("http://{}{path}", self.service.address());
        let mut request = client.request(method, url).no_decompress();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request = request.append_header((name, HeaderValue::from_str(value).unwrap()));
        }
        let mut answer = request.send().await.unwrap();
        let body = answer.body().limit(usize::MAX).await.unwrap().to_vec();
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body }
    }
}
