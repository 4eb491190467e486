//! The same frames into structs with the same fields, as anybody would write them: derived, texts
//! borrowed, nothing checked, nothing kept.

use std::{borrow::Cow, fmt, hint::black_box};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::samples::Sample;

/// All frames of a sample, one after the other.
pub fn read(sample: &Sample) {
    for (_, payload) in &sample.frames {
        if sample.kind == ringside::feed::bmi::KIND {
            black_box(serde_json::from_str::<Heat<'_>>(payload).expect("a heat"));
        } else {
            black_box(serde_json::from_str::<Message<'_>>(payload).expect("a message"));
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Heat<'a> {
    #[serde(rename = "T")]
    start_unix: i64,
    #[serde(rename = "N", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "S")]
    state: i64,
    #[serde(rename = "E")]
    end_condition: i64,
    #[serde(rename = "R")]
    race_mode: i64,
    #[serde(rename = "C")]
    clock_ms: i64,
    #[serde(rename = "CS")]
    clock_started: u8,
    #[serde(rename = "CE")]
    clock_enabled: u8,
    #[serde(rename = "L")]
    remaining_laps: i32,
    #[serde(rename = "EM")]
    end_mode: i32,
    #[serde(rename = "D")]
    drivers: Vec<Driver<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Driver<'a> {
    #[serde(rename = "D")]
    id: i64,
    #[serde(rename = "N", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "K")]
    kart: &'a str,
    #[serde(rename = "M")]
    web_member_id: i64,
    #[serde(rename = "P")]
    position: i32,
    #[serde(rename = "L")]
    laps: i32,
    #[serde(rename = "T")]
    last_ms: i32,
    #[serde(rename = "A")]
    average_ms: i32,
    #[serde(rename = "B")]
    best_ms: i32,
    #[serde(rename = "G")]
    gap: &'a str,
    #[serde(rename = "LP")]
    last_passing: u8,
    #[serde(rename = "R")]
    last_record: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    error: &'a str,
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow)]
    ring_name: Cow<'a, str>,
    #[serde(borrow)]
    run: Slot<'a>,
    #[serde(borrow)]
    run_ready: Slot<'a>,
    timestamp: &'a str,
}

/// An object, or `""`.
#[derive(Default)]
#[expect(dead_code, reason = "read, and never asked for")]
struct Slot<'a>(Option<Box<Run<'a>>>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Run<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    trial_name: Cow<'a, str>,
    #[serde(rename = "type")]
    run_type: &'a str,
    #[serde(borrow)]
    judge_name: Cow<'a, str>,
    length: &'a str,
    obstacles: &'a str,
    standard_time: &'a str,
    maximum_time: &'a str,
    #[serde(borrow)]
    playset: Playset<'a>,
    results_best: Vec<Playset<'a>>,
    results_combined: Vec<Playset<'a>>,
}

/// Of a combined result the half stays empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Playset<'a> {
    id: &'a str,
    dorsal: &'a str,
    #[serde(borrow)]
    handler: Cow<'a, str>,
    #[serde(borrow)]
    club: Cow<'a, str>,
    country: &'a str,
    #[serde(borrow)]
    team_name: Cow<'a, str>,
    #[serde(borrow)]
    dog_family_name: Cow<'a, str>,
    #[serde(borrow)]
    dog_studbook_name: Cow<'a, str>,
    #[serde(borrow)]
    dog_breed: Cow<'a, str>,
    dog_gender: &'a str,
    dog_age: &'a str,
    dog_height: &'a str,
    #[serde(borrow)]
    judge_name: Cow<'a, str>,
    length: &'a str,
    obstacles: &'a str,
    standard_time: &'a str,
    maximum_time: &'a str,
    start_order: &'a str,
    status_string: &'a str,
    faults: &'a str,
    refusals: &'a str,
    disqualification: &'a str,
    qualification: &'a str,
    classification: &'a str,
    time: &'a str,
    time_marker: &'a str,
    speed: &'a str,
    total_penalization: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Slot<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor)
    }
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run or nothing")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Slot(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let run = Run::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Slot(Some(Box::new(run))))
    }
}
