//! Stints as a linear model: which driver, which heat and which kart each stands for.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use chrono::NaiveDate;
use nalgebra::DVector;

use super::{LEAST_LAPS, Measure, Stint};

/// The stints that say something about karts.
pub(super) struct Design<'a> {
    pub karts: Vec<&'a str>,
    /// By block, then by driver.
    pub drives: Vec<Drive>,
    /// Heats that share drivers, directly or over others: no driver and no heat is in two.
    pub blocks: Vec<Block>,
    /// Karts that were driven and are not among `karts`.
    left_out: Vec<&'a str>,
}

/// One equation: `time_ms = driver + heat + kart`.
pub(super) struct Drive {
    pub block: usize,
    /// Within the block, as `heat`.
    pub driver: usize,
    pub heat: usize,
    pub kart: usize,
    pub time_ms: f64,
    /// Where it comes from.
    pub stint: usize,
}

pub(super) struct Block {
    pub heats: usize,
    /// The drives of each driver.
    pub drivers: Vec<Range<usize>>,
}

/// Who drove: a name on a day, or an entry where the name tells nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Driver<'a> {
    Person(NaiveDate, &'a str),
    Entry(i64, i64),
}

impl<'a> Design<'a> {
    /// Of these karts at most, those with the most stints.
    pub fn of(stints: &[Stint<'a>], measure: Measure, most_karts: usize) -> Self {
        let drivers = drivers(stints);
        let mut kept: Vec<usize> = (0..stints.len())
            .filter(|&stint| stints[stint].laps >= LEAST_LAPS && !stints[stint].kart.is_empty())
            .collect();
        let mut often: BTreeMap<&str, usize> = BTreeMap::new();
        for &stint in &kept {
            *often.entry(stints[stint].kart).or_default() += 1;
        }
        let mut karts: Vec<&str> = often.keys().copied().collect();
        karts.sort_by_key(|kart| std::cmp::Reverse(often.get(kart).copied()));
        karts.truncate(most_karts);
        let known: HashSet<&str> = karts.iter().copied().collect();
        kept.retain(|&stint| known.contains(stints[stint].kart));
        drop_lonely(stints, &drivers, &mut kept);

        let driven: HashSet<&str> = kept.iter().map(|&stint| stints[stint].kart).collect();
        karts.retain(|kart| driven.contains(kart));
        karts.sort_unstable();
        let seen: HashSet<&str> =
            stints.iter().map(|stint| stint.kart).filter(|kart| !kart.is_empty()).collect();
        let mut left_out: Vec<&str> =
            seen.into_iter().filter(|kart| !driven.contains(kart)).collect();
        left_out.sort_unstable();
        let (drives, blocks) = arrange(stints, &drivers, &kept, &karts, measure);
        Self { karts, drives, blocks, left_out }
    }

    /// How many numbers the drivers and heats take. Of each block one heat is the measure of the
    /// others.
    pub fn free(&self) -> usize {
        self.blocks.iter().map(|block| block.drivers.len() + block.heats - 1).sum()
    }

    /// The class of karts with the most stints, if it has two at all.
    pub fn largest(&self, classes: Vec<Vec<usize>>) -> Vec<usize> {
        let drives = |class: &Vec<usize>| {
            self.drives.iter().filter(|drive| class.contains(&drive.kart)).count()
        };
        let several = classes.into_iter().filter(|class| class.len() > 1);
        several.max_by_key(drives).unwrap_or_default()
    }

    /// Of the stints with these karts, the share that each has.
    pub fn shares(&self, compared: &[usize]) -> DVector<f64> {
        let mut shares = DVector::zeros(self.karts.len());
        for drive in self.drives.iter().filter(|drive| compared.contains(&drive.kart)) {
            shares[drive.kart] += 1.0;
        }
        let all = shares.sum();
        if all > 0.0 { shares / all } else { shares }
    }

    /// All karts but these.
    pub fn apart(&self, compared: &[usize]) -> Vec<String> {
        let not_compared = (0..self.karts.len()).filter(|kart| !compared.contains(kart));
        let mut apart: Vec<String> = not_compared
            .map(|kart| self.karts[kart])
            .chain(self.left_out.iter().copied())
            .map(str::to_owned)
            .collect();
        apart.sort();
        apart
    }
}

/// Who drove each stint. A heat is of the day on which it began.
fn drivers<'a>(stints: &[Stint<'a>]) -> Vec<Driver<'a>> {
    let mut days: HashMap<i64, NaiveDate> = HashMap::new();
    for stint in stints {
        let day = days.entry(stint.heat).or_insert(stint.day);
        *day = stint.day.min(*day);
    }
    let mut entries: HashMap<(i64, &str), i64> = HashMap::new();
    let mut ambiguous: HashSet<(NaiveDate, &str)> = HashSet::new();
    for stint in stints {
        let entry = *entries.entry((stint.heat, stint.name)).or_insert(stint.driver_id);
        if entry != stint.driver_id || stint.name.is_empty() {
            ambiguous.insert((days[&stint.heat], stint.name));
        }
    }
    let driver = |stint: &Stint<'a>| {
        let person = (days[&stint.heat], stint.name);
        match ambiguous.contains(&person) {
            true => Driver::Entry(stint.heat, stint.driver_id),
            false => Driver::Person(person.0, person.1),
        }
    };
    stints.iter().map(driver).collect()
}

/// Leaves out, again and again, drivers and heats with a single stint: what it says is said of them.
fn drop_lonely(stints: &[Stint<'_>], drivers: &[Driver<'_>], kept: &mut Vec<usize>) {
    loop {
        let (mut of_driver, mut of_heat) = (HashMap::new(), HashMap::new());
        for &stint in kept.iter() {
            *of_driver.entry(drivers[stint]).or_insert(0_usize) += 1;
            *of_heat.entry(stints[stint].heat).or_insert(0_usize) += 1;
        }
        let before = kept.len();
        kept.retain(|&stint| of_driver[&drivers[stint]] > 1 && of_heat[&stints[stint].heat] > 1);
        if kept.len() == before {
            return;
        }
    }
}

fn arrange(
    stints: &[Stint<'_>],
    drivers: &[Driver<'_>],
    kept: &[usize],
    karts: &[&str],
    measure: Measure,
) -> (Vec<Drive>, Vec<Block>) {
    let heats = Numbers::of(kept.iter().map(|&stint| stints[stint].heat));
    let people = Numbers::of(kept.iter().map(|&stint| drivers[stint]));
    let blocks = Groups::of(
        heats.count(),
        kept.iter().map(|&stint| (people.of_one(drivers[stint]), heats.of_one(stints[stint].heat))),
    );
    let karts: HashMap<&str, usize> = karts.iter().copied().zip(0..).collect();
    let mut drives: Vec<Drive> = kept
        .iter()
        .map(|&stint| {
            let heat = heats.of_one(stints[stint].heat);
            let time_ms = match measure {
                Measure::Median => stints[stint].median_ms,
                Measure::Best => stints[stint].best_ms,
            };
            Drive {
                block: blocks.of_one(heat),
                driver: people.of_one(drivers[stint]),
                heat,
                kart: karts[stints[stint].kart],
                time_ms: f64::from(time_ms),
                stint,
            }
        })
        .collect();
    drives.sort_by_key(|drive| (drive.block, drive.driver, drive.stint));
    let arranged = number_within_blocks(&mut drives);
    (drives, arranged)
}

/// Numbers blocks, their drivers and their heats from 0.
fn number_within_blocks(drives: &mut [Drive]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut start = 0;
    for of_block in drives.chunk_by_mut(|one, other| one.block == other.block) {
        let heats = Numbers::of(of_block.iter().map(|drive| drive.heat));
        let mut drivers: Vec<Range<usize>> = Vec::new();
        for of_driver in of_block.chunk_by_mut(|one, other| one.driver == other.driver) {
            for drive in of_driver.iter_mut() {
                drive.block = blocks.len();
                drive.driver = drivers.len();
                drive.heat = heats.of_one(drive.heat);
            }
            drivers.push(start..start + of_driver.len());
            start += of_driver.len();
        }
        blocks.push(Block { heats: heats.count(), drivers });
    }
    blocks
}

/// Things numbered from 0 in the order in which they came.
struct Numbers<T>(HashMap<T, usize>);

impl<T: Copy + Eq + std::hash::Hash> Numbers<T> {
    fn of(things: impl Iterator<Item = T>) -> Self {
        let mut numbers = HashMap::new();
        for thing in things {
            let next = numbers.len();
            numbers.entry(thing).or_insert(next);
        }
        Self(numbers)
    }

    /// Of a thing that was among them.
    fn of_one(&self, thing: T) -> usize {
        self.0[&thing]
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// Heats that hang together.
struct Groups(Vec<usize>);

impl Groups {
    /// Heats that share a driver are one group.
    fn of(heats: usize, driven: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut groups = Self((0..heats).collect());
        let mut first: HashMap<usize, usize> = HashMap::new();
        for (driver, heat) in driven {
            let other = *first.entry(driver).or_insert(heat);
            let (one, other) = (groups.of_one(heat), groups.of_one(other));
            groups.0[one.max(other)] = one.min(other);
            // The way to the group stays short.
            groups.0[heat] = one.min(other);
        }
        groups
    }

    fn of_one(&self, heat: usize) -> usize {
        let mut heat = heat;
        while self.0[heat] != heat {
            heat = self.0[heat];
        }
        heat
    }
}
