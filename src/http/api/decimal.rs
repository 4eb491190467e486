//! Decimal numbers in answers, with just the digits that are stored: `35.40` stays `35.40`.

use bigdecimal::BigDecimal;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A JSON number as it was sent, never rounded; programs that read JSON numbers as binary fractions
/// should read its text where digits matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(BigDecimal);

impl Decimal {
    pub fn of(number: Option<&BigDecimal>) -> Option<Self> {
        number.cloned().map(Self)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_plain_string()).map_err(Error::custom)?.serialize(to)
    }
}

impl ToSchema for Decimal {}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_is_written_with_the_digits_it_has() {
        for digits in ["35.40", "0.00", "100.00", "31.200", "7", "-0.5", "12345678901234567890.10"]
        {
            let decimal = Decimal(digits.parse().unwrap());
            assert_eq!(serde_json::to_string(&decimal).unwrap(), digits);
        }
        let thousand = Decimal("1E+3".parse().unwrap());
        assert_eq!(serde_json::to_string(&thousand).unwrap(), "1000");
    }
}
