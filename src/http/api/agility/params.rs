//! What several of these rooms are asked with.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::db::queries::{RunsAfter, Span};

use super::super::ApiError;

const LIMIT: u32 = 100;
const MOST: u32 = 500;

/// What a day and two moments have in common; each may be missing.
pub(super) fn span(
    day: Option<NaiveDate>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Span {
    let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let next = day.and_then(|day| day.checked_add_days(Days::new(1)));
    Span {
        from: day.map(begin).into_iter().chain(from).max(),
        to: next.map(begin).into_iter().chain(to).min(),
    }
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
