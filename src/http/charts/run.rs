//! A run's times in start order, against the standard time, and how they are spread.

mod words;

use maud::{Markup, html};

use crate::http::words::Lang;

use super::ticks;

use self::words::RunChartWords;

/// It stands alone in its row, so it is wider than the others and its letters are as large.
const WIDTH: i32 = 2_600;
const HEIGHT: i32 = 860;
const TOP: i32 = 40;
/// For the start numbers.
const BOTTOM: i32 = 96;
/// For the times.
const LEFT: i32 = 130;
/// For the box and its words.
const RIGHT: i32 = 300;
/// Half of the width of the box.
const BOX: i32 = 46;
/// More dots than this are a cloud.
const MAX_DOGS: usize = 200;
const DOT: i32 = 11;
const CROSS: i32 = 10;
const NUMBER_TICKS: i64 = 14;
const TIME_TICKS: i64 = 7;
/// Times farther above the middle than so many times it are drawn at the edge.
const FAR: i64 = 2;
/// An axis of times spans so much at least, milliseconds.
const LEAST_SPAN_MS: i64 = 4_000;

/// A dog that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DogDone {
    /// As it may be shown.
    pub name: String,
    pub start_order: Option<i32>,
    /// None for who is out.
    pub time_ms: Option<i64>,
    /// Without any penalization.
    pub is_clear: bool,
    /// What its result is called, for those who hear the page or point at the dot.
    pub result: String,
}

/// Times in start order: `<figure class="chart" id="run-chart">`. Clear rounds are full dots, others
/// are rings, and who is out has a cross at the bottom. `dogs` are in start order.
pub fn run_chart(dogs: &[DogDone], standard_ms: Option<i64>, lang: Lang) -> Markup {
    let words = RunChartWords::of(lang);
    let shown = dogs.get(..MAX_DOGS).unwrap_or(dogs);
    let mut times: Vec<i64> = shown.iter().filter_map(|dog| dog.time_ms).collect();
    times.sort_unstable();
    let spread = Spread::of(&times);
    let field = Field::new(shown.len(), &times, standard_ms);
    html! {
        figure.chart id="run-chart" {
            figcaption {
                strong { (words.title) }
                " " small { (words.legend) }
                @if shown.len() < dogs.len() { " " small { ((words.only_first)(MAX_DOGS)) } }
            }
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) }
                role="img" aria-label=(words.title) aria-describedby="run-chart-words" fill="none" {
                desc id="run-chart-words" {
                    @for dog in shown { (dog.name) ": " (dog.result) ". " }
                }
                (axes(&field, shown, words))
                @if let Some(standard_ms) = standard_ms.filter(|ms| field.holds(*ms)) {
                    (standard(&field, standard_ms, words))
                }
                @for (n, dog) in shown.iter().enumerate() { (mark(&field, n, dog)) }
                @if let Some(spread) = spread { (boxed(&field, &spread, words)) }
            }
        }
    }
}

/// Where things lie.
struct Field {
    dogs: usize,
    low_ms: i64,
    high_ms: i64,
}

impl Field {
    fn new(dogs: usize, sorted: &[i64], standard_ms: Option<i64>) -> Self {
        let middle = sorted.get(sorted.len() / 2).copied();
        let far = middle.map_or(i64::MAX, |middle| middle.saturating_mul(FAR));
        let near = sorted.iter().copied().filter(|ms| *ms <= far);
        let all: Vec<_> = near.chain(standard_ms.filter(|ms| *ms <= far)).collect();
        let low = all.iter().min().copied().unwrap_or(0);
        let high = all.iter().max().copied().unwrap_or(60_000);
        let air = ((high - low) / 12).max((LEAST_SPAN_MS - (high - low)) / 2).max(0);
        Self { dogs, low_ms: (low - air).max(0), high_ms: high + air }
    }

    fn holds(&self, ms: i64) -> bool {
        (self.low_ms..=self.high_ms).contains(&ms)
    }

    fn y(&self, ms: i64) -> i32 {
        let bottom = i64::from(HEIGHT - BOTTOM);
        let room = bottom - i64::from(TOP);
        let ms = ms.clamp(self.low_ms, self.high_ms);
        let up = (ms - self.low_ms) * room / (self.high_ms - self.low_ms).max(1);
        i32::try_from(bottom - up).unwrap_or(TOP)
    }

    fn x(&self, n: usize) -> i32 {
        let room = usize::try_from(WIDTH - RIGHT - LEFT).unwrap_or_default();
        let right = room * (2 * n + 1) / (2 * self.dogs.max(1));
        LEFT + i32::try_from(right).unwrap_or_default()
    }
}

/// How the times are spread: quartiles are times that occur.
struct Spread {
    low: i64,
    quarter: i64,
    median: i64,
    three_quarters: i64,
    high: i64,
}

impl Spread {
    /// None of fewer than four, which would be a box around them all.
    fn of(sorted: &[i64]) -> Option<Self> {
        let nth = |quarters: usize| sorted.get((sorted.len() * quarters).div_ceil(4).max(1) - 1);
        let low = *sorted.first().filter(|_| sorted.len() >= 4)?;
        Some(Self {
            low,
            quarter: *nth(1)?,
            median: *nth(2)?,
            three_quarters: *nth(3)?,
            high: *sorted.last()?,
        })
    }
}

fn axes(field: &Field, dogs: &[DogDone], words: &RunChartWords) -> Markup {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let last = i64::try_from(dogs.len()).unwrap_or_default();
    let numbers = ticks::numbers(1, last.max(2), NUMBER_TICKS);
    let ticked = numbers.into_iter().filter_map(|number| {
        let n = usize::try_from(number - 1).ok()?;
        Some((n, dogs.get(n)?))
    });
    html! {
        @for (ms, words) in ticks::times(field.low_ms, field.high_ms, TIME_TICKS) {
            polyline.grid points={ (LEFT) "," (field.y(ms)) " " (right) "," (field.y(ms)) } {}
            text.text x=(LEFT - 16) y=(field.y(ms)) dy=".35em" text-anchor="end" { (words) }
        }
        polyline.axis points={ (LEFT) "," (bottom) " " (right) "," (bottom) } {}
        @for (n, dog) in ticked {
            @if let Some(number) = dog.start_order {
                text.text x=(field.x(n)) y=(bottom + 56) text-anchor="middle" { (number) }
            }
        }
        text.text x=(LEFT - 16) y=(bottom + 56) text-anchor="end" { (words.number) }
    }
}

fn standard(field: &Field, ms: i64, words: &RunChartWords) -> Markup {
    let (y, right) = (field.y(ms), WIDTH - RIGHT);
    html! {
        polyline.c3.d1 points={ (LEFT) "," (y) " " (right) "," (y) } {}
        text.c3 x=(LEFT + 10) y=(y - 14) { (words.standard) " " (ticks::time(ms, 2)) }
    }
}

fn mark(field: &Field, n: usize, dog: &DogDone) -> Markup {
    let (x, bottom) = (field.x(n), HEIGHT - BOTTOM - CROSS - 6);
    html! {
        g {
            title { (dog.name) ": " (dog.result) }
            @match dog.time_ms {
                Some(ms) if dog.is_clear => circle.c2 cx=(x) cy=(field.y(ms)) r=(DOT) {},
                Some(ms) => circle.c1.hollow cx=(x) cy=(field.y(ms)) r=(DOT) {},
                None => {
                    polyline.c7 points={ (x - CROSS) "," (bottom - CROSS) " " (x + CROSS) "," (bottom + CROSS) } {}
                    polyline.c7 points={ (x - CROSS) "," (bottom + CROSS) " " (x + CROSS) "," (bottom - CROSS) } {}
                }
            }
        }
    }
}

fn boxed(field: &Field, spread: &Spread, words: &RunChartWords) -> Markup {
    let x = WIDTH - RIGHT + 40 + BOX;
    let (left, right) = (x - BOX, x + BOX);
    let [low, quarter, median, three, high] =
        [spread.low, spread.quarter, spread.median, spread.three_quarters, spread.high]
            .map(|ms| field.y(ms));
    html! {
        g {
            title { (words.spread) }
            polyline.c0 points={ (x) "," (low) " " (x) "," (quarter) } {}
            polyline.c0 points={ (x) "," (three) " " (x) "," (high) } {}
            polyline.c0 points={
                (left) "," (quarter) " " (right) "," (quarter) " " (right) "," (three) " "
                (left) "," (three) " " (left) "," (quarter)
            } {}
            polyline.c0 points={ (left) "," (median) " " (right) "," (median) } {}
            text.c0 x=(right + 14) y=(median) dy=".35em" { (ticks::time(spread.median, 2)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dog(n: i32, time_ms: Option<i64>, is_clear: bool) -> DogDone {
        let (name, result) =
            (format!("Dog <{n}>"), time_ms.map_or("Elim".into(), |ms| ms.to_string()));
        DogDone { name, start_order: Some(n), time_ms, is_clear, result }
    }

    fn drawn(dogs: &[DogDone], standard_ms: Option<i64>) -> String {
        run_chart(dogs, standard_ms, Lang::En).into_string()
    }

    #[test]
    fn run_chart_has_a_mark_for_every_dog_and_a_line_for_the_standard_time() {
        let dogs = [
            dog(1, Some(35_400), true),
            dog(2, Some(38_000), false),
            dog(3, None, false),
            dog(4, Some(41_000), false),
            dog(5, Some(44_000), false),
        ];
        let svg = drawn(&dogs, Some(40_000));
        assert_eq!(svg.matches("<circle class=\"c2\"").count(), 1, "{svg}");
        assert_eq!(svg.matches("<circle class=\"c1 hollow\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("<polyline class=\"c7\"").count(), 2, "{svg}");
        assert!(svg.contains("Standard time 40.00"), "{svg}");
        assert!(svg.contains("Dog &lt;1&gt;: 35400"), "{svg}");
        // Half of four times are at or below 38 s.
        assert!(svg.contains(">38.00</text>"), "{svg}");
    }

    #[test]
    fn quicker_dogs_are_lower_and_one_that_took_for_ever_stays_in_the_picture() {
        let field = Field::new(3, &[30_000, 31_000, 32_000, 900_000], Some(40_000));
        assert!(field.y(30_000) > field.y(31_000));
        assert!(field.high_ms < 60_000);
        assert_eq!(field.y(900_000), TOP);
        assert!(field.x(0) < field.x(2) && field.x(2) < WIDTH - RIGHT);
    }

    #[test]
    fn run_chart_is_bounded_and_stands_with_next_to_nothing() {
        let many: Vec<_> = (1..=250).map(|n| dog(n, Some(30_000 + i64::from(n)), true)).collect();
        let svg = drawn(&many, None);
        assert_eq!(svg.matches("<circle").count(), MAX_DOGS);
        assert!(svg.contains("200"), "{svg}");
        for dogs in [vec![], vec![dog(1, None, false)], vec![dog(1, Some(30_000), true)]] {
            let svg = drawn(&dogs, None);
            assert!(!svg.contains("c0"), "a box of nothing: {svg}");
        }
    }
}
