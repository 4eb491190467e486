//! What was missed of late: the part of `/health` that only the database knows.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use actix_web::web;
use chrono::{TimeDelta, Utc};
use log::warn;
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    db::{
        self, Pool,
        queries::{Gap, Gaps},
    },
    pipeline::supervisor::FeedHealth,
};

/// How far `/health` looks back.
const LOOK_BACK: TimeDelta = TimeDelta::hours(24);
/// Gaps that are shown one by one.
const SHOWN: u32 = 20;
/// Monitors and people may ask as often as they like: the database is asked so often.
const ASK_EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(3);

/// What the feeds of this deployment missed in the last 24 h.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GapsHealth {
    pub count: u64,
    /// Of the last 24 h, over all feeds.
    pub seconds: f64,
    /// Of the gaps, those in which a heat or a run was on.
    pub active: u64,
    pub active_seconds: f64,
    /// Frames that were received and dropped before they were written.
    pub lost_frames: u64,
    /// The newest first, 20 at most.
    pub latest: Vec<Gap>,
}

/// Asks the database what was missed, one question at a time and not too often.
#[derive(Default)]
pub(super) struct GapWatch {
    last: Mutex<Option<Answered>>,
}

struct Answered {
    at: Instant,
    feeds: Vec<String>,
    answer: Result<Gaps, String>,
}

impl GapWatch {
    /// What these feeds missed; writes each one's number of gaps into it. Answers within a few
    /// seconds.
    ///
    /// # Errors
    /// Why nobody knows.
    pub async fn look(&self, pool: &Pool, feeds: &mut [FeedHealth]) -> Result<GapsHealth, String> {
        let ids: Vec<_> = feeds.iter().map(|feed| feed.id.clone()).collect();
        let mut last = self.last.lock().await;
        let fresh = last.take().filter(|last| last.at.elapsed() < ASK_EVERY && last.feeds == ids);
        let answered = match fresh {
            Some(fresh) => fresh,
            None => {
                Answered { at: Instant::now(), answer: ask(pool, ids.clone()).await, feeds: ids }
            }
        };
        tell(&last.insert(answered).answer, feeds)
    }
}

/// Adds what is wrong and what is only to be known. Frames that were lost stay an alarm for as long
/// as `/health` looks back; a feed that was away for seconds and is back does not.
pub(super) fn judge(
    gaps: &Result<GapsHealth, String>,
    degraded: &mut Vec<String>,
    notes: &mut Vec<String>,
) {
    let GapsHealth { lost_frames, active, active_seconds, .. } = match gaps {
        Ok(gaps) => gaps,
        Err(error) => {
            notes.push(format!("gaps of the last 24 h are not known: {error}"));
            return;
        }
    };
    if *lost_frames > 0 {
        degraded.push(format!("frames lost in the last 24 h: {lost_frames}"));
    }
    if *active > 0 {
        notes.push(format!(
            "gaps while a heat or a run was on in the last 24 h: {active}, {active_seconds:.0} s in all"
        ));
    }
}

fn tell(answer: &Result<Gaps, String>, feeds: &mut [FeedHealth]) -> Result<GapsHealth, String> {
    let gaps = answer.as_ref().map_err(Clone::clone)?;
    let counts: BTreeMap<_, _> =
        gaps.feeds.iter().map(|feed| (feed.feed.as_str(), feed.count)).collect();
    for feed in feeds {
        // The database names only feeds that missed something.
        feed.gaps_24h = Some(counts.get(feed.id.as_str()).copied().unwrap_or(0));
    }
    Ok(GapsHealth {
        count: gaps.feeds.iter().map(|feed| feed.count).sum(),
        seconds: gaps.feeds.iter().map(|feed| feed.seconds).sum(),
        active: gaps.feeds.iter().map(|feed| feed.active).sum(),
        active_seconds: gaps.feeds.iter().map(|feed| feed.active_seconds).sum(),
        lost_frames: gaps.feeds.iter().map(|feed| feed.lost_frames).sum(),
        latest: gaps.latest.clone(),
    })
}

async fn ask(pool: &Pool, feeds: Vec<String>) -> Result<Gaps, String> {
    let pool = pool.clone();
    let asked = web::block(move || {
        let mut connection = pool.get().map_err(|error| db::connect_failure(&error.to_string()))?;
        let now = Utc::now();
        db::queries::gaps(&mut connection, &feeds, now - LOOK_BACK, now, SHOWN)
            .map_err(|error| error.to_string())
    });
    let answer = match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err("the question was cancelled".to_owned()),
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    };
    if let Err(error) = &answer {
        warn!("what was missed in the last 24 h is not known: {error}");
    }
    answer
}
