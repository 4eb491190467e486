//! The database of this deployment: the configured one, or a private one in `data_dir`.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use actix_web::web;
use anyhow::{Context, anyhow};
use log::{error, info, warn};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    config::Config,
    db::{self, LatePool, MigrateError, Pool, embedded::EmbeddedPostgres},
    event::{FeedId, Generation},
    pipeline::journal::record::Seq,
};

/// Connections for the store and its questions, the sums of laps, the health checks, and three for
/// readers.
const POOL_SIZE: u32 = 8;
/// A service and its database often start together; the one waits for the other so long.
const START_WITHIN: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// Said so often while the database is away.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// Where the database is to be.
#[derive(Clone)]
pub struct Wanted {
    /// None: a private one.
    url: Option<String>,
    private_dir: PathBuf,
}

/// An open database with our schema.
pub struct Database {
    url: String,
    pool: Pool,
    private: Option<EmbeddedPostgres>,
}

/// What an open database knows of the past.
pub struct Opened {
    /// The last generation of each feed.
    pub generations: HashMap<FeedId, Generation>,
    /// How far the journal is written.
    pub checkpoint: Seq,
}

impl Wanted {
    pub fn of(config: &Config) -> Self {
        Self { url: config.database_url.clone(), private_dir: private_dir(config) }
    }

    pub fn is_private(&self) -> bool {
        self.url.is_none()
    }

    /// For people, without a password.
    pub fn shown(&self) -> String {
        self.url.as_deref().map_or_else(|| "private".to_owned(), db::redact)
    }
}

impl Database {
    /// Opens the database, starts the private Postgres where that is it and nobody has started it
    /// yet, and brings the schema up to date.
    ///
    /// # Errors
    /// What stands in the way, without a password.
    pub async fn open(wanted: &Wanted) -> anyhow::Result<Self> {
        let (url, private) = match &wanted.url {
            Some(url) => (url.clone(), None),
            None => {
                let private = start_private(wanted.private_dir.clone()).await?;
                (private.url(), Some(private))
            }
        };
        Self::connect(url, private).await
    }

    /// Like [`Self::open`], beside a service that may be running: uses its private Postgres.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_beside(config: &Config) -> anyhow::Result<Self> {
        let wanted = Wanted::of(config);
        match EmbeddedPostgres::running_url(&wanted.private_dir) {
            Some(url) if wanted.is_private() => Self::connect(url, None).await,
            _ => Self::open(&wanted).await,
        }
    }

    async fn connect(url: String, private: Option<EmbeddedPostgres>) -> anyhow::Result<Self> {
        let pool = db::connect(&url, POOL_SIZE);
        let shown = db::redact(&url);
        let began = Instant::now();
        let mut said: Option<Instant> = None;
        loop {
            let migrating = pool.clone();
            match web::block(move || db::migrate(&migrating)).await? {
                Ok(report) => {
                    info!("database={shown} migrations_applied={}", report.applied.len());
                    return Ok(Self { url, pool, private });
                }
                Err(error @ MigrateError::Unreachable(_)) if began.elapsed() < START_WITHIN => {
                    if said.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
                        warn!("database={shown} is not there yet, trying again: {error}");
                        said = Some(Instant::now());
                    }
                    sleep(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(anyhow!("database {shown}: {error}")),
            }
        }
    }

    /// With its password.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A pool that is open from the beginning.
    pub fn late_pool(&self) -> Arc<LatePool> {
        let pool = LatePool::default();
        pool.open(self.pool.clone(), self.url.clone());
        Arc::new(pool)
    }

    /// # Errors
    /// The database can't be read.
    pub async fn opened(&self, journal_id: Arc<str>) -> anyhow::Result<Opened> {
        let pool = self.pool.clone();
        let read = web::block(move || {
            let mut connection = pool.get()?;
            let generations = db::queries::last_generations(&mut connection)?;
            let checkpoint = db::queries::checkpoint(&mut connection, &journal_id)?;
            anyhow::Ok(Opened { generations, checkpoint })
        });
        read.await?.context("the last connections can't be read from the database")
    }

    /// Stops the private Postgres, if it is ours.
    pub async fn close(self) {
        if let Some(private) = self.private
            && let Err(error) = web::block(move || private.stop()).await
        {
            warn!("the private Postgres was not stopped: {error}");
        }
    }
}

/// A database that is being opened while the service runs already.
pub struct Opening {
    pool: Arc<LatePool>,
    task: JoinHandle<Database>,
    opened: oneshot::Receiver<Opened>,
}

impl Opening {
    /// Opens the database, however long that takes. Frames are safe in the journal meanwhile.
    pub fn begin(wanted: Wanted, journal_id: Arc<str>) -> Self {
        let pool = Arc::new(LatePool::default());
        let (send, opened) = oneshot::channel();
        let task = actix::spawn(open_at_last(wanted, journal_id, pool.clone(), send));
        Self { pool, task, opened }
    }

    /// Opens the database, or fails soon.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn at_once(wanted: &Wanted, journal_id: Arc<str>) -> anyhow::Result<Self> {
        let database = Database::open(wanted).await?;
        let known = database.opened(journal_id).await?;
        let pool = database.late_pool();
        let (send, opened) = oneshot::channel();
        // Its receiver is in the next line.
        send.send(known).ok();
        Ok(Self { pool, task: actix::spawn(async { database }), opened })
    }

    pub fn pool(&self) -> &Arc<LatePool> {
        &self.pool
    }

    /// Answered once, when the database is open.
    pub fn opened(&mut self) -> &mut oneshot::Receiver<Opened> {
        &mut self.opened
    }

    /// Stops the private Postgres, if it is ours and was started.
    pub async fn close(self) {
        if self.pool.get().is_err() {
            return self.task.abort();
        }
        match self.task.await {
            Ok(database) => database.close().await,
            Err(error) => error!("the database was not closed: {error}"),
        }
    }
}

async fn open_at_last(
    wanted: Wanted,
    journal_id: Arc<str>,
    pool: Arc<LatePool>,
    opened: oneshot::Sender<Opened>,
) -> Database {
    let mut said: Option<(String, Instant)> = None;
    loop {
        let attempt = async {
            let database = Database::open(&wanted).await?;
            let known = database.opened(journal_id.clone()).await?;
            anyhow::Ok((database, known))
        };
        match attempt.await {
            Ok((database, known)) => {
                pool.open(database.pool.clone(), database.url.clone());
                // The service may be stopping.
                opened.send(known).ok();
                return database;
            }
            Err(trouble) => {
                let words = format!("{trouble:#}");
                let is_news = said
                    .as_ref()
                    .is_none_or(|(before, at)| *before != words || at.elapsed() >= SAID_EVERY);
                if is_news {
                    error!("{words}; frames are kept in the journal, trying again");
                    said = Some((words.clone(), Instant::now()));
                }
                pool.set_trouble(words);
                sleep(BETWEEN_TRIES).await;
            }
        }
    }
}

/// Where the private Postgres of this deployment lives.
pub fn private_dir(config: &Config) -> PathBuf {
    config.data_dir.join("postgres")
}

async fn start_private(dir: PathBuf) -> anyhow::Result<EmbeddedPostgres> {
    let started = web::block(move || EmbeddedPostgres::start(&dir)).await?;
    started.context("the private Postgres can't be started")
}
