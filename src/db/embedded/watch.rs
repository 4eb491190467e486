//! Watches over the server: waits for its end, and starts it again where nobody ordered it.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use super::{
    cluster::Cluster,
    postmaster::{self, Postmaster},
};

/// How soon a death is noticed.
const POLL: Duration = Duration::from_millis(100);

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// A server that ran for so long has recovered: its next death is a new one.
const STEADY_AFTER: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Stop,
    /// End the watch and leave the server running.
    Detach,
}

/// Returns when it is ordered to. The port stays the same over all restarts, since it is part of
/// the address that everybody has.
pub(super) fn watch(cluster: &Cluster, mut postmaster: Postmaster, orders: &Receiver<Order>) {
    let mut started_at = Instant::now();
    let mut delay = FIRST_DELAY;
    let mut running = true;
    loop {
        let wait = if running { POLL } else { delay };
        match orders.recv_timeout(wait) {
            Ok(Order::Detach) => return,
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return postmaster.stop(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if running && postmaster.is_alive() {
            continue;
        }
        if running {
            let words = postmaster.last_words(cluster);
            log::error!("private postgres died, starting it again last_words={words:?}");
            delay = if started_at.elapsed() > STEADY_AFTER { FIRST_DELAY } else { longer(delay) };
        }
        running = match restart(cluster, postmaster.port()) {
            Ok(restarted) => {
                log::warn!("private postgres started again pid={}", restarted.pid());
                postmaster = restarted;
                started_at = Instant::now();
                true
            }
            Err(reason) => {
                log::warn!("private postgres can't start yet reason={reason:?}");
                delay = longer(delay);
                false
            }
        };
    }
}

fn restart(cluster: &Cluster, port: u16) -> Result<Postmaster, String> {
    postmaster::clear_leftovers(cluster).map_err(|leftover| leftover.to_string())?;
    Postmaster::spawn(cluster, port).map_err(|error| error.to_string())
}

fn longer(delay: Duration) -> Duration {
    (delay * 2).min(LONGEST_DELAY)
}
