//! How far each driver was behind, lap by lap.

use std::collections::{BTreeMap, HashMap};

use crate::{
    analysis::karting::{Counts, Driven},
    board::HeatBoard,
};

/// Milliseconds of what counts in the heat, by driver and lap: what is missing to whoever had the
/// least after as many laps. Best laps and averages are those so far.
///
/// A race is compared by the moments in which the karts crossed the line, or where those are not
/// known of everybody, by their laps alone, as if all had begun the first one together. Once the
/// leader's moments are lost, nobody's gap is known: it would look as if all the others had caught
/// up.
pub fn behind(heat: &HeatBoard) -> HashMap<(i64, i32), i64> {
    let counts = Counts::of(&heat.heat.race_mode);
    let starts = match counts {
        Counts::Laps => starts(heat),
        Counts::BestLap | Counts::BestAverage => None,
    };
    let (mut by_lap, mut lost) = (BTreeMap::<i32, Vec<(i64, i64)>>::new(), HashMap::new());
    for line in &heat.lines {
        let driver = line.standing.driver_id;
        let start = starts.as_ref().and_then(|starts| starts.get(&driver)).unwrap_or(&0);
        let scores = Driven { laps: &line.laps, gaps: &line.gaps }.scores(counts);
        let known = scores.last().map(|(lap, _)| *lap);
        if known < line.laps.last().map(|lap| lap.lap) {
            lost.insert(driver, known);
        }
        for (lap, score) in scores {
            by_lap.entry(lap).or_default().push((score.saturating_add(*start), driver));
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
        let behind = scores.into_iter();
        gaps.extend(behind.map(|(score, driver)| ((driver, lap), score.saturating_sub(least))));
    }
    gaps
}

/// When each driver began the first lap, in milliseconds after the first who did; none where that is
/// not known of everybody who has a sum of laps.
fn starts(heat: &HeatBoard) -> Option<HashMap<i64, i64>> {
    let mut starts = HashMap::new();
    for line in &heat.lines {
        let driven = Driven { laps: &line.laps, gaps: &line.gaps };
        if !driven.scores(Counts::Laps).is_empty() {
            starts.insert(line.standing.driver_id, driven.first_passing()?.timestamp_millis());
        }
    }
    let first = *starts.values().min()?;
    starts.values_mut().for_each(|start| *start = start.saturating_sub(first));
    Some(starts)
}
