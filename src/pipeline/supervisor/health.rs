//! How the fleet is, for `/health`, `/metrics` and `ringside status`.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::slot::{Slot, State};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FleetHealth {
    /// Sorted by id.
    pub feeds: Vec<FeedHealth>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    Connecting,
    Up,
    /// Down; `retry_in_s` tells when the next try is.
    Waiting,
    /// Too many faults of ours; off until its configuration changes or the service restarts.
    Quarantined,
    Stopped,
}

impl FeedState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Waiting => "waiting",
            Self::Quarantined => "quarantined",
            Self::Stopped => "stopped",
        }
    }
}

/// One feed. Counts are since the start of the process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedHealth {
    pub id: String,
    pub kind: String,
    pub venue: String,
    pub name: String,
    pub state: FeedState,
    pub generation: u64,
    pub connected_at: Option<DateTime<Utc>>,
    pub last_frame_at: Option<DateTime<Utc>>,
    /// Since the last frame that could be decoded.
    pub data_age_s: Option<f64>,
    /// A heat runs or a dog is on course.
    pub active: bool,
    pub frames: u64,
    pub bytes: u64,
    /// Frames nobody could read; they are in `rejected_frames`.
    pub rejected: u64,
    /// Of these, frames that came too fast to be kept.
    pub unkept: u64,
    /// Frames after which the venue was made to wait, because it sends more than a feed may.
    pub paced: u64,
    /// Fields, codes and values that no known revision of the protocol has.
    pub unknown: u64,
    pub unknown_names: BTreeMap<String, u64>,
    pub laps: u64,
    pub restarts: u64,
    /// Why the latest frame gave nothing; none when it was decoded.
    pub trouble: Option<String>,
    /// Why the latest connection that ended by itself did so.
    pub last_error: Option<String>,
    pub last_error_at: Option<DateTime<Utc>>,
    pub retry_in_s: Option<f64>,
    /// How often the feed was not heard in the last 24 h; none where the database can't tell. The
    /// supervisor keeps no past: `/health` adds this.
    pub gaps_24h: Option<u64>,
}

impl FeedHealth {
    pub(super) fn of(slot: &Slot, now: DateTime<Utc>, instant: Instant) -> Self {
        let info = &slot.source.info;
        let counters = &slot.source.counters;
        let (last_error_at, last_error) = slot.last_error.clone().unzip();
        let state = match slot.state {
            State::Waiting { .. } => FeedState::Waiting,
            State::Connecting => FeedState::Connecting,
            State::Up => FeedState::Up,
            State::Quarantined => FeedState::Quarantined,
            State::Stopped => FeedState::Stopped,
        };
        let retry_in_s = match slot.state {
            State::Waiting { until } => {
                Some(until.saturating_duration_since(instant).as_secs_f64())
            }
            _ => None,
        };
        Self {
            id: info.id.to_string(),
            kind: info.kind.clone(),
            venue: info.venue.clone(),
            name: info.name.clone(),
            state,
            generation: slot.generation.0,
            connected_at: slot.connected_at,
            last_frame_at: counters.last_frame_at(),
            data_age_s: counters.last_data_at().map(|at| (now - at).as_seconds_f64().max(0.0)),
            active: state == FeedState::Up && counters.active.load(Ordering::Relaxed),
            frames: counters.frames.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            rejected: counters.rejected.load(Ordering::Relaxed),
            unkept: counters.unkept.load(Ordering::Relaxed),
            paced: counters.paced.load(Ordering::Relaxed),
            unknown: counters.unknown.load(Ordering::Relaxed),
            unknown_names: counters.unknown_names(),
            laps: counters.laps.load(Ordering::Relaxed),
            restarts: slot.restarts,
            trouble: counters.trouble(),
            last_error,
            last_error_at,
            retry_in_s,
            gaps_24h: None,
        }
    }
}
