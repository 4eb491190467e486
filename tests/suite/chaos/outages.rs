//! Postgres is stopped for a while, as for an update.

use chrono::Utc;

use super::arena::{Arena, Scale};

pub async fn ten_minutes(scale: &Scale) {
    // Twice as fast as elsewhere: ten minutes are long.
    let mut arena = Arena::open(&Scale { speed: scale.speed * 2.0, ..*scale }).await;
    arena.postgres.stop();
    arena.venues.play(600.0 * scale.outage.as_secs_f64() / super::FULL.outage.as_secs_f64()).await;
    let health = arena.health().await;
    assert_eq!(health["status"], "down", "{health}");
    assert_eq!(health["database"]["reachable"], false);
    arena.postgres.start_again();
    arena.recovers(Utc::now()).await;
    arena.venues.play_for(scale.outage / 4).await;
    arena.close("postgres stopped").await;
}
