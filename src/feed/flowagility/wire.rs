//! FlowAgility's messages exactly as sent; the protocol calls every revision so far 1.0.0.
//!
//! ```json
//! {"event_name": "RSCE Pawer", "ring_name": "1", "timestamp": "2022-09-05 00:34:25",
//!  "run": {"name": "G3 / S", "type": "JP", "trial_name": "RSCE 4 Septiembre ",
//!          "playset": {"id": "yyyyyyyy-…", "dorsal": "41", "handler": "Anna Nogues Lopez",
//!                      "status_string": "running", "faults": "0", "refusals": "1",
//!                      "disqualification": "", "classification": "", "time": "", …},
//!          "results_best": [], "results_combined": []},
//!  "run_ready": ""}
//! {"error": "Runs are not ready yet"}
//! ```
//!
//! Nothing is interpreted here. Fields come and go between revisions, so none is required and those
//! that nobody knows are kept in `extra`.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

use crate::event::Extra;

/// Bytes of one text. The longest real ones are names of events, of about 100 bytes.
const MAX_TEXT_BYTES: usize = 4_096;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Message {
    pub error: Text,
    pub event_name: Text,
    pub ring_name: Text,
    /// Where a dog is on course, or was last.
    pub run: Slot,
    /// Where the next dog waits.
    pub run_ready: Slot,
    /// UTC, whole seconds: `2022-09-05 00:34:25`.
    pub timestamp: Text,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `run` or `run_ready`: an object, or `""` for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Slot {
    #[default]
    Missing,
    Empty,
    Run(Box<Run>),
}

impl Slot {
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    pub fn into_run(self) -> Option<Run> {
        match self {
            Self::Run(run) => Some(*run),
            Self::Missing | Self::Empty => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Run {
    pub name: Text,
    pub trial_name: Text,
    /// `AG` or `JP`.
    #[serde(rename = "type")]
    pub run_type: Text,
    #[serde(flatten)]
    pub course: Course,
    #[serde(deserialize_with = "object_or_nothing")]
    pub playset: Option<Playset>,
    #[serde(deserialize_with = "list_or_nothing")]
    pub results_best: Vec<Playset>,
    #[serde(deserialize_with = "list_or_nothing")]
    pub results_combined: Vec<Combined>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// Later revisions send these beside the run's names or beside the dog's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Course {
    pub judge_name: Text,
    pub length: Text,
    pub obstacles: Text,
    pub standard_time: Text,
    pub maximum_time: Text,
}

/// One dog in one run, in `run`, `run_ready` and `results_best` alike.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Playset {
    pub id: Text,
    #[serde(flatten)]
    pub pair: Pair,
    #[serde(flatten)]
    pub course: Course,
    pub start_order: Text,
    /// `pending`, `ready`, `running` or `calculated`.
    pub status_string: Text,
    pub faults: Text,
    pub refusals: Text,
    /// `elim` or nothing.
    pub disqualification: Text,
    /// `EXC_0`, `V_GOOD`, `DISQ (T)`, …
    pub qualification: Text,
    pub classification: Text,
    /// Seconds with two or three decimals.
    pub time: Text,
    /// `true` or `false`.
    pub time_marker: Text,
    /// `8.49 m/s`.
    pub speed: Text,
    /// Seconds with two or three decimals.
    pub total_penalization: Text,
    #[serde(flatten)]
    pub extra: Extra,
}

/// A pair's place over brother runs. Its `id` is not a playset's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Combined {
    pub id: Text,
    #[serde(flatten)]
    pub pair: Pair,
    pub classification: Text,
    pub time: Text,
    pub total_penalization: Text,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pair {
    pub dorsal: Text,
    pub handler: Text,
    pub club: Text,
    pub country: Text,
    pub team_name: Text,
    pub dog_family_name: Text,
    pub dog_studbook_name: Text,
    pub dog_breed: Text,
    pub dog_gender: Text,
    /// `6 years`, `8 months`.
    pub dog_age: Text,
    /// Centimetres.
    pub dog_height: Text,
}

/// A scalar. The protocol sends all of them as strings, with `""` for nothing; numbers, booleans
/// and null are taken the same way. A number keeps its shortest form (`15.00` without quotes reads
/// `15.0`), and what is no scalar at all keeps its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Option<String>);

impl Text {
    /// None for `""`, never empty.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub fn into_option(self) -> Option<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::Null => return Ok(Self(None)),
            Value::String(text) => text,
            other => other.to_string(),
        };
        match text.len() {
            0 => Ok(Self(None)),
            1..=MAX_TEXT_BYTES => Ok(Self(Some(text))),
            bytes => Err(Error::custom(format_args!("a text of {bytes} bytes"))),
        }
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let run = object_or_nothing(deserializer)?;
        Ok(run.map_or(Self::Empty, |run| Self::Run(Box::new(run))))
    }
}

/// An object, or `""` or null for none.
fn object_or_nothing<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        nothing if is_nothing(&nothing) => Ok(None),
        object @ Value::Object(_) => T::deserialize(object).map(Some).map_err(Error::custom),
        other => Err(unexpected(&other, "an object")),
    }
}

/// An array of objects, or `""` or null for an empty one.
fn list_or_nothing<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        nothing if is_nothing(&nothing) => Ok(Vec::new()),
        Value::Array(entries) => entries
            .into_iter()
            .map(|entry| match entry {
                object @ Value::Object(_) => T::deserialize(object).map_err(Error::custom),
                other => Err(unexpected(&other, "an object")),
            })
            .collect(),
        other => Err(unexpected(&other, "an array")),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Says what it was instead without saying what was in it: that can be long, or a person's name.
fn unexpected<E: Error>(value: &Value, wanted: &str) -> E {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    E::custom(format_args!("{kind} where {wanted} belongs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playset(json: &str) -> Playset {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn text_reads_every_scalar() {
        let read = playset(
            r#"{"id":"x","faults":2,"time":28.78,"refusals":null,"time_marker":true,"speed":"",
                "dog_age":" ","start_order":-1}"#,
        );
        assert_eq!(read.id.get(), Some("x"));
        assert_eq!(read.faults.get(), Some("2"));
        assert_eq!(read.time.get(), Some("28.78"));
        assert_eq!(read.refusals.get(), None);
        assert_eq!(read.time_marker.get(), Some("true"));
        assert_eq!(read.speed.get(), None);
        assert_eq!(read.pair.dog_age.get(), Some(" "));
        assert_eq!(read.start_order.get(), Some("-1"));
        assert_eq!(read.classification, Text(None));
        assert!(read.extra.is_empty());
    }

    #[test]
    fn text_keeps_its_json_when_it_is_no_scalar() {
        let read = playset(r#"{"handler":{"first":"Anna"},"club":[]}"#);
        assert_eq!(read.pair.handler.get(), Some(r#"{"first":"Anna"}"#));
        assert_eq!(read.pair.club.get(), Some("[]"));
    }

    #[test]
    fn text_is_an_error_when_it_is_huge() {
        let longest = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(playset(&format!(r#"{{"id":"{longest}"}}"#)).id.get(), Some(&*longest));
        let error = serde_json::from_str::<Playset>(&format!(r#"{{"id":"{longest}x"}}"#));
        assert!(error.unwrap_err().to_string().starts_with("a text of 4097 bytes at line 1"));
    }

    #[test]
    fn unknown_keys_stay_where_they_were_sent() {
        let message: Message = serde_json::from_str(
            r#"{"a":1,"run":{"b":[2],"judge_name":"J","length":"210",
                "playset":{"c":null,"team_name":"T","obstacles":20},
                "results_best":[{"d":{"e":5}}],"results_combined":[{"f":"6"}]}}"#,
        )
        .unwrap();
        let extra = |json: &str| serde_json::from_str::<Extra>(json).unwrap();
        assert_eq!(message.extra, extra(r#"{"a":1}"#));
        let run = message.run.into_run().unwrap();
        assert_eq!(run.extra, extra(r#"{"b":[2]}"#));
        assert_eq!(run.course.judge_name.get(), Some("J"));
        assert_eq!(run.course.length.get(), Some("210"));
        let playset = run.playset.unwrap();
        assert_eq!(playset.extra, extra(r#"{"c":null}"#));
        assert_eq!(playset.pair.team_name.get(), Some("T"));
        assert_eq!(playset.course.obstacles.get(), Some("20"));
        assert_eq!(run.results_best[0].extra, extra(r#"{"d":{"e":5}}"#));
        assert_eq!(run.results_combined[0].extra, extra(r#"{"f":"6"}"#));
    }

    #[test]
    fn slot_tells_missing_from_empty() {
        let slot = |json: &str| serde_json::from_str::<Message>(json).unwrap().run;
        assert_eq!(slot("{}"), Slot::Missing);
        assert_eq!(slot(r#"{"run":""}"#), Slot::Empty);
        assert_eq!(slot(r#"{"run":null}"#), Slot::Empty);
        assert_eq!(slot(r#"{"run":{}}"#), Slot::Run(Box::default()));
    }

    #[test]
    fn lists_and_playset_may_be_nothing() {
        for nothing in ["null", "\"\""] {
            let run: Run = serde_json::from_str(&format!(
                r#"{{"playset":{nothing},"results_best":{nothing},"results_combined":{nothing}}}"#
            ))
            .unwrap();
            assert_eq!(run, Run::default());
        }
    }

    #[test]
    fn structure_that_is_none_is_an_error_that_echoes_nothing() {
        for (json, problem) in [
            (r#"{"run":"Anna"}"#, "a string where an object belongs"),
            (r#"{"run":[]}"#, "an array where an object belongs"),
            (r#"{"run":{"playset":7}}"#, "a number where an object belongs"),
            (r#"{"run":{"results_best":{}}}"#, "an object where an array belongs"),
            (r#"{"run":{"results_best":[null]}}"#, "null where an object belongs"),
            (r#"{"run":{"results_combined":[true]}}"#, "a boolean where an object belongs"),
        ] {
            let error = serde_json::from_str::<Message>(json).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{problem} at line 1")), "{json}: {error}");
        }
    }
}
