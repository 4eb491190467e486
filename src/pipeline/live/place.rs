//! One feed in the hub: its decoder, its board, and the channels of those who watch.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bytestring::ByteString;
use tokio::sync::{broadcast, watch};

use crate::{
    board::Boards,
    event::{Ask, Generation, Past},
    feed::{DecodeError, Decoded, Decoder, Frame, Outcome},
    pipeline::{
        connection::panic_words,
        journal::record::{Content, Record, Seq},
        message::Payload,
        source::FeedSource,
    },
};

use super::{
    Link, Live, Watching,
    tap::{MAX_WAITING, Tapped},
};

/// Frames that are kept for a watcher who is slow; at a frame a second a minute.
const KEPT_FRAMES: usize = 64;
/// A frame that needs more answers from the past asks in a circle.
const MAX_ASKS: u8 = 8;

pub(super) struct Place {
    source: Arc<FeedSource>,
    waiting: VecDeque<Tapped>,
    decoder: Option<Box<dyn Decoder>>,
    generation: Option<Generation>,
    boards: Boards,
    asking: Asking,
    /// The latest frame that was decoded.
    seen: Option<Tapped>,
    /// The last frame that local clients wanted to hear.
    last: Option<ByteString>,
    live: watch::Sender<Live>,
    /// The board in `live` is that of the latest frame.
    is_drawn: bool,
    /// There while somebody listens.
    frames: Option<broadcast::Sender<ByteString>>,
}

#[derive(Default)]
struct Asking {
    is_under_way: bool,
    asks: u8,
    /// What the store could not answer; what is shown has no past.
    refused: Option<Ask>,
}

enum Read {
    Done,
    Asks(Ask),
}

impl Place {
    pub fn new(source: Arc<FeedSource>) -> Self {
        let (live, _) = watch::channel(Live::new(source.info.clone()));
        Self {
            source,
            waiting: VecDeque::new(),
            decoder: None,
            generation: None,
            boards: Boards::default(),
            asking: Asking::default(),
            seen: None,
            last: None,
            live,
            is_drawn: true,
            frames: None,
        }
    }

    pub fn source(&self) -> &Arc<FeedSource> {
        &self.source
    }

    pub fn live(&mut self) -> Live {
        self.refresh();
        self.live.borrow().clone()
    }

    pub fn watch(&mut self) -> Watching {
        self.refresh();
        let frames =
            self.frames.get_or_insert_with(|| broadcast::Sender::new(KEPT_FRAMES)).subscribe();
        Watching {
            kind: self.source.kind.clone(),
            live: self.live.subscribe(),
            last: self.last.clone(),
            frames,
        }
    }

    /// Whether anybody looks or listens.
    pub fn is_watched(&self) -> bool {
        let is_heard = |frames: &broadcast::Sender<_>| frames.receiver_count() > 0;
        self.live.receiver_count() > 0 || self.frames.as_ref().is_some_and(is_heard)
    }

    /// Takes what came, and hands the frames to those who listen.
    pub fn take(&mut self, tapped: VecDeque<Tapped>) -> usize {
        for tapped in tapped {
            if let Content::Frame(Payload::Text(text)) = &tapped.record.content {
                self.relay(text, &tapped.source);
            }
            self.waiting.push_back(tapped);
        }
        let too_many = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..too_many);
        too_many
    }

    fn relay(&mut self, text: &ByteString, source: &FeedSource) {
        if !source.kind.is_news(self.last.as_deref(), text) {
            return;
        }
        self.last = Some(text.clone());
        // An error means that nobody listens any more.
        if self.frames.as_ref().is_some_and(|frames| frames.send(text.clone()).is_err()) {
            self.frames = None;
        }
    }

    /// Reads what waits, until all is read or the past must be known first.
    pub fn go_on(&mut self) -> Option<Ask> {
        while !self.asking.is_under_way {
            let tapped = self.waiting.pop_front()?;
            match self.read(&tapped) {
                Read::Asks(ask) if self.asking.asks < MAX_ASKS => {
                    self.asking.asks += 1;
                    self.asking.is_under_way = true;
                    self.waiting.push_front(tapped);
                    return Some(ask);
                }
                Read::Asks(_) => self.fail(&tapped.record, "its decoder asks without end"),
                Read::Done => {}
            }
            self.asking.asks = 0;
        }
        None
    }

    /// What is stored; none where the store could not tell.
    pub fn recall(&mut self, ask: Ask, past: Option<Past>) {
        self.asking.is_under_way = false;
        self.asking.refused = past.is_none().then(|| ask.clone());
        let mut past = past.unwrap_or_else(|| ask.nothing());
        self.boards.complete(&ask, &mut past);
        self.boards.recall(&past);
        if let Some(decoder) = &mut self.decoder {
            let recalled = catch_unwind(AssertUnwindSafe(|| decoder.recall(ask, past)));
            if let Err(panic) = recalled {
                self.forget_decoder();
                // It would panic again at the same frame.
                if let Some(tapped) = self.waiting.pop_front() {
                    self.fail(&tapped.record, &panic_words(panic.as_ref()));
                }
            }
        }
    }

    /// What would tell what is not shown, had the store been able to answer.
    pub fn lacking(&self) -> Option<&Ask> {
        let refused = self.asking.refused.as_ref().filter(|_| !self.asking.is_under_way);
        refused.filter(|ask| self.boards.lacks(ask))
    }

    /// Begins anew with the latest frame, so that the past is asked for once more.
    pub fn begin_anew(&mut self) {
        self.forget_decoder();
        self.asking.refused = None;
        if let Some(seen) = self.seen.take() {
            self.waiting.push_front(seen);
        }
    }

    fn read(&mut self, tapped: &Tapped) -> Read {
        let record = &tapped.record;
        match &record.content {
            Content::Mark(span) => {
                let link = match &span.ended {
                    None => Link::Up { since: span.connected_at },
                    Some(ended) => {
                        Link::Down { since: ended.disconnected_at, reason: ended.reason.clone() }
                    }
                };
                self.live.send_modify(|live| live.link = link);
            }
            Content::Frame(Payload::Text(text)) => {
                if !Arc::ptr_eq(&self.source, &tapped.source) {
                    self.source = tapped.source.clone();
                    self.forget_decoder();
                }
                let frame = Frame { received_at: record.received_at, payload: text };
                return self.read_frame(tapped, frame);
            }
            Content::Frame(Payload::Binary(_)) => self.fail(record, "a binary message"),
            Content::Lost(_) => {}
        }
        Read::Done
    }

    fn read_frame(&mut self, tapped: &Tapped, frame: Frame<'_>) -> Read {
        let record = &tapped.record;
        let outcome = match self.decode(record.generation, frame) {
            Ok(Decoded::Events(outcome)) => outcome,
            Ok(Decoded::Asks(ask)) => return Read::Asks(ask),
            Err(why) => {
                self.fail(record, &why);
                return Read::Done;
            }
        };
        if !self.apply(&outcome, frame) {
            // The decoder told long ago what is in view again: a fresh one tells it anew.
            if self.asking.asks == 0 && self.decoder.is_some() {
                self.forget_decoder();
                self.asking.asks = 1;
                return self.read_frame(tapped, frame);
            }
            self.fail(record, "what it shows is not known");
            return Read::Done;
        }
        self.seen = Some(tapped.clone());
        // Nobody may look at it before the next frame comes.
        let board = (self.live.receiver_count() > 0).then(|| self.boards.board());
        self.is_drawn = board.is_some();
        let (is_known, at) = (self.boards.is_known(), record.received_at);
        self.live.send_modify(|live| {
            // An answer to a question about the protocol shows nothing yet.
            if is_known {
                live.last_at = Some(at);
            }
            live.board = board.unwrap_or_default();
            live.trouble = None;
            // The mark of its begin may have been pushed out.
            if !matches!(live.link, Link::Up { .. }) {
                live.link = Link::Up { since: at };
            }
        });
        Read::Done
    }

    /// Makes the board for somebody who looks.
    fn refresh(&mut self) {
        if !std::mem::replace(&mut self.is_drawn, true) {
            let board = self.boards.board();
            self.live.send_modify(|live| live.board = board);
        }
    }

    fn apply(&mut self, outcome: &Outcome, frame: Frame<'_>) -> bool {
        self.boards.apply(&outcome.events, outcome.scene.as_ref(), frame.received_at)
    }

    /// # Errors
    /// Why the frame can't be read, also where the decoder panicked.
    fn decode(&mut self, generation: Generation, frame: Frame<'_>) -> Result<Decoded, String> {
        let reconnected = self.generation.replace(generation) != Some(generation);
        let source = &self.source;
        let decoder = self.decoder.get_or_insert_with(|| source.kind.decoder());
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            if reconnected {
                decoder.connected();
            }
            decoder.decode(frame)
        }));
        match decoded {
            Ok(decoded) => decoded.map_err(|error: DecodeError| error.to_string()),
            Err(panic) => {
                self.forget_decoder();
                Err(panic_words(panic.as_ref()))
            }
        }
    }

    /// The parser counts and keeps what can't be read; here only the screens are told.
    fn fail(&mut self, record: &Record, why: &str) {
        let (feed, Seq(seq)) = (&self.source.info.id, record.seq);
        log::debug!("feed={feed} seq={seq} frame not shown reason={why}");
        self.live.send_modify(|live| live.trouble = Some(why.to_owned()));
    }

    fn forget_decoder(&mut self) {
        self.decoder = None;
        self.generation = None;
    }
}
