//! Events to write, and a store to send them to.

use std::sync::Arc;

use actix::Addr;
use chrono::{DateTime, Utc};
use ringside::{
    db::{LatePool, Pool, store::Store},
    event::{
        Ask, ConnectionEnded, ConnectionSpan, Event, Extra, FeedId, FeedInfo, FramesLost,
        Generation, Past, RejectedFrame,
        agility::{
            AgilityEvent, CombinedResult, Course, Pair, Playset, PlaysetChange, Progress, Run,
            RunKey,
        },
        karting::{Heat, HeatKey, KartingEvent, Lap, LapGap, LapSource, Standing},
    },
    pipeline::message::{
        Batch, BatchReport, Entry, RecallPast, RecallPasts, Recalled, StoreError, WriteBatch,
    },
};
use serde_json::Value;

use crate::support::postgres::TestDb;

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 123_456_789).unwrap()
}

pub fn feed(slug: &str) -> Arc<FeedInfo> {
    Arc::new(FeedInfo {
        id: FeedId::new(slug),
        kind: "bmi".to_owned(),
        venue: "SpeedPark".to_owned(),
        name: "Main track".to_owned(),
    })
}

pub fn extra(value: Value) -> Extra {
    let Value::Object(fields) = value else { panic!("not an object: {value}") };
    fields
}

pub fn heat_key(name: &str) -> Arc<HeatKey> {
    Arc::new(HeatKey { start_unix: 1_699_999_800, name: name.into(), occurrence: 0 })
}

pub fn heat(key: &Arc<HeatKey>) -> Heat {
    Heat {
        key: Arc::clone(key),
        state: "running".into(),
        end_condition: "time".into(),
        race_mode: "best_lap".into(),
        clock_ms: 410_909,
        clock_started: true,
        clock_enabled: true,
        remaining_laps: 0,
        end_mode: 0,
        started_at: None,
        finished_at: None,
        seen_at: at(0),
        extra: Extra::new(),
    }
}

pub fn standing(heat: &Arc<HeatKey>, driver_id: i64) -> Standing {
    Standing {
        heat: Arc::clone(heat),
        driver_id,
        name: format!("driver {driver_id}"),
        kart: "7".to_owned(),
        web_member_id: 0,
        position: 1,
        laps: 1,
        last_lap_ms: Some(36_580),
        average_lap_ms: Some(36_580),
        best_lap_ms: Some(36_580),
        gap: String::new(),
        last_passing: false,
        last_record: Some("day".into()),
        updated_at: at(0),
        extra: Extra::new(),
    }
}

pub fn lap(heat: &Arc<HeatKey>, driver_id: i64, lap: i32) -> Lap {
    Lap {
        heat: Arc::clone(heat),
        driver_id,
        lap,
        lap_ms: 36_000 + lap,
        kart: Some("7".into()),
        position: Some(1),
        crossed_at: Some(at(i64::from(lap) * 36)),
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    }
}

pub fn gap(heat: &Arc<HeatKey>, first_lap: i32, last_lap: i32) -> LapGap {
    LapGap {
        heat: Arc::clone(heat),
        driver_id: 1,
        first_lap,
        last_lap,
        total_ms: Some(80_000),
        error_ms: 3,
    }
}

pub fn run_key(run_type: &str) -> Arc<RunKey> {
    Arc::new(RunKey {
        event_name: "RSCE Pawer".to_owned(),
        ring_name: "1".to_owned(),
        trial_name: "RSCE 4 Septiembre ".to_owned(),
        name: "G3 / S".to_owned(),
        run_type: run_type.to_owned(),
    })
}

pub fn run(key: &Arc<RunKey>) -> Run {
    Run { key: Arc::clone(key), course: Course::default(), seen_at: at(0), extra: Extra::new() }
}

pub fn pair() -> Pair {
    Pair {
        dorsal: Some("41".to_owned()),
        handler: Some("Anna Nogués".to_owned()),
        dog_family_name: Some("Mel".to_owned()),
        dog_height_cm: Some("32.0".parse().unwrap()),
        ..Pair::default()
    }
}

pub fn playset(run: &Arc<RunKey>, id: &str) -> Playset {
    Playset {
        run: Arc::clone(run),
        playset_id: id.to_owned(),
        pair: pair(),
        start_order: Some(1),
        status: Some("calculated".to_owned()),
        faults: Some(1),
        refusals: Some(0),
        disqualification: None,
        qualification: Some("EXC".to_owned()),
        classification: Some(1),
        time_s: Some("29.00".parse().unwrap()),
        time_marker: Some(true),
        speed_m_s: Some("6.90".parse().unwrap()),
        total_penalization: Some("5.000".parse().unwrap()),
        updated_at: at(0),
        extra: Extra::new(),
    }
}

pub fn change(run: &Arc<RunKey>, id: &str, seconds: i64, faults: i32) -> PlaysetChange {
    PlaysetChange {
        run: Arc::clone(run),
        playset_id: id.to_owned(),
        changed_at: at(seconds),
        progress: Progress {
            status: Some("running".to_owned()),
            faults: Some(faults),
            refusals: Some(0),
            disqualification: None,
            time_s: Some("12.30".parse().unwrap()),
        },
    }
}

pub fn combined(run: &Arc<RunKey>) -> CombinedResult {
    CombinedResult {
        run: Arc::clone(run),
        combined_id: Some("nnnn".to_owned()),
        dorsal: "41".to_owned(),
        pair: pair(),
        classification: Some(1),
        time_s: Some("52.56".parse().unwrap()),
        total_penalization: Some("20.00".parse().unwrap()),
        updated_at: at(0),
        extra: Extra::new(),
    }
}

pub fn span(generation: u64, connected: i64, ended: Option<(i64, &str)>) -> Event {
    Event::Connection(ConnectionSpan {
        generation: Generation(generation),
        connected_at: at(connected),
        ended: ended.map(|(seconds, reason)| ConnectionEnded {
            disconnected_at: at(seconds),
            reason: reason.to_owned(),
            frames: Some(42),
        }),
    })
}

pub fn rejected_frame(payload: &str) -> Event {
    Event::FrameRejected(RejectedFrame {
        received_at: at(5),
        reason: "not the JSON of this protocol".to_owned(),
        payload: payload.to_owned(),
    })
}

pub fn frames_lost(from: i64, to: i64, frames: u64, reason: &str) -> Event {
    Event::FramesLost(FramesLost {
        from_at: at(from),
        to_at: at(to),
        frames,
        reason: reason.to_owned(),
    })
}

pub fn karting(events: impl IntoIterator<Item = KartingEvent>) -> Vec<Event> {
    events.into_iter().map(Event::Karting).collect()
}

pub fn agility(events: impl IntoIterator<Item = AgilityEvent>) -> Vec<Event> {
    events.into_iter().map(Event::Agility).collect()
}

/// A heat with two drivers and some laps, a run with a dog, and all that can happen to a feed.
pub fn everything() -> Vec<Event> {
    let (heat_key, run_key) = (heat_key("[HEAT] 33 - Carrera XL "), run_key("AG"));
    let mut events = vec![Event::Configured, span(1, 0, None), rejected_frame("<html>")];
    events.extend(karting([
        KartingEvent::TrackCleared { at: at(0) },
        KartingEvent::Heat(heat(&heat_key)),
        KartingEvent::Standing(standing(&heat_key, 1).into()),
        KartingEvent::Standing(standing(&heat_key, 2).into()),
        KartingEvent::Lap(lap(&heat_key, 1, 1)),
        KartingEvent::Lap(lap(&heat_key, 2, 1)),
        KartingEvent::LapGap(gap(&heat_key, 2, 3)),
        KartingEvent::Lap(lap(&heat_key, 1, 4)),
    ]));
    events.extend(agility([
        AgilityEvent::RunsNotReady { at: at(0), message: "Runs are not ready yet".to_owned() },
        AgilityEvent::Run(run(&run_key)),
        AgilityEvent::Playset(playset(&run_key, "bbbb").into()),
        AgilityEvent::PlaysetChange(change(&run_key, "bbbb", 1, 0)),
        AgilityEvent::PlaysetChange(change(&run_key, "bbbb", 2, 1)),
        AgilityEvent::Combined(combined(&run_key).into()),
    ]));
    events.push(span(1, 0, Some((60, "remote_closed"))));
    events.push(span(2, 61, None));
    events.push(frames_lost(70, 80, 9, "journal_full"));
    events
}

pub struct TestStore {
    pub store: Addr<Store>,
    pub feed: Arc<FeedInfo>,
}

impl TestStore {
    /// Must be called inside an actix system.
    pub fn on(test: &TestDb) -> Self {
        Self::over(test.pool.clone())
    }

    pub fn over(pool: Pool) -> Self {
        let late = LatePool::default();
        late.open(pool, String::new());
        Self { store: Store::start(Arc::new(late)), feed: feed("speedpark") }
    }

    pub async fn try_write(&self, events: &[Event]) -> Result<BatchReport, StoreError> {
        let entry = |event: &Event| Entry { feed: Arc::clone(&self.feed), event: event.clone() };
        let batch = Batch { entries: events.iter().map(entry).collect(), checkpoint: None };
        self.store.send(WriteBatch(Arc::new(batch))).await.unwrap()
    }

    pub async fn write(&self, events: &[Event]) -> BatchReport {
        self.try_write(events).await.unwrap()
    }

    pub async fn recall(&self, ask: Ask) -> Past {
        self.recall_all(vec![ask]).await.swap_remove(0).unwrap()
    }

    pub async fn recall_all(&self, asks: Vec<Ask>) -> Vec<Recalled> {
        let question = |ask| RecallPast { feed: Arc::clone(&self.feed), ask };
        let questions = asks.into_iter().map(question).collect();
        self.store.send(RecallPasts(questions)).await.unwrap().unwrap()
    }
}

/// Notes from now on which statements do this to a table: `INSERT ON laps`.
pub fn watch(test: &TestDb, what: &str) {
    test.execute(&format!(
        "CREATE SCHEMA IF NOT EXISTS watch; \
         CREATE TABLE IF NOT EXISTS watch.statements (verb text); \
         CREATE OR REPLACE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           INSERT INTO watch.statements VALUES (split_part(current_query(), ' ', 1)); \
           RETURN NULL; END $$; \
         CREATE TRIGGER note AFTER {what} EXECUTE FUNCTION watch.note()"
    ));
}

/// The first words of the statements that were noted.
pub fn verbs(test: &TestDb) -> Value {
    test.value("SELECT COALESCE(json_agg(verb), '[]') FROM watch.statements")
}
