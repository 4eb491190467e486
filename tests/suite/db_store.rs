//! The store against a real Postgres: what it writes, whatever comes in whatever order.

mod clocks;
mod copies;
mod events;
mod faults;
mod recall;

use std::sync::Arc;

use ringside::{
    db::{self, queries},
    event::{
        Ask, Event, FeedId, FeedInfo, Generation, Past,
        agility::{AgilityEvent, Course, PastRun, RunKey},
        karting::{Heat, KartingEvent, LapSource},
    },
    pipeline::message::BatchReport,
};
use serde_json::{Value, json};

use crate::support::postgres::{TestDb, pid_of};

use self::events::*;

#[actix::test]
async fn store_leaves_the_same_rows_when_a_batch_comes_twice() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let first = store.write(&everything()).await;
    assert_eq!(first.rejected, 0);
    let dump = test.dump();
    assert!(dump.contains("Carrera XL ") && dump.contains("Mel"), "{dump}");

    let again = store.write(&everything()).await;
    assert_eq!(again, BatchReport { rows: 0, rejected: 0 });
    assert_eq!(test.dump(), dump);

    // And by a store that knows no id yet.
    assert_eq!(TestStore::on(&test).write(&everything()).await.rows, 0);
    assert_eq!(test.dump(), dump);
}

/// A plan that is made while a table is small stays as long as its connection.
#[actix::test]
async fn store_reads_no_table_from_one_end_to_the_other_while_they_grow() {
    let test = TestDb::new();
    let pool = db::connect(&test.url, 1);
    let pid = pid_of(&mut pool.get().unwrap());
    let store = TestStore::over(pool);
    for n in 0..20 {
        let key = heat_key(&format!("Heat {n}"));
        let ask = Ask::Heats { start_unix: key.start_unix, name: Arc::clone(&key.name) };
        assert_eq!(store.recall(ask).await, Past::Heats(Vec::new()));
        // As many as are worth a COPY, and being looked for before.
        let laps = (1..=600).map(|number| KartingEvent::Lap(lap(&key, 1, number)));
        let heat =
            [KartingEvent::Heat(heat(&key)), KartingEvent::Standing(standing(&key, 1).into())];
        store.write(&karting(heat.into_iter().chain(laps))).await;
        store
            .write(&karting([KartingEvent::Heat(Heat { seen_at: at(1), ..self::heat(&key) })]))
            .await;
    }
    drop(store);
    test.has_ended(pid).await;
    let counts = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0 ORDER BY 1";
    assert_eq!(test.rows(counts), Vec::<Value>::new());
    assert_eq!(test.value("SELECT count(*) FROM laps"), 20 * 600);
}

#[actix::test]
async fn store_leaves_the_same_rows_however_the_events_are_cut_into_batches() {
    let (whole, single) = (TestDb::new(), TestDb::new());
    TestStore::on(&whole).write(&everything()).await;
    let store = TestStore::on(&single);
    for event in everything() {
        store.write(std::slice::from_ref(&event)).await;
    }
    assert_eq!(single.dump(), whole.dump());
}

#[actix::test]
async fn store_writes_every_field_of_a_heat() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    store.write(&everything()).await;
    let key = "(SELECT id FROM heats)";
    assert_eq!(
        test.rows("SELECT feeds.slug, feeds.kind, feeds.venue, feeds.name FROM feeds"),
        [json!({"slug": "speedpark", "kind": "bmi", "venue": "SpeedPark", "name": "Main track"})]
    );
    let mut heats = test.rows("SELECT * FROM heats");
    let heat = heats[0].as_object_mut().unwrap();
    heat.remove("id");
    heat.remove("feed_id");
    assert_eq!(
        heats,
        [json!({
            "start_unix": 1_699_999_800, "name": "[HEAT] 33 - Carrera XL ", "occurrence": 0,
            "state": "running", "end_condition": "time", "race_mode": "best_lap",
            "clock_ms": 410_909, "clock_started": true, "clock_enabled": true,
            "remaining_laps": 0, "end_mode": 0, "started_at": null, "finished_at": null,
            "first_seen_at": "2023-11-14T22:13:20.123456+00:00",
            "last_seen_at": "2023-11-14T22:13:20.123456+00:00", "extra": {}
        })]
    );
    assert_eq!(
        test.rows(&format!(
            "SELECT lap, lap_ms, kart, position, crossed_at, source, error_ms, removed_at \
             FROM laps WHERE heat_id = {key} AND driver_id = 2"
        )),
        [json!({
            "lap": 1, "lap_ms": 36_001, "kart": "7", "position": 1,
            "crossed_at": "2023-11-14T22:13:56.123456+00:00", "source": "timed", "error_ms": 0,
            "removed_at": null
        })]
    );
    assert_eq!(
        test.rows("SELECT driver_id, first_lap, last_lap, total_ms, error_ms FROM lap_gaps"),
        [json!({"driver_id": 1, "first_lap": 2, "last_lap": 3, "total_ms": 80_000, "error_ms": 3})]
    );
}

#[actix::test]
async fn store_keeps_decimals_as_they_were_sent() {
    let test = TestDb::new();
    TestStore::on(&test).write(&everything()).await;
    assert_eq!(
        test.rows(
            "SELECT time_s::text, speed_m_s::text, total_penalization::text, dog_height_cm::text \
             FROM playsets"
        ),
        [json!({
            "time_s": "29.00", "speed_m_s": "6.90", "total_penalization": "5.000",
            "dog_height_cm": "32.0"
        })]
    );
}

#[actix::test]
async fn store_takes_the_last_word_when_a_batch_says_the_same_thing_twice() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let key = heat_key("twice");
    let mut corrected = lap(&key, 1, 1);
    corrected.lap_ms = 35_000;
    corrected.source = LapSource::Corrected;
    corrected.kart = None;
    let mut removed = corrected.clone();
    removed.removed_at = Some(at(99));
    store
        .write(&karting([
            KartingEvent::Heat(heat(&key)),
            KartingEvent::Lap(lap(&key, 1, 1)),
            KartingEvent::Lap(corrected.clone()),
            KartingEvent::Lap(removed),
            KartingEvent::Lap(corrected),
            KartingEvent::LapGap(gap(&key, 2, 3)),
            KartingEvent::LapGapClosed { heat: Arc::clone(&key), driver_id: 1, first_lap: 2 },
            KartingEvent::LapGapClosed { heat: Arc::clone(&key), driver_id: 1, first_lap: 5 },
            KartingEvent::LapGap(gap(&key, 5, 6)),
        ]))
        .await;
    assert_eq!(
        test.rows("SELECT lap_ms, source, kart, removed_at FROM laps"),
        [json!({"lap_ms": 35_000, "source": "corrected", "kart": "7", "removed_at": null})]
    );
    assert_eq!(test.rows("SELECT first_lap FROM lap_gaps"), [json!({"first_lap": 5})]);

    let closed = KartingEvent::LapGapClosed { heat: Arc::clone(&key), driver_id: 1, first_lap: 5 };
    assert_eq!(store.write(&karting([closed.clone()])).await.rows, 1);
    assert_eq!(store.write(&karting([closed])).await.rows, 0);
    assert_eq!(test.value("SELECT count(*) FROM lap_gaps"), 0);
}

/// Once in a batch of their own, once all in one: the rules must be the same.
#[actix::test]
async fn store_keeps_what_was_known_when_a_later_account_knows_less() {
    for in_one_batch in [true, false] {
        let test = TestDb::new();
        let store = TestStore::on(&test);
        let key = heat_key("merge");
        let mut first = heat(&key);
        first.started_at = Some(at(10));
        first.finished_at = Some(at(500));
        first.extra = extra(json!({"X": 1, "Y": 1}));
        let mut second = heat(&key);
        second.seen_at = at(50);
        second.started_at = Some(at(40));
        second.state = "unknown(9)".into();
        second.extra = extra(json!({"Y": [2], "Z": null}));
        let mut blind = lap(&key, 1, 1);
        (blind.kart, blind.position, blind.crossed_at) = (None, None, None);

        let run_key = run_key("JP");
        let mut told = run(&run_key);
        told.course = Course {
            judge_name: Some("Ann".to_owned()),
            length_m: Some("180".parse().unwrap()),
            obstacles: Some(20),
            standard_time: Some("45.00".parse().unwrap()),
            maximum_time: None,
        };
        let mut silent = run(&run_key);
        silent.course.maximum_time = Some("68".parse().unwrap());
        silent.seen_at = at(-5);

        let events: Vec<Event> = karting([
            KartingEvent::Heat(first),
            KartingEvent::Lap(lap(&key, 1, 1)),
            KartingEvent::Heat(second),
            KartingEvent::Lap(blind),
        ])
        .into_iter()
        .chain(agility([AgilityEvent::Run(told), AgilityEvent::Run(silent)]))
        .collect();
        if in_one_batch {
            store.write(&events).await;
        } else {
            for event in &events {
                store.write(std::slice::from_ref(event)).await;
            }
        }
        assert_eq!(
            test.rows(
                "SELECT state, extra, extract(epoch FROM started_at)::int AS started, \
                 extract(epoch FROM finished_at)::int AS finished, \
                 extract(epoch FROM first_seen_at)::int AS first, \
                 extract(epoch FROM last_seen_at)::int AS last FROM heats"
            ),
            [json!({
                "state": "unknown(9)", "extra": {"X": 1, "Y": [2], "Z": null},
                "started": 1_700_000_010, "finished": 1_700_000_500,
                "first": 1_700_000_000, "last": 1_700_000_050
            })],
            "in one batch: {in_one_batch}"
        );
        assert_eq!(
            test.rows("SELECT kart, position, crossed_at IS NOT NULL AS crossed FROM laps"),
            [json!({"kart": "7", "position": 1, "crossed": true})]
        );
        assert_eq!(
            test.rows(
                "SELECT judge_name, length_m, obstacles, standard_time::text, maximum_time, \
                 extract(epoch FROM first_seen_at)::int AS first FROM agility_runs"
            ),
            [json!({
                "judge_name": "Ann", "length_m": 180, "obstacles": 20, "standard_time": "45.00",
                "maximum_time": 68, "first": 1_699_999_995
            })]
        );
    }
}

#[actix::test]
async fn store_tells_a_feed_by_its_latest_description() {
    let test = TestDb::new();
    let mut store = TestStore::on(&test);
    store.write(&[Event::Configured]).await;
    store.feed = Arc::new(FeedInfo { name: "Indoor".to_owned(), ..(*store.feed).clone() });
    assert_eq!(store.write(&[Event::Configured]).await.rows, 1);
    assert_eq!(store.write(&[Event::Configured]).await.rows, 0);
    assert_eq!(test.value("SELECT name FROM feeds"), "Indoor");
}

#[actix::test]
async fn store_closes_lost_connections_when_a_newer_one_opens() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let spans = || {
        test.rows(
            "SELECT generation AS g, extract(epoch FROM disconnected_at)::int - 1700000000 AS ended, \
             reason, frames FROM feed_connections ORDER BY generation",
        )
    };
    store.write(&[span(1, 0, None)]).await;
    store.write(&[span(2, 10, None)]).await;
    store.write(&[span(4, 30, None), span(3, 20, None)]).await;
    let lost = [
        json!({"g": 1, "ended": 10, "reason": "lost", "frames": null}),
        json!({"g": 2, "ended": 20, "reason": "lost", "frames": null}),
        json!({"g": 3, "ended": 30, "reason": "lost", "frames": null}),
        json!({"g": 4, "ended": null, "reason": null, "frames": null}),
    ];
    assert_eq!(spans(), lost);

    // The truth may come late; the news of the beginning may come again.
    store.write(&[span(3, 20, Some((25, "silence")))]).await;
    store.write(&[span(3, 20, None), span(1, 0, None)]).await;
    let mut known = lost;
    known[2] = json!({"g": 3, "ended": 25, "reason": "silence", "frames": 42});
    assert_eq!(spans(), known);

    let generations = queries::last_generations(&mut test.conn()).unwrap();
    assert_eq!(
        generations.into_iter().collect::<Vec<_>>(),
        [(FeedId::new("speedpark"), Generation(4))]
    );
}

#[actix::test]
async fn store_keeps_a_rejected_frame_once_however_often_it_comes() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let long = "x".repeat(100_000);
    let frames =
        [rejected_frame("{"), rejected_frame("}"), rejected_frame(&long), rejected_frame("{")];
    assert_eq!(store.write(&frames).await.rejected, 0);
    store.write(&frames).await;
    assert_eq!(test.value("SELECT count(*) FROM rejected_frames"), 3);
}

#[actix::test]
async fn store_keeps_the_largest_account_of_a_loss_in_whatever_order_it_hears_of_it() {
    let accounts = [
        frames_lost(0, 10, 5, "journal_full"),
        frames_lost(0, 30, 25, "journal_full"),
        frames_lost(0, 20, 15, "journal_full"),
        frames_lost(0, 3, 2, "journal_damaged"),
        frames_lost(40, 40, 1, "journal_full"),
    ];
    for in_one_batch in [true, false] {
        let test = TestDb::new();
        let store = TestStore::on(&test);
        for _ in 0..2 {
            for batch in accounts.chunks(if in_one_batch { accounts.len() } else { 1 }) {
                assert_eq!(store.write(batch).await.rejected, 0);
            }
        }
        assert_eq!(
            test.rows(
                "SELECT extract(epoch FROM from_at)::int - 1700000000 AS from, \
                 extract(epoch FROM to_at)::int - 1700000000 AS to, frames, reason \
                 FROM frames_lost ORDER BY from_at, reason"
            ),
            [
                json!({"from": 0, "to": 3, "frames": 2, "reason": "journal_damaged"}),
                json!({"from": 0, "to": 30, "frames": 25, "reason": "journal_full"}),
                json!({"from": 40, "to": 40, "frames": 1, "reason": "journal_full"}),
            ],
            "in one batch: {in_one_batch}"
        );
    }
}

#[actix::test]
async fn store_strips_nul_characters_wherever_they_are() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let (clean, dirty) = (heat_key("heat"), heat_key("he\0at"));
    let mut dirty_heat = heat(&dirty);
    dirty_heat.extra = extra(json!({"k\0": ["v\0"]}));
    let mut driver = standing(&dirty, 1);
    driver.name = "\0leiño\0".to_owned();
    let dirty_run = Arc::new(RunKey { name: "G3\0 / S".to_owned(), ..(*run_key("AG")).clone() });
    let mut events = karting([
        KartingEvent::Heat(heat(&clean)),
        KartingEvent::Heat(dirty_heat),
        KartingEvent::Standing(driver.into()),
        KartingEvent::Lap(lap(&clean, 1, 1)),
        KartingEvent::Lap(lap(&dirty, 1, 1)),
    ]);
    events.extend(agility([
        AgilityEvent::Run(run(&dirty_run)),
        AgilityEvent::Playset(playset(&dirty_run, "b\0b").into()),
        AgilityEvent::Combined(combined(&dirty_run).into()),
    ]));
    events.push(rejected_frame("a\0b"));
    assert_eq!(store.write(&events).await.rejected, 0);
    assert_eq!(
        test.rows("SELECT name, extra FROM heats"),
        [json!({"name": "heat", "extra": {"k": ["v"]}})]
    );
    assert_eq!(test.value("SELECT name FROM heat_drivers"), "leiño");
    assert_eq!(test.value("SELECT count(*) FROM laps"), 1);
    assert_eq!(test.value("SELECT playset_id FROM playsets"), "bb");
    assert_eq!(test.value("SELECT name FROM combined_results"), "G3 / S");
    assert_eq!(test.value("SELECT payload FROM rejected_frames"), "ab");
    let Past::Run(PastRun { progress }) = store.recall(Ask::Run(dirty_run)).await else {
        panic!("not a run")
    };
    assert_eq!(progress, []);
}

#[actix::test]
async fn store_finds_parents_that_are_not_in_the_batch() {
    let test = TestDb::new();
    let (heat_key, run_key) = (heat_key("before"), run_key("AG"));
    let mut parents = karting([KartingEvent::Heat(heat(&heat_key))]);
    parents.extend(agility([AgilityEvent::Run(run(&run_key))]));
    TestStore::on(&test).write(&parents).await;
    let mut children = karting([KartingEvent::Lap(lap(&heat_key, 1, 1))]);
    children.extend(agility([AgilityEvent::Playset(playset(&run_key, "bbbb").into())]));
    // A store of its own: it has never seen the parents.
    let report = TestStore::on(&test).write(&children).await;
    assert_eq!(report.rejected, 0);
    assert_eq!(test.value("SELECT count(*) FROM laps"), 1);
    assert_eq!(test.value("SELECT count(*) FROM playsets"), 1);
}
