//! `ringside export`: what Ringside has, as files for people and their programs.

mod frames;
mod rows;

use std::{io, path::PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::export::DataSet;

use super::Failure;

/// Stands for the standard output.
const STDOUT: &str = "-";

#[derive(clap::Args)]
pub(super) struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Every lap of every driver
    Laps(rows::Rows),
    /// Every driver of every heat: position, laps, best lap
    Standings(rows::Rows),
    /// Every heat
    Heats(rows::Rows),
    /// Every dog in every run: faults, refusals, time, place
    Playsets(rows::Rows),
    /// Every pair's place over brother runs
    Results(rows::Rows),
    /// The frames of a feed as they were received, from the journal
    Frames(frames::Frames),
}

impl Export {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        match self.what {
            What::Laps(rows) => rows.run(DataSet::Laps, config).await,
            What::Standings(rows) => rows.run(DataSet::Standings, config).await,
            What::Heats(rows) => rows.run(DataSet::Heats, config).await,
            What::Playsets(rows) => rows.run(DataSet::Playsets, config).await,
            What::Results(rows) => rows.run(DataSet::Results, config).await,
            What::Frames(frames) => frames.run(config).await,
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_it = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(is_it)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
