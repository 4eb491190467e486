//! The service in this process, with patience for tests: the same wiring as `ringside run`.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use ringside::{
    app::{App, Options, StopReport},
    config::{self, Config},
    feed::FeedKind,
    http::Health,
    pipeline::{
        connection::Deadlines,
        supervisor::{FeedHealth, Patience},
    },
    simulator::{Ring, Track},
};

use super::postgres::TestDb;

pub struct Service {
    pub app: App,
    folder: tempfile::TempDir,
}

impl Service {
    /// Runs these `[[feed]]` tables against the database of the test.
    pub async fn start(db: &TestDb, feeds: &str) -> Self {
        Self::start_with(db, feeds, options(), |_| {}).await
    }

    pub async fn start_with(
        db: &TestDb,
        feeds: &str,
        options: Options,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = configuration(&db.url, feeds, folder.path());
        change(&mut config);
        let app = App::start(config, options).await.unwrap();
        Self { app, folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.app.address()
    }

    /// The status and the body of an answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        get(self.address(), path).await
    }

    pub async fn health(&self) -> Health {
        serde_json::from_str(&self.get("/health").await.1).unwrap()
    }

    pub async fn feed(&self, id: &str) -> FeedHealth {
        let feeds = self.health().await.feeds;
        feeds.into_iter().find(|feed| feed.id == id).unwrap_or_else(|| panic!("no feed {id}"))
    }

    /// Takes up these feeds in place of the present ones, as SIGHUP does.
    pub async fn set_feeds(&self, db: &TestDb, feeds: &str) {
        let config = configuration(&db.url, feeds, self.folder.path());
        self.app.set_feeds(config.feeds).await.unwrap();
    }

    /// What a reload would read.
    pub fn configuration(&self, db: &TestDb, feeds: &str) -> Config {
        configuration(&db.url, feeds, self.folder.path())
    }

    pub async fn stop(self) -> StopReport {
        self.app.stop().await
    }
}

pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let client = awc::Client::builder().connector(awc::Connector::new()).finish();
    let mut answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
    let body = answer.body().await.unwrap();
    (answer.status().as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

fn configuration(database: &str, feeds: &str, folder: &Path) -> Config {
    let text = format!("[http]\nbind = \"127.0.0.1:0\"\n[database]\nurl = {database:?}\n{feeds}");
    config::parse(&text, Path::new("test"), folder, &|_| None).unwrap_or_else(|e| panic!("{e}"))
}

/// Quick to try again. The deadlines are shorter than real ones, for tests that wait for them to pass,
/// and longer than a loaded machine keeps a healthy feed waiting.
pub fn options() -> Options {
    Options {
        patience: Patience {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(1),
            proven_after: Duration::from_secs(2),
            liveness: Duration::from_millis(200),
            ..Patience::default()
        },
        deadlines: Deadlines {
            handshake: Duration::from_secs(5),
            first_message: Duration::from_secs(5),
            keepalive: Some((Duration::from_millis(300), Duration::from_secs(5))),
            silence: Some(Duration::from_secs(6)),
        },
        ..Options::default()
    }
}

pub fn track_table(id: &str, track: &Track) -> String {
    format!(
        "[[feed]]\nid = {id:?}\nkind = \"bmi\"\nvenue = \"Karting {id}\"\nname = \"Main track\"\n\
         url = {:?}\nresource = {:?}\n",
        track.url(),
        track.resource()
    )
}

pub fn ring_table(id: &str, ring: &Ring) -> String {
    format!(
        "[[feed]]\nid = {id:?}\nkind = \"flowagility\"\nvenue = \"Agility {id}\"\nname = \"Ring\"\n\
         url = {:?}\n",
        ring.url()
    )
}

/// Puts another kind in the place of that of feed `id`.
pub fn replace_kind(
    config: &mut Config,
    id: &str,
    wrap: impl FnOnce(Arc<dyn FeedKind>) -> Arc<dyn FeedKind>,
) {
    let feed = config.feeds.iter_mut().find(|feed| feed.info.id.as_str() == id).unwrap();
    feed.kind = wrap(feed.kind.clone());
}
