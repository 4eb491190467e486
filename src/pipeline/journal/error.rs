//! What can be wrong with the journal, sorted by what to do about it.

use diesel::result::{ConnectionError, Error as QueryError};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Room can come back; nothing in the file is wrong.
    #[error("the disk is full ({0})")]
    Full(String),
    /// The file can't be trusted any more: it has to be set aside.
    #[error("the file is damaged ({0})")]
    Damaged(String),
    #[error("it was written by a newer version of ringside; update this one")]
    Newer,
    /// Whatever else: a missing right, a disk that fails.
    #[error("{0}")]
    Unusable(String),
}

/// Diesel passes on SQLite's words and not its codes; these words have not changed in decades.
const DAMAGE: [&str; 4] = [
    "database disk image is malformed",
    "file is not a database",
    "malformed database schema",
    "file is encrypted",
];
const FULL: [&str; 2] = ["database or disk is full", "No space left on device"];

impl JournalError {
    fn of_words(words: String) -> Self {
        if DAMAGE.iter().any(|known| words.contains(known)) {
            Self::Damaged(words)
        } else if FULL.iter().any(|known| words.contains(known)) {
            Self::Full(words)
        } else {
            Self::Unusable(words)
        }
    }
}

impl From<QueryError> for JournalError {
    fn from(error: QueryError) -> Self {
        match error {
            // A column holds what its table never does.
            QueryError::DeserializationError(error) => Self::Damaged(error.to_string()),
            other => Self::of_words(other.to_string()),
        }
    }
}

impl From<ConnectionError> for JournalError {
    fn from(error: ConnectionError) -> Self {
        Self::of_words(error.to_string())
    }
}
