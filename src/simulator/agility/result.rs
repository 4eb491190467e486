//! How runs are judged: penalties, qualification, ranks, and what brother runs make together.
//!
//! Times and penalties are whole milliseconds.

use super::day::{Course, Pair, Playset, Run, Status};

const FAULT_MS: u32 = 5_000;
/// What an eliminated run counts.
const ELIMINATED_MS: u32 = 100_000;
/// The third refusal is the last.
pub(super) const MAX_REFUSALS: u32 = 3;
/// More are never sent.
const BEST: usize = 10;

/// A calculated run of one dog.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    pub playset: &'a Playset,
    /// None for who is out.
    pub classification: Option<u32>,
    pub time_ms: Option<u32>,
    pub total_penalization_ms: u32,
    pub qualification: &'static str,
}

/// Both runs of a pair.
pub(super) struct Combined<'a> {
    pub pair: &'a Pair,
    pub classification: u32,
    pub time_ms: Option<u32>,
    pub total_penalization_ms: u32,
}

/// All calculated dogs of a run, by rank, then those who are out.
pub(super) fn results(run: &Run) -> Vec<Judged<'_>> {
    let calculated = run.playsets.iter().filter(|playset| playset.status == Status::Calculated);
    let mut results: Vec<_> = calculated.map(|playset| judge(playset, &run.course)).collect();
    results.sort_by_key(|result| {
        (result.time_ms.is_none(), result.total_penalization_ms, result.time_ms)
    });
    for (rank, result) in (1..).zip(&mut results) {
        result.classification = result.time_ms.map(|_| rank);
    }
    results
}

/// What is sent of [`results`].
pub(super) fn best(run: &Run) -> Vec<Judged<'_>> {
    let mut results = results(run);
    results.truncate(BEST);
    results
}

/// The combined results of brother runs, once the last dog of the second has run.
pub(super) fn combined<'a>(runs: &'a [Run], last: &'a Run) -> Vec<Combined<'a>> {
    let is_complete =
        |run: &Run| run.playsets.iter().all(|playset| playset.status == Status::Calculated);
    let brother = last.brother.and_then(|index| runs.get(index));
    let Some(first) = brother.filter(|first| is_complete(first) && is_complete(last)) else {
        return Vec::new();
    };
    let legs = results(first);
    let mut combined: Vec<_> = results(last)
        .into_iter()
        .filter_map(|second| {
            let pair = second.playset.pair.as_ref();
            let first = legs.iter().find(|leg| leg.playset.pair.dorsal == pair.dorsal)?;
            let times = [first.time_ms, second.time_ms];
            Some(Combined {
                pair,
                classification: 0,
                time_ms: times.into_iter().flatten().reduce(|sum, time| sum + time),
                total_penalization_ms: first.total_penalization_ms + second.total_penalization_ms,
            })
        })
        .collect();
    combined.sort_by_key(|both| (both.total_penalization_ms, both.time_ms.unwrap_or(u32::MAX)));
    combined.truncate(BEST);
    for (rank, both) in (1..).zip(&mut combined) {
        both.classification = rank;
    }
    combined
}

fn judge<'a>(playset: &'a Playset, course: &Course) -> Judged<'a> {
    let out = |qualification| Judged {
        playset,
        classification: None,
        time_ms: None,
        total_penalization_ms: ELIMINATED_MS,
        qualification,
    };
    if playset.refusals >= MAX_REFUSALS {
        return out("DISQ (R)");
    }
    let time_ms = match playset.time_ms {
        Some(time_ms) if !playset.is_eliminated => time_ms,
        _ => return out("DISQ"),
    };
    if time_ms > course.maximum_ms {
        return out("DISQ (T)");
    }
    let late_ms = time_ms.saturating_sub(course.standard_ms);
    let total_penalization_ms = FAULT_MS * (playset.faults + playset.refusals) + late_ms;
    let qualification = match total_penalization_ms {
        0 => "EXC_0",
        1..6_000 => "EXC",
        6_000..16_000 => "V_GOOD",
        16_000..26_000 => "GOOD",
        _ => "NQ",
    };
    Judged {
        playset,
        classification: None,
        time_ms: Some(time_ms),
        total_penalization_ms,
        qualification,
    }
}
