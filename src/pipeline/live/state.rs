//! One feed, as it is at the moment.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{board::Board, event::FeedInfo};

/// A running heat sends a frame a second, 1.5 s apart at most; a screen must not show a clock that
/// nobody has confirmed for longer than this.
const HEAT_STALE_AFTER: TimeDelta = TimeDelta::seconds(4);

#[derive(Clone, Debug)]
pub struct Live {
    pub feed: Arc<FeedInfo>,
    pub link: Link,
    /// When the last frame came that could be read.
    pub last_at: Option<DateTime<Utc>>,
    pub board: Board,
    /// Why the latest frame could not be read; none when it was.
    pub trouble: Option<String>,
}

/// The connection of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// There was none yet since the start.
    Never,
    Up {
        since: DateTime<Utc>,
    },
    Down {
        since: DateTime<Utc>,
        /// As a word: `remote_closed`, `silence`, …
        reason: String,
    },
}

/// Whether what is shown is true now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staleness {
    Fresh,
    /// Nothing was ever heard.
    Never,
    /// The connection is down.
    Disconnected {
        since: DateTime<Utc>,
    },
    /// A heat runs, and nothing came for longer than a heat is silent.
    Silent {
        since: DateTime<Utc>,
    },
}

impl Live {
    pub fn new(feed: Arc<FeedInfo>) -> Self {
        Self { feed, link: Link::Never, last_at: None, board: Board::Unknown, trouble: None }
    }

    pub fn staleness(&self, now: DateTime<Utc>) -> Staleness {
        let Some(last_at) = self.last_at else { return Staleness::Never };
        if let Link::Down { since, .. } = self.link {
            return Staleness::Disconnected { since };
        }
        let heat_runs = matches!(&self.board, Board::Heat(heat) if heat.clock.runs);
        if heat_runs && now - last_at > HEAT_STALE_AFTER {
            return Staleness::Silent { since: last_at };
        }
        Staleness::Fresh
    }
}
