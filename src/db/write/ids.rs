//! The ids that the database gave to feeds, heats and runs: remembered, or asked for, all that a
//! batch needs in one query for each table. Of heats also how they were written.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    ptr,
    sync::Arc,
};

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{Array, BigInt, Integer, Text},
};

use crate::{
    db::rows,
    event::{
        FeedId, FeedInfo,
        agility::RunKey,
        karting::{Heat, HeatKey},
    },
    pipeline::message::{Batch, Entry},
};

use crate::db::prepared::prepared;

/// A heat or run is written to for minutes, and each feed has one or two of them at work. What is
/// forgotten while it is at work is asked for again with every batch, so there is room for several
/// of each feed, and for so many at least.
const REMEMBERED: usize = 8_192;
const REMEMBERED_OF_A_FEED: usize = 4;

type HeatRef = (i64, Arc<HeatKey>);
type RunRef = (i64, Arc<RunKey>);

/// Valid as long as every transaction that taught an id was committed: whoever sees one fail must
/// [`Ids::forget_all`].
#[derive(Default)]
pub(super) struct Ids {
    feeds: HashMap<FeedId, (i64, Arc<FeedInfo>)>,
    heats: Recent<HeatRef, KnownHeat>,
    runs: Recent<RunRef, i64>,
}

pub(super) struct KnownHeat {
    pub id: i64,
    /// As last written, clocks aside; none until then.
    written: Option<Box<Heat>>,
}

impl KnownHeat {
    /// Whether nothing moved since it was written but its clock. What is written for the second time,
    /// or was seen when the clock of this machine had been set back, is more than that.
    pub fn has_another_clock_only(&self, heat: &Heat) -> bool {
        self.written
            .as_ref()
            .is_some_and(|written| written.seen_at < heat.seen_at && written.says_the_same(heat))
    }
}

/// What a row hangs on and what is not in the database.
pub(super) enum MissingParent<'a> {
    Feed(&'a FeedId),
    Heat(&'a FeedId, &'a HeatKey),
    Run(&'a FeedId, &'a RunKey),
}

impl fmt::Display for MissingParent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(feed) => write!(f, "there is no feed {feed}"),
            Self::Heat(feed, HeatKey { start_unix, name, occurrence }) => write!(
                f,
                "there is no heat feed={feed} start_unix={start_unix} name={name:?} \
                 occurrence={occurrence}"
            ),
            Self::Run(feed, RunKey { event_name, ring_name, trial_name, name, run_type }) => {
                write!(
                    f,
                    "there is no run feed={feed} event_name={event_name:?} ring_name={ring_name:?} \
                 trial_name={trial_name:?} name={name:?} type={run_type:?}"
                )
            }
        }
    }
}

impl Ids {
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Only between batches: within one, every id that was found must stay.
    pub fn forget_oldest(&mut self) {
        let most = REMEMBERED.max(REMEMBERED_OF_A_FEED * self.feeds.len());
        self.heats.forget_oldest(most);
        self.runs.forget_oldest(most);
    }

    pub(super) fn feed<'a>(&self, feed: &'a FeedId) -> Result<i64, MissingParent<'a>> {
        self.feeds.get(feed).map(|(id, _)| *id).ok_or(MissingParent::Feed(feed))
    }

    pub(super) fn heat<'a>(
        &self,
        feed: &'a FeedId,
        key: &'a Arc<HeatKey>,
    ) -> Result<i64, MissingParent<'a>> {
        let heat = (self.feed(feed)?, clean_heat(key));
        self.heats.get(&heat).map(|known| known.id).ok_or(MissingParent::Heat(feed, key))
    }

    pub(super) fn known_heat(&self, feed: &FeedId, key: &Arc<HeatKey>) -> Option<&KnownHeat> {
        self.heats.get(&(self.feed(feed).ok()?, clean_heat(key)))
    }

    /// Remembers how a heat was just written.
    pub(super) fn remember_heat(&mut self, feed: &FeedId, heat: &Heat) {
        let Ok(feed_id) = self.feed(feed) else { return };
        if let Some(known) = self.heats.get_mut(&(feed_id, clean_heat(&heat.key))) {
            known.written = Some(Box::new(heat.clone()));
        }
    }

    pub(super) fn run<'a>(
        &self,
        feed: &'a FeedId,
        key: &'a Arc<RunKey>,
    ) -> Result<i64, MissingParent<'a>> {
        let run = (self.feed(feed)?, clean_run(key));
        self.runs.get(&run).copied().ok_or(MissingParent::Run(feed, key))
    }

    /// The feeds of the batch that are not known just so; each once, as last described.
    pub fn changed_feeds(&self, batch: &Batch) -> Vec<Arc<FeedInfo>> {
        let mut latest: HashMap<&FeedId, &Arc<FeedInfo>> = HashMap::new();
        // What a frame says comes in a row, and shares its feed.
        for one_feed in batch.entries.chunk_by(|one, next| Arc::ptr_eq(&one.feed, &next.feed)) {
            if let [Entry { feed, .. }, ..] = one_feed {
                latest.insert(&feed.id, feed);
            }
        }
        let is_changed = |info: &&Arc<FeedInfo>| {
            self.feeds.get(&info.id).is_none_or(|(_, known)| known != *info)
        };
        latest.into_values().filter(is_changed).cloned().collect()
    }

    /// Learns the ids of feeds that were just written.
    pub fn find_feeds(
        &mut self,
        conn: &mut PgConnection,
        feeds: Vec<Arc<FeedInfo>>,
    ) -> QueryResult<()> {
        if feeds.is_empty() {
            return Ok(());
        }
        let text = "SELECT wanted.n, feeds.id \
                    FROM UNNEST(?) WITH ORDINALITY AS wanted (slug, n) JOIN feeds USING (slug)";
        let slugs: Vec<_> = feeds.iter().map(|info| rows::text(info.id.as_str())).collect();
        let found = prepared(text).bind::<Array<Text>, _>(slugs).load::<FoundId>(conn)?;
        for (info, id) in pair(feeds, &found) {
            self.feeds.insert(info.id.clone(), (id, info));
        }
        Ok(())
    }

    /// Learns the ids of all heats and runs that the batch speaks of and the database has.
    pub fn find_parents(&mut self, conn: &mut PgConnection, batch: &Batch) -> QueryResult<()> {
        let (mut heats, mut runs) = (HashSet::new(), HashSet::new());
        let (mut last_heat, mut last_run) = (None, None);
        for Entry { feed, event } in &batch.entries {
            let heat = event.heat().filter(|key| is_another(&mut last_heat, feed, *key));
            let run = event.run().filter(|key| is_another(&mut last_run, feed, *key));
            if heat.is_none() && run.is_none() {
                continue;
            }
            let Ok(feed_id) = self.feed(&feed.id) else { continue };
            if let Some(key) = heat {
                let heat = (feed_id, clean_heat(key));
                if !self.heats.touch(&heat) {
                    heats.insert(heat);
                }
            }
            if let Some(key) = run {
                let run = (feed_id, clean_run(key));
                if !self.runs.touch(&run) {
                    runs.insert(run);
                }
            }
        }
        self.find_heats(conn, heats.into_iter().collect())?;
        self.find_runs(conn, runs.into_iter().collect())
    }

    fn find_heats(&mut self, conn: &mut PgConnection, heats: Vec<HeatRef>) -> QueryResult<()> {
        if heats.is_empty() {
            return Ok(());
        }
        let text = "SELECT wanted.n, heats.id \
                    FROM UNNEST(?, ?, ?, ?) WITH ORDINALITY \
                    AS wanted (feed_id, start_unix, name, occurrence, n) \
                    JOIN heats USING (feed_id, start_unix, name, occurrence)";
        let found = prepared(text)
            .bind::<Array<BigInt>, _>(heats.iter().map(|(feed, _)| *feed).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(
                heats.iter().map(|(_, key)| key.start_unix).collect::<Vec<_>>(),
            )
            .bind::<Array<Text>, _>(heats.iter().map(|(_, key)| &*key.name).collect::<Vec<_>>())
            .bind::<Array<Integer>, _>(
                heats.iter().map(|(_, key)| key.occurrence).collect::<Vec<_>>(),
            )
            .load::<FoundId>(conn)?;
        let known = |(heat, id)| (heat, KnownHeat { id, written: None });
        self.heats.learn(pair(heats, &found).map(known));
        Ok(())
    }

    fn find_runs(&mut self, conn: &mut PgConnection, runs: Vec<RunRef>) -> QueryResult<()> {
        if runs.is_empty() {
            return Ok(());
        }
        let text = "SELECT wanted.n, agility_runs.id \
                    FROM UNNEST(?, ?, ?, ?, ?, ?) WITH ORDINALITY \
                    AS wanted (feed_id, event_name, ring_name, trial_name, name, type, n) \
                    JOIN agility_runs \
                    USING (feed_id, event_name, ring_name, trial_name, name, type)";
        let texts =
            |of: fn(&RunKey) -> &str| runs.iter().map(|(_, key)| of(key)).collect::<Vec<_>>();
        let found = prepared(text)
            .bind::<Array<BigInt>, _>(runs.iter().map(|(feed, _)| *feed).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(texts(|key| &key.event_name))
            .bind::<Array<Text>, _>(texts(|key| &key.ring_name))
            .bind::<Array<Text>, _>(texts(|key| &key.trial_name))
            .bind::<Array<Text>, _>(texts(|key| &key.name))
            .bind::<Array<Text>, _>(texts(|key| &key.run_type))
            .load::<FoundId>(conn)?;
        self.runs.learn(pair(runs, &found));
        Ok(())
    }
}

/// Looks ids up for one entry after the other: most hang on the heat or run of the one before, since
/// what a frame says shares them.
pub(super) struct Lookup<'a, 'i> {
    ids: &'i Ids,
    heat: Option<(&'a FeedId, &'a Arc<HeatKey>, i64)>,
    run: Option<(&'a FeedId, &'a Arc<RunKey>, i64)>,
}

impl<'a, 'i> Lookup<'a, 'i> {
    pub fn new(ids: &'i Ids) -> Self {
        Self { ids, heat: None, run: None }
    }

    pub fn feed(&self, feed: &'a FeedId) -> Result<i64, MissingParent<'a>> {
        self.ids.feed(feed)
    }

    pub fn heat(
        &mut self,
        feed: &'a FeedId,
        key: &'a Arc<HeatKey>,
    ) -> Result<i64, MissingParent<'a>> {
        match self.heat {
            Some((of, known, id)) if ptr::eq(of, feed) && Arc::ptr_eq(known, key) => Ok(id),
            _ => {
                let id = self.ids.heat(feed, key)?;
                self.heat = Some((feed, key, id));
                Ok(id)
            }
        }
    }

    pub fn run(
        &mut self,
        feed: &'a FeedId,
        key: &'a Arc<RunKey>,
    ) -> Result<i64, MissingParent<'a>> {
        match self.run {
            Some((of, known, id)) if ptr::eq(of, feed) && Arc::ptr_eq(known, key) => Ok(id),
            _ => {
                let id = self.ids.run(feed, key)?;
                self.run = Some((feed, key, id));
                Ok(id)
            }
        }
    }
}

/// Whether this is not the very thing that the entry before it spoke of.
fn is_another<'a, K>(
    last: &mut Option<(&'a Arc<FeedInfo>, &'a Arc<K>)>,
    feed: &'a Arc<FeedInfo>,
    key: &'a Arc<K>,
) -> bool {
    let before = last.replace((feed, key));
    before.is_none_or(|(of, known)| !Arc::ptr_eq(of, feed) || !Arc::ptr_eq(known, key))
}

/// The id of the n-th thing that was asked for, counted from 1.
#[derive(QueryableByName)]
struct FoundId {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn pair<T>(wanted: Vec<T>, found: &[FoundId]) -> impl Iterator<Item = (T, i64)> {
    let ids: HashMap<i64, i64> = found.iter().map(|row| (row.n, row.id)).collect();
    (1..).zip(wanted).filter_map(move |(n, thing)| Some((thing, *ids.get(&n)?)))
}

/// The key as the database has it, which takes no NUL characters.
fn clean_heat(key: &Arc<HeatKey>) -> Arc<HeatKey> {
    match rows::text(&key.name) {
        std::borrow::Cow::Borrowed(_) => Arc::clone(key),
        std::borrow::Cow::Owned(name) => Arc::new(HeatKey { name: name.into(), ..**key }),
    }
}

/// As [`clean_heat`].
fn clean_run(key: &Arc<RunKey>) -> Arc<RunKey> {
    let RunKey { event_name, ring_name, trial_name, name, run_type } = &**key;
    let texts = [event_name, ring_name, trial_name, name, run_type];
    if !texts.iter().any(|text| text.contains('\0')) {
        return Arc::clone(key);
    }
    let clean = |text: &String| rows::text(text).into_owned();
    Arc::new(RunKey {
        event_name: clean(event_name),
        ring_name: clean(ring_name),
        trial_name: clean(trial_name),
        name: clean(name),
        run_type: clean(run_type),
    })
}

/// Remembers what was used of late: two halves, of which the older one is dropped when the younger
/// one is full.
struct Recent<K, V> {
    younger: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { younger: HashMap::new(), older: HashMap::new() }
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.younger.get(key).or_else(|| self.older.get(key))
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.younger.get_mut(key).or_else(|| self.older.get_mut(key))
    }

    /// Keeps it for longer; whether it is known.
    fn touch(&mut self, key: &K) -> bool {
        if self.younger.contains_key(key) {
            return true;
        }
        match self.older.remove_entry(key) {
            Some((key, value)) => self.younger.insert(key, value).is_none(),
            None => false,
        }
    }

    fn learn(&mut self, found: impl Iterator<Item = (K, V)>) {
        self.younger.extend(found);
    }

    /// Before more are learned, so that there are `most` of them at most, or what one batch has.
    fn forget_oldest(&mut self, most: usize) {
        if self.younger.len() >= most / 2 {
            self.older = std::mem::take(&mut self.younger);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_keeps_what_is_used_and_stays_bounded() {
        let mut recent = Recent::default();
        for n in 0..100_000_i64 {
            recent.forget_oldest(REMEMBERED);
            recent.learn([(n, n)].into_iter());
            assert!(recent.touch(&0), "the one in use was forgotten at {n}");
        }
        assert!(recent.younger.len() + recent.older.len() <= REMEMBERED);
        assert_eq!(recent.get(&99_999), Some(&99_999));
        assert_eq!(recent.get(&1), None);
    }
}
