//! What a venue says on one connection, and how it misbehaves: what [`Fault`] promises after the
//! upgrade is done here and nowhere else.

use std::{io, ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::{
    fault::Fault,
    outlet::Outlet,
    server::Registry,
    socket::{BINARY, CLOSE, FIN, PONG, Request, TEXT},
    venue::{OpenConnection, Subscription, Venue},
};

/// Normal closure.
const GOODBYE: [u8; 2] = 1000_u16.to_be_bytes();
/// For how long a client may leave a goodbye unanswered.
const HANG_UP_WITHIN: Duration = Duration::from_secs(2);
/// The revision of FlowAgility's messages, the only one that was ever named.
const VERSION: &[u8] = b"1.0.0";

/// What a client wants that does not know yet which track it will ask for, until it does.
pub(super) async fn wait_for_start(
    out: &mut Outlet,
    requests: &mut mpsc::Receiver<Request>,
    registry: &Registry,
) -> io::Result<Option<Arc<Venue>>> {
    while let Some(request) = requests.recv().await {
        match request {
            Request::Text(text) => {
                let venue = resource(&text).and_then(|resource| registry.track(resource));
                if venue.is_some() {
                    return Ok(venue);
                }
            }
            Request::Ping(payload) => out.frame(FIN | PONG, &payload).await?,
            Request::Close(status) => {
                out.frame(FIN | CLOSE, &status).await?;
                break;
            }
            Request::Other => {}
        }
    }
    Ok(None)
}

/// One connection to one venue, after the upgrade.
pub(super) struct Talk {
    venue: Arc<Venue>,
    out: Outlet,
    requests: mpsc::Receiver<Request>,
    faults: watch::Receiver<Fault>,
    subscription: Option<Subscription>,
    max_backlog: usize,
    /// Data frames sent on this connection.
    frames: u64,
    open: OpenConnection,
}

/// How a connection ends without an error.
enum End {
    /// Said, or the client's.
    Goodbye,
    Reset,
}

impl Talk {
    pub fn new(
        venue: Arc<Venue>,
        open: OpenConnection,
        out: Outlet,
        requests: mpsc::Receiver<Request>,
        max_backlog: usize,
    ) -> Self {
        let faults = venue.watch_fault();
        // A ring tells everybody who listens; a track only who has asked.
        let subscription = (!venue.is_track()).then(|| venue.subscribe(max_backlog, false));
        Self { venue, out, requests, faults, subscription, max_backlog, frames: 0, open }
    }

    /// The track was asked for before this connection was its own.
    pub fn started(mut self) -> Self {
        self.subscription = Some(self.venue.subscribe(self.max_backlog, true));
        self
    }

    pub async fn run(mut self) -> io::Result<()> {
        let mut drops = self.venue.watch_drops();
        let end = tokio::select! {
            end = self.talk() => end?,
            _ = drops.changed() => End::Reset,
        };
        match end {
            End::Goodbye => self.hang_up().await,
            End::Reset => self.out.reset(),
        }
    }

    /// Lets the client go first: closing a socket with unread requests would be a reset, and would
    /// take the goodbye with it.
    async fn hang_up(mut self) -> io::Result<()> {
        self.out.finish().await?;
        let rest = async { while self.requests.recv().await.is_some() {} };
        tokio::time::timeout(HANG_UP_WITHIN, rest).await.map_err(io::Error::from)
    }

    async fn talk(&mut self) -> io::Result<End> {
        loop {
            let fault = *self.faults.borrow_and_update();
            let flow = match fault {
                Fault::AcceptAndClose => self.say_goodbye().await?,
                Fault::CloseAfter { frames } if self.frames >= frames => self.say_goodbye().await?,
                Fault::ResetAfter { frames } if self.frames >= frames => {
                    ControlFlow::Break(End::Reset)
                }
                Fault::HangAfterUpgrade => self.hang().await,
                Fault::HugeHeader if self.subscription.is_some() => {
                    self.out.huge_header().await?;
                    ControlFlow::Continue(())
                }
                Fault::EndlessFragments if self.subscription.is_some() => {
                    self.out.endless_fragments().await?;
                    ControlFlow::Continue(())
                }
                Fault::Flood if self.subscription.is_some() => self.flood().await?,
                _ => self.go_on(fault).await?,
            };
            if let ControlFlow::Break(end) = flow {
                return Ok(end);
            }
        }
    }

    /// Waits for one thing and reacts to it.
    async fn go_on(&mut self, fault: Fault) -> io::Result<ControlFlow<End>> {
        tokio::select! {
            // What comes after a fault was set is subject to it.
            biased;
            changed = self.faults.changed() => Ok(match changed {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(End::Goodbye),
            }),
            request = self.requests.recv() => match request {
                Some(request) => self.answer(request, fault).await,
                None => Ok(ControlFlow::Break(End::Goodbye)),
            },
            frame = next_frame(&mut self.subscription) => match frame {
                Some(frame) => self.send(&frame, fault).await.map(ControlFlow::Continue),
                // It reads too slowly.
                None => Ok(ControlFlow::Break(End::Reset)),
            },
        }
    }

    async fn answer(&mut self, request: Request, fault: Fault) -> io::Result<ControlFlow<End>> {
        match request {
            Request::Ping(payload) if fault.answers_pings() => {
                self.out.frame(FIN | PONG, &payload).await?;
            }
            Request::Ping(_) | Request::Other => {}
            Request::Close(status) => {
                self.out.frame(FIN | CLOSE, &status).await?;
                return Ok(ControlFlow::Break(End::Goodbye));
            }
            Request::Text(text) if self.venue.is_track() => {
                if resource(&text) == Some(self.venue.name()) && self.subscription.is_none() {
                    self.subscription = Some(self.venue.subscribe(self.max_backlog, true));
                }
            }
            Request::Text(text) => match (text.as_str(), &self.subscription) {
                ("ping", _) if fault.answers_pings() => self.reply(b"pong").await?,
                ("streaming_data", Some(subscription)) => self.venue.repeat_present(subscription),
                ("version", _) => self.reply(VERSION).await?,
                _ => {}
            },
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Sends a frame, or what the fault puts in its place.
    async fn send(&mut self, frame: &Bytes, fault: Fault) -> io::Result<()> {
        let payload = match fault {
            Fault::Silent => return Ok(()),
            Fault::EmptyFrames => Bytes::new(),
            Fault::Garbage => Bytes::from_static(b"<h1>502 Bad Gateway</h1> {\"T\":"),
            Fault::InvalidUtf8 => Bytes::from_static(b"{\"N\":\"\xC3\x28 \xFF\"}"),
            _ => frame.clone(),
        };
        match fault {
            Fault::Drip { every } => self.out.drip(&payload, every).await?,
            Fault::Fragmented => self.out.fragments(&payload).await?,
            Fault::Oversize { bytes } => self.out.oversize(bytes).await?,
            Fault::DeflateBomb { bytes } => self.out.deflate_bomb(bytes).await?,
            Fault::Binary => self.out.message(BINARY, &payload).await?,
            _ => self.out.message(TEXT, &payload).await?,
        }
        self.frames += 1;
        self.venue.count_sent();
        // What these two send is made while it is written, and nobody takes it for data.
        if !matches!(fault, Fault::Oversize { .. } | Fault::DeflateBomb { .. }) {
            self.open.keep_sent(fault == Fault::Binary, payload);
        }
        Ok(())
    }

    /// Answers a request with a text of its own.
    async fn reply(&mut self, text: &'static [u8]) -> io::Result<()> {
        self.out.message(TEXT, text).await?;
        self.open.keep_sent(false, Bytes::from_static(text));
        Ok(())
    }

    /// The present frame over and over; requests and new frames get their turn.
    async fn flood(&mut self) -> io::Result<ControlFlow<End>> {
        while !self.faults.has_changed().unwrap_or(true) {
            while let Ok(request) = self.requests.try_recv() {
                if let ControlFlow::Break(end) = self.answer(request, Fault::Flood).await? {
                    return Ok(ControlFlow::Break(end));
                }
            }
            let next = self.subscription.as_mut().map(|own| own.frames.try_recv());
            let frame = match next {
                Some(Ok(frame)) => Some(frame),
                Some(Err(mpsc::error::TryRecvError::Disconnected)) => {
                    return Ok(ControlFlow::Break(End::Reset));
                }
                _ => self.venue.present(),
            };
            if let Some(frame) = frame {
                self.send(&frame, Fault::Flood).await?;
            }
            // Sockets take a lot at once; others want the thread too.
            tokio::task::yield_now().await;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Does nothing until the fault is over. Requests are taken, so that the client's end is seen.
    async fn hang(&mut self) -> ControlFlow<End> {
        loop {
            tokio::select! {
                request = self.requests.recv() => if request.is_none() {
                    return ControlFlow::Break(End::Goodbye);
                },
                changed = self.faults.changed() => return match changed {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(End::Goodbye),
                },
            }
        }
    }

    async fn say_goodbye(&mut self) -> io::Result<ControlFlow<End>> {
        self.out.frame(FIN | CLOSE, &GOODBYE).await?;
        Ok(ControlFlow::Break(End::Goodbye))
    }
}

async fn next_frame(subscription: &mut Option<Subscription>) -> Option<Bytes> {
    match subscription {
        Some(subscription) => subscription.frames.recv().await,
        None => std::future::pending().await,
    }
}

/// The resource that a client asks for.
fn resource(request: &str) -> Option<&str> {
    request.strip_prefix("START ")
}
