//! What several of these rooms are asked with.

use chrono::{DateTime, Datelike};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::db::queries::RunsAfter;

use super::super::{
    ApiError,
    params::{Cursor, Id, Key},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct RunPath {
    /// The id of the run.
    #[param(inline)]
    pub run: Id,
}

/// A place in a list of runs: the moment at which a run was first seen, in microseconds, and its id.
#[derive(Serialize, Deserialize)]
pub(super) struct RunPlace(i64, i64);

/// Under a name of its own, since descriptions know no generic kinds.
pub(super) type RunsCursor = Cursor<RunPlace>;

impl Key for RunPlace {
    const NAME: &'static str = "runs1";

    fn example() -> Self {
        Self(1_795_000_000_000_000, 7)
    }
}

/// Where a list of runs goes on.
pub(super) fn cursor(at: RunsAfter) -> String {
    Cursor(RunPlace(at.first_seen_at.timestamp_micros(), at.id)).to_string()
}

/// # Errors
/// It leads to a moment that the database does not know.
pub(super) fn after(cursor: Option<RunsCursor>) -> Result<Option<RunsAfter>, ApiError> {
    let Some(Cursor(RunPlace(micros, id))) = cursor else { return Ok(None) };
    let known = DateTime::from_timestamp_micros(micros)
        .filter(|moment| (1..=9999).contains(&moment.year()));
    let nowhere = || ApiError::bad_parameter("cursor", "cursor: leads nowhere");
    let first_seen_at = known.ok_or_else(nowhere)?;
    Ok(Some(RunsAfter { first_seen_at, id }))
}
