//! A believable agility ring: days of runs, dog by dog, as messages of a FlowAgility server.
//!
//! [`RingWorld`] is pure, like [`super::KartWorld`]: no clock, no socket, one seed, one world.

mod day;
mod frame;
mod ledger;
mod result;
mod truth;
mod turn;

use std::{collections::VecDeque, ops::RangeInclusive, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

pub use self::truth::{
    CombinedTruth, CourseTruth, PlaysetTruth, ProgressTruth, RingTruth, RunTruth,
};

use self::{
    day::{Playset, Run, Status},
    frame::{Dialect, Message, NOT_READY, Place},
    ledger::Ledger,
    result::MAX_REFUSALS,
    turn::{Cue, Turn},
};
use super::{Frame, World, next_frame};

/// A second in the world's time.
const SECOND_MS: u64 = 1_000;

/// How a ring's day goes.
#[derive(Clone, Debug, PartialEq)]
pub struct RingDayOptions {
    /// When the first day begins, unix seconds.
    pub start_unix: i64,
    /// How many classes there are; each runs twice, jumping and agility.
    pub classes: usize,
    /// How many pairs a class has; not empty.
    pub dogs: RangeInclusive<usize>,
    /// How long the first start order of a day is not set, seconds.
    pub not_ready_s: u32,
    /// Whether a timer tells when a dog starts and stops; none: the seed decides.
    pub has_timer: Option<bool>,
    /// Whether messages have the fields of later revisions; none: the seed decides.
    pub is_later_revision: Option<bool>,
    /// Chance per dog that a result among the ten best is corrected after its run.
    pub corrections: f64,
    /// The world ends after so many days; none: never.
    pub days: Option<u32>,
}

impl Default for RingDayOptions {
    fn default() -> Self {
        Self {
            start_unix: 1_767_430_800,
            classes: 3,
            dogs: 6..=14,
            not_ready_s: 60,
            has_timer: None,
            is_later_revision: None,
            corrections: 0.08,
            days: None,
        }
    }
}

/// A ring as a source of frames: an iterator that never ends unless [`RingDayOptions::days`] says so.
pub struct RingWorld {
    options: RingDayOptions,
    rng: Rng,
    event_name: String,
    ring_name: String,
    has_timer: bool,
    dialect: Dialect,
    now: u64,
    days: u32,
    runs: Vec<Run>,
    /// What happens next, by time. Never empty while the world goes on.
    cues: VecDeque<(u64, Cue)>,
    /// Whose turn comes after the cues.
    next: Option<Place>,
    /// Sent as `run`.
    on_course: Option<Place>,
    /// Sent as `run_ready`.
    ready: Option<Place>,
    ledger: Ledger,
}

impl RingWorld {
    pub fn new(seed: u64, options: RingDayOptions) -> Self {
        let mut rng = Rng::with_seed(seed);
        let has_timer = options.has_timer.unwrap_or_else(|| rng.bool());
        let is_later_revision = options.is_later_revision.unwrap_or_else(|| rng.u8(..4) > 0);
        let dialect = Dialect { is_later_revision, decimals: if rng.bool() { 2 } else { 3 } };
        let event_name = format!("RSCE Pawer {} / Otoño", rng.u32(1..=28));
        let ring_name = rng.u32(1..=4).to_string();
        let mut world = Self {
            options,
            rng,
            ledger: Ledger::new(&event_name, &ring_name),
            event_name,
            ring_name,
            has_timer,
            dialect,
            now: 0,
            days: 0,
            runs: Vec::new(),
            cues: VecDeque::new(),
            next: None,
            on_course: None,
            ready: None,
        };
        world.plan_day(0);
        world
    }

    /// What was sent so far.
    pub fn truth(&self) -> RingTruth {
        self.ledger.truth().clone()
    }

    fn plan_day(&mut self, at: u64) {
        self.days += 1;
        self.cues.push_back((at, Cue::NotReady));
        let order_at = at + u64::from(self.options.not_ready_s) * SECOND_MS;
        self.cues.push_back((order_at, Cue::Announce((0, 0))));
        self.next = Some((0, 0));
    }

    /// The day before is on the screen up to here.
    fn begin_day(&mut self) {
        (self.on_course, self.ready) = (None, None);
        // Nobody waits for a simulated night: a day follows the other, under its own date.
        let date = self.at(0) + TimeDelta::days(i64::from(self.days) - 1);
        self.runs = day::plan(&self.options, date, &mut self.rng);
    }

    fn at(&self, ms: u64) -> DateTime<Utc> {
        let seconds = i64::try_from(ms / SECOND_MS).unwrap_or(i64::MAX);
        let at = self.options.start_unix.saturating_add(seconds);
        DateTime::from_timestamp(at, 0).unwrap_or(DateTime::<Utc>::MAX_UTC - TimeDelta::days(1))
    }

    /// Fills the cues with the turn of the next dog, or with the next day.
    fn plan_on(&mut self, from: u64) {
        if let Some(place) = self.next {
            self.plan_turn(place, from);
        } else if self.options.days.is_none_or(|days| self.days < days) {
            self.plan_day(from + 600 * SECOND_MS);
        }
    }

    fn plan_turn(&mut self, place: Place, from: u64) {
        let following = self.following(place);
        if let Some(run) = self.runs.get(place.0) {
            let turn = Turn {
                run,
                place,
                following,
                from,
                has_timer: self.has_timer,
                corrections: self.options.corrections,
            };
            self.cues.extend(turn.plan(&mut self.rng));
        }
        self.next = following;
    }

    fn following(&self, (run, dog): Place) -> Option<Place> {
        let is_last_dog = self.runs.get(run).is_none_or(|run| dog + 1 >= run.playsets.len());
        match is_last_dog {
            false => Some((run, dog + 1)),
            true => Some((run + 1, 0)).filter(|(run, _)| *run < self.runs.len()),
        }
    }

    fn obey(&mut self, cue: Cue) {
        match cue {
            Cue::NotReady => self.begin_day(),
            Cue::Announce(place) => self.announce(place),
            Cue::Swap => self.swap(),
            Cue::Start(place) => self.start(place),
            Cue::Faults(by) => self.on_course(|dog| add(&mut dog.faults, by)),
            Cue::Refusals(by) => self.on_course(|dog| {
                add(&mut dog.refusals, by);
                dog.is_eliminated |= dog.refusals >= MAX_REFUSALS;
            }),
            Cue::Eliminate => self.on_course(|dog| dog.is_eliminated = true),
            Cue::Reinstate => self.on_course(|dog| dog.is_eliminated = false),
            Cue::StopTimer(time_ms) => self.on_course(|dog| dog.time_ms = Some(time_ms)),
            Cue::Calculate { time_ms, announces } => {
                // A clean dog without a timer was never seen running.
                if let Some(ready) = self.ready {
                    self.start(ready);
                }
                self.on_course(|dog| {
                    dog.status = Status::Calculated;
                    dog.time_ms = Some(time_ms).filter(|_| !dog.is_eliminated);
                });
                if let Some(place) = announces {
                    self.announce(place);
                }
            }
            Cue::Correct => self.correct(),
        }
    }

    fn announce(&mut self, place: Place) {
        self.ready = Some(place);
        self.change(place, |dog| dog.status = Status::Ready);
    }

    /// The dog after the announced one takes its turn, and the other way round.
    fn swap(&mut self) {
        let Some((run, dog)) = self.ready else { return };
        let Some(run) = self.runs.get_mut(run) else { return };
        let Some([first, second]) = run.playsets.get_mut(dog..dog + 2) else { return };
        std::mem::swap(&mut first.start_order, &mut second.start_order);
        std::mem::swap(first, second);
        (first.status, second.status) = (Status::Ready, Status::Pending);
    }

    fn start(&mut self, place: Place) {
        self.ready = None;
        self.on_course = Some(place);
        self.change(place, |dog| dog.status = Status::Running);
    }

    /// A fault more or less for one of the ten best of the run, or a time read again.
    fn correct(&mut self) {
        let Some((index, _)) = self.on_course else { return };
        let Some(run) = self.runs.get(index) else { return };
        let best = result::best(run);
        if best.is_empty() {
            return;
        }
        let id = best[self.rng.usize(..best.len())].playset.id.clone();
        let Some(dog) = run.playsets.iter().position(|playset| playset.id == id) else { return };
        let by_ms = self.rng.u32(1..=90) * 10;
        let adds = self.rng.bool();
        self.change((index, dog), |dog| match dog.time_ms.as_mut() {
            Some(time_ms) if adds => *time_ms += by_ms,
            _ if dog.faults > 0 => dog.faults -= 1,
            _ => dog.faults += 1,
        });
    }

    fn on_course(&mut self, change: impl FnOnce(&mut Playset)) {
        if let Some(place) = self.on_course {
            self.change(place, change);
        }
    }

    fn change(&mut self, (run, dog): Place, change: impl FnOnce(&mut Playset)) {
        let run = self.runs.get_mut(run);
        if let Some(playset) = run.and_then(|run| run.playsets.get_mut(dog)) {
            change(playset);
        }
    }

    /// None while there is nothing but the error.
    fn message(&self) -> Option<Message<'_>> {
        let run = self.on_course.and_then(|place| self.dialect.run(&self.runs, place));
        let ready = self.ready.and_then(|place| self.dialect.ready(&self.runs, place));
        if run.is_none() && ready.is_none() {
            return None;
        }
        Some(Message {
            event_name: &self.event_name,
            ring_name: &self.ring_name,
            run: run.into(),
            run_ready: ready.into(),
            timestamp: self.at(self.now).format("%Y-%m-%d %H:%M:%S").to_string(),
        })
    }
}

fn add(count: &mut u32, by: i8) {
    *count = count.saturating_add_signed(i32::from(by));
}

impl World for RingWorld {
    fn due(&self) -> Option<Duration> {
        self.cues.front().map(|(at, _)| Duration::from_millis(*at))
    }

    fn step(&mut self) {
        let Some((now, cue)) = self.cues.pop_front() else { return };
        self.now = now;
        self.obey(cue);
        let mut ledger = std::mem::take(&mut self.ledger);
        if let Some(message) = self.message() {
            ledger.enter(&message);
        }
        self.ledger = ledger;
        if self.cues.is_empty() {
            self.plan_on(now);
        }
    }

    fn snapshot(&self) -> Option<String> {
        Some(self.message().map_or_else(|| NOT_READY.to_owned(), |message| message.to_json()))
    }
}

impl Iterator for RingWorld {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        next_frame(self)
    }
}

#[cfg(test)]
mod tests;
