//! What Ringside costs, measured: `make bench`, or `make bench-store` and the like for one alone.
//!
//! Each bench compares with the least that the same work can cost, in the same run, since machines
//! differ; what it prints it also writes to `target/bench/<name>.json`. Without `--bench` (as CI
//! runs it) everything is done once and small, in a debug build: then figures mean nothing, and only
//! what repeats exactly, as counts of allocations do, is held against a limit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench ends with its first surprise, and may wait for other processes"
)]

mod catch_up;
mod decode;
mod fan_out;
mod pipeline;
mod process;
mod report;
mod start;
mod store;

#[allow(dead_code, unused_imports, reason = "tests need more of it")]
#[path = "../tests/suite/support/mod.rs"]
mod support;

#[allow(dead_code, reason = "tests need more of it")]
#[path = "../tests/suite/relay/crowd.rs"]
mod crowd;

use std::process::ExitCode;

use pipeline::venues;
use report::Report;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As much as figures need.
    Full,
    /// Everything once: seconds.
    Smoke,
}

impl Scale {
    /// The one or the other.
    pub fn pick<T>(self, full: T, smoke: T) -> T {
        match self {
            Self::Full => full,
            Self::Smoke => smoke,
        }
    }
}

type Bench = (&'static str, fn(Scale) -> Report);

/// In the order of the way of the data; `make bench` takes them in this order.
const BENCHES: &[Bench] = &[
    ("decode", decode::run),
    ("store", store::run),
    ("pipeline", pipeline::run),
    ("catch-up", catch_up::run),
    ("fan-out", fan_out::run),
    ("start", start::run),
];

fn main() -> ExitCode {
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if let Some(words) = options.iter().find_map(|option| option.strip_prefix(venues::OPTION)) {
        venues::serve(words);
        return ExitCode::SUCCESS;
    }
    let scale = match options.iter().any(|option| option == "--bench") {
        true => Scale::Full,
        false => Scale::Smoke,
    };
    let wanted = |(name, _): &&Bench| names.is_empty() || names.iter().any(|asked| asked == name);
    let unknown = names.iter().find(|asked| BENCHES.iter().all(|(name, _)| asked != name));
    if let Some(unknown) = unknown {
        let known: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        eprintln!("no bench is called {unknown:?}; there are {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    for (name, bench) in BENCHES.iter().filter(wanted) {
        bench(scale).publish(name, scale);
    }
    ExitCode::SUCCESS
}
