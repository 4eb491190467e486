//! A conversation with a venue, and what must hold of it.
//!
//! A script has a line for each thing that happens:
//! ```text
//! @          a new connection begins
//! !          the process starts again: the decoder knows nothing but what is stored
//! +15        1.5 seconds pass
//! -36000     the clock steps back an hour
//! {"T":…}    anything else is a frame
//! ```

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use ringside::{
    event::Event,
    feed::{self, DecodeError, Decoded, Decoder, FeedKind, Frame, FrameClass, Outcome, Params},
};

use super::tables::Tables;

/// As patient as the parser.
const MAX_ASKS: usize = 8;
/// The longest that the tables have for a reason and for a name in health.
const MAX_REASON_CHARS: usize = 300;
const MAX_NAMES: usize = 32;
const MAX_NAME_CHARS: usize = 200;
/// Events that one byte of a frame can be worth. The shortest line of a driver has some 20 bytes
/// and brings a standing, a lap, a gap and the end of a gap; what an earlier line brought may be
/// taken back once.
const EVENTS_A_BYTE: usize = 1;
/// Events of a frame beside those of its drivers or dogs.
const EVENTS_A_FRAME: usize = 8;
/// Memory that one byte of a frame can become in events: `[],` is a value of 32 bytes.
const BYTES_A_BYTE: usize = 64;

/// Plays the script and checks every answer; then again without the frames that were refused: they
/// must not have left a trace.
pub fn holds(kind: &str, params: &[(&str, &str)], script: &str) {
    let params = params.iter().map(|&(key, text)| (key.to_owned(), text.into()));
    let kind = feed::build(kind, Params::new(params)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let all: Vec<Step<'_>> = script.lines().map(Step::read).collect();
    let answers = play(&kind, &all);

    let refused = |answer: &Option<Answer>| matches!(answer, Some(Answer::Refused));
    let steps = all.iter().zip(&answers).filter(|(_, answer)| !refused(answer));
    let kept: Vec<_> = steps.map(|(step, _)| *step).collect();
    let again = play(&kind, &kept);
    for (first, second) in answers.iter().filter(|answer| !refused(answer)).zip(&again) {
        assert_eq!(first, second, "a refused frame left a trace");
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Connected,
    Restarted,
    Passed(TimeDelta),
    Frame(&'a str),
}

impl<'a> Step<'a> {
    fn read(line: &'a str) -> Self {
        let passed = || Some(TimeDelta::milliseconds(line.parse::<i32>().ok()?.into()) * 100);
        match line.as_bytes().first() {
            Some(b'@') => Self::Connected,
            Some(b'!') => Self::Restarted,
            Some(b'+' | b'-') => passed().map_or(Self::Frame(line), Self::Passed),
            _ => Self::Frame(line),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Answer {
    Outcome(Box<Outcome>),
    /// At first sight.
    Refused,
    /// After a look into the past, which may have pushed another heat or run out of the memory.
    RefusedByThePast,
}

/// Answers to the frames among the steps.
fn play(kind: &Arc<dyn FeedKind>, steps: &[Step<'_>]) -> Vec<Option<Answer>> {
    let mut table = Table { kind, decoder: kind.decoder(), tables: Tables::default() };
    let mut now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let answer = |step: &Step<'_>| {
        match *step {
            Step::Connected => table.decoder.connected(),
            Step::Restarted => table.decoder = kind.decoder(),
            Step::Passed(time) => now += time,
            Step::Frame(payload) => {
                return table.hear(Frame { received_at: now, payload: &payload.into() });
            }
        }
        None
    };
    let answers: Vec<_> = steps.iter().map(answer).collect();
    let bytes: usize = steps.iter().map(Step::bytes).sum();
    let told = |answer: &Option<Answer>| match answer {
        Some(Answer::Outcome(outcome)) => outcome.events.len(),
        _ => 0,
    };
    let events: usize = answers.iter().map(told).sum();
    assert!(
        events <= bytes * EVENTS_A_BYTE + answers.len() * EVENTS_A_FRAME,
        "{events} events of {bytes} bytes"
    );
    answers
}

impl Step<'_> {
    fn bytes(&self) -> usize {
        if let Self::Frame(payload) = self { payload.len() } else { 0 }
    }
}

/// A decoder and the tables that its events are written to.
struct Table<'a> {
    kind: &'a Arc<dyn FeedKind>,
    decoder: Box<dyn Decoder>,
    tables: Tables,
}

impl Table<'_> {
    fn hear(&mut self, frame: Frame<'_>) -> Option<Answer> {
        self.tells_a_plausible_time(frame.payload);
        if self.kind.classify(frame.payload) != FrameClass::Data {
            return None;
        }
        let mut asked = 0;
        loop {
            match self.decoder.decode(frame) {
                Ok(Decoded::Events(outcome)) => {
                    self.is_plausible(&outcome, frame);
                    self.tables.write(&outcome.events);
                    return Some(Answer::Outcome(Box::new(outcome)));
                }
                Ok(Decoded::Asks(ask)) => {
                    asked += 1;
                    assert!(asked < MAX_ASKS, "asks in a circle: {ask:?}");
                    let past = self.tables.recall(&ask);
                    self.decoder.recall(ask, past);
                }
                Err(DecodeError::Json(reason) | DecodeError::Implausible(reason)) => {
                    assert!(reason.chars().count() <= MAX_REASON_CHARS, "{reason}");
                    return Some(if asked == 0 {
                        Answer::Refused
                    } else {
                        Answer::RefusedByThePast
                    });
                }
            }
        }
    }

    fn is_plausible(&self, outcome: &Outcome, frame: Frame<'_>) {
        assert!(outcome.unknown.len() <= MAX_NAMES);
        for name in &outcome.unknown {
            assert!(name.chars().count() <= MAX_NAME_CHARS, "{name}");
        }
        let heavy: usize = outcome.events.iter().map(|event| event.weight() - 1).sum();
        assert!(
            heavy * 1_024 <= frame.payload.len() * BYTES_A_BYTE,
            "{heavy} kB in events of a frame of {} bytes",
            frame.payload.len()
        );
        for event in &outcome.events {
            assert!(matches!(event, Event::Karting(_) | Event::Agility(_)), "{event:?}");
        }
    }

    /// A replay reckons with these times: years of four digits, and a countdown that ends.
    fn tells_a_plausible_time(&self, payload: &str) {
        if let Some(time) = self.kind.venue_time(payload) {
            assert!((0..=10_000).contains(&chrono::Datelike::year(&time)), "{time}");
        }
        if let Some(left) = self.kind.venue_countdown(payload) {
            assert!(left.abs() <= TimeDelta::days(366), "{left}");
        }
    }
}
