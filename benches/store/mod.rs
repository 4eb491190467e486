//! How fast rows get into Postgres through the store, against the fastest that Postgres takes: binary
//! COPY, a bare loop of upserts, and single inserts of the same rows into the same tables, indexes and
//! foreign keys. What a batch costs that is as small as a live fleet makes them is in `live`.

mod bare;
mod events;
mod live;

use std::{slice, sync::Arc, time::Instant};

use actix::Addr;
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use ringside::{
    db::{self, LatePool, Pool, store::Store},
    pipeline::message::{Batch, WriteBatch},
};

use crate::{
    Scale,
    report::{Figure, Report, Should, Table},
    support::{mortal::MortalPostgres, postgres::TestDb},
};

use self::{bare::Bare, events::Case};

/// As `db::embedded` starts its server, where that is not the default.
const SETTINGS: &str = "ALTER SYSTEM SET max_wal_size = '2GB'; \
                        ALTER SYSTEM SET checkpoint_timeout = '15min'; \
                        ALTER SYSTEM SET wal_compression = on;";

pub fn run(scale: Scale) -> Report {
    let statements = live::count_statements();
    let (_postgres, test) = database();

    let mut report = Report::default();
    actix::System::new().block_on(async {
        let mut table = Table::new("rows per second, the median batch");
        for case in events::cases(scale).into_iter().filter(is_asked_for) {
            measure(&test, &case, scale, &mut table, &mut report).await;
        }
        report.add(table);
        let (table, most) = live::measure(&test.pool, scale, &statements).await;
        report.add(table);
        report.goal("statements of a small batch", most, Should::StayBelow(live::MOST_STATEMENTS));
        assert!(most < live::MOST_STATEMENTS, "a small batch takes {most} statements");
    });
    report
}

/// `RINGSIDE_BENCH_TABLES=laps,playsets` asks for some of the tables only.
fn is_asked_for(case: &Case) -> bool {
    let Ok(tables) = std::env::var("RINGSIDE_BENCH_TABLES") else { return true };
    tables.split(',').any(|table| table == case.target.table)
}

/// A server of its own, and a database on it that is ready for rows.
pub fn database() -> (MortalPostgres, TestDb) {
    let postgres = MortalPostgres::start();
    let test = postgres.database();
    let mut conn = test.conn();
    for setting in SETTINGS.split_inclusive(';') {
        conn.batch_execute(setting).unwrap();
    }
    conn.batch_execute("SELECT pg_reload_conf()").unwrap();
    db::migrate(&test.pool).unwrap();
    drop(conn);
    (postgres, test)
}

/// A store and what it costs a caller to wait for it.
pub struct Stored(Addr<Store>);

impl Stored {
    pub fn over(pool: &Pool) -> Self {
        let late = LatePool::default();
        late.open(pool.clone(), String::new());
        Self(Store::start(Arc::new(late)))
    }

    /// How many rows changed.
    pub async fn write(&self, batches: &[Arc<Batch>]) -> u64 {
        let mut rows = 0;
        for batch in batches {
            let report = self.0.send(WriteBatch(Arc::clone(batch))).await.unwrap().unwrap();
            assert_eq!(report.rejected, 0);
            rows += report.rows;
        }
        rows
    }
}

async fn measure(test: &TestDb, case: &Case, scale: Scale, table: &mut Table, report: &mut Report) {
    let store = Stored::over(&test.pool);
    store.write(slice::from_ref(&case.parents)).await;
    for n in 0..case.batches {
        let batch = case.batch(n);
        assert_eq!(store.write(slice::from_ref(&batch)).await, batch.entries.len() as u64);
    }
    let mut conn = test.conn();
    let bare = Bare::of(&mut conn, case.target);
    assert_eq!(bare.batches(), case.batches);
    let mut clean = || {
        conn.batch_execute(&format!("TRUNCATE {}", case.target.table)).unwrap();
        conn.batch_execute("CHECKPOINT").unwrap();
    };
    // A connection for each, as the store has its own: in what a process of Postgres has freed and
    // keeps, one kind of statement would help or hinder another.
    let [mut upserts, mut copies, mut inserts] =
        [(); 3].map(|()| PgConnection::establish(&test.url).unwrap());

    let mut spent = Spent::default();
    let few = scale.pick(2, 1);
    for round in 0..scale.pick(9, 3) {
        clean();
        // Turn by turn into one table: whatever slows the machine for a while slows all of them.
        for n in 0..case.batches {
            let batch = case.batch(n);
            let rows = batch.entries.len() as u64;
            match (n + round) % 3 {
                0 => {
                    let written = store.write(slice::from_ref(&batch));
                    spent.store_new.add(rows, rows, written).await;
                }
                1 => {
                    spent.upserts_new.add(rows, rows, async { bare.upsert(&mut upserts, n) }).await
                }
                _ => spent.copy.add(rows, rows, async { bare.copy(&mut copies, n) }).await,
            }
        }
        for n in 0..case.batches {
            // Each batch is written again once: that is dearer than to write it for the third time.
            let batch = case.batch(n);
            let rows = batch.entries.len() as u64;
            if (n + round) % 2 == 0 {
                spent.store_again.add(rows, 0, store.write(slice::from_ref(&batch))).await;
            } else {
                spent.upserts_again.add(rows, 0, async { bare.upsert(&mut upserts, n) }).await;
            }
        }
        clean();
        for n in 0..few {
            let rows = bare.rows(n);
            spent.single.add(rows, rows, async { bare.insert_singly(&mut inserts, n) }).await;
        }
    }
    let rate = |turns: &Turns| Figure::Number(turns.rate(), 0);
    let to_upserts = spent.store_new.rate() / spent.upserts_new.rate();
    let to_upserts_again = spent.store_again.rate() / spent.upserts_again.rate();
    let to_copy = spent.store_new.rate() / spent.copy.rate();
    table.row([
        ("table", Figure::text(case.target.table)),
        ("store", rate(&spent.store_new)),
        ("again", rate(&spent.store_again)),
        ("upserts", rate(&spent.upserts_new)),
        ("again ", rate(&spent.upserts_again)),
        ("COPY", rate(&spent.copy)),
        ("single", rate(&spent.single)),
        ("to upserts", Figure::Number(to_upserts, 2)),
        ("again  ", Figure::Number(to_upserts_again, 2)),
        ("to COPY", Figure::Number(to_copy, 2)),
    ]);
    report.goal(case.goals.new, to_upserts, Should::Reach(0.9));
    report.goal(case.goals.again, to_upserts_again, Should::Reach(0.9));
    if let Some(what) = case.goals.copy {
        report.goal(what, to_copy, Should::Reach(0.6));
    }
}

#[derive(Default)]
struct Spent {
    store_new: Turns,
    store_again: Turns,
    upserts_new: Turns,
    upserts_again: Turns,
    copy: Turns,
    single: Turns,
}

/// Rows per second of every batch that was written in one way.
#[derive(Default)]
struct Turns(Vec<f64>);

impl Turns {
    /// A batch of so many rows, of which `changes` must change the table.
    async fn add(&mut self, rows: u64, changes: u64, write: impl Future<Output = u64>) {
        let began = Instant::now();
        let changed = write.await;
        self.0.push(rows as f64 / began.elapsed().as_secs_f64());
        assert_eq!(changed, changes);
    }

    /// That of the median batch.
    fn rate(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}
