//! Five-line stand-ins for the stages around the one under test.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix::{Actor, Context, Handler, Message, Recipient};
use chrono::{DateTime, Utc};
use url::Url;

use crate::{
    event::{Ask, Event, FeedId, FeedInfo, Generation, Past},
    feed::{DecodeError, Decoded, Decoder, FeedKind, Frame, FrameClass, Keepalive, Outcome, Ping},
};

use super::{
    journal::record::{Content, Record, Seq},
    message::FrameRecorded,
    source::FeedSource,
};

/// Keeps every message.
pub(super) struct Collector<M>(pub Rc<RefCell<Vec<M>>>);

impl<M> Collector<M>
where
    M: Message<Result = ()> + Send + 'static,
{
    pub fn start_new() -> (Recipient<M>, Rc<RefCell<Vec<M>>>) {
        let kept = Rc::new(RefCell::new(Vec::new()));
        (Self(kept.clone()).start().recipient(), kept)
    }
}

impl<M: 'static> Actor for Collector<M> {
    type Context = Context<Self>;
}

impl<M: Message<Result = ()> + 'static> Handler<M> for Collector<M> {
    type Result = ();

    fn handle(&mut self, message: M, _: &mut Self::Context) {
        self.0.borrow_mut().push(message);
    }
}

/// A kind of feed whose frames are words: `panic`, `bad`, `ask`, `lap`, all else nothing.
pub(super) struct Words {
    url: Url,
    /// What the decoders were told of the past.
    pub recalled: Arc<Mutex<Vec<Past>>>,
}

pub(super) fn source(id: &str) -> Arc<FeedSource> {
    source_at(id, "ws://venue.test/")
}

pub(super) fn source_at(id: &str, url: &str) -> Arc<FeedSource> {
    let kind = Words { url: url.parse().unwrap(), recalled: Arc::default() };
    let info = FeedInfo {
        id: FeedId::new(id),
        kind: "words".into(),
        venue: "Venue".into(),
        name: id.into(),
    };
    Arc::new(FeedSource::new(info, Arc::new(kind), url.to_owned()))
}

/// A record of a feed, received now.
pub(super) fn recorded(
    source: &Arc<FeedSource>,
    seq: i64,
    generation: u64,
    content: Content,
) -> FrameRecorded {
    let (feed, generation) = (source.info.clone(), Generation(generation));
    let record = Record::new(Seq(seq), feed, generation, Utc::now(), content);
    FrameRecorded { record: Arc::new(record), source: source.clone(), written: false }
}

impl FeedKind for Words {
    fn url(&self) -> &Url {
        &self.url
    }

    fn hello(&self) -> Vec<String> {
        vec!["hello".into()]
    }

    fn keepalive(&self) -> Keepalive {
        let every = Duration::from_secs(20);
        Keepalive { ping: Ping::Websocket, every, pong_within: Duration::from_secs(15) }
    }

    fn classify(&self, payload: &str) -> FrameClass {
        if payload.is_empty() { FrameClass::Empty } else { FrameClass::Data }
    }

    fn silence_limit(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(WordDecoder { connections: 0, recalled: self.recalled.clone(), known: false })
    }

    fn is_news(&self, before: Option<&str>, payload: &str) -> bool {
        before != Some(payload)
    }

    fn venue_time(&self, _: &str) -> Option<DateTime<Utc>> {
        None
    }
}

struct WordDecoder {
    connections: usize,
    recalled: Arc<Mutex<Vec<Past>>>,
    known: bool,
}

impl Decoder for WordDecoder {
    fn connected(&mut self) {
        self.connections += 1;
    }

    fn decode(&mut self, frame: Frame<'_>) -> Result<Decoded, DecodeError> {
        match &**frame.payload {
            "panic" => panic!("a word too much"),
            "bad" => return Err(DecodeError::Implausible("no such word".into())),
            "ask" if !self.known => {
                return Ok(Decoded::Asks(Ask::Heats { start_unix: 1, name: "heat".into() }));
            }
            "ask and panic" => {
                return Ok(Decoded::Asks(Ask::Heats { start_unix: 2, name: "heat".into() }));
            }
            "ask forever" => {
                return Ok(Decoded::Asks(Ask::Heats { start_unix: 1, name: "heat".into() }));
            }
            _ => {}
        }
        let unknown = frame.payload.strip_prefix("odd ").map(str::to_owned);
        Ok(Decoded::Events(Outcome {
            events: vec![Event::Configured; self.connections],
            unknown: unknown.into_iter().collect(),
            active: frame.payload == "busy",
            scene: None,
        }))
    }

    fn recall(&mut self, ask: Ask, past: Past) {
        if let Ask::Heats { start_unix: 2, .. } = ask {
            panic!("a past too much");
        }
        self.known = true;
        self.recalled.lock().unwrap().push(past);
    }
}
