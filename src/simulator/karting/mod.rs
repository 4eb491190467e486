//! A believable kart track: one heat after the other, as frames of a BMI server.
//!
//! [`KartWorld`] is pure. It knows neither a clock nor a socket, and one seed makes one world, bit
//! for bit, so that tests and benches can step it as they like. Floating point is used for nothing
//! but `+ - * /`, whose results are the same on every machine.

mod entry;
mod frame;
mod heat;
mod plan;
mod records;
mod standing;
mod truth;

use std::{collections::VecDeque, ops::RangeInclusive, time::Duration};

use fastrand::Rng;

pub use self::truth::{DriverTruth, HeatTruth, LapTruth, TrackTruth};

use self::{
    heat::{EndCondition, Heat, RaceMode},
    plan::{Slot, plan},
    records::Records,
};
use super::{Frame, World};

/// Names of heats begin anew every day.
const DAY_MS: u64 = 86_400_000;
/// A venue that simulates for weeks must not fill memory.
const MAX_HEATS_IN_TRUTH: usize = 1_000;

/// How a track is run.
#[derive(Clone, Debug, PartialEq)]
pub struct KartOptions {
    /// When the world begins, unix seconds. Start times on the wire count from here.
    pub start_unix: i64,
    /// Planned length of a heat, seconds. All that staff does before and after is in proportion.
    pub heat_s: u32,
    /// An ordinary lap, milliseconds; none: the seed decides, 28 s to 70 s and no more than an
    /// eighth of a heat.
    pub lap_ms: Option<u32>,
    /// How many drivers a heat begins with; not empty.
    pub drivers: RangeInclusive<usize>,
    /// Chance per heat of a pause, a stop, a change of karts or a late joiner.
    pub incidents: f64,
    /// Chance per driver and heat that officials take away the latest lap or two.
    pub removals: f64,
    /// Chance per driver and heat that officials correct the time of the latest lap.
    pub corrections: f64,
    /// Chance that a heat is driven once more under the same start and name by other drivers.
    pub reruns: f64,
    /// The world ends after so many heats; none: never.
    pub heats: Option<u32>,
}

impl Default for KartOptions {
    fn default() -> Self {
        Self {
            start_unix: 1_767_430_800,
            heat_s: 600,
            lap_ms: None,
            drivers: 5..=16,
            incidents: 0.4,
            removals: 0.01,
            corrections: 0.01,
            reruns: 0.03,
            heats: None,
        }
    }
}

/// A track as a source of frames: an iterator that never ends unless [`KartOptions::heats`] says so.
pub struct KartWorld {
    options: KartOptions,
    rng: Rng,
    /// An ordinary lap.
    lap_ms: f64,
    records: Records,
    day: u64,
    heats_today: u32,
    /// Rules of the coming heats: every mode with every end once, then again in another order.
    rules: Vec<(RaceMode, EndCondition)>,
    next_driver_id: i64,
    now: u64,
    heat: Option<Heat>,
    /// When the next heat is loaded, while there is none.
    next_heat_at: u64,
    heats_made: u32,
    past: VecDeque<HeatTruth>,
}

impl KartWorld {
    pub fn new(seed: u64, options: KartOptions) -> Self {
        let mut rng = Rng::with_seed(seed);
        let longest = f64::from(options.heat_s) * 1_000.0 / 8.0;
        let by_chance = (28_000.0 + 42_000.0 * rng.f64()).min(longest).max(1.0);
        let lap_ms = options.lap_ms.map_or(by_chance, f64::from);
        Self {
            rules: Vec::new(),
            lap_ms,
            records: Records::of_track(lap_ms),
            day: 0,
            heats_today: rng.u32(..30),
            next_driver_id: rng.i64(1_000_000..60_000_000),
            now: 0,
            heat: None,
            next_heat_at: 0,
            heats_made: 0,
            past: VecDeque::new(),
            options,
            rng,
        }
    }

    /// What was sent so far.
    pub fn truth(&self) -> TrackTruth {
        let present = self.heat.as_ref().map(Heat::truth);
        TrackTruth { heats: self.past.iter().cloned().chain(present).collect() }
    }

    fn due_ms(&self) -> Option<u64> {
        match &self.heat {
            Some(heat) => heat.due(),
            None if self.options.heats.is_some_and(|heats| self.heats_made >= heats) => None,
            None => Some(self.next_heat_at),
        }
    }

    /// Puts the heat that is over behind us. The next one comes at once or after a while of
    /// nothing; at the end of the world nothing stays.
    fn clear(&mut self) {
        let Some(heat) = self.heat.take() else { return };
        if self.past.len() == MAX_HEATS_IN_TRUTH {
            self.past.pop_front();
        }
        self.past.push_back(heat.truth());
        let is_last = self.options.heats.is_some_and(|heats| self.heats_made >= heats);
        let length_ms = u64::from(self.options.heat_s) * 1_000;
        if !is_last && self.rng.u8(..4) == 0 {
            self.load_heat();
        } else {
            self.next_heat_at = self.now + (length_ms as f64 * 0.2 * self.rng.f64()) as u64 + 1;
        }
    }

    fn load_heat(&mut self) {
        self.begin_day();
        let rerun = self.rng.f64() < self.options.reruns;
        let (start_unix, name, occurrence) = match self.past.back().filter(|_| rerun) {
            Some(last) => (last.start_unix, last.name.clone(), last.occurrence + 1),
            None => (self.scheduled_start(), self.next_name(), 0),
        };
        let (mode, end) = self.next_rules();
        let slot = Slot {
            options: &self.options,
            at: self.now,
            start_unix,
            name,
            occurrence,
            mode,
            end,
            lap_ms: self.lap_ms,
            first_driver_id: self.next_driver_id,
            rng: self.rng.fork(),
        };
        let (heat, next_driver_id) = plan(slot);
        self.next_driver_id = next_driver_id;
        self.heats_made += 1;
        self.heat = Some(heat);
    }

    fn begin_day(&mut self) {
        let day = self.now / DAY_MS;
        if day != self.day {
            self.day = day;
            self.heats_today = 0;
            self.records.forget_day(self.lap_ms);
        }
    }

    /// Scheduled starts are whole five minutes.
    fn scheduled_start(&self) -> i64 {
        let now_s = i64::try_from(self.now / 1_000).unwrap_or(i64::MAX);
        let at = self.options.start_unix.saturating_add(now_s);
        at - at.rem_euclid(300)
    }

    fn next_name(&mut self) -> String {
        const SUFFIXES: &[&str] = &[
            "Heat",
            "Carrera XL ",
            "Гонка новичков - финал",
            "Mega Pro",
            "Enfants",
            "Ladies \"Cup\"",
        ];
        self.heats_today += 1;
        let number = self.heats_today;
        match self.rng.u8(..5) {
            0 => format!("Heat {number}"),
            _ => format!("[HEAT] {number} - {}", super::names::pick(&mut self.rng, SUFFIXES)),
        }
    }

    fn next_rules(&mut self) -> (RaceMode, EndCondition) {
        if self.rules.is_empty() {
            for mode in [RaceMode::MostLaps, RaceMode::BestLap, RaceMode::BestAverage] {
                for end in [
                    EndCondition::Manual,
                    EndCondition::Time,
                    EndCondition::Laps,
                    EndCondition::TimeOrLaps,
                ] {
                    self.rules.push((mode, end));
                }
            }
            self.rng.shuffle(&mut self.rules);
        }
        self.rules.pop().unwrap_or((RaceMode::BestLap, EndCondition::Time))
    }
}

impl World for KartWorld {
    fn due(&self) -> Option<Duration> {
        self.due_ms().map(Duration::from_millis)
    }

    fn step(&mut self) {
        let Some(now) = self.due_ms() else { return };
        self.now = now;
        match &mut self.heat {
            Some(heat) => heat.step(&mut self.records),
            None => self.load_heat(),
        }
        if self.heat.as_ref().is_some_and(|heat| heat.is_over) {
            self.clear();
        }
    }

    fn snapshot(&self) -> Option<String> {
        Some(match &self.heat {
            Some(heat) => frame::snapshot(heat, self.now),
            None => frame::NOTHING_LOADED.to_owned(),
        })
    }
}

impl Iterator for KartWorld {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        super::next_frame(self)
    }
}

#[cfg(test)]
mod tests;
