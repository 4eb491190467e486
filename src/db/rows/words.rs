//! A text that is no key, as it was sent.

use std::io::Write as _;

use diesel::{
    expression::AsExpression,
    pg::Pg,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::Text,
};

use super::NUL;

/// Loses its NUL characters, of which Postgres takes none, on the way there: that reads it once. Keys
/// are cleaned before ([`super::text`]), since rows are compared by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub(crate) struct Words<'a>(pub &'a str);

impl ToSql<Text, Pg> for Words<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        for part in self.0.split(NUL) {
            out.write_all(part.as_bytes())?;
        }
        Ok(IsNull::No)
    }
}
