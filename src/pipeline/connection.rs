//! One socket, one life: connects, greets, hands every frame on, says why it ended.
//!
//! The supervisor spawns a connection and hears of it twice: [`ConnectionUp`], [`ConnectionDown`].
//! Frames and the marks of beginning and end go to the intake with awaited sends: while that is full
//! one frame is in hand and nothing is read, so a slow pipeline is felt by the venue's socket. A
//! connection never retries, never decodes and never decides whether its end was bad.

mod end;
mod life;
mod pace;
mod redact;
mod watch;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, Recipient};
use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::event::Generation;

pub use end::{ConnectionEnd, EndReason, panic_words};
use life::Life;
pub use pace::PaceLimits;

use super::{
    message::{ConnectionDown, ConnectionUp, Intake, Payload, StopConnection},
    source::FeedSource,
    websocket::SocketSettings,
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
    pub pace: PaceLimits,
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
        let me = ctx.address();
        // A task of its own: in the actor's context every frame would look into the mailbox as well.
        // Not an async block, which would take the memory of a life twice.
        actix::spawn(AssertUnwindSafe(life).catch_unwind().map(move |end| {
            let end = end.unwrap_or_else(|panic| ConnectionEnd::panicked(panic.as_ref()));
            me.do_send(LifeEnded(end));
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

impl Handler<LifeEnded> for Connection {
    type Result = ();

    fn handle(&mut self, LifeEnded(end): LifeEnded, ctx: &mut Self::Context) {
        let ConnectionParams { source, generation, supervisor, .. } = &self.params;
        supervisor.down.do_send(ConnectionDown {
            feed: source.info.id.clone(),
            generation: *generation,
            end: end.without(source.kind.secrets()),
        });
        ctx.stop();
    }
}

/// To myself (control): it is over.
#[derive(Message)]
#[rtype(result = "()")]
struct LifeEnded(ConnectionEnd);

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
