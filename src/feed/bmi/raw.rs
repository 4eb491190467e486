//! Frames with every key in its place and nothing judged yet.
//!
//! The readers are written by hand: no tree is built, texts are borrowed from the frame, and
//! `#[serde(flatten)]`, which would keep unknown keys too, buffers every value first. What hateful
//! input can make them hold is limited here, while it is being read.

use std::{borrow::Cow, fmt};

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::Extra;

use super::{
    scalar::{Budgeted, Scalar},
    wire::MAX_DRIVERS,
};

/// A new revision of the protocol brings a handful of small fields.
const MAX_EXTRA_KEYS: usize = 16;
const MAX_EXTRA_KEY_BYTES: usize = 60;
/// Memory that the unknown fields of a heat or of one driver may take together: room for a handful
/// of numbers a lap, and little enough for all drivers of a heat to have it.
const MAX_EXTRA_BYTES: usize = 2_048;
/// The largest public heats have some 30 karts.
const USUAL_DRIVERS: usize = 32;

/// A frame before anything in it was judged.
#[derive(Default)]
pub struct RawFrame<'a> {
    pub empty: bool,
    pub start: Option<Scalar<'a>>,
    pub name: Option<Scalar<'a>>,
    pub state: Option<Scalar<'a>>,
    pub end_condition: Option<Scalar<'a>>,
    pub race_mode: Option<Scalar<'a>>,
    pub clock: Option<Scalar<'a>>,
    pub clock_started: Option<Scalar<'a>>,
    pub clock_enabled: Option<Scalar<'a>>,
    pub remaining_laps: Option<Scalar<'a>>,
    pub end_mode: Option<Scalar<'a>>,
    pub drivers: Option<RawDrivers<'a>>,
    pub unnamed: Unnamed,
}

#[derive(Default)]
pub struct RawDrivers<'a> {
    /// At most [`MAX_DRIVERS`], not looked into: most of them are what they were before.
    pub lines: Vec<&'a RawValue>,
    pub count: usize,
}

#[derive(Default)]
pub struct RawDriver<'a> {
    pub id: Option<Scalar<'a>>,
    pub name: Option<Scalar<'a>>,
    pub kart: Option<Scalar<'a>>,
    pub web_member: Option<Scalar<'a>>,
    pub position: Option<Scalar<'a>>,
    pub laps: Option<Scalar<'a>>,
    pub last: Option<Scalar<'a>>,
    pub average: Option<Scalar<'a>>,
    pub best: Option<Scalar<'a>>,
    pub gap: Option<Scalar<'a>>,
    pub last_passing: Option<Scalar<'a>>,
    pub last_record: Option<Scalar<'a>>,
    pub unnamed: Unnamed,
}

/// Keys that no revision names.
pub struct Unnamed {
    pub keys: Vec<String>,
    /// The values, of those for which there was room.
    pub extra: Extra,
    bytes_left: usize,
}

impl Default for Unnamed {
    fn default() -> Self {
        Self { keys: Vec::new(), extra: Extra::new(), bytes_left: MAX_EXTRA_BYTES }
    }
}

impl Unnamed {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if self.keys.len() == MAX_EXTRA_KEYS || key.len() > MAX_EXTRA_KEY_BYTES {
            return map.next_value::<IgnoredAny>().map(|_| ());
        }
        let mut bytes_left = self.bytes_left;
        let value = map.next_value_seed(Budgeted { bytes_left: &mut bytes_left })?;
        // One that is too large leaves the room to those after it.
        if let Some(value) = value {
            self.bytes_left = bytes_left;
            self.extra.insert(key.to_owned(), value);
        }
        self.keys.push(key.to_owned());
        Ok(())
    }
}

/// A key, borrowed from the frame where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(key) => Ok(Self(key)),
            _ => Err(de::Error::custom("a key that is no text")),
        }
    }
}

/// Reads a value into its place. Of two values for one key neither can be believed.
fn fill<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    place: &mut Option<T>,
    key: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(de::Error::duplicate_field(key));
    }
    *place = Some(map.next_value()?);
    Ok(())
}

impl<'de> Deserialize<'de> for RawFrame<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FrameVisitor)
    }
}

struct FrameVisitor;

impl<'de> Visitor<'de> for FrameVisitor {
    type Value = RawFrame<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{} or a heat")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawFrame { empty: true, ..RawFrame::default() };
        while let Some(Key(key)) = map.next_key()? {
            raw.empty = false;
            match &*key {
                "T" => fill(&mut raw.start, "T", &mut map)?,
                "N" => fill(&mut raw.name, "N", &mut map)?,
                "S" => fill(&mut raw.state, "S", &mut map)?,
                "E" => fill(&mut raw.end_condition, "E", &mut map)?,
                "R" => fill(&mut raw.race_mode, "R", &mut map)?,
                "C" => fill(&mut raw.clock, "C", &mut map)?,
                "CS" => fill(&mut raw.clock_started, "CS", &mut map)?,
                "CE" => fill(&mut raw.clock_enabled, "CE", &mut map)?,
                "L" => fill(&mut raw.remaining_laps, "L", &mut map)?,
                "EM" => fill(&mut raw.end_mode, "EM", &mut map)?,
                "D" => fill(&mut raw.drivers, "D", &mut map)?,
                other => raw.unnamed.read(other, &mut map)?,
            }
        }
        Ok(raw)
    }
}

impl<'de> Deserialize<'de> for RawDrivers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DriversVisitor)
    }
}

struct DriversVisitor;

impl<'de> Visitor<'de> for DriversVisitor {
    type Value = RawDrivers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of drivers")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(RawDrivers::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawDrivers { lines: Vec::with_capacity(USUAL_DRIVERS), count: 0 };
        while raw.count < MAX_DRIVERS
            && let Some(line) = lines.next_element()?
        {
            raw.lines.push(line);
            raw.count += 1;
        }
        while lines.next_element::<IgnoredAny>()?.is_some() {
            raw.count += 1;
        }
        Ok(raw)
    }
}

impl<'de> Deserialize<'de> for RawDriver<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DriverVisitor)
    }
}

struct DriverVisitor;

impl<'de> Visitor<'de> for DriverVisitor {
    type Value = RawDriver<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a driver")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawDriver::default();
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "D" => fill(&mut raw.id, "D.D", &mut map)?,
                "N" => fill(&mut raw.name, "D.N", &mut map)?,
                "K" => fill(&mut raw.kart, "D.K", &mut map)?,
                "M" => fill(&mut raw.web_member, "D.M", &mut map)?,
                "P" => fill(&mut raw.position, "D.P", &mut map)?,
                "L" => fill(&mut raw.laps, "D.L", &mut map)?,
                "T" => fill(&mut raw.last, "D.T", &mut map)?,
                "A" => fill(&mut raw.average, "D.A", &mut map)?,
                "B" => fill(&mut raw.best, "D.B", &mut map)?,
                "G" => fill(&mut raw.gap, "D.G", &mut map)?,
                "LP" => fill(&mut raw.last_passing, "D.LP", &mut map)?,
                "R" => fill(&mut raw.last_record, "D.R", &mut map)?,
                other => raw.unnamed.read(other, &mut map)?,
            }
        }
        Ok(raw)
    }
}
