//! A small model of the database: the last write of a key wins, and what a decoder asks for is
//! answered from what it said before.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use ringside::event::{
    Ask, Event, Past,
    agility::{AgilityEvent, PastRun, Progress, RunKey},
    karting::{Heat, HeatKey, KartingEvent, Lap, LapGap, PastDriver, PastHeat},
};

#[derive(Default)]
pub struct Tables {
    heats: BTreeMap<HeatKey, HeatRows>,
    runs: BTreeMap<RunKey, RunRows>,
}

struct HeatRows {
    heat: Heat,
    drivers: BTreeMap<i64, DriverRows>,
}

#[derive(Default)]
struct DriverRows {
    /// By number; removed ones too.
    laps: BTreeMap<i32, Lap>,
    /// By first lap.
    gaps: BTreeMap<i32, LapGap>,
    /// As in the latest standing.
    count: i32,
}

/// The latest step of every playset.
type RunRows = BTreeMap<String, Option<(DateTime<Utc>, Progress)>>;

impl Tables {
    /// Writes the events of one frame.
    pub fn write(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Karting(event) => self.write_karting(event),
                Event::Agility(event) => self.write_agility(event),
                other => panic!("no decoder says {other:?}"),
            }
        }
        for event in events {
            if let Event::Karting(KartingEvent::Standing(standing)) = event {
                self.drivers(&standing.heat)[&standing.driver_id].is_complete();
            }
        }
    }

    pub fn recall(&self, ask: &Ask) -> Past {
        match ask {
            Ask::Heats { start_unix, name } => {
                let of_name = |key: &&HeatKey| key.start_unix == *start_unix && key.name == *name;
                let heats = self.heats.iter().filter(|(key, _)| of_name(key));
                Past::Heats(heats.map(|(key, rows)| rows.past(key)).collect())
            }
            Ask::Run(key) => {
                let rows = self.runs.get(&**key).into_iter().flatten();
                let steps = rows.filter_map(|(playset, step)| {
                    step.as_ref().map(|(_, progress)| (playset.clone(), progress.clone()))
                });
                Past::Run(PastRun { progress: steps.collect() })
            }
        }
    }

    fn drivers(&mut self, heat: &Arc<HeatKey>) -> &mut BTreeMap<i64, DriverRows> {
        &mut self
            .heats
            .get_mut(&**heat)
            .unwrap_or_else(|| panic!("before its heat: {heat:?}"))
            .drivers
    }

    fn write_karting(&mut self, event: &KartingEvent) {
        match event {
            KartingEvent::Heat(heat) => {
                let row = HeatRows { heat: heat.clone(), drivers: BTreeMap::new() };
                self.heats.entry(HeatKey::clone(&heat.key)).or_insert(row).heat = heat.clone();
            }
            KartingEvent::Standing(standing) => {
                assert!(standing.laps >= 0);
                let driver = self.drivers(&standing.heat).entry(standing.driver_id).or_default();
                driver.count = standing.laps;
            }
            KartingEvent::Lap(lap) => {
                assert!(lap.lap >= 1 && lap.lap_ms >= 1 && lap.error_ms >= 0, "{lap:?}");
                let driver = self.drivers(&lap.heat).get_mut(&lap.driver_id);
                driver.expect("a standing before its laps").laps.insert(lap.lap, lap.clone());
            }
            KartingEvent::LapGap(gap) => {
                assert!(gap.first_lap >= 1 && gap.first_lap <= gap.last_lap, "{gap:?}");
                assert!(gap.total_ms.is_none_or(|ms| ms >= 1) && gap.error_ms >= 0, "{gap:?}");
                let driver = self.drivers(&gap.heat).get_mut(&gap.driver_id);
                driver.expect("a standing before its gaps").gaps.insert(gap.first_lap, gap.clone());
            }
            KartingEvent::LapGapClosed { heat, driver_id, first_lap } => {
                let driver = self.drivers(heat).get_mut(driver_id);
                driver.expect("a standing before the end of a gap").gaps.remove(first_lap);
            }
            KartingEvent::TrackCleared { .. } => {}
        }
    }

    fn write_agility(&mut self, event: &AgilityEvent) {
        match event {
            AgilityEvent::Run(run) => {
                self.runs.entry(RunKey::clone(&run.key)).or_default();
            }
            AgilityEvent::Playset(playset) => {
                assert!(!playset.playset_id.is_empty());
                self.run(&playset.run).entry(playset.playset_id.clone()).or_default();
            }
            AgilityEvent::PlaysetChange(change) => {
                let known = self.run(&change.run).get_mut(&change.playset_id);
                let known = known.expect("a playset before its changes");
                if known.as_ref().is_none_or(|(at, _)| *at <= change.changed_at) {
                    *known = Some((change.changed_at, change.progress.clone()));
                }
            }
            AgilityEvent::Combined(result) => {
                assert!(!result.dorsal.is_empty());
                self.run(&result.run);
            }
            AgilityEvent::RunsNotReady { message, .. } => assert!(!message.is_empty()),
        }
    }

    fn run(&mut self, run: &Arc<RunKey>) -> &mut RunRows {
        self.runs.get_mut(&**run).unwrap_or_else(|| panic!("before its run: {run:?}"))
    }
}

impl HeatRows {
    fn past(&self, key: &HeatKey) -> PastHeat {
        let driver = |(id, rows): (&i64, &DriverRows)| PastDriver {
            driver_id: *id,
            laps: rows.driven().cloned().collect(),
            gaps: rows.gaps.values().cloned().collect(),
        };
        PastHeat {
            occurrence: key.occurrence,
            started_at: self.heat.started_at,
            finished_at: self.heat.finished_at,
            drivers: self.drivers.iter().map(driver).collect(),
        }
    }
}

impl DriverRows {
    /// Laps that nobody took away.
    fn driven(&self) -> impl Iterator<Item = &Lap> {
        self.laps.values().filter(|lap| lap.removed_at.is_none())
    }

    /// Every lap up to the count of the standing is there once: by itself or within a gap.
    fn is_complete(&self) {
        let laps = self.driven().map(|lap| (lap.lap, lap.lap));
        let gaps = self.gaps.values().map(|gap| (gap.first_lap, gap.last_lap));
        let mut spans: Vec<_> = laps.chain(gaps).collect();
        spans.sort_unstable();
        let end =
            spans.iter().try_fold(0, |end, (first, last)| (*first == end + 1).then_some(*last));
        assert_eq!(end, Some(self.count), "{spans:?}");
    }
}
