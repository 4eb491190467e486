//! What the supervisor knows of one feed.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::{
    event::Generation,
    pipeline::{
        backoff::Backoff, connection::ConnectionEnd, message::StopConnection, source::FeedSource,
    },
};

use super::Handle;

pub(super) struct Slot {
    pub source: Arc<FeedSource>,
    /// Of the latest connection.
    pub generation: Generation,
    pub state: State,
    pub backoff: Backoff,
    pub restarts: u64,
    pub last_error: Option<(DateTime<Utc>, String)>,
    pub connected_at: Option<DateTime<Utc>>,
    /// There while a connection lives.
    pub handle: Option<Handle>,
    /// The fault for which the connection is being stopped.
    pub fault: Option<ConnectionEnd>,
    /// Moments of faults of ours, within the period that counts.
    pub panics: VecDeque<Instant>,
    /// Looks at a connection that was gone without having said so.
    pub silent_ticks: u32,
    /// Only the wait with this id counts.
    pub wait_id: u64,
    /// Configured no more; goes when its connection has ended.
    pub removed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Waiting { until: Instant },
    Connecting,
    Up,
    Quarantined,
    Stopped,
}

impl Slot {
    pub fn new(source: Arc<FeedSource>, last: Generation, backoff: Backoff) -> Self {
        Self {
            source,
            generation: last,
            state: State::Waiting { until: Instant::now() },
            backoff,
            restarts: 0,
            last_error: None,
            connected_at: None,
            handle: None,
            fault: None,
            panics: VecDeque::new(),
            silent_ticks: 0,
            wait_id: 0,
            removed: false,
        }
    }

    /// Takes a new configuration: a clean sheet, but generations go on.
    pub fn replace(&mut self, source: Arc<FeedSource>) {
        self.source = source;
        self.backoff.reset();
        self.panics.clear();
        self.last_error = None;
        self.removed = false;
    }

    /// Asks the connection, if there is one, to end; asking twice does no harm.
    pub fn stop(&mut self) {
        if let Some(handle) = &self.handle {
            // Control: at most a few for each connection.
            handle.stop.do_send(StopConnection);
        }
    }
}
