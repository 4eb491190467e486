//! What there is to tell, and what is told of it. Looked for every second, so that all of it is
//! found by an index: `heats_by_finish`, `agility_runs_by_first_seen`, and primary keys.

mod heats;
mod lines;
mod runs;

pub use heats::{
    Best, FinishedHeat, HeatHead, HeatNews, OldBest, PersonalBest, Place, finished_heats, heat_news,
};
pub use lines::{FeedLine, ToldDown, lines_of_feeds, told_downs};
pub use runs::{RunHead, RunNews, RunStarter, RunTouched, run_news, runs_touched};
