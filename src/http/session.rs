//! Local websockets: every socket that Ringside serves is a session of this file, the one place that
//! knows actix-web-actors.
//!
//! The actor of a session lives in the body of its HTTP response. The dispatcher asks that body for
//! more only when it has room, so a client that takes nothing is asked nothing and told nothing:
//! one text is made at a time, from the newest state, and there is no queue that could grow. What
//! comes from the client is measured before anything buffers it (`inlet.rs`).
//!
//! permessage-deflate is not offered: the codec refuses frames with the bit that marks them.

mod inlet;
mod line;

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorContext, ActorFuture, ActorFutureExt, AsyncContext, SpawnHandle, StreamHandler,
    WrapFuture,
};
use actix_http::ws::{Codec, Item};
use actix_web::{Error, HttpRequest, HttpResponse, error, http::header, web};
use actix_web_actors::ws::{self, CloseReason, Message, ProtocolError, WebsocketContext};
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::Stream;
use log::debug;

use self::{inlet::Inlet, line::Line};

pub use self::line::{End, SessionLimits, Sessions, prepare};
pub use actix_web_actors::ws::CloseCode;

/// Bytes of an answer that wait for the kernel: what a slow socket is told is newer for it. For the
/// servers that serve sessions.
pub const WRITE_BUFFER: usize = 8 << 10;

/// For how long such a server reads on from a client to whom it has nothing more to say. The default
/// second is enough for a flood to keep a thread busy; a session waits for its client's goodbye by
/// itself, and measures what comes.
pub const LINGER: Duration = Duration::ZERO;

/// For how long a client may leave our goodbye unanswered.
const PART_WITHIN: Duration = Duration::from_secs(1);

/// A control frame holds 125 bytes, two of them for the code.
const MAX_REASON: usize = 123;

/// What a client has not heard yet, one text at a time. It is polled only when the client has taken
/// the text before, so the stream itself must give the newest state. When it ends, the session ends.
pub type News = Pin<Box<dyn Stream<Item = Result<ByteString, Farewell>>>>;

/// Why a session is ended by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    pub code: CloseCode,
    /// At most 123 bytes reach the client.
    pub reason: Cow<'static, str>,
}

impl Farewell {
    pub fn new(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// What follows from a text of the client.
pub enum Heard {
    Nothing,
    Answer(ByteString),
    /// These in place of the news so far.
    News(News),
    Farewell(Farewell),
}

/// What a session is about.
pub struct Talk {
    /// What the client is told without asking.
    pub news: Option<News>,
    /// Called with each whole text of the client.
    pub hear: Box<dyn FnMut(&str) -> Heard>,
}

impl Talk {
    /// A talk in which only we speak.
    pub fn telling(news: News) -> Self {
        Self { news: Some(news), hear: Box::new(|_| Heard::Nothing) }
    }
}

/// Answers with the upgrade, and lets the session begin.
///
/// # Errors
/// The request is no websocket's (426, 400), or there are too many sessions (503).
pub fn open(
    request: &HttpRequest,
    payload: web::Payload,
    talk: Talk,
) -> Result<HttpResponse, Error> {
    let sessions = request
        .app_data::<web::Data<Sessions>>()
        .ok_or_else(|| error::ErrorInternalServerError("no sessions are served here"))?;
    if !request.headers().contains_key(header::UPGRADE) {
        return Ok(HttpResponse::UpgradeRequired()
            .insert_header((header::UPGRADE, "websocket"))
            .body("this address speaks websocket"));
    }
    let mut response = ws::handshake(request)?;
    let Some(line) = Line::open(sessions.clone().into_inner(), request.path()) else {
        return Err(error::ErrorServiceUnavailable("too many sockets are open"));
    };
    let codec = Codec::new().max_size(sessions.limits().max_message_bytes);
    let inlet = Inlet::new(payload, line.clone());
    let session = Session {
        line: line.clone(),
        news: talk.news,
        hear: talk.hear,
        telling: None,
        heard_at: Instant::now(),
        begun: None,
        parts: false,
    };
    let body = WebsocketContext::with_codec(session, inlet, codec);
    Ok(response.streaming(Outlet { body: Box::pin(body), line }))
}

struct Session {
    line: Rc<Line>,
    /// Until the session is started.
    news: Option<News>,
    hear: Box<dyn FnMut(&str) -> Heard>,
    telling: Option<SpawnHandle>,
    /// When the client last sent anything.
    heard_at: Instant,
    /// A text of which not all fragments are there.
    begun: Option<Vec<u8>>,
    /// Our goodbye is said, and the client's is awaited.
    parts: bool,
}

type Ctx = WebsocketContext<Session>;

impl Session {
    fn tell(&mut self, news: News, ctx: &mut Ctx) {
        let telling = ctx.spawn(Telling { news, line: self.line.clone() });
        if let Some(before) = self.telling.replace(telling) {
            ctx.cancel_future(before);
        }
    }

    fn ping_later(&mut self, ctx: &mut Ctx) {
        // Sessions that began together, after a restart, shall not ping together for ever.
        let every = self.line.limits().ping_every.mul_f64(0.75 + fastrand::f64() / 4.0);
        ctx.run_later(every, |this, ctx| {
            if this.parts {
                return;
            }
            if this.heard_at.elapsed() > this.line.limits().silent_for {
                let farewell = Farewell::new(CloseCode::Policy, "no answer to pings");
                return this.part(End::Silent, farewell, ctx);
            }
            ctx.ping(b"");
            this.ping_later(ctx);
        });
    }

    fn take_fragment(&mut self, item: Item, ctx: &mut Ctx) {
        let (bytes, is_last) = match item {
            Item::FirstText(bytes) => {
                self.begun = Some(bytes.to_vec());
                return;
            }
            Item::FirstBinary(_) => {
                self.begun = None;
                return;
            }
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        let Some(begun) = &mut self.begun else { return };
        begun.extend_from_slice(&bytes);
        if begun.len() > self.line.limits().max_message_bytes {
            self.refuse(End::Oversize, ctx);
        } else if is_last {
            match String::from_utf8(self.begun.take().unwrap_or_default()) {
                Ok(text) => self.take_text(&text, ctx),
                Err(_) => self.refuse(End::Protocol, ctx),
            }
        }
    }

    fn take_text(&mut self, text: &str, ctx: &mut Ctx) {
        match (self.hear)(text) {
            Heard::Nothing => {}
            Heard::Answer(answer) => ctx.text(answer),
            Heard::News(news) => self.tell(news, ctx),
            Heard::Farewell(farewell) => self.part(End::Farewell, farewell, ctx),
        }
    }

    fn refuse(&mut self, end: End, ctx: &mut Ctx) {
        let farewell = match end {
            End::Oversize => Farewell::new(CloseCode::Size, "more than a message may hold"),
            End::Flood => Farewell::new(CloseCode::Policy, "more than a client may send"),
            _ => Farewell::new(CloseCode::Protocol, "not the websocket protocol"),
        };
        self.part(end, farewell, ctx);
    }

    /// Says goodbye. Only a client that did nothing wrong is waited for: closing a socket from which
    /// something can still be read may take the goodbye with it.
    fn part(&mut self, end: End, farewell: Farewell, ctx: &mut Ctx) {
        if std::mem::replace(&mut self.parts, true) {
            return;
        }
        self.line.end(end);
        let reason = shorten(farewell.reason.into_owned());
        ctx.close(Some(CloseReason { code: farewell.code, description: Some(reason) }));
        match end {
            End::Farewell | End::Stopped => {
                if let Some(telling) = self.telling.take() {
                    ctx.cancel_future(telling);
                }
                ctx.run_later(PART_WITHIN, |_, ctx| ctx.stop());
            }
            _ => ctx.stop(),
        }
    }
}

impl Actor for Session {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        if let Some(news) = self.news.take() {
            self.tell(news, ctx);
        }
        self.ping_later(ctx);
        let all_end = self.line.all_end();
        ctx.spawn(all_end.into_actor(self).map(|(), this, ctx| {
            this.part(End::Stopped, Farewell::new(CloseCode::Away, "the service stops"), ctx);
        }));
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        self.heard_at = Instant::now();
        if self.parts {
            if matches!(message, Ok(Message::Close(_)) | Err(_)) {
                ctx.stop();
            }
            return;
        }
        match message {
            Ok(Message::Text(text)) => self.take_text(&text, ctx),
            Ok(Message::Ping(words)) => ctx.pong(&words),
            Ok(Message::Continuation(item)) => self.take_fragment(item, ctx),
            Ok(Message::Close(reason)) => {
                self.line.end(End::Closed);
                ctx.close(reason.map(|reason| CloseReason { description: None, ..reason }));
                ctx.stop();
            }
            Ok(Message::Pong(_) | Message::Binary(_) | Message::Nop) => {}
            Err(error) => {
                debug!("local socket path={} {error}", self.line.path());
                self.refuse(self.line.breach().unwrap_or(End::Protocol), ctx);
            }
        }
    }
}

/// Gives one text whenever there is room for one.
struct Telling {
    news: News,
    line: Rc<Line>,
}

impl ActorFuture<Session> for Telling {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        session: &mut Session,
        ctx: &mut Ctx,
        task: &mut Context<'_>,
    ) -> Poll<()> {
        if !self.line.has_room() {
            // The dispatcher polls again when it has.
            return Poll::Pending;
        }
        match self.news.as_mut().poll_next(task) {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(text))) => {
                self.line.fill();
                ctx.text(text);
            }
            Poll::Ready(Some(Err(farewell))) => {
                session.part(End::Farewell, farewell, ctx);
                return Poll::Ready(());
            }
            Poll::Ready(None) => {
                let farewell = Farewell::new(CloseCode::Away, "there is nothing more to tell");
                session.part(End::Farewell, farewell, ctx);
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

/// The body of the response: what the dispatcher asks for more when it has room.
struct Outlet<S> {
    body: Pin<Box<S>>,
    line: Rc<Line>,
}

impl<S: Stream<Item = Result<Bytes, Error>>> Stream for Outlet<S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.line.make_room();
        let given = self.body.as_mut().poll_next(task);
        if matches!(given, Poll::Ready(Some(Ok(_)))) {
            self.line.await_room();
        }
        given
    }
}

fn shorten(mut reason: String) -> String {
    while reason.len() > MAX_REASON {
        reason.pop();
    }
    reason
}
