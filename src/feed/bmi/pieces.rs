//! What a sheet of laps is made of, and what is told of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event::karting::{Lap, LapGap, LapSource};

use super::bounds::{Bounds, Inexact};

/// What became true of a driver's laps.
#[derive(Clone, Debug, PartialEq)]
pub enum LapChange {
    Lap(KnownLap),
    LapRemoved(KnownLap),
    Gap {
        first_lap: i32,
        last_lap: i32,
        total: Option<Inexact>,
    },
    /// The gap that was told with this first lap is none any more.
    GapClosed {
        first_lap: i32,
    },
}

/// A lap with a time.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownLap {
    pub lap: i32,
    /// The true time lies in `lap_ms ..= lap_ms + error_ms`.
    pub lap_ms: i32,
    pub error_ms: i32,
    pub source: LapSource,
    /// One text for all laps in it.
    pub kart: Option<Arc<str>>,
    pub position: Option<i32>,
    pub crossed_at: Option<DateTime<Utc>>,
}

/// A part of a sheet: one lap whose time is known, or laps of which at most the sum is.
#[derive(Clone, Debug)]
pub enum Piece {
    Lap(KnownLap),
    /// Boxed: they are few and larger than a lap.
    Gap(Box<Gap>),
}

/// Laps from `first_lap` to `last_lap`.
#[derive(Clone, Debug)]
pub struct Gap {
    pub first_lap: i32,
    pub last_lap: i32,
    pub total: Option<Inexact>,
    /// Last lap and total as they were last told; none while nobody was told of the gap.
    pub told: Option<(i32, Option<Inexact>)>,
}

impl KnownLap {
    pub fn bounds(&self) -> Bounds {
        Inexact { ms: self.lap_ms.into(), error_ms: self.error_ms }.bounds()
    }

    pub fn become_timed(&mut self, ms: i32, changes: &mut Vec<LapChange>) {
        self.lap_ms = ms;
        self.error_ms = 0;
        self.source = LapSource::Timed;
        changes.push(LapChange::Lap(self.clone()));
    }
}

impl Piece {
    pub fn open(first_lap: i32, last_lap: i32) -> Self {
        Self::Gap(Box::new(Gap { first_lap, last_lap, total: None, told: None }))
    }

    pub fn first_lap(&self) -> i32 {
        match self {
            Self::Lap(lap) => lap.lap,
            Self::Gap(gap) => gap.first_lap,
        }
    }

    pub fn last_lap(&self) -> i32 {
        match self {
            Self::Lap(lap) => lap.lap,
            Self::Gap(gap) => gap.last_lap,
        }
    }

    pub fn kart(&self) -> Option<&Arc<str>> {
        match self {
            Self::Lap(lap) => lap.kart.as_ref(),
            Self::Gap(_) => None,
        }
    }

    pub fn total(&self) -> Option<Bounds> {
        match self {
            Self::Lap(lap) => Some(lap.bounds()),
            Self::Gap(gap) => gap.total.map(Inexact::bounds),
        }
    }

    pub fn is_open(&self) -> bool {
        self.total().is_none()
    }

    /// Whether a lap in it is certainly shorter than `ms`.
    pub fn is_surely_below(&self, ms: i32) -> bool {
        let laps = i64::from(self.last_lap() - self.first_lap()) + 1;
        self.total().is_some_and(|total| total.high < laps * i64::from(ms))
    }

    /// Whether every lap in it is certainly longer than `ms`.
    pub fn is_surely_above(&self, ms: i32) -> bool {
        match self {
            Self::Lap(lap) => lap.lap_ms > ms,
            Self::Gap(_) => false,
        }
    }
}

impl Gap {
    /// Tells of the gap unless it was told just so before.
    pub fn tell(&mut self, changes: &mut Vec<LapChange>) {
        let Self { first_lap, last_lap, total, told } = *self;
        if told != Some((last_lap, total)) {
            self.told = Some((last_lap, total));
            changes.push(LapChange::Gap { first_lap, last_lap, total });
        }
    }

    /// Tells that the gap is none any more, if anybody was told of it.
    pub fn close(&self, changes: &mut Vec<LapChange>) {
        if self.told.is_some() {
            changes.push(LapChange::GapClosed { first_lap: self.first_lap });
        }
    }
}

impl From<Lap> for Piece {
    fn from(lap: Lap) -> Self {
        let Lap { lap, lap_ms, error_ms, source, kart, position, crossed_at, .. } = lap;
        Self::Lap(KnownLap { lap, lap_ms, error_ms, source, kart, position, crossed_at })
    }
}

impl From<LapGap> for Piece {
    fn from(gap: LapGap) -> Self {
        let LapGap { first_lap, last_lap, total_ms, error_ms, .. } = gap;
        let total = total_ms.map(|ms| Inexact { ms, error_ms });
        Self::Gap(Box::new(Gap { first_lap, last_lap, total, told: Some((last_lap, total)) }))
    }
}

/// Where the sum of all laps lies; none when a gap has no total.
pub fn sum_of(pieces: &[Piece]) -> Option<Bounds> {
    pieces.iter().try_fold(Bounds::ZERO, |sum, piece| Some(sum.plus(piece.total()?)))
}
