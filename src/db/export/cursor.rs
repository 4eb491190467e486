//! Rows of one moment, a page at a time.
//!
//! A cursor in a transaction of its own: what is written meanwhile is not in it, and neither side
//! ever holds more than a page. The connection ends with it, and the transaction with that.

use chrono::{DateTime, Utc};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    deserialize::{self, FromSql},
    pg::{Pg, PgValue},
    query_builder::{BoxedSqlQuery, SqlQuery},
    row::{Field, NamedRow},
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Json, Nullable, Text, Timestamptz},
};
use serde_json::Value;

use crate::{
    db::{address, pool},
    event::FeedId,
    spelling,
};

use super::DataSet;

/// Rows that are fetched at once: some hundred kilobytes.
const PAGE: usize = 2_000;
/// A page takes milliseconds. The first one may have to sort; more than this is no export but a
/// database in trouble. Every row is wanted, so plans that only begin quickly are no good.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = '120s'; \
                     SET LOCAL cursor_tuple_fraction = 1.0; \
                     SET LOCAL jit = off";

/// Which rows of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub what: DataSet,
    /// None for all.
    pub feeds: Vec<FeedId>,
    /// Rows from then on, by [`DataSet::span`].
    pub from: Option<DateTime<Utc>>,
    /// Rows before then.
    pub to: Option<DateTime<Utc>>,
    /// Of this heat alone; for data sets that have heats.
    pub heat: Option<i64>,
}

/// A value as the database has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Time(DateTime<Utc>),
}

/// A row, its cells in the order of the columns.
pub struct Row(pub Vec<Cell>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// In words without a password.
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    #[error("there is no feed {feed:?}; {hint}")]
    UnknownFeed { feed: String, hint: String },
    #[error("there is no heat {0}")]
    UnknownHeat(i64),
    #[error("{} have no heats; leave the heat away", .0.as_str())]
    NoHeats(DataSet),
    #[error("the database says: {0}")]
    Failed(String),
}

/// The rows that are wanted, from the first to the last.
pub struct Cursor {
    conn: PgConnection,
    what: DataSet,
    estimate: u64,
    is_over: bool,
}

impl Cursor {
    /// Connects to the libpq address `url` and begins. Blocks, as all of it.
    ///
    /// # Errors
    /// The database is away, or knows nothing of what is wanted.
    pub fn open(url: &str, wanted: &Wanted) -> Result<Self, CursorError> {
        if wanted.heat.is_some() && !wanted.what.has_heats() {
            return Err(CursorError::NoHeats(wanted.what));
        }
        let mut conn = PgConnection::establish(&address::with_defaults(url)).map_err(|error| {
            CursorError::Unreachable(address::connect_failure(&error.to_string()))
        })?;
        conn.batch_execute(pool::SESSION)?;
        conn.batch_execute(BEGIN)?;
        let feeds = feed_ids(&mut conn, &wanted.feeds)?;
        if let Some(heat) = wanted.heat {
            find_heat(&mut conn, heat)?;
        }
        let select = select(wanted.what);
        let plan = format!("EXPLAIN (FORMAT JSON) {select}");
        let plan: Vec<Plan> = bind(&plan, &feeds, wanted).load(&mut conn)?;
        let declare = format!("DECLARE export NO SCROLL CURSOR FOR {select}");
        bind(&declare, &feeds, wanted).execute(&mut conn)?;
        let estimate = plan.first().and_then(Plan::rows).unwrap_or(0);
        Ok(Self { conn, what: wanted.what, estimate, is_over: false })
    }

    pub fn what(&self) -> DataSet {
        self.what
    }

    /// About how many rows there are, as the database guesses.
    pub fn estimate(&self) -> u64 {
        self.estimate
    }

    /// The next rows; none at the end, and from then on.
    ///
    /// # Errors
    /// The database is gone, or refuses.
    pub fn page(&mut self) -> Result<Vec<Row>, CursorError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let fetch = format!("FETCH {PAGE} FROM export");
        let rows: Vec<Row> = sql_query(fetch).load(&mut self.conn)?;
        self.is_over = rows.len() < PAGE;
        Ok(rows)
    }
}

impl From<diesel::result::Error> for CursorError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(address::one_line(&error.to_string()))
    }
}

/// The rows of `what`; its parameters are those of [`bind`].
fn select(what: DataSet) -> String {
    let source = what.source();
    let columns: Vec<_> =
        what.columns().map(|column| format!("{} AS {}", column.sql, column.name)).collect();
    let heat = source.heat.unwrap_or("NULL");
    format!(
        "SELECT {} FROM {} \
         WHERE ($1 IS NULL OR feeds.id = ANY ($1)) \
         AND ($2 IS NULL OR {at} >= $2) AND ($3 IS NULL OR {at} < $3) \
         AND ($4 IS NULL OR {heat} = $4) \
         ORDER BY {}",
        columns.join(", "),
        source.tables,
        source.order,
        at = source.at,
    )
}

type Bound<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

/// The planner sees the values, so that a condition that is not asked costs nothing.
fn bind<'a>(statement: &str, feeds: &Option<Vec<i64>>, wanted: &Wanted) -> Bound<'a> {
    sql_query(statement)
        .into_boxed()
        .bind::<Nullable<Array<BigInt>>, _>(feeds.clone())
        .bind::<Nullable<Timestamptz>, _>(wanted.from)
        .bind::<Nullable<Timestamptz>, _>(wanted.to)
        .bind::<Nullable<BigInt>, _>(wanted.heat)
}

/// The database's numbers of these feeds; none for all.
fn feed_ids(conn: &mut PgConnection, wanted: &[FeedId]) -> Result<Option<Vec<i64>>, CursorError> {
    if wanted.is_empty() {
        return Ok(None);
    }
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Text)]
        slug: String,
    }
    let known: Vec<Known> = sql_query("SELECT id, slug FROM feeds ORDER BY slug").load(conn)?;
    let id_of = |feed: &FeedId| match known.iter().find(|known| known.slug == feed.as_str()) {
        Some(known) => Ok(known.id),
        None => {
            let slugs: Vec<_> = known.iter().map(|known| known.slug.as_str()).collect();
            let hint = spelling::hint(feed.as_str(), &slugs);
            Err(CursorError::UnknownFeed { feed: feed.to_string(), hint })
        }
    };
    wanted.iter().map(id_of).collect::<Result<_, _>>().map(Some)
}

fn find_heat(conn: &mut PgConnection, heat: i64) -> Result<(), CursorError> {
    let asked = sql_query("SELECT 1 FROM heats WHERE id = $1").bind::<BigInt, _>(heat);
    match asked.execute(conn)? {
        0 => Err(CursorError::UnknownHeat(heat)),
        _ => Ok(()),
    }
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Json, column_name = "QUERY PLAN")]
    plan: Value,
}

impl Plan {
    fn rows(&self) -> Option<u64> {
        self.plan.pointer("/0/Plan/Plan Rows")?.as_u64()
    }
}

impl QueryableByName<Pg> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let cell = |at| {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            field.value().map_or(Ok(Cell::Null), cell)
        };
        (0..row.field_count()).map(cell).collect::<Result<_, _>>().map(Self)
    }
}

/// By the type that the database says it has.
fn cell(value: PgValue<'_>) -> deserialize::Result<Cell> {
    // As in pg_type of every Postgres.
    match value.get_oid().get() {
        16 => FromSql::<Bool, Pg>::from_sql(value).map(Cell::Bool),
        20 => FromSql::<BigInt, Pg>::from_sql(value).map(Cell::Int),
        23 => <i32 as FromSql<Integer, Pg>>::from_sql(value).map(|int| Cell::Int(int.into())),
        25 => FromSql::<Text, Pg>::from_sql(value).map(Cell::Text),
        1184 => FromSql::<Timestamptz, Pg>::from_sql(value).map(Cell::Time),
        oid => Err(format!("a column is of the type {oid}, which is not exported").into()),
    }
}
