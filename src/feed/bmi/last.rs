//! The last frame, which the next one is compared with before it is read: most frames of a heat
//! differ in the clock alone, and most of the others in a few lines.

use std::{ops::Range, sync::Arc};

use bytestring::ByteString;
use chrono::{DateTime, Utc};

use crate::{event::karting::HeatKey, feed::Frame};

/// A longer frame is not kept to be compared with the next; 30 drivers have some 5 kB.
const MAX_COMPARED_BYTES: usize = 256 << 10;
/// Every number of so many digits is an `i64`.
const MAX_CLOCK_DIGITS: usize = 18;
/// As venues write the key of the clock.
const CLOCK: &str = "\"C\":";

pub struct LastFrame {
    pub received_at: DateTime<Utc>,
    pub active: bool,
    pub heat: Option<Arc<HeatKey>>,
    /// Who was in the table.
    pub table: Vec<TableLine>,
    /// Empty where it is too long to be kept, which no frame is.
    payload: ByteString,
    /// Whether its parts may be compared, too. Unknown names in them are to be told each time.
    is_plain: bool,
    /// Where the clock's digits are, if it is plain.
    clock: Option<Range<usize>>,
}

/// Whose line it is, and where it is in the frame.
#[derive(Debug, PartialEq)]
pub struct TableLine {
    pub driver_id: i64,
    at: u32,
    bytes: u32,
}

/// What a frame meant, to be kept with it.
pub struct Meaning {
    pub active: bool,
    pub heat: Option<Arc<HeatKey>>,
    pub table: Vec<TableLine>,
    /// Nothing in it was unknown.
    pub is_plain: bool,
}

/// The lines of a frame that was read before.
#[derive(Clone, Copy, Default)]
pub struct KnownTable<'a> {
    payload: &'a str,
    lines: &'a [TableLine],
}

impl LastFrame {
    pub fn new(frame: Frame<'_>, meaning: Meaning) -> Self {
        let Meaning { active, heat, table, is_plain } = meaning;
        let is_kept = frame.payload.len() <= MAX_COMPARED_BYTES;
        let payload = if is_kept { frame.payload.clone() } else { ByteString::new() };
        let clock = if is_plain { clock_digits(&payload) } else { None };
        Self { received_at: frame.received_at, active, heat, table, payload, is_plain, clock }
    }

    /// Whether it was of this very heat, and not of one that was recalled under its name.
    pub fn is_of(&self, heat: &Arc<HeatKey>) -> bool {
        self.heat.as_ref().is_some_and(|last| Arc::ptr_eq(last, heat))
    }

    pub fn is(&self, payload: &str) -> bool {
        !payload.is_empty() && self.payload == payload
    }

    /// Where the clock's digits are in a frame that is this one but for them.
    pub fn other_clock(&self, payload: &str) -> Option<Range<usize>> {
        let clock = self.clock.clone()?;
        let (before, after) = (self.payload.get(..clock.start)?, self.payload.get(clock.end..)?);
        let digits = payload.strip_prefix(before)?.strip_suffix(after)?;
        is_whole(digits).then(|| clock.start..clock.start + digits.len())
    }

    /// Becomes a frame that is this one but for the clock.
    pub fn set_clock(&mut self, frame: Frame<'_>, digits: Range<usize>) {
        // Lines behind the clock are elsewhere now; venues have it behind them.
        let moves = self.clock.as_ref().is_some_and(|clock| clock.len() != digits.len());
        let is_behind = |line: &TableLine| line.at as usize > digits.start;
        self.is_plain &= !(moves && self.table.last().is_some_and(is_behind));
        self.received_at = frame.received_at;
        self.payload = frame.payload.clone();
        self.clock = Some(digits);
    }

    /// Its lines, if they may be compared.
    pub fn known_table(&self) -> KnownTable<'_> {
        let lines = if self.is_plain && !self.payload.is_empty() { &self.table[..] } else { &[] };
        KnownTable { payload: &self.payload, lines }
    }
}

impl TableLine {
    /// `line` is a part of `payload`. What is beyond 4 GB is too long to be compared.
    pub fn new(driver_id: i64, line: &str, payload: &str) -> Self {
        let at = line.as_ptr().addr() - payload.as_ptr().addr();
        Self { driver_id, at: at as u32, bytes: line.len() as u32 }
    }
}

impl KnownTable<'_> {
    /// Whose line this is, if it is known at this place.
    pub fn driver_at(&self, index: usize, line: &str) -> Option<i64> {
        let known = self.lines.get(index)?;
        let at = known.at as usize;
        let is_same = self.payload.get(at..at + known.bytes as usize) == Some(line);
        is_same.then_some(known.driver_id)
    }
}

/// Where the clock's digits are in a frame without unknown keys. No other key ends like it, and in
/// a text its quotes would be escaped.
fn clock_digits(payload: &str) -> Option<Range<usize>> {
    let at = payload.rfind(CLOCK)? + CLOCK.len();
    let rest = payload.get(at..)?;
    let digits = rest.find([',', '}'])?;
    is_whole(rest.get(..digits)?).then(|| at..at + digits)
}

/// As JSON writes whole numbers: `0`, `7`, `70`, and not `07`.
fn is_whole(digits: &str) -> bool {
    (1..=MAX_CLOCK_DIGITS).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        event::{Past, Scene},
        feed::{Decoded, Decoder, Outcome, bmi::decode::BmiDecoder},
    };

    use super::*;

    fn outcome(decoder: &mut BmiDecoder, second: usize, payload: &str) -> Option<Outcome> {
        let received_at = DateTime::from_timestamp(1_700_000_000 + second as i64, 0).unwrap();
        let frame = Frame { received_at, payload: &payload.into() };
        loop {
            match decoder.decode(frame).ok()? {
                Decoded::Events(outcome) => return Some(outcome),
                Decoded::Asks(ask) => decoder.recall(ask, Past::Heats(Vec::new())),
            }
        }
    }

    fn frame() -> impl Strategy<Value = String> {
        let clock =
            prop::sample::select(vec!["0", "7", "70", "07", "7.0", "\"7\"", " 7", "-7", "null"]);
        let state = prop::sample::select(vec!["1", "4", "9"]);
        let name = prop::sample::select(vec!["a", "b", "\\\"C\\\":1", "\\u0061"]);
        let line = (1..4, 0..3, prop::sample::select(vec!["", r#","C":5"#, r#","G":"\"C""#]));
        let lines = prop::collection::vec(line, 0..3);
        (clock, state, name, lines).prop_map(|(clock, state, name, lines)| {
            let line = |(id, laps, more): &(i32, i32, &str)| {
                format!(r#"{{"D":{id},"L":{laps},"T":40000,"A":40000,"B":40000{more}}}"#)
            };
            let lines: Vec<_> = lines.iter().map(line).collect();
            let lines = lines.join(",");
            format!(r#"{{"T":1,"CS":1,"D":[{lines}],"C":{clock},"N":"{name}","S":{state}}}"#)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn decoder_tells_the_same_when_no_frame_is_compared(
            frames in prop::collection::vec(frame(), 1..12),
            order in prop::collection::vec(any::<prop::sample::Index>(), 1..24),
        ) {
            let (mut comparing, mut other) = (BmiDecoder::default(), BmiDecoder::default());
            let too_long = " ".repeat(MAX_COMPARED_BYTES);
            for (second, index) in order.into_iter().enumerate() {
                let payload = index.get(&frames);
                let compared = outcome(&mut comparing, second, payload);
                let read = outcome(&mut other, second, &format!("{payload}{too_long}"));
                // What is unknown is not told again by a frame that says nothing again.
                let told = |outcome: Option<Outcome>| {
                    outcome.map(|Outcome { events, active, unknown, .. }| {
                        (active, Some(unknown).filter(|_| !events.is_empty()), events)
                    })
                };
                prop_assert_eq!(told(compared), told(read));
            }
        }
    }

    #[test]
    fn lines_are_told_again_when_they_are_of_another_heat() {
        let sent = |name: &str, clock: i32| {
            let line = r#"{"D":1,"L":1,"T":40000,"A":40000,"B":40000}"#;
            format!(r#"{{"T":1,"CS":1,"D":[{line}],"C":{clock},"N":"{name}","S":1}}"#)
        };
        let mut decoder = BmiDecoder::default();
        let told = |decoder: &mut BmiDecoder, second, name, clock| {
            outcome(decoder, second, &sent(name, clock)).unwrap().events.len()
        };
        assert_eq!(told(&mut decoder, 0, "a", 0), 3);
        assert_eq!(told(&mut decoder, 1, "b", 0), 3);
        assert_eq!(told(&mut decoder, 2, "a", 0), 0);
        assert_eq!(told(&mut decoder, 3, "a", 7), 1);
        assert_eq!(told(&mut decoder, 4, "c", 7), 3);
    }

    #[test]
    fn lines_are_read_again_when_a_longer_clock_has_moved_them() {
        let line = |driver: i32| format!(r#"{{"D":{driver},"L":1}}"#);
        let sent = |clock: &str, drivers: [i32; 2]| {
            let [first, second] = drivers.map(line);
            format!(r#"{{"T":1,"CS":1,"C":{clock},"D":[{first},{second}],"N":"a","S":1}}"#)
        };
        let mut decoder = BmiDecoder::default();
        outcome(&mut decoder, 0, &sent("7", [1, 2])).unwrap();
        // By as much as a line and its comma.
        outcome(&mut decoder, 1, &sent("777777777777777", [1, 2])).unwrap();
        let told = outcome(&mut decoder, 2, &sent("777777777777777", [3, 1])).unwrap();
        let Some(Scene::Heat(scene)) = told.scene else { panic!("{told:?}") };
        assert_eq!(*scene.drivers, [3, 1]);
    }

    #[test]
    fn clock_is_found_only_where_it_is_a_plain_number() {
        let digits = |payload: &str| clock_digits(payload).map(|at| payload[at].to_owned());
        assert_eq!(digits(r#"{"D":[],"C":410909,"N":"a"}"#).unwrap(), "410909");
        assert_eq!(digits(r#"{"D":[],"C":0}"#).unwrap(), "0");
        for clock in ["07", "7.0", "-7", "\"7\"", " 7", "null", "1234567890123456789"] {
            assert_eq!(digits(&format!(r#"{{"C":{clock},"N":""}}"#)), None, "{clock}");
        }
        assert_eq!(digits(r#"{"N":"\"C\":7,"}"#), None);
    }
}
