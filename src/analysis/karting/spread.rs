//! How times are spread.

/// Times in milliseconds, as a box plot has them. Quartiles are times that occur: the least with at
/// least a quarter, half and three quarters of all at or below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub low: i32,
    pub quarter: i32,
    pub median: i32,
    pub three_quarters: i32,
    pub high: i32,
    pub count: i64,
}

impl Spread {
    /// None of no times.
    pub fn of(mut times: Vec<i32>) -> Option<Self> {
        times.sort_unstable();
        let quartile = |quarters: usize| {
            let nth = (times.len() * quarters).div_ceil(4).max(1);
            times.get(nth - 1).copied()
        };
        Some(Self {
            low: *times.first()?,
            quarter: quartile(1)?,
            median: quartile(2)?,
            three_quarters: quartile(3)?,
            high: *times.last()?,
            count: i64::try_from(times.len()).ok()?,
        })
    }

    /// Of the middle half, milliseconds.
    pub fn middle_half(&self) -> i32 {
        self.three_quarters.saturating_sub(self.quarter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_of_times_that_occur() {
        let spread = |times: &[i32]| {
            let spread = Spread::of(times.to_vec()).unwrap();
            let Spread { low, quarter, median, three_quarters, high, count } = spread;
            (low, quarter, median, three_quarters, high, count)
        };
        assert_eq!(spread(&[7]), (7, 7, 7, 7, 7, 1));
        assert_eq!(spread(&[4, 1, 3, 2]), (1, 1, 2, 3, 4, 4));
        assert_eq!(spread(&[5, 1, 4, 2, 3]), (1, 2, 3, 4, 5, 5));
        assert_eq!(spread(&[8, 7, 6, 5, 4, 3, 2, 1]), (1, 2, 4, 6, 8, 8));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
