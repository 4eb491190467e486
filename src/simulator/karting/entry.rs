//! One driver in one heat: pace, passings, laps, and what officials do to them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::RangeInclusive,
};

use fastrand::Rng;

use super::{
    records::Record,
    truth::{DriverTruth, LapTruth},
};

/// One lap that counts.
pub(super) struct Lap {
    pub lap_ms: u32,
    /// When it ended, in milliseconds of the world.
    pub crossed_at: u64,
    kart: String,
    corrected: bool,
}

pub(super) struct Entry {
    pub driver_id: i64,
    pub name: String,
    /// Empty for a late joiner who waits for one.
    pub kart: String,
    pub laps: Vec<Lap>,
    pub record: Record,
    /// The chequered flag was out when the driver last passed the line.
    pub had_last_passing: bool,
    pub withdrawn: bool,
    /// When the kart will cross the line next, unless something holds it up; none off the track.
    pub next_crossing: Option<u64>,
    /// A lap of this driver with warm tyres in the best kart, in milliseconds.
    pace_ms: f64,
    /// How much slower than the best kart this one is.
    kart_factor: f64,
    /// None before the first passing, from which lap 1 runs.
    last_crossing: Option<u64>,
    removed: Vec<LapTruth>,
}

impl Entry {
    pub fn new(driver_id: i64, name: String, track_lap_ms: f64, rng: &mut Rng) -> Self {
        Self {
            driver_id,
            kart: String::new(),
            laps: Vec::new(),
            record: Record::None,
            had_last_passing: false,
            withdrawn: false,
            next_crossing: None,
            // Who comes again is about as quick as before.
            pace_ms: track_lap_ms * (0.98 + 0.1 * share_of(&name) + 0.02 * rng.f64()),
            kart_factor: 1.0,
            last_crossing: None,
            removed: Vec::new(),
            name,
        }
    }

    /// A kart is as quick as in every other heat.
    pub fn sit_in(&mut self, kart: String) {
        self.kart_factor = 1.0 + 0.03 * share_of(&kart);
        self.kart = kart;
    }

    /// Passes the line and says whether that completed a lap.
    pub fn cross(&mut self, now: u64) -> bool {
        self.record = Record::None;
        let Some(before) = self.last_crossing.replace(now) else { return false };
        let lap_ms = u32::try_from(now - before).unwrap_or(u32::MAX);
        let number = self.laps.len() as u32 + 1;
        self.removed.retain(|lap| lap.lap != number);
        let kart = self.kart.clone();
        self.laps.push(Lap { lap_ms, crossed_at: now, kart, corrected: false });
        true
    }

    /// Sets out for the next passing: tyres warm up, others are in the way, and now and then the
    /// barrier is.
    pub fn drive_on(&mut self, now: u64, rng: &mut Rng) {
        let warm_up = 0.06 / (self.laps.len() as f64 + 1.0);
        let noise = (rng.f64() + rng.f64() + rng.f64() - 1.5) * 0.015;
        let traffic = if rng.u8(..8) == 0 { 0.04 * rng.f64() } else { 0.0 };
        let crash = if rng.u8(..100) == 0 { 0.1 + 0.4 * rng.f64() } else { 0.0 };
        let factor = self.kart_factor * (1.0 + warm_up + noise + traffic + crash);
        self.next_crossing = Some(now + (self.pace_ms * factor).max(1.0) as u64);
    }

    /// Leaves the pits: the first passing comes after a part of a lap.
    pub fn set_out(&mut self, now: u64, share_of_lap: f64) {
        self.next_crossing = Some(now + (self.pace_ms * share_of_lap).max(1.0) as u64);
    }

    pub fn hold_up(&mut self, by_ms: u64) {
        self.next_crossing = self.next_crossing.map(|at| at + by_ms);
    }

    /// Officials take away up to `count` laps, the latest first.
    pub fn remove_laps(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.laps.len() as u32;
            let Some(lap) = self.laps.pop() else { return };
            self.removed.push(LapTruth { removed: true, ..lap.truth(number) });
        }
        self.record = Record::None;
    }

    /// Officials give the latest lap another time: from 1 to 8 percent off.
    pub fn correct_last_lap(&mut self, rng: &mut Rng) {
        const PERCENT: RangeInclusive<u32> = 1..=8;
        let Some(lap) = self.laps.last_mut() else { return };
        let change = (lap.lap_ms * rng.u32(PERCENT) / 100).max(1);
        let faster = rng.bool() && change < lap.lap_ms;
        lap.lap_ms = if faster { lap.lap_ms - change } else { lap.lap_ms + change };
        lap.corrected = true;
        self.record = Record::None;
    }

    pub fn best_ms(&self) -> Option<u32> {
        self.laps.iter().map(|lap| lap.lap_ms).min()
    }

    /// Rounded down, over all laps with the first.
    pub fn average_ms(&self) -> Option<u32> {
        let count = self.laps.len() as u64;
        let sum: u64 = self.laps.iter().map(|lap| u64::from(lap.lap_ms)).sum();
        sum.checked_div(count).map(|average| average as u32)
    }

    pub fn truth(&self, position: u32) -> DriverTruth {
        let standing = (1..).zip(&self.laps).map(|(number, lap)| lap.truth(number));
        let mut laps: Vec<_> = standing.chain(self.removed.iter().cloned()).collect();
        laps.sort_by_key(|lap| lap.lap);
        DriverTruth {
            driver_id: self.driver_id,
            name: self.name.clone(),
            kart: self.kart.clone(),
            laps,
            lap_count: self.laps.len() as u32,
            best_ms: self.best_ms(),
            average_ms: self.average_ms(),
            position,
            withdrawn: self.withdrawn,
        }
    }
}

/// From 0 to 1, always the same for the same name.
fn share_of(name: &str) -> f64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish() as f64 / u64::MAX as f64
}

impl Lap {
    fn truth(&self, number: u32) -> LapTruth {
        LapTruth {
            lap: number,
            lap_ms: self.lap_ms,
            kart: self.kart.clone(),
            corrected: self.corrected,
            removed: false,
        }
    }
}
