//! What really happened on a track, for tests to hold the tables against.

/// Everything that was on the wire of a track so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackTruth {
    /// In the order in which they were first shown; the latest 1,000.
    pub heats: Vec<HeatTruth>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatTruth {
    /// `T` as sent, unix seconds.
    pub start_unix: i64,
    /// `N` as sent.
    pub name: String,
    /// How many earlier heats of this track had the same start and name.
    pub occurrence: i32,
    /// `S` as last sent.
    pub state: u8,
    /// `E` as last sent.
    pub end_condition: u8,
    /// `R` as sent.
    pub race_mode: u8,
    /// The heat went to its finish (`S` = 4).
    pub finished: bool,
    /// Everybody who was ever in the heat, in the order in which they entered.
    pub drivers: Vec<DriverTruth>,
}

/// A driver's heat as last sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverTruth {
    pub driver_id: i64,
    pub name: String,
    pub kart: String,
    /// Ascending by number, one entry a number: a lap that was driven again after its removal
    /// stands in place of the removed one.
    pub laps: Vec<LapTruth>,
    /// Laps that count: those not removed.
    pub lap_count: u32,
    pub best_ms: Option<u32>,
    /// Rounded down, as sent.
    pub average_ms: Option<u32>,
    /// 0 for who is withdrawn.
    pub position: u32,
    /// Taken off the start list again; no later frame has this driver.
    pub withdrawn: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapTruth {
    /// 1 for the first.
    pub lap: u32,
    /// After corrections.
    pub lap_ms: u32,
    /// The kart in which it was driven.
    pub kart: String,
    /// Officials gave it another time after it was first sent.
    pub corrected: bool,
    /// Officials took it away.
    pub removed: bool,
}
