//! What really happened in a ring, for tests to hold the tables against.
//!
//! Values are texts as sent, `""` for nothing. A dog whose rank changed after it had left the ten
//! best has the rank that was last sent of it.

/// Everything that was on the wire of a ring so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RingTruth {
    pub event_name: String,
    pub ring_name: String,
    /// In the order in which they were first shown.
    pub runs: Vec<RunTruth>,
    /// In the order in which they were first shown, each as last sent.
    pub combined: Vec<CombinedTruth>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunTruth {
    pub trial_name: String,
    pub name: String,
    /// `JP` or `AG`.
    pub run_type: String,
    /// None where the ring speaks an early revision, which has no such fields.
    pub course: Option<CourseTruth>,
    /// In the order in which they were first shown.
    pub playsets: Vec<PlaysetTruth>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseTruth {
    pub judge_name: String,
    /// Metres.
    pub length: String,
    pub obstacles: String,
    /// Seconds.
    pub standard_time: String,
    /// Seconds.
    pub maximum_time: String,
}

/// A dog's run as last sent. What is a result only of a calculated run is `""` before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaysetTruth {
    pub playset_id: String,
    pub dorsal: String,
    pub handler: String,
    pub dog_family_name: String,
    pub start_order: u32,
    pub progress: ProgressTruth,
    pub qualification: String,
    pub classification: String,
    pub speed: String,
    pub total_penalization: String,
    /// Every progress that was sent and differs from the one before, with the message that brought
    /// it first: 0 for the ring's first.
    pub changes: Vec<(u64, ProgressTruth)>,
}

/// The part of a run that makes its time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressTruth {
    pub status: String,
    pub faults: u32,
    pub refusals: u32,
    /// `elim` or nothing; nothing before the dog runs, whatever was sent.
    pub disqualification: String,
    /// Nothing before it is calculated, whatever was sent.
    pub time: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedTruth {
    pub trial_name: String,
    pub name: String,
    pub dorsal: String,
    pub classification: String,
    pub time: String,
    pub total_penalization: String,
}
