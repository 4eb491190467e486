//! Which moments are asked for: a day by the clocks of a venue, two moments, or both.

use crate::db::queries::Span;

use super::{
    ApiError, Sources,
    params::{Day, Moment},
};

/// What is asked for; each may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub day: Option<Day>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

impl Asked {
    /// What the day and the two moments have in common. Whose day it is [`Sources::day`] says.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn span(
        self,
        sources: &Sources,
        feed: Option<&str>,
        event: Option<&str>,
    ) -> Result<Span, ApiError> {
        let day = match self.day {
            Some(Day(day)) => sources.day(feed, event, day).await?,
            None => Span::default(),
        };
        Ok(self.within(day))
    }

    fn within(self, day: Span) -> Span {
        let (from, to) = (self.from.map(|at| at.0), self.to.map(|at| at.0));
        Span {
            from: day.from.into_iter().chain(from).max(),
            to: day.to.into_iter().chain(to).min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[test]
    fn span_is_what_all_that_is_given_have_in_common() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let day = Span { from: at("2026-11-23T00:00:00Z"), to: at("2026-11-24T00:00:00Z") };
        let asked = Asked {
            day: None,
            from: "2026-11-23T18:30:00 01:00".parse().ok(),
            to: "2027-01-01T00:00:00Z".parse().ok(),
        };
        assert_eq!(asked.within(day), Span { from: at("2026-11-23T17:30:00Z"), to: day.to });
        assert_eq!(Asked::default().within(day), day);
        assert_eq!(Asked::default().within(Span::default()), Span::default());
    }
}
