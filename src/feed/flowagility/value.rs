//! Single values: texts as sent into numbers, and what becomes of those that are none. Nothing is
//! lost and nothing is fatal: it stays in `extra` as sent, and its name goes into the report.

use bigdecimal::BigDecimal;
use serde_json::Value;

use crate::event::{Extra, entry_bytes};

use super::text::Text;

/// Memory that the unknown fields and values of one object may take.
const MAX_EXTRA_BYTES: usize = 8_192;
/// Names that one frame may report, the last of them for all others.
const MAX_UNKNOWN: usize = 32;
const MAX_UNKNOWN_CHARS: usize = 80;
const OTHERS: &str = "…";
/// Characters of a number; real ones have up to seven. Keeps `1e999999999` and its like, which the
/// database would have to write out, away from the parser too.
const MAX_NUMBER_CHARS: usize = 20;

/// Names of fields, codes and values that no known revision has, each once.
#[derive(Debug, Default, PartialEq)]
pub struct Unknown {
    names: Vec<String>,
    /// How often something was noted, the same name each time.
    pub notes: usize,
}

impl Unknown {
    pub fn note(&mut self, name: &str) {
        self.notes += 1;
        let name: String = if self.names.len() < MAX_UNKNOWN - 1 {
            name.chars().take(MAX_UNKNOWN_CHARS).collect()
        } else {
            OTHERS.to_owned()
        };
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// Notes a code that is not among `known`, unless it is none at all.
    pub fn note_code(&mut self, key: &str, code: Option<&str>, known: &[&str]) {
        if let Some(code) = code.filter(|code| !known.contains(code)) {
            self.note(&format!("{key}={}", code.trim()));
        }
    }

    pub fn into_names(self) -> Vec<String> {
        self.names
    }
}

/// Reads the values of one object.
pub struct Values<'a> {
    /// Where the object was: `run`, `playset`, …; empty for the message itself.
    level: &'static str,
    extra: Extra,
    extra_bytes: usize,
    unknown: &'a mut Unknown,
}

impl<'a> Values<'a> {
    /// Begins with the object's unknown fields.
    pub fn new(level: &'static str, fields: Extra, unknown: &'a mut Unknown) -> Self {
        let mut values = Self { level, extra: Extra::new(), extra_bytes: 0, unknown };
        for (key, value) in fields {
            let name = values.name(&key);
            values.unknown.note(&name);
            values.keep(key, value);
        }
        values
    }

    pub fn integer(&mut self, key: &'static str, sent: &Text<'_>) -> Option<i32> {
        self.read(key, sent, |text| text.trim().parse().ok())
    }

    pub fn decimal(&mut self, key: &'static str, sent: &Text<'_>) -> Option<BigDecimal> {
        self.read(key, sent, decimal)
    }

    /// `8.49 m/s`, also without its unit.
    pub fn speed(&mut self, key: &'static str, sent: &Text<'_>) -> Option<BigDecimal> {
        self.read(key, sent, |text| {
            let text = text.trim();
            decimal(text.strip_suffix("m/s").unwrap_or(text))
        })
    }

    pub fn flag(&mut self, key: &'static str, sent: &Text<'_>) -> Option<bool> {
        self.read(key, sent, |text| text.trim().parse().ok())
    }

    /// Unknown fields and unreadable values, as sent.
    pub fn into_extra(self) -> Extra {
        self.extra
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        sent: &Text<'_>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = sent.get()?;
        let value = parse(text);
        if value.is_none() {
            let name = format!("{}={text:?}", self.name(key));
            self.unknown.note(&name);
            self.keep(key.to_owned(), Value::String(text.to_owned()));
        }
        value
    }

    fn name(&self, key: &str) -> String {
        match self.level {
            "" => key.to_owned(),
            level => format!("{level}.{key}"),
        }
    }

    fn keep(&mut self, key: String, value: Value) {
        let bytes = entry_bytes(&key, &value);
        if self.extra_bytes + bytes <= MAX_EXTRA_BYTES {
            self.extra_bytes += bytes;
            self.extra.insert(key, value);
        }
    }
}

/// Keeps the decimals that were sent: `15.00` is not `15`.
fn decimal(text: &str) -> Option<BigDecimal> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_NUMBER_CHARS || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    // So many digits fit. Read as a decimal they would go through texts and lists of digits.
    let number = text.bytes().filter(u8::is_ascii_digit).try_fold(0_i128, |number, digit| {
        number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))
    })?;
    let signed = if text.starts_with('-') { -number } else { number };
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Some(BigDecimal::new(signed.into(), i64::try_from(decimals).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(sent: impl Into<Value>) -> Text<'static> {
        serde_json::from_str(sent.into().to_string().leak()).unwrap()
    }

    #[test]
    fn decimal_keeps_the_decimals_that_were_sent() {
        for sent in ["15.00", "23.56", "28.780", "0", "100.00", "-1.5", "00.5"] {
            let read = decimal(sent).unwrap();
            let decimals = sent.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            assert_eq!(read.as_bigint_and_exponent().1, decimals as i64, "{sent}");
        }
        assert_eq!(decimal(" 34.0 ").unwrap().to_string(), "34.0");
    }

    proptest! {
        #[test]
        fn decimal_is_what_its_library_reads(sent in "-?[0-9]{1,9}(\\.[0-9]{1,9})?") {
            let read: BigDecimal = sent.parse().unwrap();
            let digits = |number: BigDecimal| number.into_bigint_and_exponent();
            prop_assert_eq!(decimal(&sent).map(digits), Some(digits(read)));
        }
    }

    #[test]
    fn decimal_is_none_when_it_is_no_plain_number() {
        for sent in
            ["", "abc", "1e9", "1e999999999", "1_000", "1,5", ".5", "5.", "+1", "--1", "NaN"]
        {
            assert_eq!(decimal(sent), None, "{sent}");
        }
        assert_eq!(decimal(&"9".repeat(MAX_NUMBER_CHARS + 1)), None);
    }

    #[test]
    fn speed_reads_with_and_without_its_unit() {
        let mut unknown = Unknown::default();
        let mut values = Values::new("playset", Extra::new(), &mut unknown);
        for sent in ["8.49 m/s", "8.49m/s", "8.49", " 8.49 m/s "] {
            let read = values.speed("speed", &text(sent)).unwrap();
            assert_eq!(read.to_string(), "8.49", "{sent}");
        }
        assert_eq!(values.speed("speed", &text("fast")), None);
        assert_eq!(values.speed("speed", &text("m/s")), None);
        assert_eq!(values.into_extra(), *json!({"speed": "m/s"}).as_object().unwrap());
        assert_eq!(unknown.into_names(), ["playset.speed=\"fast\"", "playset.speed=\"m/s\""]);
    }

    #[test]
    fn value_stays_as_sent_when_it_cannot_be_read() {
        let mut unknown = Unknown::default();
        let mut values = Values::new("run", Extra::new(), &mut unknown);
        assert_eq!(values.integer("obstacles", &text("20")), Some(20));
        assert_eq!(values.integer("obstacles", &text("twenty")), None);
        assert_eq!(values.integer("faults", &text(99_999_999_999_i64)), None);
        assert_eq!(values.flag("time_marker", &text(true)), Some(true));
        assert_eq!(values.flag("time_marker", &text("yes")), None);
        assert_eq!(values.decimal("time", &text("")), None);
        let kept = json!({"obstacles": "twenty", "faults": "99999999999", "time_marker": "yes"});
        assert_eq!(values.into_extra(), *kept.as_object().unwrap());
        assert_eq!(
            unknown.into_names(),
            ["run.obstacles=\"twenty\"", "run.faults=\"99999999999\"", "run.time_marker=\"yes\""]
        );
    }

    #[test]
    fn extra_stays_bounded_and_its_names_complete() {
        let fields = json!({"a": "x".repeat(MAX_EXTRA_BYTES), "b": [1, 2], "c": {"d": null}});
        let mut unknown = Unknown::default();
        let values = Values::new("", fields.as_object().unwrap().clone(), &mut unknown);
        let kept = json!({"b": [1, 2], "c": {"d": null}});
        assert_eq!(values.into_extra(), *kept.as_object().unwrap());
        assert_eq!(unknown.into_names(), ["a", "b", "c"]);
    }

    #[test]
    fn unknown_names_are_few_short_and_named_once() {
        let mut unknown = Unknown::default();
        for n in 0..1_000 {
            unknown.note("twice");
            unknown.note(&format!("{n}{}", "ü".repeat(1_000)));
        }
        let names = unknown.into_names();
        assert_eq!(names.len(), MAX_UNKNOWN);
        assert_eq!(names.iter().filter(|name| *name == "twice").count(), 1);
        assert_eq!(names.last().unwrap(), OTHERS);
        assert!(names.iter().all(|name| name.chars().count() <= MAX_UNKNOWN_CHARS));
    }

    proptest! {
        #[test]
        fn decimal_never_panics(sent in "\\PC*") {
            decimal(&sent);
        }

        #[test]
        fn decimal_reads_back_as_sent(sent in "-?[1-9][0-9]{0,5}\\.[0-9]{1,6}") {
            prop_assert_eq!(decimal(&sent).unwrap().to_string(), sent);
        }
    }
}
