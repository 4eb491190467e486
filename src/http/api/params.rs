//! Kinds of parameters that more than one room takes. In a struct of parameters each stands as
//! `#[param(inline)] day: Option<Day>`; a [`Limit`] has `#[serde(default)]` as well, and a [`Cursor`]
//! goes by an alias without its key.
//!
//! Of a kind the description says exactly what is accepted, so that whatever fits it is never a
//! bad parameter.

use std::{fmt, ops::Deref, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, de, de::DeserializeOwned};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

/// Longer ids of feeds the config does not take.
const MAX_SLUG: usize = 64;
const LONGEST_WAIT_S: u32 = 30;
/// What JavaScript can count to.
const MAX_ID: i64 = (1 << 53) - 1;
const MAX_PHRASE: usize = 200;
const MAX_CURSOR: usize = 2_000;

/// Of an address that takes no parameters.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// How many rows an answer has at most: 1 to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<const MAX: u32 = 500, const USUAL: u32 = 100>(pub u32);

impl<const MAX: u32, const USUAL: u32> Default for Limit<MAX, USUAL> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<'de, const MAX: u32, const USUAL: u32> Deserialize<'de> for Limit<MAX, USUAL> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u32::deserialize(from) {
            Ok(limit) if (1..=MAX).contains(&limit) => Ok(Self(limit)),
            _ => Err(de::Error::custom(format!("a whole number from 1 to {MAX}"))),
        }
    }
}

/// Seconds that an answer may wait for something to tell: 0 to 30.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait(pub u32);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u32::deserialize(from) {
            Ok(seconds) if seconds <= LONGEST_WAIT_S => Ok(Self(seconds)),
            _ => Err(de::Error::custom(format!("a whole number from 0 to {LONGEST_WAIT_S}"))),
        }
    }
}

/// The id of a heat, a run, or a driver of a heat, as in lists of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub i64);

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // Numbers that Rust reads may have a plus.
        let id: i64 = text.parse().map_err(drop)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain && (1..=MAX_ID).contains(&id) { Ok(Self(id)) } else { Err(()) }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, &format!("a whole number from 1 to {MAX_ID}"))
    }
}

/// A name, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(pub String);

impl FromStr for Phrase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_short = (1..=MAX_PHRASE).contains(&text.chars().count());
        if is_short { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl<'de> Deserialize<'de> for Phrase {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "1 to 200 characters")
    }
}

/// The id of a feed, as in the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSlug(String);

impl Deref for FeedSlug {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeedSlug {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        match (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(is_plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(()),
        }
    }
}

impl<'de> Deserialize<'de> for FeedSlug {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "the id of a feed: 1 to 64 of a-z, 0-9 and '-'")
    }
}

/// A day by the clocks of a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // `%Y` takes signs, and any number of digits.
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(drop)?;
        if text.len() == "2026-11-23".len() { Ok(Self(day)) } else { Err(()) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "a day like 2026-11-23")
    }
}

/// A moment as RFC 3339 writes it, with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub DateTime<Utc>);

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // In a query a plus that nobody wrote as %2B is a blank.
        let text = match text.rsplit_once(' ') {
            Some((time, offset)) if time.len() >= "2026-11-23T18:30:00".len() => {
                format!("{time}+{offset}")
            }
            _ => text.to_owned(),
        };
        DateTime::parse_from_rfc3339(&text).map(|at| Self(at.to_utc())).map_err(drop)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "a moment like 2026-11-23T18:30:00Z or 2026-11-23T19:30:00%2B01:00")
    }
}

/// The form of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Jsonl,
    Parquet,
}

/// Where a list goes on: the key of its last row.
pub trait Key: Serialize + DeserializeOwned {
    /// Of the list and of the key's form, so that no other cursor is taken for one.
    const NAME: &'static str;

    /// One that leads somewhere, for the description.
    fn example() -> Self;
}

/// A key that only we read: its form is nobody's business, and may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<K>(pub K);

impl<K: Key> fmt::Display for Cursor<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = serde_json::to_vec(&(K::NAME, &self.0)).map_err(|_| fmt::Error)?;
        key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<K: Key> FromStr for Cursor<K> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() > MAX_CURSOR || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        let byte = |n: usize| text.get(n..n + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let key: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        let (name, key): (String, K) = serde_json::from_slice(&key.ok_or(())?).map_err(drop)?;
        if name == K::NAME { Ok(Self(key)) } else { Err(()) }
    }
}

impl<'de, K: Key> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, "a cursor that was given as `next` by an answer of this list")
    }
}

impl<K: Key> Serialize for Cursor<K> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What `text` stands for; `right` is told when it stands for nothing.
fn parsed<'de, D: Deserializer<'de>, T: FromStr>(from: D, right: &str) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| de::Error::custom(right))
}

impl<const MAX: u32, const USUAL: u32> ToSchema for Limit<MAX, USUAL> {}

impl<const MAX: u32, const USUAL: u32> PartialSchema for Limit<MAX, USUAL> {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        number.maximum(Some(MAX)).default(Some(json!(USUAL))).into()
    }
}

impl ToSchema for Wait {}

impl PartialSchema for Wait {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        seconds.maximum(Some(LONGEST_WAIT_S)).default(Some(json!(0))).into()
    }
}

impl ToSchema for Id {}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        id.maximum(Some(MAX_ID)).examples([json!(1)]).into()
    }
}

impl ToSchema for Phrase {}

impl PartialSchema for Phrase {
    fn schema() -> RefOr<Schema> {
        let phrase = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        phrase.max_length(Some(MAX_PHRASE)).into()
    }
}

impl ToSchema for FeedSlug {}

impl PartialSchema for FeedSlug {
    fn schema() -> RefOr<Schema> {
        let slug = ObjectBuilder::new().schema_type(Type::String);
        slug.pattern(Some("^[a-z0-9-]{1,64}$")).examples([json!("speedpark")]).into()
    }
}

impl ToSchema for Day {}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        let day = ObjectBuilder::new().schema_type(Type::String);
        day.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .examples([json!("2026-11-23")])
            .into()
    }
}

impl ToSchema for Moment {}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let moment = ObjectBuilder::new().schema_type(Type::String);
        moment
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([json!("2026-11-23T18:30:00Z")])
            .into()
    }
}

impl<K: Key> ToSchema for Cursor<K> {}

impl<K: Key> PartialSchema for Cursor<K> {
    fn schema() -> RefOr<Schema> {
        let cursor = ObjectBuilder::new().schema_type(Type::String);
        cursor
            .format(Some(SchemaFormat::Custom(format!("cursor:{}", K::NAME))))
            .examples([json!(Cursor(K::example()).to_string())])
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Place(i64, String);

    impl Key for Place {
        const NAME: &'static str = "places1";

        fn example() -> Self {
            Self(1, String::new())
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other(i64, String);

    impl Key for Other {
        const NAME: &'static str = "others1";

        fn example() -> Self {
            Self(1, String::new())
        }
    }

    #[test]
    fn cursor_leads_back_to_its_key_and_to_no_other_list() {
        let cursor = Cursor(Place(-7, "Zoë \"x\"".to_owned()));
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
        assert_eq!(text.parse(), Ok(cursor));
        assert_eq!(text.parse::<Cursor<Other>>(), Err(()));
        for garbage in ["", "0", "zz", "00", "ää", &text[1..], &format!("{text}00")] {
            assert_eq!(garbage.parse::<Cursor<Place>>(), Err(()), "{garbage}");
        }
    }

    #[test]
    fn id_is_written_in_digits_and_counts_from_one() {
        assert_eq!("9007199254740991".parse(), Ok(Id(MAX_ID)));
        for wrong in ["", "0", "-1", "+1", "1.0", "first", "9007199254740992"] {
            assert_eq!(wrong.parse::<Id>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn day_and_moment_are_written_in_one_way_only() {
        for wrong in ["2026-1-23", "23.11.2026", "2026-02-30", "+2026-11-23", "20261123", "today"] {
            assert_eq!(wrong.parse::<Day>(), Err(()), "{wrong}");
        }
        for wrong in ["2026-11-23", "2026-11-23T18:30:00", "2026-11-23T25:30:00Z", "now", " "] {
            assert_eq!(wrong.parse::<Moment>(), Err(()), "{wrong}");
        }
        assert!("2026-11-23T18:30:00.123+01:00".parse::<Moment>().is_ok());
    }
}
