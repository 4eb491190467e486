//! Whole heats through the decoder, into a table that keeps what the database would.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::{
    event::{
        Ask, Event, Past,
        karting::{
            Heat, HeatKey, KartingEvent, Lap, LapGap, LapSource, PastDriver, PastHeat, Standing,
        },
    },
    feed::{Decoded, Decoder, Frame},
};

use super::decode::BmiDecoder;

/// What the database would hold: the last event about a thing is what is true of it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    heats: BTreeMap<Arc<HeatKey>, Heat>,
    standings: BTreeMap<(Arc<HeatKey>, i64), Standing>,
    laps: BTreeMap<(Arc<HeatKey>, i64, i32), Lap>,
    gaps: BTreeMap<(Arc<HeatKey>, i64, i32), LapGap>,
}

impl Table {
    fn apply(&mut self, event: Event) {
        let Event::Karting(event) = event else { panic!("no karting: {event:?}") };
        match event {
            KartingEvent::Heat(heat) => {
                self.heats.insert(heat.key.clone(), heat);
            }
            KartingEvent::Standing(standing) => {
                assert!(self.heats.contains_key(&standing.heat), "a child before its parent");
                let key = (standing.heat.clone(), standing.driver_id);
                self.standings.insert(key, Arc::unwrap_or_clone(standing));
            }
            KartingEvent::Lap(lap) => {
                let driver = (lap.heat.clone(), lap.driver_id);
                assert!(self.standings.contains_key(&driver), "a child before its parent");
                self.laps.insert((driver.0, driver.1, lap.lap), lap);
            }
            KartingEvent::LapGap(gap) => {
                self.gaps.insert((gap.heat.clone(), gap.driver_id, gap.first_lap), gap);
            }
            KartingEvent::LapGapClosed { heat, driver_id, first_lap } => {
                let closed = self.gaps.remove(&(heat, driver_id, first_lap));
                assert!(closed.is_some(), "a gap was closed that nobody was told of");
            }
            KartingEvent::TrackCleared { .. } => {}
        }
    }

    fn past(&self, start_unix: i64, name: &str) -> Past {
        let of_name = |key: &&Arc<HeatKey>| key.start_unix == start_unix && &*key.name == name;
        Past::Heats(self.heats.keys().filter(of_name).map(|key| self.past_heat(key)).collect())
    }

    fn past_heat(&self, key: &Arc<HeatKey>) -> PastHeat {
        let drivers =
            self.standings.keys().filter(|(heat, _)| heat == key).map(|&(_, driver_id)| {
                PastDriver {
                    driver_id,
                    laps: self.standing_laps(key, driver_id).cloned().collect(),
                    gaps: self.gaps_of(key, driver_id).cloned().collect(),
                }
            });
        PastHeat {
            occurrence: key.occurrence,
            started_at: self.heats[key].started_at,
            finished_at: self.heats[key].finished_at,
            drivers: drivers.collect(),
        }
    }

    /// Laps that nobody removed.
    fn standing_laps(&self, heat: &Arc<HeatKey>, driver_id: i64) -> impl Iterator<Item = &Lap> {
        let range = (heat.clone(), driver_id, i32::MIN)..=(heat.clone(), driver_id, i32::MAX);
        self.laps.range(range).map(|(_, lap)| lap).filter(|lap| lap.removed_at.is_none())
    }

    fn gaps_of(&self, heat: &Arc<HeatKey>, driver_id: i64) -> impl Iterator<Item = &LapGap> {
        let range = (heat.clone(), driver_id, i32::MIN)..=(heat.clone(), driver_id, i32::MAX);
        self.gaps.range(range).map(|(_, gap)| gap)
    }

    /// What is left when rows of removed laps are not looked at.
    fn without_removed(mut self) -> Self {
        self.laps.retain(|_, lap| lap.removed_at.is_none());
        self
    }
}

/// A decoder with a table behind it, as the pipeline has.
#[derive(Default)]
struct Rig {
    decoder: BmiDecoder,
    table: Table,
    asked: usize,
}

impl Rig {
    fn with_table(table: Table) -> Self {
        Self { table, ..Self::default() }
    }

    fn decode(&mut self, payload: &str, received_at: DateTime<Utc>) -> Vec<Event> {
        let frame = Frame { received_at, payload: &payload.into() };
        let mut decoded = self.decoder.decode(frame).unwrap();
        if let Decoded::Asks(Ask::Heats { start_unix, name }) = decoded {
            self.asked += 1;
            let past = self.table.past(start_unix, &name);
            self.decoder.recall(Ask::Heats { start_unix, name }, past);
            decoded = self.decoder.decode(frame).unwrap();
        }
        let Decoded::Events(outcome) = decoded else { panic!("asked twice: {decoded:?}") };
        for event in &outcome.events {
            self.table.apply(event.clone());
        }
        outcome.events
    }

    /// The process ended and began again: only the table is left.
    fn restart(&mut self) {
        self.decoder = BmiDecoder::default();
        self.decoder.connected();
    }
}

// ---- a recorded heat ----------------------------------------------------------------------------

/// Frames of a real heat and the laps they prove; none where the recordings are not at hand.
fn recording() -> Option<(Vec<String>, BTreeSet<String>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}"));
    let (Ok(frames), Ok(laps)) = (read("bmi-one-heat.jsonl"), read("bmi-one-heat.laps.csv")) else {
        eprintln!("no recording in {folder}: not tested");
        return None;
    };
    let laps = laps.lines().skip(1).map(str::to_owned).collect();
    Some((frames.lines().map(str::to_owned).collect(), laps))
}

fn csv(table: &Table) -> BTreeSet<String> {
    let line = |lap: &Lap| {
        format!(
            "{},{},{},{},{},{},{},{}",
            lap.heat.start_unix,
            lap.heat.name,
            lap.driver_id,
            lap.kart.as_deref().unwrap_or_default(),
            lap.lap,
            lap.lap_ms,
            lap.source.as_str(),
            lap.error_ms
        )
    };
    table.laps.values().map(line).collect()
}

fn play(rig: &mut Rig, frames: &[String]) {
    let start = DateTime::from_timestamp(1_664_110_800, 0).unwrap();
    rig.decoder.connected();
    for (frame, number) in frames.iter().zip(0..) {
        rig.decode(frame, start + TimeDelta::milliseconds(850 * number));
    }
}

#[test]
fn decoder_finds_exactly_the_laps_of_a_recorded_heat() {
    let Some((frames, laps)) = recording() else { return };
    let mut rig = Rig::default();
    play(&mut rig, &frames);
    assert_eq!(laps.len(), 72);
    assert_eq!(csv(&rig.table), laps);
    assert_eq!(rig.table.heats.len(), 1);
    assert_eq!(rig.table.standings.len(), 8);
    assert!(rig.table.gaps.is_empty());
    assert!(rig.table.laps.values().all(|lap| lap.crossed_at.is_some()));
}

#[test]
fn decoder_leaves_the_same_table_when_a_recorded_heat_comes_twice() {
    let Some((frames, laps)) = recording() else { return };
    let mut first = Rig::default();
    play(&mut first, &frames);
    let mut again = Rig::with_table(first.table.clone());
    play(&mut again, &frames);
    assert_eq!(csv(&again.table), laps);
    assert_eq!(again.table, first.table);
}

// ---- heats made up ------------------------------------------------------------------------------

const START: i64 = 1_700_000_100;
const NAME: &str = "[HEAT] 7 - Property ";

/// What a driver's line says at one moment, and the laps that make it so.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    driver_id: i64,
    laps: Vec<i32>,
    /// As shown: the last of `laps`, or the left-over of a removed lap.
    last_ms: i32,
}

#[derive(Clone, Debug)]
struct Snapshot {
    at: DateTime<Utc>,
    lines: Vec<Line>,
    /// Nobody could make sense of the next snapshots without this one.
    essential: bool,
}

impl Snapshot {
    fn json(&self) -> String {
        let clock = (self.at - start()).num_milliseconds();
        let drivers: Vec<_> = self.lines.iter().zip(1..).map(|(line, p)| line.json(p)).collect();
        let drivers = drivers.join(",");
        format!(
            r#"{{"T":{START},"CE":1,"CS":1,"D":[{drivers}],"EM":0,"C":{clock},"N":"{NAME}","E":0,"R":1,"L":0,"S":1}}"#
        )
    }
}

impl Line {
    fn json(&self, position: i32) -> String {
        let Self { driver_id, laps, last_ms } = self;
        let sum: i64 = laps.iter().map(|ms| i64::from(*ms)).sum();
        let average = sum.checked_div(laps.len() as i64).unwrap_or(0);
        let best = laps.iter().min().copied().unwrap_or(0);
        let count = laps.len();
        format!(
            r#"{{"LP":0,"A":{average},"B":{best},"K":"{position}","G":"","D":{driver_id},"L":{count},"T":{last_ms},"R":5,"N":"Driver","P":{position},"M":0}}"#
        )
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(START, 0).unwrap()
}

/// What officials do right after a passing.
#[derive(Clone, Copy, Debug)]
enum Ruling {
    Nothing,
    /// The last time was wrong by so much.
    Correct(i32),
    /// So many laps are taken away; the last time goes on being shown or not.
    Remove {
        laps: usize,
        left_over: bool,
    },
}

/// What becomes of a snapshot on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Comes,
    ComesTwice,
    IsLost,
    ComesAfterReconnect,
    ComesAfterRestart,
}

/// Snapshots of a heat: one after every passing and ruling, and one a second between some.
fn heat(drivers: &[Vec<(i32, Ruling)>]) -> Vec<Snapshot> {
    let mut passings = Vec::new();
    for (driver, laps) in drivers.iter().enumerate() {
        let mut clock_ms = 1_000 * i64::try_from(driver).unwrap();
        for &(ms, ruling) in laps {
            clock_ms += i64::from(ms);
            passings.push((clock_ms, driver, ms, ruling));
        }
    }
    passings.sort_by_key(|&(clock_ms, driver, ..)| (clock_ms, driver));

    let ids = 7_000_001..;
    let mut lines: Vec<_> = ids
        .zip(drivers)
        .map(|(driver_id, _)| Line { driver_id, laps: Vec::new(), last_ms: 0 })
        .collect();
    let mut snapshots = vec![Snapshot { at: start(), lines: lines.clone(), essential: false }];
    for (clock_ms, driver, ms, ruling) in passings {
        let at = start() + TimeDelta::milliseconds(clock_ms);
        lines[driver].laps.push(ms);
        lines[driver].last_ms = ms;
        // The left-over of a lap that was never seen can't be told from the time of a lap.
        let essential = matches!(ruling, Ruling::Remove { left_over: true, .. });
        let tick =
            Snapshot { at: at - TimeDelta::seconds(1), ..snapshots[snapshots.len() - 1].clone() };
        snapshots.push(Snapshot { essential: false, ..tick });
        snapshots.push(Snapshot { at, lines: lines.clone(), essential });
        if rule(&mut lines[driver], ruling) {
            let at = at + TimeDelta::milliseconds(700);
            snapshots.push(Snapshot { at, lines: lines.clone(), essential: true });
        }
    }
    snapshots
}

/// Whether the ruling changed anything.
fn rule(line: &mut Line, ruling: Ruling) -> bool {
    match ruling {
        Ruling::Nothing => return false,
        Ruling::Correct(by_ms) => {
            let last = line.laps.last_mut().unwrap();
            *last += by_ms;
            line.last_ms = *last;
        }
        Ruling::Remove { laps, left_over } => {
            line.laps.truncate(line.laps.len().saturating_sub(laps));
            if !left_over {
                line.last_ms = line.laps.last().copied().unwrap_or(0);
            }
        }
    }
    true
}

/// Sends snapshots on their way; answers the table and, by driver, the laps of the last that came.
fn travel(rig: &mut Rig, snapshots: &[Snapshot], fates: &[Fate]) -> BTreeMap<i64, Vec<i32>> {
    let mut truth = BTreeMap::new();
    rig.decoder.connected();
    for (snapshot, fate) in snapshots.iter().zip(fates.iter().cycle()) {
        let times = match fate {
            Fate::IsLost if !snapshot.essential => continue,
            Fate::ComesTwice => 2,
            _ => 1,
        };
        match fate {
            Fate::ComesAfterReconnect => rig.decoder.connected(),
            Fate::ComesAfterRestart => rig.restart(),
            _ => {}
        }
        for _ in 0..times {
            rig.decode(&snapshot.json(), snapshot.at);
        }
        truth.extend(snapshot.lines.iter().map(|line| (line.driver_id, line.laps.clone())));
    }
    truth
}

/// No wrong lap, ever; and every lap is somewhere.
fn check(table: &Table, truth: &BTreeMap<i64, Vec<i32>>) -> Result<(), TestCaseError> {
    for (&driver_id, true_laps) in truth {
        let heat = table.heats.keys().next().unwrap();
        check_numbers(table, heat, driver_id, true_laps.len())?;
        for lap in table.standing_laps(heat, driver_id) {
            let true_ms = true_laps.get(usize::try_from(lap.lap - 1).unwrap()).copied();
            let found = lap.lap_ms..=lap.lap_ms + lap.error_ms;
            prop_assert!(
                true_ms.is_some_and(|ms| found.contains(&ms)),
                "driver {} lap {}: {:?} is not {:?}",
                driver_id,
                lap.lap,
                true_ms,
                lap
            );
            prop_assert!(lap.source == LapSource::Reconstructed || lap.error_ms == 0);
        }
        for gap in table.gaps_of(heat, driver_id) {
            let laps =
                usize::try_from(gap.first_lap - 1).unwrap()..usize::try_from(gap.last_lap).unwrap();
            let true_ms: i64 = true_laps[laps].iter().map(|ms| i64::from(*ms)).sum();
            if let Some(total) = gap.total_ms {
                prop_assert!(
                    (total..=total + i64::from(gap.error_ms)).contains(&true_ms),
                    "driver {}: {} is not {:?}",
                    driver_id,
                    true_ms,
                    gap
                );
            }
        }
    }
    Ok(())
}

/// Laps and gaps are together exactly the numbers up to the last lap, each once.
fn check_numbers(
    table: &Table,
    heat: &Arc<HeatKey>,
    driver_id: i64,
    laps: usize,
) -> Result<(), TestCaseError> {
    let gaps = table.gaps_of(heat, driver_id);
    let mut covered: Vec<_> = gaps.flat_map(|gap| gap.first_lap..=gap.last_lap).collect();
    covered.extend(table.standing_laps(heat, driver_id).map(|lap| lap.lap));
    covered.sort_unstable();
    let all: Vec<_> = (1..=i32::try_from(laps).unwrap()).collect();
    prop_assert_eq!(covered, all, "laps and gaps of driver {}", driver_id);
    Ok(())
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        6 => Just(Fate::Comes),
        2 => Just(Fate::ComesTwice),
        5 => Just(Fate::IsLost),
        1 => Just(Fate::ComesAfterReconnect),
        1 => Just(Fate::ComesAfterRestart),
    ];
    prop::collection::vec(fate, 1..60)
}

/// Laps as they come, equal ones and very different ones among them.
fn plain_heat() -> impl Strategy<Value = Vec<Snapshot>> {
    let lap = prop_oneof![4 => 36_000..38_000, 1 => 20_000..200_000, 1 => Just(36_580)];
    let driver = prop::collection::vec(lap.prop_map(|ms| (ms, Ruling::Nothing)), 0..14);
    prop::collection::vec(driver, 1..5).prop_map(|drivers| heat(&drivers))
}

/// Laps and rulings. The times of one driver are no closer than averages can tell apart.
fn ruled_heat() -> impl Strategy<Value = Vec<Snapshot>> {
    let ruling = prop_oneof![
        5 => Just(Ruling::Nothing),
        1 => (1..9).prop_map(|steps| Ruling::Correct(500 * steps + 250)),
        1 => (1_usize..4, any::<bool>())
            .prop_map(|(laps, left_over)| Ruling::Remove { laps, left_over }),
    ];
    let times: Vec<_> = (0..40).map(|step| 30_000 + 5_000 * step).collect();
    let driver = (Just(times).prop_shuffle(), prop::collection::vec(ruling, 0..14), 0..250)
        .prop_map(|(times, rulings, offset)| {
            times.into_iter().map(|ms| ms + offset).zip(rulings).collect::<Vec<_>>()
        });
    prop::collection::vec(driver, 1..4).prop_map(|drivers| heat(&drivers))
}

/// A line that no heat could bring about: count, last, average and best.
fn nonsense_line() -> impl Strategy<Value = (usize, i32, i32, i32)> {
    let ms = || prop_oneof![1 => Just(0), 3 => 39_990..40_010, 1 => 1..i32::MAX];
    (0..9_usize, ms(), ms(), ms())
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn decoder_never_has_a_wrong_lap_whatever_is_lost(
        snapshots in plain_heat(),
        fates in fates(),
    ) {
        let mut rig = Rig::default();
        let truth = travel(&mut rig, &snapshots, &fates);
        check(&rig.table, &truth)?;
        prop_assert!(rig.table.laps.values().all(|lap| lap.removed_at.is_none()));
    }

    #[test]
    fn decoder_has_every_lap_timed_when_nothing_is_lost(snapshots in plain_heat()) {
        let mut rig = Rig::default();
        let truth = travel(&mut rig, &snapshots, &[Fate::Comes, Fate::ComesTwice]);
        check(&rig.table, &truth)?;
        prop_assert!(rig.table.gaps.is_empty());
        prop_assert!(rig.table.laps.values().all(|lap| lap.source == LapSource::Timed));
    }

    #[test]
    fn decoder_never_has_a_wrong_lap_when_officials_rule(
        snapshots in ruled_heat(),
        fates in fates(),
    ) {
        let mut rig = Rig::default();
        let truth = travel(&mut rig, &snapshots, &fates);
        check(&rig.table, &truth)?;
    }

    #[test]
    fn decoder_loses_no_number_whatever_nonsense_comes(
        lines in prop::collection::vec(nonsense_line(), 1..30),
        fates in fates(),
    ) {
        let mut rig = Rig::default();
        let fates = fates.into_iter().cycle();
        for ((line, fate), second) in lines.into_iter().zip(fates).zip(0..) {
            match fate {
                Fate::ComesAfterReconnect => rig.decoder.connected(),
                Fate::ComesAfterRestart => rig.restart(),
                _ => {}
            }
            let (laps, last, average, best) = line;
            let driver = format!(r#"{{"D":1,"L":{laps},"T":{last},"A":{average},"B":{best}}}"#);
            let payload = format!(r#"{{"T":{START},"N":"a","D":[{driver}]}}"#);
            rig.decode(&payload, start() + TimeDelta::seconds(second));
            let heat = rig.table.heats.keys().next().unwrap();
            check_numbers(&rig.table, heat, 1, laps)?;
            for lap in rig.table.standing_laps(heat, 1) {
                prop_assert!(lap.lap_ms > 0 && lap.error_ms >= 0, "{:?}", lap);
            }
        }
    }

    #[test]
    fn decoder_leaves_the_same_table_when_frames_come_again(
        snapshots in prop_oneof![plain_heat(), ruled_heat()],
        fates in fates(),
    ) {
        let mut first = Rig::default();
        travel(&mut first, &snapshots, &fates);
        let mut again = Rig::with_table(first.table.clone());
        travel(&mut again, &snapshots, &fates);
        prop_assert_eq!(again.table.without_removed(), first.table.without_removed());
    }
}
