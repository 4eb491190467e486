//! The database of this deployment: the configured one, or a private one in `data_dir`.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use actix_web::web;
use anyhow::{Context, anyhow};
use log::{info, warn};
use tokio::time::{Instant, sleep};

use crate::{
    config::Config,
    db::{self, MigrateError, Pool, embedded::EmbeddedPostgres},
    event::{FeedId, Generation},
};

/// Connections for the store, its questions and the health checks.
const POOL_SIZE: u32 = 4;
/// A service and its database often start together; the one waits for the other so long.
const START_WITHIN: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// An open database with our schema.
pub struct Database {
    url: String,
    pool: Pool,
    private: Option<EmbeddedPostgres>,
    configured: bool,
}

impl Database {
    /// Opens the database of `config`, starts the private Postgres where that is it and nobody has
    /// started it yet, and brings the schema up to date.
    ///
    /// # Errors
    /// What stands in the way, without a password.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let (url, private) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => {
                let private = start_private(private_dir(config)).await?;
                (private.url(), Some(private))
            }
        };
        Self::connect(url, private, config.database_url.is_some()).await
    }

    /// Like [`Self::open`], beside a service that may be running: uses its private Postgres.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_beside(config: &Config) -> anyhow::Result<Self> {
        match EmbeddedPostgres::running_url(&private_dir(config)) {
            Some(url) if config.database_url.is_none() => Self::connect(url, None, false).await,
            _ => Self::open(config).await,
        }
    }

    async fn connect(
        url: String,
        private: Option<EmbeddedPostgres>,
        configured: bool,
    ) -> anyhow::Result<Self> {
        let pool = db::connect(&url, POOL_SIZE);
        let shown = db::redact(&url);
        let give_up = Instant::now() + START_WITHIN;
        loop {
            let migrating = pool.clone();
            match web::block(move || db::migrate(&migrating)).await? {
                Ok(report) => {
                    info!("database={shown} migrations_applied={}", report.applied.len());
                    return Ok(Self { url, pool, private, configured });
                }
                Err(error @ MigrateError::Unreachable(_)) if Instant::now() < give_up => {
                    warn!("database={shown} is not there yet, trying again: {error}");
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

    pub fn is_private(&self) -> bool {
        !self.configured
    }

    /// # Errors
    /// The database can't be read.
    pub async fn last_generations(&self) -> anyhow::Result<HashMap<FeedId, Generation>> {
        let pool = self.pool.clone();
        let read = web::block(move || {
            let mut connection = pool.get()?;
            anyhow::Ok(db::queries::last_generations(&mut connection)?)
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

/// Where the private Postgres of this deployment lives.
pub fn private_dir(config: &Config) -> PathBuf {
    config.data_dir.join("postgres")
}

async fn start_private(dir: PathBuf) -> anyhow::Result<EmbeddedPostgres> {
    let started = web::block(move || EmbeddedPostgres::start(&dir)).await?;
    started.context("the private Postgres can't be started")
}
