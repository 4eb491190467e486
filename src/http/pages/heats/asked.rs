//! Which heats a reader asks for: the parameters of the list, and of every link that goes on with
//! them.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use url::form_urlencoded;

use crate::{
    db::queries::HeatFilter,
    http::{
        calendar::{self, Window},
        pages::reader::Reader,
    },
};

pub(super) const STATES: [&str; 6] =
    ["not_started", "running", "paused", "stopped", "finished", "next_heat"];
const LIST: &str = "/heats";

/// What is not asked for is none. A form sends fields that nobody filled in: those are none too, as
/// is what has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub feed: Option<String>,
    pub day: Option<NaiveDate>,
    pub name: Option<String>,
    pub state: Option<String>,
    /// Heats behind this one: when it was first seen, and its id.
    pub behind: Option<(DateTime<Utc>, i64)>,
}

impl Asked {
    pub fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            match &*key {
                _ if value.is_empty() => {}
                "feed" => asked.feed = Some(value.to_owned()),
                "day" => asked.day = calendar::parse_day(value),
                "name" => asked.name = Some(value.to_owned()),
                "state" if STATES.contains(&value) => asked.state = Some(value.to_owned()),
                "before" => asked.behind = place(value),
                _ => {}
            }
        }
        asked
    }

    /// A day is one by the clocks of this zone.
    pub fn filter(&self, zone: Tz) -> HeatFilter {
        let day = self.day.and_then(|day| Window::Day.around(day, zone));
        HeatFilter {
            feed: self.feed.clone(),
            from: day.map(|day| day.from),
            to: day.map(|day| day.to),
            name: self.name.clone(),
            state: self.state.clone(),
        }
    }

    /// Something but a feed is asked for.
    pub fn is_narrow(&self) -> bool {
        self.day.is_some() || self.name.is_some() || self.state.is_some()
    }

    /// The list with the same filters, from the newest on.
    pub fn newest(&self, reader: &Reader) -> String {
        self.link(None, reader)
    }

    /// And behind a heat.
    pub fn older(&self, last: (DateTime<Utc>, i64), reader: &Reader) -> String {
        let (moment, id) = last;
        self.link(Some(format!("{}-{id}", moment.timestamp_micros())), reader)
    }

    fn link(&self, before: Option<String>, reader: &Reader) -> String {
        let day = self.day.map(|day| day.to_string());
        let pairs = [
            ("feed", &self.feed),
            ("day", &day),
            ("name", &self.name),
            ("state", &self.state),
            ("before", &before),
        ];
        let asked = pairs.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?)));
        reader.link_with(LIST, &asked.collect::<Vec<_>>())
    }
}

fn place(text: &str) -> Option<(DateTime<Utc>, i64)> {
    let (micros, id) = text.split_once('-')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use crate::http::words::Lang;

    use super::*;

    #[test]
    fn asked_is_what_has_a_meaning() {
        let asked = Asked::of("feed=a&day=2026-11-23&name=+Final+&state=finished&before=7000000-5");
        assert_eq!(asked.feed.as_deref(), Some("a"));
        assert_eq!(asked.name.as_deref(), Some("Final"));
        assert_eq!(asked.state.as_deref(), Some("finished"));
        assert_eq!(asked.behind, Some((DateTime::from_timestamp(7, 0).unwrap(), 5)));
        assert!(asked.is_narrow());
        let nothing = Asked::of("feed=&day=today&name=&state=won&before=5&lang=de");
        assert_eq!(nothing, Asked::default());
    }

    #[test]
    fn links_go_on_with_what_was_asked() {
        let asked = Asked::of("feed=a&name=Gro%C3%9F+%26&before=1-1");
        let reader = Reader::new(Lang::En);
        assert_eq!(asked.newest(&reader), "/heats?feed=a&name=Gro%C3%9F+%26");
        let last = (DateTime::from_timestamp_micros(7_000_001).unwrap(), 9);
        let older = asked.older(last, &reader);
        assert_eq!(older, "/heats?feed=a&name=Gro%C3%9F+%26&before=7000001-9");
        assert_eq!(Asked::of(older.split_once('?').unwrap().1).behind, Some(last));
    }

    #[test]
    fn day_is_one_at_the_track() {
        let filter = Asked::of("day=2026-10-25").filter(Tz::Europe__Madrid);
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        // Clocks go back that night: the day has 25 hours.
        assert_eq!(filter.from, at("2026-10-24T22:00:00Z"));
        assert_eq!(filter.to, at("2026-10-25T23:00:00Z"));
    }
}
