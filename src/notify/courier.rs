//! Tells one target, one thing at a time, in the order in which they were found.
//!
//! What it sends it has taken from the outbox for longer than a call may last: a process that dies
//! meanwhile leaves it to the next one. Its address is in no log line, error or row.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use actix_web::web;
use awc::{
    error::{ConnectError, SendRequestError},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
    },
};
use chrono::{DateTime, Utc};
use log::{error, info, warn};
use tokio::{
    select,
    sync::{Notify, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::db::{
    self, Asked, Connection, LatePool,
    notices::{self, TakenNotice},
};

use super::{
    Patience, Target,
    letter::{self, Letter},
    signature::sign,
};

/// A receiver gets no more than this in one call.
const MOST_BYTES: usize = 64 << 10;
/// A receiver that asks for more patience than this gets so much.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(86_400);
/// The outbox is looked into this often also when nothing was heard of it: other processes write
/// into it too, and what failed is due some time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// What came of a call.
#[derive(Debug)]
pub(super) enum Outcome {
    Delivered {
        status: u16,
    },
    /// It may be taken later.
    Failed {
        why: String,
        retry_after: Option<Duration>,
    },
    /// This one will never be taken.
    Refused {
        why: String,
    },
    /// Nothing will ever be taken.
    Gone {
        why: String,
    },
}

pub(super) struct Courier {
    pub target: Arc<Target>,
    pub pool: Arc<LatePool>,
    pub client: awc::Client,
    pub calls: Arc<Semaphore>,
    pub news: Arc<Notify>,
    pub patience: Patience,
}

impl Courier {
    /// Delivers until it is told to end, or the receiver is gone for good.
    pub async fn deliver(self, mut goes_on: watch::Receiver<bool>) {
        while *goes_on.borrow() {
            let wait = match self.deliver_next().await {
                Ok(Next::More) => continue,
                Ok(Next::Nothing) => LOOK_EVERY,
                Ok(Next::Stopped) => return,
                // The database is away: others say so.
                Err(_) => AFTER_TROUBLE,
            };
            select! {
                _ = goes_on.changed() => {}
                () = self.news.notified() => {}
                () = sleep(wait) => {}
            }
        }
    }

    async fn deliver_next(&self) -> Result<Next, String> {
        // Never closed.
        let _turn = self.calls.acquire().await;
        let name = self.target.name.clone();
        let taken = self.ask(move |conn| notices::take(conn, &name)).await?;
        let Some(notice) = taken else { return Ok(Next::Nothing) };
        let letter = letter::of(&self.target, &notice);
        let outcome = call(&self.client, &self.target, &letter, self.patience.call_within).await;
        self.settle(&notice, outcome).await
    }

    async fn settle(&self, notice: &TakenNotice, outcome: Outcome) -> Result<Next, String> {
        let (id, name) = (notice.id, &self.target.name);
        match outcome {
            Outcome::Delivered { .. } => {
                if notice.tries > 1 {
                    info!("notify={name} notice={id} delivered at try={}", notice.tries);
                }
                self.insist(move |conn| notices::delivered(conn, id)).await?;
            }
            Outcome::Failed { why, .. }
                if notice.age_s > self.patience.give_up_after.as_secs_f64() =>
            {
                error!("notify={name} notice={id} kind={} given up: {why}", notice.kind);
                self.insist(move |conn| notices::given_up(conn, id, &why)).await?;
            }
            Outcome::Failed { why, retry_after } => {
                let wait = retry_after.map_or_else(
                    || backoff(self.patience, notice.tries),
                    |asked| asked.min(LONGEST_RETRY_AFTER),
                );
                // The first failure and every tenth: a receiver may be away for days.
                if notice.tries % 10 == 1 {
                    let seconds = wait.as_secs();
                    let tries = notice.tries;
                    warn!(
                        "notify={name} notice={id} try={tries} failed retry_in={seconds}s: {why}"
                    );
                }
                let wait_s = wait.as_secs_f64();
                self.insist(move |conn| notices::failed(conn, id, wait_s, &why)).await?;
            }
            Outcome::Refused { why } => {
                error!("notify={name} notice={id} kind={} given up: {why}", notice.kind);
                self.insist(move |conn| notices::given_up(conn, id, &why)).await?;
            }
            Outcome::Gone { why } => {
                error!(
                    "notify={name} stopped: {why}; it is told nothing until the configuration is \
                     read again or Ringside starts again"
                );
                let name = name.clone();
                self.insist(move |conn| notices::stop(conn, &name, &why)).await?;
                return Ok(Next::Stopped);
            }
        }
        Ok(Next::More)
    }

    /// What a receiver has answered is written down even if the database is just away: else it
    /// would hear the same thing again.
    async fn insist(
        &self,
        write: impl Fn(&mut Connection) -> Asked<()> + Clone + Send + 'static,
    ) -> Result<(), String> {
        const TRIES: u32 = 20;
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.ask(write.clone()).await {
                Ok(()) => return Ok(()),
                Err(why) => last = why,
            }
            sleep(LOOK_EVERY).await;
        }
        warn!("notify={} what came of a notice is not written down: {last}", self.target.name);
        Err(last)
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Asked<T> + Send + 'static,
    ) -> Result<T, String> {
        let pool = self.pool.get()?.clone();
        let asked = web::block(move || db::ask(&pool, question)).await;
        asked.unwrap_or_else(|_| Err("it was cancelled".to_owned()))
    }
}

enum Next {
    More,
    Nothing,
    Stopped,
}

/// Twice as long after each failure, give or take a quarter: receivers that were away together are
/// not called together.
fn backoff(patience: Patience, tries: i32) -> Duration {
    let doubled = u32::try_from(tries.clamp(1, 31) - 1).unwrap_or(0);
    let wait = patience.first_wait.saturating_mul(1 << doubled).min(patience.longest_wait);
    wait.mul_f64(0.75 + 0.5 * fastrand::f64())
}

/// Sends a letter, once.
pub(super) async fn call(
    client: &awc::Client,
    target: &Target,
    letter: &Letter,
    within: Duration,
) -> Outcome {
    if letter.body.len() > MOST_BYTES {
        let why = format!("it has {} bytes and may have {MOST_BYTES}", letter.body.len());
        return Outcome::Refused { why };
    }
    let mut request = client
        .post(target.url.as_str())
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((USER_AGENT, concat!("ringside/", env!("CARGO_PKG_VERSION"))))
        .insert_header(("ringside-notice", letter.id.as_str()))
        .insert_header(("ringside-kind", letter.kind.as_str()))
        // Calls are rare: a connection that was kept is one that the other side has closed.
        .force_close()
        .no_decompress();
    if let Some(secret) = &target.secret {
        let signature = sign(secret, Utc::now().timestamp(), &letter.body);
        request = request.insert_header(("ringside-signature", signature));
    }
    let failed = |why: &str| Outcome::Failed { why: why.to_owned(), retry_after: None };
    let answer = match timeout(within, request.send_body(letter.body.clone())).await {
        Err(_) | Ok(Err(SendRequestError::Timeout)) => {
            return failed(&format!("no answer within {within:?}"));
        }
        // Other words of theirs may hold the address.
        Ok(Err(SendRequestError::Connect(ConnectError::Resolver(_)))) => {
            return failed("its host has no address");
        }
        Ok(Err(SendRequestError::Connect(_))) => return failed("it can't be connected to"),
        Ok(Err(_)) => return failed("it broke the connection off"),
        Ok(Ok(answer)) => answer,
    };
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    judge(answer.status(), retry_after, SystemTime::now())
}

fn judge(status: StatusCode, retry_after: Option<&str>, now: SystemTime) -> Outcome {
    let why = match status.canonical_reason() {
        Some(words) => format!("it answered {} ({words})", status.as_u16()),
        None => format!("it answered {}", status.as_u16()),
    };
    match status {
        _ if status.is_success() => Outcome::Delivered { status: status.as_u16() },
        StatusCode::GONE => Outcome::Gone { why },
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Outcome::Refused { why },
        _ if status.is_redirection() => {
            let why = format!("{why}, and no redirect is followed");
            Outcome::Failed { why, retry_after: None }
        }
        _ => {
            let retry_after = retry_after.and_then(|text| asked_to_wait(text, now));
            Outcome::Failed { why, retry_after }
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn asked_to_wait(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        // Some send fractions.
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some((at.with_timezone(&Utc) - DateTime::<Utc>::from(now)).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_up_to_an_hour_and_differs_by_a_quarter() {
        let patience = Patience::default();
        for (tries, seconds) in [(1, 5.0), (2, 10.0), (5, 80.0), (11, 3_600.0), (999, 3_600.0)] {
            for _ in 0..20 {
                let wait = backoff(patience, tries).as_secs_f64();
                assert!((seconds * 0.75..=seconds * 1.25).contains(&wait), "{tries}: {wait}");
            }
        }
    }

    #[test]
    fn answer_decides_whether_it_is_sent_again() {
        let of = |status: u16| {
            judge(StatusCode::from_u16(status).unwrap(), None, SystemTime::UNIX_EPOCH)
        };
        assert!(matches!(of(204), Outcome::Delivered { status: 204 }));
        for again in [301, 401, 404, 408, 429, 500, 503] {
            assert!(matches!(of(again), Outcome::Failed { .. }), "{again}");
        }
        assert!(matches!(of(400), Outcome::Refused { .. }));
        assert!(matches!(of(410), Outcome::Gone { .. }));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::from(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let wait = |text| asked_to_wait(text, now);
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(wait("Tue, 14 Nov 2023 22:14:20 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(wait("Tue, 14 Nov 2023 22:10:00 GMT"), Some(Duration::ZERO));
        assert_eq!((wait("soon"), wait("-1")), (None, None));
    }
}
