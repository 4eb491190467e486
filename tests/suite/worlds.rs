//! Whole worlds through the whole service: what the venues sent is what the tables hold.

use actix::System;
use ringside::{
    recording::Recording,
    simulator::{
        Compression, Fault, KartOptions, Plays, RingDayOptions, RingOptions, Simulator,
        SimulatorOptions, Start, Track, TrackOptions,
    },
};

use crate::support::{
    postgres::TestDb,
    service::{Service, ring_table, track_table},
    truth::{
        combined_sent, combined_stored, laps_sent, laps_stored, playsets_sent, playsets_stored,
        standings_sent, standings_stored,
    },
    wait_for, wait_until,
};

/// Officials remove and correct, drivers join late and change karts, heats follow each other.
fn eventful(seed: u64, speed: f64, compression: Compression) -> TrackOptions {
    TrackOptions {
        seed,
        speed,
        compression,
        plays: Plays::World(KartOptions {
            heat_s: 240,
            heats: Some(3),
            removals: 0.3,
            corrections: 0.3,
            reruns: 0.3,
            ..KartOptions::default()
        }),
        start: Start::WithFirstSubscriber,
        ..TrackOptions::new(format!("{seed}@eventful"))
    }
}

#[test]
fn tables_equal_what_the_tracks_sent_in_every_form_of_transport() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let takeover = Compression::Deflate { context_takeover: true };
        let single = Compression::Deflate { context_takeover: false };
        let forms = [
            ("plain", Compression::None, Fault::None),
            ("takeover", takeover, Fault::None),
            ("single", single, Fault::None),
            ("fragmented", takeover, Fault::Fragmented),
            ("early", Compression::None, Fault::DataWithUpgrade),
        ];
        let mut tracks = Vec::new();
        for (seed, (id, compression, fault)) in forms.into_iter().enumerate() {
            let track = simulator.add_track(eventful(seed as u64 + 10, 100.0, compression));
            track.set_fault(fault);
            tracks.push((id, track));
        }
        let feeds: String = tracks.iter().map(|(id, track)| track_table(id, track)).collect();
        let service = Service::start(&db, &feeds).await;
        for (id, track) in &tracks {
            wait_until(&format!("{id}: the world ends"), async || track.has_ended()).await;
            assert!(laps_sent(track).len() > 50, "{id}: a world worth looking at");
            wait_for(&format!("{id}: laps"), laps_sent(track), async || laps_stored(&db, id)).await;
            let standings = standings_sent(track);
            wait_for(&format!("{id}: standings"), standings.clone(), async || {
                standings_stored(&db, id, &standings)
            })
            .await;
            let feed = service.feed(id).await;
            assert_eq!((feed.rejected, feed.unknown, feed.restarts), (0, 0, 0), "{id}");
        }
        let rejected = db.value(
            "SELECT (SELECT count(*) FROM rejected_frames) + (SELECT count(*) FROM rejected_rows)",
        );
        assert_eq!(rejected, 0);
        service.stop().await;
    });
}

#[test]
fn tables_equal_what_the_rings_sent() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let rings: Vec<_> = (1..=3)
            .map(|seed| {
                simulator.add_ring(RingOptions {
                    seed,
                    speed: 600.0,
                    start: Start::WithFirstSubscriber,
                    plays: Plays::World(RingDayOptions {
                        days: Some(1),
                        ..RingDayOptions::default()
                    }),
                    ..RingOptions::new(format!("-ring{seed:03}"))
                })
            })
            .collect();
        let ids = ["ring-1", "ring-2", "ring-3"];
        let feeds: String = rings.iter().zip(ids).map(|(ring, id)| ring_table(id, ring)).collect();
        let service = Service::start(&db, &feeds).await;
        for (ring, id) in rings.iter().zip(ids) {
            wait_until(&format!("{id}: the day ends"), async || ring.has_ended()).await;
            wait_for(&format!("{id}: playsets"), playsets_sent(ring), async || {
                playsets_stored(&db, id)
            })
            .await;
            wait_for(&format!("{id}: combined"), combined_sent(ring), async || {
                combined_stored(&db, id)
            })
            .await;
            assert!(playsets_sent(ring).len() > 10 && !combined_sent(ring).is_empty());
            let feed = service.feed(id).await;
            assert_eq!((feed.rejected, feed.unknown, feed.restarts), (0, 0, 0), "{id}");
        }
        service.stop().await;
    });
}

/// Cut a dozen times in mid-heat: what is stored is true, and nothing that could be known is not.
#[test]
fn no_lap_is_wrong_when_the_connection_is_cut_in_mid_heat() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions {
            plays: Plays::World(KartOptions {
                heat_s: 600,
                heats: Some(2),
                removals: 0.0,
                corrections: 0.0,
                reruns: 0.0,
                ..KartOptions::default()
            }),
            ..eventful(5, 100.0, Compression::None)
        });
        let service = Service::start(&db, &track_table("t", &track)).await;
        let (mut cuts, mut connections_cut) = (0, 0);
        wait_until("the world ends", async || {
            let is_heard = |since: u64| track.connections() > since && track.subscribers() > 0;
            let is_active = service.feed("t").await.active;
            let laps = laps_of_the_first(&track);
            if cuts < 12 && is_active && (1..10).contains(&laps) {
                connections_cut = track.connections();
                track.drop_connections();
                cuts += 1;
            }
            // A finish that nobody hears nobody can know.
            if laps >= 8 && !is_heard(connections_cut) {
                track.pause();
                wait_until("the track is heard again", async || is_heard(connections_cut)).await;
                track.resume();
            }
            track.has_ended()
        })
        .await;
        assert!(cuts > 3, "only {cuts} cuts");
        let last = standings_sent(&track);
        wait_for("standings", last.clone(), async || standings_stored(&db, "t", &last)).await;

        let sent = laps_sent(&track);
        for lap in laps_stored(&db, "t") {
            if lap.ends_with(" timed") {
                assert!(sent.contains(&lap), "never sent: {lap}");
            }
        }
        let off = db.rows(
            "SELECT d.driver_id, d.laps, \
             (SELECT count(*) FROM laps l WHERE l.heat_id = d.heat_id AND l.driver_id = d.driver_id \
              AND l.removed_at IS NULL) AS known, \
             (SELECT coalesce(sum(last_lap - first_lap + 1), 0) FROM lap_gaps g \
              WHERE g.heat_id = d.heat_id AND g.driver_id = d.driver_id) AS missing \
             FROM heat_drivers d"
        );
        for driver in &off {
            let number = |key: &str| driver[key].as_i64().unwrap();
            assert_eq!(number("known") + number("missing"), number("laps"), "{driver}");
        }
        service.stop().await;
    });
}

/// How many laps the first of the latest heat has driven.
fn laps_of_the_first(track: &Track) -> u32 {
    let heats = track.truth().heats;
    heats
        .last()
        .and_then(|heat| heat.drivers.iter().map(|driver| driver.lap_count).max())
        .unwrap_or(0)
}

/// The recording of a real heat, played by a fake venue to the running service.
#[test]
fn recorded_heat_gives_exactly_its_laps_through_the_running_service() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings");
    let file = std::path::Path::new(folder).join("bmi-one-heat.jsonl");
    if !file.exists() {
        eprintln!("left out: no recordings beside this checkout");
        return;
    }
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions {
            plays: Plays::Recording(Recording::read(&file).unwrap().into()),
            start: Start::WithFirstSubscriber,
            speed: 300.0,
            ..TrackOptions::new("1@recorded")
        });
        let service = Service::start(&db, &track_table("t", &track)).await;
        wait_until("the recording ends", async || track.has_ended()).await;
        let expected: Vec<_> = std::fs::read_to_string(file.with_extension("laps.csv"))
            .unwrap()
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect();
        assert_eq!(expected.len(), 72);
        wait_for("laps", expected, async || recorded_laps(&db)).await;
        assert_eq!(db.value("SELECT count(*) FROM heats"), 1);
        assert_eq!(db.value("SELECT count(*) FROM lap_gaps"), 0);
        service.stop().await;
    });
}

/// The laps of the only heat in the form of the recording's own list.
pub fn recorded_laps(db: &TestDb) -> Vec<String> {
    let rows = db.rows(
        "SELECT concat_ws(',', h.start_unix, h.name, l.driver_id, l.kart, l.lap, l.lap_ms, l.source, \
         l.error_ms) AS line FROM laps l JOIN heats h ON h.id = l.heat_id \
         ORDER BY l.driver_id, l.lap",
    );
    rows.iter().map(|row| row["line"].as_str().unwrap().to_owned()).collect()
}
