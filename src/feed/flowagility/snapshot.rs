//! What one message says, in the words of [`crate::event`]: texts become numbers, left-overs of
//! earlier results are dropped, and every dog finds its run. It has no memory: what of it is news
//! is for [`super::memory`] to tell.

use std::{collections::HashSet, mem, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    event::{
        Extra,
        agility::{CombinedResult, Course, Pair, Playset, RingScene, RunKey},
    },
    feed::DecodeError,
};

use super::{
    known::{Dog, Known},
    message::{DogEntry, Entry, Message, PairEntry, Run},
    scene::{Names, run_scene},
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
    /// Its dogs and pairs, for the next message.
    pub known: Known,
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
    pub playsets: Vec<Arc<Playset>>,
    /// Each pair once.
    pub combined: Vec<Arc<CombinedResult>>,
}

impl Snapshot {
    /// # Errors
    /// [`DecodeError::Implausible`] when runs, dogs or pairs can't be told apart, when there are
    /// more results than a ring can have, or when the message says nothing at all.
    pub fn read(
        message: Message<'_>,
        at: DateTime<Utc>,
        last: &RingScene,
    ) -> Result<Self, DecodeError> {
        let Message { sent: message, has_slots, run, run_ready: ready } = message;
        let error = message.error.into_option();
        if error.is_none() && !has_slots {
            return Err(implausible("neither run, run_ready nor error"));
        }
        let mut unknown = Unknown::default();
        unknown.note_code("error", error.as_deref().map(str::trim), &[NOT_READY]);
        let message_extra = Values::new("", message.extra, &mut unknown).into_extra();

        let on_course = run.as_ref().and_then(|run| run.playset.as_ref());
        let active = on_course.is_some_and(|dog| dog.status() == Some(RUNNING));
        let results = |run: &Run<'_>| run.best.len() + run.combined.len();
        match run.iter().chain(&ready).map(results).sum() {
            0..=MAX_RESULTS => {}
            many => return Err(implausible(format!("{many} results in one message"))),
        }
        // Mostly the next dog waits for the run that the last one was in: both slots are then parts
        // of one run.
        let mut scene = RingScene::default();
        let mut parts: Vec<(Arc<RunKey>, Vec<Run<'_>>)> = Vec::with_capacity(2);
        for (slot, shown) in [(run, &mut scene.run), (ready, &mut scene.ready)] {
            let Some(slot) = slot else { continue };
            unknown.note_code("type", slot.sent.run_type.get(), RUN_TYPES);
            let (event_name, ring_name) = (&message.event_name, &message.ring_name);
            let names = Names { event_name, ring_name, run: &slot.sent };
            let last = last.run.iter().chain(&last.ready).find(|last| names.are_of(&last.run));
            let known = parts.iter().map(|(key, _)| key).chain(last.map(|last| &last.run));
            let key = match known.into_iter().find(|key| names.are_of(key)) {
                Some(key) => Arc::clone(key),
                None => Arc::new(names.to_key()?),
            };
            *shown = Some(run_scene(Arc::clone(&key), &slot, last));
            match parts.iter_mut().find(|(known, _)| *known == key) {
                Some((_, slots)) => slots.push(slot),
                None => parts.push((key, vec![slot])),
            }
        }
        let mut known = Known::default();
        let mut runs = parts
            .into_iter()
            .map(|(key, slots)| RunSnapshot::read(key, slots, at, &mut unknown, &mut known))
            .collect::<Result<Vec<_>, _>>()?;
        // The message itself has no row.
        if let Some(run) = runs.first_mut() {
            let of_run = mem::replace(&mut run.extra, message_extra);
            run.extra.extend(of_run);
        }
        Ok(Self { runs, error, active, scene, unknown, known })
    }
}

impl RunSnapshot {
    fn read(
        key: Arc<RunKey>,
        mut slots: Vec<Run<'_>>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
        known: &mut Known,
    ) -> Result<Self, DecodeError> {
        let mut run = Self {
            key,
            course: Course::default(),
            playset_course: Course::default(),
            results_course: Course::default(),
            extra: Extra::new(),
            playsets: Vec::new(),
            combined: Vec::new(),
        };
        for slot in &mut slots {
            let mut values = Values::new("run", mem::take(&mut slot.sent.extra), unknown);
            let course = course(mem::take(&mut slot.sent.course), &mut values);
            run.course = prefer(mem::take(&mut run.course), course);
            for (key, value) in values.into_extra() {
                run.extra.entry(key).or_insert(value);
            }
        }
        // The first mention of a dog counts: what it does now comes before what it did earlier.
        for dog in slots.iter_mut().filter_map(|slot| slot.playset.take()) {
            let course = run.add_playset("playset", dog, at, unknown, known)?;
            complete(&mut run.playset_course, &course);
        }
        for dog in slots.iter_mut().flat_map(|slot| mem::take(&mut slot.best)) {
            let course = run.add_playset("results_best", dog, at, unknown, known)?;
            complete(&mut run.results_course, &course);
        }
        for result in slots.into_iter().flat_map(|slot| slot.combined) {
            run.add_combined(result, at, unknown, known)?;
        }
        keep_first_of_each(&mut run.playsets, |dog| &dog.playset_id);
        keep_first_of_each(&mut run.combined, |result| &result.dorsal);
        Ok(run)
    }

    /// Adds a dog, and answers what is said of the course beside it.
    fn add_playset(
        &mut self,
        level: &'static str,
        entry: DogEntry<'_>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
        known: &mut Known,
    ) -> Result<Arc<Course>, DecodeError> {
        let (sent, json) = match entry {
            Entry::Read { sent, json } => (sent, json),
            Entry::Known(dog) => {
                self.playsets.push(Arc::clone(&dog.means.playset));
                let course = Arc::clone(&dog.means.course);
                known.dogs.keep_on(dog);
                return Ok(course);
            }
        };
        let notes = unknown.notes;
        let status = sent.status_string.into_option();
        let calculated = status.as_deref() == Some(CALCULATED);
        let judged = calculated || status.as_deref() == Some(RUNNING);
        let disqualification = sent.disqualification.into_option().filter(|_| judged);
        unknown.note_code("status_string", status.as_deref(), STATUSES);
        unknown.note_code("disqualification", disqualification.as_deref(), DISQUALIFICATIONS);

        let mut values = Values::new(level, sent.extra, unknown);
        let course = Arc::new(course(sent.course, &mut values));
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
        let playset = Arc::new(playset);
        if unknown.notes == notes {
            let means = Dog { playset: Arc::clone(&playset), course: Arc::clone(&course) };
            known.dogs.keep(json, means);
        }
        self.playsets.push(playset);
        Ok(course)
    }

    fn add_combined(
        &mut self,
        entry: PairEntry<'_>,
        at: DateTime<Utc>,
        unknown: &mut Unknown,
        known: &mut Known,
    ) -> Result<(), DecodeError> {
        let (sent, json) = match entry {
            Entry::Read { sent, json } => (sent, json),
            Entry::Known(pair) => {
                self.combined.push(Arc::clone(&pair.means));
                known.pairs.keep_on(pair);
                return Ok(());
            }
        };
        let notes = unknown.notes;
        let mut values = Values::new("results_combined", sent.extra, unknown);
        let pair = pair(sent.pair, &mut values);
        let Some(dorsal) = pair.dorsal.clone() else {
            unknown.note("results_combined.dorsal=\"\"");
            return Ok(());
        };
        plausible_name("dorsal", &dorsal)?;
        let result = Arc::new(CombinedResult {
            run: Arc::clone(&self.key),
            combined_id: sent.id.into_option(),
            dorsal,
            pair,
            classification: values.integer("classification", &sent.classification),
            time_s: values.decimal("time", &sent.time),
            total_penalization: values.decimal("total_penalization", &sent.total_penalization),
            updated_at: at,
            extra: values.into_extra(),
        });
        if unknown.notes == notes {
            known.pairs.keep(json, Arc::clone(&result));
        }
        self.combined.push(result);
        Ok(())
    }
}

/// Of those with one name only the first stays.
fn keep_first_of_each<T>(all: &mut Vec<Arc<T>>, name: impl Fn(&T) -> &String) {
    if all.len() < 2 {
        return;
    }
    let mut kept = Vec::with_capacity(all.len());
    let mut names = HashSet::with_capacity(all.len());
    for one in &*all {
        if names.insert(name(one)) {
            kept.push(Arc::clone(one));
        }
    }
    *all = kept;
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

/// Adds to what is known of a course what only `second` says.
fn complete(course: &mut Course, second: &Course) {
    fn add<T: Clone>(known: &mut Option<T>, second: &Option<T>) {
        if known.is_none() {
            known.clone_from(second);
        }
    }
    add(&mut course.judge_name, &second.judge_name);
    add(&mut course.length_m, &second.length_m);
    add(&mut course.obstacles, &second.obstacles);
    add(&mut course.standard_time, &second.standard_time);
    add(&mut course.maximum_time, &second.maximum_time);
}

/// Whether this is what [`prefer`] makes of both.
pub fn is_preferred(course: &Course, first: &Course, second: &Course) -> bool {
    fn is<T: PartialEq>(one: &Option<T>, first: &Option<T>, second: &Option<T>) -> bool {
        one.as_ref() == first.as_ref().or(second.as_ref())
    }
    is(&course.judge_name, &first.judge_name, &second.judge_name)
        && is(&course.length_m, &first.length_m, &second.length_m)
        && is(&course.obstacles, &first.obstacles, &second.obstacles)
        && is(&course.standard_time, &first.standard_time, &second.standard_time)
        && is(&course.maximum_time, &first.maximum_time, &second.maximum_time)
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

pub fn name(what: &str, sent: Text<'_>) -> Result<Option<String>, DecodeError> {
    sent.into_option().map(|text| plausible_name(what, &text).map(|()| text)).transpose()
}

fn plausible_name(what: &str, text: &str) -> Result<(), DecodeError> {
    match text.len() {
        0..=MAX_NAME_BYTES => Ok(()),
        bytes => Err(implausible(format!("a {what} of {bytes} bytes"))),
    }
}

pub fn implausible(problem: impl Into<String>) -> DecodeError {
    DecodeError::Implausible(problem.into())
}
