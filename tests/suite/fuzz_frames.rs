//! The largest frames that get through, with nothing in them but hate: each costs its place in
//! `rejected_frames` and nothing else.

use actix::System;
use ringside::simulator::{Plays, RingOptions, Simulator, SimulatorOptions, TrackOptions};
use serde_json::json;

use crate::support::{
    postgres::TestDb,
    service::{Service, ring_table, track_table},
    wait_for, wait_until,
};

/// A frame of this size is still taken; one byte more ends the connection.
const LONGEST_FRAME: usize = (4 << 20) - 1;

#[test]
fn frame_of_brackets_is_rejected_and_its_feed_goes_on() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@hate") };
        let track = simulator.add_track(track);
        let ring = RingOptions { plays: Plays::Nothing, ..RingOptions::new("12345678") };
        let ring = simulator.add_ring(ring);
        let feeds = track_table("track", &track) + &ring_table("ring", &ring);
        let service = Service::start(&db, &feeds).await;
        wait_until("both are asked", async || track.subscribers() == 1 && ring.subscribers() == 1)
            .await;

        track.push("[".repeat(LONGEST_FRAME));
        track.push(include_str!("../fixtures/bmi/finished_timed.json"));
        let begin = r#"{"run":"#;
        ring.push(begin.to_owned() + &"[".repeat(LONGEST_FRAME - begin.len()));
        ring.push(r#"{"error":"Runs are not ready yet"}"#);

        let kept = "SELECT f.slug, length(r.payload) AS bytes, r.reason \
                    FROM rejected_frames r JOIN feeds f ON f.id = r.feed_id ORDER BY f.slug";
        let expected = [
            json!({ "slug": "ring", "bytes": LONGEST_FRAME, "reason": "more than 32 levels" }),
            json!({
                "slug": "track", "bytes": LONGEST_FRAME,
                "reason": "not the JSON of this protocol: invalid type: sequence, \
                           expected {} or a heat at line 1 column 0",
            }),
        ];
        wait_for("both frames are kept", expected.to_vec(), async || db.rows(kept)).await;
        wait_for("the heat after it", 1.into(), async || db.value("SELECT count(*) FROM heats"))
            .await;
        for id in ["track", "ring"] {
            let feed = service.feed(id).await;
            assert_eq!((feed.rejected, feed.restarts, feed.generation), (1, 0, 1), "{id}");
        }
        assert_eq!(db.value("SELECT count(*) FROM rejected_rows"), 0);
        service.stop().await;
    });
}
