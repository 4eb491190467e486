//! How a heat comes about: who drives, by which rules, and what staff will do when.

use std::collections::VecDeque;

use fastrand::Rng;

use super::{
    KartOptions,
    entry::Entry,
    heat::{Clock, Cue, EndCondition, Heat, RaceMode, State},
};
use crate::simulator::names;

/// What the next heat needs to know of the track.
pub(super) struct Slot<'a> {
    pub options: &'a KartOptions,
    /// When the heat appears on the screen, milliseconds of the world.
    pub at: u64,
    pub start_unix: i64,
    pub name: String,
    pub occurrence: i32,
    pub mode: RaceMode,
    pub end: EndCondition,
    /// An ordinary lap of this track.
    pub lap_ms: f64,
    pub first_driver_id: i64,
    pub rng: Rng,
}

/// Plans a heat and returns it with the first driver id that is free afterwards.
pub(super) fn plan(slot: Slot<'_>) -> (Heat, i64) {
    let Slot { options, at, start_unix, name, occurrence, mode, end, lap_ms, mut rng, .. } = slot;
    let length_ms = u64::from(options.heat_s.max(1)) * 1_000;
    let mut staff = Staff {
        options,
        cues: Vec::new(),
        karts: shuffled_karts(&mut rng),
        next_driver_id: slot.first_driver_id,
        lap_ms,
    };
    let drivers = rng.usize(options.drivers.clone());
    let start_at = staff.prepare(at, drivers, end, length_ms, &mut rng);
    let mut entries = drivers;
    if rng.f64() < options.incidents {
        entries += staff.incident(start_at, length_ms, drivers, &mut rng);
    }
    staff.officials(start_at, length_ms, entries, &mut rng);
    if end == EndCondition::Manual {
        let at = start_at + share(length_ms, 0.9 + 0.1 * rng.f64());
        staff.cues.push((at, Cue::Flag));
    }
    // Nobody waits for ever for a last lap that nobody drives.
    staff.cues.push((start_at + 3 * length_ms, Cue::Finish));
    staff.cues.sort_by_key(|(at, _)| *at);
    let heat = Heat {
        start_unix,
        name,
        occurrence,
        mode,
        end,
        state: State::NextHeat,
        clock: Clock::default(),
        limit_ms: length_ms,
        limit_laps: ((length_ms as f64 / lap_ms * 0.9) as u32).max(1),
        shown_after_ms: share(length_ms, 0.05 + 0.15 * rng.f64()),
        entries: Vec::new(),
        cues: VecDeque::from(staff.cues),
        lap_ms,
        rng,
        next_tick: None,
        twin_at: None,
        flag_is_out: false,
        is_over: false,
    };
    (heat, staff.next_driver_id)
}

/// Writes the plan. Cues that name a driver do so by the order of entering, so nobody may enter
/// between a cue's planning and its time but by a cue.
struct Staff<'a> {
    options: &'a KartOptions,
    cues: Vec<(u64, Cue)>,
    karts: Vec<String>,
    next_driver_id: i64,
    lap_ms: f64,
}

impl Staff<'_> {
    /// From the first sight of the heat to its start, which it returns.
    fn prepare(
        &mut self,
        at: u64,
        drivers: usize,
        end: EndCondition,
        length_ms: u64,
        rng: &mut Rng,
    ) -> u64 {
        let before_ms = share(length_ms, 0.1 + 0.1 * rng.f64()).max(20);
        if rng.u8(..10) == 0 {
            self.cues.push((at, Cue::EndBy(EndCondition::Manual)));
            self.cues.push((at + share(before_ms, 0.6), Cue::EndBy(end)));
        }
        for index in 0..drivers {
            let mut entry = self.newcomer(rng);
            entry.sit_in(self.kart());
            let at = at + share(before_ms, 0.5 * index as f64 / drivers as f64);
            self.cues.push((at, Cue::Enter(entry)));
        }
        if drivers > 2 && rng.u8(..20) == 0 {
            let index = rng.usize(..drivers);
            self.cues.push((at + share(before_ms, 0.7), Cue::Withdraw(index)));
        }
        self.cues.push((at + share(before_ms, 0.55), Cue::Load));
        self.cues.push((at + share(before_ms, 0.8), Cue::Release));
        self.cues.push((at + before_ms, Cue::Start));
        at + before_ms
    }

    /// One thing out of the ordinary; returns how many drivers it brought.
    fn incident(&mut self, start_at: u64, length_ms: u64, drivers: usize, rng: &mut Rng) -> usize {
        let at = start_at + share(length_ms, 0.1 + 0.6 * rng.f64());
        match rng.u8(..4) {
            0 => {
                let for_ms = share(length_ms, 0.05 + 0.1 * rng.f64());
                self.cues.push((at, Cue::Pause { for_ms }));
            }
            1 => {
                let finish_after_ms = share(length_ms, 0.05);
                self.cues.push((at, Cue::Stop { finish_after_ms }));
            }
            2 if drivers > 0 => {
                let kart = self.kart();
                self.cues.push((at, Cue::SitIn { entry: rng.usize(..drivers), kart }));
            }
            _ => {
                let (entry, kart) = (self.newcomer(rng), self.kart());
                self.cues.push((at, Cue::Join(entry)));
                let seated_at = at + share(length_ms, 0.05);
                self.cues.push((seated_at, Cue::SitIn { entry: drivers, kart }));
                return 1;
            }
        }
        0
    }

    /// Laps taken away and times corrected, up to a while after the finish.
    fn officials(&mut self, start_at: u64, length_ms: u64, entries: usize, rng: &mut Rng) {
        for entry in 0..entries {
            if rng.f64() < self.options.removals {
                let at = start_at + share(length_ms, 0.3 + 0.8 * rng.f64());
                let count = rng.usize(1..=2);
                self.cues.push((at, Cue::RemoveLaps { entry, count }));
            }
            if rng.f64() < self.options.corrections {
                let at = start_at + share(length_ms, 0.3 + 0.8 * rng.f64());
                self.cues.push((at, Cue::CorrectLap(entry)));
            }
        }
    }

    fn newcomer(&mut self, rng: &mut Rng) -> Entry {
        let driver_id = self.next_driver_id;
        self.next_driver_id += rng.i64(1..=3);
        Entry::new(driver_id, names::driver(rng), self.lap_ms, rng)
    }

    /// A kart that nobody has yet; none left is the same as none given.
    fn kart(&mut self) -> String {
        self.karts.pop().unwrap_or_default()
    }
}

/// Kart numbers are texts: `7` and `07` are two karts.
fn shuffled_karts(rng: &mut Rng) -> Vec<String> {
    let mut karts: Vec<String> = (1..=60).map(|number| number.to_string()).collect();
    karts.extend((1..=9).map(|number| format!("0{number}")));
    rng.shuffle(&mut karts);
    karts
}

fn share(whole_ms: u64, share: f64) -> u64 {
    (whole_ms as f64 * share) as u64
}
