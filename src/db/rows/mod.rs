//! Rows: exactly what a table holds, made from events by plain conversions.
//!
//! A row struct has a field per column, under the column's name in `schema.rs`, and says of each
//! how two accounts of the same thing become one (see [`row::Row`]). That rule is stated once and
//! used twice: for duplicates within a batch, and against what the table already holds.

pub(super) mod agility;
mod decimal;
pub(super) mod feeds;
pub(super) mod karting;
pub(super) mod row;
mod words;

use std::borrow::Cow;

use bigdecimal::BigDecimal;
use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;

use crate::event::Extra;

use {decimal::Decimal, words::Words};

/// Postgres takes no NUL character in any text.
const NUL: char = '\0';

/// More digits than this, before or after the point, no time or length has. Postgres would take
/// more, but a number like `1e999999999` would be written out in full before it is refused.
const MAX_DIGITS: u64 = 64;

/// A text of a key.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains(NUL) { Cow::Owned(text.replace(NUL, "")) } else { Cow::Borrowed(text) }
}

pub(super) fn maybe_text(maybe: Option<&String>) -> Option<Words<'_>> {
    maybe.map(|there| Words(there))
}

/// Postgres keeps microseconds: a finer time would be one key here and another one there.
pub(super) fn time(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

pub(super) fn json(extra: &Extra) -> Value {
    Value::Object(extra.iter().map(|(key, value)| (clean(key), clean_value(value))).collect())
}

/// The number where a column can hold it; else it goes to `extra` under the column's name, so that
/// it is not lost.
pub(super) fn number<'a>(
    maybe: Option<&'a BigDecimal>,
    column: &str,
    extra: &mut Value,
) -> Option<Decimal<'a>> {
    let number = maybe?;
    if is_plausible(number) {
        return Some(Decimal(number));
    }
    if let Value::Object(fields) = extra {
        fields.insert(column.to_owned(), Value::String(number.to_scientific_notation()));
    }
    None
}

/// The number where a column can hold it, for tables that have no `extra`.
pub(super) fn plausible(maybe: Option<&BigDecimal>) -> Option<Decimal<'_>> {
    maybe.filter(|number| is_plausible(number)).map(Decimal)
}

fn is_plausible(number: &BigDecimal) -> bool {
    number.fractional_digit_count().unsigned_abs() <= MAX_DIGITS && number.digits() <= MAX_DIGITS
}

fn clean(text: &str) -> String {
    text.replace(NUL, "")
}

fn clean_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(values) => Value::Array(values.iter().map(clean_value).collect()),
        Value::Object(fields) => json(fields),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_loses_nul_characters_in_keys_and_values_at_every_depth() {
        let Value::Object(extra) = json!({"a\0": ["b\0", {"\0c": "d\0"}], "n": 1}) else {
            unreachable!()
        };
        assert_eq!(super::json(&extra), json!({"a": ["b", {"c": "d"}], "n": 1}));
    }

    #[test]
    fn number_moves_to_extra_when_no_column_could_hold_it() {
        let absurd: BigDecimal = "1e999999999".parse().unwrap();
        let mut extra = json!({});
        assert_eq!(number(Some(&absurd), "time_s", &mut extra), None);
        assert_eq!(extra, json!({"time_s": "1e999999999"}));
        let exact: BigDecimal = "31.40".parse().unwrap();
        assert_eq!(number(Some(&exact), "time_s", &mut extra).unwrap().0.to_string(), "31.40");
    }

    #[test]
    fn time_keeps_what_postgres_keeps() {
        let at = DateTime::from_timestamp(1, 123_456_789).unwrap();
        assert_eq!(time(at), DateTime::from_timestamp(1, 123_456_000).unwrap());
    }
}
