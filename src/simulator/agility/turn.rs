//! A dog's turn: everything that will happen from its announcement to its result and after.

use fastrand::Rng;

use super::{SECOND_MS, day::Run, frame::Place};

/// Something that changes what is sent.
pub(super) enum Cue {
    /// A day begins, and there is no start order yet.
    NotReady,
    /// The next dog is named.
    Announce(Place),
    /// The start order is changed: another dog goes first.
    Swap,
    Start(Place),
    Faults(i8),
    Refusals(i8),
    Eliminate,
    /// The judge takes an elimination back.
    Reinstate,
    StopTimer(u32),
    Calculate {
        time_ms: u32,
        announces: Option<Place>,
    },
    /// A result of the run is corrected.
    Correct,
}

/// What a turn depends on.
pub(super) struct Turn<'a> {
    pub run: &'a Run,
    pub place: Place,
    /// Who comes next, in this run or the next.
    pub following: Option<Place>,
    /// When the dog was announced, milliseconds of the world.
    pub from: u64,
    pub has_timer: bool,
    /// Chance that a result is corrected afterwards.
    pub corrections: f64,
}

impl Turn<'_> {
    /// The cues by time; the last one ends the turn.
    pub fn plan(self, rng: &mut Rng) -> Vec<(u64, Cue)> {
        let Self { run, place, following, from, .. } = self;
        let Some(playset) = run.playsets.get(place.1) else { return Vec::new() };
        let metres = f64::from(run.course.length_m);
        let form = 0.9 + 0.25 * rng.f64();
        // Hundredths are what every federation has.
        let time_ms = (metres / (playset.pair.speed * form) * 100.0) as u32 * 10;
        let start_at = from + rng.u64(12..=40) * SECOND_MS;
        let stop_at = start_at + u64::from(time_ms);
        let mut cues = incidents(start_at, stop_at, rng);
        if self.has_timer {
            cues.push((start_at, Cue::Start(place)));
            cues.push((stop_at, Cue::StopTimer(time_ms)));
        } else if let Some((first_at, _)) = cues.first() {
            // Without a timer, nobody tells of a dog on course before something happens.
            cues.push((*first_at, Cue::Start(place)));
        }
        if place.1 + 1 < run.playsets.len() && rng.u8(..25) == 0 {
            cues.push((from + 5 * SECOND_MS, Cue::Swap));
        }
        let calculated_at = stop_at + rng.u64(4..=15) * SECOND_MS;
        let is_announced_at_once = rng.u8(..3) > 0;
        let announces = following.filter(|_| is_announced_at_once);
        cues.push((calculated_at, Cue::Calculate { time_ms, announces }));
        let mut end = calculated_at;
        if rng.f64() < self.corrections {
            end += rng.u64(2..=6) * SECOND_MS;
            cues.push((end, Cue::Correct));
        }
        if let Some(following) = following.filter(|_| !is_announced_at_once) {
            end += rng.u64(1..=20) * SECOND_MS;
            cues.push((end, Cue::Announce(following)));
        }
        // Sorting is stable, and a start must come before what else happens at its moment.
        cues.sort_by_key(|(at, cue)| (*at, !matches!(cue, Cue::Start(_))));
        cues
    }
}

/// Faults, refusals and eliminations between start and stop, by time; none for a clean run.
fn incidents(start_at: u64, stop_at: u64, rng: &mut Rng) -> Vec<(u64, Cue)> {
    let mut cues = Vec::new();
    let mut push = |cue, rng: &mut Rng| cues.push((rng.u64(start_at + 1..stop_at), cue));
    let faults = [0, 0, 0, 0, 1, 1, 2, 3][rng.usize(..8)];
    let refusals = [0, 0, 0, 0, 0, 1, 1, 2, 3][rng.usize(..9)];
    (0..faults).for_each(|_| push(Cue::Faults(1), rng));
    (0..refusals).for_each(|_| push(Cue::Refusals(1), rng));
    if rng.u8(..10) == 0 {
        push(Cue::Eliminate, rng);
    }
    cues.sort_by_key(|(at, _)| *at);
    // The helper's finger slipped: what was too much goes down again.
    match rng.u8(..12) {
        0 => cues.extend([(stop_at - 20, Cue::Faults(1)), (stop_at - 10, Cue::Faults(-1))]),
        1 => cues.extend([(stop_at - 20, Cue::Refusals(1)), (stop_at - 10, Cue::Refusals(-1))]),
        2 => cues.extend([(stop_at - 20, Cue::Eliminate), (stop_at - 10, Cue::Reinstate)]),
        _ => {}
    }
    cues.sort_by_key(|(at, _)| *at);
    cues
}
