//! Statements that a connection plans once. A small batch costs more to plan than to write.

use diesel::{
    IntoSql as _, PgConnection, QueryResult, RunQueryDsl,
    expression::{AsExpression, TypedExpressionType},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{SqlType, Untyped},
};

use crate::db::rows::row::Bind;

/// A statement that is prepared where a connection sees its text for the first time. So there must be
/// few texts: what differs from time to time is bound.
pub(super) struct Prepared<'q> {
    text: String,
    binds: Vec<Bind<'q>>,
}

/// Takes the place of each bind in a text: they have no numbers.
pub(super) const BIND: &str = "?";

pub(super) fn prepared<'q>(text: impl Into<String>) -> Prepared<'q> {
    Prepared { text: text.into(), binds: Vec::new() }
}

impl<'q> Prepared<'q> {
    /// In the order of the text.
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        ST: SqlType + TypedExpressionType,
        V: AsExpression<ST, Expression: QueryFragment<Pg> + 'q>,
    {
        self.binds.push(Box::new(value.into_sql::<ST>()));
        self
    }

    pub fn bind_all(mut self, binds: Vec<Bind<'q>>) -> Self {
        self.binds.extend(binds);
        self
    }
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl QueryId for Prepared<'_> {
    type QueryId = ();
    /// It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Prepared<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split(BIND);
        for bind in &self.binds {
            pass.push_sql(pieces.next().unwrap_or_default());
            bind.walk_ast(pass.reborrow())?;
        }
        pieces.for_each(|rest| pass.push_sql(rest));
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Prepared<'_> {}
