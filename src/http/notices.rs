//! How it stands with the webhooks: for `/health` and `/metrics`. By their names, never by their
//! addresses.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::db::notices::{self, TargetStanding};

use super::Sources;

/// Nobody has to hurry before something waits for so long.
const LATE_S: f64 = 600.0;

/// The names of the targets that are configured.
#[derive(Default)]
pub struct NoticeNames(RwLock<Vec<String>>);

impl NoticeNames {
    pub fn set(&self, names: Vec<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    fn get(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct NoticesHealth {
    /// Found and not delivered yet.
    pub pending: i64,
    /// How long the oldest of them waits.
    pub oldest_s: Option<f64>,
    /// Given up in the last 24 h.
    pub given_up_24h: i64,
    pub targets: Vec<TargetHealth>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct TargetHealth {
    pub name: String,
    pub pending: i64,
    pub oldest_s: Option<f64>,
    /// These three ever, by all processes on this database.
    pub delivered: i64,
    pub failed: i64,
    pub given_up: i64,
    pub given_up_24h: i64,
    /// When the receiver said that it is gone; null while it is told.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Why the one that comes next was not taken yet.
    pub trouble: Option<String>,
}

impl From<TargetStanding> for TargetHealth {
    fn from(standing: TargetStanding) -> Self {
        let TargetStanding { name, delivered, failed, given_up, stopped_at, .. } = standing;
        let TargetStanding { pending, oldest_s, trouble, given_up_24h, .. } = standing;
        Self {
            name,
            pending,
            oldest_s,
            delivered,
            failed,
            given_up,
            given_up_24h,
            stopped_at,
            trouble,
        }
    }
}

/// None where the database can't tell.
pub(super) async fn look(sources: &Sources) -> Option<NoticesHealth> {
    let names = sources.notices.get();
    if names.is_empty() {
        return Some(NoticesHealth::default());
    }
    let standing = sources.desk.ask(move |conn| notices::standing(conn, &names)).await.ok()?;
    let targets: Vec<TargetHealth> = standing.into_iter().map(Into::into).collect();
    let oldest = targets.iter().filter_map(|target| target.oldest_s);
    Some(NoticesHealth {
        pending: targets.iter().map(|target| target.pending).sum(),
        oldest_s: oldest.reduce(f64::max),
        given_up_24h: targets.iter().map(|target| target.given_up_24h).sum(),
        targets,
    })
}

pub(super) fn judge(notices: &NoticesHealth, degraded: &mut Vec<String>) {
    for target in &notices.targets {
        let name = &target.name;
        if target.stopped_at.is_some() {
            degraded.push(format!("notify {name}: its receiver is gone, it is told nothing"));
        } else if let Some(oldest_s) = target.oldest_s.filter(|age| *age > LATE_S) {
            let why = target.trouble.as_deref().unwrap_or("it is not its turn");
            let (pending, minutes) = (target.pending, (oldest_s / 60.0).round());
            degraded.push(format!("notify {name}: {pending} wait for up to {minutes} min: {why}"));
        }
        if target.given_up_24h > 0 {
            let number = target.given_up_24h;
            degraded.push(format!("notify {name}: {number} were given up in the last 24 h"));
        }
    }
}
