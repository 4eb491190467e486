//! The network between Ringside and Postgres breaks in every way it can.

use std::time::Duration;

use chrono::Utc;

use crate::support::proxy::Network;

use super::arena::{Arena, Scale, Setup};

pub async fn breaks(scale: &Scale) {
    let setup = Setup { behind_proxy: true, ..Setup::default() };
    let mut arena = Arena::open_with(scale, setup).await;
    for network in [Network::Cut, Network::Stalls, Network::Slow(Duration::from_millis(100))] {
        arena.network(network);
        arena.venues.play_for(scale.outage).await;
        arena.network(Network::Passes);
        arena.recovers(Utc::now()).await;
    }
    // What has been lost without a word must not be waited for: stalled, and then cut.
    arena.network(Network::Stalls);
    arena.venues.play_for(scale.outage / 2).await;
    arena.network(Network::Cut);
    arena.network(Network::Passes);
    arena.recovers(Utc::now()).await;
    arena.close("network to postgres").await;
}
