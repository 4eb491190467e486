//! What systemd is told: that the service is ready, how it is, and that it is alive as long as it
//! makes progress. Elsewhere nobody listens, and nothing is said.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix::Recipient;
use actix_web::web;
use log::{error, info, warn};
use sd_notify::NotifyState;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::pipeline::{
    liveness::{Liveness, NoProgress},
    message::GetHealth,
    supervisor::{FeedState, FleetHealth},
    writer::WriterCounters,
};

/// `systemctl status` shows a state at most this old.
const STATUS_EVERY: Duration = Duration::from_secs(10);
const FLEET_WITHIN: Duration = Duration::from_secs(5);

/// Whom the watchdog asks.
#[derive(Clone)]
pub struct WatchdogParams {
    pub liveness: Arc<Liveness>,
    pub fleet: Recipient<GetHealth>,
    pub writer: Arc<WriterCounters>,
    /// Frames in the journal that are not with the writer yet.
    pub frames_behind: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// Tells systemd of the running service, until it is told that the service stops.
pub struct Watchdog {
    params: WatchdogParams,
    /// None where nobody listens.
    watch: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Says that the service is ready, and from then on that it is alive: at least twice in the
    /// time that the unit's `WatchdogSec` allows.
    pub async fn start(params: WatchdogParams) -> Self {
        if env::var_os("NOTIFY_SOCKET").is_none() {
            return Self { params, watch: None };
        }
        let within = sd_notify::watchdog_enabled();
        let every = within.map_or(STATUS_EVERY, |within| (within / 2).min(STATUS_EVERY));
        tell(vec![Said::Ready, Said::Status(status(&params).await)]).await;
        let watch = actix::spawn(watch(params.clone(), every.max(Duration::from_millis(1))));
        Self { params, watch: Some(watch) }
    }

    /// The configuration is being read again; [`Self::ready`] has to follow.
    pub async fn reloading(&self) {
        if self.watch.is_some() {
            tell(vec![Said::Reloading]).await;
        }
    }

    /// What was begun is done.
    pub async fn ready(&self) {
        if self.watch.is_some() {
            tell(vec![Said::Ready, Said::Status(status(&self.params).await)]).await;
        }
    }

    /// The service stops; from now on systemd waits for its end.
    pub async fn stopping(self) {
        if let Some(watch) = self.watch {
            watch.abort();
            tell(vec![Said::Stopping, Said::Status("stopping: writing what is held".into())]).await;
        }
    }
}

async fn watch(params: WatchdogParams, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_live = true;
    loop {
        ticks.tick().await;
        let judged = params.liveness.judge().await;
        let is_live = judged.is_ok();
        match judged {
            Err(why) if was_live => {
                error!("{why}; systemd's watchdog restarts the service if that lasts");
            }
            Ok(()) if !was_live => info!("the pipeline makes progress again"),
            _ => {}
        }
        was_live = is_live;
        tell(vec![sign_of(judged)]).await;
        if is_live {
            // After the sign of life: it may take a while to ask.
            tell(vec![Said::Status(status(&params).await)]).await;
        }
    }
}

/// A sign of life, or why there is none.
fn sign_of(judged: Result<(), NoProgress>) -> Said {
    match judged {
        Ok(()) => Said::Alive,
        Err(why) => Said::Status(format!("no progress: {why}")),
    }
}

async fn status(params: &WatchdogParams) -> String {
    // A supervisor that does not answer is what the judgement says; here it is only not counted.
    let fleet = timeout(FLEET_WITHIN, params.fleet.send(GetHealth)).await;
    let fleet = fleet.ok().and_then(Result::ok);
    let rows = params.writer.rows.load(Ordering::Relaxed);
    status_line(fleet.as_ref(), rows, (params.frames_behind)())
}

/// `198 of 200 feeds up, 12,345 rows, journal 0 frames behind`.
fn status_line(fleet: Option<&FleetHealth>, rows: u64, behind: u64) -> String {
    let feeds = match fleet {
        None => "feeds unknown".to_owned(),
        Some(FleetHealth { feeds }) => {
            let up = feeds.iter().filter(|feed| feed.state == FeedState::Up).count();
            format!("{up} of {} feeds up", feeds.len())
        }
    };
    format!("{feeds}, {} rows, journal {} frames behind", grouped(rows), grouped(behind))
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    Ready,
    Reloading,
    Alive,
    Stopping,
    Status(String),
}

/// Sends all of it in one message, on a thread that may block: systemd may be slow to take it.
async fn tell(what: Vec<Said>) {
    static FAILED: AtomicBool = AtomicBool::new(false);
    let told = web::block(move || {
        let mut states = Vec::with_capacity(what.len() + 1);
        for said in &what {
            match said {
                Said::Ready => states.push(NotifyState::Ready),
                Said::Reloading => {
                    states.extend([NotifyState::Reloading, NotifyState::monotonic_usec_now()?]);
                }
                Said::Alive => states.push(NotifyState::Watchdog),
                Said::Stopping => states.push(NotifyState::Stopping),
                Said::Status(words) => states.push(NotifyState::Status(words)),
            }
        }
        sd_notify::notify(&states)
    });
    let failure = match told.await {
        Ok(Ok(())) => return FAILED.store(false, Ordering::Relaxed),
        Ok(Err(error)) => error.to_string(),
        Err(cancelled) => cancelled.to_string(),
    };
    if !FAILED.swap(true, Ordering::Relaxed) {
        warn!("systemd can't be told how the service is: {failure}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchdog_gives_a_sign_of_life_only_with_progress() {
        assert_eq!(sign_of(Ok(())), Said::Alive);
        let words = "no progress: a stage of the pipeline does not answer";
        assert_eq!(sign_of(Err(NoProgress::Silent)), Said::Status(words.into()));
    }

    #[test]
    fn status_line_says_what_an_operator_asks_first() {
        let none = FleetHealth::default();
        let expected = "0 of 0 feeds up, 1,234,567 rows, journal 12,345 frames behind";
        assert_eq!(status_line(Some(&none), 1_234_567, 12_345), expected);
        assert_eq!(status_line(None, 0, 0), "feeds unknown, 0 rows, journal 0 frames behind");
    }

    #[test]
    fn numbers_have_a_comma_between_their_thousands() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }
}
