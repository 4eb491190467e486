//! The end of the way: an actor on a thread of its own, since Diesel blocks.
//!
//! The writer sends one [`WriteBatch`] at a time and waits for the answer; [`RecallPast`] asks what
//! is stored of a heat or run. The store never decides and never tries again: it writes a batch
//! whole or says why not. A panic in a handler would cost the thread for good, so each is caught
//! and becomes an error.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use actix::{Actor, Addr, Handler, SyncArbiter, SyncContext};
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::{
    event::Past,
    pipeline::message::{BatchReport, RecallPast, StoreError, WriteBatch},
};

use super::{
    Pool, address, queries,
    write::{self, Ids},
};

pub struct Store {
    pool: Pool,
    ids: Ids,
    counters: Arc<StoreCounters>,
}

/// Counted since the start of the process.
#[derive(Debug, Default)]
pub struct StoreCounters {
    /// Batches written.
    pub batches: AtomicU64,
    /// Rows inserted or changed.
    pub rows: AtomicU64,
    /// Rows set aside in `rejected_rows`.
    pub rejected_rows: AtomicU64,
    /// Attempts that failed because Postgres was away or busy.
    pub retriable: AtomicU64,
    /// Attempts that failed in a way that needs a human.
    pub refused: AtomicU64,
    latest: Mutex<Latest>,
}

#[derive(Clone, Debug, Default)]
struct Latest {
    written_at: Option<DateTime<Utc>>,
    error: Option<String>,
}

impl StoreCounters {
    /// When a batch was last written.
    pub fn last_written_at(&self) -> Option<DateTime<Utc>> {
        self.latest().written_at
    }

    /// Why the latest attempt failed; none when it did not. Holds no password.
    pub fn last_error(&self) -> Option<String> {
        self.latest().error.clone()
    }

    fn count(&self, outcome: &Result<BatchReport, StoreError>) {
        match outcome {
            Ok(report) => {
                self.batches.fetch_add(1, Ordering::Relaxed);
                self.rows.fetch_add(report.rows, Ordering::Relaxed);
                self.rejected_rows.fetch_add(report.rejected, Ordering::Relaxed);
                *self.latest() = Latest { written_at: Some(Utc::now()), error: None };
            }
            Err(error) => self.count_error(error),
        }
    }

    fn count_error(&self, error: &StoreError) {
        let counter = match error {
            StoreError::Retriable(_) => &self.retriable,
            StoreError::Refused(_) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.latest().error = Some(error.to_string());
    }

    /// Stays readable when a thread died while it held the lock: both fields are whole at any time.
    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Starts the store's thread, which lives as long as the address.
    pub fn start(pool: Pool, counters: Arc<StoreCounters>) -> Addr<Self> {
        // More threads would write two batches at once, out of order.
        SyncArbiter::start(1, move || Self {
            pool: pool.clone(),
            ids: Ids::default(),
            counters: Arc::clone(&counters),
        })
    }

    /// Does the work over a connection of the pool; a panic becomes an error.
    fn guard<T>(
        &mut self,
        work: impl FnOnce(&mut PgConnection, &mut Ids) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = caught(|| {
            let mut conn = self.pool.get().map_err(|error| {
                StoreError::Retriable(address::connect_failure(&error.to_string()))
            })?;
            work(&mut conn, &mut self.ids)
        });
        if outcome.is_err() {
            self.ids.forget_all();
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
        let outcome = self.guard(|conn, ids| write::write_batch(conn, ids, &batch));
        self.counters.count(&outcome);
        outcome
    }
}

impl Handler<RecallPast> for Store {
    type Result = Result<Past, StoreError>;

    fn handle(&mut self, recall: RecallPast, _: &mut Self::Context) -> Self::Result {
        let outcome = self.guard(|conn, _| {
            queries::past(conn, &recall.feed.id, &recall.ask)
                .map_err(|error| write::unavailable(&error))
        });
        if let Err(error) = &outcome {
            self.counters.count_error(error);
        }
        outcome
    }
}

fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // Nothing half done is seen again: a connection that a panic drops is closed by its pool, and
    // the ids are forgotten after any failure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let error = format!("a fault of ringside: {}", panic_words(&*panic));
        log::error!("store panicked error={error:?}");
        Err(StoreError::Refused(error))
    })
}

fn panic_words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caught_makes_an_error_of_a_panic() {
        let outcome: Result<(), _> = caught(|| panic!("lap {} is none", 0));
        let error = StoreError::Refused("a fault of ringside: lap 0 is none".to_owned());
        assert_eq!(outcome, Err(error));
    }
}
