//! Heats of which only the clock moves, which the store changes in their place.

use std::sync::Arc;

use ringside::event::{
    Event,
    karting::{Heat, HeatKey, KartingEvent},
};
use serde_json::{Value, json};

use crate::support::postgres::TestDb;

use super::events::*;

/// The n-th second of a heat: it runs, is paused, runs on as before and finishes.
fn second(key: &Arc<HeatKey>, n: i64) -> Heat {
    let state = match n {
        3 => "paused",
        6.. => "finished",
        _ => "running",
    };
    Heat {
        state: state.into(),
        clock_ms: 600_000 - 1_000 * n,
        finished_at: (n >= 6).then(|| at(6)),
        seen_at: at(n),
        ..heat(key)
    }
}

const SECONDS: i64 = 8;

fn told(heats: impl IntoIterator<Item = Heat>) -> Vec<Event> {
    karting(heats.into_iter().map(KartingEvent::Heat))
}

/// All that is stored of the heat but its id and name.
fn stored(test: &TestDb, key: &HeatKey) -> Value {
    test.value(&format!(
        "SELECT to_jsonb(heats) - '{{id,name}}'::text[] FROM heats WHERE name = '{}'",
        key.name
    ))
}

#[actix::test]
async fn heat_ends_the_same_however_its_seconds_are_put_in_batches() {
    let test = TestDb::new();
    let alone = heat_key("each to a store that knows nothing");
    for n in 0..SECONDS {
        TestStore::on(&test).write(&told([second(&alone, n)])).await;
    }
    let expected = stored(&test, &alone);
    assert_eq!((&expected["state"], &expected["clock_ms"]), (&json!("finished"), &json!(593_000)));

    let store = TestStore::on(&test);
    // A bit for each second: whether a batch ends with it.
    for ends in 0..1_u32 << (SECONDS - 1) {
        let key = heat_key(&format!("{ends:b}"));
        let mut batch = Vec::new();
        for n in 0..SECONDS {
            batch.push(second(&key, n));
            if ends >> n & 1 == 1 {
                store.write(&told(batch.drain(..))).await;
            }
        }
        store.write(&told(batch)).await;
        assert_eq!(stored(&test, &key), expected, "{ends:b}");
    }
}

#[actix::test]
async fn clock_that_moves_is_set_in_its_place() {
    let test = TestDb::new();
    // An upsert counts as an update, too.
    watch(&test, "UPDATE ON heats");
    let store = TestStore::on(&test);
    let key = heat_key("in place");
    for n in 0..SECONDS {
        assert!(store.write(&told([second(&key, n)])).await.rows > 0);
    }
    // New, running, paused, running again, finished.
    let expected = ["INSERT", "UPDATE", "UPDATE", "INSERT", "INSERT", "UPDATE", "INSERT", "UPDATE"];
    assert_eq!(verbs(&test), json!(expected));
}

#[actix::test]
async fn heat_that_is_gone_is_written_anew_with_its_next_second() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let (key, other) = (heat_key("gone"), heat_key("there"));
    store.write(&told([second(&key, 0), second(&other, 0)])).await;
    test.execute("DELETE FROM heats WHERE name = 'gone'");

    let mut next = told([second(&key, 1), second(&other, 1)]);
    next.extend(karting([KartingEvent::Lap(lap(&key, 1, 1))]));
    assert_eq!(store.write(&next).await.rejected, 0);
    for key in [&key, &other] {
        assert_eq!(stored(&test, key)["clock_ms"], 599_000, "{}", key.name);
    }
    assert_eq!(test.value("SELECT count(*) FROM laps JOIN heats ON heats.id = heat_id"), 1);
}

/// A machine whose clock is set back sees a heat before it was first seen.
#[actix::test]
async fn heat_is_known_to_have_been_seen_when_the_clock_of_the_machine_was_set_back() {
    let test = TestDb::new();
    let store = TestStore::on(&test);
    let key = heat_key("back");
    store.write(&told([second(&key, 0)])).await;
    store.write(&told([Heat { seen_at: at(-60), ..second(&key, 1) }])).await;
    let seen = "SELECT extract(epoch FROM last_seen_at - first_seen_at)::int FROM heats";
    assert_eq!(test.value(seen), 60);
    assert_eq!(stored(&test, &key)["clock_ms"], 599_000);
}
