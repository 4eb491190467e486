//! Times as people read them, and the elements by which the script keeps them going.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{board::karting::Clock, http::words::TimeWords};

/// When something is drawn, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub now: DateTime<Utc>,
    /// The script shows what changes with time alone: were it drawn, all would be news all the time.
    is_for_script: bool,
}

impl Moment {
    pub fn on_page(now: DateTime<Utc>) -> Self {
        Self { now, is_for_script: false }
    }

    pub fn on_socket(now: DateTime<Utc>) -> Self {
        Self { now, is_for_script: true }
    }

    fn text(self, of: impl FnOnce(DateTime<Utc>) -> String) -> Option<String> {
        (!self.is_for_script).then(|| of(self.now))
    }
}

/// A lap as timing screens write it, in all languages: `45.123`, `1:02.149`, `1:00:02.149`.
pub(super) fn lap(ms: i32) -> String {
    let ms = ms.max(0);
    let (s, thousandths) = (ms / 1_000, ms % 1_000);
    let (h, min, s) = (s / 3_600, s / 60 % 60, s % 60);
    match (h, min) {
        (0, 0) => format!("{s}.{thousandths:03}"),
        (0, _) => format!("{min}:{s:02}.{thousandths:03}"),
        _ => format!("{h}:{min:02}:{s:02}.{thousandths:03}"),
    }
}

/// A difference of times, in seconds: `+0.123`, `−1.002`, `0.000`.
pub(super) fn difference(ms: i64) -> String {
    let sign = match ms {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let size = ms.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

/// A heat's clock: `8:05`, `1:00:00`. One that counts down shows a second until it is over.
pub(super) fn clock(ms: i64, counts_down: bool) -> String {
    let ms = ms.max(0);
    let s = if counts_down { (ms + 999) / 1_000 } else { ms / 1_000 };
    let (h, min, s) = (s / 3_600, s / 60 % 60, s % 60);
    if h > 0 { format!("{h}:{min:02}:{s:02}") } else { format!("{min}:{s:02}") }
}

/// A date and a time; the script turns it into the reader's own zone and manner.
pub(super) fn date(at: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) data-moment=(at.timestamp_millis()) {
            (at.format("%Y-%m-%d %H:%M")) " UTC"
        }
    }
}

/// A dog's running time, in tenths of a second: `7.4`.
pub(super) fn running(ms: i64) -> String {
    format!("{}.{}", ms.max(0) / 1_000, ms.max(0) / 100 % 10)
}

/// A heat's clock that goes on by itself.
pub(super) fn heat_clock(clock_at: &Clock, moment: Moment) -> Markup {
    let dir = if clock_at.counts_down { "down" } else { "up" };
    let shown = moment.text(|now| clock(clock_at.ms_at(now), clock_at.counts_down));
    html! {
        time data-clock-ms=(clock_at.ms) data-clock-at=(clock_at.at.timestamp_millis())
            data-clock-dir=(dir) data-clock-runs[clock_at.runs] {
            @if let Some(shown) = shown { (shown) }
        }
    }
}

/// The same for a page that shows many: told by the moment of its zero, so that the element stays
/// the same while the clock just goes on.
pub(super) fn steady_clock(clock_at: &Clock, moment: Moment) -> Markup {
    if !clock_at.runs {
        return heat_clock(clock_at, moment);
    }
    let sign = if clock_at.counts_down { 1 } else { -1 };
    let zero_ms = clock_at.at.timestamp_millis() + sign * clock_at.ms;
    // What a venue takes to send a frame differs by tenths of a second.
    let zero_ms = (zero_ms + 500).div_euclid(1_000) * 1_000;
    let at = DateTime::from_timestamp_millis(zero_ms).unwrap_or(clock_at.at);
    let dir = if clock_at.counts_down { "down" } else { "up" };
    let shown = moment.text(|now| clock(clock_at.ms_at(now), clock_at.counts_down));
    html! {
        time data-clock-ms="0" data-clock-at=(at.timestamp_millis()) data-clock-dir=(dir)
            data-clock-runs { @if let Some(shown) = shown { (shown) } }
    }
}

/// The time of a dog that has been running since then.
pub(super) fn running_clock(since: DateTime<Utc>, moment: Moment) -> Markup {
    let shown = moment.text(|now| running((now - since).num_milliseconds()));
    html! {
        time data-clock-ms="0" data-clock-at=(since.timestamp_millis()) data-clock-dir="up"
            data-clock-runs data-clock-tenths { @if let Some(shown) = shown { (shown) } }
    }
}

/// How long something takes, in the largest unit that has a whole number: `3 s`, `2 h`.
pub(super) fn span(seconds: i64, words: &TimeWords) -> String {
    let seconds = seconds.max(0);
    let [s, min, h, d] = words.units;
    match seconds {
        0..60 => format!("{seconds} {s}"),
        60..3_600 => format!("{} {min}", seconds / 60),
        3_600..172_800 => format!("{} {h}", seconds / 3_600),
        _ => format!("{} {d}", seconds / 86_400),
    }
}

/// `3 s ago`, and on by itself.
pub(super) fn ago(at: DateTime<Utc>, moment: Moment, words: &TimeWords) -> Markup {
    let shown = moment.text(|now| span((now - at).num_seconds(), words));
    words.ago.around(html! {
        span data-since=(at.timestamp_millis()) { @if let Some(shown) = shown { (shown) } }
    })
}

/// `8 s` until then, and down by itself.
pub(super) fn until(at: DateTime<Utc>, moment: Moment, words: &TimeWords) -> Markup {
    let shown = moment.text(|now| span((at - now).num_seconds(), words));
    html! {
        span data-until=(at.timestamp_millis()) { @if let Some(shown) = shown { (shown) } }
    }
}

#[cfg(test)]
mod tests {
    use crate::http::words::Lang;

    use super::*;

    #[test]
    fn laps_read_as_on_timing_screens() {
        for (ms, shown) in [
            (0, "0.000"),
            (45_123, "45.123"),
            (59_999, "59.999"),
            (62_149, "1:02.149"),
            (3_602_001, "1:00:02.001"),
            (-5, "0.000"),
        ] {
            assert_eq!(lap(ms), shown);
        }
    }

    #[test]
    fn differences_have_a_sign_and_thousandths() {
        assert_eq!(
            [0, 1, -1_002, 61_500].map(difference),
            ["0.000", "+0.001", "−1.002", "+61.500"]
        );
    }

    #[test]
    fn a_clock_down_shows_its_last_second_until_it_is_over() {
        assert_eq!(clock(720_000, true), "12:00");
        assert_eq!(clock(719_001, true), "12:00");
        assert_eq!(clock(1, true), "0:01");
        assert_eq!(clock(0, true), "0:00");
        assert_eq!(clock(719_999, false), "11:59");
        assert_eq!(clock(3_600_000, false), "1:00:00");
    }

    #[test]
    fn a_steady_clock_stays_the_same_while_it_just_goes_on() {
        let at = |ms: i64| DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap();
        let (counts_down, runs) = (true, true);
        let first = Clock { ms: 300_000, at: at(100), runs, counts_down };
        let later = Clock { ms: 299_000, at: at(1_350), runs, counts_down };
        let now = Moment::on_page(at(2_000));
        assert_eq!(steady_clock(&first, now).0, steady_clock(&later, now).0);
        assert!(steady_clock(&first, now).0.contains("data-clock-at=\"1700000300000\""));
        assert!(steady_clock(&first, now).0.ends_with(">4:59</time>"));
    }

    #[test]
    fn spans_have_one_unit() {
        let words = &Lang::De.words().time;
        let spans = [0, 59, 60, 3_599, 7_200, 172_799, 172_800].map(|s| span(s, words));
        assert_eq!(spans, ["0 s", "59 s", "1 min", "59 min", "2 h", "47 h", "2 T"]);
    }

    #[test]
    fn running_times_have_tenths() {
        assert_eq!(running(7_449), "7.4");
        assert_eq!(running(-1), "0.0");
    }
}
