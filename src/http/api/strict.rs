//! Parameters, read strictly: what is not known, given twice, or empty is a mistake of the caller,
//! and is named.
//!
//! `token` is not looked at: it is the guard's.

use std::{
    borrow::Cow,
    fmt,
    future::{Ready, ready},
    vec,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess, Unexpected,
        Visitor,
    },
    forward_to_deserialize_any,
};
use url::form_urlencoded;

use crate::spelling::closest;

use super::ApiError;

/// Of what was sent, in a message.
const MAX_QUOTED: usize = 40;
const TOKEN: &str = "token";

/// The query as a `T`: a plain struct of parameters, one field each. Optional ones are `Option` or
/// have `#[serde(default)]`.
pub struct Strict<T>(pub T);

/// What the path names as a `T`: a struct with a field for each `{…}`.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Strict<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request.query_string()).map(Self))
    }
}

impl<T: DeserializeOwned> FromRequest for Named<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let names = request.match_info().iter().map(|(name, _)| name.to_owned());
        // Read in this way the values have no `%` left.
        let values = web::Path::<Vec<String>>::from_request(request, payload).into_inner();
        let values = values.map_err(|_| ApiError::not_found(request.path()));
        ready(values.and_then(|values| {
            let pairs = names.zip(values.into_inner());
            let pairs = pairs.map(|(name, value)| (name.into(), value.into())).collect();
            T::deserialize(Pairs(pairs)).map(Self).map_err(ApiError::from)
        }))
    }
}

fn query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != TOKEN);
    T::deserialize(Pairs(pairs.collect())).map_err(ApiError::from)
}

/// What is wrong with a parameter.
#[derive(Debug)]
enum Mistake {
    /// And what may be meant.
    Unknown(String, String),
    Missing(&'static str),
    /// And why.
    Bad(String, String),
    /// What would be right, before it is known whose mistake it is.
    Expected(String),
}

impl Mistake {
    /// Of `key`, which was sent as `value`.
    fn at(self, key: &str, value: &str) -> Self {
        match self {
            Self::Expected(right) => {
                Self::Bad(key.to_owned(), format!("expected {right}, got {}", quoted(value)))
            }
            other => other,
        }
    }
}

fn quoted(value: &str) -> String {
    match value.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

impl From<Mistake> for ApiError {
    fn from(mistake: Mistake) -> Self {
        match mistake {
            Mistake::Unknown(key, meant) => Self::unknown_parameter(&key, meant),
            Mistake::Missing(key) => Self::bad_parameter(key, format!("{key} is needed")),
            Mistake::Bad(key, why) => Self::bad_parameter(&key, format!("{key}: {why}")),
            Mistake::Expected(right) => Self::internal(&format!("nowhere was {right} expected")),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    /// What would be right: `a date like 2026-11-23`.
    fn custom<T: fmt::Display>(right: T) -> Self {
        Self::Expected(right.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, right: &dyn Expected) -> Self {
        Self::Expected(right.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, right: &dyn Expected) -> Self {
        Self::Expected(right.to_string())
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        Self::Expected(words.join(" or "))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing(key)
    }
}

/// All parameters.
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Pairs<'_> {
    fn check(&self, known: &'static [&'static str]) -> Result<(), Mistake> {
        for (n, (key, value)) in self.0.iter().enumerate() {
            let bad = |why: &str| Err(Mistake::Bad(key.to_string(), why.to_owned()));
            if !known.contains(&&**key) {
                return Err(Mistake::Unknown(key.to_string(), meant(key, known)));
            }
            if self.0.iter().take(n).any(|(before, _)| before == key) {
                return bad("is given more than once");
            }
            if value.is_empty() {
                return bad("is empty; leave it out where it does not matter");
            }
        }
        Ok(())
    }
}

fn meant(key: &str, known: &[&str]) -> String {
    let key_quoted = quoted(key);
    match (closest(key, known), known) {
        (_, []) => format!("{key_quoted} is no parameter here; there are none"),
        (Some(meant), _) => format!("{key_quoted} is no parameter here; is {meant:?} meant?"),
        (None, known) => {
            format!("{key_quoted} is no parameter here; there are {}", known.join(", "))
        }
    }
}

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = Mistake;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.check(known)?;
        visitor.visit_map(Reading { pairs: self.0.into_iter(), value: None })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_map(Reading { pairs: self.0.into_iter(), value: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Reading<'a> {
    pairs: vec::IntoIter<(Cow<'a, str>, Cow<'a, str>)>,
    value: Option<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'de> MapAccess<'de> for Reading<'_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.value = self.pairs.next();
        let Some((key, _)) = &self.value else { return Ok(None) };
        seed.deserialize(IntoDeserializer::<Mistake>::into_deserializer(&**key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some((key, value)) = self.value.take() else {
            return Err(Mistake::Expected("a key".to_owned()));
        };
        seed.deserialize(Value(&value)).map_err(|mistake| mistake.at(&key, &value))
    }
}

/// The value of one parameter.
struct Value<'a>(&'a str);

/// Numbers as JSON writes them, so that there is one way to write each.
macro_rules! numbers {
    ($($method:ident $type:ident $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let digits = self.0.strip_prefix('-').unwrap_or(self.0);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            match self.0.parse() {
                Ok(number) if plain => visitor.$visit(number),
                _ => Err(Mistake::Expected(format!(
                    "a whole number from {} to {}", $type::MIN, $type::MAX
                ))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Mistake;

    numbers! {
        deserialize_i32 i32 visit_i32;
        deserialize_i64 i64 visit_i64;
        deserialize_u8 u8 visit_u8;
        deserialize_u16 u16 visit_u16;
        deserialize_u32 u32 visit_u32;
        deserialize_u64 u64 visit_u64;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Mistake::Expected("true or false".to_owned())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let word = IntoDeserializer::<Mistake>::into_deserializer(self.0);
        word.deserialize_enum(name, words, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_str(self.0)
    }

    forward_to_deserialize_any! {
        i8 i16 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::http::api::error::Code;

    use super::*;

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        feed: String,
        heat: Option<i64>,
        #[serde(default)]
        part: u8,
        class: Option<Class>,
        all: Option<bool>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Class {
        Rental,
        Junior,
    }

    #[derive(Debug, Deserialize)]
    struct Nothing {}

    fn refused(text: &str) -> (Code, String, String) {
        let error = query::<Asked>(text).unwrap_err();
        let (status, code, message, parameter) = error.fault();
        assert_eq!(status, 400);
        (code, parameter.unwrap().to_owned(), message.to_owned())
    }

    #[test]
    fn query_is_read_when_every_parameter_is_of_its_kind() {
        let asked = query::<Asked>("feed=a+b%26&heat=-7&part=3&class=junior&all=true").unwrap();
        let expected = Asked {
            feed: "a b&".to_owned(),
            heat: Some(-7),
            part: 3,
            class: Some(Class::Junior),
            all: Some(true),
        };
        assert_eq!(asked, expected);
        let least = query::<Asked>("feed=a").unwrap();
        assert_eq!(least, Asked { feed: "a".to_owned(), ..Asked::default() });
    }

    #[test]
    fn query_is_read_without_the_token_of_the_guard() {
        assert!(query::<Asked>("token=abc&feed=a&token=").is_ok());
    }

    #[test]
    fn parameter_is_refused_with_what_may_be_meant_when_there_is_none_of_its_name() {
        for (text, parameter, says) in [
            ("fed=a", "fed", "\"fed\" is no parameter here; is \"feed\" meant?"),
            ("Feed=a", "Feed", "\"Feed\" is no parameter here; is \"feed\" meant?"),
            (
                "feed=a&zzz=1",
                "zzz",
                "\"zzz\" is no parameter here; there are feed, heat, part, class, all",
            ),
            ("feed=a&=1", "", "\"\" is no parameter here; there are feed, heat, part, class, all"),
        ] {
            let expected = (Code::UnknownParameter, parameter.to_owned(), says.to_owned());
            assert_eq!(refused(text), expected, "{text}");
        }
        let error = query::<Nothing>("a=1").unwrap_err();
        assert_eq!(error.fault().2, "\"a\" is no parameter here; there are none");
    }

    #[test]
    fn parameter_is_refused_with_what_was_sent_and_what_is_accepted() {
        for (text, parameter, says) in [
            ("heat=1", "feed", "feed is needed"),
            ("feed=", "feed", "feed: is empty; leave it out where it does not matter"),
            ("feed=a&feed=a", "feed", "feed: is given more than once"),
            ("feed=a&part=256", "part", "part: expected a whole number from 0 to 255, got \"256\""),
            ("feed=a&part=+5", "part", "part: expected a whole number from 0 to 255, got \" 5\""),
            ("feed=a&part=%2B5", "part", "part: expected a whole number from 0 to 255, got \"+5\""),
            ("feed=a&class=senior", "class", "class: expected rental or junior, got \"senior\""),
            ("feed=a&all=1", "all", "all: expected true or false, got \"1\""),
        ] {
            let expected = (Code::BadParameter, parameter.to_owned(), says.to_owned());
            assert_eq!(refused(text), expected, "{text}");
        }
    }

    #[test]
    fn message_quotes_no_more_than_a_line_of_what_was_sent() {
        let (_, _, message) = refused(&format!("feed=a&part={}", "ä".repeat(5_000)));
        let quoted = format!("got \"{}\"…", "ä".repeat(40));
        assert!(message.ends_with(&quoted), "{message}");
    }
}
