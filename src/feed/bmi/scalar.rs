//! Reads single JSON values forgivingly and with bounded memory.
//!
//! Venues send `7`, `"7"` and `null` where one of them was agreed on; what matters is that the
//! meaning is beyond doubt. A value without such a meaning is [`Scalar::Odd`]: whoever knows the
//! field decides whether to do without it or to refuse the frame.

use std::{borrow::Cow, fmt};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

/// Of an odd text this much is repeated in the names of unknown values.
const MAX_ODD_CHARS: usize = 24;
/// What any value costs of a [`Budgeted`] value's bytes, beside the texts in it.
const VALUE_COST: usize = size_of::<Value>();
/// What an entry of an object costs, beside its key and its value.
const ENTRY_COST: usize = 48;

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `null`.
    Absent,
    /// A whole number; truth values read as 0 and 1.
    Whole(i64),
    Text(Cow<'a, str>),
    /// An array, an object, a fraction, a number beyond `i64`: how it looks.
    Odd(String),
}

impl<'a> Scalar<'a> {
    /// The whole number this is, also when written as text; none when absent or blank.
    ///
    /// # Errors
    /// How the value looks, when it is no whole number.
    pub fn whole(self) -> Result<Option<i64>, String> {
        match self {
            Self::Absent => Ok(None),
            Self::Whole(number) => Ok(Some(number)),
            Self::Text(text) => match text.trim() {
                "" => Ok(None),
                digits => digits.parse().map(Some).map_err(|_| quoted(&text)),
            },
            Self::Odd(looks) => Err(looks),
        }
    }

    /// The text this is, also when sent as a number; empty when absent.
    ///
    /// # Errors
    /// How the value looks, when it is neither.
    pub fn text(self) -> Result<Cow<'a, str>, String> {
        match self {
            Self::Absent => Ok(Cow::Borrowed("")),
            Self::Whole(number) => Ok(Cow::Owned(number.to_string())),
            Self::Text(text) => Ok(text),
            Self::Odd(looks) => Err(looks),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", short(text))
}

fn short(text: &str) -> String {
    text.chars().take(MAX_ODD_CHARS).collect()
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Absent)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(truth.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Scalar::Odd(number.to_string()), Scalar::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // Up to 2^53 every whole number has a float of its own, so nothing is rounded here.
        let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
        // 1e300 has 301 digits.
        Ok(if exact {
            Scalar::Whole(number as i64)
        } else {
            Scalar::Odd(short(&number.to_string()))
        })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Odd("[…]".to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Odd("{…}".to_owned()))
    }
}

/// Reads any value as long as it is small; a larger one is read to its end and none of it kept.
pub struct Budgeted<'b> {
    /// How many bytes may still be kept.
    pub bytes_left: &'b mut usize,
}

impl Budgeted<'_> {
    /// Takes the cost from the budget. Once there was not enough, there never is again.
    fn pay(&mut self, cost: usize) -> bool {
        let rest = self.bytes_left.checked_sub(cost);
        *self.bytes_left = rest.unwrap_or(0);
        rest.is_some()
    }

    fn scalar<E>(mut self, value: impl Into<Value>) -> Result<Option<Value>, E> {
        Ok(self.pay(VALUE_COST).then(|| value.into()))
    }
}

impl<'de> DeserializeSeed<'de> for Budgeted<'_> {
    /// None for a value that is too large.
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Budgeted<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        self.scalar(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        self.scalar(truth)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        self.scalar(number)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        self.scalar(number)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        self.scalar(number)
    }

    fn visit_str<E>(mut self, text: &str) -> Result<Self::Value, E> {
        Ok(self.pay(VALUE_COST + text.len()).then(|| text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = self.pay(VALUE_COST).then(Vec::new);
        while let Some(item) = items.next_element_seed(Budgeted { bytes_left: self.bytes_left })? {
            kept = kept.zip(item).map(|(mut kept, item)| {
                kept.push(item);
                kept
            });
        }
        Ok(kept.map(Value::Array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut kept = self.pay(VALUE_COST).then(serde_json::Map::new);
        while let Some(key) = entries.next_key::<Cow<'de, str>>()? {
            let affordable = self.pay(ENTRY_COST + key.len());
            let value = entries.next_value_seed(Budgeted { bytes_left: self.bytes_left })?;
            kept = kept.zip(value).filter(|_| affordable).map(|(mut kept, value)| {
                kept.insert(key.into_owned(), value);
                kept
            });
        }
        Ok(kept.map(Value::Object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    fn budgeted(json: &str, mut bytes: usize) -> Option<Value> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let value = Budgeted { bytes_left: &mut bytes }.deserialize(&mut reader).unwrap();
        reader.end().unwrap();
        value
    }

    #[test]
    fn scalar_reads_whole_numbers_however_they_are_written() {
        for json in ["7", "7.0", "\"7\"", "\" 7 \"", "\"07\""] {
            assert_eq!(scalar(json).whole(), Ok(Some(7)), "{json}");
        }
        assert_eq!(scalar("true").whole(), Ok(Some(1)));
        assert_eq!(scalar("null").whole(), Ok(None));
        assert_eq!(scalar("\"\"").whole(), Ok(None));
        assert_eq!(scalar("-9223372036854775808").whole(), Ok(Some(i64::MIN)));
    }

    #[test]
    fn scalar_shows_what_is_no_whole_number() {
        assert_eq!(scalar("7.5").whole(), Err("7.5".to_owned()));
        assert_eq!(scalar("\"1:07\"").whole(), Err("\"1:07\"".to_owned()));
        assert_eq!(scalar("[1,[2]]").whole(), Err("[…]".to_owned()));
        assert_eq!(scalar("{\"a\":{}}").whole(), Err("{…}".to_owned()));
        assert_eq!(scalar("9223372036854775808").whole(), Err("9223372036854775808".to_owned()));
        let long = format!("\"{}\"", "x".repeat(1_000));
        assert_eq!(scalar(&long).whole().unwrap_err().chars().count(), MAX_ODD_CHARS + 2);
        assert_eq!(
            scalar("1e300").whole().unwrap_err(),
            format!("1{}", "0".repeat(MAX_ODD_CHARS - 1))
        );
    }

    #[test]
    fn scalar_borrows_text_unless_it_is_escaped() {
        assert!(matches!(scalar("\"Zoë\"").text(), Ok(Cow::Borrowed("Zoë"))));
        assert!(matches!(scalar("\"Zo\\u00eb\"").text(), Ok(Cow::Owned(text)) if text == "Zoë"));
        assert_eq!(scalar("12").text().unwrap(), "12");
        assert_eq!(scalar("null").text().unwrap(), "");
        assert!(scalar("[]").text().is_err());
    }

    #[test]
    fn budgeted_keeps_small_values_whole() {
        let json = r#"{"a":[1,-2,3.5,true,null,"x"],"b":{"c":"\n"}}"#;
        assert_eq!(
            budgeted(json, 1_000),
            Some(json!({"a": [1, -2, 3.5, true, null, "x"], "b": {"c": "\n"}}))
        );
    }

    #[test]
    fn budgeted_keeps_nothing_of_a_value_beyond_the_budget() {
        assert_eq!(budgeted("\"0123456789\"", VALUE_COST + 9), None);
        assert_eq!(budgeted("\"0123456789\"", VALUE_COST + 10), Some(json!("0123456789")));
        assert_eq!(budgeted("[[1,2],[3,4],5]", 5 * VALUE_COST), None);
        let object = r#"{"a":{"b":1},"c":1}"#;
        let cost = 4 * VALUE_COST + 3 * (ENTRY_COST + 1);
        assert_eq!(budgeted(object, cost - 1), None);
        assert_eq!(budgeted(object, cost), serde_json::from_str(object).unwrap());
    }
}
