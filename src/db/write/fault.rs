//! Whose fault it is that Postgres would not write: a row's, or that of everything around it.

use diesel::{
    PgConnection,
    result::{DatabaseErrorKind as Kind, Error},
};

use crate::{
    db::{address, rows::row::Row},
    pipeline::message::StoreError,
};

use super::sql::{self, Unasked};

/// Why an attempt to write ended.
pub(super) enum Fault {
    /// A statement failed; whose fault it is has not been asked.
    Query(Error),
    /// Rows are gone that were there before, so that what is remembered is not true any more.
    Stale,
    /// Nothing can be written at present.
    Store(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

impl Fault {
    pub fn into_store_error(self) -> StoreError {
        match self {
            Self::Query(error) => unavailable(&error),
            Self::Stale => StoreError::Retriable("rows that were written are gone".to_owned()),
            Self::Store(error) => error,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of the rows can never be written, and why.
    Poison(String),
    /// The rows are not to blame.
    Environment(StoreError),
}

/// The error of a statement that no row is to blame for.
pub(in crate::db) fn unavailable(error: &Error) -> StoreError {
    if is_away(error) {
        StoreError::Retriable(words(error))
    } else {
        StoreError::Refused(words(error))
    }
}

/// Whether a row can be to blame, as far as Diesel can tell.
pub(super) fn may_be_a_row(error: &Error) -> bool {
    !is_away(error) && !matches!(error, Error::DatabaseError(Kind::ReadOnlyTransaction, _))
}

/// Finds out why these rows were not written, where need be by trying again.
pub(super) fn judge<R: Row>(conn: &mut PgConnection, rows: &[R], error: &Error) -> Verdict {
    if !may_be_a_row(error) {
        return Verdict::Environment(unavailable(error));
    }
    let Error::DatabaseError(Kind::Unknown, _) = error else {
        // Diesel names what breaks a constraint; anything else is a value that can't be sent.
        return Verdict::Poison(words(error));
    };
    match sql::sqlstate_of(conn, rows) {
        Ok(Some(code)) => verdict(&code, words(error)),
        Ok(None) => Verdict::Environment(StoreError::Retriable(words(error))),
        Err(Unasked::Binds) => Verdict::Poison(words(error)),
        Err(Unasked::Run) => Verdict::Environment(StoreError::Retriable(words(error))),
    }
}

/// By the classes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn verdict(sqlstate: &str, words: String) -> Verdict {
    let words = format!("{words} (SQLSTATE {sqlstate})");
    let class = sqlstate.get(..2).unwrap_or_default();
    match (class, sqlstate) {
        // A full disk does not empty itself.
        (_, "53100") => Verdict::Environment(StoreError::Refused(words)),
        // Connection lost; deadlock; too little memory or too many connections; a lock not free;
        // cancelled, shutting down or starting up.
        ("08" | "40" | "53" | "55" | "57", _) => Verdict::Environment(StoreError::Retriable(words)),
        // Cardinality, values, constraints, a trigger's or a function's objection, a view's check,
        // too big for a page or an index, RAISE.
        ("21" | "22" | "23" | "27" | "09" | "2F" | "38" | "39" | "44" | "54" | "P0", _) => {
            Verdict::Poison(words)
        }
        // Missing tables or rights, a server in trouble: no row is to blame and no wait helps.
        _ => Verdict::Environment(StoreError::Refused(words)),
    }
}

/// Whether the connection is gone or the transaction only met another one.
fn is_away(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(
            Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::SerializationFailure,
            _
        ) | Error::BrokenTransactionManager
            | Error::RollbackErrorOnCommit { .. }
    )
}

fn words(error: &Error) -> String {
    address::one_line(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_blames_a_row_only_for_what_a_row_can_do() {
        for poison in ["22003", "23514", "54000", "P0001", "21000"] {
            assert!(matches!(verdict(poison, String::new()), Verdict::Poison(_)), "{poison}");
        }
        for retriable in ["40P01", "57P01", "57014", "53200", "55P03", "08006"] {
            assert!(
                matches!(
                    verdict(retriable, String::new()),
                    Verdict::Environment(StoreError::Retriable(_))
                ),
                "{retriable}"
            );
        }
        for refused in ["53100", "42501", "42P01", "25006", "XX000", "28000"] {
            assert!(
                matches!(
                    verdict(refused, String::new()),
                    Verdict::Environment(StoreError::Refused(_))
                ),
                "{refused}"
            );
        }
    }
}
