//! How fast rows get into Postgres through the store, against the fastest that Postgres takes: binary
//! COPY, a bare loop of upserts, and single inserts of the same rows into the same tables, indexes and
//! foreign keys. What a batch costs that is as small as a live fleet makes them is in `live`.

mod bare;
mod events;
mod live;

use std::{sync::Arc, time::Instant};

use actix::Addr;
use diesel::connection::SimpleConnection;
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
        let mut table = Table::new("rows per second, the median round");
        for case in events::cases(scale) {
            measure(&test.pool, &case, scale, &mut table, &mut report).await;
        }
        report.add(table);
        let (table, most) = live::measure(&test.pool, scale, &statements).await;
        report.add(table);
        report.goal("statements of a small batch", most, Should::StayBelow(live::MOST_STATEMENTS));
        assert!(most < live::MOST_STATEMENTS, "a small batch takes {most} statements");
    });
    report
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

/// Seconds of every round.
#[derive(Default)]
struct Rounds(Vec<f64>);

impl Rounds {
    fn add(&mut self, since: Instant) {
        self.0.push(since.elapsed().as_secs_f64());
    }

    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

async fn measure(pool: &Pool, case: &Case, scale: Scale, table: &mut Table, report: &mut Report) {
    let store = Stored::over(pool);
    store.write(std::slice::from_ref(&case.parents)).await;
    let rows = store.write(&case.batches).await;
    assert_eq!(rows as usize, case.rows());
    let mut conn = pool.get().unwrap();
    let bare = Bare::of(&mut conn, case.target);
    assert_eq!(bare.rows(), case.rows());

    let few = scale.pick(2, 1);
    let (mut copied, mut inserted) = (Rounds::default(), Rounds::default());
    let (mut upserted, mut upserted_again) = (Rounds::default(), Rounds::default());
    let (mut stored, mut stored_again) = (Rounds::default(), Rounds::default());
    let mut clean = || {
        // Everybody meets an empty table, and nobody pays for what another one wrote.
        conn.batch_execute(&format!("TRUNCATE {}", case.target.table)).unwrap();
        conn.batch_execute("CHECKPOINT").unwrap();
    };
    let mut other = pool.get().unwrap();
    for _ in 0..scale.pick(5, 1) {
        clean();
        let began = Instant::now();
        assert_eq!(store.write(&case.batches).await, rows);
        stored.add(began);
        let began = Instant::now();
        assert_eq!(store.write(&case.batches).await, 0);
        stored_again.add(began);

        clean();
        let began = Instant::now();
        assert_eq!(bare.upsert(&mut other), rows);
        upserted.add(began);
        let began = Instant::now();
        assert_eq!(bare.upsert(&mut other), 0);
        upserted_again.add(began);

        clean();
        let began = Instant::now();
        assert_eq!(bare.copy(&mut other), rows);
        copied.add(began);

        clean();
        let began = Instant::now();
        bare.insert_singly(&mut other, few);
        inserted.add(began);
    }
    let rows = rows as f64;
    let single = rows * few as f64 / case.batches.len() as f64;
    let per_second = |rounds: &Rounds| Figure::Number(rows / rounds.median(), 0);
    let (to_copy, to_upsert, to_upsert_again) = (
        copied.median() / stored.median(),
        upserted.median() / stored.median(),
        upserted_again.median() / stored_again.median(),
    );
    table.row([
        ("table", Figure::text(case.target.table)),
        ("store", per_second(&stored)),
        ("again", per_second(&stored_again)),
        ("upserts", per_second(&upserted)),
        ("again ", per_second(&upserted_again)),
        ("COPY", per_second(&copied)),
        ("single", Figure::Number(single / inserted.median(), 0)),
        ("to upserts", Figure::Number(to_upsert, 2)),
        ("again  ", Figure::Number(to_upsert_again, 2)),
        ("to COPY", Figure::Number(to_copy, 2)),
    ]);
    report.goal(case.goals.new, to_upsert, Should::Reach(0.9));
    report.goal(case.goals.again, to_upsert_again, Should::Reach(0.9));
    if let Some(what) = case.goals.copy {
        report.goal(what, to_copy, Should::Reach(0.6));
    }
}
