//! Times, spans of a recording and speeds, as people write them on the command line.

use std::{str::FromStr, time::Duration};

use chrono::{
    DateTime, Days, Local, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Utc,
};

/// A moment, or a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// What is meant by "from then on".
    pub from: DateTime<Utc>,
    /// What is meant by "until then"; a day ends with its last moment.
    pub to: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WhenError {
    #[error(
        "that is no time; write 2026-05-01T14:00:00Z, or \"2026-05-01 14:00\" as this machine's \
         clock shows it, or 2026-05-01 for the whole day"
    )]
    Unreadable,
    #[error("the clock of this machine skipped that time; write it as 2026-05-01T14:00:00Z")]
    Skipped,
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        Self::read(text, &Local)
    }
}

impl When {
    fn read(text: &str, here: &impl TimeZone) -> Result<Self, WhenError> {
        let text = text.trim();
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            let moment = moment.to_utc();
            return Ok(Self { from: moment, to: moment });
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            let next = day.checked_add_days(Days::new(1)).ok_or(WhenError::Unreadable)?;
            return Ok(Self { from: begin_of(day, here)?, to: begin_of(next, here)? });
        }
        let forms =
            ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
        let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        match here.from_local_datetime(&local.ok_or(WhenError::Unreadable)?) {
            MappedLocalTime::Single(moment) => {
                Ok(Self { from: moment.to_utc(), to: moment.to_utc() })
            }
            // An hour that came twice: both are meant.
            MappedLocalTime::Ambiguous(first, second) => {
                Ok(Self { from: first.to_utc(), to: second.to_utc() })
            }
            MappedLocalTime::None => Err(WhenError::Skipped),
        }
    }
}

/// Somewhere clocks are put forward at midnight: then the day begins an hour later.
fn begin_of(day: NaiveDate, here: &impl TimeZone) -> Result<DateTime<Utc>, WhenError> {
    let midnight = day.and_time(NaiveTime::MIN);
    let first = (0..=3).find_map(|hours| {
        here.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest()
    });
    first.map(|moment| moment.to_utc()).ok_or(WhenError::Skipped)
}

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Time(When),
    /// So long after the first frame.
    After(Duration),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "that is no place in a recording; write 12:30 or 1:02:30 after its beginning, 90s, 15m, 2h, or a \
     time such as 2026-05-01T14:00:00Z or \"2026-05-01 14:00\""
)]
pub(super) struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(after) = read_span(text.trim()) {
            return Ok(Self::After(after));
        }
        text.parse().map(Self::Time).map_err(|_| PlaceError)
    }
}

fn read_span(text: &str) -> Option<Duration> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| is_number)
    };
    let below_60 = |text: &str| number(text).filter(|number| *number < 60);
    let seconds = if let Some((rest, seconds)) = text.rsplit_once(':') {
        let minutes = match rest.split_once(':') {
            Some((hours, minutes)) => {
                number(hours)?.checked_mul(60)?.checked_add(below_60(minutes)?)?
            }
            None => number(rest)?,
        };
        minutes.checked_mul(60)?.checked_add(below_60(seconds)?)?
    } else {
        let units = [("s", 1), ("m", 60), ("h", 3_600)];
        let told = units.iter().find_map(|(unit, of)| Some((text.strip_suffix(unit)?, of)));
        let (count, of) = told?;
        number(count)?.checked_mul(*of)?
    };
    Some(Duration::from_secs(seconds))
}

/// How much faster than recorded; infinite for as fast as it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Speed(pub f64);

impl Speed {
    pub const RECORDED: Self = Self(1.0);
    pub const MAX: Self = Self(f64::INFINITY);
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no speed; write 1 (as recorded), 10 (ten times as fast), 0.5, or max")]
pub(super) struct SpeedError;

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        if text == "max" {
            return Ok(Self::MAX);
        }
        let speed: f64 = text.parse().map_err(|_| SpeedError)?;
        if speed.is_finite() && speed > 0.0 { Ok(Self(speed)) } else { Err(SpeedError) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn read(text: &str) -> Result<When, WhenError> {
        When::read(text, &FixedOffset::east_opt(7_200).unwrap())
    }

    #[test]
    fn when_is_read_in_every_form() {
        for (text, from, to) in [
            ("2026-05-01T14:00:00Z", "2026-05-01T14:00:00Z", "2026-05-01T14:00:00Z"),
            ("2026-05-01T14:00:00.5+05:00", "2026-05-01T09:00:00.5Z", "2026-05-01T09:00:00.5Z"),
            ("2026-05-01 14:00", "2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z"),
            ("2026-05-01T14:00:30", "2026-05-01T12:00:30Z", "2026-05-01T12:00:30Z"),
            (" 2026-05-01 ", "2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"),
        ] {
            assert_eq!(read(text), Ok(When { from: utc(from), to: utc(to) }), "{text}");
        }
    }

    #[test]
    fn when_shows_what_is_accepted_for_anything_else() {
        for text in ["", "yesterday", "14:00", "2026-13-01", "2026-05-01 25:00", "1777629600"] {
            let problem = read(text).unwrap_err().to_string();
            assert!(problem.contains("\"2026-05-01 14:00\""), "{text}: {problem}");
        }
    }

    #[test]
    fn place_is_an_offset_or_a_time() {
        let after = |seconds| Ok(Place::After(Duration::from_secs(seconds)));
        for (text, place) in [
            ("90s", after(90)),
            ("15m", after(900)),
            ("2h", after(7_200)),
            ("12:30", after(750)),
            ("1:02:30", after(3_750)),
            ("90:00", after(5_400)),
            ("0s", after(0)),
        ] {
            assert_eq!(text.parse::<Place>(), place, "{text}");
        }
        assert!(matches!("2026-05-01T14:00:00Z".parse(), Ok(Place::Time(_))));
        for text in ["", "s", "-5s", "12:61", "1:2:3:4", ":30", "99999999999999999999h", "+5s", "x"]
        {
            let problem = text.parse::<Place>().unwrap_err().to_string();
            assert!(problem.contains("12:30"), "{text}: {problem}");
        }
    }

    #[test]
    fn speed_is_a_positive_number_or_max() {
        assert_eq!("10".parse(), Ok(Speed(10.0)));
        assert_eq!("0.5".parse(), Ok(Speed(0.5)));
        assert_eq!("max".parse(), Ok(Speed::MAX));
        for text in ["0", "-1", "fast", "inf", "nan", ""] {
            assert_eq!(text.parse::<Speed>(), Err(SpeedError), "{text}");
        }
    }
}
