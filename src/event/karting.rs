//! Karting: heat, driver, standing, lap, gap.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Extra;

/// Which heat of a feed. Venues reuse names every day and reload heats, so a heat is known by its
/// start, its name and, where both are equal but no driver is shared, by how often that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeatKey {
    /// The scheduled start as sent, unix seconds; whether UTC or local wall time is unknown.
    pub start_unix: i64,
    pub name: Arc<str>,
    /// 0 for the first heat with this start and name, then 1, 2, …
    pub occurrence: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum KartingEvent {
    Heat(Heat),
    /// Shared by the decoder that told it and the screens.
    Standing(Arc<Standing>),
    Lap(Lap),
    LapGap(LapGap),
    /// The gap that began at `first_lap` is none any more (its laps were removed or found).
    LapGapClosed {
        heat: Arc<HeatKey>,
        driver_id: i64,
        first_lap: i32,
    },
    /// The venue has no heat loaded.
    TrackCleared {
        at: DateTime<Utc>,
    },
}

/// A heat as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    pub key: Arc<HeatKey>,
    pub state: Code,
    pub end_condition: Code,
    pub race_mode: Code,
    /// The counter as sent; whether it counts up or down depends on `end_condition`.
    pub clock_ms: i64,
    pub clock_started: bool,
    pub clock_enabled: bool,
    /// Laps to go where the heat ends by laps, else 0.
    pub remaining_laps: i32,
    pub end_mode: i32,
    /// When the clock was first seen running.
    pub started_at: Option<DateTime<Utc>>,
    /// When the heat was first seen finished.
    pub finished_at: Option<DateTime<Utc>>,
    pub seen_at: DateTime<Utc>,
    pub extra: Extra,
}

impl Heat {
    /// Whether it says the same of the heat, whatever its clock shows and whenever that was.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            key,
            state,
            end_condition,
            race_mode,
            clock_ms: _,
            clock_started,
            clock_enabled,
            remaining_laps,
            end_mode,
            started_at,
            finished_at,
            seen_at: _,
            extra,
        } = self;
        *key == other.key
            && *state == other.state
            && *end_condition == other.end_condition
            && *race_mode == other.race_mode
            && *clock_started == other.clock_started
            && *clock_enabled == other.clock_enabled
            && *remaining_laps == other.remaining_laps
            && *end_mode == other.end_mode
            && *started_at == other.started_at
            && *finished_at == other.finished_at
            && *extra == other.extra
    }
}

/// A code of the venue as a word; a code nobody knows reads `unknown(n)`.
pub type Code = std::borrow::Cow<'static, str>;

/// One driver's line in the table of a heat, as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub heat: Arc<HeatKey>,
    /// A heat entry: constant within a heat, new in the next one, even for the same person.
    pub driver_id: i64,
    pub name: String,
    /// As sent: `"7"` and `"07"` are different; empty for a late joiner without a kart.
    pub kart: String,
    pub web_member_id: i64,
    pub position: i32,
    pub laps: i32,
    pub last_lap_ms: Option<i32>,
    pub average_lap_ms: Option<i32>,
    pub best_lap_ms: Option<i32>,
    /// As sent; its format depends on the race mode.
    pub gap: String,
    pub last_passing: bool,
    /// `day`, `week`, `month`, `year`, `ever` when the last lap broke that record.
    pub last_record: Option<Code>,
    pub updated_at: DateTime<Utc>,
    pub extra: Extra,
}

/// One lap of one driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lap {
    pub heat: Arc<HeatKey>,
    pub driver_id: i64,
    /// 1 for the first.
    pub lap: i32,
    /// The true time lies in `lap_ms ..= lap_ms + error_ms`.
    pub lap_ms: i32,
    /// The kart at the moment the lap was seen; none where that moment was missed. One text for all
    /// laps in it.
    pub kart: Option<Arc<str>>,
    /// The position after this lap; none where that moment was missed.
    pub position: Option<i32>,
    /// When the kart crossed the line, to about ±0.4 s; none for a lap that was already there when
    /// the connection began.
    pub crossed_at: Option<DateTime<Utc>>,
    pub source: LapSource,
    pub error_ms: i32,
    /// When officials took the lap away.
    pub removed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LapSource {
    /// Its time was on the wire.
    Timed,
    /// Missed on the wire and computed from what came before and after.
    Reconstructed,
    /// On the wire with one time, later with another.
    Corrected,
}

impl LapSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timed => "timed",
            Self::Reconstructed => "reconstructed",
            Self::Corrected => "corrected",
        }
    }
}

impl std::str::FromStr for LapSource {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "timed" => Ok(Self::Timed),
            "reconstructed" => Ok(Self::Reconstructed),
            "corrected" => Ok(Self::Corrected),
            other => Err(format!("no lap source is called {other:?}")),
        }
    }
}

/// Laps that are known to have been driven and whose single times are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapGap {
    pub heat: Arc<HeatKey>,
    pub driver_id: i64,
    pub first_lap: i32,
    pub last_lap: i32,
    /// Their sum lies in `total_ms ..= total_ms + error_ms`; none where even that is unknown.
    pub total_ms: Option<i64>,
    pub error_ms: i32,
}

/// What a frame shows as a whole: events tell only what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatScene {
    pub heat: Arc<HeatKey>,
    /// Who is in the table, in its order.
    pub drivers: Vec<i64>,
}

/// What is stored of a heat, for a decoder that has forgotten it or never knew it.
#[derive(Clone, Debug, PartialEq)]
pub struct PastHeat {
    pub occurrence: i32,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Every driver ever seen in the heat, also those without a lap.
    pub drivers: Vec<PastDriver>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PastDriver {
    pub driver_id: i64,
    /// Laps that are not removed, ascending.
    pub laps: Vec<Lap>,
    pub gaps: Vec<LapGap>,
}
