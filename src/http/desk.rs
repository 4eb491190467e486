//! Where questions to the database queue: a few at a time, since the store needs its connections
//! more than readers do.

use std::{fmt, sync::Arc, time::Duration};

use actix_web::web;
use tokio::{sync::Semaphore, time::timeout};

use crate::db::{self, Asked, Connection, LatePool};

/// Of the connections of the pool.
const QUESTIONS_AT_ONCE: usize = 3;
/// A reader waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(4);

pub struct Desk {
    pool: Arc<LatePool>,
    free: Semaphore,
}

/// Why there is no answer, in words for the log.
#[derive(Debug)]
pub struct Unanswered(String);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Desk {
    pub fn new(pool: Arc<LatePool>) -> Self {
        Self { pool, free: Semaphore::new(QUESTIONS_AT_ONCE) }
    }

    /// The answer, within seconds.
    ///
    /// # Errors
    /// The database is away, refuses, or takes too long.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Asked<T> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let pool = self.pool.get().map_err(Unanswered)?.clone();
        let asked = async {
            // The semaphore is never closed.
            let _turn = self.free.acquire().await;
            web::block(move || db::ask(&pool, question)).await
        };
        match timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => answer.map_err(Unanswered),
            Ok(Err(_)) => Err(Unanswered("the question was cancelled".to_owned())),
            Err(_) => Err(Unanswered(format!("no answer within {PATIENCE:?}"))),
        }
    }
}
