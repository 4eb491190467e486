//! Fake venues that speak both protocols on loopback, for demo, tests and benches.
//!
//! A [`Simulator`] is one listener with any number of venues behind it: [`Track`]s speak like BMI,
//! [`Ring`]s like FlowAgility. Each plays a world of its own ([`KartWorld`], [`RingWorld`]: pure,
//! seeded, steppable without a socket), a recording ([`Playback`]), or nothing but what a test
//! pushes. What goes over the wire can be spoiled with a [`Fault`] at any time; what really happened
//! is in the venue's `truth`.
//!
//! ```text
//! world.rs ◀─ karting/  agility/  playback.rs       what happens, as frames at moments
//!                 │
//! venue.rs        ▼  paces a world and hands every frame to every subscriber
//! sent.rs          ◀─  what a test wants to hold the tables against
//! server.rs       ▼  one task a connection: upgrade, requests, frames, spoiled by fault.rs
//! socket.rs  deflate.rs                             HTTP upgrade, websocket frames, compression
//! ```

pub mod agility;
pub mod karting;

mod deflate;
mod fault;
mod names;
mod outlet;
mod playback;
mod recorded;
mod sent;
mod server;
mod socket;
mod talk;
mod venue;
mod world;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, runtime::Handle, task::JoinSet};

pub use self::{
    agility::{RingDayOptions, RingTruth, RingWorld},
    deflate::Compression,
    fault::Fault,
    karting::{KartOptions, KartWorld, TrackTruth},
    playback::Playback,
    recorded::{Recorded, Unplayable},
    sent::{SentConnection, SentFrame, SentLog},
    venue::{LeadIn, Start, Venue},
    world::Frame,
};

use self::{
    server::Registry,
    venue::{Kind, Pace, Playing, VenueParams},
    world::{World, next_frame},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorOptions {
    /// Port 0: any that is free.
    pub listen: SocketAddr,
    /// A subscriber that is so many frames behind is disconnected.
    pub max_backlog: usize,
    /// How many frames of each venue are kept in [`Venue::sent`]; 0: not even the connections.
    pub keep_sent: usize,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        Self { listen, max_backlog: 100_000, keep_sent: 0 }
    }
}

/// What a venue plays.
#[derive(Clone, Debug)]
pub enum Plays<W> {
    /// A world with these options.
    World(W),
    Recording(Playback),
    /// Nothing of its own: only what [`Venue::push`] is given.
    Nothing,
}

/// A kart track on the wire.
#[derive(Clone, Debug)]
pub struct TrackOptions {
    /// What a client names after `START `, as `8501@speedpark`.
    pub resource: String,
    pub plays: Plays<KartOptions>,
    pub seed: u64,
    /// Seconds of the world in a second of ours; infinite: as fast as it goes.
    pub speed: f64,
    pub start: Start,
    /// None: the world goes at its speed from the beginning.
    pub lead_in: Option<LeadIn>,
    pub compression: Compression,
}

impl TrackOptions {
    /// A track with an ordinary world, at real speed, from now on.
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            plays: Plays::World(KartOptions::default()),
            seed: 1,
            speed: 1.0,
            start: Start::Now,
            lead_in: None,
            compression: Compression::default(),
        }
    }
}

/// An agility ring on the wire.
#[derive(Clone, Debug)]
pub struct RingOptions {
    /// The last part of the address, as `-aB3dE6g`.
    pub token: String,
    pub plays: Plays<RingDayOptions>,
    pub seed: u64,
    /// Seconds of the world in a second of ours; infinite: as fast as it goes.
    pub speed: f64,
    pub start: Start,
    /// None: the world goes at its speed from the beginning.
    pub lead_in: Option<LeadIn>,
    pub compression: Compression,
}

impl RingOptions {
    /// A ring with an ordinary day, at real speed, from now on.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            plays: Plays::World(RingDayOptions::default()),
            seed: 1,
            speed: 1.0,
            start: Start::Now,
            lead_in: None,
            compression: Compression::default(),
        }
    }
}

/// One listener, many venues. Everything ends when it is dropped.
pub struct Simulator {
    addr: SocketAddr,
    registry: Arc<Registry>,
    keep_sent: usize,
    runtime: Handle,
    accepting: JoinSet<()>,
    /// The venues' clocks; adding a venue needs no exclusive simulator.
    worlds: Mutex<JoinSet<()>>,
}

impl Simulator {
    /// # Errors
    /// The address can't be listened on: the port is taken, most likely.
    pub async fn start(options: SimulatorOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let addr = listener.local_addr()?;
        let registry = Arc::new(Registry::new(options.max_backlog));
        let mut accepting = JoinSet::new();
        accepting.spawn(server::accept(listener, registry.clone()));
        let runtime = Handle::current();
        let worlds = Mutex::default();
        Ok(Self { addr, registry, keep_sent: options.keep_sent, runtime, accepting, worlds })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Opens a track. An earlier one with the same resource can be reached no more.
    pub fn add_track(&self, options: TrackOptions) -> Track {
        let TrackOptions { resource, plays, seed, speed, start, lead_in, compression } = options;
        let playing = match plays {
            Plays::World(options) => Playing::Karting(Box::new(KartWorld::new(seed, options))),
            Plays::Recording(playback) => Playing::recording(playback),
            Plays::Nothing => Playing::Nothing,
        };
        let kind = Kind::Track { resource };
        Track(self.open(kind, playing, Pace { speed, start, lead_in }, compression))
    }

    /// Opens a ring. An earlier one with the same token can be reached no more.
    pub fn add_ring(&self, options: RingOptions) -> Ring {
        let RingOptions { token, plays, seed, speed, start, lead_in, compression } = options;
        let playing = match plays {
            Plays::World(options) => Playing::Agility(Box::new(RingWorld::new(seed, options))),
            Plays::Recording(playback) => Playing::recording(playback),
            Plays::Nothing => Playing::Nothing,
        };
        let kind = Kind::Ring { token };
        Ring(self.open(kind, playing, Pace { speed, start, lead_in }, compression))
    }

    /// Resets every open connection of every venue, without a goodbye.
    pub fn drop_all_connections(&self) {
        self.registry.venues().iter().for_each(|venue| venue.drop_connections());
    }

    /// Ends every connection and every world.
    pub async fn stop(mut self) {
        self.accepting.shutdown().await;
        let mut worlds =
            std::mem::take(&mut *self.worlds.lock().unwrap_or_else(PoisonError::into_inner));
        worlds.shutdown().await;
    }

    fn open(
        &self,
        kind: Kind,
        playing: Playing,
        pace: Pace,
        compression: Compression,
    ) -> Arc<Venue> {
        let venue = Arc::new(Venue::new(VenueParams {
            addr: self.addr,
            kind,
            playing,
            pace,
            compression,
            keep_sent: self.keep_sent,
        }));
        self.registry.add(venue.clone());
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        worlds.spawn_on(venue::run(venue.clone()), &self.runtime);
        venue
    }
}

/// A kart track that speaks like BMI. The handle is cheap to clone and outlives its simulator.
#[derive(Clone)]
pub struct Track(Arc<Venue>);

impl Track {
    /// What to send after `START `.
    pub fn resource(&self) -> &str {
        self.0.name()
    }

    /// What was sent so far; empty where no world is played.
    pub fn truth(&self) -> TrackTruth {
        self.0.track_truth()
    }
}

impl Deref for Track {
    type Target = Venue;

    fn deref(&self) -> &Venue {
        &self.0
    }
}

/// An agility ring that speaks like FlowAgility. The handle is cheap to clone and outlives its
/// simulator.
#[derive(Clone)]
pub struct Ring(Arc<Venue>);

impl Ring {
    /// What was sent so far; empty where no world is played.
    pub fn truth(&self) -> RingTruth {
        self.0.ring_truth()
    }
}

impl Deref for Ring {
    type Target = Venue;

    fn deref(&self) -> &Venue {
        &self.0
    }
}

#[cfg(test)]
mod tests;
