//! What a venue speaks: everything that is special to one kind of feed, and nothing else.
//!
//! A kind is a folder: its parameters and the rules of its connection (`mod.rs`), its messages
//! exactly as sent (`wire.rs`), and what they mean (`decode.rs`). All of it is pure: no actor, no
//! database, no socket, no clock. A further kind is one folder here, one `mod` line and one arm in
//! [`build`].

pub mod bmi;
pub mod flowagility;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytestring::ByteString;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::{
    event::{Ask, Event, Past, Scene},
    spelling,
};

/// The kinds that [`build`] knows, for messages to people.
pub const KINDS: &[&str] = &[bmi::KIND, flowagility::KIND];

/// Makes a feed of `kind` from the keys of its `[[feed]]` table that are not common to all kinds.
///
/// # Errors
/// Every problem at once; an unknown kind is one of them.
pub fn build(kind: &str, params: Params) -> Result<Arc<dyn FeedKind>, Vec<ParamProblem>> {
    match kind {
        bmi::KIND => bmi::Bmi::from_params(params).map(|feed| Arc::new(feed) as _),
        flowagility::KIND => {
            flowagility::FlowAgility::from_params(params).map(|feed| Arc::new(feed) as _)
        }
        other => Err(vec![ParamProblem::new(
            "kind",
            format!("no kind of feed is called {other:?}; there are {}", KINDS.join(", ")),
        )]),
    }
}

/// A feed of `kind` that is configured no more, for the frames that are left of it: it decodes, and
/// nobody connects it. None for an unknown kind.
pub fn retired(kind: &str) -> Option<Arc<dyn FeedKind>> {
    match kind {
        bmi::KIND => bmi::Bmi::retired().map(|feed| Arc::new(feed) as _),
        flowagility::KIND => flowagility::FlowAgility::retired().map(|feed| Arc::new(feed) as _),
        _ => None,
    }
}

/// Where no venue can be.
const NOWHERE: &str = "ws://retired.invalid/";

/// How one kind of venue wants to be talked to.
pub trait FeedKind: Send + Sync {
    /// Where to connect. May hold a token: never log or serve it.
    fn url(&self) -> &Url;

    /// What nobody may be shown: the pieces of the address and of the greeting that let somebody in.
    /// Words of a venue are searched for them, since it may say back what it was asked for.
    fn secrets(&self) -> Vec<String> {
        address_secrets(self.url())
    }

    /// Text messages to send once the socket is open, in order.
    fn hello(&self) -> Vec<String>;

    fn keepalive(&self) -> Keepalive;

    /// What a text frame is good for, told from its first bytes and without decoding it.
    fn classify(&self, payload: &str) -> FrameClass;

    /// How long data may be absent *while the venue is busy* (a heat runs, a dog is on course)
    /// before the connection counts as broken.
    fn silence_limit(&self) -> Duration;

    fn decoder(&self) -> Box<dyn Decoder>;

    /// Whether a local client that speaks the venue's protocol and has heard `before` wants to hear
    /// this frame too.
    fn is_news(&self, before: Option<&str>, payload: &str) -> bool;

    /// Whether a local client that speaks the venue's protocol is told what happens from the first
    /// moment on, as the venue would; otherwise it is told when it asks.
    fn tells_unasked(&self) -> bool {
        false
    }

    /// What a local client that speaks the venue's protocol wants with these words.
    fn wish(&self, _words: &str) -> Wish {
        Wish::Nothing
    }

    /// The venue's own time in a frame, where it has one: gives recordings without receive times
    /// their pace. Never used for a live frame.
    fn venue_time(&self, payload: &str) -> Option<DateTime<Utc>>;

    /// What the venue's clock still has to run in a frame, where it counts down: such a frame's
    /// [`FeedKind::venue_time`] stands still.
    fn venue_countdown(&self, _payload: &str) -> Option<TimeDelta> {
        None
    }
}

/// What a local client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing that the venue would answer.
    Nothing,
    /// These words.
    Words(&'static str),
    /// The last frame, and these words while there is none.
    Last { or: &'static str },
    /// The last frame, and each one from now on.
    Frames,
}

/// All of an address but its host: the path and each piece of it, the query and each value in it.
fn address_secrets(url: &Url) -> Vec<String> {
    let path = url.path().trim_matches('/');
    let query = url.query().unwrap_or_default();
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    let login = [url.username(), url.password().unwrap_or_default()];
    [path, query]
        .into_iter()
        .chain(login)
        .chain(path.split('/'))
        .map(str::to_owned)
        .chain(values)
        .collect()
}

/// How a connection is kept alive and known to be alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepalive {
    pub ping: Ping,
    pub every: Duration,
    /// A ping that stays unanswered for so long means a dead connection.
    pub pong_within: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ping {
    /// A websocket control frame.
    Websocket,
    /// A text message; the answer is a frame that [`FeedKind::classify`] calls a pong.
    Text(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameClass {
    /// For the decoder.
    Data,
    /// Proves life, says nothing.
    Pong,
    /// Nothing in it. A connection that brings only these is a fault of its own.
    Empty,
}

/// Turns the frames of one feed into events. Lives as long as the feed is configured, over many
/// connections.
pub trait Decoder: Send {
    /// A new connection began: what happened since the last frame was not witnessed.
    fn connected(&mut self);

    /// Reads one frame. When the answer is [`Decoded::Asks`], nothing has happened yet: the caller
    /// gets the past, hands it to [`Decoder::recall`] and decodes the same frame again.
    ///
    /// # Errors
    /// The frame can't be read; the decoder is as it was before.
    fn decode(&mut self, frame: Frame<'_>) -> Result<Decoded, DecodeError>;

    /// What the store knows of what was asked for.
    fn recall(&mut self, ask: Ask, past: Past);
}

/// One whole text message, as received.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub received_at: DateTime<Utc>,
    /// Whoever keeps it shares it.
    pub payload: &'a ByteString,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    Events(Outcome),
    Asks(Ask),
}

/// What one frame meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub events: Vec<Event>,
    /// Fields, codes and values that no known revision of the protocol has, each named once per
    /// frame: `D.X`, `S=9`, `playset.speed="fast"`.
    pub unknown: Vec<String>,
    /// A heat runs or a dog is on course: silence would be a fault.
    pub active: bool,
    /// What the frame shows; none when it shows what the one before showed, or nothing at all.
    pub scene: Option<Scene>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("not the JSON of this protocol: {0}")]
    Json(String),
    #[error("{0}")]
    Implausible(String),
}

/// The keys of a `[[feed]]` table that a kind reads for itself. Whatever is left over when the kind
/// is done is an unknown key.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, toml::Value>,
    /// All that was asked for, to offer in place of what nobody knows.
    known: Vec<&'static str>,
}

impl Params {
    pub fn new(table: impl IntoIterator<Item = (String, toml::Value)>) -> Self {
        Self { values: table.into_iter().collect(), known: vec!["id", "kind", "venue", "name"] }
    }

    /// Takes a required text.
    pub fn text(&mut self, key: &'static str, problems: &mut Vec<ParamProblem>) -> Option<String> {
        self.known.push(key);
        let problem = match self.values.remove(key) {
            Some(toml::Value::String(text)) if !text.trim().is_empty() => return Some(text),
            Some(toml::Value::String(_)) => "is empty".to_owned(),
            Some(other) => format!("must be a text in quotes, not a {}", other.type_str()),
            None => "is missing".to_owned(),
        };
        problems.push(ParamProblem::new(key, problem));
        None
    }

    /// Reports every key that nobody took.
    pub fn finish(self, problems: &mut Vec<ParamProblem>) {
        for key in self.values.into_keys() {
            let problem = spelling::unknown_key(&key, &self.known);
            problems.push(ParamProblem::new(key, problem));
        }
    }
}

/// One thing wrong with one key. Never holds the value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamProblem {
    pub key: String,
    pub problem: String,
}

impl ParamProblem {
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}
