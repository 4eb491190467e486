//! The stages that several commands share, and the screens beside them: which actors, on which
//! threads.

use std::sync::{Arc, atomic::Ordering};

use actix::{Actor, Addr, Arbiter, Recipient};

use crate::{
    db::{LatePool, store::Store},
    pipeline::{
        journal::JournalCounters,
        live::{Basin, LiveDesk, LiveHub, LiveTap},
        liveness::Look,
        message::{BatchWritten, RecallPasts},
        parser::{Outlets, Parser},
        writer::{Batching, Writer, WriterCounters, WriterParams},
    },
};

/// Parser, writer and store: the part of the pipeline that replay shares.
pub struct Stages {
    pub parser: Addr<Parser>,
    pub writer: Addr<Writer>,
    pub counters: Arc<WriterCounters>,
    recall: Recipient<RecallPasts>,
    pub(super) thread: Arbiter,
}

/// What people look at.
pub(super) struct Screens {
    pub hub: Addr<LiveHub>,
    basin: Arc<Basin>,
    pub tap: LiveTap,
    thread: Arbiter,
}

impl Stages {
    /// `journal_id` names the journal whose records come; none for records of no journal.
    pub fn start(
        pool: Arc<LatePool>,
        batching: Batching,
        journal_id: Option<Arc<str>>,
        written: Option<Recipient<BatchWritten>>,
    ) -> Self {
        let counters = Arc::new(WriterCounters::default());
        // What decoders ask does not wait for the batch in flight, nor that for them.
        let (store, library) = (Store::start(pool.clone()), Store::start(pool));
        let thread = Arbiter::new();
        let params = WriterParams {
            batching,
            store: store.recipient(),
            recall: library.clone().recipient(),
            journal_id,
            written,
            counters: counters.clone(),
        };
        let writer = Writer::start_in_arbiter(&thread.handle(), |_| Writer::new(params));
        let outlets =
            Outlets { events: writer.clone().recipient(), recall: writer.clone().recipient() };
        let parser = Parser::start_in_arbiter(&thread.handle(), |_| Parser::new(outlets));
        Self { parser, writer, counters, recall: library.recipient(), thread }
    }

    pub fn stop(&self) {
        self.thread.stop();
    }
}

impl Screens {
    /// On a thread of their own: drawing a thousand screens slows no row.
    pub fn start(stages: &Stages) -> Self {
        let basin = Arc::new(Basin::default());
        let thread = Arbiter::new();
        let (recall, intake) = (stages.recall.clone(), basin.clone());
        let hub = LiveHub::start_in_arbiter(&thread.handle(), |_| LiveHub::new(intake, recall));
        let tap = LiveTap::new(basin.clone(), hub.clone().recipient());
        Self { hub, basin, tap, thread }
    }

    pub fn stop(&self) {
        self.thread.stop();
    }

    pub fn desk(&self) -> LiveDesk {
        LiveDesk {
            watch: self.hub.clone().recipient(),
            find: self.hub.clone().recipient(),
            fleet: self.hub.clone().recipient(),
            basin: self.basin.clone(),
        }
    }
}

/// What waits, and for whom. Before the database is open everything waits for it.
pub(super) fn look_at(
    journal: &Arc<JournalCounters>,
    writer: &Arc<WriterCounters>,
    pool: &Arc<LatePool>,
) -> Box<dyn Fn() -> Look + Send + Sync> {
    let (journal, writer, pool) = (journal.clone(), writer.clone(), pool.clone());
    Box::new(move || {
        let done = journal.handed_on.load(Ordering::Relaxed);
        let look = Look::at(&writer, journal.behind(), done);
        Look { awaits_database: look.awaits_database || pool.get().is_err(), ..look }
    })
}
