//! `kill -9`, of Ringside, of Postgres, of both.

use std::time::Instant;

use chrono::Utc;

use super::arena::{Arena, Scale};

/// Seconds of the venues between two kills, at most.
const BETWEEN_KILLS: f64 = 60.0;
/// As many as a start takes, and some more.
const GETTING_UP: f64 = 5.0;

/// Every second time it is killed again while it gets up.
pub async fn of_ringside(scale: &Scale) {
    let mut arena = Arena::open(scale).await;
    for kill in 0..scale.kills {
        let gets_up = kill % 2 == 1;
        let pause = if gets_up { GETTING_UP } else { BETWEEN_KILLS };
        arena.venues.play(pause * fastrand::f64()).await;
        arena.kill_ringside();
        if gets_up {
            arena.recovers(Utc::now()).await;
        }
    }
    arena.recovers(Utc::now()).await;
    arena.close("ringside killed").await;
}

/// It comes back at once, and has to find out what was committed.
pub async fn of_postgres(scale: &Scale) {
    let mut arena = Arena::open(scale).await;
    for _ in 0..scale.kills {
        arena.venues.play(BETWEEN_KILLS * fastrand::f64()).await;
        arena.kill_postgres();
        arena.postgres.start_again();
        arena.recovers(Utc::now()).await;
    }
    arena.close("postgres killed").await;
}

/// Ringside comes back first, keeps what it hears, and is killed once more before Postgres is back.
pub async fn of_both(scale: &Scale) {
    let mut arena = Arena::open(scale).await;
    for _ in 0..scale.kills.div_ceil(10) {
        arena.kill_postgres();
        kill_ringside(&mut arena).await;
        arena.venues.play_for(scale.outage / 2).await;
        kill_ringside(&mut arena).await;
        arena.venues.play_for(scale.outage / 2).await;
        arena.postgres.start_again();
        arena.recovers(Utc::now()).await;
        arena.venues.play_for(scale.outage).await;
    }
    arena.close("both killed").await;
}

/// And lets it connect.
async fn kill_ringside(arena: &mut Arena) {
    let began = Instant::now();
    arena.kill_ringside();
    arena.is_connected_since(began).await;
}
