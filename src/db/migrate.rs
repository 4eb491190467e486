//! Brings a database to the schema of this build.

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    migration::{Migration, MigrationSource},
    pg::Pg,
    sql_query, sql_types,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Pool, address};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Any number will do as long as every Ringside takes the same: "Ringside" in ASCII, cut to fit.
const ADVISORY_LOCK: i64 = 0x5269_6e67_7369_6465;

/// What [`migrate`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The versions that were pending and are applied now, oldest first.
    pub applied: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    #[error(
        "the database has a newer schema than this ringside knows (migrations {}): \
         run the newer ringside, or go back with its own down migrations first",
        versions.join(", ")
    )]
    NewerSchema { versions: Vec<String> },
    #[error(
        "the database stores text as {encoding}, it must be UTF8: create it with ENCODING 'UTF8'"
    )]
    Encoding { encoding: String },
    #[error("the database could not be brought to the schema of this ringside: {0}")]
    Failed(String),
}

/// How the schema of a database compares with the one of this build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// Versions that this build has and the database has not, oldest first.
    pub pending: Vec<String>,
    /// Versions that the database has and this build does not know.
    pub newer: Vec<String>,
}

/// Applies what is pending; several processes may do so at once. Needs no right to change tables
/// when nothing is pending.
///
/// # Errors
/// The database can't be reached, is newer than this build, or refuses a migration. What was
/// applied before the one that failed stays.
pub fn migrate(pool: &Pool) -> Result<MigrationReport, MigrateError> {
    let mut conn = pool
        .get()
        .map_err(|error| MigrateError::Unreachable(address::connect_failure(&error.to_string())))?;
    migrate_connection(&mut conn)
}

/// As [`migrate`], over a connection of one's own.
///
/// # Errors
/// See [`migrate`].
pub fn migrate_connection(conn: &mut PgConnection) -> Result<MigrationReport, MigrateError> {
    let encoding = server_encoding(conn).map_err(failed)?;
    if encoding != "UTF8" {
        return Err(MigrateError::Encoding { encoding });
    }
    if compare(conn)?.pending.is_empty() {
        return Ok(MigrationReport::default());
    }
    let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
    sql_query(lock).execute(conn).map_err(failed)?;
    let outcome = apply(conn);
    let unlock = format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})");
    let unlocked = sql_query(unlock).execute(conn).map_err(failed);
    // The first failure is the one that tells something.
    let report = outcome?;
    unlocked?;
    Ok(report)
}

/// Undoes every migration, newest first: the database is empty afterwards.
///
/// # Errors
/// The database refuses a down migration.
pub fn revert_all(conn: &mut PgConnection) -> Result<(), MigrateError> {
    conn.revert_all_migrations(MIGRATIONS)
        .map_err(|error| MigrateError::Failed(address::one_line(&error.to_string())))?;
    Ok(())
}

/// Compares without changing anything.
///
/// # Errors
/// The connection's.
pub fn schema_state(conn: &mut PgConnection) -> diesel::QueryResult<SchemaState> {
    let known = known_versions().map_err(diesel::result::Error::QueryBuilderError)?;
    let applied = applied_versions(conn)?;
    let missing_from = |other: &[String], versions: &[String]| {
        versions.iter().filter(|version| !other.contains(version)).cloned().collect()
    };
    Ok(SchemaState {
        pending: missing_from(&applied, &known),
        newer: missing_from(&known, &applied),
    })
}

fn compare(conn: &mut PgConnection) -> Result<SchemaState, MigrateError> {
    let state = schema_state(conn).map_err(failed)?;
    if state.newer.is_empty() {
        Ok(state)
    } else {
        Err(MigrateError::NewerSchema { versions: state.newer })
    }
}

/// Under the lock: another process may have done all of it meanwhile, or more than we know.
fn apply(conn: &mut PgConnection) -> Result<MigrationReport, MigrateError> {
    compare(conn)?;
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| MigrateError::Failed(address::one_line(&error.to_string())))?;
    Ok(MigrationReport { applied: applied.iter().map(ToString::to_string).collect() })
}

fn failed(error: diesel::result::Error) -> MigrateError {
    MigrateError::Failed(address::one_line(&error.to_string()))
}

fn known_versions() -> diesel::migration::Result<Vec<String>> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations()?;
    let mut versions: Vec<_> =
        migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = sql_types::Text)]
    value: String,
}

/// Diesel's own way to ask creates the table where there is none, for which there may be no right.
fn applied_versions(conn: &mut PgConnection) -> diesel::QueryResult<Vec<String>> {
    let exists =
        "SELECT 'yes' AS value WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL";
    if sql_query(exists).load::<TextRow>(conn)?.is_empty() {
        return Ok(Vec::new());
    }
    let versions = "SELECT version::text AS value FROM __diesel_schema_migrations ORDER BY version";
    let rows: Vec<TextRow> = sql_query(versions).load(conn)?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

fn server_encoding(conn: &mut PgConnection) -> diesel::QueryResult<String> {
    let row: TextRow =
        sql_query("SELECT current_setting('server_encoding') AS value").get_result(conn)?;
    Ok(row.value)
}
