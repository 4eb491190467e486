//! The journal at work in the real program: starts without a database, damage, and its bounds.

use std::{fs, time::Duration};

use actix::System;
use nix::sys::signal::Signal;
use ringside::{
    http::{Health, Overall},
    simulator::{KartOptions, Plays, Simulator, SimulatorOptions, Start, Track, TrackOptions},
};

use crate::support::{
    mortal::MortalPostgres,
    postgres::TestDb,
    program::Deployment,
    service::{get, track_table},
    truth::{laps_sent, laps_stored},
    wait_for, wait_until,
};

const STOPS_WITHIN: Duration = Duration::from_secs(30);

async fn health(deployment: &Deployment) -> Health {
    serde_json::from_str(&get(deployment.address, "/health").await.1).unwrap()
}

fn track(simulator: &Simulator, start: Start) -> Track {
    let world = KartOptions { heat_s: 120, heats: Some(2), ..KartOptions::default() };
    simulator.add_track(TrackOptions {
        speed: 20.0,
        plays: Plays::World(world),
        start,
        ..TrackOptions::new("1@x")
    })
}

#[test]
fn service_starts_without_its_database_and_catches_up_when_that_is_back() {
    System::new().block_on(async {
        let mut server = MortalPostgres::start();
        let db = server.database();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = track(&simulator, Start::OnResume);
        let deployment = Deployment::on(&db, &track_table("t", &track));
        let mut first = deployment.started().await;
        wait_until("the feed is up", async || track.subscribers() == 1).await;
        first.signal(Signal::SIGTERM);
        assert!(first.ended(STOPS_WITHIN).await.success(), "{}", first.log());

        server.kill();
        let mut second = deployment.started().await;
        wait_until("the feed is up again", async || track.subscribers() == 1).await;
        track.resume();
        wait_until("the world ends", async || track.has_ended()).await;
        let away = health(&deployment).await;
        assert_eq!(away.status, Overall::Down);
        assert!(!away.database.reachable && away.journal.behind > 10, "{away:?}");
        assert_eq!(get(deployment.address, "/readyz").await.0, 503);
        assert_eq!(get(deployment.address, "/livez").await.0, 200);
        assert!(second.log().contains("is not there yet, trying again"), "{}", second.log());

        server.start_again();
        wait_for("laps", laps_sent(&track), async || laps_stored(&db, "t")).await;
        wait_until("nothing waits", async || health(&deployment).await.journal.behind == 0).await;
        let spans = db.rows("SELECT generation, reason FROM feed_connections ORDER BY generation");
        let spans: Vec<_> = spans.iter().map(|span| span["reason"].as_str()).collect();
        assert_eq!(spans, [Some("requested"), None], "generations count on from the journal");
        second.signal(Signal::SIGTERM);
        assert!(second.ended(STOPS_WITHIN).await.success(), "{}", second.log());
    });
}

#[test]
fn service_that_is_stopped_while_its_database_is_away_leaves_the_rest_to_the_next_start() {
    System::new().block_on(async {
        let mut server = MortalPostgres::start();
        let db = server.database();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = track(&simulator, Start::OnResume);
        let deployment = Deployment::on(&db, &track_table("t", &track));
        let mut first = deployment.started().await;
        wait_until("the feed is up", async || track.subscribers() == 1).await;
        server.kill();
        track.resume();
        wait_until("the world ends", async || track.has_ended()).await;
        first.signal(Signal::SIGTERM);
        assert!(first.ended(STOPS_WITHIN).await.success(), "{}", first.log());
        assert!(first.log().contains("the next start goes on with records="), "{}", first.log());

        // The feed is configured no more; what is left of it is written all the same.
        server.start_again();
        deployment.write(&format!("[database]\nurl = {:?}\n", db.url));
        let _second = deployment.started().await;
        wait_for("laps", laps_sent(&track), async || laps_stored(&db, "t")).await;
    });
}

#[test]
fn service_sets_a_journal_aside_that_was_damaged_while_it_was_off() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = track(&simulator, Start::OnResume);
        let deployment = Deployment::on(&db, &track_table("t", &track));
        let mut first = deployment.started().await;
        wait_until("the feed is up", async || track.subscribers() == 1).await;
        first.signal(Signal::SIGTERM);
        first.ended(STOPS_WITHIN).await;
        let folder = deployment.folder.path().join("ringside-data/journal");
        let damaged = vec![0xAA; 8_192];
        fs::write(folder.join("journal.sqlite"), &damaged).unwrap();

        let second = deployment.started().await;
        wait_until("the feed is up again", async || track.subscribers() == 1).await;
        track.resume();
        wait_until("the world ends", async || track.has_ended()).await;
        wait_for("laps", laps_sent(&track), async || laps_stored(&db, "t")).await;
        assert!(second.log().contains("the file is damaged"), "{}", second.log());
        let generations = db.rows("SELECT generation FROM feed_connections ORDER BY generation");
        assert_eq!(generations.len(), 2, "the database knows the first one");
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let aside: Vec<_> = files
            .filter(|path| path.to_string_lossy().contains("journal.damaged-"))
            .filter(|path| path.extension().is_some_and(|extension| extension == "sqlite"))
            .collect();
        assert_eq!(aside.len(), 1);
        assert_eq!(fs::read(&aside[0]).unwrap(), damaged);
    });
}

#[test]
fn frames_that_fit_nowhere_are_counted_and_shown() {
    System::new().block_on(async {
        let mut server = MortalPostgres::start();
        let db = server.database();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let options = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@x") };
        let track = simulator.add_track(options);
        // Few are held on the way, so that the journal has to hold them.
        let journal = "[journal]\nmax_bytes = \"16MiB\"\n[writer]\nheld_events = 100\n";
        let deployment = Deployment::on(&db, &format!("{journal}{}", track_table("t", &track)));
        let program = deployment.started().await;
        track.push("{}");
        wait_until("the feed is up", async || track.subscribers() == 1).await;
        wait_until("the first frame is written", async || {
            health(&deployment).await.journal.behind == 0
        })
        .await;

        server.kill();
        let noise = "x".repeat(100_000);
        for n in 0..500 {
            track.push(format!("{n} {noise}"));
        }
        wait_until("frames are lost", async || health(&deployment).await.journal.lost_frames > 0)
            .await;
        wait_until("all frames came", async || health(&deployment).await.feeds[0].frames == 501)
            .await;
        assert!(program.log().contains("lost: the journal is full"), "{}", program.log());
        server.start_again();
        let count = |query: &str| db.value(query).as_u64().unwrap_or(0);
        let kept = || count("SELECT count(*) FROM rejected_frames");
        let lost = || count("SELECT sum(frames)::bigint FROM frames_lost");
        wait_for("every frame, kept or counted", 500, async || kept() + lost()).await;
        let lost = lost();
        let gap = &db.rows("SELECT * FROM feed_gaps WHERE reason = 'journal_full'")[0];
        assert!(gap["from_at"].as_str() < gap["to_at"].as_str(), "{gap}");
        let health = health(&deployment).await;
        assert_eq!(health.journal.lost_frames, lost);
        assert_eq!(health.status, Overall::Degraded, "{:?}", health.reasons);
    });
}

#[test]
fn an_empty_database_is_filled_from_the_journal() {
    System::new().block_on(async {
        let (old, new) = (TestDb::new(), TestDb::new());
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = track(&simulator, Start::OnResume);
        let deployment = Deployment::on(&old, &track_table("t", &track));
        let mut first = deployment.started().await;
        wait_until("the feed is up", async || track.subscribers() == 1).await;
        track.resume();
        wait_until("the world ends", async || track.has_ended()).await;
        wait_for("laps", laps_sent(&track), async || laps_stored(&old, "t")).await;
        first.signal(Signal::SIGTERM);
        assert!(first.ended(STOPS_WITHIN).await.success(), "{}", first.log());

        deployment.write(&format!("[database]\nurl = {:?}\n{}", new.url, track_table("t", &track)));
        let _second = deployment.started().await;
        wait_for("the same laps", laps_sent(&track), async || laps_stored(&new, "t")).await;
        let crossed = "SELECT count(crossed_at) FROM laps";
        assert_eq!(new.value(crossed), old.value(crossed), "moments that were witnessed stay so");
    });
}
