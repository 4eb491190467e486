//! Writes a batch of events: all of it in one transaction, parents before children.
//!
//! The first attempt writes a whole table at a time, by COPY where the rows are many and probably
//! new, else by an upsert; clocks of heats are set by their ids. Where Postgres objects to a row, that
//! attempt is undone and the batch is written once more with care: what is refused is split until the
//! offender stands alone, and that goes to `rejected_rows` while its neighbours are written.

mod copies;
mod fault;
mod fold;
mod ids;
mod sql;

use diesel::{Connection, PgConnection};

use crate::pipeline::message::{Batch, BatchReport, StoreError};

use self::{
    copies::Copies,
    fault::{Fault, Verdict},
    fold::{Found, Orphan},
    ids::Ids,
    sql::HeatClock,
};
use super::{
    keyed::keyed,
    rows::{feeds::NewFeed, row::Row},
};

pub(super) use self::fault::unavailable;

/// What the store remembers from batch to batch.
#[derive(Default)]
pub(super) struct Memory {
    ids: Ids,
    copies: Copies,
}

impl Memory {
    /// Whatever a transaction taught that was not committed is not true.
    pub fn forget_ids(&mut self) {
        self.ids.forget_all();
    }
}

/// Writes the batch, or nothing of it.
///
/// # Errors
/// Nothing was written, or the answer to the commit was lost: the same batch may be sent again.
pub(super) fn write_batch(
    conn: &mut PgConnection,
    memory: &mut Memory,
    batch: &Batch,
) -> Result<BatchReport, StoreError> {
    memory.ids.forget_oldest();
    let mut attempt = |care| {
        let outcome = keyed(conn, |conn| {
            let report = Pass::new(conn, memory, care).write(batch)?;
            if let Some(checkpoint) = &batch.checkpoint {
                sql::put_checkpoint(conn, checkpoint)?;
            }
            Ok(report)
        });
        // Ids that this transaction made are gone with it.
        outcome.inspect_err(|_: &Fault| memory.forget_ids())
    };
    let outcome = match attempt(Care::Whole) {
        Err(Fault::Stale) => {
            log::warn!("heats are gone that were written before; they are written anew");
            attempt(Care::Whole)
        }
        outcome => outcome,
    };
    let outcome = match outcome {
        Err(Fault::Query(error)) if fault::may_be_a_row(&error) => attempt(Care::RowByRow),
        outcome => outcome,
    };
    outcome.map_err(Fault::into_store_error)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// A refused row ends the pass.
    Whole,
    /// A refused row is set aside.
    RowByRow,
}

/// One attempt to write a batch.
struct Pass<'a> {
    conn: &'a mut PgConnection,
    ids: &'a mut Ids,
    copies: &'a mut Copies,
    care: Care,
    report: BatchReport,
}

impl<'a> Pass<'a> {
    fn new(conn: &'a mut PgConnection, memory: &'a mut Memory, care: Care) -> Self {
        let Memory { ids, copies } = memory;
        Self { conn, ids, copies, care, report: BatchReport::default() }
    }

    fn write(mut self, batch: &Batch) -> Result<BatchReport, Fault> {
        self.write_feeds(batch)?;

        let parents = fold::parents(batch, self.ids);
        self.set_clocks(&parents.clocks)?;
        self.put(parents.heats)?;
        self.put(parents.runs)?;
        self.ids.find_parents(self.conn, batch)?;
        // With care some of them may have been set aside.
        if self.care == Care::Whole {
            for (feed, heat) in parents.told_heats {
                self.ids.remember_heat(feed, heat);
            }
        }

        let children = fold::children(batch, self.ids);
        let feeds = children.connections.rows.iter().map(|span| span.feed_id).collect();
        self.put(children.connections)?;
        self.report.rows += sql::close_lost_connections(self.conn, feeds)?;
        self.put(children.drivers)?;
        self.put(children.laps)?;
        self.report.rows += sql::delete_gaps(self.conn, &children.closed_gaps)?;
        self.put(children.gaps)?;
        self.put(children.playsets)?;
        self.put(children.changes)?;
        self.put(children.combined)?;
        self.put(children.frames)?;
        self.put(children.lost)?;
        Ok(self.report)
    }

    fn write_feeds(&mut self, batch: &Batch) -> Result<(), Fault> {
        let changed = self.ids.changed_feeds(batch);
        let rows = fold::settle(changed.iter().map(|info| NewFeed::new(info)).collect());
        self.put(Found { rows, orphans: Vec::new() })?;
        self.ids.find_feeds(self.conn, changed)?;
        Ok(())
    }

    fn set_clocks(&mut self, clocks: &[HeatClock]) -> Result<(), Fault> {
        let moved = sql::set_clocks(self.conn, clocks)?;
        if moved < clocks.len() {
            return Err(Fault::Stale);
        }
        self.report.rows += moved as u64;
        Ok(())
    }

    fn put<R: Row>(&mut self, found: Found<R>) -> Result<(), Fault> {
        match self.care {
            Care::Whole if found.rows.is_empty() => {}
            Care::Whole => self.report.rows += self.copy_or_upsert(&found.rows)?,
            Care::RowByRow => self.put_or_split(&found.rows)?,
        }
        for Orphan { row, reason } in &found.orphans {
            self.set_aside(row, reason, true)?;
        }
        Ok(())
    }

    fn copy_or_upsert<R: Row>(&mut self, rows: &[R]) -> Result<u64, Fault> {
        if self.copies.suit(rows) && !sql::has_any(self.conn, Copies::first_of(rows))? {
            let copied = self.conn.transaction(|conn| R::copy(rows, conn));
            self.copies.tried::<R>(copied.is_ok());
            // Whatever it failed of, the upsert does better or fails of it too.
            if let Ok(copied) = copied {
                return Ok(copied as u64);
            }
        }
        Ok(sql::upsert(self.conn, rows)?)
    }

    fn put_or_split<R: Row>(&mut self, rows: &[R]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let error = match self.conn.transaction(|conn| sql::upsert(conn, rows)) {
            Ok(written) => {
                self.report.rows += written;
                return Ok(());
            }
            Err(error) => error,
        };
        match (fault::judge(self.conn, rows, &error), rows) {
            (Verdict::Environment(error), _) => Err(Fault::Store(error)),
            (Verdict::Poison(reason), [offender]) => self.set_aside(offender, &reason, false),
            (Verdict::Poison(_), rows) => {
                let (front, back) = rows.split_at(rows.len() / 2);
                self.put_or_split(front)?;
                self.put_or_split(back)
            }
        }
    }

    fn set_aside<R: Row>(&mut self, row: &R, reason: &str, is_orphan: bool) -> Result<(), Fault> {
        sql::reject(self.conn, row, reason, is_orphan)?;
        self.report.rejected += 1;
        log::error!("table={} row set aside in rejected_rows reason={reason:?}", R::TABLE);
        Ok(())
    }
}
