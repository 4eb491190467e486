//! What a small batch costs: a live fleet has twenty of them a second, a few rows for each of six
//! tables.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Integer,
};
use ringside::{
    db::Pool,
    event::{Event, agility::AgilityEvent, karting::KartingEvent},
    pipeline::message::Batch,
};

use crate::{
    Scale,
    report::{Figure, Table},
};

use super::{Stored, events};

/// Statements of every connection of the process.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// Of connections that are made from now on.
pub struct Statements;

pub fn count_statements() -> Statements {
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                STATEMENTS.fetch_add(1, Ordering::Relaxed);
            }
        }))
    })
    .unwrap();
    Statements
}

impl Statements {
    fn so_far(&self) -> u64 {
        STATEMENTS.load(Ordering::Relaxed)
    }
}

/// Counts repeat exactly: none may come to what a batch takes.
pub const MOST_STATEMENTS: f64 = 10.0;

/// The table, and the most statements that a batch took.
pub async fn measure(pool: &Pool, scale: Scale, statements: &Statements) -> (Table, f64) {
    let store = Stored::over(pool);
    let mut most: f64 = 0.0;
    let mut table = Table::new("a small batch over six tables");
    let batches = scale.pick(400, 3);
    for rows in [50, 150, 500] {
        let fleet: Vec<_> = (0..batches + 10).map(|n| batch(rows, n)).collect();
        // Parents, names of statements and plans are there afterwards.
        store.write(&fleet[..10]).await;
        let theirs = postgres_ms(pool);
        let (asked, ours) = (statements.so_far(), own_ms());
        let written = store.write(&fleet[10..]).await;
        let each = |whole: f64| whole / batches as f64;
        let asked = (statements.so_far() - asked) as f64;
        most = most.max(each(asked));
        table.row([
            ("events", Figure::Number(rows as f64, 0)),
            ("rows", Figure::Number(each(written as f64), 0)),
            ("statements", Figure::Number(each(asked), 1)),
            ("our cpu ms", Figure::Number(each(own_ms() - ours), 3)),
            ("postgres cpu ms", Figure::Number(each(postgres_ms(pool) - theirs), 3)),
        ]);
    }
    (table, most)
}

/// The `n`-th of the batches: a heat for every ten events with a standing and a lap for some of its
/// drivers, a run for every fifty with playsets and changes.
fn batch(size: usize, n: usize) -> Arc<Batch> {
    let (heats, runs) = (events::heats(size / 10), events::runs(size.div_ceil(50)));
    let tracks = heats.iter().flat_map(|(feed, heat)| {
        let standings = (0..5)
            .map(|driver| KartingEvent::Standing(moved(events::standing(heat, driver), n).into()));
        let laps = (0..3).map(|driver| {
            KartingEvent::Lap(events::lap(heat, driver, 10_000 * size as i32 + n as i32))
        });
        let events = standings.chain(laps).map(Event::Karting).collect::<Vec<_>>();
        [seen(events::heat_of(heat), n)].into_iter().chain(events).map(move |event| (feed, event))
    });
    let rings = runs.iter().flat_map(|(feed, run)| {
        let change = events::change(run, 0, (100_000 * size + n) as i64);
        let mut playset = events::playset(run, 0);
        playset.faults = Some(n as i32);
        [
            seen(events::run_of(run), n),
            Event::Agility(AgilityEvent::Playset(playset.into())),
            Event::Agility(AgilityEvent::PlaysetChange(change)),
        ]
        .map(|event| (feed, event))
    });
    events::of(tracks.chain(rings))
}

fn moved(
    mut standing: ringside::event::karting::Standing,
    n: usize,
) -> ringside::event::karting::Standing {
    standing.laps = n as i32;
    standing
}

/// Every batch shows its heats and runs a moment later.
fn seen(mut event: Event, n: usize) -> Event {
    let later = chrono::TimeDelta::milliseconds(50 * n as i64);
    match &mut event {
        Event::Karting(KartingEvent::Heat(heat)) => heat.seen_at += later,
        Event::Agility(AgilityEvent::Run(run)) => run.seen_at += later,
        _ => {}
    }
    event
}

fn own_ms() -> f64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
    let ms =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
    ms(usage.user_time()) + ms(usage.system_time())
}

/// Of the processes that serve a connection.
fn postgres_ms(pool: &Pool) -> f64 {
    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }
    let text = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let backends: Vec<Backend> = sql_query(text).load(&mut pool.get().unwrap()).unwrap();
    // Nanoseconds on a core come first.
    let spent = |backend: &Backend| {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", backend.pid)).unwrap();
        text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
    };
    backends.iter().map(spent).sum()
}
