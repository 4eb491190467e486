//! What every row can do, and the macro that writes it from a list of columns.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult,
    pg::Pg,
    query_builder::QueryFragment,
    sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz},
};
use serde_json::Value;

/// A value to bind: an array of what rows have in one column, or what stands beside it.
pub(crate) type Bind<'q> = Box<dyn QueryFragment<Pg> + 'q>;

/// A row to be written. Its first columns are its table's natural key.
pub(crate) trait Row: Sized {
    const TABLE: &'static str;
    const COLUMNS: &'static [Column];
    /// The column that the database fills by its default whenever the row changes.
    const STAMP: Option<&'static str>;

    /// Whether most of its rows come once, so that many of them are best written by [`Row::copy`].
    const MOSTLY_NEW: bool;

    /// One array per column, in the order of the columns.
    fn arrays(rows: &[Self]) -> Vec<Bind<'_>>;

    /// Writes the rows by a binary COPY, which fails when the table has one of them; how many.
    fn copy(rows: &[Self], conn: &mut PgConnection) -> QueryResult<usize>;

    /// The order of the keys; equal for two accounts of the same thing.
    fn compare_keys(&self, other: &Self) -> Ordering;

    /// Takes over what a newer account of the same thing says, and leaves something there in its place.
    fn merge(&mut self, newer: &mut Self);
}

/// A column, as the database has it.
pub(crate) struct Column {
    pub name: &'static str,
    pub sql_type: &'static str,
    pub rule: Rule,
}

/// How two accounts of the same thing become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Tells which thing it is.
    Key,
    /// As [`Rule::Key`], and too long for an index: the database keeps its digest in the column
    /// `<name>_md5`, which stands for it there.
    Digested,
    /// The newer account is right, also when it says null.
    Newer,
    /// The newer account is right where it says something; null says nothing.
    Known,
    /// The smaller value, null being none.
    Earliest,
    /// The greater value, null being none.
    Latest,
    /// All fields of both, the newer value where both have one.
    Union,
}

/// A type of Diesel's by the name that Postgres has for it.
pub(crate) trait SqlName {
    const NAME: &'static str;
}

macro_rules! sql_names {
    ($($sql_type:ty => $name:literal),* $(,)?) => {
        $(impl SqlName for $sql_type { const NAME: &'static str = $name; })*
    };
}

sql_names! {
    BigInt => "bigint", Bool => "boolean", Integer => "integer", Jsonb => "jsonb",
    Numeric => "numeric", Text => "text", Timestamptz => "timestamptz",
}

impl<ST> SqlName for Nullable<ST>
where
    ST: SqlName + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
{
    const NAME: &'static str = ST::NAME;
}

/// Values of which one can be the earlier (or smaller) one.
pub(crate) trait Extremes {
    fn earliest(self, other: Self) -> Self;
    fn latest(self, other: Self) -> Self;
}

macro_rules! ordered {
    ($($type:ty),*) => {
        $(impl Extremes for $type {
            fn earliest(self, other: Self) -> Self {
                self.min(other)
            }

            fn latest(self, other: Self) -> Self {
                self.max(other)
            }
        })*
    };
}

ordered!(DateTime<Utc>, i64);

/// As `LEAST` and `GREATEST` of Postgres: null counts only when all are null.
impl<T: Extremes> Extremes for Option<T> {
    fn earliest(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(other)) => Some(one.earliest(other)),
            (one, other) => one.or(other),
        }
    }

    fn latest(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(other)) => Some(one.latest(other)),
            (one, other) => one.or(other),
        }
    }
}

/// As `||` of Postgres does for two objects.
pub(crate) fn union(older: &mut Value, newer: Value) {
    match (older, newer) {
        (Value::Object(older), Value::Object(newer)) => older.extend(newer),
        (older, newer) => *older = newer,
    }
}

/// Defines a row struct by its columns, each with its [`Rule`]: `key heat_id: i64`. Names and types
/// are held against `schema.rs` by the compiler. `stamped` names the [`Row::STAMP`], `mostly_new` is
/// [`Row::MOSTLY_NEW`].
macro_rules! row {
    (
        $(#[$meta:meta])*
        pub struct $Row:ident $(<$a:lifetime>)? in $table:ident
            $(stamped $stamp:ident)? $(, $habit:ident)?
        {
            $($(#[$field_meta:meta])* $rule:ident $field:ident: $Field:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, diesel::Insertable)]
        #[diesel(table_name = crate::db::schema::$table, treat_none_as_default_value = false)]
        pub(crate) struct $Row $(<$a>)? {
            $($(#[$field_meta])* pub $field: $Field,)*
        }

        impl $(<$a>)? $crate::db::rows::row::Row for $Row $(<$a>)? {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static [$crate::db::rows::row::Column] = &[$(
                $crate::db::rows::row::Column {
                    name: <$crate::db::schema::$table::$field as diesel::Column>::NAME,
                    sql_type: <
                        <$crate::db::schema::$table::$field as diesel::Expression>::SqlType
                            as $crate::db::rows::row::SqlName
                    >::NAME,
                    rule: $crate::db::rows::row::row!(@rule $rule),
                },
            )*];
            const STAMP: Option<&'static str> =
                $crate::db::rows::row::row!(@stamp $table $($stamp)?);

            const MOSTLY_NEW: bool = $crate::db::rows::row::row!(@habit $($habit)?);

            fn arrays(rows: &[Self]) -> Vec<$crate::db::rows::row::Bind<'_>> {
                use diesel::IntoSql as _;
                vec![$(Box::new(
                    rows.iter().map(|row| &row.$field).collect::<Vec<_>>().into_sql::<
                        diesel::sql_types::Array<
                            <$crate::db::schema::$table::$field as diesel::Expression>::SqlType,
                        >,
                    >(),
                ),)*]
            }

            fn copy(
                rows: &[Self],
                conn: &mut diesel::PgConnection,
            ) -> diesel::QueryResult<usize> {
                use diesel::ExecuteCopyFromDsl as _;
                diesel::copy_from($crate::db::schema::$table::table)
                    .from_insertable(rows)
                    .execute(conn)
            }

            fn compare_keys(&self, other: &Self) -> std::cmp::Ordering {
                std::cmp::Ordering::Equal$(.then_with(
                    || $crate::db::rows::row::row!(@order $rule self.$field, other.$field)
                ))*
            }

            fn merge(&mut self, newer: &mut Self) {
                $($crate::db::rows::row::row!(@merge $rule self.$field, newer.$field);)*
            }
        }
    };

    (@stamp $table:ident) => { None };
    (@stamp $table:ident $stamp:ident) => {
        Some(<$crate::db::schema::$table::$stamp as diesel::Column>::NAME)
    };

    (@habit) => { false };
    (@habit mostly_new) => { true };

    (@rule key) => { $crate::db::rows::row::Rule::Key };
    (@rule digested) => { $crate::db::rows::row::Rule::Digested };
    (@rule newer) => { $crate::db::rows::row::Rule::Newer };
    (@rule known) => { $crate::db::rows::row::Rule::Known };
    (@rule earliest) => { $crate::db::rows::row::Rule::Earliest };
    (@rule latest) => { $crate::db::rows::row::Rule::Latest };
    (@rule union) => { $crate::db::rows::row::Rule::Union };

    (@order key $one:expr, $other:expr) => { $one.cmp(&$other) };
    (@order digested $one:expr, $other:expr) => { $one.cmp(&$other) };
    (@order $rule:ident $one:expr, $other:expr) => { std::cmp::Ordering::Equal };

    (@merge key $older:expr, $newer:expr) => {};
    (@merge digested $older:expr, $newer:expr) => {};
    (@merge newer $older:expr, $newer:expr) => { std::mem::swap(&mut $older, &mut $newer) };
    (@merge known $older:expr, $newer:expr) => {
        if $newer.is_some() {
            std::mem::swap(&mut $older, &mut $newer)
        }
    };
    (@merge earliest $older:expr, $newer:expr) => {
        $older = $crate::db::rows::row::Extremes::earliest($older, $newer)
    };
    (@merge latest $older:expr, $newer:expr) => {
        $older = $crate::db::rows::row::Extremes::latest($older, $newer)
    };
    (@merge union $older:expr, $newer:expr) => {
        $crate::db::rows::row::union(&mut $older, $newer.take())
    };
}
pub(crate) use row;
