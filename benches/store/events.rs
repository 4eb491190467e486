//! Batches as the writer makes them when it has much to write: of many heats or runs side by side, in
//! the order of time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ringside::{
    event::{
        Event, Extra, FeedId, FeedInfo,
        agility::{AgilityEvent, Course, Pair, Playset, PlaysetChange, Progress, Run, RunKey},
        karting::{Heat, HeatKey, KartingEvent, Lap, LapSource, Standing},
    },
    pipeline::message::{Batch, Entry},
};

use crate::Scale;

use super::bare::{HEAT_DRIVERS, LAPS, PLAYSET_CHANGES, PLAYSETS, Target};

/// Events in a batch: as many as the writer puts into one.
const BATCH: usize = 5_000;
const SMOKE_BATCH: usize = 100;

/// Rows of one table.
pub struct Case {
    pub target: &'static Target,
    pub goals: Goals,
    /// The heats or runs that the rows hang on.
    pub parents: Arc<Batch>,
    pub batches: usize,
    make: Box<dyn Fn(usize) -> Arc<Batch>>,
}

/// What they are called in the report.
pub struct Goals {
    pub new: &'static str,
    pub again: &'static str,
    /// For rows that are almost always new.
    pub copy: Option<&'static str>,
}

impl Case {
    /// The `n`-th batch, of which each entry is a row: just made, as those of the decoders are.
    pub fn batch(&self, n: usize) -> Arc<Batch> {
        (self.make)(n)
    }
}

pub fn cases(scale: Scale) -> Vec<Case> {
    let batch = scale.pick(BATCH, SMOKE_BATCH);
    vec![
        laps(scale.pick(40, 3), batch),
        changes(scale.pick(20, 3), batch),
        standings(scale.pick(20, 3), batch),
        playsets(scale.pick(20, 3), batch),
    ]
}

fn laps(batches: usize, size: usize) -> Case {
    let heats = heats(size / 50);
    let parents = of(heats.iter().map(|(feed, heat)| (feed, heat_of(heat))));
    let make = move |n: usize| {
        let laps = (5 * n..5 * n + 5).flat_map(|round| {
            heats.iter().flat_map(move |heat| (0..10).map(move |driver| (round, heat, driver)))
        });
        of(laps.map(|(round, (feed, heat), driver)| {
            (feed, Event::Karting(KartingEvent::Lap(lap(heat, driver, round as i32 + 1))))
        }))
    };
    Case {
        target: &LAPS,
        goals: Goals {
            new: "store to upserts, new laps",
            again: "store to upserts, laps again",
            copy: Some("store to COPY, laps"),
        },
        parents,
        batches,
        make: Box::new(make),
    }
}

fn standings(batches: usize, size: usize) -> Case {
    let heats = heats(batches * size / 20);
    let parents = of(heats.iter().map(|(feed, heat)| (feed, heat_of(heat))));
    let make = move |n: usize| {
        let heats = heats.iter().skip(n * (size / 20)).take(size / 20);
        of(heats.flat_map(|(feed, heat)| {
            (0..20).map(move |driver| {
                (feed, Event::Karting(KartingEvent::Standing(standing(heat, driver).into())))
            })
        }))
    };
    Case {
        target: &HEAT_DRIVERS,
        goals: Goals {
            new: "store to upserts, new standings",
            again: "store to upserts, standings again",
            copy: None,
        },
        parents,
        batches,
        make: Box::new(make),
    }
}

fn changes(batches: usize, size: usize) -> Case {
    let runs = runs(size / 25);
    let parents = of(runs.iter().map(|(feed, run)| (feed, run_of(run))));
    let make = move |n| {
        of(runs.iter().flat_map(move |(feed, run)| {
            (0..25).map(move |dog| {
                let change = change(run, dog, n as i64);
                (feed, Event::Agility(AgilityEvent::PlaysetChange(change)))
            })
        }))
    };
    Case {
        target: &PLAYSET_CHANGES,
        goals: Goals {
            new: "store to upserts, new changes",
            again: "store to upserts, changes again",
            copy: Some("store to COPY, changes"),
        },
        parents,
        batches,
        make: Box::new(make),
    }
}

fn playsets(batches: usize, size: usize) -> Case {
    let runs = runs(batches * size / 50);
    let parents = of(runs.iter().map(|(feed, run)| (feed, run_of(run))));
    let make = move |n: usize| {
        let runs = runs.iter().skip(n * (size / 50)).take(size / 50);
        of(runs.flat_map(|(feed, run)| {
            (0..50).map(move |dog| {
                (feed, Event::Agility(AgilityEvent::Playset(playset(run, dog).into())))
            })
        }))
    };
    Case {
        target: &PLAYSETS,
        goals: Goals {
            new: "store to upserts, new playsets",
            again: "store to upserts, playsets again",
            copy: None,
        },
        parents,
        batches,
        make: Box::new(make),
    }
}

/// A heat or run with its feed.
pub type Keyed<K> = (Arc<FeedInfo>, Arc<K>);

pub fn of<'a>(events: impl Iterator<Item = (&'a Arc<FeedInfo>, Event)>) -> Arc<Batch> {
    let entry = |(feed, event)| Entry { feed: Arc::clone(feed), event };
    Arc::new(Batch { entries: events.map(entry).collect(), checkpoint: None })
}

/// So many heats, on feeds that have twenty each.
pub fn heats(count: usize) -> Vec<Keyed<HeatKey>> {
    let heat = |n: usize| {
        let name = format!("[HEAT] {} - Carrera", n % 20).into();
        let start_unix = 1_700_000_000 + n as i64;
        (feed("track", "bmi", n / 20), Arc::new(HeatKey { start_unix, name, occurrence: 0 }))
    };
    (0..count).map(heat).collect()
}

/// So many runs, on feeds that have ten each.
pub fn runs(count: usize) -> Vec<Keyed<RunKey>> {
    let run = |n: usize| {
        let key = RunKey {
            event_name: "Spring trophy".to_owned(),
            ring_name: "1".to_owned(),
            trial_name: format!("Trial {} ", n % 10),
            name: "G3 / S".to_owned(),
            run_type: "AG".to_owned(),
        };
        (feed("ring", "flowagility", n / 10), Arc::new(key))
    };
    (0..count).map(run).collect()
}

fn feed(what: &str, kind: &str, n: usize) -> Arc<FeedInfo> {
    Arc::new(FeedInfo {
        id: FeedId::new(format!("{what}-{n}")),
        kind: kind.to_owned(),
        venue: "SpeedPark".to_owned(),
        name: format!("{what} {n}"),
    })
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 123_456_000).unwrap() + TimeDelta::seconds(seconds)
}

pub fn heat_of(key: &Arc<HeatKey>) -> Event {
    Event::Karting(KartingEvent::Heat(Heat {
        key: Arc::clone(key),
        state: "running".into(),
        end_condition: "time".into(),
        race_mode: "best_lap".into(),
        clock_ms: 410_909,
        clock_started: true,
        clock_enabled: true,
        remaining_laps: 0,
        end_mode: 0,
        started_at: Some(at(0)),
        finished_at: None,
        seen_at: at(0),
        extra: Extra::new(),
    }))
}

pub fn standing(heat: &Arc<HeatKey>, driver: i64) -> Standing {
    Standing {
        heat: Arc::clone(heat),
        driver_id: 1_000_000 + driver,
        name: format!("Driver number {driver}"),
        kart: driver.to_string(),
        web_member_id: 0,
        position: driver as i32 + 1,
        laps: 12,
        last_lap_ms: Some(36_580),
        average_lap_ms: Some(36_800),
        best_lap_ms: Some(36_101),
        gap: "+1.234".to_owned(),
        last_passing: false,
        last_record: None,
        updated_at: at(440),
        extra: Extra::new(),
    }
}

pub fn lap(heat: &Arc<HeatKey>, driver: i64, lap: i32) -> Lap {
    Lap {
        heat: Arc::clone(heat),
        driver_id: 1_000_000 + driver,
        lap,
        lap_ms: 36_000 + lap,
        kart: Some(driver.to_string().into()),
        position: Some(driver as i32 + 1),
        crossed_at: Some(at(i64::from(lap) * 36 + driver)),
        source: LapSource::Timed,
        error_ms: 0,
        removed_at: None,
    }
}

pub fn run_of(key: &Arc<RunKey>) -> Event {
    Event::Agility(AgilityEvent::Run(Run {
        key: Arc::clone(key),
        course: Course::default(),
        seen_at: at(0),
        extra: Extra::new(),
    }))
}

fn playset_id(dog: i64) -> String {
    format!("7d3f5a60-5c11-4c2e-9d53-{dog:012}")
}

pub fn playset(run: &Arc<RunKey>, dog: i64) -> Playset {
    let text = |words: &str| Some(words.to_owned());
    Playset {
        run: Arc::clone(run),
        playset_id: playset_id(dog),
        pair: Pair {
            dorsal: Some(dog.to_string()),
            handler: Some(format!("Handler number {dog}")),
            club: text("C.D.E. Agility"),
            country: text("ESP"),
            team_name: None,
            dog_family_name: text("Mel"),
            dog_studbook_name: text("Melody of the hills"),
            dog_breed: text("Border Collie"),
            dog_gender: text("female"),
            dog_age: text("6 years"),
            dog_height_cm: Some("48.5".parse().unwrap()),
        },
        start_order: Some(dog as i32),
        status: text("calculated"),
        faults: Some(1),
        refusals: Some(0),
        disqualification: None,
        qualification: text("EXC"),
        classification: Some(dog as i32 + 1),
        time_s: Some("29.04".parse().unwrap()),
        time_marker: Some(true),
        speed_m_s: Some("5.95".parse().unwrap()),
        total_penalization: Some("5.00".parse().unwrap()),
        updated_at: at(120),
        extra: Extra::new(),
    }
}

pub fn change(run: &Arc<RunKey>, dog: i64, step: i64) -> PlaysetChange {
    PlaysetChange {
        run: Arc::clone(run),
        playset_id: playset_id(dog),
        changed_at: at(step),
        progress: Progress {
            status: Some("running".to_owned()),
            faults: Some((step % 4) as i32),
            refusals: Some(0),
            disqualification: None,
            time_s: Some("12.30".parse().unwrap()),
        },
    }
}
