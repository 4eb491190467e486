//! The same rows as plain values, and statements that do nothing but take them.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::{
    Connection, ExecuteCopyFromDsl as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    pg::{CopyFormat, Pg},
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_query,
    sql_types::{Array, BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz},
};
use ringside::db::schema::{heat_drivers, laps, playset_changes, playsets};
use serde_json::Value;

/// The header of a binary COPY, without flags and extension, and its end.
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = [0xff; 2];

/// A table, and the columns that it does not fill in by itself.
pub struct Target {
    pub table: &'static str,
    columns: &'static [&'static str],
    copy: fn(&mut PgConnection, &[u8]) -> QueryResult<usize>,
}

macro_rules! target {
    ($table:ident: $($column:ident)*) => {
        Target {
            table: stringify!($table),
            columns: &[$(stringify!($column)),*],
            copy: |conn, bytes| {
                diesel::copy_from($table::table)
                    .from_raw_data(($($table::$column,)*), |sink| -> QueryResult<()> {
                        sink.write_all(bytes).map_err(|error| panic!("{error}"))
                    })
                    .with_format(CopyFormat::Binary)
                    .execute(conn)
            },
        }
    };
}

pub const LAPS: Target = target!(
    laps: heat_id driver_id lap lap_ms kart position crossed_at source error_ms removed_at
);

pub const HEAT_DRIVERS: Target = target!(
    heat_drivers: heat_id driver_id feed_id name kart web_member_id position laps last_lap_ms
        average_lap_ms best_lap_ms gap last_passing last_record updated_at extra
);

pub const PLAYSET_CHANGES: Target = target!(
    playset_changes: run_id playset_id changed_at status faults refusals disqualification time_s
);

pub const PLAYSETS: Target = target!(
    playsets: run_id playset_id dorsal start_order handler club country team_name dog_family_name
        dog_studbook_name dog_breed dog_gender dog_age dog_height_cm status faults refusals
        disqualification qualification classification time_s time_marker speed_m_s
        total_penalization updated_at extra
);

/// A table's rows, in the batches that wrote them.
pub struct Bare {
    target: &'static Target,
    upsert_text: String,
    insert_text: String,
    batches: Vec<Rows>,
}

struct Rows {
    columns: Vec<Values>,
    /// As a binary COPY takes them.
    copy: Vec<u8>,
}

struct Column {
    name: &'static str,
    kind: Kind,
}

#[derive(QueryableByName)]
struct Kind {
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

#[derive(QueryableByName)]
struct Tuples {
    #[diesel(sql_type = Bytea)]
    bytes: Vec<u8>,
}

macro_rules! values {
    ($($name:ident($value:ty) = $sql_name:literal,)*) => {
        /// A column's values in one batch.
        enum Values {
            $($name(Vec<Option<$value>>),)*
        }

        impl Values {
            fn load(conn: &mut PgConnection, sql_type: &str, text: String) -> Vec<Self> {
                match sql_type {
                    $($sql_name => {
                        #[derive(QueryableByName)]
                        struct Loaded {
                            #[diesel(sql_type = Array<Nullable<$name>>)]
                            list: Vec<Option<$value>>,
                        }
                        let loaded = sql_query(text).load::<Loaded>(conn).unwrap();
                        loaded.into_iter().map(|Loaded { list }| Self::$name(list)).collect()
                    })*
                    other => panic!("no column has had the type {other}"),
                }
            }

            fn len(&self) -> usize {
                match self {
                    $(Self::$name(list) => list.len(),)*
                }
            }

            /// All of them as an array, or one.
            fn bind<'b>(
                &'b self,
                at: Option<usize>,
                mut pass: AstPass<'_, 'b, Pg>,
            ) -> QueryResult<()> {
                match (self, at) {
                    $(
                        (Self::$name(list), None) => {
                            pass.push_bind_param::<Array<Nullable<$name>>, _>(list)
                        }
                        (Self::$name(list), Some(at)) => {
                            pass.push_bind_param::<Nullable<$name>, _>(&list[at])
                        }
                    )*
                }
            }
        }
    };
}

values! {
    BigInt(i64) = "bigint",
    Bool(bool) = "boolean",
    Integer(i32) = "integer",
    Jsonb(Value) = "jsonb",
    Numeric(BigDecimal) = "numeric",
    Text(String) = "text",
    Timestamptz(DateTime<Utc>) = "timestamp with time zone",
}

/// Prepared when it is used for the first time.
struct Statement<'a> {
    /// With `?` where a value stands.
    text: &'a str,
    rows: &'a Rows,
    /// One row instead of all.
    at: Option<usize>,
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split('?');
        for values in &self.rows.columns {
            pass.push_sql(pieces.next().unwrap());
            values.bind(self.at, pass.reborrow())?;
        }
        pieces.for_each(|rest| pass.push_sql(rest));
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}

impl Bare {
    /// What the table holds. Rows of one transaction are one batch, each in the order of its keys.
    pub fn of(conn: &mut PgConnection, target: &'static Target) -> Self {
        let table = target.table;
        let text = format!(
            "SELECT format_type(atttypid, atttypmod) AS sql_type, \
             EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary \
                     AND attnum = ANY(indkey)) AS is_key \
             FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = $1"
        );
        let columns = target.columns.iter().map(|name| {
            let kind: Kind = sql_query(&text).bind::<Text, _>(name).get_result(conn).unwrap();
            Column { name, kind }
        });
        let columns: Vec<_> = columns.collect();
        let keys = names(columns.iter().filter(|column| column.kind.is_key));
        let fields: Vec<_> = columns.iter().map(copied_field).collect();
        let text = format!(
            "SELECT string_agg(int2send({}::smallint) || {}, '' ORDER BY {keys}) AS bytes \
             FROM {table} GROUP BY xmin::text::bigint \
                 ORDER BY xmin::text::bigint",
            columns.len(),
            fields.join(" || ")
        );
        let tuples: Vec<Tuples> = sql_query(text).load(conn).unwrap();
        let header = |Tuples { bytes }| Rows {
            columns: Vec::new(),
            copy: [COPY_HEADER, bytes.as_slice(), &COPY_END].concat(),
        };
        let mut batches: Vec<_> = tuples.into_iter().map(header).collect();
        for Column { name, kind } in &columns {
            let text = format!(
                "SELECT array_agg(\"{name}\" ORDER BY {keys}) AS list \
                 FROM {table} GROUP BY xmin::text::bigint \
                 ORDER BY xmin::text::bigint"
            );
            let lists = Values::load(conn, &kind.sql_type, text);
            batches.iter_mut().zip(lists).for_each(|(rows, values)| rows.columns.push(values));
        }
        let upsert_text = upsert_text(table, &columns);
        let insert_text = insert_text(table, &columns);
        Self { target, upsert_text, insert_text, batches }
    }

    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    pub fn rows(&self, n: usize) -> u64 {
        self.batches[n].len() as u64
    }

    /// Writes the `n`-th batch; how many rows changed.
    pub fn upsert(&self, conn: &mut PgConnection, n: usize) -> u64 {
        let (text, rows) = (&self.upsert_text, &self.batches[n]);
        let write = |conn: &mut _| Statement { text, rows, at: None }.execute(conn);
        conn.transaction(write).unwrap() as u64
    }

    pub fn copy(&self, conn: &mut PgConnection, n: usize) -> u64 {
        let write = |conn: &mut _| (self.target.copy)(conn, &self.batches[n].copy);
        conn.transaction(write).unwrap() as u64
    }

    pub fn insert_singly(&self, conn: &mut PgConnection, n: usize) -> u64 {
        let (text, rows) = (&self.insert_text, &self.batches[n]);
        let write = |conn: &mut _, at| Statement { text, rows, at: Some(at) }.execute(conn);
        let written = conn.transaction(|conn| -> QueryResult<_> {
            (0..rows.len()).map(|at| write(conn, at)).sum::<QueryResult<usize>>()
        });
        written.unwrap() as u64
    }
}

fn insert_text(table: &str, columns: &[Column]) -> String {
    let values = vec!["?"; columns.len()].join(", ");
    format!("INSERT INTO {table} ({}) VALUES ({values})", names(columns.iter()))
}

fn upsert_text(table: &str, columns: &[Column]) -> String {
    let arrays: Vec<_> =
        columns.iter().map(|column| format!("?::{}[]", column.kind.sql_type)).collect();
    let of = |prefix: &str, is_key: bool| {
        let wanted = columns.iter().filter(|column| column.kind.is_key == is_key);
        wanted.map(|column| format!("{prefix}.\"{}\"", column.name)).collect::<Vec<_>>()
    };
    let keys = columns.iter().filter(|column| column.kind.is_key);
    let others = columns.iter().filter(|column| !column.kind.is_key);
    let set: Vec<_> =
        others.map(|Column { name, .. }| format!("\"{name}\" = excluded.\"{name}\"")).collect();
    format!(
        "INSERT INTO {table} AS old ({names}) SELECT * FROM UNNEST({arrays}) \
         ON CONFLICT ({keys}) DO UPDATE SET {set} WHERE ({old}) IS DISTINCT FROM ({new})",
        names = names(columns.iter()),
        arrays = arrays.join(", "),
        keys = names(keys),
        set = set.join(", "),
        old = of("old", false).join(", "),
        new = of("excluded", false).join(", "),
    )
}

impl Rows {
    fn len(&self) -> usize {
        self.columns[0].len()
    }
}

/// A field of a tuple in a binary COPY, as an expression: its length and its bytes.
fn copied_field(Column { name, kind }: &Column) -> String {
    let send = match kind.sql_type.as_str() {
        "bigint" => "int8send",
        "boolean" => "boolsend",
        "integer" => "int4send",
        "jsonb" => "jsonb_send",
        "numeric" => "numeric_send",
        "text" => "textsend",
        "timestamp with time zone" => "timestamptz_send",
        other => panic!("no column has had the type {other}"),
    };
    let bytes = format!("{send}(\"{name}\")");
    format!("COALESCE(int4send(length({bytes})) || {bytes}, '\\xffffffff')")
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
}
