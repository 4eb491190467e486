//! What all sessions have in common, and what the parts of one session share.

use std::{
    cell::Cell,
    future::Future,
    io,
    net::TcpListener,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use log::debug;
use socket2::SockRef;
use tokio::sync::watch;

/// Bytes that the kernel takes for a client beyond what is on its way: what a slow client gets is
/// not much older than that.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 16 << 10;

/// What a client may do, and for how long it may do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Sessions that are open at the same time.
    pub most: u64,
    pub ping_every: Duration,
    /// A client of which nothing came for so long, not even the answer to a ping, is gone.
    pub silent_for: Duration,
    /// A client that takes nothing of what is sent for so long is cut.
    pub stuck_for: Duration,
    /// Longer messages of a client end its session.
    pub max_message_bytes: usize,
    /// What a client may send on and on, with a little added for each frame.
    pub bytes_per_second: u64,
    /// And at once.
    pub burst_bytes: u64,
}

impl Default for SessionLimits {
    /// Clients say a word now and then; the busiest known sends two of ten bytes in 25 s.
    fn default() -> Self {
        Self {
            most: 10_000,
            ping_every: Duration::from_secs(20),
            silent_for: Duration::from_secs(60),
            stuck_for: Duration::from_secs(10),
            max_message_bytes: 4 << 10,
            bytes_per_second: 1 << 10,
            burst_bytes: 16 << 10,
        }
    }
}

/// Makes the sockets that this listener accepts tell of slow clients soon: nothing is held back for
/// a fuller packet, little is buffered, and one that takes nothing is cut by the kernel.
///
/// # Errors
/// The kernel does not know such a setting.
pub fn prepare(listener: &TcpListener, limits: &SessionLimits) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_tcp_nodelay(true)?;
    bound(&socket, limits)
}

#[cfg(target_os = "linux")]
fn bound(socket: &SockRef<'_>, limits: &SessionLimits) -> io::Result<()> {
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    socket.set_tcp_user_timeout(Some(limits.stuck_for))
}

/// Elsewhere a client that takes nothing is found by its silence.
#[cfg(not(target_os = "linux"))]
fn bound(_: &SockRef<'_>, _: &SessionLimits) -> io::Result<()> {
    Ok(())
}

/// All sessions of the service.
pub struct Sessions {
    limits: SessionLimits,
    open: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    ended: [AtomicU64; End::ALL.len()],
    over: watch::Sender<bool>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said goodbye.
    Closed,
    /// The client is gone without a goodbye.
    Lost,
    /// It did not take what was sent.
    Slow,
    /// It did not answer to pings.
    Silent,
    /// Its message was too large.
    Oversize,
    /// It sent too much.
    Flood,
    Protocol,
    /// What it was told of is over.
    Farewell,
    /// The service stops.
    Stopped,
}

impl End {
    pub const ALL: [Self; 9] = [
        Self::Closed,
        Self::Lost,
        Self::Slow,
        Self::Silent,
        Self::Oversize,
        Self::Flood,
        Self::Protocol,
        Self::Farewell,
        Self::Stopped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Lost => "lost",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Oversize => "oversize",
            Self::Flood => "flood",
            Self::Protocol => "protocol",
            Self::Farewell => "farewell",
            Self::Stopped => "stopped",
        }
    }
}

impl Sessions {
    pub fn new(limits: SessionLimits) -> Self {
        let (over, _) = watch::channel(false);
        Self {
            limits,
            open: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            ended: Default::default(),
            over,
        }
    }

    pub fn limits(&self) -> &SessionLimits {
        &self.limits
    }

    /// Open at the moment.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Not opened, since too many were, or since the service stops.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub fn ended(&self, end: End) -> u64 {
        self.ended[end as usize].load(Ordering::Relaxed)
    }

    /// Tells every client that the service stops; from now on none is let in.
    pub fn end_all(&self) {
        self.over.send_replace(true);
    }

    /// Is done when all sessions shall end.
    pub fn all_end(&self) -> impl Future<Output = ()> + use<> {
        let mut over = self.over.subscribe();
        async move {
            // An error: nobody is left who could say so.
            drop(over.wait_for(|over| *over).await);
        }
    }
}

/// One session, for its parts.
pub(super) struct Line {
    sessions: Arc<Sessions>,
    path: String,
    has_room: Cell<bool>,
    /// Something was given, and no more was asked for.
    awaits_room: Cell<bool>,
    breach: Cell<Option<End>>,
    end: Cell<Option<End>>,
}

impl Line {
    /// None when there are too many, or when all shall end.
    pub fn open(sessions: Arc<Sessions>, path: &str) -> Option<Rc<Self>> {
        let before = sessions.open.fetch_add(1, Ordering::Relaxed);
        if before >= sessions.limits.most || *sessions.over.borrow() {
            sessions.open.fetch_sub(1, Ordering::Relaxed);
            sessions.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        sessions.opened.fetch_add(1, Ordering::Relaxed);
        Some(Rc::new(Self {
            sessions,
            path: path.to_owned(),
            has_room: Cell::new(false),
            awaits_room: Cell::new(false),
            breach: Cell::new(None),
            end: Cell::new(None),
        }))
    }

    pub fn limits(&self) -> &SessionLimits {
        &self.sessions.limits
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// As [`Sessions::all_end`].
    pub fn all_end(&self) -> impl Future<Output = ()> + use<> {
        self.sessions.all_end()
    }

    /// The dispatcher asks for more: all that was given before is in its hands.
    pub fn make_room(&self) {
        self.has_room.set(true);
        self.awaits_room.set(false);
    }

    pub fn has_room(&self) -> bool {
        self.has_room.get()
    }

    pub fn fill(&self) {
        self.has_room.set(false);
    }

    pub fn await_room(&self) {
        self.awaits_room.set(true);
    }

    /// The client sent more than it may.
    pub fn set_breach(&self, breach: End) {
        self.breach.set(Some(breach));
    }

    pub fn breach(&self) -> Option<End> {
        self.breach.get()
    }

    /// The first reason counts.
    pub fn end(&self, end: End) {
        if self.end.get().is_none() {
            self.end.set(Some(end));
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Cut from outside: by the kernel, where it was told for too long that there is no room.
        let cut = if self.awaits_room.get() { End::Slow } else { End::Lost };
        let end = self.end.get().unwrap_or(cut);
        self.sessions.open.fetch_sub(1, Ordering::Relaxed);
        self.sessions.ended[end as usize].fetch_add(1, Ordering::Relaxed);
        debug!("local socket ended path={} reason={}", self.path, end.as_str());
    }
}
