//! Days by the clocks of a venue.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::{
    db::queries::{self, Span},
    event::FeedId,
};

use super::{Sources, Unanswered, calendar::Window};

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

fn span(day: NaiveDate, zone: Tz) -> Span {
    let there = Window::Day.around(day, zone);
    Span { from: there.map(|there| there.from), to: there.map(|there| there.to) }
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
        assert_eq!(span(NaiveDate::MAX, Tz::UTC), Span::default());
    }
}
