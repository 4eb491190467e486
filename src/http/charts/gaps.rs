//! How far each driver was behind, lap by lap.

use std::collections::{BTreeMap, HashMap};

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::Lap,
};

/// Milliseconds of what counts in the heat, by driver and lap: what is missing to whoever had the
/// least after as many laps.
///
/// - In a race: the sum of all laps. Laps whose single times are not known count with their sum,
///   where that is known; without it nothing is known of the driver from there on.
/// - Where the best lap counts: the best one so far.
/// - Where the best average counts: the average so far.
///
/// Once the leader of a race is lost this way, nobody's gap is known: it would look as if all the
/// others had caught up.
pub fn behind(heat: &HeatBoard) -> HashMap<(i64, i32), i64> {
    let is_race = !matches!(&*heat.heat.race_mode, "best_lap" | "best_average");
    let (mut by_lap, mut lost) = (BTreeMap::<i32, Vec<(i64, i64)>>::new(), HashMap::new());
    for line in &heat.lines {
        let driver = line.standing.driver_id;
        let scores = match &*heat.heat.race_mode {
            "best_lap" => fold(line, i64::MAX, i64::min, |best, _| best),
            "best_average" => fold(line, 0, |sum, ms| sum + ms, |sum, laps| sum / laps),
            _ => totals(line),
        };
        let driven = line.laps.last().map(|lap| lap.lap);
        let known = scores.last().map(|(lap, _)| *lap);
        if is_race && known < driven {
            lost.insert(driver, known);
        }
        for (lap, score) in scores {
            by_lap.entry(lap).or_default().push((score, driver));
        }
    }
    let (mut gaps, mut leader) = (HashMap::new(), None);
    for (lap, scores) in by_lap {
        let is_lost = |driver| lost.get(&driver).is_some_and(|known| *known < Some(lap));
        if leader.is_some_and(is_lost) {
            break;
        }
        let Some((least, first)) = scores.iter().min().copied() else { continue };
        leader = Some(first);
        gaps.extend(scores.into_iter().map(|(score, driver)| ((driver, lap), score - least)));
    }
    gaps
}

fn counted(line: &Line) -> impl Iterator<Item = (&Lap, i64)> {
    let laps = line.laps.iter().filter(|lap| lap.lap >= 1);
    laps.map(|lap| (lap, i64::from(lap.lap_ms.max(0))))
}

/// After each lap `score` of what was folded and of the number of laps.
fn fold(
    line: &Line,
    start: i64,
    fold: impl Fn(i64, i64) -> i64,
    score: impl Fn(i64, i64) -> i64,
) -> Vec<(i32, i64)> {
    let mut folded = start;
    let scored = (1..).zip(counted(line)).map(|(laps, (lap, ms))| {
        folded = fold(folded, ms);
        (lap.lap, score(folded, laps))
    });
    scored.collect()
}

/// The sum after each lap, as far as it is known.
fn totals(line: &Line) -> Vec<(i32, i64)> {
    let (mut totals, mut next, mut total) = (Vec::new(), 1, 0_i64);
    for (lap, ms) in counted(line) {
        if lap.lap != next {
            let hole = line
                .gaps
                .iter()
                .find(|gap| gap.first_lap == next && gap.last_lap.saturating_add(1) == lap.lap);
            let Some(missing_ms) = hole.and_then(|gap| gap.total_ms) else { break };
            total = total.saturating_add(missing_ms.max(0));
        }
        total = total.saturating_add(ms);
        totals.push((lap.lap, total));
        next = lap.lap.saturating_add(1);
    }
    totals
}
