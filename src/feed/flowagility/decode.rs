//! FlowAgility's frames → events.
//!
//! Every message is the whole present state of a ring, so reading it needs no memory
//! ([`super::snapshot`]); only what differs from what was said before becomes an event
//! ([`super::memory`]).

use std::mem;

use chrono::{DateTime, Utc};

use crate::{
    event::{
        Ask, Event, Past, Scene,
        agility::{AgilityEvent, RingScene},
    },
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
};

use super::{known::Known, memory::Memory, plain, shape, snapshot::Snapshot, wire};

/// Major and minor number of the protocol that is understood; later revisions of it kept both.
const KNOWN_VERSION: (&str, &str) = ("1", "0");
/// Characters of an answer to `version`.
const MAX_VERSION_CHARS: usize = 32;
/// Characters of a reason why a frame can't be read.
const MAX_REASON_CHARS: usize = 200;

pub struct FlowAgilityDecoder {
    memory: Memory,
    /// The dogs and pairs of the last message, most of which the next repeats.
    known: Known,
    /// What the last message with runs showed.
    scene: RingScene,
    version: Option<String>,
    /// The error that the last message brought in place of runs.
    error: Option<String>,
    active: bool,
}

impl FlowAgilityDecoder {
    pub fn new() -> Self {
        Self {
            memory: Memory::new(),
            known: Known::default(),
            scene: RingScene::default(),
            version: None,
            error: None,
            active: false,
        }
    }

    fn note_version(&mut self, version: &str) -> Outcome {
        let mut parts = version.split('.');
        let major_minor = (parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
        let unknown = if self.version.as_deref() == Some(version) || major_minor == KNOWN_VERSION {
            Vec::new()
        } else {
            vec![format!("version={version}")]
        };
        self.version = Some(version.to_owned());
        Outcome { unknown, active: self.active, ..Outcome::default() }
    }

    fn read(&self, frame: Frame<'_>) -> Result<Snapshot, DecodeError> {
        let message = match plain::read(frame.payload, &self.known) {
            Some(message) => message,
            None => parse(frame.payload)?.into(),
        };
        Snapshot::read(message, frame.received_at, &self.scene)
    }

    fn hear(&mut self, mut snapshot: Snapshot, at: DateTime<Utc>) -> Result<Decoded, DecodeError> {
        if let Some(run) = snapshot.runs.iter().find(|run| !self.memory.knows(&run.key)) {
            return Ok(Decoded::Asks(Ask::Run(run.key.clone())));
        }
        snapshot.runs.iter().try_for_each(|run| self.memory.has_room_for(run))?;
        self.known = mem::take(&mut snapshot.known);
        Ok(Decoded::Events(self.take_in(snapshot, at)))
    }

    fn take_in(&mut self, snapshot: Snapshot, at: DateTime<Utc>) -> Outcome {
        let mut events = Vec::new();
        let error = snapshot.error.filter(|_| snapshot.runs.is_empty());
        if let Some(message) = error.as_ref().filter(|_| error != self.error) {
            let message = message.clone();
            events.push(Event::Agility(AgilityEvent::RunsNotReady { at, message }));
        }
        let scene = match &error {
            Some(words) => Scene::NotReady(words.clone()),
            None => {
                self.scene = snapshot.scene.clone();
                Scene::Ring(snapshot.scene)
            }
        };
        self.error = error;
        for run in snapshot.runs {
            self.memory.take_in(run, at, &mut events);
        }
        self.active = snapshot.active;
        let unknown = snapshot.unknown.into_names();
        Outcome { events, unknown, active: self.active, scene: Some(scene) }
    }
}

impl Decoder for FlowAgilityDecoder {
    fn connected(&mut self) {
        // The dog that was on course may have finished meanwhile; the first message tells.
        self.active = false;
    }

    fn decode(&mut self, frame: Frame<'_>) -> Result<Decoded, DecodeError> {
        if let Some(version) = version(frame.payload) {
            return Ok(Decoded::Events(self.note_version(version)));
        }
        self.hear(self.read(frame)?, frame.received_at)
    }

    fn recall(&mut self, ask: Ask, past: Past) {
        // Other asks are not ours.
        if let (Ask::Run(run), Past::Run(past)) = (ask, past) {
            self.memory.recall(run, past);
        }
    }
}

fn parse(payload: &str) -> Result<wire::Message<'_>, DecodeError> {
    // serde would quote what it found instead, however long.
    if !payload.trim_start().starts_with('{') {
        return Err(DecodeError::Json("no object".to_owned()));
    }
    shape::check(payload)?;
    serde_json::from_str(payload).map_err(|problem| {
        DecodeError::Json(problem.to_string().chars().take(MAX_REASON_CHARS).collect())
    })
}

/// The answer to `version`: `1.0.0`, perhaps with quotes or a `v`.
fn version(payload: &str) -> Option<&str> {
    let text = payload.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let begins = text.starts_with(|first: char| first.is_ascii_digit());
    (numeric && begins && text.len() <= MAX_VERSION_CHARS).then_some(text)
}

#[cfg(test)]
mod tests;
