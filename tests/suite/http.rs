//! What monitors see.

mod gaps;

use actix::System;
use ringside::{
    http::Overall,
    simulator::{Plays, Simulator, SimulatorOptions, TrackOptions},
};

use crate::support::{
    postgres::TestDb,
    service::{Service, track_table},
    wait_for, wait_until,
};

/// Two keys and two codes that no known revision has.
const FUTURE: &str = r#"{"T":1700000000,"CE":0,"CS":0,"D":[{"LP":0,"A":0,"B":0,"K":"4","G":"","D":1,"L":0,"T":0,"R":9,"N":"Nobody's <label>","P":1,"M":0,"Q":true}],"EM":0,"C":0,"N":"Heat","E":1,"R":1,"L":0,"S":8,"X":1}"#;

#[test]
fn health_and_metrics_show_fields_and_codes_that_nobody_knows() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@secretkey") };
        let track = simulator.add_track(track);
        track.push(FUTURE);
        let service = Service::start(&db, &track_table("future", &track)).await;
        wait_until("four unknown names", async || service.feed("future").await.unknown >= 4).await;
        let health = service.health().await;
        assert_eq!(health.status, Overall::Ok, "{:?}", health.reasons);
        let names: Vec<_> = health.feeds[0].unknown_names.keys().map(String::as_str).collect();
        assert_eq!(names, ["D.Q", "D.R=9", "S=8", "X"]);

        let (status, metrics) = service.get("/metrics").await;
        assert_eq!(status, 200);
        for line in [
            "ringside_feed_up{feed=\"future\"} 1.0",
            "ringside_feed_unknown_total{feed=\"future\"} 4",
            "ringside_feed_rejected_frames_total{feed=\"future\"} 0",
            "ringside_database_up 1.0",
            "ringside_writer_retries_total 0",
        ] {
            assert!(metrics.lines().any(|found| found == line), "no {line:?} in {metrics}");
        }
        assert!(metrics.ends_with("# EOF\n"));
        let heats = "SELECT count(*) FROM heats";
        wait_for("the heat", 1.into(), async || db.value(heats)).await;
        let stored = db.rows("SELECT state, extra FROM heats").remove(0);
        assert_eq!(stored["state"], "unknown(8)");
        assert_eq!(stored["extra"]["X"], 1);

        // Neither people nor addresses are shown to monitors.
        for path in ["/health", "/metrics"] {
            let body = service.get(path).await.1;
            assert!(!body.contains("Nobody") && !body.contains("secretkey"), "{body}");
        }
        service.stop().await;
    });
}

#[test]
fn http_answers_in_json_and_only_to_what_it_knows() {
    System::new().block_on(async {
        let db = TestDb::new();
        let service = Service::start(&db, "").await;
        assert_eq!(service.get("/livez").await, (200, r#"{"live":true}"#.to_owned()));
        assert_eq!(service.get("/readyz").await, (200, r#"{"ready":true}"#.to_owned()));
        assert_eq!(service.get("/nowhere").await, (404, r#"{"error":"not found"}"#.to_owned()));
        assert_eq!(service.health().await.status, Overall::Ok);
        // Monitors that only want to know whether it is there.
        for path in ["/livez", "/readyz", "/health", "/metrics", "/", "/overlay"] {
            let client = awc::Client::default();
            let asked = client.head(format!("http://{}{path}", service.address())).send().await;
            let mut answer = asked.unwrap();
            assert_eq!((answer.status().as_u16(), answer.body().await.unwrap().len()), (200, 0));
        }
        service.stop().await;
    });
}
