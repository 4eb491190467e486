//! A venue: paces what it plays and hands every frame to every subscriber.
//!
//! A subscriber gets the frames in order, the present one first, from a queue of its own; one that
//! falls too far behind loses its queue, which ends its connection. Nothing here knows a socket.

use std::{
    collections::VecDeque,
    fmt,
    net::SocketAddr,
    sync::Arc,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::{
    agility::{RingTruth, RingWorld},
    deflate::Compression,
    fault::Fault,
    karting::{KartWorld, TrackTruth},
    playback::{Playback, PlayedWorld},
    sent::{SentKeeper, SentLog},
    world::World,
};

/// Enough for every test that looks at back-off; a simulator that runs for weeks keeps the latest.
const MAX_CONNECTION_TIMES: usize = 10_000;

/// Days of a world at a crawl: no clock counts on for ever.
const FAR_AWAY: Duration = Duration::from_secs(1 << 30);

/// When a world begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    #[default]
    Now,
    /// With the first client that subscribes, so that it sees everything.
    WithFirstSubscriber,
    /// With [`Venue::resume`].
    OnResume,
}

/// The beginning of a world in quick motion, so that who looks at it sees it in full swing soon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeadIn {
    /// How much of the world.
    pub lasts: Duration,
    /// Seconds of the world in a second of ours; infinite: it is over before anybody can look.
    pub speed: f64,
}

impl LeadIn {
    /// Of what nobody can see no frames are made.
    fn skip(&self, world: &mut dyn World) {
        let is_skipped = |due: Duration| self.speed.is_infinite() && due <= self.lasts;
        while world.due().is_some_and(is_skipped) {
            world.step();
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub speed: f64,
    pub start: Start,
    pub lead_in: Option<LeadIn>,
}

impl Pace {
    /// How long after its beginning, by our clock, a world comes to `moment`.
    fn until(&self, moment: Duration) -> Duration {
        let (lead_in, seconds) = match self.lead_in {
            None => (Duration::ZERO, 0.0),
            Some(LeadIn { lasts, speed }) => {
                let lead_in = moment.min(lasts);
                (lead_in, lead_in.as_secs_f64() / speed)
            }
        };
        let rest = (moment - lead_in).as_secs_f64() / self.speed;
        Duration::try_from_secs_f64(seconds + rest).unwrap_or(FAR_AWAY).min(FAR_AWAY)
    }
}

pub(super) enum Kind {
    Track { resource: String },
    Ring { token: String },
}

pub(super) enum Playing {
    Karting(Box<KartWorld>),
    Agility(Box<RingWorld>),
    Recording(PlayedWorld),
    Nothing,
}

impl Playing {
    pub fn recording(playback: Playback) -> Self {
        Self::Recording(PlayedWorld::new(playback))
    }

    fn world(&mut self) -> Option<&mut dyn World> {
        match self {
            Self::Karting(world) => Some(world.as_mut()),
            Self::Agility(world) => Some(world.as_mut()),
            Self::Recording(world) => Some(world),
            Self::Nothing => None,
        }
    }
}

/// What a venue is made of.
pub(super) struct VenueParams {
    pub addr: SocketAddr,
    pub kind: Kind,
    pub playing: Playing,
    pub pace: Pace,
    pub compression: Compression,
    /// How many frames to keep; 0: none.
    pub keep_sent: usize,
}

/// One venue of a simulator.
pub struct Venue {
    addr: SocketAddr,
    kind: Kind,
    pace: Pace,
    pub(super) compression: Compression,
    stage: Mutex<Stage>,
    is_held: watch::Sender<bool>,
    fault: watch::Sender<Fault>,
    /// How often all connections were dropped.
    drops: watch::Sender<u64>,
    connection_times: Mutex<VecDeque<Instant>>,
    /// None where nobody asked for it.
    sent: Option<Mutex<SentKeeper>>,
    counters: Counters,
}

struct Stage {
    playing: Playing,
    /// What a new subscriber sees first.
    present: Option<Bytes>,
    subscribers: Vec<mpsc::Sender<Bytes>>,
    /// The world begins with the next one.
    waits_for_subscriber: bool,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU64,
    open: AtomicU64,
    frames_made: AtomicU64,
    frames_sent: AtomicU64,
    lagged: AtomicU64,
    has_ended: AtomicBool,
}

impl Venue {
    pub(super) fn new(params: VenueParams) -> Self {
        let VenueParams { addr, kind, mut playing, pace, compression, keep_sent } = params;
        if let (Some(lead_in), Some(world)) = (pace.lead_in, playing.world()) {
            lead_in.skip(world);
        }
        let present = playing.world().and_then(|world| world.snapshot()).map(Bytes::from);
        Self {
            addr,
            kind,
            pace,
            compression,
            stage: Mutex::new(Stage {
                playing,
                present,
                subscribers: Vec::new(),
                waits_for_subscriber: pace.start == Start::WithFirstSubscriber,
            }),
            is_held: watch::Sender::new(pace.start != Start::Now),
            fault: watch::Sender::new(Fault::None),
            drops: watch::Sender::new(0),
            connection_times: Mutex::default(),
            sent: (keep_sent > 0).then(|| Mutex::new(SentKeeper::new(keep_sent))),
            counters: Counters::default(),
        }
    }

    /// The address for a client's configuration.
    pub fn url(&self) -> String {
        format!("ws://{}{}", self.addr, self.path())
    }

    /// The resource of a track, the token of a ring.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Track { resource } => resource,
            Kind::Ring { token } => token,
        }
    }

    /// From now on the venue misbehaves like this.
    pub fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    pub fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    /// Resets every open connection, without a goodbye.
    pub fn drop_connections(&self) {
        self.drops.send_modify(|drops| *drops += 1);
    }

    /// The world stands still; connections stay, and pings are answered.
    pub fn pause(&self) {
        self.is_held.send_replace(true);
    }

    pub fn resume(&self) {
        self.is_held.send_replace(false);
    }

    /// Sends this to every subscriber, as if it came from the world, and to new ones at once.
    pub fn push(&self, text: impl Into<String>) {
        let mut stage = self.stage();
        self.publish(&mut stage, text.into());
    }

    /// Connections so far that asked for this venue, whatever became of them.
    pub fn connections(&self) -> u64 {
        self.counters.connections.load(Ordering::Relaxed)
    }

    /// When those connections came, oldest first; the latest 10,000.
    pub fn connection_times(&self) -> Vec<Instant> {
        lock(&self.connection_times).iter().copied().collect()
    }

    pub fn open_connections(&self) -> u64 {
        self.counters.open.load(Ordering::Relaxed)
    }

    /// How many are subscribed at the moment.
    pub fn subscribers(&self) -> usize {
        self.stage().subscribers.iter().filter(|subscriber| !subscriber.is_closed()).count()
    }

    /// Frames that wait for their subscribers to take them, the fullest queue.
    pub fn backlog(&self) -> usize {
        let waiting = |queue: &mpsc::Sender<Bytes>| queue.max_capacity() - queue.capacity();
        self.stage()
            .subscribers
            .iter()
            .filter(|own| !own.is_closed())
            .map(waiting)
            .max()
            .unwrap_or(0)
    }

    /// Frames of the world and pushed ones, whether anybody heard them or not.
    pub fn frames_made(&self) -> u64 {
        self.counters.frames_made.load(Ordering::Relaxed)
    }

    /// Data frames written to sockets, over all connections.
    pub fn frames_sent(&self) -> u64 {
        self.counters.frames_sent.load(Ordering::Relaxed)
    }

    /// Everything that was sent so far; empty unless [`super::SimulatorOptions::keep_sent`] says so.
    pub fn sent(&self) -> SentLog {
        self.sent.as_ref().map_or_else(SentLog::default, |sent| lock(sent).log().clone())
    }

    /// Subscribers that were disconnected because they read too slowly.
    pub fn lagged(&self) -> u64 {
        self.counters.lagged.load(Ordering::Relaxed)
    }

    /// The world or the recording has come to its end.
    pub fn has_ended(&self) -> bool {
        self.counters.has_ended.load(Ordering::Relaxed)
    }

    /// How far a recording is played, from its first frame on; none where none is played.
    pub fn position(&self) -> Option<Duration> {
        match &self.stage().playing {
            Playing::Recording(world) => Some(world.position()),
            _ => None,
        }
    }

    pub(super) fn path(&self) -> String {
        match &self.kind {
            Kind::Track { resource } => format!("/{resource}"),
            Kind::Ring { token } => format!("/ws/streaming/{token}"),
        }
    }

    pub(super) fn is_track(&self) -> bool {
        matches!(self.kind, Kind::Track { .. })
    }

    pub(super) fn track_truth(&self) -> TrackTruth {
        match &self.stage().playing {
            Playing::Karting(world) => world.truth(),
            _ => TrackTruth::default(),
        }
    }

    pub(super) fn ring_truth(&self) -> RingTruth {
        match &self.stage().playing {
            Playing::Agility(world) => world.truth(),
            _ => RingTruth::default(),
        }
    }

    /// Queues all frames from now on, after the present one when that is wanted.
    pub(super) fn subscribe(&self, max_backlog: usize, with_present: bool) -> Subscription {
        let (sender, frames) = mpsc::channel(max_backlog.max(1));
        let own = sender.downgrade();
        let mut stage = self.stage();
        if let Some(present) = stage.present.clone().filter(|_| with_present) {
            // The queue is new and holds at least one.
            sender.try_send(present).ok();
        }
        stage.subscribers.push(sender);
        // Only the first: a later one must not end a pause.
        let begins = std::mem::take(&mut stage.waits_for_subscriber);
        drop(stage);
        if begins {
            self.resume();
        }
        Subscription { frames, own }
    }

    /// Queues the present frame once more, after all that wait already.
    pub(super) fn repeat_present(&self, subscription: &Subscription) {
        let stage = self.stage();
        if let (Some(present), Some(own)) = (&stage.present, subscription.own.upgrade()) {
            // Who has no room for it is about to be disconnected anyway.
            own.try_send(present.clone()).ok();
        }
    }

    pub(super) fn present(&self) -> Option<Bytes> {
        self.stage().present.clone()
    }

    pub(super) fn watch_fault(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    pub(super) fn watch_drops(&self) -> watch::Receiver<u64> {
        self.drops.subscribe()
    }

    pub(super) fn count_connection(self: &Arc<Self>) -> OpenConnection {
        let mut times = lock(&self.connection_times);
        if times.len() == MAX_CONNECTION_TIMES {
            times.pop_front();
        }
        times.push_back(Instant::now());
        self.counters.connections.fetch_add(1, Ordering::Relaxed);
        self.counters.open.fetch_add(1, Ordering::Relaxed);
        let number = self.sent.as_ref().map(|sent| lock(sent).begin());
        OpenConnection { venue: self.clone(), number }
    }

    pub(super) fn count_sent(&self) {
        self.counters.frames_sent.fetch_add(1, Ordering::Relaxed);
    }

    fn due(&self) -> Option<Duration> {
        self.stage().playing.world().and_then(|world| world.due())
    }

    fn step(&self) {
        let mut stage = self.stage();
        let Some(world) = stage.playing.world() else { return };
        world.step();
        if let Some(text) = world.snapshot() {
            self.publish(&mut stage, text);
        }
    }

    fn publish(&self, stage: &mut Stage, text: String) {
        let frame = Bytes::from(text);
        stage.present = Some(frame.clone());
        self.counters.frames_made.fetch_add(1, Ordering::Relaxed);
        stage.subscribers.retain(|subscriber| match subscriber.try_send(frame.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.counters.lagged.fetch_add(1, Ordering::Relaxed);
                false
            }
        });
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }
}

impl fmt::Debug for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Venue").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// The frames of one subscriber.
pub(super) struct Subscription {
    /// Ends when the subscriber fell too far behind.
    pub frames: mpsc::Receiver<Bytes>,
    /// Weak: the venue alone decides how long the queue lives.
    own: mpsc::WeakSender<Bytes>,
}

/// Counts as open until it is dropped.
pub(super) struct OpenConnection {
    venue: Arc<Venue>,
    /// In the log of what was sent; none where nobody keeps one.
    number: Option<usize>,
}

impl OpenConnection {
    /// Notes a message that has just been written.
    pub fn keep_sent(&self, is_binary: bool, payload: Bytes) {
        if let Some((sent, number)) = self.venue.sent.as_ref().zip(self.number) {
            lock(sent).keep(number, is_binary, payload);
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.venue.counters.open.fetch_sub(1, Ordering::Relaxed);
        if let Some((sent, number)) = self.venue.sent.as_ref().zip(self.number) {
            lock(sent).end(number);
        }
    }
}

/// Lets the venue's world go its way, at its pace, until it ends.
pub(super) async fn run(venue: Arc<Venue>) {
    let mut is_held = venue.is_held.subscribe();
    // Not when, but since when: pauses move it.
    let mut began = tokio::time::Instant::now();
    loop {
        if *is_held.borrow_and_update() {
            let held_since = tokio::time::Instant::now();
            if is_held.wait_for(|held| !held).await.is_err() {
                return;
            }
            began += held_since.elapsed();
        }
        let Some(due) = venue.due() else { break };
        let wait = venue.pace.until(due);
        tokio::select! {
            biased;
            changed = is_held.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(began + wait) => {
                venue.step();
                // A world that is behind its time must not keep its thread from others.
                tokio::task::yield_now().await;
            }
        }
    }
    venue.counters.has_ended.store(true, Ordering::Relaxed);
}

/// What these mutexes guard is whole at any time, even if a thread died.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_quick_until_the_lead_in_is_over() {
        let lead_in = LeadIn { lasts: Duration::from_secs(100), speed: 50.0 };
        let mut pace = Pace { speed: 2.0, start: Start::Now, lead_in: Some(lead_in) };
        let until = |pace: Pace, seconds| pace.until(Duration::from_secs(seconds)).as_secs_f64();
        assert_eq!(until(pace, 0), 0.0);
        assert_eq!(until(pace, 50), 1.0);
        assert_eq!(until(pace, 100), 2.0);
        assert_eq!(until(pace, 110), 7.0);
        pace.lead_in = None;
        assert_eq!(until(pace, 110), 55.0);
        pace.speed = f64::INFINITY;
        assert_eq!(until(pace, 110), 0.0);
        pace.speed = 0.0;
        assert_eq!(pace.until(Duration::from_secs(1)), FAR_AWAY);
    }

    #[test]
    fn lead_in_that_takes_no_time_leaves_the_world_at_its_end() {
        let lasts = Duration::from_secs(300);
        let mut world = KartWorld::new(1, super::super::KartOptions::default());
        LeadIn { lasts, speed: f64::INFINITY }.skip(&mut world);
        let due = world.due().unwrap();
        assert!(due > lasts && due < lasts + Duration::from_secs(60), "{due:?}");

        let mut world = KartWorld::new(1, super::super::KartOptions::default());
        LeadIn { lasts, speed: 50.0 }.skip(&mut world);
        assert_eq!(world.due(), Some(Duration::ZERO));
    }
}
