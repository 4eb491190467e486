//! `ringside check`: every problem of a configuration at once.

use std::path::Path;

use super::{Failure, load, say};

#[derive(clap::Args)]
pub(super) struct Check {}

impl Check {
    pub fn run(self, config: &Path) -> Result<(), Failure> {
        let loaded = load(config)?;
        for note in &loaded.notes {
            say(format_args!("note: {note}"));
        }
        say(format_args!("{}: fine, {} feeds", config.display(), loaded.feeds.len()));
        Ok(())
    }
}
