//! Transactions in which Postgres finds all rows by their keys.
//!
//! The pipeline asks for a handful of rows of tables that grow for seasons. But Postgres plans many a
//! statement once for a connection, perhaps while a table is empty, and guesses the size of one that it
//! has not analyzed: it then reads such a table from one end to the other each time, until it happens
//! to be analyzed.

use diesel::{
    PgConnection,
    connection::{AnsiTransactionManager, TransactionManager},
    result::Error,
};

/// In one message. A plan that can't but read a table whole seems dear enough to be compiled then.
const BEGIN: &str = "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

/// Does the work in a transaction, which is undone where it fails.
///
/// # Errors
/// Those of the work, or why it can't be begun or committed.
pub(super) fn keyed<T, E: From<Error>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    AnsiTransactionManager::begin_transaction_sql(conn, BEGIN)?;
    match work(conn) {
        Ok(done) => {
            AnsiTransactionManager::commit_transaction(conn)?;
            Ok(done)
        }
        Err(error) => match AnsiTransactionManager::rollback_transaction(conn) {
            // Of a connection that is gone, why the work failed says more.
            Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
            Err(trouble) => Err(trouble.into()),
        },
    }
}
