//! The life of a connection: one future, because its steps follow each other.
//!
//! While it waits for the intake or keeps its pace it sends its pings, neither reads nor lets a
//! deadline pass, and what the venue sent meanwhile is in the socket.

use std::{future::Future, pin::pin, sync::atomic::Ordering};

use chrono::{DateTime, SubsecRound, Utc};
use log::warn;
use tokio::{
    select,
    sync::{mpsc::error::SendError, oneshot},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    event::{ConnectionEnded, ConnectionSpan},
    feed::{FrameClass, Ping},
    pipeline::{
        journal::record::Content,
        message::{ConnectionUp, FrameReceived, Payload},
        websocket::{Incoming, SocketEnd, Websocket},
    },
};

use super::{ConnectionEnd, ConnectionParams, EndReason, pace::Pace, watch::Watch};

pub(super) struct Life {
    params: ConnectionParams,
    pace: Pace,
    frames: u64,
    /// When the latest frame that was handed on came; none before the first one.
    handed_on: Option<DateTime<Utc>>,
}

impl Life {
    pub fn new(params: ConnectionParams) -> Self {
        let pace = Pace::new(params.pace, Instant::now());
        Self { params, pace, frames: 0, handed_on: None }
    }

    pub async fn live(mut self, mut stop: oneshot::Receiver<()>) -> ConnectionEnd {
        // In memory of its own, which is free once the socket is open.
        let mut socket = match until(&mut stop, Box::pin(self.connect())).await {
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
        let ConnectionParams { source, deadlines, .. } = &self.params;
        let mut watch = Watch::new(Instant::now(), source.kind.as_ref(), deadlines);
        let mut alarm = pin!(sleep_until(watch.wake_at(self.busy())));
        loop {
            let now = Instant::now();
            let busy = self.busy();
            watch.check(now, busy)?;
            if watch.ping_due(now) {
                self.ping(socket, &mut watch).await?;
            }
            // Each frame moves the deadlines on. The alarm is left as it is until it rings too early:
            // to set it with every frame would cost more than that.
            let wake = watch.wake_at(busy);
            if wake < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(wake);
            }
            let incoming = select! {
                biased;
                _ = &mut *stop => return Ok(()),
                incoming = self.read(socket, &watch) => incoming?,
                () = alarm.as_mut() => continue,
            };
            let read_at = Instant::now();
            if let Some(frame) = self.take_in(incoming, &mut watch) {
                self.hand_on(frame, socket, &mut watch).await?;
            }
            // What the pipeline took to accept the frame is not the venue's silence.
            watch.shift(read_at.elapsed());
            self.keep_pace(&mut watch);
        }
    }

    /// The next message, once the pace allows to read it.
    async fn read(&self, socket: &mut Websocket, watch: &Watch) -> Result<Incoming, SocketEnd> {
        if Instant::now() < watch.deaf_until() {
            sleep_until(watch.deaf_until()).await;
        }
        socket.next(&self.params.sockets).await
    }

    /// Pauses when the venue sends more than it may.
    fn keep_pace(&mut self, watch: &mut Watch) {
        let now = Instant::now();
        let Some((wait, limit)) = self.pace.ahead(now) else { return };
        watch.pause(now, wait);
        let ConnectionParams { source, generation, pace, .. } = &self.params;
        source.counters.paced.fetch_add(1, Ordering::Relaxed);
        if !std::mem::replace(&mut self.pace.said, true) {
            warn!(
                "feed={} generation={generation} slowed down: it sends more than {}={}; raise that \
                 in [limits] if it is meant to",
                source.info.id,
                limit.key(),
                pace.of(limit)
            );
        }
    }

    async fn ping(&self, socket: &mut Websocket, watch: &mut Watch) -> Result<(), ConnectionEnd> {
        let ping = async {
            match watch.keepalive.ping {
                Ping::Websocket => socket.ping().await,
                Ping::Text(text) => socket.send_text(text).await,
            }
        };
        // A peer that takes nothing must not hold us.
        match timeout(watch.keepalive.pong_within, ping).await {
            Ok(sent) => sent?,
            Err(_) => {
                let detail = "the venue takes no ping";
                return Err(ConnectionEnd::new(EndReason::PongTimeout, detail));
            }
        }
        watch.pinged(Instant::now());
        Ok(())
    }

    /// Counts what came; a frame with data in it is for the pipeline.
    fn take_in(&mut self, incoming: Incoming, watch: &mut Watch) -> Option<FrameReceived> {
        let source = self.params.source.clone();
        // To the microsecond, as it is stored: a frame that is read again has the same time.
        let received_at = Utc::now().trunc_subsecs(6);
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
        self.pace.count(payload.len(), Instant::now());
        source.counters.count_frame(payload.len(), received_at);
        let class = match &payload {
            Payload::Text(text) => source.kind.classify(text),
            Payload::Binary(_) => FrameClass::Data,
        };
        match class {
            FrameClass::Data => {
                watch.data(Instant::now());
                self.handed_on = Some(received_at);
                let (generation, content) = (self.params.generation, Content::Frame(payload));
                Some(FrameReceived { source, generation, received_at, content })
            }
            FrameClass::Pong => {
                source.counters.count_pong(self.params.generation, received_at);
                None
            }
            FrameClass::Empty => {
                watch.empty();
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
        // Never dropped before it is done: that would take the frame back.
        let mut sent = pin!(self.params.intake.send(frame));
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
        let mark = FrameReceived::mark(self.params.source.clone(), span.clone());
        self.params.intake.send(mark).await.map_err(pipeline_gone)
    }

    /// Whether the venue is at work, as far as its latest frame tells. While that waits for the
    /// parser, nobody knows.
    fn busy(&self) -> bool {
        let ConnectionParams { source, generation, .. } = &self.params;
        self.handed_on.is_some_and(|at| source.counters.is_busy_since(*generation, at))
    }
}

fn pipeline_gone(_: SendError<FrameReceived>) -> ConnectionEnd {
    ConnectionEnd::new(EndReason::Panicked, "the pipeline is gone")
}

/// Runs `task` unless `stop` comes first.
async fn until<T>(stop: &mut oneshot::Receiver<()>, task: impl Future<Output = T>) -> Option<T> {
    select! {
        biased;
        _ = stop => None,
        done = task => Some(done),
    }
}
