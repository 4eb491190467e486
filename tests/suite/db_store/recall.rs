//! What is asked for afterwards.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ringside::event::{
    Ask, Past,
    agility::{AgilityEvent, PastRun},
    karting::{HeatKey, KartingEvent, Lap, LapSource, PastDriver, PastHeat},
};
use ringside::pipeline::message::Recalled;

use crate::support::postgres::TestDb;

use super::events::*;

#[actix::test]
async fn store_recalls_a_heat_as_it_was_written() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let key = heat_key("recall");
    let ask = Ask::Heats { start_unix: key.start_unix, name: Arc::clone(&key.name) };
    assert_eq!(store.recall(ask.clone()).await, Past::Heats(Vec::new()));

    let second = Arc::new(HeatKey { occurrence: 1, ..(*key).clone() });
    let mut first_heat = heat(&key);
    first_heat.started_at = Some(whole(at(3)));
    first_heat.finished_at = Some(whole(at(600)));
    let whole_lap =
        |number: i32| Lap { crossed_at: Some(whole(at(number.into()))), ..lap(&key, 1, number) };
    let reconstructed = Lap {
        source: LapSource::Reconstructed,
        kart: None,
        position: None,
        crossed_at: None,
        error_ms: 7,
        ..lap(&key, 1, 3)
    };
    let removed = Lap { removed_at: Some(at(9)), ..lap(&key, 1, 8) };
    store
        .write(&karting([
            KartingEvent::Heat(heat(&second)),
            KartingEvent::Heat(first_heat),
            KartingEvent::Standing(standing(&key, 2).into()),
            KartingEvent::Lap(whole_lap(2)),
            KartingEvent::Lap(whole_lap(1)),
            KartingEvent::Lap(reconstructed.clone()),
            KartingEvent::Lap(removed),
            KartingEvent::LapGap(gap(&key, 4, 7)),
            KartingEvent::Heat(heat(&heat_key("another"))),
            KartingEvent::Lap(lap(&heat_key("another"), 5, 1)),
        ]))
        .await;
    let expected = Past::Heats(vec![
        PastHeat {
            occurrence: 0,
            started_at: Some(whole(at(3))),
            finished_at: Some(whole(at(600))),
            drivers: vec![
                PastDriver {
                    driver_id: 1,
                    laps: vec![whole_lap(1), whole_lap(2), reconstructed],
                    gaps: vec![gap(&key, 4, 7)],
                },
                PastDriver { driver_id: 2, laps: Vec::new(), gaps: Vec::new() },
            ],
        },
        PastHeat { occurrence: 1, started_at: None, finished_at: None, drivers: Vec::new() },
    ]);
    assert_eq!(store.recall(ask).await, expected);
}

#[actix::test]
async fn store_recalls_many_at_once_and_each_by_itself_where_one_makes_no_sense() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let (first, second) = (heat_key("first"), heat_key("second"));
    let ring = run_key("AG");
    let with_lap = |key: &Arc<HeatKey>, number| {
        [KartingEvent::Heat(heat(key)), KartingEvent::Lap(lap(key, 1, number))]
    };
    store.write(&karting(with_lap(&first, 1).into_iter().chain(with_lap(&second, 2)))).await;
    store
        .write(&agility([
            AgilityEvent::Run(run(&ring)),
            AgilityEvent::PlaysetChange(change(&ring, "a", 9, 5)),
        ]))
        .await;
    let heats = |key: &HeatKey| Ask::Heats { start_unix: key.start_unix, name: key.name.clone() };
    let asks = vec![
        heats(&second),
        Ask::Run(ring),
        heats(&heat_key("never seen")),
        heats(&first),
        heats(&second),
    ];
    let laps = |answer: &Recalled| match answer {
        Ok(Past::Heats(heats)) => {
            let drivers = heats.iter().flat_map(|heat| &heat.drivers);
            Ok(drivers.flat_map(|driver| &driver.laps).map(|lap| lap.lap).collect())
        }
        Ok(Past::Run(run)) => Ok(vec![-(run.progress.len() as i32)]),
        Err(error) => Err(error.to_string()),
    };
    let recalled = store.recall_all(asks.clone()).await;
    let recalled: Vec<Result<Vec<i32>, String>> = recalled.iter().map(laps).collect();
    assert_eq!(recalled, [Ok(vec![2]), Ok(vec![-1]), Ok(vec![]), Ok(vec![1]), Ok(vec![2])]);

    test.execute("ALTER TABLE laps DROP CONSTRAINT laps_source_check");
    test.execute("UPDATE laps SET source = 'guessed' WHERE lap = 1");
    let recalled = store.recall_all(asks).await;
    let recalled: Vec<_> = recalled.iter().map(laps).collect();
    let refused = recalled[3].as_ref().unwrap_err();
    assert!(refused.contains("can't be read") && refused.contains("guessed"), "{refused}");
    let others = [0, 1, 2, 4].map(|n| recalled[n].clone().unwrap());
    assert_eq!(others, [vec![2], vec![-1], vec![], vec![2]]);
}

#[actix::test]
async fn store_recalls_the_latest_step_of_every_playset_of_a_run() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let (key, brother) = (run_key("AG"), run_key("JP"));
    assert_eq!(store.recall(Ask::Run(Arc::clone(&key))).await, Past::Run(PastRun::default()));
    store
        .write(&agility([
            AgilityEvent::Run(run(&key)),
            AgilityEvent::Run(run(&brother)),
            AgilityEvent::PlaysetChange(change(&key, "b", 2, 1)),
            AgilityEvent::PlaysetChange(change(&key, "a", 9, 5)),
            AgilityEvent::PlaysetChange(change(&key, "b", 7, 0)),
            AgilityEvent::PlaysetChange(change(&key, "b", 5, 2)),
            AgilityEvent::PlaysetChange(change(&brother, "b", 20, 9)),
        ]))
        .await;
    let expected = PastRun {
        progress: vec![
            ("a".to_owned(), change(&key, "a", 9, 5).progress),
            ("b".to_owned(), change(&key, "b", 7, 0).progress),
        ],
    };
    assert_eq!(store.recall(Ask::Run(key)).await, Past::Run(expected));
}

/// What Postgres keeps of a time.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos() % 1_000))
}
