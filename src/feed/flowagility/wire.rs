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

use serde::Deserialize;

use crate::event::Extra;

use super::{
    part::{List, Object, Texts, keys},
    text::Text,
};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub error: Text<'a>,
    #[serde(borrow)]
    pub event_name: Text<'a>,
    #[serde(borrow)]
    pub ring_name: Text<'a>,
    /// Where a dog is on course, or was last.
    #[serde(borrow)]
    pub run: Slot<'a>,
    /// Where the next dog waits.
    #[serde(borrow)]
    pub run_ready: Slot<'a>,
    /// UTC, whole seconds: `2022-09-05 00:34:25`.
    #[serde(borrow)]
    pub timestamp: Text<'a>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// `run` or `run_ready`: an object, or `""` for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Slot<'a> {
    #[default]
    Missing,
    Empty,
    Run(Box<Run<'a>>),
}

impl<'a> Texts<'a> for Message<'a> {
    fn text_mut(&mut self, key: &str) -> Option<&mut Text<'a>> {
        match key {
            "error" => Some(&mut self.error),
            "event_name" => Some(&mut self.event_name),
            "ring_name" => Some(&mut self.ring_name),
            "timestamp" => Some(&mut self.timestamp),
            _ => None,
        }
    }
}

impl<'a> Slot<'a> {
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    pub fn into_run(self) -> Option<Box<Run<'a>>> {
        match self {
            Self::Run(run) => Some(run),
            Self::Missing | Self::Empty => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Slot<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(run) = Object::deserialize(deserializer)?;
        Ok(run.map_or(Self::Empty, |run| Self::Run(Box::new(run))))
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run<'a> {
    pub name: Text<'a>,
    pub trial_name: Text<'a>,
    /// `AG` or `JP`.
    pub run_type: Text<'a>,
    pub course: Course<'a>,
    pub playset: Option<Playset<'a>>,
    pub results_best: Vec<Playset<'a>>,
    pub results_combined: Vec<Combined<'a>>,
    pub extra: Extra,
}

/// Later revisions send these beside the run's names or beside the dog's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course<'a> {
    pub judge_name: Text<'a>,
    pub length: Text<'a>,
    pub obstacles: Text<'a>,
    pub standard_time: Text<'a>,
    pub maximum_time: Text<'a>,
}

/// One dog in one run, in `run`, `run_ready` and `results_best` alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playset<'a> {
    pub id: Text<'a>,
    pub pair: Pair<'a>,
    pub course: Course<'a>,
    pub start_order: Text<'a>,
    /// `pending`, `ready`, `running` or `calculated`.
    pub status_string: Text<'a>,
    pub faults: Text<'a>,
    pub refusals: Text<'a>,
    /// `elim` or nothing.
    pub disqualification: Text<'a>,
    /// `EXC_0`, `V_GOOD`, `DISQ (T)`, …
    pub qualification: Text<'a>,
    pub classification: Text<'a>,
    /// Seconds with two or three decimals.
    pub time: Text<'a>,
    /// `true` or `false`.
    pub time_marker: Text<'a>,
    /// `8.49 m/s`.
    pub speed: Text<'a>,
    /// Seconds with two or three decimals.
    pub total_penalization: Text<'a>,
    pub extra: Extra,
}

/// A pair's place over brother runs. Its `id` is not a playset's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combined<'a> {
    pub id: Text<'a>,
    pub pair: Pair<'a>,
    pub classification: Text<'a>,
    pub time: Text<'a>,
    pub total_penalization: Text<'a>,
    pub extra: Extra,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair<'a> {
    pub dorsal: Text<'a>,
    pub handler: Text<'a>,
    pub club: Text<'a>,
    pub country: Text<'a>,
    pub team_name: Text<'a>,
    pub dog_family_name: Text<'a>,
    pub dog_studbook_name: Text<'a>,
    pub dog_breed: Text<'a>,
    pub dog_gender: Text<'a>,
    /// `6 years`, `8 months`.
    pub dog_age: Text<'a>,
    /// Centimetres.
    pub dog_height: Text<'a>,
}

keys! { Run {
    "name" => name,
    "trial_name" => trial_name,
    "type" => run_type,
    "judge_name" => course.judge_name,
    "length" => course.length,
    "obstacles" => course.obstacles,
    "standard_time" => course.standard_time,
    "maximum_time" => course.maximum_time,
} {
    "playset" => playset: Object,
    "results_best" => results_best: List,
    "results_combined" => results_combined: List,
}}

keys! { Playset {
    "dorsal" => pair.dorsal,
    "handler" => pair.handler,
    "club" => pair.club,
    "country" => pair.country,
    "team_name" => pair.team_name,
    "dog_family_name" => pair.dog_family_name,
    "dog_studbook_name" => pair.dog_studbook_name,
    "dog_breed" => pair.dog_breed,
    "dog_gender" => pair.dog_gender,
    "dog_age" => pair.dog_age,
    "dog_height" => pair.dog_height,
    "judge_name" => course.judge_name,
    "length" => course.length,
    "obstacles" => course.obstacles,
    "standard_time" => course.standard_time,
    "maximum_time" => course.maximum_time,
    "id" => id,
    "start_order" => start_order,
    "status_string" => status_string,
    "faults" => faults,
    "refusals" => refusals,
    "disqualification" => disqualification,
    "qualification" => qualification,
    "classification" => classification,
    "time" => time,
    "time_marker" => time_marker,
    "speed" => speed,
    "total_penalization" => total_penalization,
} {}}

keys! { Combined {
    "dorsal" => pair.dorsal,
    "handler" => pair.handler,
    "club" => pair.club,
    "country" => pair.country,
    "team_name" => pair.team_name,
    "dog_family_name" => pair.dog_family_name,
    "dog_studbook_name" => pair.dog_studbook_name,
    "dog_breed" => pair.dog_breed,
    "dog_gender" => pair.dog_gender,
    "dog_age" => pair.dog_age,
    "dog_height" => pair.dog_height,
    "id" => id,
    "classification" => classification,
    "time" => time,
    "total_penalization" => total_penalization,
} {}}

#[cfg(test)]
mod tests {
    use super::{super::text::MAX_TEXT_BYTES, *};

    fn playset(json: &str) -> Playset<'_> {
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
        assert_eq!(read.classification, Text::default());
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
        let fits = format!(r#"{{"id":"{longest}"}}"#);
        assert_eq!(playset(&fits).id.get(), Some(&*longest));
        let too_long = format!(r#"{{"id":"{longest}x"}}"#);
        let error = serde_json::from_str::<Playset>(&too_long);
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
        let slot = |json: &'static str| serde_json::from_str::<Message>(json).unwrap().run;
        assert_eq!(slot("{}"), Slot::Missing);
        assert_eq!(slot(r#"{"run":""}"#), Slot::Empty);
        assert_eq!(slot(r#"{"run":null}"#), Slot::Empty);
        assert_eq!(slot(r#"{"run":{}}"#), Slot::Run(Box::default()));
    }

    #[test]
    fn lists_and_playset_may_be_nothing() {
        for nothing in ["null", "\"\""] {
            let json = format!(
                r#"{{"playset":{nothing},"results_best":{nothing},"results_combined":{nothing}}}"#
            );
            let run: Run = serde_json::from_str(&json).unwrap();
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
