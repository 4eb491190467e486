//! Rows of the agility rings.

use std::borrow::Cow;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::event::agility::{CombinedResult, Playset, PlaysetChange, Run};

use super::{
    decimal::Decimal, json, maybe_text, number, plausible, row::row, text, time, words::Words,
};

row! {
    /// A run. A course fact that is missing says nothing about what was known before.
    pub struct NewAgilityRun<'a> in agility_runs {
        key feed_id: i64,
        key event_name: Cow<'a, str>,
        key ring_name: Cow<'a, str>,
        key trial_name: Cow<'a, str>,
        key name: Cow<'a, str>,
        key type_: Cow<'a, str>,
        known judge_name: Option<Words<'a>>,
        known length_m: Option<Decimal<'a>>,
        known obstacles: Option<i32>,
        known standard_time: Option<Decimal<'a>>,
        known maximum_time: Option<Decimal<'a>>,
        earliest first_seen_at: DateTime<Utc>,
        latest last_seen_at: DateTime<Utc>,
        union extra: Value,
    }
}

impl<'a> NewAgilityRun<'a> {
    pub fn new(feed_id: i64, run: &'a Run) -> Self {
        let (key, course) = (&run.key, &run.course);
        let mut extra = json(&run.extra);
        Self {
            feed_id,
            event_name: text(&key.event_name),
            ring_name: text(&key.ring_name),
            trial_name: text(&key.trial_name),
            name: text(&key.name),
            type_: text(&key.run_type),
            judge_name: maybe_text(course.judge_name.as_ref()),
            length_m: number(course.length_m.as_ref(), "length_m", &mut extra),
            obstacles: course.obstacles,
            standard_time: number(course.standard_time.as_ref(), "standard_time", &mut extra),
            maximum_time: number(course.maximum_time.as_ref(), "maximum_time", &mut extra),
            first_seen_at: time(run.seen_at),
            last_seen_at: time(run.seen_at),
            extra,
        }
    }
}

row! {
    pub struct NewPlayset<'a> in playsets {
        key run_id: i64,
        key playset_id: Cow<'a, str>,
        newer dorsal: Option<Words<'a>>,
        newer start_order: Option<i32>,
        newer handler: Option<Words<'a>>,
        newer club: Option<Words<'a>>,
        newer country: Option<Words<'a>>,
        newer team_name: Option<Words<'a>>,
        newer dog_family_name: Option<Words<'a>>,
        newer dog_studbook_name: Option<Words<'a>>,
        newer dog_breed: Option<Words<'a>>,
        newer dog_gender: Option<Words<'a>>,
        newer dog_age: Option<Words<'a>>,
        newer dog_height_cm: Option<Decimal<'a>>,
        newer status: Option<Words<'a>>,
        newer faults: Option<i32>,
        newer refusals: Option<i32>,
        newer disqualification: Option<Words<'a>>,
        newer qualification: Option<Words<'a>>,
        newer classification: Option<i32>,
        newer time_s: Option<Decimal<'a>>,
        newer time_marker: Option<bool>,
        newer speed_m_s: Option<Decimal<'a>>,
        newer total_penalization: Option<Decimal<'a>>,
        newer updated_at: DateTime<Utc>,
        union extra: Value,
    }
}

impl<'a> NewPlayset<'a> {
    pub fn new(run_id: i64, playset: &'a Playset) -> Self {
        let pair = &playset.pair;
        let mut extra = json(&playset.extra);
        let mut decimal =
            |value: &'a Option<BigDecimal>, name| number(value.as_ref(), name, &mut extra);
        Self {
            run_id,
            playset_id: text(&playset.playset_id),
            dorsal: maybe_text(pair.dorsal.as_ref()),
            start_order: playset.start_order,
            handler: maybe_text(pair.handler.as_ref()),
            club: maybe_text(pair.club.as_ref()),
            country: maybe_text(pair.country.as_ref()),
            team_name: maybe_text(pair.team_name.as_ref()),
            dog_family_name: maybe_text(pair.dog_family_name.as_ref()),
            dog_studbook_name: maybe_text(pair.dog_studbook_name.as_ref()),
            dog_breed: maybe_text(pair.dog_breed.as_ref()),
            dog_gender: maybe_text(pair.dog_gender.as_ref()),
            dog_age: maybe_text(pair.dog_age.as_ref()),
            dog_height_cm: decimal(&pair.dog_height_cm, "dog_height_cm"),
            status: maybe_text(playset.status.as_ref()),
            faults: playset.faults,
            refusals: playset.refusals,
            disqualification: maybe_text(playset.disqualification.as_ref()),
            qualification: maybe_text(playset.qualification.as_ref()),
            classification: playset.classification,
            time_s: decimal(&playset.time_s, "time_s"),
            time_marker: playset.time_marker,
            speed_m_s: decimal(&playset.speed_m_s, "speed_m_s"),
            total_penalization: decimal(&playset.total_penalization, "total_penalization"),
            updated_at: time(playset.updated_at),
            extra,
        }
    }
}

row! {
    pub struct NewPlaysetChange<'a> in playset_changes, mostly_new {
        key run_id: i64,
        key playset_id: Cow<'a, str>,
        key changed_at: DateTime<Utc>,
        newer status: Option<Words<'a>>,
        newer faults: Option<i32>,
        newer refusals: Option<i32>,
        newer disqualification: Option<Words<'a>>,
        newer time_s: Option<Decimal<'a>>,
    }
}

impl<'a> NewPlaysetChange<'a> {
    pub fn new(run_id: i64, change: &'a PlaysetChange) -> Self {
        let progress = &change.progress;
        Self {
            run_id,
            playset_id: text(&change.playset_id),
            changed_at: time(change.changed_at),
            status: maybe_text(progress.status.as_ref()),
            faults: progress.faults,
            refusals: progress.refusals,
            disqualification: maybe_text(progress.disqualification.as_ref()),
            time_s: plausible(progress.time_s.as_ref()),
        }
    }
}

row! {
    pub struct NewCombinedResult<'a> in combined_results {
        key feed_id: i64,
        key event_name: Cow<'a, str>,
        key ring_name: Cow<'a, str>,
        key trial_name: Cow<'a, str>,
        key name: Cow<'a, str>,
        key dorsal: Cow<'a, str>,
        newer combined_id: Option<Words<'a>>,
        newer classification: Option<i32>,
        newer handler: Option<Words<'a>>,
        newer club: Option<Words<'a>>,
        newer country: Option<Words<'a>>,
        newer team_name: Option<Words<'a>>,
        newer dog_family_name: Option<Words<'a>>,
        newer dog_studbook_name: Option<Words<'a>>,
        newer dog_breed: Option<Words<'a>>,
        newer dog_gender: Option<Words<'a>>,
        newer dog_age: Option<Words<'a>>,
        newer dog_height_cm: Option<Decimal<'a>>,
        newer time_s: Option<Decimal<'a>>,
        newer total_penalization: Option<Decimal<'a>>,
        newer updated_at: DateTime<Utc>,
        union extra: Value,
    }
}

impl<'a> NewCombinedResult<'a> {
    pub fn new(feed_id: i64, result: &'a CombinedResult) -> Self {
        let (run, pair) = (&result.run, &result.pair);
        let mut extra = json(&result.extra);
        let mut decimal =
            |value: &'a Option<BigDecimal>, name| number(value.as_ref(), name, &mut extra);
        Self {
            feed_id,
            event_name: text(&run.event_name),
            ring_name: text(&run.ring_name),
            trial_name: text(&run.trial_name),
            name: text(&run.name),
            dorsal: text(&result.dorsal),
            combined_id: maybe_text(result.combined_id.as_ref()),
            classification: result.classification,
            handler: maybe_text(pair.handler.as_ref()),
            club: maybe_text(pair.club.as_ref()),
            country: maybe_text(pair.country.as_ref()),
            team_name: maybe_text(pair.team_name.as_ref()),
            dog_family_name: maybe_text(pair.dog_family_name.as_ref()),
            dog_studbook_name: maybe_text(pair.dog_studbook_name.as_ref()),
            dog_breed: maybe_text(pair.dog_breed.as_ref()),
            dog_gender: maybe_text(pair.dog_gender.as_ref()),
            dog_age: maybe_text(pair.dog_age.as_ref()),
            dog_height_cm: decimal(&pair.dog_height_cm, "dog_height_cm"),
            time_s: decimal(&result.time_s, "time_s"),
            total_penalization: decimal(&result.total_penalization, "total_penalization"),
            updated_at: time(result.updated_at),
            extra,
        }
    }
}
