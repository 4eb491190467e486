//! One heat: what staff does with it, who drives, how it ends, who stands where.
//!
//! Time is whole milliseconds of the world. Something happens at every moment that [`Heat::due`]
//! names, and each time a frame is sent.

use std::collections::VecDeque;

use fastrand::Rng;

use super::{
    entry::Entry,
    records::{Record, Records},
    standing::standings,
    truth::HeatTruth,
};

/// `S`, with the code that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotStarted = 0,
    Running = 1,
    Paused = 2,
    Stopped = 3,
    Finished = 4,
    NextHeat = 5,
}

/// `E`, with the code that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndCondition {
    Manual = 0,
    Time = 1,
    Laps = 2,
    TimeOrLaps = 3,
}

/// `R`, with the code that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RaceMode {
    MostLaps = 0,
    BestLap = 1,
    BestAverage = 2,
}

/// Something that staff or officials do. Drivers are told by their place in [`Heat::entries`].
pub(super) enum Cue {
    Enter(Entry),
    Withdraw(usize),
    Load,
    /// The end condition is set anew, as happens before the start.
    EndBy(EndCondition),
    Release,
    Start,
    Pause {
        for_ms: u64,
    },
    Resume,
    /// A driver comes late, without a kart.
    Join(Entry),
    SitIn {
        entry: usize,
        kart: String,
    },
    RemoveLaps {
        entry: usize,
        count: usize,
    },
    CorrectLap(usize),
    /// The chequered flag, where no clock or lap counter brings it out.
    Flag,
    /// A red flag that ends the heat.
    Stop {
        finish_after_ms: u64,
    },
    Finish,
    Clear,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Clock {
    /// Since when it runs.
    running_since: Option<u64>,
    /// What was on it when it last stood.
    stood_at_ms: u64,
}

impl Clock {
    pub fn is_running(self) -> bool {
        self.running_since.is_some()
    }

    fn elapsed_ms(self, now: u64) -> u64 {
        self.stood_at_ms + self.running_since.map_or(0, |since| now - since)
    }

    fn start(&mut self, now: u64) {
        self.running_since = Some(now);
    }

    fn halt(&mut self, now: u64) {
        *self = Self { running_since: None, stood_at_ms: self.elapsed_ms(now) };
    }
}

pub(super) struct Heat {
    pub start_unix: i64,
    pub name: String,
    pub occurrence: i32,
    pub mode: RaceMode,
    pub end: EndCondition,
    pub state: State,
    pub clock: Clock,
    pub limit_ms: u64,
    pub limit_laps: u32,
    /// How long the standings of a finished heat stay.
    pub shown_after_ms: u64,
    pub entries: Vec<Entry>,
    /// What staff will do, by time.
    pub cues: VecDeque<(u64, Cue)>,
    /// An ordinary lap of this track.
    pub lap_ms: f64,
    pub rng: Rng,
    pub next_tick: Option<u64>,
    pub twin_at: Option<u64>,
    pub flag_is_out: bool,
    pub is_over: bool,
}

/// What makes the next frame; of two at the same moment the earlier named comes first.
enum Cause {
    Staff,
    Crossing(usize),
    Twin,
    Flag,
    Tick,
}

impl Heat {
    /// When the next frame is sent; none when the heat has gone from the screen.
    pub fn due(&self) -> Option<u64> {
        self.next_cause().map(|(at, _)| at)
    }

    /// Lets happen what is due.
    pub fn step(&mut self, records: &mut Records) {
        let Some((now, cause)) = self.next_cause() else { return };
        match cause {
            Cause::Staff => {
                if let Some((_, cue)) = self.cues.pop_front() {
                    self.obey(now, cue);
                }
            }
            Cause::Crossing(index) => self.cross(now, index, records),
            Cause::Twin => self.twin_at = None,
            Cause::Flag => self.bring_out_flag(now),
            Cause::Tick => self.next_tick = Some(now + self.rng.u64(975..=1_010)),
        }
    }

    /// `C`: counts down where time ends the heat, else up; back at 0 when it is finished.
    pub fn counter_ms(&self, now: u64) -> u64 {
        match (self.state, self.end) {
            (State::Finished, _) => 0,
            (_, EndCondition::Time | EndCondition::TimeOrLaps) => {
                self.limit_ms.saturating_sub(self.clock.elapsed_ms(now))
            }
            (_, EndCondition::Manual | EndCondition::Laps) => self.clock.elapsed_ms(now),
        }
    }

    /// `L`: the leader's laps to go, where only laps end the heat.
    pub fn remaining_laps(&self) -> u32 {
        match self.end {
            EndCondition::Laps => self.limit_laps.saturating_sub(self.most_laps()),
            _ => 0,
        }
    }

    pub fn truth(&self) -> HeatTruth {
        let standings = standings(self);
        let position_of = |entry: &Entry| {
            let standing =
                standings.iter().find(|standing| standing.entry.driver_id == entry.driver_id);
            standing.map_or(0, |standing| standing.position)
        };
        HeatTruth {
            start_unix: self.start_unix,
            name: self.name.clone(),
            occurrence: self.occurrence,
            state: self.state as u8,
            end_condition: self.end as u8,
            race_mode: self.mode as u8,
            finished: self.state == State::Finished,
            drivers: self.entries.iter().map(|entry| entry.truth(position_of(entry))).collect(),
        }
    }

    fn next_cause(&self) -> Option<(u64, Cause)> {
        if self.is_over {
            return None;
        }
        let staff = self.cues.front().map(|(at, _)| (*at, Cause::Staff));
        let crossings = self
            .entries
            .iter()
            .enumerate()
            .filter(|_| self.clock.is_running())
            .filter_map(|(index, entry)| Some((entry.next_crossing?, Cause::Crossing(index))));
        let twin = self.twin_at.map(|at| (at, Cause::Twin));
        let flag = self.flag_due().map(|at| (at, Cause::Flag));
        let tick = self.next_tick.map(|at| (at, Cause::Tick));
        staff.into_iter().chain(crossings).chain(twin).chain(flag).chain(tick).min_by_key(|c| c.0)
    }

    /// When the clock will bring out the chequered flag.
    fn flag_due(&self) -> Option<u64> {
        let by_time = matches!(self.end, EndCondition::Time | EndCondition::TimeOrLaps);
        let since = self.clock.running_since.filter(|_| by_time && !self.flag_is_out)?;
        Some(since + self.limit_ms.saturating_sub(self.clock.stood_at_ms))
    }

    fn obey(&mut self, now: u64, cue: Cue) {
        match cue {
            Cue::Enter(entry) => self.entries.push(entry),
            Cue::Withdraw(index) => self.with_entry(index, |entry, _| entry.withdrawn = true),
            Cue::Load => self.state = State::NotStarted,
            Cue::EndBy(end) => self.end = end,
            Cue::Release => self.state = State::Running,
            Cue::Start => self.start(now),
            Cue::Pause { for_ms } => self.pause(now, for_ms),
            Cue::Resume => {
                self.state = State::Running;
                self.clock.start(now);
                self.next_tick = Some(now + 1_000);
            }
            Cue::Join(mut entry) => {
                if self.clock.is_running() && !self.flag_is_out {
                    entry.set_out(now, 0.5);
                    self.entries.push(entry);
                }
            }
            Cue::SitIn { entry, kart } => {
                self.with_entry(entry, |entry, _| entry.sit_in(kart));
            }
            Cue::RemoveLaps { entry, count } => {
                self.with_entry(entry, |entry, _| entry.remove_laps(count));
            }
            Cue::CorrectLap(index) => {
                self.with_entry(index, |entry, rng| entry.correct_last_lap(rng));
            }
            Cue::Flag => self.bring_out_flag(now),
            Cue::Stop { finish_after_ms } => {
                self.stand_still(now);
                self.state = State::Stopped;
                self.schedule(now + finish_after_ms, Cue::Finish);
            }
            Cue::Finish => self.finish(now),
            Cue::Clear => self.is_over = true,
        }
    }

    fn start(&mut self, now: u64) {
        self.clock.start(now);
        self.next_tick = Some(now + 1_000);
        let mut share_of_lap = 0.1 + 0.1 * self.rng.f64();
        for entry in self.entries.iter_mut().filter(|entry| !entry.withdrawn) {
            entry.set_out(now, share_of_lap);
            share_of_lap += 0.02 + 0.02 * self.rng.f64();
        }
    }

    /// Everybody stands for a while, and whatever staff had in mind waits as long.
    fn pause(&mut self, now: u64, for_ms: u64) {
        if !self.clock.is_running() || self.flag_is_out {
            return;
        }
        self.stand_still(now);
        self.state = State::Paused;
        self.entries.iter_mut().for_each(|entry| entry.hold_up(for_ms));
        self.cues.iter_mut().for_each(|(at, _)| *at += for_ms);
        self.cues.push_front((now + for_ms, Cue::Resume));
    }

    fn stand_still(&mut self, now: u64) {
        self.clock.halt(now);
        self.next_tick = None;
        self.twin_at = None;
    }

    fn cross(&mut self, now: u64, index: usize, records: &mut Records) {
        let flag_is_out = self.flag_is_out;
        self.twin_at = Some(now + self.rng.u64(2..=18));
        self.with_entry(index, |entry, rng| {
            if entry.cross(now) {
                let lap_ms = entry.laps.last().map_or(u32::MAX, |lap| lap.lap_ms);
                entry.record = records.enter(lap_ms);
            }
            if flag_is_out {
                entry.had_last_passing = true;
                entry.next_crossing = None;
            } else {
                entry.drive_on(now, rng);
            }
        });
        let by_laps = matches!(self.end, EndCondition::Laps | EndCondition::TimeOrLaps);
        if by_laps && !self.flag_is_out && self.most_laps() >= self.limit_laps {
            self.bring_out_flag(now);
            self.with_entry(index, |entry, _| {
                entry.had_last_passing = true;
                entry.next_crossing = None;
            });
        }
        if self.flag_is_out && self.entries.iter().all(|entry| entry.next_crossing.is_none()) {
            self.schedule(now + 500, Cue::Finish);
        }
    }

    /// From now on every passing is the driver's last; who does not make it in time stays out.
    fn bring_out_flag(&mut self, now: u64) {
        if self.flag_is_out || !self.clock.is_running() {
            return;
        }
        self.flag_is_out = true;
        self.schedule(now + (self.lap_ms * 1.8) as u64, Cue::Finish);
    }

    /// Standings stay, the clock goes back, and officials have a last look.
    fn finish(&mut self, now: u64) {
        if self.state == State::Finished {
            return;
        }
        self.stand_still(now);
        self.state = State::Finished;
        for entry in &mut self.entries {
            entry.next_crossing = None;
            entry.record = Record::None;
        }
        self.cues.retain(|(_, cue)| matches!(cue, Cue::RemoveLaps { .. } | Cue::CorrectLap(_)));
        self.schedule(now + self.shown_after_ms, Cue::Clear);
    }

    fn schedule(&mut self, at: u64, cue: Cue) {
        let place = self.cues.partition_point(|(other, _)| *other <= at);
        self.cues.insert(place, (at, cue));
    }

    fn most_laps(&self) -> u32 {
        self.entries.iter().map(|entry| entry.laps.len() as u32).max().unwrap_or(0)
    }

    fn with_entry(&mut self, index: usize, change: impl FnOnce(&mut Entry, &mut Rng)) {
        if let Some(entry) = self.entries.get_mut(index).filter(|entry| !entry.withdrawn) {
            change(entry, &mut self.rng);
        }
    }
}
