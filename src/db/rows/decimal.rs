//! A decimal number with exactly the decimals it was sent with.

use bigdecimal::{BigDecimal, Zero};
use diesel::{
    data_types::PgNumeric,
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types::Numeric,
};

/// As [`BigDecimal`], which Diesel writes as `0` when it is `0.00`: a clear round is `0.00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Numeric)]
pub(crate) struct Decimal<'a>(pub &'a BigDecimal);

impl ToSql<Numeric, Pg> for Decimal<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let Self(number) = *self;
        if !number.is_zero() {
            return ToSql::<Numeric, Pg>::to_sql(number, out);
        }
        let scale = u16::try_from(number.fractional_digit_count().max(0))?;
        let zero = PgNumeric::Positive { weight: 0, scale, digits: Vec::new() };
        ToSql::<Numeric, Pg>::to_sql(&zero, &mut out.reborrow())
    }
}
