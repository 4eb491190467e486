//! Faults, for real: the real program and a real Postgres under load, while one of them, or what
//! is between them, is taken away. Afterwards an oracle compares every row with what was sent.
//!
//! Each scenario is there twice: `short` is part of `cargo test`, `full` is what `make chaos` runs.
//! With `RINGSIDE_CHAOS_REPORT` in the environment, its figures go to that file as lines of JSON.

mod arena;
mod clock;
mod disk;
mod herd;
mod kills;
mod network;
mod outages;

use std::time::Duration;

use self::arena::Scale;

/// Two small heats long.
const SHORT: Scale = Scale {
    tracks: 4,
    rings: 1,
    speed: 20.0,
    heat_s: 120,
    kills: 3,
    outage: Duration::from_secs(3),
    idle_feeds: 100,
};

/// What the promises are made for.
const FULL: Scale = Scale {
    tracks: 40,
    rings: 10,
    speed: 10.0,
    heat_s: 300,
    kills: 20,
    outage: Duration::from_secs(20),
    idle_feeds: 450,
};

macro_rules! scenarios {
    ($($name:ident: $scenario:path;)*) => {
        mod short {
            $(
                #[test]
                fn $name() {
                    actix::System::new().block_on($scenario(&super::SHORT));
                }
            )*
        }

        mod full {
            $(
                #[test]
                #[ignore = "takes minutes: make chaos"]
                fn $name() {
                    actix::System::new().block_on($scenario(&super::FULL));
                }
            )*
        }
    };
}

scenarios! {
    nothing_is_lost_when_ringside_is_killed_again_and_again: super::kills::of_ringside;
    nothing_is_lost_when_postgres_is_killed_again_and_again: super::kills::of_postgres;
    nothing_is_lost_when_both_are_killed_and_postgres_comes_back_last: super::kills::of_both;
    nothing_is_lost_when_postgres_is_stopped_for_ten_minutes: super::outages::ten_minutes;
    nothing_is_lost_when_the_network_is_cut_stalled_and_slow: super::network::breaks;
    nothing_is_lost_when_the_disk_is_full: super::disk::is_full;
    nothing_is_lost_when_the_clock_steps_back_an_hour: super::clock::steps_back;
    connects_are_spaced_when_every_connection_is_cut_at_once: super::herd::is_cut;
}
