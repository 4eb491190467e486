//! Interval arithmetic for times that are known only to lie between two bounds.

/// A time as tables hold it: it lies in `ms ..= ms + error_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inexact {
    pub ms: i64,
    pub error_ms: i32,
}

impl Inexact {
    pub fn bounds(self) -> Bounds {
        Bounds { low: self.ms, high: self.ms + i64::from(self.error_ms) }
    }
}

/// A time in ms that lies in `low ..= high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub low: i64,
    pub high: i64,
}

impl Bounds {
    pub const ZERO: Self = Self { low: 0, high: 0 };

    pub fn exactly(ms: i32) -> Self {
        Self { low: ms.into(), high: ms.into() }
    }

    /// What `floor(sum / laps) = average` says of the sum.
    pub fn of_sum(average_ms: i32, laps: i32) -> Self {
        let low = i64::from(average_ms) * i64::from(laps);
        Self { low, high: low + i64::from(laps) - 1 }
    }

    /// As tables hold it; none for what is no duration or too wide to mean anything.
    pub fn as_duration(self) -> Option<Inexact> {
        let error_ms = i32::try_from(self.high - self.low).ok()?;
        (self.low > 0 && error_ms >= 0).then_some(Inexact { ms: self.low, error_ms })
    }

    pub fn contains(self, ms: i32) -> bool {
        (self.low..=self.high).contains(&ms.into())
    }

    pub fn meets(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    pub fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    /// Where `a` lies when `b` lies in `other` and `a + b` in `self`.
    pub fn minus(self, other: Self) -> Self {
        Self { low: self.low - other.high, high: self.high - other.low }
    }

    /// What is left of it at or above `floor`; none when nothing is.
    pub fn at_least(self, floor: i64) -> Option<Self> {
        let low = self.low.max(floor);
        (low <= self.high).then_some(Self { low, high: self.high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_lies_between_the_average_times_laps_and_almost_one_average_more() {
        // 10 + 11 + 13 = 34, floor(34 / 3) = 11
        let sum = Bounds::of_sum(11, 3);
        assert_eq!(sum, Bounds { low: 33, high: 35 });
        assert!((0..100).all(|ms| sum.contains(ms) == (ms / 3 == 11)));
        assert_eq!(
            Bounds::of_sum(i32::MAX, i32::MAX).as_duration().map(|sum| sum.error_ms),
            Some(i32::MAX - 1)
        );
    }

    #[test]
    fn difference_is_as_wide_as_both_together() {
        let sum = Bounds { low: 100, high: 104 };
        let part = Bounds { low: 30, high: 33 };
        assert_eq!(sum.minus(part), Bounds { low: 67, high: 74 });
        assert_eq!(sum.minus(part).plus(part), Bounds { low: 97, high: 107 });
    }

    #[test]
    fn duration_is_positive_and_not_upside_down() {
        let duration = |low, high| Bounds { low, high }.as_duration();
        assert_eq!(duration(1, 4), Some(Inexact { ms: 1, error_ms: 3 }));
        assert_eq!(duration(1, 4).map(Inexact::bounds), Some(Bounds { low: 1, high: 4 }));
        assert_eq!(duration(0, 4), None);
        assert_eq!(duration(5, 4), None);
        assert_eq!(duration(1, 1 + (1 << 31)), None);
    }

    #[test]
    fn floor_cuts_or_empties() {
        let time = Bounds { low: 5, high: 9 };
        assert_eq!(time.at_least(1), Some(time));
        assert_eq!(time.at_least(9), Some(Bounds { low: 9, high: 9 }));
        assert_eq!(time.at_least(10), None);
    }

    #[test]
    fn neighbours_meet_only_where_they_share_a_value() {
        let time = Bounds { low: 5, high: 9 };
        assert!(time.meets(Bounds::exactly(9)) && time.meets(Bounds::exactly(5)));
        assert!(!time.meets(Bounds::exactly(10)) && !time.meets(Bounds::exactly(4)));
    }
}
