//! What monitors and people see of what was missed.

use actix::System;
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use ringside::{
    app::Options,
    http::Overall,
    pipeline::connection::Deadlines,
    simulator::{KartOptions, Plays, Simulator, SimulatorOptions, Start, TrackOptions},
};
use serde_json::json;

use crate::support::{
    postgres::TestDb,
    program::{ringside, stdout},
    service::{Service, options, track_table},
    truth::{laps_sent, laps_stored, standings_sent, standings_stored},
    wait_for, wait_until,
};

/// One heat of ten seconds, in which nobody takes a lap away.
fn one_heat() -> TrackOptions {
    TrackOptions {
        speed: 60.0,
        plays: Plays::World(KartOptions {
            heat_s: 600,
            lap_ms: Some(20_000),
            removals: 0.0,
            corrections: 0.0,
            reruns: 0.0,
            incidents: 0.0,
            heats: Some(1),
            ..KartOptions::default()
        }),
        start: Start::WithFirstSubscriber,
        ..TrackOptions::new("1@x")
    }
}

/// With the deadlines of a real deployment: on a busy machine there must be no gaps but a test's own.
async fn start(db: &TestDb, feeds: &str) -> Service {
    let options = Options { deadlines: Deadlines::default(), ..options() };
    Service::start_with(db, feeds, options, |_| {}).await
}

#[test]
fn health_shows_the_gap_when_a_track_is_cut_in_mid_heat() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(one_heat());
        let silent = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("2@x") };
        let silent = simulator.add_track(silent);
        silent.push("{}");
        let feeds = [track_table("cut", &track), track_table("whole", &silent)].concat();
        let service = start(&db, &feeds).await;
        wait_until("laps come", async || {
            service.feed("cut").await.active && laps_stored(&db, "cut").len() > 5
        })
        .await;
        assert_eq!(service.health().await.gaps.unwrap().count, 0);

        track.drop_connections();
        wait_until("the gap is over and told", async || {
            let gaps = service.health().await.gaps.unwrap();
            gaps.latest.first().is_some_and(|gap| gap.to_at.is_some())
        })
        .await;
        let health = service.health().await;
        let gaps = health.gaps.unwrap();
        assert_eq!((gaps.count, gaps.active, gaps.lost_frames), (1, 1, 0));
        assert!(gaps.seconds > 0.0 && gaps.seconds == gaps.active_seconds, "{gaps:?}");
        let [gap] = gaps.latest.as_slice() else { panic!("not one: {:?}", gaps.latest) };
        assert_eq!((gap.feed.as_str(), gap.reason.as_str()), ("cut", "remote_closed"));
        assert!(gap.active && gap.lost_frames.is_none(), "{gap:?}");
        let counts: Vec<_> = health.feeds.iter().map(|feed| feed.gaps_24h).collect();
        assert_eq!(counts, [Some(1), Some(0)]);
        assert_eq!(health.status, Overall::Ok, "{:?}", health.reasons);
        let reason = "gaps while a heat or a run was on in the last 24 h: 1, ";
        assert!(health.reasons[0].starts_with(reason), "{:?}", health.reasons);

        let (_, metrics) = service.get("/metrics").await;
        for line in [
            "ringside_feed_gaps_24h{feed=\"cut\"} 1.0",
            "ringside_feed_gaps_24h{feed=\"whole\"} 0.0",
            "ringside_lost_frames_24h 0.0",
        ] {
            assert!(metrics.lines().any(|found| found == line), "no {line:?} in {metrics}");
        }

        // What the heat lacks is what the track sent and the tables do not hold.
        wait_until("the world ends", async || track.has_ended()).await;
        let last = standings_sent(&track);
        wait_for("standings", last.clone(), async || standings_stored(&db, "cut", &last)).await;
        let sent = laps_sent(&track).len();
        let known = laps_stored(&db, "cut").len();
        let counted = db.rows(
            "SELECT finished, laps_expected, laps_known, laps_missing, complete \
             FROM heat_completeness",
        );
        let expected = json!({
            "finished": true, "laps_expected": sent, "laps_known": known,
            "laps_missing": sent - known, "complete": sent == known,
        });
        assert_eq!(counted, [expected]);
        service.stop().await;
    });
}

#[test]
fn health_is_degraded_when_frames_were_lost() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@x") };
        let track = simulator.add_track(track);
        track.push("{}");
        let service = start(&db, &track_table("full", &track)).await;
        wait_until("well", async || service.health().await.status == Overall::Ok).await;
        wait_for("the feed", 1.into(), async || db.value("SELECT count(*) FROM feeds")).await;
        db.execute(
            "INSERT INTO frames_lost SELECT id, now() - interval '1 hour', \
             now() - interval '59 minutes', 312, 'journal_full' FROM feeds",
        );
        wait_until("not well", async || service.health().await.status == Overall::Degraded).await;
        let health = service.health().await;
        assert_eq!(health.reasons, ["frames lost in the last 24 h: 312"]);
        assert_eq!(health.gaps.unwrap().latest[0].lost_frames, Some(312));

        let at = service.address().to_string();
        let words = actix_web::rt::task::spawn_blocking(move || {
            stdout(&ringside(&["status", "--at", &at]))
        })
        .await
        .unwrap();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("gaps in the last 24 h: 1, 60.0 s in all"), "{words}");
        assert!(words.contains("full 60.0 s journal_full, 312 frames lost"), "{words}");

        db.execute("DELETE FROM frames_lost");
        wait_until("well again", async || service.health().await.status == Overall::Ok).await;
        service.stop().await;
    });
}

#[test]
fn health_does_not_wait_when_the_database_is_slow_to_tell_what_was_missed() {
    System::new().block_on(async {
        let db = TestDb::new();
        let service = start(&db, "").await;
        let mut other = db.conn();
        other.batch_execute("BEGIN; LOCK TABLE frames_lost IN ACCESS EXCLUSIVE MODE").unwrap();
        let health = service.health().await;
        assert!(health.database.reachable && health.gaps.is_none(), "{health:?}");
        assert_eq!(health.status, Overall::Ok, "that alone is no reason to worry");
        let reason = &health.reasons[0];
        assert!(reason.starts_with("gaps of the last 24 h are not known: "), "{reason}");
        other.batch_execute("ROLLBACK").unwrap();
        wait_until("known again", async || service.health().await.gaps.is_some()).await;
        service.stop().await;
    });
}

#[test]
fn health_tells_no_number_of_gaps_when_the_database_is_away() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@x") };
        let track = simulator.add_track(track);
        track.push("{}");
        let service = start(&db, &track_table("t", &track)).await;
        assert_eq!(service.feed("t").await.gaps_24h, Some(0));
        allow_connections(&db, false);
        wait_until("away", async || !service.health().await.database.reachable).await;
        let health = service.health().await;
        assert!(health.gaps.is_none() && health.feeds[0].gaps_24h.is_none(), "{health:?}");
        let (_, metrics) = service.get("/metrics").await;
        assert!(!metrics.contains("gaps_24h{"), "{metrics}");
        allow_connections(&db, true);
        wait_until("back", async || service.feed("t").await.gaps_24h.is_some()).await;
        service.stop().await;
    });
}

/// Whether the server lets anybody into the database of the test; ends the connections there are.
fn allow_connections(db: &TestDb, allowed: bool) {
    let (server, rest) = db.url.rsplit_once('/').unwrap();
    let (name, options) = rest.split_once('?').unwrap();
    let mut admin = PgConnection::establish(&format!("{server}/postgres?{options}")).unwrap();
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")).unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
    admin.batch_execute(&format!("{end} = '{name}'")).unwrap();
}
