//! Days and what is made of them, as clocks at a track have them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No clock was ever set forward by more than a day.
const STEPS_OVER_A_GAP: i32 = 96;
const STEP: TimeDelta = TimeDelta::minutes(15);

const YEAR_2100: DateTime<Utc> = match DateTime::from_timestamp(4_102_444_800, 0) {
    Some(at) => at,
    None => DateTime::UNIX_EPOCH,
};

/// A day as `2026-11-23`, of the years that people and databases mean: 1970 to 2100.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1970..=2100).contains(&day.year()).then_some(day)
}

/// A span of the calendar around a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    #[default]
    Day,
    /// From Monday on.
    Week,
    Month,
    Year,
    Ever,
}

/// From the first moment on, up to the second, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Window {
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Year, Self::Ever];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Ever => "ever",
        }
    }

    /// The window that `day` is in, by the clocks of `zone`; none where the calendar ends.
    pub fn around(self, day: NaiveDate, zone: Tz) -> Option<Span> {
        let (first, after) = match self {
            Self::Day => (day, day.checked_add_days(Days::new(1))?),
            Self::Week => {
                let since_monday = Days::new(day.weekday().num_days_from_monday().into());
                let monday = day.checked_sub_days(since_monday)?;
                (monday, monday.checked_add_days(Days::new(7))?)
            }
            Self::Month => {
                let first = day.with_day(1)?;
                (first, first.checked_add_months(Months::new(1))?)
            }
            Self::Year => {
                let first = NaiveDate::from_ymd_opt(day.year(), 1, 1)?;
                (first, first.checked_add_months(Months::new(12))?)
            }
            Self::Ever => return Some(Span::EVER),
        };
        Some(Span { from: midnight(first, zone)?, to: midnight(after, zone)? })
    }
}

impl Span {
    /// From 1970 to 2100.
    pub const EVER: Self = Self { from: DateTime::UNIX_EPOCH, to: YEAR_2100 };

    /// As far as the database can tell.
    pub fn within_ever(self) -> Self {
        let Self { from, to } = Self::EVER;
        Self { from: self.from.clamp(from, to), to: self.to.clamp(from, to) }
    }

    /// So many days, the last of which is `day`.
    pub fn of_days(days: u32, day: NaiveDate, zone: Tz) -> Option<Self> {
        let first = day.checked_sub_days(Days::new(u64::from(days.saturating_sub(1))))?;
        let after = day.checked_add_days(Days::new(1))?;
        Some(Self { from: midnight(first, zone)?, to: midnight(after, zone)? })
    }
}

/// When the day begins: at midnight, or where clocks skip that, right after.
fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let local = day.and_time(NaiveTime::MIN);
    (0..=STEPS_OVER_A_GAP)
        .find_map(|steps| zone.from_local_datetime(&(local + STEP * steps)).earliest())
        .map(|midnight| midnight.to_utc())
}

/// The day that it is there then.
pub fn day(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn around(window: Window, day: &str, zone: Tz) -> String {
        let Span { from, to } = window.around(date(day), zone).unwrap();
        let iso = "%Y-%m-%dT%H:%M";
        format!("{} {}", from.format(iso), to.format(iso))
    }

    #[test]
    fn windows_begin_and_end_at_midnight_of_the_track() {
        let madrid = Tz::Europe__Madrid;
        for (window, span) in [
            (Window::Day, "2026-11-22T23:00 2026-11-23T23:00"),
            (Window::Week, "2026-11-22T23:00 2026-11-29T23:00"),
            (Window::Month, "2026-10-31T23:00 2026-11-30T23:00"),
            (Window::Year, "2025-12-31T23:00 2026-12-31T23:00"),
        ] {
            assert_eq!(around(window, "2026-11-23", madrid), span);
        }
        // Clocks are set back that night: a day of 25 hours, and one of 23 in spring.
        assert_eq!(around(Window::Day, "2026-10-25", madrid), "2026-10-24T22:00 2026-10-25T23:00");
        assert_eq!(around(Window::Day, "2026-03-29", madrid), "2026-03-28T23:00 2026-03-29T22:00");
    }

    #[test]
    fn day_begins_later_where_clocks_skip_midnight_and_at_the_first_of_two() {
        // Santiago went from 0:00 to 1:00 on 2023-09-03, and Havana from 1:00 to 0:00 on 2023-11-05.
        let santiago = midnight(date("2023-09-03"), Tz::America__Santiago).unwrap();
        assert_eq!(santiago.to_rfc3339(), "2023-09-03T04:00:00+00:00");
        let havana = midnight(date("2023-11-05"), Tz::America__Havana).unwrap();
        assert_eq!(havana.to_rfc3339(), "2023-11-05T04:00:00+00:00");
    }

    #[test]
    fn spans_of_days_end_with_the_day() {
        let span = Span::of_days(30, date("2026-11-23"), Tz::UTC).unwrap();
        assert_eq!((span.to - span.from).num_days(), 30);
        assert_eq!(day(span.to - TimeDelta::seconds(1), Tz::UTC), date("2026-11-23"));
        assert_eq!(Span::of_days(1, NaiveDate::MAX, Tz::UTC), None);
    }
}
