//! What runs, dogs and results look like in answers.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    analysis::agility::{self as ring, Placed},
    db::queries::{RunWithDogs, StoredCombined, StoredRun},
    event::agility::{Course as StoredCourse, Pair as StoredPair, Playset as StoredPlayset},
    http::privacy::Privacy,
};

use super::super::decimal::Decimal;

/// Which run it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Run {
    pub id: i64,
    /// The feed that told it, as in the config.
    pub feed: String,
    pub venue: String,
    pub event: String,
    pub ring: String,
    /// As sent: may end with a space.
    pub trial: String,
    pub name: String,
    /// `AG`, `JP`, or as sent.
    #[serde(rename = "type")]
    pub run_type: String,
    /// When it was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// When its description was last seen; results may be later.
    pub last_seen_at: DateTime<Utc>,
}

impl From<&StoredRun> for Run {
    fn from(stored: &StoredRun) -> Self {
        let key = &stored.run.key;
        Self {
            id: stored.id,
            feed: stored.feed.id.as_str().to_owned(),
            venue: stored.feed.venue.clone(),
            event: key.event_name.clone(),
            ring: key.ring_name.clone(),
            trial: key.trial_name.clone(),
            name: key.name.clone(),
            run_type: key.run_type.clone(),
            first_seen_at: stored.first_seen_at,
            last_seen_at: stored.run.seen_at,
        }
    }
}

/// Facts of a course; null where the venue never told.
#[derive(Serialize, ToSchema)]
pub(super) struct Course {
    #[schema(required)]
    pub judge: Option<String>,
    #[schema(required)]
    pub length_m: Option<Decimal>,
    #[schema(required)]
    pub obstacles: Option<i32>,
    #[schema(required)]
    pub standard_time_s: Option<Decimal>,
    #[schema(required)]
    pub maximum_time_s: Option<Decimal>,
}

impl Course {
    pub fn of(course: &StoredCourse, names: Privacy) -> Self {
        Self {
            judge: shown(course.judge_name.as_deref(), names),
            length_m: Decimal::of(course.length_m.as_ref()),
            obstacles: course.obstacles,
            standard_time_s: Decimal::of(course.standard_time.as_ref()),
            maximum_time_s: Decimal::of(course.maximum_time.as_ref()),
        }
    }
}

/// Handler and dog, as the venue sent them.
#[derive(Serialize, ToSchema)]
pub(super) struct Pair {
    /// The pair's number within the event. Text: `7` and `007` are different.
    #[schema(required)]
    pub dorsal: Option<String>,
    #[schema(required)]
    pub handler: Option<String>,
    #[schema(required)]
    pub club: Option<String>,
    #[schema(required)]
    pub country: Option<String>,
    #[schema(required)]
    pub team: Option<String>,
    #[schema(required)]
    pub dog: Option<String>,
    /// The dog's name in its papers.
    #[schema(required)]
    pub studbook_name: Option<String>,
    #[schema(required)]
    pub breed: Option<String>,
    #[schema(required)]
    pub gender: Option<String>,
    /// As sent: `6 years`, `8 months`.
    #[schema(required)]
    pub age: Option<String>,
    #[schema(required)]
    pub height_cm: Option<Decimal>,
}

impl Pair {
    pub fn of(pair: &StoredPair, names: Privacy) -> Self {
        Self {
            dorsal: pair.dorsal.clone(),
            handler: shown(pair.handler.as_deref(), names),
            club: pair.club.clone(),
            country: pair.country.clone(),
            team: pair.team_name.clone(),
            dog: pair.dog_family_name.clone(),
            studbook_name: pair.dog_studbook_name.clone(),
            breed: pair.dog_breed.clone(),
            gender: pair.dog_gender.clone(),
            age: pair.dog_age.clone(),
            height_cm: Decimal::of(pair.dog_height_cm.as_ref()),
        }
    }
}

/// One dog in one run, as last seen. What is a result is null until `status` is `calculated`.
#[derive(Serialize, ToSchema)]
pub(super) struct Playset {
    pub playset_id: String,
    #[serde(flatten)]
    pub pair: Pair,
    #[schema(required)]
    pub start_order: Option<i32>,
    /// `pending`, `ready`, `running`, `calculated`, or as sent.
    #[schema(required)]
    pub status: Option<String>,
    #[schema(required)]
    pub faults: Option<i32>,
    #[schema(required)]
    pub refusals: Option<i32>,
    /// `elim` for an eliminated pair.
    #[schema(required)]
    pub disqualification: Option<String>,
    /// The venue's word: `EXC_0`, `EXC`, `V_GOOD`, ….
    #[schema(required)]
    pub qualification: Option<String>,
    /// The place as the venue last sent it: dogs behind the best keep an old one.
    #[schema(required)]
    pub classification: Option<i32>,
    /// The place, 1 for the first; null for who is out or has no result yet.
    #[schema(required)]
    pub place: Option<i32>,
    /// The place is reckoned by the rules, since the venue's is missing or taken by another dog.
    pub is_provisional: bool,
    pub is_clear: bool,
    /// Eliminated, beyond the maximum time, or not presented.
    pub is_out: bool,
    #[schema(required)]
    pub time_s: Option<Decimal>,
    #[schema(required)]
    pub speed_m_s: Option<Decimal>,
    /// 100.00 for an eliminated pair.
    #[schema(required)]
    pub total_penalization_s: Option<Decimal>,
    pub updated_at: DateTime<Utc>,
}

impl Playset {
    pub fn placed(placed: &Placed<'_>, names: Privacy) -> Self {
        let place = placed.place;
        let is_provisional = placed.is_provisional;
        Self { place, is_provisional, ..Self::waiting(placed.dog, names) }
    }

    /// Of a dog without a result.
    pub fn waiting(dog: &StoredPlayset, names: Privacy) -> Self {
        Self {
            playset_id: dog.playset_id.clone(),
            pair: Pair::of(&dog.pair, names),
            start_order: dog.start_order,
            status: dog.status.clone(),
            faults: dog.faults,
            refusals: dog.refusals,
            disqualification: dog.disqualification.clone(),
            qualification: dog.qualification.clone(),
            classification: dog.classification,
            place: None,
            is_provisional: false,
            is_clear: ring::is_clear(dog),
            is_out: ring::is_out(dog),
            time_s: Decimal::of(dog.time_s.as_ref()),
            speed_m_s: Decimal::of(dog.speed_m_s.as_ref()),
            total_penalization_s: Decimal::of(dog.total_penalization.as_ref()),
            updated_at: dog.updated_at,
        }
    }
}

/// All dogs of a run for which this is true: those with a result in its order, then the others in
/// start order.
pub(super) fn dogs(
    run: &RunWithDogs,
    is_one: impl Fn(&StoredPlayset) -> bool,
    names: Privacy,
) -> Vec<Playset> {
    let done = ring::results(&run.playsets).into_iter().filter(|placed| is_one(placed.dog));
    let waiting = run.playsets.iter().filter(|dog| !ring::is_done(dog) && is_one(dog));
    done.map(|placed| Playset::placed(&placed, names))
        .chain(waiting.map(|dog| Playset::waiting(dog, names)))
        .collect()
}

/// A run with some of its dogs.
#[derive(Serialize, ToSchema)]
pub(super) struct RunOfPair {
    pub run: Run,
    pub playsets: Vec<Playset>,
}

/// A pair's place over brother runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Combined {
    pub feed: String,
    pub ring: String,
    pub trial: String,
    /// The name that the brother runs share.
    pub name: String,
    #[serde(flatten)]
    pub pair: Pair,
    #[schema(required)]
    pub place: Option<i32>,
    /// Over all legs that were not eliminated.
    #[schema(required)]
    pub time_s: Option<Decimal>,
    /// An eliminated leg counts 100.00.
    #[schema(required)]
    pub total_penalization_s: Option<Decimal>,
    pub updated_at: DateTime<Utc>,
}

impl Combined {
    pub fn of(stored: &StoredCombined, names: Privacy) -> Self {
        let StoredCombined { feed, result } = stored;
        Self {
            feed: feed.id.as_str().to_owned(),
            ring: result.run.ring_name.clone(),
            trial: result.run.trial_name.clone(),
            name: result.run.name.clone(),
            pair: Pair::of(&result.pair, names),
            place: result.classification,
            time_s: Decimal::of(result.time_s.as_ref()),
            total_penalization_s: Decimal::of(result.total_penalization.as_ref()),
            updated_at: result.updated_at,
        }
    }
}

/// A name of somebody as it may be shown.
pub(super) fn shown(name: Option<&str>, names: Privacy) -> Option<String> {
    name.map(|name| names.show(name).into_owned())
}
