//! Agility: run, playset (one dog in one run), fault, refusal, dorsal, results.

pub mod rules;

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};

use super::Extra;

/// Which run of a feed: the venue sends no id. The type is part of it, since brother runs (jumping
/// and agility of one trial) share every name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    pub event_name: String,
    pub ring_name: String,
    /// As sent: may end with a space.
    pub trial_name: String,
    pub name: String,
    /// `AG`, `JP` or whatever the venue invents.
    pub run_type: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AgilityEvent {
    Run(Run),
    /// Shared by the decoder that told it and the screens; so are combined results.
    Playset(Arc<Playset>),
    PlaysetChange(PlaysetChange),
    Combined(Arc<CombinedResult>),
    /// The venue has no start order yet.
    RunsNotReady {
        at: DateTime<Utc>,
        message: String,
    },
}

/// A run and its course, as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub key: Arc<RunKey>,
    pub course: Course,
    pub seen_at: DateTime<Utc>,
    pub extra: Extra,
}

/// What later revisions tell about a course; every part may be missing, and one that is missing
/// says nothing about what was known before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pub judge_name: Option<String>,
    pub length_m: Option<BigDecimal>,
    pub obstacles: Option<i32>,
    /// Seconds.
    pub standard_time: Option<BigDecimal>,
    /// Seconds.
    pub maximum_time: Option<BigDecimal>,
}

/// Handler and dog: who they are, the same in every run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// The pair's registration number within the event; text, as sent.
    pub dorsal: Option<String>,
    pub handler: Option<String>,
    pub club: Option<String>,
    pub country: Option<String>,
    pub team_name: Option<String>,
    pub dog_family_name: Option<String>,
    pub dog_studbook_name: Option<String>,
    pub dog_breed: Option<String>,
    pub dog_gender: Option<String>,
    /// As sent: `6 years`, `8 months`.
    pub dog_age: Option<String>,
    pub dog_height_cm: Option<BigDecimal>,
}

/// One dog in one run, as last seen.
///
/// The result (`qualification`, `classification`, `time_s`, `speed_m_s`, `total_penalization`) is
/// there only when `status` is `calculated`; `disqualification` only when it is `running` or
/// `calculated`: venues send left-overs of both before.
#[derive(Clone, Debug, PartialEq)]
pub struct Playset {
    pub run: Arc<RunKey>,
    /// Text: the venue's ids are not always valid UUIDs.
    pub playset_id: String,
    pub pair: Pair,
    pub start_order: Option<i32>,
    /// `pending`, `ready`, `running`, `calculated`, or as sent.
    pub status: Option<String>,
    pub faults: Option<i32>,
    pub refusals: Option<i32>,
    pub disqualification: Option<String>,
    pub qualification: Option<String>,
    pub classification: Option<i32>,
    /// Seconds, with the decimals that were sent.
    pub time_s: Option<BigDecimal>,
    pub time_marker: Option<bool>,
    pub speed_m_s: Option<BigDecimal>,
    /// Seconds, with the decimals that were sent.
    pub total_penalization: Option<BigDecimal>,
    pub updated_at: DateTime<Utc>,
    pub extra: Extra,
}

impl Playset {
    /// Whether it says the same of the dog, in whichever run and whenever that was.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            run: _,
            playset_id,
            pair,
            start_order,
            status,
            faults,
            refusals,
            disqualification,
            qualification,
            classification,
            time_s,
            time_marker,
            speed_m_s,
            total_penalization,
            updated_at: _,
            extra,
        } = self;
        *playset_id == other.playset_id
            && *status == other.status
            && *faults == other.faults
            && *refusals == other.refusals
            && *disqualification == other.disqualification
            && *qualification == other.qualification
            && *classification == other.classification
            && *time_s == other.time_s
            && *time_marker == other.time_marker
            && *speed_m_s == other.speed_m_s
            && *total_penalization == other.total_penalization
            && *start_order == other.start_order
            && *pair == other.pair
            && *extra == other.extra
    }
}

/// A step in the time line of a playset: what is true from `changed_at` on.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaysetChange {
    pub run: Arc<RunKey>,
    pub playset_id: String,
    pub changed_at: DateTime<Utc>,
    pub progress: Progress,
}

/// The part of a playset whose changes make its time line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub status: Option<String>,
    pub faults: Option<i32>,
    pub refusals: Option<i32>,
    pub disqualification: Option<String>,
    pub time_s: Option<BigDecimal>,
}

/// A pair's place over brother runs, which share all names but the type.
#[derive(Clone, Debug, PartialEq)]
pub struct CombinedResult {
    /// The run that carried it; its type is no part of the identity.
    pub run: Arc<RunKey>,
    /// The venue's id of this result: not a playset's.
    pub combined_id: Option<String>,
    pub dorsal: String,
    pub pair: Pair,
    pub classification: Option<i32>,
    pub time_s: Option<BigDecimal>,
    pub total_penalization: Option<BigDecimal>,
    pub updated_at: DateTime<Utc>,
    pub extra: Extra,
}

impl CombinedResult {
    /// Whether it says the same of the pair, whichever of the brothers carried it and whenever.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            run: _,
            combined_id,
            dorsal,
            pair,
            classification,
            time_s,
            total_penalization,
            updated_at: _,
            extra,
        } = self;
        *dorsal == other.dorsal
            && *combined_id == other.combined_id
            && *classification == other.classification
            && *time_s == other.time_s
            && *total_penalization == other.total_penalization
            && *pair == other.pair
            && *extra == other.extra
    }
}

/// What a message shows as a whole: events tell only what changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RingScene {
    /// The run that is on.
    pub run: Option<RunScene>,
    /// The run of the dog that is to start next; often the same run.
    pub ready: Option<RunScene>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunScene {
    pub run: Arc<RunKey>,
    /// The dog on course or just done, in `ready` the next one: its playset's id.
    pub playset_id: Option<String>,
    /// Ids of the playsets that are shown as the best of the course, in their order.
    pub best: Arc<[String]>,
    /// Dorsals of the pairs that are shown as the best over brother runs, in their order.
    pub combined: Arc<[String]>,
}

/// What is stored of a run, for a decoder that has forgotten it or never knew it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastRun {
    /// The latest step of every playset of the run, by playset id.
    pub progress: Vec<(String, Progress)>,
}
