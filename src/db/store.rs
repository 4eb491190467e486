//! The end of the way: an actor on a thread of its own, since Diesel blocks.
//!
//! The writer sends one [`WriteBatch`] at a time and waits for the answer; [`RecallPasts`] asks what
//! is stored of heats and runs, and goes to a store of its own. The store never decides and never
//! tries again: it writes a batch whole or says why not. A panic in a handler would cost the thread
//! for good, so each is caught and becomes an error.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use actix::{Actor, Addr, Handler, SyncArbiter, SyncContext};
use diesel::{PgConnection, result::Error as QueryError};

use crate::{
    event::Past,
    pipeline::{
        connection::panic_words,
        message::{BatchReport, RecallPast, RecallPasts, Recalled, StoreError, WriteBatch},
    },
};

use super::{
    LatePool, address, queries,
    write::{self, Memory},
};

pub struct Store {
    pool: Arc<LatePool>,
    memory: Memory,
}

impl Store {
    /// Starts the store's thread, which lives as long as the address.
    pub fn start(pool: Arc<LatePool>) -> Addr<Self> {
        // More threads would write two batches at once, out of order.
        SyncArbiter::start(1, move || Self { pool: pool.clone(), memory: Memory::default() })
    }

    /// Does the work over a connection of the pool; a panic becomes an error.
    fn guard<T>(
        &mut self,
        panicked: fn(String) -> StoreError,
        work: impl FnOnce(&mut PgConnection, &mut Memory) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = caught(panicked, || {
            let pool = self.pool.get().map_err(StoreError::Retriable)?;
            let mut conn = pool.get().map_err(|error| {
                StoreError::Retriable(address::connect_failure(&error.to_string()))
            })?;
            work(&mut conn, &mut self.memory)
        });
        if outcome.is_err() {
            self.memory.forget_ids();
        }
        outcome
    }
}

impl Actor for Store {
    type Context = SyncContext<Self>;
}

impl Handler<WriteBatch> for Store {
    type Result = Result<BatchReport, StoreError>;

    fn handle(&mut self, WriteBatch(batch): WriteBatch, _: &mut Self::Context) -> Self::Result {
        self.guard(StoreError::Refused, |conn, memory| write::write_batch(conn, memory, &batch))
    }
}

impl Handler<RecallPasts> for Store {
    type Result = Result<Vec<Recalled>, StoreError>;

    fn handle(
        &mut self,
        RecallPasts(questions): RecallPasts,
        _: &mut Self::Context,
    ) -> Self::Result {
        match self.recall(&questions) {
            Ok(pasts) => Ok(pasts.into_iter().map(Ok).collect()),
            // One of them: the others are answered without it.
            Err(StoreError::Unreadable(_)) => {
                questions.iter().map(|question| self.recall_alone(question)).collect()
            }
            Err(away) => Err(away),
        }
    }
}

impl Store {
    fn recall(&mut self, questions: &[RecallPast]) -> Result<Vec<Past>, StoreError> {
        let asked: Vec<_> = questions.iter().map(|asked| (&asked.feed.id, &asked.ask)).collect();
        self.guard(StoreError::Unreadable, |conn, _| {
            queries::pasts(conn, &asked).map_err(|error| match error {
                QueryError::DeserializationError(error) => {
                    StoreError::Unreadable(error.to_string())
                }
                error => write::unavailable(&error),
            })
        })
    }

    /// # Errors
    /// The database does not answer.
    fn recall_alone(&mut self, question: &RecallPast) -> Result<Recalled, StoreError> {
        match self.recall(std::slice::from_ref(question)) {
            // One question has one answer.
            Ok(pasts) => Ok(Ok(pasts.into_iter().next().unwrap_or_else(|| question.ask.nothing()))),
            Err(unreadable @ StoreError::Unreadable(_)) => Ok(Err(unreadable)),
            Err(away) => Err(away),
        }
    }
}

fn caught<T>(
    panicked: fn(String) -> StoreError,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Nothing half done is seen again: a connection that a panic drops is closed by its pool, and
    // the ids are forgotten after any failure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let error = format!("a fault of ringside: {}", panic_words(panic.as_ref()));
        log::error!("store panicked error={error:?}");
        Err(panicked(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caught_makes_an_error_of_a_panic() {
        let outcome: Result<(), _> = caught(StoreError::Refused, || panic!("lap {} is none", 0));
        let error = StoreError::Refused("a fault of ringside: panic: lap 0 is none".to_owned());
        assert_eq!(outcome, Err(error));
    }
}
