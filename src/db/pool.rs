//! Connections to Postgres.

use std::time::Duration;

use diesel::{
    PgConnection, QueryResult,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, Error},
};

use super::address;

pub type Pool = diesel::r2d2::Pool<ConnectionManager<PgConnection>>;

/// What a question is asked over.
pub type Connection = PgConnection;

/// What a question is answered with.
pub type Asked<T> = QueryResult<T>;

/// How long a caller waits for a connection. Short, since every caller has a way to try again, and
/// a service that stops must not hang on a database that is away.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);

/// A lock that somebody else holds for longer than this becomes an error that health can show.
pub(super) const SESSION: &str = "SET application_name = 'ringside'; \
                       SET TIME ZONE 'UTC'; \
                       SET lock_timeout = '10s'";

/// Makes a pool of at most `size` connections to the libpq address `url` (a URL or `key=value`
/// pairs). Never fails and never waits: the database may come up later.
pub fn connect(url: &str, size: u32) -> Pool {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(CONNECTION_TIMEOUT)
        // The default logs every failed attempt in libpq's words, which can quote the address with
        // its password. Whoever waits for a connection gets the reason, and redacts it.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .connection_customizer(Box::new(Session))
        .build_unchecked(ConnectionManager::new(address::with_defaults(url)))
}

/// The answer to a question. Blocks for a connection, and for as long as the question takes.
///
/// # Errors
/// Why there is none, in words without a password.
pub fn ask<T>(
    pool: &Pool,
    question: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> Result<T, String> {
    let mut connection =
        pool.get().map_err(|error| address::connect_failure(&error.to_string()))?;
    question(&mut connection).map_err(|error| error.to_string())
}

#[derive(Debug)]
struct Session;

impl CustomizeConnection<PgConnection, Error> for Session {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), Error> {
        conn.batch_execute(SESSION).map_err(Error::QueryError)
    }
}
