//! `ringside notify`: tries out a webhook.

use std::path::PathBuf;

use anyhow::anyhow;

use crate::{notify, spelling};

use super::{Failure, load, say};

#[derive(clap::Args)]
pub(super) struct Notify {
    /// Send a test notice to this [[notify]] and say what came back.
    #[arg(long, value_name = "NAME")]
    test: String,
}

impl Notify {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        let config = load(&config)?;
        let Some(target) = config.notify.iter().find(|target| target.name == self.test) else {
            let names: Vec<&str> = config.notify.iter().map(|t| t.name.as_str()).collect();
            let meant = spelling::closest(&self.test, &names)
                .map_or_else(String::new, |meant| format!("; is {meant:?} meant?"));
            return Err(anyhow!("no [[notify]] is called {:?}{meant}", self.test).into());
        };
        match notify::send_test(target, config.extra_roots).await {
            Ok(answer) => say(format_args!("{}: {answer}", target.name)),
            Err(why) => return Err(anyhow!("{}: {why}", target.name).into()),
        }
        Ok(())
    }
}
