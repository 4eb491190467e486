//! Heats, standings and laps, from a track's snapshots.

use std::collections::{BTreeMap, BTreeSet};

use ringside::simulator::TrackTruth;
use serde_json::Value;

use super::{
    Report, Shown,
    present::Present,
    tables::{HeatName, LapRow, Tables},
};

const STATES: &[&str] = &["not_started", "running", "paused", "stopped", "finished", "next_heat"];
const ENDS: &[&str] = &["manual", "time", "laps", "time_or_laps"];
const MODES: &[&str] = &["most_laps", "best_lap", "best_average"];

/// What a track showed.
pub struct TrackSeen {
    heats: BTreeMap<HeatName, HeatSeen>,
    standings: Present,
    /// Driver ids are new in every heat.
    drivers: BTreeMap<(HeatName, i64), DriverSeen>,
}

#[derive(Default)]
struct HeatSeen {
    /// Drivers that were shown together, as sets that share nobody: each is a heat of its own.
    fields: Vec<BTreeSet<i64>>,
    is_required: bool,
    present: Present,
}

#[derive(Default)]
struct DriverSeen {
    /// Each that differs from the one before.
    lines: Vec<Line>,
    /// Milliseconds by number, as driven; a lap driven again after its removal in place of it.
    truth: BTreeMap<u32, i64>,
    is_touched: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    connection: usize,
    is_safe: bool,
    laps: u32,
    last_ms: i64,
}

impl TrackSeen {
    pub fn new(shown: &[Shown], truth: &TrackTruth) -> Self {
        let mut seen = Self {
            heats: BTreeMap::new(),
            standings: Present::default(),
            drivers: BTreeMap::new(),
        };
        for shown in shown {
            seen.take(shown);
        }
        for heat in &truth.heats {
            let name = HeatName { start_unix: heat.start_unix, heat: heat.name.clone() };
            for driver in &heat.drivers {
                let Some(seen) = seen.drivers.get_mut(&(name.clone(), driver.driver_id)) else {
                    continue;
                };
                seen.truth = driver.laps.iter().map(|l| (l.lap, i64::from(l.lap_ms))).collect();
                seen.is_touched |= driver.laps.iter().any(|lap| lap.corrected || lap.removed);
            }
        }
        seen
    }

    fn take(&mut self, shown: &Shown) {
        let frame = &shown.frame;
        // `{}` tells of no heat.
        let Some(drivers) = frame["D"].as_array() else { return };
        let name = HeatName {
            start_unix: frame["T"].as_i64().unwrap(),
            heat: frame["N"].as_str().unwrap().to_owned(),
        };
        let heat = self.heats.entry(name.clone()).or_default();
        heat.is_required |= shown.is_safe;
        heat.meet(drivers.iter().map(|driver| number(driver, "D")).collect());
        let says = [("S", STATES), ("E", ENDS), ("R", MODES)]
            .map(|(key, words)| words[number(frame, key) as usize])
            .join("|");
        heat.present.show(String::new(), says, shown.is_safe);
        for driver in drivers {
            let id = number(driver, "D");
            let says = standing(
                driver["N"].as_str().unwrap(),
                driver["K"].as_str().unwrap(),
                ["P", "L", "T", "A", "B"].map(|key| number(driver, key)),
            );
            self.standings.show(driver_key(&name, id), says, shown.is_safe);
            self.drivers.entry((name.clone(), id)).or_default().add(Line {
                connection: shown.connection,
                is_safe: shown.is_safe,
                laps: number(driver, "L") as u32,
                last_ms: number(driver, "T"),
            });
        }
    }

    pub fn judge(&self, tables: &Tables, report: &mut Report) {
        self.judge_heats(tables, report);
        let standings = tables.drivers.iter().map(|row| {
            let numbers = [
                row.position,
                row.laps,
                row.last_lap_ms.unwrap_or(0),
                row.average_lap_ms.unwrap_or(0),
                row.best_lap_ms.unwrap_or(0),
            ];
            (driver_key(&row.heat, row.driver_id), standing(&row.name, &row.kart, numbers))
        });
        self.standings.judge("standing", standings.collect(), report);

        let mut found: BTreeMap<(HeatName, i64), LapsFound<'_>> = BTreeMap::new();
        for row in &tables.laps {
            let driver = found.entry((row.heat.clone(), row.driver_id)).or_default();
            driver.laps.entry(row.lap).or_default().push(row);
            report.rows_found += 1;
        }
        for gap in &tables.gaps {
            found.entry((gap.heat.clone(), gap.driver_id)).or_default().gaps.push(Gap {
                first: gap.first_lap,
                last: gap.last_lap,
                total: gap.total_ms.map(|ms| (ms, ms + gap.error_ms)),
            });
        }
        let nobody = LapsFound::default();
        for (key, driver) in &self.drivers {
            let found = found.get(key).unwrap_or(&nobody);
            LapsJudge { name: driver_key(&key.0, key.1), found, report }.judge(driver);
        }
        for ((heat, id), _) in found.iter().filter(|(key, _)| !self.drivers.contains_key(key)) {
            report.never_sent(format_args!("laps of {}", driver_key(heat, *id)));
        }
    }

    fn judge_heats(&self, tables: &Tables, report: &mut Report) {
        let mut found: BTreeMap<&HeatName, Vec<String>> = BTreeMap::new();
        for row in &tables.heats {
            let says = [&*row.state, &row.end_condition, &row.race_mode].join("|");
            found.entry(&row.name).or_default().push(says);
        }
        for (name, heat) in &self.heats {
            let rows = found.remove(name).unwrap_or_default();
            match heat.fields.len() {
                0 | 1 => {
                    let rows = rows.into_iter().map(|says| (String::new(), says)).collect();
                    heat.present.judge(&format!("heat {name:?}"), rows, report);
                }
                // Which of them an empty snapshot is of, nobody can tell.
                heats => {
                    report.rows_found += rows.len();
                    report.rows_expected += usize::from(heat.is_required);
                    if rows.is_empty() && heat.is_required {
                        report.missing(format_args!("heat {name:?}"));
                    }
                    if rows.len() > heats {
                        report.doubled(rows.len() - heats, format_args!("heat {name:?}"));
                    }
                }
            }
        }
        for (name, _) in found {
            report.never_sent(format_args!("heat {name:?}"));
        }
    }
}

impl HeatSeen {
    fn meet(&mut self, drivers: BTreeSet<i64>) {
        if drivers.is_empty() {
            return;
        }
        let (mut same, other): (Vec<_>, Vec<_>) =
            self.fields.drain(..).partition(|field| !field.is_disjoint(&drivers));
        same.push(drivers);
        self.fields = other;
        self.fields.push(same.into_iter().flatten().collect());
    }
}

impl DriverSeen {
    fn add(&mut self, line: Line) {
        if self.lines.last() == Some(&line) {
            return;
        }
        if let Some(last) = self.lines.last() {
            let corrected = line.laps == last.laps && line.last_ms != last.last_ms;
            self.is_touched |= line.laps < last.laps || corrected;
        }
        self.lines.push(line);
    }

    /// Officials acted, and some of it may have been while nobody listened.
    fn is_disputed(&self) -> bool {
        let connections = self.lines.iter().map(|line| line.connection);
        self.is_touched && connections.collect::<BTreeSet<_>>().len() > 1
    }

    fn most_laps(&self) -> u32 {
        self.lines.iter().map(|line| line.laps).max().unwrap_or(0)
    }

    /// Laps that are known to have been driven.
    fn safe_laps(&self) -> u32 {
        self.lines.iter().rev().find(|line| line.is_safe).map_or(0, |line| line.laps)
    }

    /// The laps that a line showed as the last, by number.
    fn shown(&self) -> BTreeMap<u32, LapWanted> {
        let mut shown: BTreeMap<u32, LapWanted> = BTreeMap::new();
        let mut known = 0;
        for line in &self.lines {
            for lap in line.laps + 1..=known {
                if let Some(wanted) = shown.get_mut(&lap) {
                    let removed = Lap { is_removed: true, ..wanted.last };
                    wanted.show(removed, line.is_safe);
                }
            }
            let timed = Lap { ms: line.last_ms, is_corrected: false, is_removed: false };
            match shown.get_mut(&line.laps) {
                _ if line.last_ms == 0 => {}
                Some(wanted) if line.laps == known && wanted.last.ms != line.last_ms => {
                    wanted.show(Lap { is_corrected: true, ..timed }, line.is_safe);
                }
                Some(wanted) if line.laps == known => wanted.show(wanted.last, line.is_safe),
                Some(wanted) if line.laps > known => wanted.show(timed, line.is_safe),
                None if line.laps > known => {
                    let mut wanted = LapWanted { is_required: false, last: timed, laps: vec![] };
                    wanted.show(timed, line.is_safe);
                    shown.insert(line.laps, wanted);
                }
                // After a removal the time before it comes to light once more: it need not be
                // believed.
                Some(_) | None => {}
            }
            known = line.laps;
        }
        shown
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lap {
    ms: i64,
    is_corrected: bool,
    is_removed: bool,
}

struct LapWanted {
    /// A safe frame showed it.
    is_required: bool,
    last: Lap,
    /// How it may be stored: as the last safe frame had it, or as others after that.
    laps: Vec<Lap>,
}

impl LapWanted {
    fn show(&mut self, lap: Lap, is_safe: bool) {
        self.last = lap;
        if is_safe {
            self.is_required = true;
            self.laps.clear();
        }
        if !self.laps.contains(&lap) {
            self.laps.push(lap);
        }
    }

    fn allows(&self, row: &LapRow) -> bool {
        let source = |lap: &Lap| if lap.is_corrected { "corrected" } else { "timed" };
        self.laps.iter().any(|lap| {
            (lap.ms, source(lap), lap.is_removed) == (row.lap_ms, &*row.source, row.removed)
        })
    }
}

#[derive(Default)]
struct LapsFound<'a> {
    laps: BTreeMap<u32, Vec<&'a LapRow>>,
    gaps: Vec<Gap>,
}

struct Gap {
    first: u32,
    last: u32,
    /// Where the sum of its laps lies.
    total: Option<(i64, i64)>,
}

/// Compares the laps of one driver.
struct LapsJudge<'a> {
    name: String,
    found: &'a LapsFound<'a>,
    report: &'a mut Report,
}

impl LapsJudge<'_> {
    fn judge(mut self, seen: &DriverSeen) {
        let shown = seen.shown();
        let highest_row = self.found.laps.last_key_value().map_or(0, |(lap, _)| *lap);
        for lap in 1..=seen.most_laps().max(highest_row) {
            self.judge_lap(lap, seen, shown.get(&lap));
        }
        for gap in &self.found.gaps {
            self.judge_gap(gap, seen);
        }
    }

    fn judge_lap(&mut self, lap: u32, seen: &DriverSeen, wanted: Option<&LapWanted>) {
        let Self { name, found, report } = self;
        let is_required = wanted.is_some_and(|wanted| wanted.is_required);
        let is_in_gap = found.gaps.iter().any(|gap| (gap.first..=gap.last).contains(&lap));
        let is_disputed = seen.is_disputed();
        report.rows_expected += usize::from(is_required);
        report.disputed += usize::from(is_disputed);
        let rows = found.laps.get(&lap).map_or(&[][..], Vec::as_slice);
        let Some(row) = rows.first() else {
            match is_in_gap {
                true if !is_required || is_disputed => report.in_gaps += 1,
                true => report.missing(format_args!("lap {lap} of {name}: shown, but in a gap")),
                false if is_required || lap <= seen.safe_laps() => {
                    report.missing(format_args!("lap {lap} of {name}"));
                }
                false => {}
            }
            return;
        };
        if rows.len() > 1 {
            report.doubled(rows.len() - 1, format_args!("lap {lap} of {name}: {rows:?}"));
        }
        if is_in_gap && !row.removed {
            report.wrong(format_args!("lap {lap} of {name}: both known and in a gap"));
        }
        let is_inferred = row.source == "reconstructed";
        let is_true = |ms: i64| (row.lap_ms..=row.lap_ms + row.error_ms).contains(&ms);
        if lap > seen.most_laps() {
            report.never_sent(format_args!("lap {lap} of {name}: {row:?}"));
        } else if wanted.is_some_and(|wanted| wanted.allows(row)) {
            // As shown.
        } else if !is_required && is_inferred && !row.removed {
            match seen.truth.get(&lap) {
                Some(truth) if is_true(*truth) || is_disputed => report.reconstructed += 1,
                truth => report.wrong(format_args!("lap {lap} of {name}: {row:?} is {truth:?}")),
            }
        } else if is_disputed {
            let was_once_true = seen.lines.iter().any(|l| l.laps == lap && is_true(l.last_ms))
                || seen.truth.get(&lap).is_some_and(|truth| is_true(*truth));
            if !was_once_true {
                report.wrong(format_args!("lap {lap} of {name}: {row:?} was never true"));
            }
        } else {
            let wanted = wanted.map(|wanted| &wanted.laps);
            report.wrong(format_args!("lap {lap} of {name}: {row:?} not {wanted:?}"));
        }
    }

    fn judge_gap(&mut self, gap: &Gap, seen: &DriverSeen) {
        let Gap { first, last, total } = *gap;
        let Self { name, report, .. } = self;
        if last > seen.most_laps() {
            report.never_sent(format_args!("gap {first}..={last} of {name}"));
        }
        let truth: Option<i64> = (first..=last).map(|lap| seen.truth.get(&lap)).sum();
        if let (Some((low, high)), false) = (total, seen.is_disputed())
            && !truth.is_some_and(|truth| (low..=high).contains(&truth))
        {
            report.wrong(format_args!(
                "gap {first}..={last} of {name}: {low} to {high} ms, is {truth:?}"
            ));
        }
    }
}

fn driver_key(heat: &HeatName, driver_id: i64) -> String {
    format!("{} {:?} driver {driver_id}", heat.start_unix, heat.heat)
}

/// Position, laps, last, average and best; 0 ms for none.
fn standing(name: &str, kart: &str, numbers: [i64; 5]) -> String {
    format!("{name:?} {kart:?} {numbers:?}")
}

fn number(object: &Value, key: &str) -> i64 {
    object[key].as_i64().unwrap_or_else(|| panic!("no number {key} in {object}"))
}
