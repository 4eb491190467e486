//! Frames → events: which heat a frame is of, and what is new in it.
//!
//! Frames are whole snapshots, so a decoder's work is to tell what changed. It remembers the latest
//! heats; of any other it asks what is stored before it says a word about it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    event::{
        Ask, Event, Past, Scene,
        karting::{HeatKey, HeatScene, KartingEvent},
    },
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
};

use super::{
    codes,
    heat::HeatMemory,
    last::{KnownTable, LastFrame, Meaning, TableLine},
    wire::{self, HeatFrame, Message},
};

/// Staff go back to the heat before, seldom further; any other is recalled from the store.
const MAX_NAMES: usize = 4;
/// They do so soon after it. In a fleet that has been at work for hours all the heats that nobody
/// looks at any more would take several times the memory of those that run.
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(3);
/// Heats of one start and name. Each beyond the first is an accident of its own.
const MAX_OCCURRENCES: usize = 8;
/// About the memory that heats may take. The one that the frames are of stays whatever it takes;
/// beside it there is room for an ordinary week.
const MAX_REMEMBERED_BYTES: usize = 24 << 20;
/// Running heats send a frame a second, 1.5 s apart at most. After a longer silence a lap was
/// driven at some time in it, not when the frame came that told of it.
const WITNESS_WITHIN: TimeDelta = TimeDelta::seconds(5);

#[derive(Default)]
pub struct BmiDecoder {
    /// The last used is the last.
    names: Vec<HeatsOfName>,
    last: Option<LastFrame>,
    /// No frame came on this connection yet.
    just_connected: bool,
}

/// All remembered heats of one start and name, by occurrence.
struct HeatsOfName {
    start_unix: i64,
    name: Arc<str>,
    heats: Vec<HeatMemory>,
    /// When the last frame of one of them came; none before.
    used_at: Option<DateTime<Utc>>,
}

impl Decoder for BmiDecoder {
    fn connected(&mut self) {
        self.just_connected = true;
    }

    fn decode(&mut self, frame: Frame<'_>) -> Result<Decoded, DecodeError> {
        if let Some(last) = self.last.as_mut().filter(|last| last.is(frame.payload)) {
            last.received_at = frame.received_at;
            let (active, is_empty) = (last.active, last.heat.is_none());
            self.just_connected = false;
            if is_empty {
                self.forget_unused(frame.received_at);
            } else if let Some(latest) = self.names.last_mut() {
                latest.used_at = Some(frame.received_at);
            }
            return Ok(Decoded::Events(Outcome { active, ..Outcome::default() }));
        }
        if let Some(outcome) = self.decode_clock(frame)? {
            return Ok(Decoded::Events(outcome));
        }
        let known = self.last.as_ref().map_or_else(KnownTable::default, LastFrame::known_table);
        let mut message = wire::read(frame.payload, known)?;
        if let Message::Heat(heat) = &message
            && heat.drivers.len() < heat.table.len()
            && !self.goes_on(heat)
        {
            // Lines that are known, but of another heat.
            message = wire::read(frame.payload, KnownTable::default())?;
        }
        let heat = match message {
            Message::Heat(heat) => heat,
            Message::Cleared => {
                let nothing =
                    Meaning { active: false, heat: None, table: Vec::new(), is_plain: false };
                self.remember(frame, nothing);
                let cleared = KartingEvent::TrackCleared { at: frame.received_at };
                let events = vec![Event::Karting(cleared)];
                let scene = Some(Scene::Empty);
                return Ok(Decoded::Events(Outcome { events, scene, ..Outcome::default() }));
            }
        };
        let Some(at) = self.names.iter().position(|known| known.is_of(&heat)) else {
            let name = Arc::from(&*heat.name);
            return Ok(Decoded::Asks(Ask::Heats { start_unix: heat.start_unix, name }));
        };
        let mut heats = self.names.remove(at);
        let outcome = self.decode_heat(&mut heats, heat, frame);
        match outcome {
            Ok(_) => {
                heats.used_at = Some(frame.received_at);
                self.remember_name(heats);
                self.forget_unused(frame.received_at);
            }
            // As before, also in the order of use.
            Err(_) => self.names.insert(at, heats),
        }
        outcome.map(Decoded::Events)
    }

    fn recall(&mut self, ask: Ask, past: Past) {
        let Ask::Heats { start_unix, name } = ask else { return };
        // Whatever else is answered holds nothing of a heat.
        let mut stored = if let Past::Heats(stored) = past { stored } else { Vec::new() };
        stored.sort_by_key(|heat| heat.occurrence);
        let forgotten = stored.len().saturating_sub(MAX_OCCURRENCES);
        let heats = stored
            .into_iter()
            .skip(forgotten)
            .map(|heat| HeatMemory::recalled(start_unix, name.clone(), heat))
            .collect();
        self.names.retain(|known| known.start_unix != start_unix || known.name != name);
        let mut heats = HeatsOfName { start_unix, name, heats, used_at: None };
        heats.forget_the_oldest(None);
        self.remember_name(heats);
    }
}

impl BmiDecoder {
    /// What a frame says that differs from the last one in the clock alone; none for any other.
    fn decode_clock(&mut self, frame: Frame<'_>) -> Result<Option<Outcome>, DecodeError> {
        let Some(last) = &mut self.last else { return Ok(None) };
        let Some(digits) = last.other_clock(frame.payload) else { return Ok(None) };
        let clock_ms = frame.payload.get(digits.clone()).and_then(|digits| digits.parse().ok());
        let Some((clock_ms, latest)) = clock_ms.zip(self.names.last_mut()) else { return Ok(None) };
        let heat = latest.heats.iter_mut().find(|heat| last.is_of(heat.key()));
        let Some(heat) = heat else { return Ok(None) };
        let event = heat.set_clock(clock_ms, frame.received_at, last.table.len())?;
        latest.used_at = Some(frame.received_at);
        last.set_clock(frame, digits);
        self.just_connected = false;
        let events = event.into_iter().collect();
        Ok(Some(Outcome { events, active: last.active, ..Outcome::default() }))
    }

    fn decode_heat(
        &mut self,
        heats: &mut HeatsOfName,
        mut heat: HeatFrame<'_>,
        frame: Frame<'_>,
    ) -> Result<Outcome, DecodeError> {
        let active = heat.state == Some(codes::STATE_RUNNING) && heat.clock_started;
        let memory = heats.heat_of(&heat);
        let witnessed = self.witnessed(memory.key(), frame.received_at);
        let mut events = Vec::with_capacity(1 + 2 * heat.drivers.len());
        let notes = memory.apply(&mut heat, frame.received_at, witnessed, &mut events)?;
        let key = memory.key().clone();
        heats.forget_the_oldest(Some(&key));
        let table = heat.table;
        let drivers = table.iter().map(|line| line.driver_id).collect();
        let is_plain = notes.is_empty();
        self.remember(frame, Meaning { active, heat: Some(key.clone()), table, is_plain });
        let scene = Some(Scene::Heat(HeatScene { heat: key, drivers }));
        Ok(Outcome { events, unknown: notes.into_names(), active, scene })
    }

    /// Whether a frame is of the very heat that the last one was of.
    fn goes_on(&self, frame: &HeatFrame<'_>) -> bool {
        let heats = self.names.last().filter(|heats| heats.is_of(frame));
        let heat = heats.and_then(|heats| heats.heats.get(heats.sharing(frame)?));
        self.last.as_ref().zip(heat).is_some_and(|(last, heat)| last.is_of(heat.key()))
    }

    /// Of whom what changed in this heat happened just now.
    fn witnessed(&self, heat: &Arc<HeatKey>, at: DateTime<Utc>) -> &[TableLine] {
        let watched = self.last.as_ref().filter(|last| {
            !self.just_connected
                && last.heat.as_ref() == Some(heat)
                && at - last.received_at <= WITNESS_WITHIN
        });
        watched.map_or(&[], |last| &last.table)
    }

    /// Puts the heats last, and forgets those used longest ago where there is no room for them.
    fn remember_name(&mut self, heats: HeatsOfName) {
        let mut bytes = heats.bytes();
        let newest_first = self.names.iter().rev();
        let kept = newest_first.take(MAX_NAMES - 1).take_while(|known| {
            bytes += known.bytes();
            bytes <= MAX_REMEMBERED_BYTES
        });
        let kept = kept.count();
        self.names.drain(..self.names.len() - kept);
        self.names.push(heats);
    }

    /// Forgets heats of which no frame has come for a while.
    fn forget_unused(&mut self, at: DateTime<Utc>) {
        let is_unused = |used_at| at - used_at > REMEMBERED_FOR;
        self.names.retain(|known| !known.used_at.is_some_and(is_unused));
    }

    fn remember(&mut self, frame: Frame<'_>, meaning: Meaning) {
        self.just_connected = false;
        self.last = Some(LastFrame::new(frame, meaning));
    }
}

impl HeatsOfName {
    fn is_of(&self, frame: &HeatFrame<'_>) -> bool {
        self.start_unix == frame.start_unix && *self.name == *frame.name
    }

    fn bytes(&self) -> usize {
        self.heats.iter().map(HeatMemory::bytes).sum()
    }

    /// Makes room, but neither of the heat `but` nor of what came after it.
    fn forget_the_oldest(&mut self, but: Option<&Arc<HeatKey>>) {
        let mut bytes = self.bytes();
        let last = self.heats.len().saturating_sub(1);
        let old = self.heats.iter().take(last).take_while(|heat| {
            let goes = bytes > MAX_REMEMBERED_BYTES && Some(heat.key()) != but;
            bytes -= heat.bytes();
            goes
        });
        let old = old.count();
        self.heats.drain(..old);
    }

    /// The heat that the frame is of: the latest that shares a driver with it. Where there is
    /// nobody to compare, the latest; otherwise one that was never seen before.
    fn heat_of(&mut self, frame: &HeatFrame<'_>) -> &mut HeatMemory {
        let shared = self.sharing(frame);
        let latest = self.heats.len().checked_sub(1);
        let nobody_to_compare =
            frame.table.is_empty() || self.heats.last().is_some_and(|latest| !latest.has_drivers());
        let index = shared.or(latest.filter(|_| nobody_to_compare)).unwrap_or_else(|| self.add());
        // Every way to an index above ends inside `heats`.
        &mut self.heats[index]
    }

    fn sharing(&self, frame: &HeatFrame<'_>) -> Option<usize> {
        self.heats.iter().rposition(|heat| heat.shares_a_driver(frame))
    }

    fn add(&mut self) -> usize {
        let occurrence = self.heats.last().map_or(0, |latest| latest.key().occurrence + 1);
        if self.heats.len() == MAX_OCCURRENCES {
            self.heats.remove(0);
        }
        let name = self.name.clone();
        self.heats.push(HeatMemory::new(HeatKey { start_unix: self.start_unix, name, occurrence }));
        self.heats.len() - 1
    }
}

#[cfg(test)]
mod tests;
