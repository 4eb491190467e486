//! Where the journal leaves what came for the hub, without ever waiting for it.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use actix::{Message, Recipient};

use crate::{
    event::FeedId,
    pipeline::{journal::record::Record, source::FeedSource},
};

/// What of one feed may wait for the hub. Only the newest counts for a screen, and a decoder copes
/// with frames that it has not seen.
pub(super) const MAX_WAITING: usize = 64;

/// A record on its way to the screens.
#[derive(Clone)]
pub struct Tapped {
    pub record: Arc<Record>,
    pub source: Arc<FeedSource>,
}

/// The journal's end.
#[derive(Clone)]
pub struct LiveTap {
    basin: Arc<Basin>,
    hub: Recipient<FramesTapped>,
}

/// The hub's end.
#[derive(Default)]
pub struct Basin {
    waiting: Mutex<HashMap<FeedId, VecDeque<Tapped>>>,
    /// Records that no screen saw, since newer ones pushed them out.
    pub passed_over: AtomicU64,
}

/// LiveTap → LiveHub (control): something waits. One is on its way at a time.
#[derive(Message)]
#[rtype(result = "()")]
pub struct FramesTapped;

impl LiveTap {
    pub fn new(basin: Arc<Basin>, hub: Recipient<FramesTapped>) -> Self {
        Self { basin, hub }
    }

    pub fn offer(&self, tapped: Tapped) {
        if self.basin.put(tapped) {
            self.hub.do_send(FramesTapped);
        }
    }
}

impl Basin {
    /// Whether it was empty before.
    fn put(&self, tapped: Tapped) -> bool {
        let mut waiting = self.lock();
        let was_empty = waiting.is_empty();
        let of_feed = waiting.entry(tapped.source.info.id.clone()).or_default();
        of_feed.push_back(tapped);
        if of_feed.len() > MAX_WAITING {
            of_feed.pop_front();
            self.passed_over.fetch_add(1, Ordering::Relaxed);
        }
        was_empty
    }

    pub(super) fn drain(&self) -> HashMap<FeedId, VecDeque<Tapped>> {
        mem::take(&mut *self.lock())
    }

    /// Whole at any time, also when a thread died while it held it.
    fn lock(&self) -> MutexGuard<'_, HashMap<FeedId, VecDeque<Tapped>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
