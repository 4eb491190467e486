//! Looks every second what there is to tell, and writes it into the outbox.
//!
//! It goes by the tables alone and looks back over all that is not too old to be told. So it does not
//! matter when, how often or by how many processes it is done: what was told before has its key in
//! the outbox. What it remembers only spares it work.

mod lines;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use log::{error, info, warn};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use crate::db::{
    self, Asked, Connection, LatePool,
    notices::{self, NewNotice, RunTouched},
};

use super::{
    Kind, Patience, Plan, Target, Watched,
    letter::Scribe,
    queue::{dogs_before, is_quiet},
};

const HEATS: [Kind; 3] = [Kind::HeatFinished, Kind::RecordBroken, Kind::PersonalBest];
const RUNS: [Kind; 2] = [Kind::RunFinished, Kind::DogsBefore];

/// The last word about a heat or a dog comes within this.
const SETTLE_S: f64 = 2.0;
/// A run of which nothing is heard for so long is over, unless a dog waits. Another run of the ring
/// that has begun says so earlier.
const RUN_OVER_AFTER_S: f64 = 20.0 * 60.0;
const PLACES: i64 = 10;
/// So many heats or runs in one go: the couriers begin with the first ones meanwhile.
const A_LOOK: usize = 20;
const AFTER_TROUBLE: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Never returns. While the database is away it waits.
pub(super) async fn look_on(
    pool: Arc<LatePool>,
    plan: watch::Receiver<Arc<Plan>>,
    news: Arc<Notify>,
    patience: Patience,
) {
    let mut memory = Memory::new(patience);
    let mut trouble: Option<String> = None;
    loop {
        let now = plan.borrow().clone();
        let (false, Ok(pool)) = (now.targets.is_empty(), pool.get().cloned()) else {
            sleep(patience.look_every).await;
            continue;
        };
        let looked = web::block(move || {
            let found = db::ask(&pool, |conn| memory.look(conn, &now));
            (memory, found)
        });
        let found = match looked.await {
            Ok((same, found)) => {
                memory = same;
                found
            }
            Err(_) => {
                memory = Memory::new(patience);
                Err("it was cancelled".to_owned())
            }
        };
        match found {
            Ok(Found { new, more }) => {
                if trouble.take().is_some() {
                    info!("notices are found again");
                }
                if new > 0 {
                    news.notify_waiters();
                }
                if !more {
                    sleep(patience.look_every).await;
                }
            }
            Err(words) => {
                if trouble.as_ref() != Some(&words) {
                    warn!("notices are not found, trying again every {AFTER_TROUBLE:?}: {words}");
                    trouble = Some(words);
                }
                sleep(AFTER_TROUBLE.max(patience.look_every)).await;
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Found {
    new: usize,
    more: bool,
}

/// What was looked at already.
struct Memory {
    patience: Patience,
    started: Instant,
    /// The plan that it is about, and since when each of its targets is told.
    plan: Option<Arc<Plan>>,
    since: HashMap<String, DateTime<Utc>>,
    heats: BTreeSet<i64>,
    /// Runs, and what was last heard of them when they were looked at.
    runs: BTreeMap<i64, DateTime<Utc>>,
    runs_over: BTreeSet<i64>,
    /// Targets and keys.
    lines: HashSet<(String, String)>,
    swept: Option<Instant>,
}

impl Memory {
    fn new(patience: Patience) -> Self {
        Self {
            patience,
            started: Instant::now(),
            plan: None,
            since: HashMap::new(),
            heats: BTreeSet::new(),
            runs: BTreeMap::new(),
            runs_over: BTreeSet::new(),
            lines: HashSet::new(),
            swept: None,
        }
    }

    fn look(&mut self, conn: &mut Connection, plan: &Arc<Plan>) -> Asked<Found> {
        self.take_up(conn, plan)?;
        self.sweep(conn)?;
        let mut found = Found::default();
        self.look_at_heats(conn, plan, &mut found)?;
        self.look_at_runs(conn, plan, &mut found)?;
        self.look_at_lines(conn, plan, &mut found)?;
        Ok(found)
    }

    /// With other targets everything is looked at anew.
    fn take_up(&mut self, conn: &mut Connection, plan: &Arc<Plan>) -> Asked<()> {
        if self.plan.as_ref().is_some_and(|known| Arc::ptr_eq(known, plan)) {
            return Ok(());
        }
        let names: Vec<_> = plan.targets.iter().map(|target| target.name.clone()).collect();
        notices::know_targets(conn, &names)?;
        self.since.clear();
        for name in names {
            if let Some(since) = notices::known_since(conn, &name)? {
                self.since.insert(name, since);
            }
        }
        self.heats.clear();
        self.runs.clear();
        self.runs_over.clear();
        self.lines.clear();
        self.plan = Some(plan.clone());
        Ok(())
    }

    fn sweep(&mut self, conn: &mut Connection) -> Asked<()> {
        if self.swept.is_some_and(|at| at.elapsed() < SWEEP_EVERY) {
            return Ok(());
        }
        let after_s = self.patience.give_up_after.as_secs_f64();
        for (target, number) in notices::give_up_old(conn, after_s)? {
            error!("notify={target} notices={number} given up: nobody took them for too long");
        }
        self.swept = Some(Instant::now());
        Ok(())
    }

    /// The targets that want to hear of this, unless it was before they were there.
    fn wanting<'p>(
        &self,
        plan: &'p Plan,
        kind: Kind,
        slug: &str,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<&'p Target> {
        let wants = |target: &&Arc<Target>| {
            let is_young = TimeDelta::from_std(target.max_age).is_ok_and(|age| now - at <= age);
            let is_known = self.since.get(&target.name).is_some_and(|since| at >= *since);
            is_young && is_known && target.wants(kind, slug)
        };
        plan.targets.iter().filter(wants).map(AsRef::as_ref).collect()
    }

    fn look_at_heats(
        &mut self,
        conn: &mut Connection,
        plan: &Plan,
        found: &mut Found,
    ) -> Asked<()> {
        let slugs = slugs_of(plan, &HEATS);
        if slugs.is_empty() {
            return Ok(());
        }
        let heats = notices::finished_heats(conn, &slugs, window_s(plan), SETTLE_S)?;
        let there: BTreeSet<i64> = heats.iter().map(|heat| heat.id).collect();
        self.heats.retain(|id| there.contains(id));
        let mut looked = 0;
        for heat in heats {
            let Some(feed) = feed_of(plan, &heat.slug) else { continue };
            if self.heats.contains(&heat.id) {
                continue;
            }
            if looked == A_LOOK {
                found.more = true;
                break;
            }
            looked += 1;
            // Its laps are summed up soon.
            let Some(news) = notices::heat_news(conn, heat.id, &feed.zone, PLACES)? else {
                continue;
            };
            let mut new = Vec::new();
            for kind in HEATS {
                let targets = self.wanting(plan, kind, &feed.slug, heat.finished_at, Utc::now());
                for target in targets {
                    let scribe = scribe(plan, feed, target);
                    let body = match kind {
                        Kind::RecordBroken => scribe.record_broken(&news),
                        Kind::PersonalBest => scribe.personal_best(&news),
                        _ => Some(scribe.heat_finished(&news)),
                    };
                    let key = format!("{}:{}", kind.as_str(), heat.id);
                    new.extend(body.map(|body| NewNotice {
                        target: target.name.clone(),
                        kind: kind.as_str(),
                        key,
                        feed_id: Some(news.heat.feed_id),
                        body,
                    }));
                }
            }
            found.new += notices::put(conn, &new)?;
            self.heats.insert(heat.id);
        }
        Ok(())
    }

    fn look_at_runs(&mut self, conn: &mut Connection, plan: &Plan, found: &mut Found) -> Asked<()> {
        let slugs = slugs_of(plan, &RUNS);
        if slugs.is_empty() {
            return Ok(());
        }
        let runs = notices::runs_touched(conn, &slugs, window_s(plan), SETTLE_S)?;
        let there: BTreeSet<i64> = runs.iter().map(|run| run.id).collect();
        self.runs.retain(|id, _| there.contains(id));
        self.runs_over.retain(|id| there.contains(id));
        let latest: HashMap<&str, i64> =
            runs.iter().map(|run| (run.slug.as_str(), run.id)).collect();
        let mut looked = 0;
        for run in &runs {
            let Some(feed) = feed_of(plan, &run.slug) else { continue };
            let is_news = self.runs.get(&run.id) != Some(&run.changed_at);
            let is_passed =
                latest.get(feed.slug.as_str()) != Some(&run.id) || run.quiet_s > RUN_OVER_AFTER_S;
            if !is_news && (!is_passed || self.runs_over.contains(&run.id)) {
                continue;
            }
            if looked == A_LOOK {
                found.more = true;
                break;
            }
            looked += 1;
            let new = self.news_of_run(conn, plan, feed, run, is_passed)?;
            found.new += notices::put(conn, &new)?;
            self.runs.insert(run.id, run.changed_at);
            if is_passed {
                self.runs_over.insert(run.id);
            }
        }
        Ok(())
    }

    fn news_of_run(
        &self,
        conn: &mut Connection,
        plan: &Plan,
        feed: &Watched,
        touched: &RunTouched,
        is_passed: bool,
    ) -> Asked<Vec<NewNotice>> {
        let Some(news) = notices::run_news(conn, touched.id)? else { return Ok(Vec::new()) };
        let (run, at) = (&news.run, touched.changed_at);
        let notice = |target: &Target, kind: Kind, key: String, body: String| NewNotice {
            target: target.name.clone(),
            kind: kind.as_str(),
            key,
            feed_id: Some(run.feed_id),
            body,
        };
        let mut new = Vec::new();
        if is_passed && is_quiet(&news.starters) {
            let kind = Kind::RunFinished;
            for target in self.wanting(plan, kind, &feed.slug, at, Utc::now()) {
                let body = scribe(plan, feed, target).run_finished(run, &news.starters, at);
                new.push(notice(target, kind, format!("{}:{}", kind.as_str(), run.id), body));
            }
        }
        if is_passed {
            return Ok(new);
        }
        let kind = Kind::DogsBefore;
        for target in self.wanting(plan, kind, &feed.slug, at, Utc::now()) {
            for dorsal in &target.dorsals {
                let Some((dog, dogs)) = dogs_before(&news.starters, dorsal) else { continue };
                if dogs <= target.dogs {
                    let body = scribe(plan, feed, target).dogs_before(run, dog, dogs, at);
                    let key = format!("{}:{}:{}", kind.as_str(), run.id, dorsal.trim());
                    new.push(notice(target, kind, key, body));
                }
            }
        }
        Ok(new)
    }
}

fn scribe<'a>(plan: &Plan, feed: &'a Watched, target: &Target) -> Scribe<'a> {
    Scribe { feed, lang: target.lang, privacy: plan.privacy }
}

fn feed_of<'p>(plan: &'p Plan, slug: &str) -> Option<&'p Watched> {
    plan.feeds.iter().find(|feed| feed.slug == slug)
}

/// The feeds of which somebody wants to hear any of these.
fn slugs_of(plan: &Plan, kinds: &[Kind]) -> Vec<String> {
    let is_wanted = |feed: &&Watched| {
        let wants = |target: &Arc<Target>| kinds.iter().any(|k| target.wants(*k, &feed.slug));
        plan.targets.iter().any(wants)
    };
    plan.feeds.iter().filter(is_wanted).map(|feed| feed.slug.clone()).collect()
}

fn window_s(plan: &Plan) -> f64 {
    let ages = plan.targets.iter().map(|target| target.max_age);
    ages.max().unwrap_or(Target::MAX_AGE).as_secs_f64()
}
