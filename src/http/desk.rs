//! Where questions to the database queue: a few at a time, since the store needs its connections
//! more than readers do.

use std::{fmt, io, sync::Arc, time::Duration};

use actix_web::web::{self, Bytes};
use futures_util::stream::BoxStream;
use tokio::{sync::Semaphore, time::timeout};

use crate::db::{self, Asked, Connection, LatePool};

use super::stream::{self, Outlet};

/// Of the connections of the pool.
const QUESTIONS_AT_ONCE: usize = 3;
/// Of these, questions whose answers take as long as their readers do: one place is always for the
/// others.
const STREAMS_AT_ONCE: usize = QUESTIONS_AT_ONCE - 1;
/// A reader waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(4);

pub struct Desk {
    pool: Arc<LatePool>,
    free: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

/// Why there is no answer, in words for the log.
#[derive(Debug)]
pub struct Unanswered(pub(super) String);

impl Unanswered {
    /// What was asked for was dropped on its way: the service is about to end.
    pub fn cancelled() -> Self {
        Self("the question was cancelled".to_owned())
    }

    pub(super) fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Desk {
    pub fn new(pool: Arc<LatePool>) -> Self {
        Self {
            pool,
            free: Arc::new(Semaphore::new(QUESTIONS_AT_ONCE)),
            streams: Arc::new(Semaphore::new(STREAMS_AT_ONCE)),
        }
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
        let free = Arc::clone(&self.free);
        let waiting = Arc::new(());
        let asker = Arc::downgrade(&waiting);
        let asked = async {
            // The semaphore is never closed.
            let turn = free.acquire_owned().await;
            web::block(move || {
                // A question goes on when nobody waits for it any more, and its turn with it.
                let _turn = turn;
                if asker.strong_count() == 0 {
                    return Err("nobody waits for it any more".to_owned());
                }
                db::ask(&pool, question)
            })
            .await
        };
        let answer = timeout(PATIENCE, asked).await;
        drop(waiting);
        match answer {
            Ok(Ok(answer)) => answer.map_err(Unanswered),
            Ok(Err(_)) => Err(Unanswered::cancelled()),
            Err(_) => Err(Unanswered(format!("no answer within {PATIENCE:?}"))),
        }
    }

    /// The head of the answer, within seconds, and the rest as it is found, in little memory: the
    /// question writes it into the [`Outlet`] and stops when that breaks.
    ///
    /// # Errors
    /// The database is away, refuses, or takes too long for the head. What happens later ends the
    /// rest with an error.
    pub async fn stream<H: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection, &mut Outlet<H>) -> Asked<()> + Send + 'static,
    ) -> Result<(H, BoxStream<'static, io::Result<Bytes>>), Unanswered> {
        let pool = self.pool.get().map_err(Unanswered)?.clone();
        let (streams, free) = (Arc::clone(&self.streams), Arc::clone(&self.free));
        let asked = async {
            // Neither is ever closed.
            let turns = [streams.acquire_owned().await, free.acquire_owned().await];
            stream::ask(pool, turns.into_iter().flatten().collect(), question).await
        };
        match timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Unanswered(format!("no answer within {PATIENCE:?}"))),
        }
    }
}
