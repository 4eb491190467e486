//! One heat as the decoder remembers it: what it last said, and what a further frame changes.

use std::{collections::HashMap, mem, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    event::{
        Event,
        karting::{Code, Heat, HeatKey, KartingEvent, Lap, LapGap, PastHeat, Standing},
    },
    feed::DecodeError,
};

use super::{
    codes,
    laps::{LapSheet, Seen},
    last::TableLine,
    pieces::{Gap, KnownLap, LapChange, Piece},
    wire::{DriverLine, HeatFrame, Notes},
};

/// Drivers that came and went over the life of a heat; a full day of them on one track is below it.
const MAX_DRIVERS_EVER: usize = 1_000;
/// Laps and gaps of all drivers of a heat: 60 karts for a day of laps of a minute are below it. A
/// frame that takes them all back brings as many events, some 70 MB.
const MAX_LAPS_EVER: usize = 100_000;
/// What a remembered lap or gap takes, its part of what laps share included.
const LAP_BYTES: usize = size_of::<Piece>() + size_of::<Gap>() + 16;
/// What a remembered driver takes without the laps: short texts, and unknown fields at their limit.
const DRIVER_BYTES: usize = size_of::<DriverMemory>() + size_of::<Standing>() + 3_072;

pub struct HeatMemory {
    key: Arc<HeatKey>,
    /// As last told; none before the first frame.
    heat: Option<Heat>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// Boxed, since such a map is mostly half empty.
    drivers: HashMap<i64, Box<DriverMemory>>,
    /// Laps and gaps of all drivers.
    laps: usize,
}

#[derive(Default)]
struct DriverMemory {
    /// As last told; none before the first frame.
    standing: Option<Arc<Standing>>,
    sheet: LapSheet,
}

impl HeatMemory {
    /// A heat that was never seen before.
    pub fn new(key: HeatKey) -> Self {
        Self {
            key: Arc::new(key),
            heat: None,
            started_at: None,
            finished_at: None,
            drivers: HashMap::new(),
            laps: 0,
        }
    }

    /// A heat as it was when it was stored.
    pub fn recalled(start_unix: i64, name: Arc<str>, past: PastHeat) -> Self {
        let drivers = past.drivers.into_iter().map(|driver| {
            let id = driver.driver_id;
            (id, Box::new(DriverMemory { standing: None, sheet: LapSheet::recalled(driver) }))
        });
        let drivers: HashMap<_, _> = drivers.collect();
        Self {
            started_at: past.started_at,
            finished_at: past.finished_at,
            laps: drivers.values().map(|driver| driver.sheet.len()).sum(),
            drivers,
            ..Self::new(HeatKey { start_unix, name, occurrence: past.occurrence })
        }
    }

    pub fn key(&self) -> &Arc<HeatKey> {
        &self.key
    }

    pub fn has_drivers(&self) -> bool {
        !self.drivers.is_empty()
    }

    /// About the memory it takes.
    pub fn bytes(&self) -> usize {
        self.drivers.len() * DRIVER_BYTES + self.laps * LAP_BYTES
    }

    pub fn shares_a_driver(&self, frame: &HeatFrame<'_>) -> bool {
        frame.table.iter().any(|line| self.drivers.contains_key(&line.driver_id))
    }

    /// Takes lines and notes out of the frame, adds what they change to `events`, parents first, and
    /// names codes that nobody knows. What changed on the lines of those in `witnessed` happened just now.
    ///
    /// # Errors
    /// More drivers or laps than a heat can have had; nothing is changed.
    pub fn apply(
        &mut self,
        frame: &mut HeatFrame<'_>,
        at: DateTime<Utc>,
        witnessed: &[TableLine],
        events: &mut Vec<Event>,
    ) -> Result<Notes, DecodeError> {
        let new =
            frame.drivers.iter().filter(|line| !self.drivers.contains_key(&line.driver_id)).count();
        if self.drivers.len() + new > MAX_DRIVERS_EVER {
            return Err(DecodeError::Implausible(format!(
                "more than {MAX_DRIVERS_EVER} drivers in one heat"
            )));
        }
        self.has_room_for(frame.table.len())?;
        self.apply_heat(frame, at, events);
        let mut notes = mem::take(&mut frame.unknown);
        for (key, code, word) in [
            ("S", frame.state, codes::state(frame.state)),
            ("E", frame.end_condition, codes::end_condition(frame.end_condition)),
            ("R", frame.race_mode, codes::race_mode(frame.race_mode)),
        ] {
            notes.code(key, code, &word);
        }
        for line in mem::take(&mut frame.drivers) {
            let record = codes::record(line.last_record);
            if let Some(word) = &record {
                notes.code("D.R", line.last_record, word);
            }
            let driver = self.drivers.entry(line.driver_id).or_default();
            if driver.standing.as_deref().is_none_or(|known| !says_the_same(&line, known, &record))
            {
                let witnessed = witnessed.iter().any(|before| before.driver_id == line.driver_id);
                self.laps -= driver.sheet.len();
                driver.apply(&self.key, line, record, Moment { at, witnessed }, events);
                self.laps += driver.sheet.len();
            }
        }
        Ok(notes)
    }

    /// Another clock and nothing else, for a table of so many lines.
    ///
    /// # Errors
    /// As those of [`HeatMemory::apply`].
    pub fn set_clock(
        &mut self,
        clock_ms: i64,
        at: DateTime<Utc>,
        lines: usize,
    ) -> Result<Option<Event>, DecodeError> {
        self.has_room_for(lines)?;
        let Some(heat) = &mut self.heat else { return Ok(None) };
        heat.clock_ms = clock_ms;
        heat.seen_at = at;
        Ok(Some(Event::Karting(KartingEvent::Heat(heat.clone()))))
    }

    /// Whether so many lines can bring what they bring at most: a lap and a gap before it.
    fn has_room_for(&self, lines: usize) -> Result<(), DecodeError> {
        if self.laps + 2 * lines > MAX_LAPS_EVER {
            return Err(DecodeError::Implausible(format!(
                "more than {MAX_LAPS_EVER} laps in one heat"
            )));
        }
        Ok(())
    }

    fn apply_heat(&mut self, frame: &HeatFrame<'_>, at: DateTime<Utc>, events: &mut Vec<Event>) {
        if frame.clock_started {
            self.started_at.get_or_insert(at);
        }
        if frame.state == Some(codes::STATE_FINISHED) {
            self.finished_at.get_or_insert(at);
        }
        let heat = Heat {
            key: self.key.clone(),
            state: codes::state(frame.state),
            end_condition: codes::end_condition(frame.end_condition),
            race_mode: codes::race_mode(frame.race_mode),
            clock_ms: frame.clock_ms,
            clock_started: frame.clock_started,
            clock_enabled: frame.clock_enabled,
            remaining_laps: frame.remaining_laps,
            end_mode: frame.end_mode,
            started_at: self.started_at,
            finished_at: self.finished_at,
            // When it was seen is no news by itself.
            seen_at: self.heat.as_ref().map_or(at, |known| known.seen_at),
            extra: frame.extra.clone(),
        };
        if self.heat.as_ref() != Some(&heat) {
            let heat = Heat { seen_at: at, ..heat };
            events.push(Event::Karting(KartingEvent::Heat(heat.clone())));
            self.heat = Some(heat);
        }
    }
}

/// When a line was seen, and whether the one before it was seen just before.
#[derive(Clone, Copy)]
struct Moment {
    at: DateTime<Utc>,
    witnessed: bool,
}

impl DriverMemory {
    fn apply(
        &mut self,
        heat: &Arc<HeatKey>,
        line: DriverLine<'_>,
        last_record: Option<Code>,
        moment: Moment,
        events: &mut Vec<Event>,
    ) {
        let driver_id = line.driver_id;
        let changes = self.sheet.observe(&Seen {
            laps: line.laps,
            last_ms: line.last_ms,
            average_ms: line.average_ms,
            best_ms: line.best_ms,
            kart: &line.kart,
            position: line.position,
            at: moment.at,
            witnessed: moment.witnessed,
        });
        let standing = Standing {
            heat: heat.clone(),
            driver_id,
            name: line.name.into_owned(),
            kart: line.kart.into_owned(),
            web_member_id: line.web_member_id,
            position: line.position,
            laps: line.laps,
            last_lap_ms: line.last_ms,
            average_lap_ms: line.average_ms,
            best_lap_ms: line.best_ms,
            gap: line.gap.into_owned(),
            last_passing: line.last_passing,
            last_record,
            updated_at: moment.at,
            extra: line.extra,
        };
        let standing = Arc::new(standing);
        events.push(Event::Karting(KartingEvent::Standing(standing.clone())));
        self.standing = Some(standing);
        events.extend(
            changes
                .into_iter()
                .map(|change| Event::Karting(lap_event(heat, driver_id, change, moment.at))),
        );
    }
}

/// Whether a line is what was last told of its driver, found out without building a standing.
fn says_the_same(line: &DriverLine<'_>, known: &Standing, last_record: &Option<Code>) -> bool {
    line.laps == known.laps
        && line.last_ms == known.last_lap_ms
        && line.average_ms == known.average_lap_ms
        && line.best_ms == known.best_lap_ms
        && line.position == known.position
        && line.gap == known.gap
        && line.last_passing == known.last_passing
        && *last_record == known.last_record
        && line.kart == known.kart
        && line.name == known.name
        && line.web_member_id == known.web_member_id
        && line.extra == known.extra
}

fn lap_event(
    heat: &Arc<HeatKey>,
    driver_id: i64,
    change: LapChange,
    at: DateTime<Utc>,
) -> KartingEvent {
    let heat = heat.clone();
    match change {
        LapChange::Lap(lap) => KartingEvent::Lap(lap_of(heat, driver_id, lap, None)),
        LapChange::LapRemoved(lap) => KartingEvent::Lap(lap_of(heat, driver_id, lap, Some(at))),
        LapChange::Gap { first_lap, last_lap, total } => KartingEvent::LapGap(LapGap {
            heat,
            driver_id,
            first_lap,
            last_lap,
            total_ms: total.map(|total| total.ms),
            error_ms: total.map_or(0, |total| total.error_ms),
        }),
        LapChange::GapClosed { first_lap } => {
            KartingEvent::LapGapClosed { heat, driver_id, first_lap }
        }
    }
}

fn lap_of(
    heat: Arc<HeatKey>,
    driver_id: i64,
    lap: KnownLap,
    removed_at: Option<DateTime<Utc>>,
) -> Lap {
    let KnownLap { lap, lap_ms, error_ms, source, kart, position, crossed_at } = lap;
    Lap { heat, driver_id, lap, lap_ms, kart, position, crossed_at, source, error_ms, removed_at }
}
