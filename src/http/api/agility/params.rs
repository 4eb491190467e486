//! What several of these rooms are asked with.

use chrono::{DateTime, NaiveDate, Utc};

use crate::db::queries::{RunsAfter, Span};

use super::super::{ApiError, Sources};

const LIMIT: u32 = 100;
const MOST: u32 = 500;

/// What a day (see [`Sources::day`]) and two moments have in common; each may be missing.
///
/// # Errors
/// The database does not answer.
pub(super) async fn span(
    sources: &Sources,
    (feed, event): (Option<&str>, Option<&str>),
    day: Option<NaiveDate>,
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<Span, ApiError> {
    let day = match day {
        Some(day) => sources.day(feed, event, day).await?,
        None => Span::default(),
    };
    Ok(Span {
        from: day.from.into_iter().chain(from).max(),
        to: day.to.into_iter().chain(to).min(),
    })
}

/// # Errors
/// It is no number from 1 to 500.
pub(super) fn limit(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit.unwrap_or(LIMIT) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(ApiError::bad_parameter("limit", format!("limit goes from 1 to {MOST}"))),
    }
}

/// Where a list of runs goes on.
pub(super) fn cursor(at: RunsAfter) -> String {
    format!("{:x}.{:x}", at.first_seen_at.timestamp_micros(), at.id)
}

/// # Errors
/// It is none that was given.
pub(super) fn after(cursor: Option<&str>) -> Result<Option<RunsAfter>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let read = || {
        let (at, id) = cursor.split_once('.')?;
        let first_seen_at = DateTime::from_timestamp_micros(i64::from_str_radix(at, 16).ok()?)?;
        Some(RunsAfter { first_seen_at, id: i64::from_str_radix(id, 16).ok()? })
    };
    let wrong = || ApiError::bad_parameter("cursor", "cursor is none that was given as next");
    read().map(Some).ok_or_else(wrong)
}
