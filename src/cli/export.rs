//! `ringside export`: what Ringside has, as files for people and their programs.

mod frames;

use std::path::PathBuf;

use super::Failure;

#[derive(clap::Args)]
pub(super) struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The frames of a feed as they were received, from the journal
    Frames(frames::Frames),
}

impl Export {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        match self.what {
            What::Frames(frames) => frames.run(config).await,
        }
    }
}
