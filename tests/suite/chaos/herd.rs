//! Every connection is cut at once, as when a venue's cluster restarts, and once more when all are
//! back.

use std::time::{Duration, Instant};

use super::arena::{Arena, Scale, Setup};

/// To one host, and all venues are on one.
const CONNECTS_PER_SECOND: usize = 50;
/// Connects leave at their time; that they arrive takes now a little more, now a little less.
const JITTER: usize = 10;
/// What is waited at least after the first and the second failure.
const SHORTEST_WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

pub async fn is_cut(scale: &Scale) {
    let setup = Setup { idle_feeds: scale.idle_feeds, ..Setup::default() };
    let mut arena = Arena::open_with(scale, setup).await;
    let mut most = 0;
    for shortest_wait in SHORTEST_WAITS {
        let cut_at = Instant::now();
        arena.venues.simulator.drop_all_connections();
        arena.is_connected_since(cut_at).await;
        let connects = arena.venues.connection_times();
        let mut since: Vec<_> =
            connects.iter().flatten().filter(|at| **at > cut_at).map(|at| *at - cut_at).collect();
        since.sort();
        assert_eq!(since.len(), connects.len(), "each connects once");
        assert!(since[0] >= shortest_wait, "a connect {:?} after the cut", since[0]);
        most = most.max(most_in_a_second(&since));
    }
    assert!(most <= CONNECTS_PER_SECOND + JITTER, "{most} connects in a second");
    arena.note = format!("connects_in_a_second={most}");
    arena.venues.play_for(scale.outage).await;
    arena.close("all connections cut").await;
}

/// `times` ascend.
fn most_in_a_second(times: &[Duration]) -> usize {
    let within = |from: &Duration| {
        times.iter().filter(|at| **at >= *from && **at < *from + Duration::from_secs(1)).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}
