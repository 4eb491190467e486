//! When rows are worth a COPY, which is faster than an upsert and fails when one of them is there
//! already.

use std::collections::HashMap;

use crate::db::rows::row::Row;

/// A COPY needs a savepoint around it: two round trips that fewer rows would hardly earn back.
const MANY: usize = 500;

/// Whoever tells the same once more mostly begins with it. So many rows are looked for before a COPY,
/// in a question that costs next to nothing beside it; one that fails costs as much as one that works.
const LOOKED_FOR: usize = 8;

/// Batches without a COPY after one that failed: the fewest at first, then twice as many each time up
/// to the most. A replay of what is there, or corrections in every batch, must not pay for many.
const SHORTEST_PAUSE: u32 = 4;
const LONGEST_PAUSE: u32 = 64;

/// What became of the latest copies, by table.
#[derive(Default)]
pub(super) struct Copies(HashMap<&'static str, Pause>);

#[derive(Default)]
struct Pause {
    /// Batches still to go without.
    left: u32,
    /// How long the latest pause was.
    length: u32,
}

impl Copies {
    /// Whether to try it with these rows.
    pub(super) fn suit<R: Row>(&mut self, rows: &[R]) -> bool {
        if !R::MOSTLY_NEW || rows.len() < MANY {
            return false;
        }
        let pause = self.0.entry(R::TABLE).or_default();
        let is_over = pause.left == 0;
        pause.left = pause.left.saturating_sub(1);
        is_over
    }

    /// Those that are looked for first.
    pub(super) fn first_of<R>(rows: &[R]) -> &[R] {
        &rows[..rows.len().min(LOOKED_FOR)]
    }

    pub(super) fn tried<R: Row>(&mut self, worked: bool) {
        let length = match self.0.get(R::TABLE) {
            Some(pause) if !worked => (pause.length * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
            _ => 0,
        };
        self.0.insert(R::TABLE, Pause { left: length, length });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::rows::karting::{NewLap, NewLapGap};

    fn laps(count: i32) -> Vec<NewLap<'static>> {
        let lap = |lap| NewLap {
            heat_id: 1,
            driver_id: 1,
            lap,
            lap_ms: 36_000,
            kart: None,
            position: None,
            crossed_at: None,
            source: "timed",
            error_ms: 0,
            removed_at: None,
        };
        (0..count).map(lap).collect()
    }

    #[test]
    fn copies_suit_many_rows_of_a_table_that_mostly_grows() {
        let mut copies = Copies::default();
        assert!(copies.suit(&laps(MANY as i32)));
        assert!(!copies.suit(&laps(MANY as i32 - 1)));
        let gap = NewLapGap {
            heat_id: 1,
            driver_id: 1,
            first_lap: 1,
            last_lap: 1,
            total_ms: None,
            error_ms: 0,
        };
        assert!(!copies.suit(&vec![gap; MANY]));
    }

    #[test]
    fn copies_pause_longer_and_longer_while_they_fail() {
        let (mut copies, laps) = (Copies::default(), laps(MANY as i32));
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let pause = (0..).take_while(|_| !copies.suit(&laps)).count();
            pauses.push(pause);
            copies.tried::<NewLap<'_>>(false);
        }
        assert_eq!(pauses, [0, 4, 8, 16, 32, 64, 64]);

        assert_eq!((0..).take_while(|_| !copies.suit(&laps)).count(), 64);
        copies.tried::<NewLap<'_>>(true);
        assert!(copies.suit(&laps));
    }
}
