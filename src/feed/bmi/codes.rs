//! The venue's codes as words.

use std::borrow::Cow;

use crate::event::karting::Code;

const STATES: &[&str] = &["not_started", "running", "paused", "stopped", "finished", "next_heat"];
const END_CONDITIONS: &[&str] = &["manual", "time", "laps", "time_or_laps"];
const RACE_MODES: &[&str] = &["most_laps", "best_lap", "best_average"];
const RECORDS: &[&str] = &["day", "week", "month", "year", "ever"];

pub const STATE_RUNNING: i64 = 1;
pub const STATE_FINISHED: i64 = 4;
const NO_RECORD: i64 = 5;

pub fn state(code: Option<i64>) -> Code {
    word(STATES, code)
}

pub fn end_condition(code: Option<i64>) -> Code {
    word(END_CONDITIONS, code)
}

pub fn race_mode(code: Option<i64>) -> Code {
    word(RACE_MODES, code)
}

/// The record that the last lap broke, if any.
pub fn record(code: Option<i64>) -> Option<Code> {
    match code {
        None | Some(NO_RECORD) => None,
        Some(_) => Some(word(RECORDS, code)),
    }
}

/// Whether no revision of the protocol names this code.
pub fn is_unknown(word: &Code) -> bool {
    matches!(word, Cow::Owned(_))
}

/// Whether the counter of a heat with this end condition counts up. Timed heats count down to the
/// end; heats that end by laps or by hand have no end to count to.
pub fn counts_up(end_condition: i64) -> bool {
    matches!(end_condition, 0 | 2)
}

fn word(words: &[&'static str], code: Option<i64>) -> Code {
    let Some(code) = code else {
        return Cow::Borrowed("unknown");
    };
    match usize::try_from(code).ok().and_then(|index| words.get(index)) {
        Some(word) => Cow::Borrowed(word),
        None => Cow::Owned(format!("unknown({code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_as_words_or_as_unknown() {
        let states: Vec<_> = (-1..7).map(|code| state(Some(code))).collect();
        assert_eq!(
            states,
            [
                "unknown(-1)",
                "not_started",
                "running",
                "paused",
                "stopped",
                "finished",
                "next_heat",
                "unknown(6)"
            ]
        );
        assert_eq!(end_condition(Some(3)), "time_or_laps");
        assert_eq!(race_mode(Some(2)), "best_average");
        assert_eq!(race_mode(None), "unknown");
    }

    #[test]
    fn record_is_none_for_five_and_for_absent() {
        assert_eq!(record(None), None);
        assert_eq!(record(Some(5)), None);
        assert_eq!(record(Some(0)).unwrap(), "day");
        assert_eq!(record(Some(4)).unwrap(), "ever");
        assert_eq!(record(Some(6)).unwrap(), "unknown(6)");
    }

    #[test]
    fn unknown_words_are_told_from_known_and_absent_ones() {
        assert!(is_unknown(&state(Some(9))));
        assert!(!is_unknown(&state(Some(1))));
        assert!(!is_unknown(&state(None)));
    }
}
