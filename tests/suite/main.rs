//! Tests with the real parts: a real Postgres, real sockets, the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test ends with its first surprise, and may wait for other processes"
)]

mod support;

#[path = "../fuzz_harness/mod.rs"]
mod fuzz_harness;

mod db_completeness;
mod db_embedded;
mod db_gaps;
mod db_heats;
mod db_schema;
mod db_store;
mod db_tally;

mod agility;
mod bench_api;
mod drivers;
mod karts;
mod long_history;
mod records;

mod api;
mod boards;
mod browser;
mod chaos;
mod cli;
mod connection;
mod export;
mod forget;
mod fuzz_corpus;
mod fuzz_frames;
mod guard;
mod heat_analysis;
mod http;
mod journal;
mod notices;
mod outage;
mod overlays;
mod pages;
mod recordings;
mod relay;
mod retention;
mod samples;
mod screenshots;
mod soak;
mod supervision;
mod worlds;
