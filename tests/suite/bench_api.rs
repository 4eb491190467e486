//! How soon the past is told with five million laps in the tables: `make bench-api`.
//!
//! The program runs as an operator runs it, on the Postgres of the tests; its tables are filled by
//! `fill`, and `ask` knows what is asked. Its figures go to `target/bench/api.json` too.

mod ask;
mod fill;

use std::time::{Duration, Instant};

use actix::System;
use serde_json::{Value, json};

use crate::support::{postgres::TestDb, program::Deployment, wait_within};

use self::ask::Question;

/// What is promised of each answer and page at the 95th percentile.
const WITHIN: Duration = Duration::from_millis(50);
/// Of each question, every time about another heat, day, driver or run.
const TIMES: u32 = 100;
const LIMITS: &str = "[http.limits]\nrequests_per_second_per_address = 100000\n";
/// A venue that is not there: its feed tries now and then, as on a bad day.
const FEED: &str = "[[feed]]\nid = \"track-1\"\nkind = \"bmi\"\nvenue = \"Park 1\"\n\
    name = \"Main track\"\nurl = \"ws://127.0.0.1:9/\"\nresource = \"1@park\"\n";

#[test]
#[ignore = "takes minutes, and means something only in a release build: make bench-api"]
fn every_answer_and_page_comes_within_fifty_milliseconds_with_five_million_laps() {
    let figures = System::new().block_on(measure());
    let slow: Vec<_> = figures.iter().filter(|figure| figure.p95 >= WITHIN).collect();
    assert!(slow.is_empty(), "slower than {WITHIN:?}: {slow:#?}");
}

#[derive(Debug)]
struct Figure {
    name: &'static str,
    p50: Duration,
    p95: Duration,
    max: Duration,
    bytes: usize,
}

async fn measure() -> Vec<Figure> {
    let db = TestDb::new();
    let began = Instant::now();
    fill::fill(&db);
    let laps = db.value("SELECT count(*) FROM laps").as_u64().unwrap();
    println!("{laps} laps in the tables after {:.0} s", began.elapsed().as_secs_f64());
    assert!(laps >= 5_000_000);

    let deployment = Deployment::on(&db, &(LIMITS.to_owned() + FEED));
    let program = deployment.started().await;
    let began = Instant::now();
    wait_within(Duration::from_secs(900), "all laps are summed up", async || {
        let left = "SELECT count(*) FROM (SELECT FROM laps, tallies \
             WHERE (laps.changed_in, laps.heat_id, laps.driver_id, laps.lap) \
                 > (tallies.changed_in, tallies.heat_id, tallies.driver_id, tallies.lap) LIMIT 1) AS one";
        db.value("SELECT count(*) FROM tallies") == json!(1) && db.value(left) == json!(0)
    })
    .await;
    let stints = db.value("SELECT count(*) FROM stints");
    let took = began.elapsed().as_secs_f64();
    println!("{stints} stints after {took:.0} s: {:.0} laps a second", laps as f64 / took);
    db.execute("VACUUM ANALYZE");

    let questions = ask::questions();
    ask::assert_nothing_is_left_out(deployment.address, &questions).await;
    println!("{:44} {:>8} {:>8} {:>8} {:>9}", "question", "p50 ms", "p95 ms", "max ms", "bytes");
    let mut figures = Vec::new();
    for question in &questions {
        let figure = time(deployment.address, question).await;
        println!(
            "{:44} {:>8.1} {:>8.1} {:>8.1} {:>9}",
            figure.name,
            ms(figure.p50),
            ms(figure.p95),
            ms(figure.max),
            figure.bytes
        );
        figures.push(figure);
    }
    write_json(&figures, laps);
    drop(program);
    figures
}

async fn time(address: std::net::SocketAddr, question: &Question) -> Figure {
    let (mut times, mut bytes) = (Vec::new(), 0);
    for turn in 0..TIMES {
        let path = question.path(turn);
        let began = Instant::now();
        let (status, body) = crate::support::service::get(address, &path).await;
        times.push(began.elapsed());
        assert_eq!(status, 200, "{path}: {body}");
        bytes = bytes.max(body.len());
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    Figure { name: question.name, p50: at(50), p95: at(95), max: at(100), bytes }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn write_json(figures: &[Figure], laps: u64) {
    let rows: Vec<Value> = figures
        .iter()
        .map(|figure| {
            json!({
                "question": figure.name, "p50_ms": ms(figure.p50), "p95_ms": ms(figure.p95),
                "max_ms": ms(figure.max), "bytes": figure.bytes,
            })
        })
        .collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench");
    std::fs::create_dir_all(folder).unwrap();
    let text = serde_json::to_string_pretty(&json!({ "laps": laps, "answers": rows })).unwrap();
    std::fs::write(format!("{folder}/api.json"), text).unwrap();
}
