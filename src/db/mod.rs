//! What a row is: the only folder that names Postgres tables.
//!
//! [`store::Store`] turns batches of events into rows; `queries` is how everybody else reads them.
//! [`connect`] gives the pool that both use, [`migrate()`] brings the database to the schema of this
//! build, and [`embedded`] runs a private server where no address is configured. Diesel blocks, so
//! nothing in here may be called on an actor's thread but the store's own.

mod address;
pub mod embedded;
pub mod export;
mod keyed;
mod late;
pub mod migrate;
pub mod notices;
mod pool;
mod prepared;
pub mod privacy;
pub mod queries;
mod rows;
pub mod schema;
pub mod store;
pub mod tally;
mod write;

pub use address::{connect_failure, redact};
pub use late::LatePool;
pub use migrate::{MigrateError, MigrationReport, migrate};
pub use pool::{Asked, Connection, Pool, ask, connect};
