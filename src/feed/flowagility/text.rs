//! A scalar of a message, borrowed from it where it has no escapes.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{Number, Value};

/// Bytes of one text. The longest real ones are names of events, of about 100 bytes.
pub const MAX_TEXT_BYTES: usize = 4_096;

/// The protocol sends all scalars as strings, with `""` for nothing; numbers, booleans and null are
/// taken the same way. A number keeps its shortest form (`15.00` without quotes reads `15.0`), and
/// what is no scalar at all keeps its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    /// None for `""`, never empty.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub fn into_option(self) -> Option<String> {
        self.0.map(Cow::into_owned)
    }

    /// A text without escapes.
    pub fn plain(text: &'a str) -> Option<Self> {
        (text.len() <= MAX_TEXT_BYTES).then(|| Self((!text.is_empty()).then_some(text.into())))
    }

    fn read<E: Error>(text: Cow<'a, str>) -> Result<Self, E> {
        match text.len() {
            0 => Ok(Self(None)),
            1..=MAX_TEXT_BYTES => Ok(Self(Some(text))),
            bytes => Err(Error::custom(format_args!("a text of {bytes} bytes"))),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        Text::read(truth.to_string().into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Text::read(number.to_string().into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Text::read(number.to_string().into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // JSON has no other numbers.
        Ok(Text(Number::from_f64(number).map(|number| number.to_string().into())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Text::read(text.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Text::read(text.to_owned().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(items))?;
        Text::read(value.to_string().into())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(entries))?;
        Text::read(value.to_string().into())
    }
}
