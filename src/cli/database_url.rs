//! `ringside database-url`: where the data is, for `psql` and its like.

use std::path::Path;

use anyhow::anyhow;

use crate::{app::private_dir, db::embedded::EmbeddedPostgres};

use super::{Failure, load, say};

#[derive(clap::Args)]
pub(super) struct DatabaseUrl {}

impl DatabaseUrl {
    pub fn run(self, config: &Path) -> Result<(), Failure> {
        let config = load(config)?;
        let url = match config.database_url.clone() {
            Some(url) => url,
            None => EmbeddedPostgres::running_url(&private_dir(&config)).ok_or_else(|| {
                anyhow!("the private Postgres is not running; it runs while `ringside run` does")
            })?,
        };
        say(format_args!("{url}"));
        Ok(())
    }
}
