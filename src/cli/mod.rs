//! The command line: one file per command.

mod browser;
mod check;
mod database_url;
mod demo;
mod export;
mod forget;
mod notify;
mod progress;
mod replay;
mod run;
mod simulate;
mod status;
mod when;

use std::{future::Future, io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::{self, Config, ConfigError};

const CONFIG_PROBLEM: u8 = 1;
const FAILURE: u8 = 2;

/// Keeps a fleet of live-timing feeds connected and saves everything they say in Postgres.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 a problem of the configuration, 2 anything else.\n\
                        RUST_LOG sets how much is logged: error, warn, info (usual), debug.")]
struct Cli {
    /// The configuration.
    #[arg(long, short, global = true, default_value = "ringside.toml", value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Connect the configured feeds and save what they say, until stopped
    Run(run::Run),
    /// Show everything at work: simulated venues, a private Postgres, the service
    Demo(demo::Demo),
    /// Tell every problem of the configuration at once
    Check(check::Check),
    /// Run fake venues that speak both protocols
    Simulate(simulate::Simulate),
    /// Play a recording: through the same pipeline into the database, or as a fake venue
    Replay(replay::Replay),
    /// Write what Ringside has into a file
    Export(export::Export),
    /// Show how the running service's feeds are
    Status(status::Status),
    /// Take one person out of all tables and the journal
    Forget(forget::Forget),
    /// Try out a webhook
    Notify(notify::Notify),
    /// Print the address of the database: psql "$(ringside database-url)"
    DatabaseUrl(database_url::DatabaseUrl),
}

/// Why a command ended badly.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    start_log();
    let outcome = match command {
        Command::Run(run) => in_system(run.run(config)),
        Command::Demo(demo) => in_system(demo.run()),
        Command::Check(check) => check.run(&config),
        Command::Simulate(simulate) => in_system(async { Ok(simulate.run().await?) }),
        Command::Replay(replay) => in_system(replay.run(config)),
        Command::Export(export) => in_system(export.run(config)),
        Command::Status(status) => in_system(status.run(config)),
        Command::Forget(forget) => in_system(forget.run(config)),
        Command::Notify(notify) => in_system(notify.run(config)),
        Command::DatabaseUrl(url) => url.run(&config),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ringside: {failure}");
            ExitCode::from(match failure {
                Failure::Config(_) => CONFIG_PROBLEM,
                Failure::Other(_) => FAILURE,
            })
        }
    }
}

fn in_system(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    actix::System::new().block_on(command)
}

fn start_log() {
    let usual =
        env_logger::Env::default().default_filter_or("info,actix_server=warn,actix_http=off");
    env_logger::Builder::from_env(usual).format_timestamp_millis().format_target(false).init();
}

fn load(path: &std::path::Path) -> Result<Config, Failure> {
    match config::load(path) {
        Err(ConfigError::Unreadable { path, error })
            if error.kind() == std::io::ErrorKind::NotFound =>
        {
            let error = std::io::Error::new(
                error.kind(),
                "it is not there; ringside.example.toml shows one, --config names another",
            );
            Err(ConfigError::Unreadable { path, error }.into())
        }
        loaded => Ok(loaded?),
    }
}

/// Prints a line for people or pipes; a reader that has gone away is no failure.
fn say(line: std::fmt::Arguments<'_>) {
    writeln!(std::io::stdout(), "{line}").ok();
}
