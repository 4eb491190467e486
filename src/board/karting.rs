//! A heat as a timing screen shows it: the table, the clock, and every lap for the charts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use crate::event::karting::{
    Heat, HeatKey, HeatScene, KartingEvent, Lap, LapGap, LapSource, PastDriver, PastHeat, Standing,
};

/// A heat, as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatBoard {
    pub heat: Heat,
    pub clock: Clock,
    /// In the order of the venue's table.
    pub lines: Vec<Arc<Line>>,
}

/// One driver of a heat.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub standing: Arc<Standing>,
    /// Ascending, without those that officials took away.
    pub laps: Vec<Lap>,
    /// Laps that are known to be missing, ascending.
    pub gaps: Vec<LapGap>,
}

/// The heat's counter at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub ms: i64,
    /// When the venue said so.
    pub at: DateTime<Utc>,
    pub runs: bool,
    pub counts_down: bool,
}

/// A thousand hours. No heat takes so long, and whoever draws it may count on from there.
const MAX_CLOCK_MS: i64 = 3_600_000_000;

impl Clock {
    /// As the venue said it `at` that moment, and within what can be drawn.
    pub fn of(heat: &Heat, at: DateTime<Utc>) -> Self {
        Self {
            ms: heat.clock_ms.clamp(0, MAX_CLOCK_MS),
            at,
            runs: heat.clock_started && heat.state == "running",
            // Timed heats count down to their end; the others have no end to count to.
            counts_down: matches!(&*heat.end_condition, "time" | "time_or_laps"),
        }
    }

    /// What it shows `now`; one that counts down stops at zero.
    pub fn ms_at(&self, now: DateTime<Utc>) -> i64 {
        let passed = if self.runs { (now - self.at).num_milliseconds().max(0) } else { 0 };
        match self.counts_down {
            true => (self.ms - passed).max(0),
            false => self.ms.saturating_add(passed),
        }
    }
}

impl HeatBoard {
    /// The quickest lap of the heat.
    pub fn best_lap_ms(&self) -> Option<i32> {
        self.lines.iter().filter_map(|line| line.standing.best_lap_ms).min()
    }

    /// The place of each driver after each lap, by driver and lap, where it is known.
    ///
    /// In a race it is the place in which the kart crossed the line. Where the best lap or average
    /// counts that place depends on who crossed before, so there it is worked out: the place among
    /// those who have driven as many laps.
    pub fn places(&self) -> HashMap<(i64, i32), i32> {
        match &*self.heat.race_mode {
            "best_lap" => self.places_by(|best, lap| best.min(lap), |best, _| best),
            "best_average" => self.places_by(|sum, lap| sum + lap, |sum, laps| sum / laps),
            _ => {
                let laps = self.lines.iter().flat_map(|line| &line.laps);
                laps.filter_map(|lap| Some(((lap.driver_id, lap.lap), lap.position?))).collect()
            }
        }
    }

    /// `fold` takes a lap to those before it; `score` of that and their number is what counts.
    fn places_by(
        &self,
        fold: impl Fn(f64, f64) -> f64,
        score: impl Fn(f64, f64) -> f64,
    ) -> HashMap<(i64, i32), i32> {
        let mut scores: BTreeMap<i32, Vec<(f64, i64)>> = BTreeMap::new();
        for line in &self.lines {
            let (mut folded, mut known) = (None, 0.0);
            for lap in &line.laps {
                let ms = f64::from(lap.lap_ms);
                let so_far = folded.map_or(ms, |before| fold(before, ms));
                folded = Some(so_far);
                known += 1.0;
                let of_lap = scores.entry(lap.lap).or_default();
                of_lap.push((score(so_far, known), lap.driver_id));
            }
        }
        let mut places = HashMap::new();
        for (lap, mut of_lap) in scores {
            // Of equal times the one higher in the table is first: the sort keeps their order.
            of_lap.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            let placed = (1..).zip(of_lap);
            places.extend(placed.map(|(place, (_, driver))| ((driver, lap), place)));
        }
        places
    }

    /// Who is first in the table.
    pub fn leader(&self) -> Option<&Line> {
        self.lines.first().map(Arc::as_ref)
    }
}

impl Line {
    /// Places won (or lost: negative) since this driver's lap before the last one; none where that
    /// place is not known.
    pub fn places_gained(&self) -> Option<i32> {
        let last = self.laps.iter().rev().nth(1)?;
        // Positions are as the venue sends them, so any number.
        Some(last.position?.saturating_sub(self.standing.position))
    }

    /// How many laps are known to have been driven and have no time.
    pub fn missing_laps(&self) -> i32 {
        self.gaps.iter().map(|gap| gap.last_lap - gap.first_lap + 1).sum()
    }

    /// How many laps were missed on the wire and computed.
    pub fn reconstructed_laps(&self) -> usize {
        self.laps.iter().filter(|lap| lap.source == LapSource::Reconstructed).count()
    }

    /// The last lap is the driver's best one so far.
    pub fn last_is_best(&self) -> bool {
        self.standing.last_lap_ms.is_some()
            && self.standing.last_lap_ms == self.standing.best_lap_ms
    }
}

/// Folds the events of the heat in view.
#[derive(Debug, Default)]
pub(super) struct HeatFold {
    heat: Option<Heat>,
    /// Boxed: a map keeps room for several more than there are.
    drivers: BTreeMap<i64, Box<Driver>>,
    order: Vec<i64>,
    /// What is stored of heats that were asked for, until one of them comes into view.
    past: Vec<PastHeat>,
}

#[derive(Debug, Default)]
struct Driver {
    standing: Option<Arc<Standing>>,
    /// Ascending, as the gaps are; a map of them would take several times the memory.
    laps: Vec<Lap>,
    gaps: Vec<LapGap>,
    /// Made from the rest when that has changed.
    line: Option<Arc<Line>>,
}

impl HeatFold {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn recall(&mut self, heats: &[PastHeat]) {
        self.clear();
        self.past = heats.to_vec();
    }

    /// Adds what was seen of the heat in view to what is stored of the heats of its name.
    pub fn complete(&self, heats: &mut Vec<PastHeat>) {
        let Some(heat) = &self.heat else { return };
        let occurrence = heat.key.occurrence;
        if heats.iter().all(|stored| stored.occurrence != occurrence) {
            let (started_at, finished_at) = (heat.started_at, heat.finished_at);
            heats.push(PastHeat { occurrence, started_at, finished_at, drivers: Vec::new() });
        }
        let stored = heats.iter_mut().filter(|stored| stored.occurrence == occurrence);
        for stored in stored {
            for (&driver_id, seen) in &self.drivers {
                let at = stored.drivers.iter().position(|driver| driver.driver_id == driver_id);
                let nothing = PastDriver { driver_id, laps: Vec::new(), gaps: Vec::new() };
                let mut driver = at.map_or(nothing, |at| stored.drivers.swap_remove(at));
                seen.complete(&mut driver);
                stored.drivers.push(driver);
            }
        }
    }

    pub fn apply(&mut self, event: &KartingEvent) {
        match event {
            KartingEvent::Heat(heat) => {
                self.turn_to(&heat.key);
                self.heat = Some(heat.clone());
            }
            KartingEvent::Standing(standing) => {
                let driver = self.driver(&standing.heat, standing.driver_id);
                driver.standing = Some(standing.clone());
            }
            KartingEvent::Lap(lap) => {
                let driver = self.driver(&lap.heat, lap.driver_id);
                driver.add(lap.clone());
            }
            KartingEvent::LapGap(gap) => {
                let driver = self.driver(&gap.heat, gap.driver_id);
                driver.add_gap(gap.clone());
            }
            KartingEvent::LapGapClosed { heat, driver_id, first_lap } => {
                self.driver(heat, *driver_id).gaps.retain(|gap| gap.first_lap != *first_lap);
            }
            KartingEvent::TrackCleared { .. } => self.clear(),
        }
    }

    /// Shows what the frame showed; whether all of it is known.
    pub fn show(&mut self, scene: &HeatScene) -> bool {
        self.turn_to(&scene.heat);
        self.order.clone_from(&scene.drivers);
        self.is_whole()
    }

    /// The heat as last confirmed `at`; none where nothing is in view.
    pub fn board(&mut self, at: DateTime<Utc>) -> Option<HeatBoard> {
        let heat = self.heat.clone()?;
        let drivers = &mut self.drivers;
        let lines = self.order.iter().filter_map(|id| drivers.get_mut(id)?.line()).collect();
        Some(HeatBoard { clock: Clock::of(&heat, at), heat, lines })
    }

    /// Laps of the drivers in view are known to have been driven of which there is no time.
    pub fn lacks_laps(&self) -> bool {
        let mut drivers = self.order.iter().filter_map(|id| self.drivers.get(id));
        drivers.any(|driver| !driver.gaps.is_empty())
    }

    /// Whether the heat has this start and name.
    pub fn is_of(&self, start_unix: i64, name: &str) -> bool {
        let key = self.heat.as_ref().map(|heat| &heat.key);
        key.is_some_and(|key| key.start_unix == start_unix && &*key.name == name)
    }

    fn is_whole(&self) -> bool {
        let has_standing = |id| self.drivers.get(id).is_some_and(|known| known.standing.is_some());
        self.heat.is_some() && self.order.iter().all(has_standing)
    }

    fn driver(&mut self, heat: &Arc<HeatKey>, id: i64) -> &mut Driver {
        self.turn_to(heat);
        let driver = self.drivers.entry(id).or_default();
        driver.line = None;
        driver
    }

    /// Begins the heat if it is not the one in view.
    fn turn_to(&mut self, key: &Arc<HeatKey>) {
        if self.heat.as_ref().is_some_and(|heat| heat.key == *key) {
            return;
        }
        // The first event of a heat is the heat itself: nothing of this one is here yet.
        let past = std::mem::take(&mut self.past);
        self.clear();
        for driver in past
            .into_iter()
            .find(|past| past.occurrence == key.occurrence)
            .into_iter()
            .flat_map(|past| past.drivers)
        {
            let known = self.drivers.entry(driver.driver_id).or_default();
            driver.laps.into_iter().for_each(|lap| known.add(lap));
            driver.gaps.into_iter().for_each(|gap| known.add_gap(gap));
        }
    }
}

impl Driver {
    fn add(&mut self, lap: Lap) {
        let at = self.laps.binary_search_by_key(&lap.lap, |known| known.lap);
        match (at, lap.removed_at) {
            (Ok(at), None) => self.laps.splice(at..=at, [lap]).for_each(drop),
            (Ok(at), Some(_)) => drop(self.laps.remove(at)),
            (Err(at), None) => self.laps.insert(at, lap),
            (Err(_), Some(_)) => {}
        }
    }

    fn add_gap(&mut self, gap: LapGap) {
        match self.gaps.binary_search_by_key(&gap.first_lap, |known| known.first_lap) {
            Ok(at) => self.gaps.splice(at..=at, [gap]).for_each(drop),
            Err(at) => self.gaps.insert(at, gap),
        }
    }

    /// What was seen is newer than what is stored, but a time that was computed here may be known
    /// there.
    fn complete(&self, stored: &mut PastDriver) {
        for seen in &self.laps {
            match stored.laps.iter_mut().find(|lap| lap.lap == seen.lap) {
                Some(_) if seen.source == LapSource::Reconstructed => {}
                Some(lap) => *lap = seen.clone(),
                None => stored.laps.push(seen.clone()),
            }
        }
        stored.laps.sort_by_key(|lap| lap.lap);
        let laps: Vec<_> = stored.laps.iter().map(|lap| lap.lap).collect();
        let holds = |gap: &LapGap, lap: &i32| (gap.first_lap..=gap.last_lap).contains(lap);
        stored.gaps.retain(|gap| !laps.iter().any(|lap| holds(gap, lap)));
    }

    fn line(&mut self) -> Option<Arc<Line>> {
        if self.line.is_none() {
            let line = Line {
                standing: self.standing.clone()?,
                laps: self.laps.clone(),
                gaps: self.gaps.clone(),
            };
            self.line = Some(Arc::new(line));
        }
        self.line.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(ms: i64, runs: bool, counts_down: bool) -> Clock {
        Clock { ms, at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(), runs, counts_down }
    }

    fn lap(driver_id: i64, lap: i32, lap_ms: i32, position: i32) -> Lap {
        Lap {
            heat: key(),
            driver_id,
            lap,
            lap_ms,
            kart: None,
            position: Some(position),
            crossed_at: None,
            source: LapSource::Timed,
            error_ms: 0,
            removed_at: None,
        }
    }

    fn key() -> Arc<HeatKey> {
        Arc::new(HeatKey { start_unix: 300, name: "a".into(), occurrence: 0 })
    }

    /// A heat of two drivers: the first crosses first, the second is quicker from lap 2 on.
    fn board(race_mode: &'static str) -> HeatBoard {
        let mut fold = HeatFold::default();
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        fold.apply(&KartingEvent::Heat(Heat {
            key: key(),
            state: "running".into(),
            end_condition: "time".into(),
            race_mode: race_mode.into(),
            clock_ms: 0,
            clock_started: true,
            clock_enabled: true,
            remaining_laps: 0,
            end_mode: 0,
            started_at: None,
            finished_at: None,
            seen_at: at,
            extra: Default::default(),
        }));
        for driver_id in [1, 2] {
            let standing = Arc::new(Standing {
                heat: key(),
                driver_id,
                name: String::new(),
                kart: String::new(),
                web_member_id: 0,
                position: driver_id as i32,
                laps: 2,
                last_lap_ms: None,
                average_lap_ms: None,
                best_lap_ms: None,
                gap: String::new(),
                last_passing: false,
                last_record: None,
                updated_at: at,
                extra: Default::default(),
            });
            fold.apply(&KartingEvent::Standing(standing));
        }
        for lap in [lap(1, 1, 40_000, 1), lap(2, 1, 50_000, 2), lap(1, 2, 39_000, 1)] {
            fold.apply(&KartingEvent::Lap(lap));
        }
        fold.apply(&KartingEvent::Lap(lap(2, 2, 38_000, 1)));
        assert!(fold.show(&HeatScene { heat: key(), drivers: vec![1, 2] }));
        fold.board(at).unwrap()
    }

    #[test]
    fn places_of_a_race_are_those_of_the_crossings_and_others_are_worked_out() {
        let places = |mode| {
            let places = board(mode).places();
            [(1, 1), (2, 1), (1, 2), (2, 2)].map(|key| places[&key])
        };
        assert_eq!(places("most_laps"), [1, 2, 1, 1]);
        assert_eq!(places("best_lap"), [1, 2, 2, 1]);
        assert_eq!(places("best_average"), [1, 2, 1, 2]);
    }

    #[test]
    fn clock_is_one_that_can_be_drawn_whatever_a_venue_sends() {
        let heat = board("most_laps").heat;
        for (clock_ms, ms) in [(i64::MIN, 0), (-1, 0), (720_000, 720_000), (i64::MAX, MAX_CLOCK_MS)]
        {
            let heat = Heat { clock_ms, ..heat.clone() };
            assert_eq!(Clock::of(&heat, heat.seen_at).ms, ms);
        }
    }

    #[test]
    fn places_gained_are_told_whatever_positions_a_venue_sends() {
        let gained = |before, now| {
            let mut line = Line::clone(&board("most_laps").lines[0]);
            line.laps[0].position = Some(before);
            Arc::make_mut(&mut line.standing).position = now;
            line.places_gained()
        };
        assert_eq!(gained(3, 1), Some(2));
        assert_eq!(gained(1, 3), Some(-2));
        assert_eq!(gained(i32::MIN, i32::MAX), Some(i32::MIN));
        assert_eq!(gained(i32::MAX, i32::MIN), Some(i32::MAX));
    }

    #[test]
    fn clock_goes_on_from_what_the_venue_said() {
        let shown = |clock: Clock, after_ms| {
            clock.ms_at(clock.at + chrono::TimeDelta::milliseconds(after_ms))
        };
        assert_eq!(shown(clock(60_000, true, true), 1_500), 58_500);
        assert_eq!(shown(clock(60_000, true, true), 90_000), 0);
        assert_eq!(shown(clock(60_000, true, false), 1_500), 61_500);
        assert_eq!(shown(clock(60_000, false, true), 1_500), 60_000);
        // Our clock was set back.
        assert_eq!(shown(clock(60_000, true, false), -5_000), 60_000);
        assert_eq!(shown(clock(i64::MAX, true, false), 1_000), i64::MAX);
    }
}
