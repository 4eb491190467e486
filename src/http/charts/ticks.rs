//! Round numbers along an axis.

/// Steps of a time axis below a minute, milliseconds.
const TIME_STEPS: [i64; 12] =
    [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000];

/// Round times in `from..=to` (milliseconds), `most` at most but never fewer than fit, and their
/// words: `59.5`, `1:02`.
pub fn times(from: i64, to: i64, most: i64) -> Vec<(i64, String)> {
    let span = (to - from).max(1);
    let fits = |step: &i64| span / step < most;
    let step =
        TIME_STEPS.into_iter().find(fits).unwrap_or_else(|| 60_000 * round(span / 60_000, most));
    let decimals = match step {
        ..100 => 2,
        100..1_000 => 1,
        _ => 0,
    };
    multiples(step, from, to).map(|ms| (ms, time(ms, decimals))).collect()
}

/// A difference of times, without more decimals than it needs: `+1.5`, `−20`, `0`.
pub fn signed(ms: i64) -> String {
    let size = ms.saturating_abs();
    let decimals = match size % 1_000 {
        0 => 0,
        part if part % 100 == 0 => 1,
        _ => 2,
    };
    let sign = match ms {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", time(size, decimals))
}

/// Round numbers in `from..=to`, about `most`, and the first.
pub fn numbers(from: i64, to: i64, most: i64) -> Vec<i64> {
    let step = round(to - from, most);
    let mut numbers: Vec<_> = multiples(step, from, to).collect();
    // The first lap is where people begin to read, if there is room for it.
    match numbers.first_mut() {
        Some(first) if (*first - from) * 2 <= step => *first = from,
        _ => numbers.insert(0, from),
    }
    numbers
}

/// `ss.mmm` or `m:ss.mmm`, with so many of the decimals.
pub fn time(ms: i64, decimals: u32) -> String {
    let cut = ms.rem_euclid(1_000) / 10_i64.pow(3 - decimals.min(3));
    let fraction = match decimals {
        0 => String::new(),
        _ => format!(".{cut:0width$}", width = decimals as usize),
    };
    let seconds = ms.div_euclid(1_000);
    match seconds {
        ..60 => format!("{seconds}{fraction}"),
        _ => format!("{}:{:02}{fraction}", seconds / 60, seconds % 60),
    }
}

/// 1, 2 or 5 times a power of ten: the least of which fewer than `most` fit into the span.
fn round(span: i64, most: i64) -> i64 {
    let mut power: i64 = 1;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if span / step < most || step == i64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn multiples(step: i64, from: i64, to: i64) -> impl Iterator<Item = i64> {
    let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) != 0);
    (first..).map(move |n| n * step).take_while(move |&number| number <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(from: i64, to: i64) -> Vec<String> {
        times(from, to, 6).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn times_are_round_and_few() {
        assert_eq!(words(39_600, 42_100), ["40.0", "40.5", "41.0", "41.5", "42.0"]);
        assert_eq!(words(58_000, 64_500), ["58", "1:00", "1:02", "1:04"]);
        assert_eq!(words(40_000, 40_050), ["40.00", "40.01", "40.02", "40.03", "40.04", "40.05"]);
        assert_eq!(words(0, 1_200_000), ["0", "5:00", "10:00", "15:00", "20:00"]);
        assert!(words(0, i64::from(i32::MAX)).len() <= 6);
        assert_eq!(words(40_001, 40_001), Vec::<String>::new());
    }

    #[test]
    fn numbers_begin_with_the_first() {
        assert_eq!(numbers(1, 6, 12), [1, 2, 3, 4, 5, 6]);
        assert_eq!(numbers(1, 40, 12), [1, 5, 10, 15, 20, 25, 30, 35, 40]);
        assert_eq!(numbers(19, 40, 12), [19, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40]);
        assert_eq!(numbers(1, 2, 12), [1, 2]);
        assert_eq!(numbers(7, 7, 12), [7]);
        assert!(numbers(1, i64::from(i32::MAX), 12).len() <= 13);
    }

    #[test]
    fn differences_have_a_sign_and_few_decimals() {
        let signed = [0, 1_000, -1_500, 20, -61_000].map(signed);
        assert_eq!(signed, ["0", "+1", "−1.5", "+0.02", "−1:01"]);
    }

    #[test]
    fn time_reads_as_on_timing_screens() {
        assert_eq!(time(59_227, 3), "59.227");
        assert_eq!(time(62_149, 3), "1:02.149");
        assert_eq!(time(60_000, 0), "1:00");
        assert_eq!(time(5, 3), "0.005");
    }
}
