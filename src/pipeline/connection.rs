//! One socket, one life: connects, greets, hands every frame on, says why it ended.
//!
//! The supervisor spawns a connection and hears of it twice: [`ConnectionUp`], [`ConnectionDown`].
//! Frames and the marks of beginning and end go to the intake with awaited sends, so one frame is
//! in flight and a slow pipeline is felt by the venue's socket. A connection never retries, never
//! decodes and never decides whether its end was bad.
//!
//! The whole life is one future, because its steps follow each other: while it waits for the
//! intake it sends its pings, neither reads nor lets a deadline pass, and what the venue sent
//! meanwhile is in the socket.

use std::{
    any::Any, fmt, future::Future, panic::AssertUnwindSafe, pin::pin, sync::Arc,
    sync::atomic::Ordering, time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, MailboxError, Recipient,
    WrapFuture,
};
use chrono::Utc;
use futures_util::FutureExt;
use serde::Serialize;
use tokio::{
    select,
    sync::oneshot,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    event::{ConnectionEnded, ConnectionSpan, Generation},
    feed::{FrameClass, Keepalive, Ping},
};

use super::{
    message::{
        ConnectionDown, ConnectionMarked, ConnectionUp, FrameReceived, Intake, Payload,
        StopConnection,
    },
    source::FeedSource,
    websocket::{Incoming, SocketEnd, SocketSettings, Websocket},
};

/// Deadlines that are the same for every kind of venue.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the first packet to the completed upgrade.
    pub handshake: Duration,
    /// From the greeting to the first message with something in it; every venue answers at once.
    pub first_message: Duration,
    /// Replaces the kind's own keepalive and silence limit; for tests.
    pub keepalive: Option<(Duration, Duration)>,
    pub silence: Option<Duration>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(20),
            first_message: Duration::from_secs(30),
            keepalive: None,
            silence: None,
        }
    }
}

/// All that a connection needs to live.
#[derive(Clone)]
pub struct ConnectionParams {
    pub source: Arc<FeedSource>,
    pub generation: Generation,
    pub deadlines: Deadlines,
    pub sockets: Arc<SocketSettings>,
    pub intake: Intake,
    pub supervisor: Supervisor,
}

/// Where a connection reports its beginning and its end.
#[derive(Clone)]
pub struct Supervisor {
    pub up: Recipient<ConnectionUp>,
    pub down: Recipient<ConnectionDown>,
}

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEnd {
    pub reason: EndReason,
    /// For people; holds no secret. Empty where the reason says it all.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// No websocket came about.
    ConnectFailed,
    HandshakeTimeout,
    RemoteClosed,
    /// A ping stayed unanswered and nothing else came either.
    PongTimeout,
    /// No message after the greeting, or none for too long while the venue was busy.
    Silence,
    /// The peer broke the rules of websockets.
    Protocol,
    Oversize,
    /// Messages came, and there was nothing in any of them.
    EmptyFramesOnly,
    /// We wanted it so.
    Requested,
    /// A fault of ours.
    Panicked,
}

impl EndReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectFailed => "connect_failed",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::RemoteClosed => "remote_closed",
            Self::PongTimeout => "pong_timeout",
            Self::Silence => "silence",
            Self::Protocol => "protocol",
            Self::Oversize => "oversize",
            Self::EmptyFramesOnly => "empty_frames_only",
            Self::Requested => "requested",
            Self::Panicked => "panicked",
        }
    }
}

impl ConnectionEnd {
    pub fn new(reason: EndReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// A panic, with its words.
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        Self::new(EndReason::Panicked, panic_words(payload))
    }
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_str())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl From<SocketEnd> for ConnectionEnd {
    fn from(end: SocketEnd) -> Self {
        let reason = match &end {
            SocketEnd::Closed(_) | SocketEnd::Broken(_) => EndReason::RemoteClosed,
            SocketEnd::Protocol(_) => EndReason::Protocol,
            SocketEnd::Oversize { .. } => EndReason::Oversize,
        };
        Self::new(reason, end.to_string())
    }
}

/// The words of a panic.
pub fn panic_words(payload: &(dyn Any + Send)) -> String {
    let words = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", words.unwrap_or("without words"))
}

pub struct Connection {
    params: ConnectionParams,
    stop: Option<oneshot::Sender<()>>,
}

impl Connection {
    pub fn new(params: ConnectionParams) -> Self {
        Self { params, stop: None }
    }
}

impl Actor for Connection {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (stop, stopped) = oneshot::channel();
        self.stop = Some(stop);
        let life = Life::new(self.params.clone()).live(stopped);
        let life = AssertUnwindSafe(life)
            .catch_unwind()
            .map(|end| end.unwrap_or_else(|panic| ConnectionEnd::panicked(panic.as_ref())));
        ctx.spawn(life.into_actor(self).map(|end, this, ctx| {
            let ConnectionParams { source, generation, supervisor, .. } = &this.params;
            supervisor.down.do_send(ConnectionDown {
                feed: source.info.id.clone(),
                generation: *generation,
                end,
            });
            ctx.stop();
        }));
    }
}

impl Handler<StopConnection> for Connection {
    type Result = ();

    fn handle(&mut self, _: StopConnection, _: &mut Self::Context) {
        if let Some(stop) = self.stop.take() {
            // An error means that the life is over already, which is what was wanted.
            stop.send(()).ok();
        }
    }
}

struct Life {
    params: ConnectionParams,
    keepalive: Keepalive,
    silence_limit: Duration,
    frames: u64,
}

impl Life {
    fn new(params: ConnectionParams) -> Self {
        let Deadlines { keepalive, silence, .. } = params.deadlines;
        let kind = &params.source.kind;
        let mut own = kind.keepalive();
        if let Some((every, pong_within)) = keepalive {
            own = Keepalive { every, pong_within, ..own };
        }
        let silence_limit = silence.unwrap_or_else(|| kind.silence_limit());
        Self { params, keepalive: own, silence_limit, frames: 0 }
    }

    async fn live(mut self, mut stop: oneshot::Receiver<()>) -> ConnectionEnd {
        let mut socket = match until(&mut stop, self.connect()).await {
            Some(Ok(socket)) => socket,
            Some(Err(end)) => return end,
            None => return ConnectionEnd::new(EndReason::Requested, ""),
        };
        let ConnectionParams { source, generation, supervisor, .. } = &self.params;
        let (feed, generation) = (source.info.id.clone(), *generation);
        supervisor.up.do_send(ConnectionUp { feed, generation });

        let mut span = ConnectionSpan { generation, connected_at: Utc::now(), ended: None };
        if let Err(end) = self.mark(&span).await {
            return end;
        }
        let end = match self.converse(&mut socket, &mut stop).await {
            Err(end) => end,
            Ok(()) => {
                socket.close().await;
                ConnectionEnd::new(EndReason::Requested, "")
            }
        };
        span.ended = Some(ConnectionEnded {
            disconnected_at: Utc::now(),
            reason: end.reason.as_str().to_owned(),
            frames: Some(self.frames),
        });
        match self.mark(&span).await {
            Ok(()) => end,
            Err(worse) => worse,
        }
    }

    async fn connect(&self) -> Result<Websocket, ConnectionEnd> {
        let ConnectionParams { source, deadlines, sockets, .. } = &self.params;
        let connect = async {
            let mut socket = Websocket::connect(source.kind.url(), sockets)
                .await
                .map_err(|e| ConnectionEnd::new(EndReason::ConnectFailed, e.to_string()))?;
            for text in source.kind.hello() {
                socket.send_text(text).await?;
            }
            Ok(socket)
        };
        timeout(deadlines.handshake, connect).await.unwrap_or_else(|_| {
            let detail = format!("no websocket within {:?}", deadlines.handshake);
            Err(ConnectionEnd::new(EndReason::HandshakeTimeout, detail))
        })
    }

    /// Reads until somebody wants the end (`Ok`) or something forces it.
    async fn converse(
        &mut self,
        socket: &mut Websocket,
        stop: &mut oneshot::Receiver<()>,
    ) -> Result<(), ConnectionEnd> {
        let mut watch = Watch::new(Instant::now(), &self.keepalive, &self.params.deadlines);
        loop {
            let now = Instant::now();
            self.check(&watch, now)?;
            if watch.ping_due(now) {
                self.ping(socket, &mut watch).await?;
            }
            let wake = self.wake_at(&watch);
            let incoming = select! {
                biased;
                _ = &mut *stop => return Ok(()),
                incoming = socket.next(&self.params.sockets) => incoming?,
                () = sleep_until(wake) => continue,
            };
            let read_at = Instant::now();
            if let Some(frame) = self.take_in(incoming, &mut watch) {
                self.hand_on(frame, socket, &mut watch).await?;
            }
            // What the pipeline took to accept the frame is not the venue's silence.
            watch.shift(read_at.elapsed());
        }
    }

    async fn ping(&self, socket: &mut Websocket, watch: &mut Watch) -> Result<(), ConnectionEnd> {
        let ping = async {
            match self.keepalive.ping {
                Ping::Websocket => socket.ping().await,
                Ping::Text(text) => socket.send_text(text).await,
            }
        };
        // A peer that takes nothing must not hold us.
        match timeout(self.keepalive.pong_within, ping).await {
            Ok(sent) => sent?,
            Err(_) => {
                let detail = "the venue takes no ping";
                return Err(ConnectionEnd::new(EndReason::PongTimeout, detail));
            }
        }
        watch.pinged(Instant::now(), &self.keepalive);
        Ok(())
    }

    /// Counts what came; a frame with data in it is for the pipeline.
    fn take_in(&mut self, incoming: Incoming, watch: &mut Watch) -> Option<FrameReceived> {
        let source = self.params.source.clone();
        let received_at = Utc::now();
        watch.alive();
        let payload = match incoming {
            Incoming::Ping => return None,
            Incoming::Pong => {
                source.counters.count_pong(self.params.generation, received_at);
                return None;
            }
            Incoming::Text(text) => Payload::Text(text),
            Incoming::Binary(bytes) => Payload::Binary(bytes),
        };
        self.frames += 1;
        source.counters.count_frame(payload.len(), received_at);
        let class = match &payload {
            Payload::Text(text) => source.kind.classify(text),
            Payload::Binary(_) => FrameClass::Data,
        };
        match class {
            FrameClass::Data => {
                watch.data(Instant::now());
                let generation = self.params.generation;
                Some(FrameReceived { source, generation, received_at, payload })
            }
            FrameClass::Pong => {
                source.counters.count_pong(self.params.generation, received_at);
                None
            }
            FrameClass::Empty => {
                watch.empty_frames += 1;
                None
            }
        }
    }

    /// Hands a frame on, and keeps the connection alive for as long as that takes.
    async fn hand_on(
        &self,
        frame: FrameReceived,
        socket: &mut Websocket,
        watch: &mut Watch,
    ) -> Result<(), ConnectionEnd> {
        // Never dropped before it is answered: that would take the frame back.
        let mut sent = pin!(self.params.intake.frames.send(frame));
        let mut broken = None;
        loop {
            select! {
                biased;
                sent = &mut sent => {
                    sent.map_err(pipeline_gone)?;
                    return broken.map_or(Ok(()), Err);
                }
                () = sleep_until(watch.next_ping), if broken.is_none() => {
                    broken = self.ping(socket, watch).await.err();
                }
            }
        }
    }

    async fn mark(&self, span: &ConnectionSpan) -> Result<(), ConnectionEnd> {
        let mark = ConnectionMarked { source: self.params.source.clone(), span: span.clone() };
        self.params.intake.marks.send(mark).await.map_err(pipeline_gone)
    }

    fn busy(&self) -> bool {
        self.params.source.counters.active.load(Ordering::Relaxed)
    }

    /// The first deadline that has passed, as the end it means.
    fn check(&self, watch: &Watch, now: Instant) -> Result<(), ConnectionEnd> {
        let end = |reason, detail| Err(ConnectionEnd::new(reason, detail));
        if watch.pong_by.is_some_and(|by| now >= by) {
            let within = self.keepalive.pong_within;
            return end(EndReason::PongTimeout, format!("no answer to a ping within {within:?}"));
        }
        match watch.last_data {
            None if now >= watch.first_message_by => {
                let within = self.params.deadlines.first_message;
                match watch.empty_frames {
                    0 => end(EndReason::Silence, format!("no message within {within:?}")),
                    n => end(
                        EndReason::EmptyFramesOnly,
                        format!("{n} messages within {within:?}, all of them empty"),
                    ),
                }
            }
            Some(last) if self.busy() && now >= last + self.silence_limit => {
                let limit = self.silence_limit;
                end(EndReason::Silence, format!("no data for {limit:?} while the venue was busy"))
            }
            _ => Ok(()),
        }
    }

    fn wake_at(&self, watch: &Watch) -> Instant {
        let silent = match watch.last_data {
            None => Some(watch.first_message_by),
            Some(last) => self.busy().then(|| last + self.silence_limit),
        };
        [watch.pong_by, silent].into_iter().flatten().fold(watch.next_ping, Instant::min)
    }
}

impl Payload {
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn pipeline_gone(error: MailboxError) -> ConnectionEnd {
    ConnectionEnd::new(EndReason::Panicked, format!("the pipeline is gone: {error}"))
}

/// Runs `task` unless `stop` comes first.
async fn until<T>(stop: &mut oneshot::Receiver<()>, task: impl Future<Output = T>) -> Option<T> {
    select! {
        biased;
        _ = stop => None,
        done = task => Some(done),
    }
}

/// The deadlines of one connection, in time during which it was reading.
struct Watch {
    next_ping: Instant,
    pong_by: Option<Instant>,
    first_message_by: Instant,
    last_data: Option<Instant>,
    empty_frames: u64,
}

impl Watch {
    fn new(now: Instant, keepalive: &Keepalive, deadlines: &Deadlines) -> Self {
        Self {
            next_ping: now + keepalive.every,
            pong_by: None,
            first_message_by: now + deadlines.first_message,
            last_data: None,
            empty_frames: 0,
        }
    }

    fn ping_due(&self, now: Instant) -> bool {
        now >= self.next_ping
    }

    fn pinged(&mut self, now: Instant, keepalive: &Keepalive) {
        self.next_ping = now + keepalive.every;
        self.pong_by.get_or_insert(now + keepalive.pong_within);
    }

    /// Whatever comes proves life, be it the pong or data: a venue that is busy sending is not cut.
    fn alive(&mut self) {
        self.pong_by = None;
    }

    fn data(&mut self, now: Instant) {
        self.last_data = Some(now);
    }

    fn shift(&mut self, by: Duration) {
        self.first_message_by += by;
        self.last_data = self.last_data.map(|at| at + by);
        self.pong_by = self.pong_by.map(|at| at + by);
    }
}
