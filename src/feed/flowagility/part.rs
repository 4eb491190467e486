//! The objects and lists of a message, read without a tree in between.
//!
//! Readers are made by [`keys`] and not derived: `#[serde(flatten)]`, which would keep unknown keys
//! too, buffers every value first.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::text::Text;

/// Results come in tens.
const USUAL_ENTRIES: usize = 10;

/// An object, or `""` or null for none.
pub struct Object<T>(pub Option<T>);

/// A list of objects, or `""` or null for an empty one.
pub struct List<T>(pub Vec<T>);

/// What has texts under keys.
pub trait Texts<'a>: Default {
    /// Where the text of this key goes; none for any other key.
    fn text_mut(&mut self, key: &str) -> Option<&mut Text<'a>>;
}

/// Makes a reader of an object: where its texts go, where its parts go and what these are. Of two
/// values for one key the last counts, and unknown keys stay in `extra`.
macro_rules! keys {
    ($name:ident {
        $($text:literal => $($field:ident).+,)*
    } {
        $($key:literal => $part:ident: $kind:ident,)*
    }) => {
        impl<'a> $crate::feed::flowagility::part::Texts<'a> for $name<'a> {
            fn text_mut(
                &mut self,
                key: &str,
            ) -> Option<&mut $crate::feed::flowagility::text::Text<'a>> {
                match key {
                    $($text => Some(&mut self.$($field).+),)*
                    _ => None,
                }
            }
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Keys;
                impl<'de> serde::de::Visitor<'de> for Keys {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut read = $name::default();
                        while let Some($crate::feed::flowagility::part::Key(key)) = map.next_key()? {
                            match &*key {
                                $($text => read.$($field).+ = map.next_value()?,)*
                                $($key => read.$part = map.next_value::<$kind<_>>()?.0,)*
                                _ => {
                                    let value = map.next_value()?;
                                    read.extra.insert(key.into_owned(), value);
                                }
                            }
                        }
                        Ok(read)
                    }
                }
                deserializer.deserialize_map(Keys)
            }
        }
    };
}
pub(super) use keys;

/// A key, borrowed from the message where it has no escapes.
pub struct Key<'a>(pub Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// What stands where an object or a list belongs.
trait Part<'de>: Sized {
    const WANTED: &'static str;

    /// What `""` and null mean here, if they may be here.
    fn nothing() -> Option<Self> {
        None
    }

    fn of_object<A: MapAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(unexpected::<Self, _>("an object"))
    }

    fn of_list<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(unexpected::<Self, _>("an array"))
    }
}

/// An object of a list, where nothing is none.
struct Entry<T>(T);

impl<'de, T: Deserialize<'de>> Part<'de> for Object<T> {
    const WANTED: &'static str = "an object";

    fn nothing() -> Option<Self> {
        Some(Self(None))
    }

    fn of_object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Self(Some(object)))
    }
}

impl<'de, T: Deserialize<'de>> Part<'de> for List<T> {
    const WANTED: &'static str = "an array";

    fn nothing() -> Option<Self> {
        Some(Self(Vec::new()))
    }

    fn of_list<A: SeqAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(Entry(entry)) = entries.next_element_seed(PartOf(PhantomData))? {
            if list.is_empty() {
                list.reserve(USUAL_ENTRIES);
            }
            list.push(entry);
        }
        Ok(Self(list))
    }
}

impl<'de, T: Deserialize<'de>> Part<'de> for Entry<T> {
    const WANTED: &'static str = "an object";

    fn of_object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PartOf(PhantomData).deserialize(deserializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PartOf(PhantomData).deserialize(deserializer)
    }
}

struct PartOf<P>(PhantomData<P>);

impl<'de, P: Part<'de>> DeserializeSeed<'de> for PartOf<P> {
    type Value = P;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, P: Part<'de>> Visitor<'de> for PartOf<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(P::WANTED)
    }

    fn visit_unit<E: Error>(self) -> Result<P, E> {
        P::nothing().ok_or_else(|| unexpected::<P, _>("null"))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<P, E> {
        Err(unexpected::<P, _>("a boolean"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<P, E> {
        Err(unexpected::<P, _>("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<P, E> {
        Err(unexpected::<P, _>("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<P, E> {
        Err(unexpected::<P, _>("a number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<P, E> {
        let nothing = P::nothing().filter(|_| text.trim().is_empty());
        nothing.ok_or_else(|| unexpected::<P, _>("a string"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<P, A::Error> {
        P::of_list(entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<P, A::Error> {
        P::of_object(map)
    }
}

/// Says what it was instead without saying what was in it: that can be long, or a person's name.
fn unexpected<'de, P: Part<'de>, E: Error>(is: &str) -> E {
    E::custom(format_args!("{is} where {} belongs", P::WANTED))
}
