//! Frames exactly as sent, checked for what would corrupt a table.
//!
//! ```json
//! {"T":1661694000,"CE":0,"CS":0,"D":[{"LP":0,"A":0,"B":0,"K":"4","G":"","D":9313020,"L":0,"T":0,
//!  "R":5,"N":"A","P":1,"M":0}],"EM":0,"C":720000,"N":"[HEAT] 19 - Heat","E":1,"R":1,"L":0,"S":1}
//! ```
//! or `{}`, when the venue has no heat loaded. Identities and lap counts must be right, or the
//! frame is refused; any other field that can't be read counts as absent and is named in `unknown`.
//!
//! `raw.rs` reads what is there, this file judges it. A driver's line that is known from the frame
//! before, byte for byte, was judged then.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    event::{Extra, karting::Code},
    feed::DecodeError,
};

use super::{
    codes,
    last::{KnownTable, TableLine},
    raw::{RawDriver, RawFrame},
    scalar::Scalar,
};

/// The largest public heats have some 30 karts; no venue runs hundreds at a time.
pub const MAX_DRIVERS: usize = 500;
/// A day of endurance racing on a track of ten seconds is below it.
const MAX_LAPS: i32 = 10_000;
/// Heat and driver names are typed by people; the longest seen have 40 bytes.
const MAX_NAME_BYTES: usize = 300;
/// Kart numbers and gaps have at most ten bytes.
const MAX_SHORT_BYTES: usize = 60;
/// The end of the year 9999, the last that every database and language agrees to show.
pub const MAX_START_UNIX: i64 = 253_402_300_799;
/// Names in one frame's `unknown`.
const MAX_NOTES: usize = 32;
/// serde's messages repeat the offending text, which may be as long as the frame.
const MAX_REASON_CHARS: usize = 200;

#[derive(Debug, PartialEq)]
pub enum Message<'a> {
    /// `{}`
    Cleared,
    Heat(HeatFrame<'a>),
}

/// One snapshot of a heat. Codes are as sent, none where absent or unreadable.
#[derive(Debug, PartialEq)]
pub struct HeatFrame<'a> {
    /// `T`, unix seconds of the scheduled start.
    pub start_unix: i64,
    /// `N`, as sent, often with a space at its end.
    pub name: Cow<'a, str>,
    /// `S`
    pub state: Option<i64>,
    /// `E`
    pub end_condition: Option<i64>,
    /// `R`
    pub race_mode: Option<i64>,
    /// `C`
    pub clock_ms: i64,
    /// `CS`
    pub clock_started: bool,
    /// `CE`
    pub clock_enabled: bool,
    /// `L`
    pub remaining_laps: i32,
    /// `EM`
    pub end_mode: i32,
    /// `D`, sorted by position; every driver id is there once.
    pub table: Vec<TableLine>,
    /// Its lines that are not known from the frame before.
    pub drivers: Vec<DriverLine<'a>>,
    pub extra: Extra,
    pub unknown: Notes,
}

/// One driver's line of a [`HeatFrame`]. Times are in ms, none where sent as 0.
#[derive(Debug, PartialEq)]
pub struct DriverLine<'a> {
    /// `D`
    pub driver_id: i64,
    /// `N`
    pub name: Cow<'a, str>,
    /// `K`
    pub kart: Cow<'a, str>,
    /// `M`
    pub web_member_id: i64,
    /// `P`; where it is absent, the place in the list.
    pub position: i32,
    /// `L`, never negative.
    pub laps: i32,
    /// `T`
    pub last_ms: Option<i32>,
    /// `A`
    pub average_ms: Option<i32>,
    /// `B`
    pub best_ms: Option<i32>,
    /// `G`
    pub gap: Cow<'a, str>,
    /// `LP`
    pub last_passing: bool,
    /// `R`
    pub last_record: Option<i64>,
    pub extra: Extra,
}

/// Reads one whole frame, but for the lines that are in `known` at the same place.
///
/// # Errors
/// `Json` when it is not JSON or neither `{}` nor a heat; `Implausible` when a number or text in it
/// can't be true.
pub fn read<'a>(payload: &'a str, known: KnownTable<'_>) -> Result<Message<'a>, DecodeError> {
    parse::<RawFrame<'_>>(payload)?.check(payload, known)
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(json).map_err(|error| {
        DecodeError::Json(error.to_string().chars().take(MAX_REASON_CHARS).collect())
    })
}

/// Names of fields, codes and values that no known revision has, each once.
#[derive(Debug, Default, PartialEq)]
pub struct Notes(Vec<String>);

impl Notes {
    pub fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        if self.0.len() < MAX_NOTES && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Names a code whose word says that nobody knows it.
    pub fn code(&mut self, key: &str, code: Option<i64>, word: &Code) {
        if let Some(code) = code.filter(|_| codes::is_unknown(word)) {
            self.add(format!("{key}={code}"));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_names(self) -> Vec<String> {
        self.0
    }

    /// A number that the frame can do without; also where it is no number.
    fn whole(&mut self, key: &str, value: Option<Scalar<'_>>) -> Option<i64> {
        value?.whole().unwrap_or_else(|looks| {
            self.add(format!("{key}={looks}"));
            None
        })
    }

    /// A number for a column of 32 bits that the frame can do without.
    fn small(&mut self, key: &str, value: Option<Scalar<'_>>) -> Result<Option<i32>, DecodeError> {
        self.whole(key, value).map(|number| narrow(key, number)).transpose()
    }

    /// A time in ms: 0 means none, and so must a negative one.
    fn time(&mut self, key: &str, value: Option<Scalar<'_>>) -> Result<Option<i32>, DecodeError> {
        let time = self.small(key, value)?;
        if let Some(negative) = time.filter(|ms| *ms < 0) {
            self.add(format!("{key}={negative}"));
        }
        Ok(time.filter(|ms| *ms > 0))
    }

    fn flag(&mut self, key: &str, value: Option<Scalar<'_>>) -> bool {
        let flag = self.whole(key, value).unwrap_or(0);
        if !matches!(flag, 0 | 1) {
            self.add(format!("{key}={flag}"));
        }
        flag != 0
    }

    fn text<'a>(
        &mut self,
        key: &str,
        value: Option<Scalar<'a>>,
        max_bytes: usize,
    ) -> Result<Cow<'a, str>, DecodeError> {
        let text = value.unwrap_or(Scalar::Absent).text().unwrap_or_else(|looks| {
            self.add(format!("{key}={looks}"));
            Cow::Borrowed("")
        });
        if text.len() > max_bytes {
            let bytes = text.len();
            return Err(implausible(format!("{key} has {bytes} bytes, more than {max_bytes}")));
        }
        Ok(text)
    }
}

/// A number that the frame can't do without.
fn required(key: &str, value: Option<Scalar<'_>>) -> Result<i64, DecodeError> {
    match value.map(Scalar::whole) {
        Some(Ok(Some(number))) => Ok(number),
        Some(Ok(None)) | None => Err(implausible(format!("{key} is missing"))),
        Some(Err(looks)) => Err(implausible(format!("{key} is no whole number: {looks}"))),
    }
}

fn narrow(key: &str, number: i64) -> Result<i32, DecodeError> {
    i32::try_from(number).map_err(|_| implausible(format!("{key} is out of range: {number}")))
}

fn implausible(reason: String) -> DecodeError {
    DecodeError::Implausible(reason)
}

impl<'a> RawFrame<'a> {
    fn check(self, payload: &str, known: KnownTable<'_>) -> Result<Message<'a>, DecodeError> {
        if self.empty {
            return Ok(Message::Cleared);
        }
        let (Some(start), Some(name), Some(drivers)) = (self.start, self.name, self.drivers) else {
            return Err(DecodeError::Json("neither {} nor a heat with T, N and D".to_owned()));
        };
        if drivers.count > MAX_DRIVERS {
            let count = drivers.count;
            return Err(implausible(format!("D has {count} drivers, more than {MAX_DRIVERS}")));
        }
        let start_unix = required("T", Some(start))?;
        if !(0..=MAX_START_UNIX).contains(&start_unix) {
            return Err(implausible(format!("T is out of range: {start_unix}")));
        }
        let mut notes = Notes::default();
        for key in self.unnamed.keys {
            notes.add(key);
        }
        let mut heat = HeatFrame {
            start_unix,
            name: notes.text("N", Some(name), MAX_NAME_BYTES)?,
            state: notes.whole("S", self.state),
            end_condition: notes.whole("E", self.end_condition),
            race_mode: notes.whole("R", self.race_mode),
            clock_ms: notes.whole("C", self.clock).unwrap_or(0),
            clock_started: notes.flag("CS", self.clock_started),
            clock_enabled: notes.flag("CE", self.clock_enabled),
            remaining_laps: notes.small("L", self.remaining_laps)?.unwrap_or(0),
            end_mode: notes.small("EM", self.end_mode)?.unwrap_or(0),
            table: Vec::with_capacity(drivers.lines.len()),
            drivers: Vec::new(),
            extra: self.unnamed.extra,
            unknown: notes,
        };
        for line in drivers.lines {
            heat.check_line(line, payload, known)?;
        }
        Ok(Message::Heat(heat))
    }
}

impl<'a> HeatFrame<'a> {
    fn check_line(
        &mut self,
        raw: &'a RawValue,
        payload: &str,
        known: KnownTable<'_>,
    ) -> Result<(), DecodeError> {
        let index = self.table.len();
        let driver_id = match known.driver_at(index, raw.get()) {
            Some(driver_id) => driver_id,
            None => {
                // The first place is 1, and there are MAX_DRIVERS at most.
                let line = parse::<RawDriver<'_>>(raw.get())?
                    .check(index as i32 + 1, &mut self.unknown)?;
                let driver_id = line.driver_id;
                self.drivers.push(line);
                driver_id
            }
        };
        if self.table.iter().any(|line| line.driver_id == driver_id) {
            return Err(implausible(format!("driver {driver_id} is there twice")));
        }
        self.table.push(TableLine::new(driver_id, raw.get(), payload));
        Ok(())
    }
}

impl<'a> RawDriver<'a> {
    fn check(self, place: i32, notes: &mut Notes) -> Result<DriverLine<'a>, DecodeError> {
        for key in self.unnamed.keys {
            notes.add(format!("D.{key}"));
        }
        let laps = narrow("D.L", required("D.L", self.laps)?)?;
        if !(0..=MAX_LAPS).contains(&laps) {
            return Err(implausible(format!("D.L is out of range: {laps}")));
        }
        Ok(DriverLine {
            driver_id: required("D.D", self.id)?,
            name: notes.text("D.N", self.name, MAX_NAME_BYTES)?,
            kart: notes.text("D.K", self.kart, MAX_SHORT_BYTES)?,
            web_member_id: notes.whole("D.M", self.web_member).unwrap_or(0),
            position: notes.small("D.P", self.position)?.unwrap_or(place),
            laps,
            last_ms: notes.time("D.T", self.last)?,
            average_ms: notes.time("D.A", self.average)?,
            best_ms: notes.time("D.B", self.best)?,
            gap: notes.text("D.G", self.gap, MAX_SHORT_BYTES)?,
            last_passing: notes.flag("D.LP", self.last_passing),
            last_record: notes.whole("D.R", self.last_record),
            extra: self.unnamed.extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(payload: &str) -> Result<Message<'_>, DecodeError> {
        super::read(payload, KnownTable::default())
    }

    const SEED: &str = include_str!("../../../tests/fixtures/bmi/seed.json");
    const BEFORE_START: &str = include_str!("../../../tests/fixtures/bmi/before_start_timed.json");
    const BY_LAPS: &str = include_str!("../../../tests/fixtures/bmi/running_by_laps.json");
    const FINISHED: &str = include_str!("../../../tests/fixtures/bmi/finished_timed.json");

    fn heat(payload: &str) -> HeatFrame<'_> {
        match read(payload) {
            Ok(Message::Heat(heat)) => heat,
            other => panic!("no heat: {other:?}"),
        }
    }

    fn refusal(payload: &str) -> String {
        read(payload).unwrap_err().to_string()
    }

    /// A heat with one driver, whose fields are `driver`.
    fn with_driver(driver: &str) -> String {
        format!(r#"{{"T":300,"N":"Heat","S":1,"D":[{driver}]}}"#)
    }

    #[test]
    fn wire_reads_every_field_of_a_running_heat() {
        let heat = heat(SEED);
        assert_eq!((heat.start_unix, &*heat.name), (1_708_452_000, "[HEAT] 33 - Carrera XL "));
        assert_eq!((heat.state, heat.end_condition, heat.race_mode), (Some(1), Some(1), Some(1)));
        assert_eq!((heat.clock_ms, heat.clock_started, heat.clock_enabled), (410_909, true, true));
        assert_eq!((heat.remaining_laps, heat.end_mode, heat.drivers.len()), (0, 0, 5));
        assert_eq!(
            heat.drivers[1],
            DriverLine {
                driver_id: 3_591_175,
                name: "lei√±o".into(),
                kart: "14".into(),
                web_member_id: 0,
                position: 2,
                laps: 11,
                last_ms: Some(40_548),
                average_ms: Some(40_565),
                best_ms: Some(37_578),
                gap: "00.998".into(),
                last_passing: false,
                last_record: Some(5),
                extra: Extra::new(),
            }
        );
        assert!(heat.extra.is_empty() && heat.unknown == Notes::default());
    }

    #[test]
    fn wire_reads_the_documented_samples() {
        let before = heat(BEFORE_START);
        assert_eq!(
            (before.clock_ms, before.clock_started, before.state),
            (720_000, false, Some(1))
        );
        let driver = &before.drivers[0];
        assert_eq!((driver.laps, driver.last_ms, driver.average_ms), (0, None, None));
        assert_eq!(driver.best_ms, None);

        let by_laps = heat(BY_LAPS);
        assert_eq!((by_laps.end_condition, by_laps.remaining_laps), (Some(2), 5));
        assert_eq!((&*by_laps.drivers[0].name, &*by_laps.drivers[1].gap), ("Мишаня", "+01.265"));

        let finished = heat(FINISHED);
        assert_eq!((finished.state, finished.clock_ms, finished.drivers[0].laps), (Some(4), 0, 6));
    }

    #[test]
    fn wire_tells_a_cleared_track_from_an_object_that_is_no_heat() {
        assert_eq!(read("{}"), Ok(Message::Cleared));
        assert_eq!(read(" { }\n"), Ok(Message::Cleared));
        for payload in [r#"{"X":1}"#, r#"{"T":1,"N":"a"}"#, r#"{"$type":"BcRace","Drivers":[]}"#] {
            assert_eq!(
                refusal(payload),
                "not the JSON of this protocol: neither {} nor a heat with T, N and D"
            );
        }
    }

    #[test]
    fn wire_refuses_what_is_no_object() {
        for payload in ["", " ", "x", "[]", "null", "7", "\"\"", "{} {}", "{", "{\"T\":1,", "{]"] {
            assert!(matches!(read(payload), Err(DecodeError::Json(_))), "{payload}");
        }
    }

    #[test]
    fn wire_keeps_its_reasons_short() {
        let payload = format!("\"{}\"", "x".repeat(100_000));
        assert!(refusal(&payload).len() < 300);
    }

    #[test]
    fn wire_reads_harmless_variations() {
        let payload = with_driver(
            r#"{"D":"9","L":"2","K":7,"P":"3","T":"60000","A":60500.0,"B":null,"LP":true,"N":null}"#,
        );
        let heat = heat(&payload);
        let driver = &heat.drivers[0];
        assert_eq!((driver.driver_id, driver.laps, &*driver.kart), (9, 2, "7"));
        assert_eq!(
            (driver.position, driver.last_ms, driver.average_ms),
            (3, Some(60_000), Some(60_500))
        );
        assert_eq!((driver.best_ms, driver.last_passing, &*driver.name), (None, true, ""));
        assert_eq!((&*driver.gap, driver.web_member_id, driver.last_record), ("", 0, None));
        assert_eq!(heat.unknown, Notes::default());
    }

    #[test]
    fn wire_counts_places_where_positions_are_absent() {
        let payload = r#"{"T":1,"N":"","D":[{"D":5,"L":0},{"D":6,"L":0,"P":null}]}"#;
        let places: Vec<_> = heat(payload).drivers.iter().map(|line| line.position).collect();
        assert_eq!(places, [1, 2]);
    }

    #[test]
    fn wire_takes_a_null_list_for_an_empty_one() {
        assert!(heat(r#"{"T":1,"N":null,"D":null}"#).drivers.is_empty());
    }

    #[test]
    fn wire_keeps_and_names_unknown_keys() {
        let payload =
            r#"{"T":1,"N":"a","X":{"y":[1]},"D":[{"D":5,"L":0,"Z":"z"},{"D":6,"L":0,"Z":2}]}"#;
        let heat = heat(payload);
        assert_eq!(heat.extra, *json!({"X": {"y": [1]}}).as_object().unwrap());
        assert_eq!(heat.drivers[0].extra, *json!({"Z": "z"}).as_object().unwrap());
        assert_eq!(heat.unknown.into_names(), ["X", "D.Z"]);
    }

    #[test]
    fn wire_names_large_and_many_unknown_keys_without_keeping_them_all() {
        let large = "x".repeat(2_048);
        let payload = with_driver(&format!(r#"{{"D":5,"L":0,"Z":"{large}","Y":1}}"#));
        assert_eq!(heat(&payload).drivers[0].extra, *json!({"Y": 1}).as_object().unwrap());
        assert_eq!(heat(&payload).unknown.into_names(), ["D.Z", "D.Y"]);

        // Each has room by itself, all together have not.
        let half = "x".repeat(1_000);
        let payload =
            with_driver(&format!(r#"{{"D":5,"L":0,"X":"{half}","Y":"{half}","Z":"{half}"}}"#));
        assert!(heat(&payload).drivers[0].extra.keys().eq(["X"]));

        let many: Vec<_> = (0..1_000).map(|n| format!(r#""X{n}":0"#)).collect();
        let payload = format!(r#"{{"T":1,"N":"a","D":[],{}}}"#, many.join(","));
        assert_eq!(heat(&payload).extra.len(), 16);
    }

    #[test]
    fn wire_does_without_odd_values_and_names_them() {
        let payload =
            with_driver(r#"{"D":5,"L":1,"T":-1,"A":"fast","B":[1],"P":{},"K":1.5,"LP":2,"R":"x"}"#);
        let heat = heat(&payload);
        let driver = &heat.drivers[0];
        assert_eq!((driver.last_ms, driver.average_ms, driver.best_ms), (None, None, None));
        assert_eq!((driver.position, &*driver.kart, driver.last_passing), (1, "", true));
        let mut names = heat.unknown.into_names();
        names.sort_unstable();
        assert_eq!(
            names,
            ["D.A=\"fast\"", "D.B=[…]", "D.K=1.5", "D.LP=2", "D.P={…}", "D.R=\"x\"", "D.T=-1"]
        );
    }

    #[test]
    fn wire_refuses_identities_and_counts_that_cannot_be_read() {
        for (driver, reason) in [
            (r#"{"L":0}"#, "D.D is missing"),
            (r#"{"D":null,"L":0}"#, "D.D is missing"),
            (r#"{"D":"me","L":0}"#, "D.D is no whole number: \"me\""),
            (r#"{"D":5}"#, "D.L is missing"),
            (r#"{"D":5,"L":[]}"#, "D.L is no whole number: […]"),
            (r#"{"D":5,"L":-1}"#, "D.L is out of range: -1"),
            (r#"{"D":5,"L":10001}"#, "D.L is out of range: 10001"),
            (r#"{"D":5,"L":0,"T":2147483648}"#, "D.T is out of range: 2147483648"),
            (r#"{"D":5,"L":0},{"D":5,"L":1}"#, "driver 5 is there twice"),
        ] {
            let error = read(&with_driver(driver)).map(|_| ()).unwrap_err();
            assert_eq!(error, DecodeError::Implausible(reason.to_owned()));
        }
        for start in ["null", "-1", "253402300800", "\"soon\""] {
            let payload = format!(r#"{{"T":{start},"N":"a","D":[]}}"#);
            assert!(matches!(read(&payload), Err(DecodeError::Implausible(_))), "{start}");
        }
    }

    #[test]
    fn wire_refuses_two_values_for_one_key() {
        assert!(refusal(r#"{"T":1,"T":2,"N":"a","D":[]}"#).contains("duplicate field `T`"));
        assert!(refusal(&with_driver(r#"{"D":1,"L":1,"L":2}"#)).contains("duplicate field `D.L`"));
    }

    #[test]
    fn wire_refuses_texts_and_lists_without_end() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        assert!(refusal(&format!(r#"{{"T":1,"N":"{long}","D":[]}}"#)).contains("N has 301 bytes"));
        for key in ["N", "K", "G"] {
            let payload = with_driver(&format!(r#"{{"D":1,"L":0,"{key}":"{long}"}}"#));
            assert!(refusal(&payload).contains(&format!("D.{key} has 301 bytes")));
        }
        let drivers = |count: usize| {
            let lines: Vec<_> = (0..count).map(|id| format!(r#"{{"D":{id},"L":0}}"#)).collect();
            with_driver(&lines.join(","))
        };
        assert_eq!(heat(&drivers(MAX_DRIVERS)).drivers.len(), MAX_DRIVERS);
        assert_eq!(refusal(&drivers(MAX_DRIVERS + 2)), "D has 502 drivers, more than 500");
    }
}
