//! `/livez` for the one who restarts, `/readyz` for the one who routes, `/health` for people.

use std::{sync::atomic::Ordering, time::Duration};

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    db,
    pipeline::{
        message::GetHealth,
        supervisor::{FeedHealth, FeedState, FleetHealth},
        writer::WriterCounters,
    },
};

use super::{
    Sources,
    gaps::{self, GapWatch, GapsHealth},
    notices::{self, NoticesHealth},
};

/// A supervisor that takes longer to answer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The database's answer decides about traffic, so it is not waited for long.
const DATABASE_PATIENCE: Duration = Duration::from_secs(3);

/// So many frames wait for a moment also when all is well.
const BEHIND: u64 = 5_000;

/// All of `/health`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Health {
    pub status: Overall,
    /// Why it is not `ok`, and what was missed of late even if it is, in plain words.
    pub reasons: Vec<String>,
    pub version: String,
    pub uptime_s: f64,
    pub journal: JournalHealth,
    pub writer: WriterHealth,
    pub database: DatabaseHealth,
    /// Of the last 24 h; none where the database can't tell.
    pub gaps: Option<GapsHealth>,
    /// None where the database can't tell.
    pub notices: Option<NoticesHealth>,
    pub feeds: Vec<FeedHealth>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    Ok,
    /// Something is wrong and the rest goes on.
    Degraded,
    /// Nothing new is saved.
    Down,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct JournalHealth {
    /// Frames and marks taken in since the start.
    pub recorded: u64,
    /// Of these and of what was left from before, how many are not with the writer yet.
    pub behind: u64,
    /// Records that connections have left and that are not taken in yet.
    pub waiting: u64,
    /// On no disk yet.
    pub unsaved_bytes: u64,
    pub last_save_ms: u64,
    pub bytes: u64,
    pub max_bytes: u64,
    pub oldest_at: Option<DateTime<Utc>>,
    /// The last record whose rows are in Postgres.
    pub checkpoint: i64,
    /// Frames that were dropped before they were written.
    pub lost_frames: u64,
    /// Files that were damaged.
    pub set_aside: u64,
    /// Why frames are not safe at the moment.
    pub trouble: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WriterHealth {
    /// Events decoded and not yet in Postgres.
    pub held: u64,
    /// Events for which there is no room: the venues' sockets feel it.
    pub waiting: u64,
    pub accepted: u64,
    pub written: u64,
    pub batches: u64,
    pub rows: u64,
    pub rejected_rows: u64,
    pub retries: u64,
    pub last_batch_ms: u64,
    pub last_written_at: Option<DateTime<Utc>>,
    pub trouble: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DatabaseHealth {
    /// `user@host:port/name`.
    pub address: String,
    pub private: bool,
    pub reachable: bool,
    pub error: Option<String>,
}

impl JournalHealth {
    fn of(sources: &Sources) -> Self {
        let counters = &sources.journal;
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            recorded: get(&counters.recorded),
            behind: counters.behind(),
            waiting: get(&counters.waiting),
            unsaved_bytes: get(&counters.unsaved_bytes),
            last_save_ms: get(&counters.last_save_ms),
            bytes: get(&counters.bytes),
            max_bytes: sources.journal_max_bytes,
            oldest_at: counters.oldest_at(),
            checkpoint: sources.writer.checkpoint().0,
            lost_frames: get(&counters.lost_frames),
            set_aside: get(&counters.set_aside),
            trouble: counters.trouble(),
        }
    }
}

impl WriterHealth {
    pub fn of(counters: &WriterCounters) -> Self {
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            held: counters.held(),
            waiting: get(&counters.waiting),
            accepted: get(&counters.accepted),
            written: get(&counters.written),
            batches: get(&counters.batches),
            rows: get(&counters.rows),
            rejected_rows: get(&counters.rejected_rows),
            retries: get(&counters.retries),
            last_batch_ms: get(&counters.last_batch_ms),
            last_written_at: counters.last_written_at(),
            trouble: counters.trouble(),
        }
    }
}

/// This process makes progress, as the watchdog judges it. Asks neither the database nor a venue:
/// restarting would help against neither.
pub(super) async fn livez(sources: web::Data<Sources>) -> HttpResponse {
    match sources.liveness.judge().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "live": true })),
        Err(why) => not("live", &why.to_string()),
    }
}

/// The database is reachable and has our schema.
pub(super) async fn readyz(sources: web::Data<Sources>) -> HttpResponse {
    match ask_database(&sources).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "ready": true })),
        Err(reason) => not("ready", &reason),
    }
}

/// Everything, for people and monitors; the status is 200 also when it is not well, since it is
/// the answer that says so.
pub(super) async fn health(sources: web::Data<Sources>, gaps: web::Data<GapWatch>) -> HttpResponse {
    HttpResponse::Ok().json(gather(&sources, &gaps).await)
}

pub(super) async fn gather(sources: &Sources, gaps: &GapWatch) -> Health {
    let (fleet, database) =
        tokio::join!(timeout(PATIENCE, sources.fleet.send(GetHealth)), ask_database(sources));
    let mut fleet = match fleet {
        Ok(Ok(fleet)) => Some(fleet),
        Ok(Err(_)) | Err(_) => None,
    };
    let database = DatabaseHealth {
        address: sources.pool.url().map_or_else(|| sources.database.clone(), db::redact),
        private: sources.private_database,
        reachable: database.is_ok(),
        error: database.err(),
    };
    let writer = WriterHealth::of(&sources.writer);
    let journal = JournalHealth::of(sources);
    let gaps = match &mut fleet {
        Some(fleet) if database.reachable => match sources.pool.get() {
            Ok(pool) => Some(gaps.look(pool, &mut fleet.feeds).await),
            Err(_) => None,
        },
        _ => None,
    };
    let notices = match database.reachable {
        true => notices::look(sources).await,
        false => None,
    };
    let told = Told { gaps: gaps.as_ref(), notices: notices.as_ref() };
    let (status, reasons) = judge(fleet.as_ref(), &journal, &writer, &database, told);
    Health {
        status,
        reasons,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: sources.started.elapsed().as_secs_f64(),
        journal,
        writer,
        database,
        gaps: gaps.and_then(Result::ok),
        notices,
        feeds: fleet.unwrap_or_default().feeds,
    }
}

/// What only the database can tell.
struct Told<'a> {
    gaps: Option<&'a Result<GapsHealth, String>>,
    notices: Option<&'a NoticesHealth>,
}

fn judge(
    fleet: Option<&FleetHealth>,
    journal: &JournalHealth,
    writer: &WriterHealth,
    database: &DatabaseHealth,
    Told { gaps, notices }: Told<'_>,
) -> (Overall, Vec<String>) {
    let mut down = Vec::new();
    let mut degraded = Vec::new();
    // Worth a look, and no alarm.
    let mut notes = Vec::new();
    if !database.reachable {
        let behind = journal.behind;
        down.push(format!("the database is away: {behind} frames wait in the journal"));
    }
    if let Some(trouble) = &journal.trouble {
        degraded.push(format!("the journal: {trouble}"));
    }
    // While the database is away only the journal knows of them.
    if journal.lost_frames > 0 && gaps.is_none() {
        let frames = journal.lost_frames;
        degraded.push(format!("{frames} frames were lost: the journal is full"));
    }
    match &writer.trouble {
        Some(trouble) => down.push(format!("nothing is written: {trouble}")),
        None if database.reachable && journal.behind > BEHIND => {
            let behind = journal.behind;
            degraded.push(format!("{behind} frames wait in the journal for the database"));
        }
        None => {}
    }
    if writer.rejected_rows > 0 {
        let rows = writer.rejected_rows;
        degraded.push(format!("{rows} rows were not taken by Postgres: see rejected_rows"));
    }
    match fleet {
        None => down.push("the supervisor does not answer".to_owned()),
        Some(fleet) => {
            let up = fleet.feeds.iter().filter(|feed| feed.state == FeedState::Up).count();
            if up == 0 && !fleet.feeds.is_empty() {
                down.push("no feed is connected".to_owned());
            }
            let away = fleet.feeds.iter().filter(|feed| feed.state != FeedState::Up);
            degraded.extend(away.map(|feed| {
                let why = feed.last_error.as_deref().map(|e| format!(": {e}")).unwrap_or_default();
                format!("feed {} is {}{why}", feed.id, feed.state.as_str())
            }));
            degraded.extend(fleet.feeds.iter().filter_map(|feed| {
                feed.trouble.as_ref().map(|trouble| format!("feed {}: {trouble}", feed.id))
            }));
        }
    }
    if let Some(gaps) = gaps {
        gaps::judge(gaps, &mut degraded, &mut notes);
    }
    if let Some(notices) = notices {
        notices::judge(notices, &mut degraded);
    }
    let status = match (down.is_empty(), degraded.is_empty()) {
        (false, _) => Overall::Down,
        (true, false) => Overall::Degraded,
        (true, true) => Overall::Ok,
    };
    (status, [down, degraded, notes].concat())
}

async fn ask_database(sources: &Sources) -> Result<(), String> {
    let pool = sources.pool.clone();
    let asked = web::block(move || {
        // libpq's own words may quote the address.
        let mut connection =
            pool.get()?.get().map_err(|error| db::connect_failure(&error.to_string()))?;
        let schema = db::queries::ping(&mut connection).map_err(|error| error.to_string())?;
        match schema.pending.as_slice() {
            [] => Ok(()),
            pending => Err(format!("migrations are missing: {}", pending.join(", "))),
        }
    });
    match timeout(DATABASE_PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err("the question was cancelled".to_owned()),
        Err(_) => Err(format!("no answer within {DATABASE_PATIENCE:?}")),
    }
}

fn not(what: &str, reason: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().json(json!({ what: false, "reason": reason }))
}
