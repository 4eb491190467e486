//! What one message says, in the words of [`crate::event`]: texts become numbers, left-overs of
//! earlier results are dropped, and every dog finds its run. It has no memory: what of it is news
//! is for [`super::memory`] to tell.

use std::{collections::HashSet, mem, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    event::{
        Extra,
        agility::{CombinedResult, Course, Pair, Playset, RingScene, RunKey, RunScene},
    },
    feed::DecodeError,
};

use super::{
    text::Text,
    value::{Unknown, Values},
    wire,
};

/// Dogs in `results_best` and `results_combined` of one message; real ones have ten of each.
const MAX_RESULTS: usize = 1_000;
/// Bytes of a text that tells runs, dogs or pairs apart. Five of them make the key of a run, and
/// Postgres has room for about 2,700 bytes in a key.
const MAX_NAME_BYTES: usize = 400;

const NOT_READY: &str = "Runs are not ready yet";
const RUNNING: &str = "running";
const CALCULATED: &str = "calculated";
const STATUSES: &[&str] = &["pending", "ready", RUNNING, CALCULATED];
const DISQUALIFICATIONS: &[&str] = &["elim"];
const RUN_TYPES: &[&str] = &["AG", "JP"];

#[derive(Debug)]
pub struct Snapshot {
    /// Each run once, the one with the dog on course first; two at most.
    pub runs: Vec<RunSnapshot>,
    pub error: Option<String>,
    /// A dog is on course.
    pub active: bool,
    pub scene: RingScene,
    pub unknown: Unknown,
}

#[derive(Debug)]
pub struct RunSnapshot {
    pub key: Arc<RunKey>,
    /// What was said of the course beside the names of the run.
    pub course: Course,
    /// What was said of it beside a dog in a slot; the other wins.
    pub playset_course: Course,
    /// What was said of it beside the results; both others win.
    pub results_course: Course,
    pub extra: Extra,
    /// Each dog once.
    pub playsets: Vec<Playset>,
    /// Each pair once.
    pub combined: Vec<CombinedResult>,
    /// Something was mentioned again, and not in the same words.
    pub contradicts_itself: bool,
    /// Ids and dorsals of these.
    dogs: HashSet<String>,
    dorsals: HashSet<String>,
}

impl Snapshot {
    /// # Errors
    /// [`DecodeError::Implausible`] when runs, dogs or pairs can't be told apart, when there are
    /// more results than a ring can have, or when the message says nothing at all.
    pub fn read(message: wire::Message<'_>, at: DateTime<Utc>) -> Result<Self, DecodeError> {
        let error = message.error.into_option();
        let no_slot = message.run.is_missing() && message.run_ready.is_missing();
        if error.is_none() && no_slot {
            return Err(implausible("neither run, run_ready nor error"));
        }
        let mut unknown = Unknown::default();
        unknown.note_code("error", error.as_deref().map(str::trim), &[NOT_READY]);
        let message_extra = Values::new("", message.extra, &mut unknown).into_extra();

        let (run, ready) = (message.run.into_run(), message.run_ready.into_run());
        let on_course = run.as_ref().and_then(|run| run.playset.as_ref());
        let active = on_course.is_some_and(|dog| dog.status_string.get() == Some(RUNNING));
        let results = |run: &wire::Run<'_>| run.results_best.len() + run.results_combined.len();
        match run.iter().chain(&ready).map(results).sum() {
            0..=MAX_RESULTS => {}
            many => return Err(implausible(format!("{many} results in one message"))),
        }
        // Mostly the next dog waits for the run that the last one was in: both slots are then parts
        // of one run.
        let mut scene = RingScene::default();
        let mut parts: Vec<(Arc<RunKey>, Vec<wire::Run<'_>>)> = Vec::with_capacity(2);
        for (slot, shown) in [(run, &mut scene.run), (ready, &mut scene.ready)] {
            let Some(slot) = slot else { continue };
            unknown.note_code("type", slot.run_type.get(), RUN_TYPES);
            let key = run_key(&message.event_name, &message.ring_name, &slot)?;
            let part = parts.iter().position(|(known, _)| **known == key);
            let key = part
                .and_then(|part| parts.get(part))
                .map_or_else(|| Arc::new(key), |(known, _)| Arc::clone(known));
            *shown = Some(run_scene(Arc::clone(&key), &slot));
            match part.and_then(|part| parts.get_mut(part)) {
                Some((_, slots)) => slots.push(slot),
                None => parts.push((key, vec![slot])),
            }
        }
        let mut runs = parts
            .into_iter()
            .map(|(key, slots)| RunSnapshot::read(key, slots, at, &mut unknown))
            .collect::<Result<Vec<_>, _>>()?;
        // The message itself has no row.
        if let Some(run) = runs.first_mut() {
            let of_run = mem::replace(&mut run.extra, message_extra);
            run.extra.extend(of_run);
        }
        Ok(Self { runs, error, active, scene, unknown })
    }
}

impl RunSnapshot {
    fn read(
        key: Arc<RunKey>,
        mut slots: Vec<wire::Run<'_>>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
    ) -> Result<Self, DecodeError> {
        let mut run = Self {
            key,
            course: Course::default(),
            playset_course: Course::default(),
            results_course: Course::default(),
            extra: Extra::new(),
            playsets: Vec::new(),
            combined: Vec::new(),
            contradicts_itself: false,
            dogs: HashSet::new(),
            dorsals: HashSet::new(),
        };
        for slot in &mut slots {
            let mut values = Values::new("run", mem::take(&mut slot.extra), unknown);
            let course = course(mem::take(&mut slot.course), &mut values);
            run.course = prefer(mem::take(&mut run.course), course);
            for (key, value) in values.into_extra() {
                run.extra.entry(key).or_insert(value);
            }
        }
        // The first mention of a dog counts: what it does now comes before what it did earlier.
        for dog in slots.iter_mut().filter_map(|slot| slot.playset.take()) {
            let course = run.add_playset("playset", dog, at, unknown)?;
            run.playset_course = prefer(mem::take(&mut run.playset_course), course);
        }
        for dog in slots.iter_mut().flat_map(|slot| mem::take(&mut slot.results_best)) {
            let course = run.add_playset("results_best", dog, at, unknown)?;
            run.results_course = prefer(mem::take(&mut run.results_course), course);
        }
        for result in slots.into_iter().flat_map(|slot| slot.results_combined) {
            run.add_combined(result, at, unknown)?;
        }
        Ok(run)
    }

    /// Adds a dog that was not mentioned yet, and answers what is said of the course beside it.
    fn add_playset(
        &mut self,
        level: &'static str,
        sent: wire::Playset<'_>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
    ) -> Result<Course, DecodeError> {
        let status = sent.status_string.into_option();
        let calculated = status.as_deref() == Some(CALCULATED);
        let judged = calculated || status.as_deref() == Some(RUNNING);
        let disqualification = sent.disqualification.into_option().filter(|_| judged);
        unknown.note_code("status_string", status.as_deref(), STATUSES);
        unknown.note_code("disqualification", disqualification.as_deref(), DISQUALIFICATIONS);

        let mut values = Values::new(level, sent.extra, unknown);
        let course = course(sent.course, &mut values);
        let Some(playset_id) = name("playset id", sent.id)? else {
            unknown.note(&format!("{level}.id=\"\""));
            return Ok(course);
        };
        let pair = pair(sent.pair, &mut values);
        let mut playset = Playset {
            run: Arc::clone(&self.key),
            playset_id,
            pair,
            start_order: values.integer("start_order", &sent.start_order),
            status,
            faults: values.integer("faults", &sent.faults),
            refusals: values.integer("refusals", &sent.refusals),
            disqualification,
            qualification: None,
            classification: None,
            time_s: None,
            time_marker: values.flag("time_marker", &sent.time_marker),
            speed_m_s: None,
            total_penalization: None,
            updated_at: at,
            extra: Extra::new(),
        };
        if calculated {
            playset.qualification = sent.qualification.into_option();
            playset.classification = values.integer("classification", &sent.classification);
            playset.time_s = values.decimal("time", &sent.time);
            playset.speed_m_s = values.speed("speed", &sent.speed);
            playset.total_penalization =
                values.decimal("total_penalization", &sent.total_penalization);
        }
        playset.extra = values.into_extra();
        if self.dogs.insert(playset.playset_id.clone()) {
            self.playsets.push(playset);
        } else {
            self.contradicts_itself |= !self.playsets.contains(&playset);
        }
        Ok(course)
    }

    fn add_combined(
        &mut self,
        sent: wire::Combined<'_>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
    ) -> Result<(), DecodeError> {
        let mut values = Values::new("results_combined", sent.extra, unknown);
        let pair = pair(sent.pair, &mut values);
        let Some(dorsal) = pair.dorsal.clone() else {
            unknown.note("results_combined.dorsal=\"\"");
            return Ok(());
        };
        plausible_name("dorsal", &dorsal)?;
        let classification = values.integer("classification", &sent.classification);
        let time_s = values.decimal("time", &sent.time);
        let total_penalization = values.decimal("total_penalization", &sent.total_penalization);
        if self.dorsals.insert(dorsal.clone()) {
            self.combined.push(CombinedResult {
                run: Arc::clone(&self.key),
                combined_id: sent.id.into_option(),
                dorsal,
                pair,
                classification,
                time_s,
                total_penalization,
                updated_at: at,
                extra: values.into_extra(),
            });
        }
        Ok(())
    }
}

/// What is known of a course when `first` is believed before `second`.
pub fn prefer(first: Course, second: Course) -> Course {
    Course {
        judge_name: first.judge_name.or(second.judge_name),
        length_m: first.length_m.or(second.length_m),
        obstacles: first.obstacles.or(second.obstacles),
        standard_time: first.standard_time.or(second.standard_time),
        maximum_time: first.maximum_time.or(second.maximum_time),
    }
}

fn course(sent: wire::Course<'_>, values: &mut Values<'_>) -> Course {
    Course {
        length_m: values.decimal("length", &sent.length),
        obstacles: values.integer("obstacles", &sent.obstacles),
        standard_time: values.decimal("standard_time", &sent.standard_time),
        maximum_time: values.decimal("maximum_time", &sent.maximum_time),
        judge_name: sent.judge_name.into_option(),
    }
}

fn pair(sent: wire::Pair<'_>, values: &mut Values<'_>) -> Pair {
    Pair {
        dog_height_cm: values.decimal("dog_height", &sent.dog_height),
        dorsal: sent.dorsal.into_option(),
        handler: sent.handler.into_option(),
        club: sent.club.into_option(),
        country: sent.country.into_option(),
        team_name: sent.team_name.into_option(),
        dog_family_name: sent.dog_family_name.into_option(),
        dog_studbook_name: sent.dog_studbook_name.into_option(),
        dog_breed: sent.dog_breed.into_option(),
        dog_gender: sent.dog_gender.into_option(),
        dog_age: sent.dog_age.into_option(),
    }
}

/// Who is where in a slot, by id.
fn run_scene(run: Arc<RunKey>, slot: &wire::Run<'_>) -> RunScene {
    let ids = slot.results_best.iter().filter_map(|dog| dog.id.get());
    let dorsals = slot.results_combined.iter().filter_map(|result| result.pair.dorsal.get());
    RunScene {
        run,
        playset_id: slot.playset.as_ref().and_then(|dog| dog.id.get()).map(str::to_owned),
        best: ids.map(str::to_owned).collect(),
        combined: dorsals.map(str::to_owned).collect(),
    }
}

/// Every name is part of the identity, but only these three are always there.
fn run_key(
    event_name: &Text<'_>,
    ring_name: &Text<'_>,
    run: &wire::Run<'_>,
) -> Result<RunKey, DecodeError> {
    let required = |what, text: &Text<'_>| {
        name(what, text.clone())?.ok_or_else(|| implausible(format!("a run without {what}")))
    };
    // Later a run is asked for by these names, and the database keeps "" for none.
    let optional =
        |what, text: &Text<'_>| Ok(name(what, text.clone())?.unwrap_or_else(String::new));
    Ok(RunKey {
        event_name: required("event_name", event_name)?,
        ring_name: required("ring_name", ring_name)?,
        trial_name: optional("trial_name", &run.trial_name)?,
        name: required("name", &run.name)?,
        run_type: optional("type", &run.run_type)?,
    })
}

fn name(what: &str, sent: Text<'_>) -> Result<Option<String>, DecodeError> {
    sent.into_option().map(|text| plausible_name(what, &text).map(|()| text)).transpose()
}

fn plausible_name(what: &str, text: &str) -> Result<(), DecodeError> {
    match text.len() {
        0..=MAX_NAME_BYTES => Ok(()),
        bytes => Err(implausible(format!("a {what} of {bytes} bytes"))),
    }
}

fn implausible(problem: impl Into<String>) -> DecodeError {
    DecodeError::Implausible(problem.into())
}
