//! Who may see what: the token, what is public, limits, TLS, and the headers of every answer.
//!
//! [`listen`] is the door: it counts connections by address and speaks TLS. Behind it [`watch`]
//! judges every request before a handler sees it. Both go by the present [`Rules`], which change
//! while the service runs.

mod access;
mod address;
mod callers;
mod class;
mod counters;
mod door;
mod headers;
mod host;
mod identity;
mod login;
mod rules;
mod token;
mod watch;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use tokio::sync::watch as channel;

use access::{Pass, Refusal, Visit};
use address::Caller;
use callers::{Callers, Seat, TooOften};
use class::Class;
use counters::Counters;

pub use door::listen;
pub use identity::{Identity, IdentityError};
pub use login::routes;
pub use rules::{Limits, Public, Rules};
pub use token::Token;
pub use watch::{watch, watch_relay};

/// What door and watch share, on all threads.
pub struct Guard {
    rules: RwLock<Arc<Rules>>,
    callers: Arc<Callers>,
    counters: Counters,
    /// Counts the times when every connection had to go.
    evictions: channel::Sender<u64>,
}

/// What became of new rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesChanged {
    /// Keys that count from now on.
    pub applied: Vec<&'static str>,
    /// Keys that need a restart.
    pub left: Vec<&'static str>,
}

impl Guard {
    pub fn new(rules: Rules) -> Self {
        Self {
            callers: Arc::new(Callers::new(rules.limits)),
            rules: RwLock::new(Arc::new(rules)),
            counters: Counters::default(),
            evictions: channel::Sender::new(0),
        }
    }

    pub fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes by these rules from now on. When less may be open than before, every connection ends:
    /// a session is judged only when it begins.
    pub fn set_rules(&self, mut new: Rules) -> RulesChanged {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = RulesChanged::default();
        if rules.identity.is_some() == new.identity.is_some() {
            changed.note("tls", rules.identity != new.identity);
        } else {
            changed.left.push("tls");
            new.identity = rules.identity.clone();
        }
        changed.note("token", rules.token != new.token);
        changed.note("public", rules.public != new.public);
        changed.note("hosts", rules.hosts != new.hosts);
        changed.note("proxies", rules.proxies != new.proxies);
        changed.note("limits", rules.limits != new.limits);
        if rules.limits != new.limits {
            self.callers.set_limits(new.limits);
        }
        let evicts = rules.token != new.token || rules.public != new.public;
        *rules = Arc::new(new);
        if evicts {
            self.evictions.send_modify(|times| *times += 1);
        }
        changed
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.counters.register(registry);
        let open: Gauge = Gauge::default();
        open.set(i64::from(self.callers.open()));
        registry.register("http_connections", "Open now", open);
    }

    /// A seat for a connection from `peer`; none when it has to go at once.
    fn seat(&self, peer: IpAddr) -> Option<Seat> {
        let is_proxy = self.rules().proxies.contains(&peer.to_canonical());
        let seat = self.callers.sit_down(Caller::of(peer), is_proxy).ok();
        if seat.is_none() {
            self.counters.no_seat();
        }
        seat
    }

    /// Changes when every connection has to go.
    fn eviction(&self) -> channel::Receiver<u64> {
        self.evictions.subscribe()
    }
}

impl RulesChanged {
    fn note(&mut self, key: &'static str, is_changed: bool) {
        if is_changed {
            self.applied.push(key);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
