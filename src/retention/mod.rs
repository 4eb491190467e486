//! How long names and rows are kept: a round every hour, in small steps beside the writer.
//!
//! A round begins from nothing and looks at everything again, so that what is written later about
//! long ago (a replay, the end of an outage) is found by the next one.

mod eraser;
mod pseudonym;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use log::{error, info, warn};
use tokio::{sync::watch, time::sleep};

use crate::db::{
    self, Asked, Connection, LatePool, Pool,
    privacy::{self, Aged},
};

pub use eraser::Eraser;
pub use pseudonym::{Pseudonyms, Role, key_of};

/// Heats or runs in a step: some thousand drivers at most.
const SPAN: i64 = 200;
/// The writer comes first.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);
const AFTER_TROUBLE: Duration = Duration::from_secs(60);

/// `[retention]`: what is kept for how long; what is not named, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Names of people; then pseudonyms stand in their place.
    pub names: Option<Duration>,
    pub rows: BTreeMap<Aged, Duration>,
}

impl Default for Keeping {
    fn default() -> Self {
        /// A receiver's doubts about a month are settled.
        const NOTICES: Duration = Duration::from_secs(30 * 86_400);
        Self { names: None, rows: [(Aged::Notices, NOTICES)].into() }
    }
}

/// What a round did, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Rows in which names were replaced, or emptied of what may hold some.
    pub renamed: BTreeMap<&'static str, usize>,
    pub deleted: BTreeMap<&'static str, usize>,
}

/// What the keeper works on.
pub struct Keeper {
    pub pool: Arc<LatePool>,
    pub data_dir: PathBuf,
    /// Where journals lie that were set aside.
    pub journal_dir: PathBuf,
    pub every: Duration,
}

impl Keeper {
    /// Never returns. While the database is away it waits.
    pub async fn keep(self, mut keeping: watch::Receiver<Keeping>) {
        loop {
            let now = keeping.borrow_and_update().clone();
            let wait = match self.round(&now).await {
                Ok(round) => {
                    round.tell();
                    self.every
                }
                Err(None) => Duration::from_secs(1),
                Err(Some(words)) => {
                    warn!("what is old is not tidied up, trying again in a minute: {words}");
                    AFTER_TROUBLE.min(self.every)
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                // A sender that is gone goes with us.
                Ok(()) = keeping.changed() => {}
            }
        }
    }

    /// None within the error while the database is being opened, which others tell.
    async fn round(&self, keeping: &Keeping) -> Result<Round, Option<String>> {
        let pool = self.pool.get().map_err(|_| None)?.clone();
        let pseudonyms =
            match keeping.names {
                None => None,
                Some(_) => Some(Pseudonyms::of(&self.data_dir).map_err(|error| {
                    Some(format!("the key of pseudonyms can't be used: {error}"))
                })?),
            };
        if let Some(age) = keeping.names {
            drop_set_aside(&self.journal_dir, age);
        }
        let mut work = Work { pool, now: Utc::now(), round: Round::default() };
        if let (Some(age), Some(pseudonyms)) = (keeping.names, pseudonyms) {
            work.rename(age, Arc::new(pseudonyms)).await?;
        }
        let mut rows = keeping.rows.clone();
        if let Some(names) = keeping.names {
            // Nobody can look through what was not understood.
            for what in [Aged::RejectedFrames, Aged::RejectedRows] {
                let age = rows.entry(what).or_insert(names);
                *age = names.min(*age);
            }
        }
        for (what, age) in rows {
            work.delete(what, age).await?;
        }
        Ok(work.round)
    }
}

impl Round {
    fn tell(&self) {
        for (table, rows) in &self.renamed {
            info!("retention table={table} rows={rows} without names now");
        }
        for (what, rows) in &self.deleted {
            info!("retention {what} rows={rows} deleted");
        }
    }
}

struct Work {
    pool: Pool,
    now: DateTime<Utc>,
    round: Round,
}

impl Work {
    async fn rename(
        &mut self,
        age: Duration,
        pseudonyms: Arc<Pseudonyms>,
    ) -> Result<(), Option<String>> {
        let Some(cut) = cut(self.now, age) else { return Ok(()) };
        let (heats, runs) = self.ask(privacy::spans).await?;
        let mut from = 0;
        while from <= heats {
            let (ids, names) = (from..from + SPAN, pseudonyms.clone());
            let rows = self.ask(move |conn| rename_drivers(conn, ids, cut, &names)).await?;
            self.renamed("heat_drivers", rows).await;
            from += SPAN;
        }
        from = 0;
        while from <= runs {
            let (ids, names) = (from..from + SPAN, pseudonyms.clone());
            let rows = self.ask(move |conn| rename_pairs(conn, ids, cut, &names)).await?;
            self.renamed("playsets", rows).await;
            from += SPAN;
        }
        for (table, rows) in self.ask(move |conn| privacy::empty_old(conn, cut)).await? {
            self.renamed(table, rows).await;
        }
        Ok(())
    }

    async fn renamed(&mut self, table: &'static str, rows: usize) {
        if rows > 0 {
            *self.round.renamed.entry(table).or_default() += rows;
            sleep(BETWEEN_STEPS).await;
        }
    }

    async fn delete(&mut self, what: Aged, age: Duration) -> Result<(), Option<String>> {
        let Some(cut) = cut(self.now, age) else { return Ok(()) };
        loop {
            let rows = self.ask(move |conn| privacy::delete_old(conn, what, cut)).await?;
            if rows == 0 {
                return Ok(());
            }
            *self.round.deleted.entry(what.as_str()).or_default() += rows;
            sleep(BETWEEN_STEPS).await;
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Asked<T> + Send + 'static,
    ) -> Result<T, Option<String>> {
        let pool = self.pool.clone();
        let asked = web::block(move || db::ask(&pool, question)).await;
        asked.unwrap_or_else(|_| Err("it was cancelled".to_owned())).map_err(Some)
    }
}

fn rename_drivers(
    conn: &mut Connection,
    ids: std::ops::Range<i64>,
    cut: DateTime<Utc>,
    pseudonyms: &Pseudonyms,
) -> Asked<usize> {
    let old = privacy::heat_names(conn, ids, cut)?;
    if old.is_empty() {
        return Ok(0);
    }
    let new: Vec<String> =
        old.iter().map(|of| pseudonyms.of_name(Role::Driver, &of.venue, &of.name)).collect();
    privacy::put_heat_names(conn, &old, &new)
}

fn rename_pairs(
    conn: &mut Connection,
    ids: std::ops::Range<i64>,
    cut: DateTime<Utc>,
    pseudonyms: &Pseudonyms,
) -> Asked<usize> {
    let old = privacy::pair_names(conn, ids.clone(), cut)?;
    if old.is_empty() {
        return Ok(0);
    }
    let role = |place: &str| if place == "agility_runs" { Role::Judge } else { Role::Handler };
    let new: Vec<String> =
        old.iter().map(|of| pseudonyms.of_name(role(&of.place), &of.venue, &of.name)).collect();
    privacy::put_pair_names(conn, ids, cut, &old, &new)
}

fn cut(now: DateTime<Utc>, age: Duration) -> Option<DateTime<Utc>> {
    TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age))
}

/// A damaged journal is kept for somebody to look at, and holds names.
fn drop_set_aside(dir: &Path, age: Duration) {
    match set_aside(dir) {
        Ok(files) => {
            for file in files {
                let old = fs::metadata(&file)
                    .and_then(|meta| meta.modified())
                    .is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|a| a > age));
                if !old {
                    continue;
                }
                match fs::remove_file(&file) {
                    Ok(()) => info!("retention {} deleted", file.display()),
                    Err(error) => error!("{} can't be deleted: {error}", file.display()),
                }
            }
        }
        Err(error) => error!("{} can't be read: {error}", dir.display()),
    }
}

/// Journals that were damaged and set aside, with what belongs to them.
///
/// # Errors
/// The folder can't be read.
pub fn set_aside(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("journal.damaged-") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
