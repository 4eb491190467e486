//! Many rows at once, which the store writes by COPY where it can: they must end as if each had come
//! alone.

use std::sync::Arc;

use ringside::{
    event::{
        Event,
        agility::AgilityEvent,
        karting::{HeatKey, KartingEvent, Lap},
    },
    pipeline::message::StoreError,
};
use serde_json::json;

use crate::support::postgres::TestDb;

use super::events::*;

/// As many laps and changes as are worth a COPY.
const MANY: i32 = 600;

fn many_laps(key: &Arc<HeatKey>) -> Vec<Lap> {
    (1..=MANY).map(|number| lap(key, i64::from(number % 7), number)).collect()
}

fn heat_with(key: &Arc<HeatKey>, laps: impl IntoIterator<Item = Lap>) -> Vec<Event> {
    let laps = laps.into_iter().map(KartingEvent::Lap);
    karting([KartingEvent::Heat(heat(key))].into_iter().chain(laps))
}

fn many_changes() -> Vec<Event> {
    let key = run_key("AG");
    let change = |n: i32| AgilityEvent::PlaysetChange(change(&key, "b", n.into(), n % 3));
    agility([AgilityEvent::Run(run(&key))].into_iter().chain((0..MANY).map(change)))
}

/// A database that notes which statements write laps and changes.
fn watched() -> TestDb {
    let test = TestDb::new();
    watch(&test, "INSERT ON laps");
    watch(&test, "INSERT ON playset_changes");
    test
}

/// What the same events leave when they come one by one.
async fn dump_of_singles(events: &[Event]) -> String {
    let single = TestDb::new();
    let store = TestStore::on(&single);
    for event in events {
        store.write(std::slice::from_ref(event)).await;
    }
    single.dump()
}

#[actix::test]
async fn store_copies_many_new_rows_as_it_would_have_upserted_them() {
    let test = watched();
    let store = TestStore::on(&test);
    let key = heat_key("many");
    let mut laps = many_laps(&key);
    (laps[3].kart, laps[3].position, laps[3].crossed_at) = (None, None, None);
    laps[4].kart = Some("\0ñ\0".into());
    laps[5].removed_at = Some(at(9));
    let mut events = heat_with(&key, laps);
    events.extend(many_changes());

    let report = store.write(&events).await;
    // And the feed.
    assert_eq!(report.rows as usize, events.len() + 1);
    assert_eq!(verbs(&test), json!(["COPY", "COPY"]));
    assert_eq!(test.dump(), dump_of_singles(&events).await);
    assert_eq!(
        test.value(
            "SELECT count(DISTINCT changed_in) = 1 AND min(changed_in) > 0 \
             AND max(changed_in) < pg_current_xact_id()::text::bigint FROM laps"
        ),
        true
    );

    // Again: they are there, and nothing changes.
    let dump = test.dump();
    assert_eq!(store.write(&events).await.rows, 0);
    assert_eq!(verbs(&test), json!(["COPY", "COPY", "INSERT", "INSERT"]));
    assert_eq!(test.dump(), dump);
}

#[actix::test]
async fn store_writes_what_is_new_or_changed_when_some_of_many_rows_are_there() {
    let test = watched();
    let store = TestStore::on(&test);
    let key = heat_key("some");
    let laps = many_laps(&key);
    let mut before = vec![laps[0].clone(), laps[299].clone(), laps[599].clone()];
    before[1].lap_ms = 1;
    let before = heat_with(&key, before);
    store.write(&before).await;

    let events = heat_with(&key, laps);
    // All but the heat, which is as it was, and two laps that are too.
    assert_eq!(store.write(&events).await.rows, MANY as u64 - 2);
    assert_eq!(verbs(&test), json!(["INSERT", "INSERT"]));
    assert_eq!(test.dump(), dump_of_singles(&[before, events].concat()).await);
}

/// Looking at the first of them shows nothing.
#[actix::test]
async fn store_writes_what_is_new_when_a_row_in_the_middle_of_many_is_there() {
    let test = watched();
    let store = TestStore::on(&test);
    let key = heat_key("middle");
    let laps = many_laps(&key);
    let before = heat_with(&key, [laps[300].clone()]);
    store.write(&before).await;

    let events = heat_with(&key, laps);
    assert_eq!(store.write(&events).await.rows, MANY as u64 - 1);
    assert_eq!(verbs(&test), json!(["INSERT", "INSERT"]));
    assert_eq!(test.dump(), dump_of_singles(&[before, events].concat()).await);
}

#[actix::test]
async fn store_makes_one_of_many_rows_that_share_a_key() {
    let test = watched();
    let store = TestStore::on(&test);
    let key = heat_key("twice");
    let laps = many_laps(&key);
    let mut later = laps.clone();
    for lap in &mut later {
        lap.lap_ms += 1;
        lap.kart = None;
    }
    let events = heat_with(&key, [laps, later].concat());
    assert_eq!(store.write(&events).await.rows, MANY as u64 + 2);
    assert_eq!(verbs(&test), json!(["COPY"]));
    assert_eq!(test.dump(), dump_of_singles(&events).await);
}

#[actix::test]
async fn store_sets_one_of_many_rows_aside_when_postgres_refuses_it() {
    let test = watched();
    test.execute("ALTER TABLE laps ADD CONSTRAINT no_lap_13 CHECK (lap <> 13)");
    let store = TestStore::on(&test);
    let key = heat_key("poison");
    let report = store.write(&heat_with(&key, many_laps(&key))).await;
    assert_eq!((report.rows, report.rejected), (MANY as u64 + 1, 1));
    assert_eq!(test.value("SELECT count(*) FROM laps"), MANY - 1);
    assert_eq!(test.value("SELECT \"row\"->'lap' FROM rejected_rows"), 13);

    // The next ones are none the worse for it.
    let key = heat_key("sound");
    let sound = many_laps(&key).into_iter().filter(|lap| lap.lap != 13).collect::<Vec<_>>();
    for _ in 0..2 {
        assert_eq!(store.write(&heat_with(&key, sound.clone())).await.rejected, 0);
    }
    assert_eq!(test.value("SELECT count(*) FROM laps"), 2 * (MANY - 1));
}

#[actix::test]
async fn store_writes_many_rows_anew_when_the_connection_was_lost_amid_them() {
    let test = TestDb::new();
    test.execute(
        "CREATE SEQUENCE attempts; \
         CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('attempts') = 300 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; \
           RETURN NEW; END $$; \
         CREATE TRIGGER die BEFORE INSERT ON laps FOR EACH ROW EXECUTE FUNCTION die()",
    );
    let store = TestStore::on(&test);
    let key = heat_key("lost");
    let events = heat_with(&key, many_laps(&key));
    let error = store.try_write(&events).await.unwrap_err();
    assert!(matches!(error, StoreError::Retriable(_)), "{error:?}");
    assert_eq!(test.value("SELECT count(*) FROM laps"), 0);
    assert_eq!(store.write(&events).await.rejected, 0);
    assert_eq!(test.value("SELECT count(*) FROM laps"), MANY);
}
