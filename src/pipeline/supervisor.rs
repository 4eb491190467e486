//! Keeps one connection alive per configured feed: counts, waits, respawns.
//!
//! [`super::connection::Connection`]s report to me, the app tells me the feeds, `/health` asks me.
//! A slot per feed; a generation per connection, and what an older generation says is ignored. I
//! never see a frame and never decide about one. A venue that is away is never a reason to give
//! up; a fault of ours (a panic) that keeps coming back is, and puts the feed in quarantine.

mod health;
mod slot;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, Recipient,
    ResponseFuture, WrapFuture,
};
use chrono::Utc;
use log::{debug, error, info, warn};
use tokio::{sync::oneshot, time::Instant};

use crate::event::{ConnectionEnded, ConnectionSpan, FeedId, Generation};

pub use health::{FeedHealth, FeedState, FleetHealth};
use slot::{Slot, State};

use super::{
    backoff::{Backoff, HostSpacing},
    connection::{
        Connection, ConnectionEnd, ConnectionParams, Deadlines, EndReason, PaceLimits, Supervisor,
    },
    message::{
        ConnectionDown, ConnectionUp, DecoderPanicked, FeedRemoved, FeedsChanged, FrameReceived,
        GetHealth, Heartbeat, Intake, LearnGenerations, SetFeeds, StopConnection, StopFeeds,
    },
    websocket::SocketSettings,
};

/// How patient the supervisor is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// A connection that delivered valid data for so long starts the waiting times anew.
    pub proven_after: Duration,
    pub connects_per_second_per_host: u32,
    /// More faults of ours than this within the period put a feed in quarantine.
    pub panics: usize,
    pub panic_period: Duration,
    /// How often to look for connections that died without a word.
    pub liveness: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // The shortest wait is half of this: 0.5 s.
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            proven_after: Duration::from_secs(30),
            connects_per_second_per_host: 50,
            panics: 5,
            panic_period: Duration::from_secs(600),
            liveness: Duration::from_secs(5),
        }
    }
}

/// Starts a connection; the service uses [`on_threads`].
pub type Spawn = Box<dyn Fn(ConnectionParams) -> Handle>;

/// What the supervisor holds of a running connection.
pub struct Handle {
    pub stop: Recipient<StopConnection>,
    pub alive: Box<dyn Fn() -> bool>,
}

impl Handle {
    pub fn of<A>(connection: Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<StopConnection>,
    {
        let stop = connection.clone().recipient();
        Self { stop, alive: Box::new(move || connection.connected()) }
    }
}

/// Spreads connections over these threads, one after the other.
pub fn on_threads(threads: Vec<actix::ArbiterHandle>) -> Spawn {
    let next = std::cell::Cell::new(0usize);
    Box::new(move |params| {
        let turn = next.replace(next.get().wrapping_add(1)) % threads.len().max(1);
        match threads.get(turn) {
            Some(thread) => {
                Handle::of(Connection::start_in_arbiter(thread, |_| Connection::new(params)))
            }
            None => Handle::of(Connection::new(params).start()),
        }
    })
}

pub struct SupervisorParams {
    pub patience: Patience,
    pub deadlines: Deadlines,
    pub pace: PaceLimits,
    pub sockets: Arc<SocketSettings>,
    pub intake: Intake,
    pub parser: Recipient<FeedRemoved>,
    pub spawn: Spawn,
    /// The last generation of each feed ever connected, so that generations go on counting.
    pub generations: HashMap<FeedId, Generation>,
}

pub struct FeedSupervisor {
    params: SupervisorParams,
    slots: HashMap<FeedId, Slot>,
    hosts: HostSpacing,
    stopping: Option<Vec<oneshot::Sender<()>>>,
}

impl FeedSupervisor {
    pub fn new(params: SupervisorParams) -> Self {
        let hosts = HostSpacing::new(params.patience.connects_per_second_per_host);
        Self { params, slots: HashMap::new(), hosts, stopping: None }
    }
}

impl Actor for FeedSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(self.params.patience.liveness, Self::find_the_dead);
    }
}

impl Handler<SetFeeds> for FeedSupervisor {
    type Result = actix::MessageResult<SetFeeds>;

    fn handle(&mut self, SetFeeds(sources): SetFeeds, ctx: &mut Self::Context) -> Self::Result {
        let mut changed = FeedsChanged::default();
        if self.stopping.is_some() {
            return actix::MessageResult(changed);
        }
        let mut gone: Vec<FeedId> = self.slots.keys().cloned().collect();
        let wanted: HashSet<_> = sources.iter().map(|source| &source.info.id).collect();
        gone.retain(|id| !wanted.contains(id) && !self.slots[id].removed);
        for id in gone {
            self.remove(&id);
            changed.removed.push(id);
        }
        for source in sources {
            let id = source.info.id.clone();
            match self.slots.get_mut(&id) {
                // A removed feed that comes back before its connection has ended has been told to
                // end: take it up as changed.
                Some(slot) if slot.removed || slot.source.fingerprint != source.fingerprint => {
                    slot.replace(source);
                    changed.changed.push(id.clone());
                    self.restart_changed(&id, ctx);
                }
                Some(_) => {}
                None => {
                    let last = self.params.generations.get(&id).copied().unwrap_or_default();
                    let patience = &self.params.patience;
                    let backoff = Backoff::new(patience.first_wait, patience.longest_wait);
                    self.slots.insert(id.clone(), Slot::new(source, last, backoff));
                    changed.added.push(id.clone());
                    self.schedule(&id, Duration::ZERO, ctx);
                }
            }
        }
        actix::MessageResult(changed)
    }
}

impl Handler<LearnGenerations> for FeedSupervisor {
    type Result = ();

    fn handle(&mut self, LearnGenerations(known): LearnGenerations, _: &mut Self::Context) {
        for (feed, generation) in known {
            let last = self.params.generations.entry(feed).or_default();
            *last = (*last).max(generation);
        }
    }
}

impl Handler<ConnectionUp> for FeedSupervisor {
    type Result = ();

    fn handle(&mut self, up: ConnectionUp, _: &mut Self::Context) {
        let Some(slot) = self.slots.get_mut(&up.feed) else { return };
        if slot.generation == up.generation {
            slot.state = State::Up;
            slot.connected_at = Some(Utc::now());
            info!("feed={} generation={} connection up", up.feed, up.generation);
        }
    }
}

impl Handler<DecoderPanicked> for FeedSupervisor {
    type Result = ();

    fn handle(&mut self, panicked: DecoderPanicked, _: &mut Self::Context) {
        let Some(slot) = self.slots.get_mut(&panicked.feed) else { return };
        if slot.handle.is_none() || slot.generation != panicked.generation {
            // Its connection has ended already; the fault counts all the same.
            slot.panics.push_back(Instant::now());
            return;
        }
        slot.fault = Some(ConnectionEnd::new(EndReason::Panicked, panicked.message));
        slot.stop();
    }
}

impl Handler<ConnectionDown> for FeedSupervisor {
    type Result = ();

    fn handle(&mut self, down: ConnectionDown, ctx: &mut Self::Context) {
        let ConnectionDown { feed, generation, end } = down;
        let Some(slot) = self.slots.get_mut(&feed) else { return };
        if slot.generation != generation || slot.handle.take().is_none() {
            return;
        }
        slot.connected_at = None;
        // A connection that was stopped because its decoder panicked ended by that fault.
        let end = slot.fault.take().unwrap_or(end);
        if slot.removed {
            info!("feed={feed} generation={generation} connection down reason={end} feed removed");
            self.forget(&feed);
            return self.answer_stopped();
        }
        if self.stopping.is_some() {
            slot.state = State::Stopped;
            debug!("feed={feed} generation={generation} connection down reason={end}");
            return self.answer_stopped();
        }
        if end.reason == EndReason::Requested {
            // Its configuration changed.
            return self.schedule(&feed, Duration::ZERO, ctx);
        }
        self.respawn(&feed, end, ctx);
    }
}

impl Handler<StopFeeds> for FeedSupervisor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: StopFeeds, _: &mut Self::Context) -> Self::Result {
        let (done, all_down) = oneshot::channel();
        self.stopping.get_or_insert_default().push(done);
        for slot in self.slots.values_mut() {
            slot.stop();
        }
        self.answer_stopped();
        // An error means that the supervisor itself is gone, and with it every reason to wait.
        Box::pin(async { all_down.await.unwrap_or(()) })
    }
}

impl Handler<GetHealth> for FeedSupervisor {
    type Result = actix::MessageResult<GetHealth>;

    fn handle(&mut self, _: GetHealth, _: &mut Self::Context) -> Self::Result {
        let (now, instant) = (Utc::now(), Instant::now());
        let mut feeds: Vec<_> = self
            .slots
            .values()
            .filter(|slot| !slot.removed)
            .map(|slot| FeedHealth::of(slot, now, instant))
            .collect();
        feeds.sort_by(|a, b| a.id.cmp(&b.id));
        actix::MessageResult(FleetHealth { feeds })
    }
}

impl Handler<Heartbeat> for FeedSupervisor {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}

impl Handler<Due> for FeedSupervisor {
    type Result = ();

    /// The wait of a feed is over: take the host's next free place, then connect.
    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        if self.stopping.is_some() {
            return;
        }
        let Some(slot) = self.slots.get_mut(&due.feed) else { return };
        if slot.wait_id != due.wait_id || slot.handle.is_some() {
            return;
        }
        if due.spaced {
            return self.spawn(&due.feed, ctx);
        }
        let host = slot.source.kind.url().host_str().unwrap_or_default().to_owned();
        let wait = self.hosts.reserve(&host, Instant::now());
        if wait.is_zero() {
            return self.spawn(&due.feed, ctx);
        }
        slot.state = State::Waiting { until: Instant::now() + wait };
        ctx.notify_later(Due { spaced: true, ..due }, wait);
    }
}

impl FeedSupervisor {
    /// Waits, then connects; an older wait of this feed is void.
    fn schedule(&mut self, feed: &FeedId, wait: Duration, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(feed) else { return };
        slot.wait_id += 1;
        slot.state = State::Waiting { until: Instant::now() + wait };
        let due = Due { feed: feed.clone(), wait_id: slot.wait_id, spaced: false };
        if wait.is_zero() {
            ctx.notify(due)
        } else {
            ctx.notify_later(due, wait);
        }
    }

    fn spawn(&mut self, feed: &FeedId, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(feed) else { return };
        slot.generation = slot.generation.next();
        slot.state = State::Connecting;
        slot.silent_ticks = 0;
        let me = ctx.address();
        let params = ConnectionParams {
            source: slot.source.clone(),
            generation: slot.generation,
            deadlines: self.params.deadlines,
            pace: self.params.pace,
            sockets: self.params.sockets.clone(),
            intake: self.params.intake.clone(),
            supervisor: Supervisor { up: me.clone().recipient(), down: me.recipient() },
        };
        debug!("feed={feed} generation={} connecting", slot.generation);
        slot.handle = Some((self.params.spawn)(params));
    }

    fn respawn(&mut self, feed: &FeedId, end: ConnectionEnd, ctx: &mut Context<Self>) {
        let patience = self.params.patience;
        let Some(slot) = self.slots.get_mut(feed) else { return };
        let generation = slot.generation;
        let delivered = slot.source.counters.proof().delivered_for(generation);
        if delivered.to_std().is_ok_and(|delivered| delivered >= patience.proven_after) {
            slot.backoff.reset();
        }
        slot.restarts += 1;
        slot.last_error = Some((Utc::now(), end.to_string()));
        if end.reason == EndReason::Panicked
            && count_within(&mut slot.panics, patience.panic_period) > patience.panics
        {
            slot.state = State::Quarantined;
            error!(
                "feed={feed} generation={generation} quarantined after {} faults of ours reason={end}: \
                 please report it; the feed stays off until its configuration changes or the \
                 service restarts",
                slot.panics.len()
            );
            return;
        }
        let wait = slot.backoff.next_wait();
        let wait_s = wait.as_secs_f64();
        if end.reason == EndReason::Panicked {
            error!(
                "feed={feed} generation={generation} connection down reason={end} retry_in={wait_s:.1}s"
            );
        } else {
            warn!(
                "feed={feed} generation={generation} connection down reason={end} retry_in={wait_s:.1}s"
            );
        }
        self.schedule(feed, wait, ctx);
    }

    fn restart_changed(&mut self, feed: &FeedId, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(feed) else { return };
        if slot.handle.is_some() {
            slot.stop();
        } else {
            self.schedule(feed, Duration::ZERO, ctx);
        }
    }

    fn remove(&mut self, feed: &FeedId) {
        let Some(slot) = self.slots.get_mut(feed) else { return };
        slot.removed = true;
        slot.stop();
        if slot.handle.is_none() {
            self.forget(feed);
        }
    }

    /// The feed is gone, and no frame of it is under way any more.
    fn forget(&mut self, feed: &FeedId) {
        if let Some(slot) = self.slots.remove(feed) {
            self.params.generations.insert(feed.clone(), slot.generation);
            self.params.parser.do_send(FeedRemoved(feed.clone()));
        }
    }

    /// A connection that is gone and has said nothing in two looks did not end, it vanished: its
    /// last words would have arrived before the second look.
    fn find_the_dead(&mut self, ctx: &mut Context<Self>) {
        let mut dead = Vec::new();
        for (feed, slot) in &mut self.slots {
            let Some(handle) = &slot.handle else { continue };
            slot.silent_ticks = if (handle.alive)() { 0 } else { slot.silent_ticks + 1 };
            if slot.silent_ticks >= 2 {
                dead.push((feed.clone(), slot.generation, slot.connected_at));
            }
        }
        for (feed, generation, connected_at) in dead {
            let end = ConnectionEnd::new(EndReason::Panicked, "it vanished without a word");
            if let Some(connected_at) = connected_at {
                self.mark_ended(&feed, generation, connected_at, &end, ctx);
            }
            self.handle(ConnectionDown { feed, generation, end }, ctx);
        }
    }

    /// Tells the pipeline of the end of a connection that could not do so itself.
    fn mark_ended(
        &self,
        feed: &FeedId,
        generation: Generation,
        connected_at: chrono::DateTime<Utc>,
        end: &ConnectionEnd,
        ctx: &mut Context<Self>,
    ) {
        let Some(slot) = self.slots.get(feed) else { return };
        let ended = ConnectionEnded {
            disconnected_at: Utc::now(),
            reason: end.reason.as_str().to_owned(),
            frames: None,
        };
        let span = ConnectionSpan { generation, connected_at, ended: Some(ended) };
        let mark = FrameReceived::mark(slot.source.clone(), span);
        let intake = self.params.intake.clone();
        let sent = async move { intake.send(mark).await }.into_actor(self);
        ctx.spawn(sent.map(|sent, _, _| {
            if sent.is_err() {
                error!("the end of a connection could not be recorded: the journal is gone");
            }
        }));
    }

    fn answer_stopped(&mut self) {
        let running = self.slots.values().any(|slot| slot.handle.is_some());
        if let (false, Some(waiting)) = (running, &mut self.stopping) {
            for slot in self.slots.values_mut() {
                slot.state = State::Stopped;
            }
            for done in waiting.drain(..) {
                // Whoever asked may have lost patience.
                done.send(()).ok();
            }
        }
    }
}

/// Adds now to the moments and counts those within the period.
fn count_within(moments: &mut VecDeque<Instant>, period: Duration) -> usize {
    let now = Instant::now();
    moments.push_back(now);
    while moments.front().is_some_and(|&first| now.duration_since(first) > period) {
        moments.pop_front();
    }
    moments.len()
}

/// To myself: the wait with this id is over.
#[derive(Message)]
#[rtype(result = "()")]
struct Due {
    feed: FeedId,
    wait_id: u64,
    /// The host's place has been taken already.
    spaced: bool,
}
