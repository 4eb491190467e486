//! The track's records, which a lap breaks now and then.

/// The longest-standing record that the last lap broke, with the code that is sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Day = 0,
    Week = 1,
    Month = 2,
    Year = 3,
    Ever = 4,
    None = 5,
}

/// The best laps of day, week, month, year and ever, in milliseconds.
pub(super) struct Records([u32; 5]);

const KINDS: [Record; 5] = [Record::Day, Record::Week, Record::Month, Record::Year, Record::Ever];

/// How far below an ordinary lap each record stands when the world begins.
const SHARES: [f64; 5] = [1.03, 1.01, 1.0, 0.99, 0.98];

impl Records {
    pub fn of_track(track_lap_ms: f64) -> Self {
        Self(SHARES.map(|share| (track_lap_ms * share) as u32))
    }

    /// Enters a lap and says which record it broke.
    pub fn enter(&mut self, lap_ms: u32) -> Record {
        let mut broken = Record::None;
        for (record, kind) in self.0.iter_mut().zip(KINDS) {
            if lap_ms < *record {
                *record = lap_ms;
                broken = kind;
            }
        }
        broken
    }

    /// A new day has a record of its own.
    pub fn forget_day(&mut self, track_lap_ms: f64) {
        self.0[0] = (track_lap_ms * SHARES[0]) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_the_oldest_one_that_a_lap_breaks() {
        let mut records = Records::of_track(100_000.0);
        assert_eq!(records.enter(110_000), Record::None);
        assert_eq!(records.enter(102_000), Record::Day);
        assert_eq!(records.enter(102_000), Record::None);
        assert_eq!(records.enter(98_500), Record::Year);
        assert_eq!(records.enter(98_600), Record::None);
        assert_eq!(records.enter(97_000), Record::Ever);
        records.forget_day(100_000.0);
        assert_eq!(records.enter(102_000), Record::Day);
    }
}
