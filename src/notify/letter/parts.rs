//! What a letter is made of, as it is sent.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal with exactly the digits that are stored; null for what JSON has no number for.
pub(super) struct Exact<'a>(pub &'a str);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = self.0.parse::<f64>().is_ok_and(f64::is_finite);
        match RawValue::from_string(self.0.to_owned()) {
            Ok(digits) if number => digits.serialize(serializer),
            _ => serializer.serialize_none(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Test<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub at: String,
    pub text: &'a str,
}

/// All kinds of notices; each has those of the parts after `feed` that belong to it.
#[derive(Default, Serialize)]
pub(super) struct Letterhead<'a> {
    pub kind: &'static str,
    pub at: String,
    pub text: &'a str,
    pub feed: Option<Feed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat: Option<Heat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Vec<Row<'a>>>,
    /// None within where no lap counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Option<BestLap<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Record<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bests: Option<Vec<Bettered<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub podium: Option<Vec<Dog<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection<'a>>,
}

#[derive(Serialize)]
pub(super) struct Feed<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub venue: &'a str,
    pub name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Heat<'a> {
    pub id: i64,
    pub name: &'a str,
    pub race_mode: &'a str,
    pub started_at: Option<String>,
    pub finished_at: String,
    pub drivers: i64,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub position: i32,
    pub name: String,
    pub kart: &'a str,
    pub laps: i32,
    pub best_lap_ms: Option<i32>,
    pub gap: &'a str,
}

#[derive(Serialize)]
pub(super) struct BestLap<'a> {
    pub name: String,
    pub kart: &'a str,
    pub lap: i32,
    pub lap_ms: i32,
    pub at: String,
}

#[derive(Serialize)]
pub(super) struct Record<'a> {
    pub class: Option<&'a String>,
    pub name: String,
    pub kart: &'a str,
    pub lap: i32,
    pub lap_ms: i32,
    pub at: String,
    pub broken: Vec<Broken<'a>>,
}

#[derive(Serialize)]
pub(super) struct Broken<'a> {
    pub period: &'a str,
    pub name: String,
    pub kart: &'a str,
    pub lap_ms: i32,
    pub at: String,
}

#[derive(Serialize)]
pub(super) struct Bettered<'a> {
    pub name: String,
    pub kart: &'a str,
    pub lap_ms: i32,
    pub at: String,
    pub before_ms: i32,
    pub before_at: String,
}

#[derive(Serialize)]
pub(super) struct Run<'a> {
    pub id: i64,
    pub event_name: &'a str,
    pub ring_name: &'a str,
    pub trial_name: &'a str,
    pub name: &'a str,
    #[serde(rename = "type")]
    pub kind: &'a str,
}

#[derive(Serialize)]
pub(super) struct Tally {
    pub dogs: usize,
    pub eliminated: usize,
}

#[derive(Serialize)]
pub(super) struct Turn<'a> {
    pub dogs_before: usize,
    pub dog: Dog<'a>,
}

#[derive(Serialize)]
pub(super) struct Dog<'a> {
    pub classification: Option<i32>,
    pub dorsal: Option<&'a str>,
    pub start_order: Option<i32>,
    pub handler: Option<String>,
    pub dog: Option<&'a str>,
    pub faults: Option<i32>,
    pub refusals: Option<i32>,
    pub time_s: Option<Exact<'a>>,
    pub total_penalization: Option<Exact<'a>>,
}

#[derive(Serialize)]
pub(super) struct Connection<'a> {
    pub generation: Option<i64>,
    pub since: String,
    pub reason: Option<&'a str>,
}
