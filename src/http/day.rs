//! Days by the clocks of a venue.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    db::queries::{self, Span},
    event::FeedId,
};

use super::{Sources, Unanswered};

impl Sources {
    /// A day by the clocks of a feed; else by those of the ring that told of the event last; else of
    /// UTC.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn day(
        &self,
        feed: Option<&str>,
        event: Option<&str>,
        day: NaiveDate,
    ) -> Result<Span, Unanswered> {
        let feed = match (feed, event) {
            (Some(feed), _) => Some(FeedId::new(feed)),
            (None, Some(event)) => {
                let event = event.to_owned();
                self.desk.ask(move |conn| queries::feed_of_event(conn, &event)).await?
            }
            (None, None) => None,
        };
        Ok(span(day, feed.map_or(Tz::UTC, |feed| self.almanac.zone(&feed))))
    }
}

/// From the first moment of a day to the first of the next one.
fn span(day: NaiveDate, zone: Tz) -> Span {
    let first = |day| first_moment(day, zone);
    Span { from: Some(first(day)), to: day.succ_opt().map(first) }
}

/// Where clocks leap over midnight, the day begins later, to the quarter of an hour.
fn first_moment(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..96).map(|n| midnight + TimeDelta::minutes(15 * n));
    let mut there = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest());
    there.next().map_or_else(|| midnight.and_utc(), |first| first.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_is_as_long_as_the_clocks_of_the_venue_make_it() {
        let day = NaiveDate::from_ymd_opt(2026, 10, 25).unwrap();
        let Span { from, to } = span(day, Tz::Europe__Madrid);
        assert_eq!(from, Some("2026-10-24T22:00:00Z".parse().unwrap()));
        assert_eq!(to, Some("2026-10-25T23:00:00Z".parse().unwrap()));
        // Clocks went from 0:00 to 1:00.
        let leap = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        let first = span(leap, Tz::America__Sao_Paulo).from;
        assert_eq!(first, Some("2018-11-04T03:00:00Z".parse().unwrap()));
        assert!(span(NaiveDate::MAX, Tz::UTC).to.is_none());
    }
}
