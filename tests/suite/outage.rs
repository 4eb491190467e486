//! Postgres is killed under load and comes back: the tables equal what the venues sent, without a
//! restart of the service.

use std::time::Duration;

use actix::System;
use ringside::simulator::{
    KartOptions, Plays, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
    TrackOptions,
};

use crate::support::{
    mortal::MortalPostgres,
    service::{Service, ring_table, track_table},
    truth::{laps_sent, laps_stored, playsets_sent, playsets_stored},
    wait_for, wait_until,
};

const AWAY: Duration = Duration::from_secs(30);

#[test]
fn nothing_is_lost_when_postgres_is_killed_for_half_a_minute() {
    System::new().block_on(async {
        let mut server = MortalPostgres::start();
        let db = server.database();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let tracks: Vec<_> = (1..=8)
            .map(|seed| {
                let world = KartOptions { heat_s: 300, heats: Some(3), ..KartOptions::default() };
                let track = simulator.add_track(TrackOptions {
                    seed,
                    speed: 20.0,
                    plays: Plays::World(world),
                    start: Start::WithFirstSubscriber,
                    ..TrackOptions::new(format!("{seed}@x"))
                });
                (format!("track-{seed}"), track)
            })
            .collect();
        let ring = simulator.add_ring(RingOptions {
            speed: 60.0,
            start: Start::WithFirstSubscriber,
            plays: Plays::World(RingDayOptions { days: Some(1), ..RingDayOptions::default() }),
            ..RingOptions::new("12345678")
        });
        let mut feeds: String = tracks.iter().map(|(id, track)| track_table(id, track)).collect();
        feeds += &ring_table("ring", &ring);
        // The deadlines of a real deployment: this is about the database.
        let options = ringside::app::Options::default();
        let service = Service::start_with(&db, &feeds, options, |_| {}).await;
        wait_until("laps come", async || {
            db.value("SELECT count(*) FROM laps").as_i64().unwrap() > 20
        })
        .await;

        server.kill();
        wait_until("the service notices", async || {
            let health = service.health().await;
            !health.database.reachable && health.writer.trouble.is_some()
        })
        .await;
        assert_eq!(service.get("/readyz").await.0, 503);
        assert_eq!(service.get("/livez").await.0, 200);
        tokio::time::sleep(AWAY).await;
        server.start_again();

        wait_until("the worlds end", async || {
            ring.has_ended() && tracks.iter().all(|(_, track)| track.has_ended())
        })
        .await;
        for (id, track) in &tracks {
            wait_for(id, laps_sent(track), async || laps_stored(&db, id)).await;
            assert_eq!(service.feed(id).await.restarts, 0, "{id}");
        }
        wait_for("ring", playsets_sent(&ring), async || playsets_stored(&db, "ring")).await;
        wait_until("ready again", async || service.get("/readyz").await.0 == 200).await;
        let report = service.stop().await;
        assert_eq!((report.records_left, report.saved), (0, true));
        assert!(report.events_written > 1_000, "{report:?}");
    });
}
