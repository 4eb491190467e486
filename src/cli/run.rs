//! `ringside run`: the service, until a signal ends it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, anyhow};
use log::{error, info, warn};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    time::interval,
};

use crate::{
    app::{App, Options, StopReport, Watchdog},
    config::Config,
    http::guard::RulesChanged,
};

use super::{Failure, load};

#[derive(clap::Args)]
pub(super) struct Run {}

impl Run {
    pub async fn run(self, path: PathBuf) -> Result<(), Failure> {
        // Before anything is started, so that a signal during the start is not lost.
        let mut signals = Signals::with_reload()?;
        let config = load(&path)?;
        let feeds = config.feeds.len();
        let scheme = if config.http.rules.identity.is_some() { "https" } else { "http" };
        warn_of(&config.notes);
        let app = select! {
            app = App::start(config, Options::default()) => app?,
            () = signals.end() => {
                info!("stopped before it had started");
                return Ok(());
            }
        };
        info!(
            "ringside {} feeds={feeds} health={scheme}://{}/health",
            env!("CARGO_PKG_VERSION"),
            app.address()
        );
        serve(app, &mut signals, || load(&path)).await
    }
}

/// Runs `app` until a signal ends it; `reload` reads the configuration anew.
pub(super) async fn serve(
    app: App,
    signals: &mut Signals,
    reload: impl Fn() -> Result<Config, Failure>,
) -> Result<(), Failure> {
    let watchdog = Watchdog::start(app.watchdog()).await;
    let mut look = interval(Duration::from_secs(1));
    let mut broken = false;
    loop {
        select! {
            said = signals.next() => match said {
                Said::End => break,
                // It may have to wait for the database; a signal to end need not.
                Said::Reload => {
                    watchdog.reloading().await;
                    select! {
                        taken_up = take_up(&app, reload()) => taken_up?,
                        () = signals.end() => break,
                    }
                    watchdog.ready().await;
                }
            },
            _ = look.tick() => if !app.is_whole() {
                error!("a stage of the pipeline is gone; stopping, so that a fresh start can help");
                broken = true;
                break;
            },
        }
    }
    watchdog.stopping().await;
    info!("stopping: no more frames, writing what is held (a second signal ends at once)");
    select! {
        report = app.stop() => {
            let StopReport { events_written, rows, records_left, saved } = report;
            info!("stopped events_written={events_written} rows={rows}");
            if !saved {
                return Err(anyhow!(
                    "not everything that was received could be saved in the journal before the stop"
                )
                .into());
            }
            if records_left > 0 {
                warn!("the next start goes on with records={records_left} in the journal");
            }
        }
        () = signals.end() => return Err(anyhow!("ended at once, on the second signal").into()),
    }
    if broken { Err(anyhow!("a stage of the pipeline was gone").into()) } else { Ok(()) }
}

fn warn_of(notes: &[String]) {
    for note in notes {
        warn!("{note}");
    }
}

async fn take_up(app: &App, reloaded: Result<Config, Failure>) -> Result<(), Failure> {
    let config = match reloaded {
        Ok(config) => config,
        Err(problem) => {
            error!("nothing changed: {problem}");
            return Ok(());
        }
    };
    warn_of(&config.notes);
    let RulesChanged { applied, left } = app.set_rules(&config);
    if !applied.is_empty() {
        info!("[http] read again changed={}", applied.join(","));
    }
    if !left.is_empty() {
        warn!("a change of these needs a restart: {}", left.join(", "));
    }
    if app.set_almanac(&config) {
        info!("time zones and aliases read again");
    }
    let told = app.set_notify(&config);
    if !told.is_empty() {
        info!("[[notify]] read again changed={}", told.join(","));
    }
    if app.set_retention(&config) {
        info!("[retention] read again");
    }
    let changed = app.set_feeds(config.feeds).await?;
    info!(
        "configuration read again added={} changed={} removed={}; a change of anything but feeds, \
         aliases, [http], [[notify]] and [retention] needs a restart",
        changed.added.len(),
        changed.changed.len(),
        changed.removed.len()
    );
    Ok(())
}

/// The signals that mean something to us.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    reloads: bool,
}

pub(super) enum Said {
    /// SIGTERM, Ctrl-C, or a terminal that was closed.
    End,
    /// SIGHUP, to the service.
    Reload,
}

impl Signals {
    /// SIGHUP is an end like the others.
    pub fn new() -> Result<Self, Failure> {
        Self::listen(false)
    }

    /// SIGHUP asks for the configuration to be read again.
    pub fn with_reload() -> Result<Self, Failure> {
        Self::listen(true)
    }

    fn listen(reloads: bool) -> Result<Self, Failure> {
        let listen = |kind| signal(kind).context("signals can't be listened to");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
            reloads,
        })
    }

    pub async fn next(&mut self) -> Said {
        select! {
            _ = self.terminate.recv() => Said::End,
            _ = self.interrupt.recv() => Said::End,
            _ = self.hang_up.recv() => if self.reloads { Said::Reload } else { Said::End },
        }
    }

    pub async fn end(&mut self) {
        while !matches!(self.next().await, Said::End) {}
    }
}
