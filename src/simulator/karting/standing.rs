//! Who stands where in a heat, and how far behind.

use std::cmp::Reverse;

use super::{
    entry::Entry,
    heat::{Heat, RaceMode},
};

/// One line of the table.
pub(super) struct Standing<'a> {
    pub position: u32,
    pub entry: &'a Entry,
    pub gap: String,
}

/// The table of a heat: drivers by position.
pub(super) fn standings(heat: &Heat) -> Vec<Standing<'_>> {
    let mut entries: Vec<&Entry> = heat.entries.iter().filter(|entry| !entry.withdrawn).collect();
    // Sorting is stable: drivers without a lap stay in the order in which they entered.
    match heat.mode {
        RaceMode::MostLaps => entries.sort_by_key(|entry| {
            (Reverse(entry.laps.len()), entry.laps.last().map(|lap| lap.crossed_at))
        }),
        RaceMode::BestLap => entries.sort_by_key(|entry| entry.best_ms().unwrap_or(u32::MAX)),
        RaceMode::BestAverage => {
            entries.sort_by_key(|entry| entry.average_ms().unwrap_or(u32::MAX));
        }
    }
    let leader = entries.first().copied();
    let gap_of = |entry| leader.map_or_else(String::new, |leader| gap(heat.mode, leader, entry));
    (1..)
        .zip(entries)
        .map(|(position, entry)| Standing { position, entry, gap: gap_of(entry) })
        .collect()
}

/// `G`: nothing for the leader and for who has no lap.
fn gap(mode: RaceMode, leader: &Entry, entry: &Entry) -> String {
    if leader.driver_id == entry.driver_id || entry.laps.is_empty() {
        return String::new();
    }
    match mode {
        RaceMode::BestLap => seconds(behind(leader.best_ms(), entry.best_ms())),
        RaceMode::BestAverage => seconds(behind(leader.average_ms(), entry.average_ms())),
        RaceMode::MostLaps => {
            let laps = leader.laps.len().saturating_sub(entry.laps.len());
            if laps > 0 {
                return format!("+{laps} L");
            }
            let crossed_at = |entry: &Entry| entry.laps.last().map_or(0, |lap| lap.crossed_at);
            let behind = crossed_at(entry).saturating_sub(crossed_at(leader));
            format!("+{}", seconds(behind))
        }
    }
}

fn behind(leader_ms: Option<u32>, own_ms: Option<u32>) -> u64 {
    u64::from(own_ms.unwrap_or(0).saturating_sub(leader_ms.unwrap_or(0)))
}

/// `SS.mmm`, from a minute on `M:SS.mmm`.
fn seconds(ms: u64) -> String {
    let (minutes, rest) = (ms / 60_000, ms % 60_000);
    let seconds = format!("{:02}.{:03}", rest / 1_000, rest % 1_000);
    if minutes == 0 { seconds } else { format!("{minutes}:{seconds}") }
}
