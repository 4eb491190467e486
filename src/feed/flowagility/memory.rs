//! What the decoder said last, so that it says only what changed.
//!
//! Bounded: the latest few runs, and in each no more dogs than ever start. When a run has fallen
//! out, the store is asked for it again, so that no time line gets a false step.

use std::{collections::HashMap, mem, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    event::{
        Event,
        agility::{
            AgilityEvent, CombinedResult, Course, PastRun, Playset, PlaysetChange, Progress, Run,
            RunKey,
        },
    },
    feed::DecodeError,
};

use super::snapshot::{RunSnapshot, is_preferred, prefer};

/// Runs that are remembered. A ring has one on course and one ready; a few more serve a ring that
/// goes back to an earlier one.
const MAX_RUNS: usize = 8;
/// Dogs in one run, and pairs in one combined result. The largest classes have a few hundred.
const MAX_STARTERS: usize = 2_000;
/// Memory for the dogs of one run, and as much for the pairs of one combined result. A dog takes
/// about a kilobyte; texts at their limits would take a hundred.
const MAX_RUN_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub struct Memory {
    runs: Latest<Arc<RunKey>, RunMemory>,
    combined: Latest<BrotherRuns, Pairs>,
}

/// Runs that share all names but the type, known by one of them.
#[derive(Debug)]
struct BrotherRuns(Arc<RunKey>);

#[derive(Debug, Default)]
struct RunMemory {
    /// All that was ever sent of the course beside the names of the run.
    course: Course,
    /// All that was ever sent of it beside a dog.
    playset_course: Course,
    said: Option<Run>,
    playsets: HashMap<String, PlaysetMemory>,
    /// About the memory that the playsets take.
    bytes: usize,
}

/// The pairs of a combined result.
#[derive(Debug, Default)]
struct Pairs {
    /// What was said of each, by dorsal.
    said: HashMap<String, Option<Arc<CombinedResult>>>,
    /// About the memory that it takes.
    bytes: usize,
}

#[derive(Debug, Default)]
struct PlaysetMemory {
    /// The latest step of the time line, said here or stored.
    progress: Option<Progress>,
    said: Option<Arc<Playset>>,
}

impl Memory {
    pub fn new() -> Self {
        Self { runs: Latest::new(MAX_RUNS), combined: Latest::new(MAX_RUNS) }
    }

    pub fn knows(&self, run: &Arc<RunKey>) -> bool {
        self.runs.get(run).is_some()
    }

    /// Begins to remember a run, with what is stored of it.
    pub fn recall(&mut self, run: Arc<RunKey>, past: PastRun) {
        let run = self.runs.touch(run);
        for (playset_id, progress) in past.progress {
            let playset = run.playsets.entry(playset_id).or_default();
            run.bytes -= playset.bytes();
            playset.progress.get_or_insert(progress);
            run.bytes += playset.bytes();
        }
    }

    /// Whether a run with this snapshot is still one that can be.
    ///
    /// # Errors
    /// [`DecodeError::Implausible`] when it has more dogs or pairs than runs have, or they take
    /// more memory.
    pub fn has_room_for(&self, run: &RunSnapshot) -> Result<(), DecodeError> {
        let dogs = run.playsets.iter().map(|playset| &playset.playset_id);
        let pairs = run.combined.iter().map(|result| &result.dorsal);
        let known = self.runs.get(&run.key);
        let known_pairs = self.combined.get(&BrotherRuns(Arc::clone(&run.key)));
        let starters = count_with(known.map(|known| &known.playsets), dogs)
            .max(count_with(known_pairs.map(|known| &known.said), pairs));
        if starters > MAX_STARTERS {
            let problem = format!("a run with more than {MAX_STARTERS} starters");
            return Err(DecodeError::Implausible(problem));
        }
        let dog_bytes: usize = run.playsets.iter().map(|playset| playset.bytes()).sum();
        let pair_bytes: usize = run.combined.iter().map(|result| result.bytes()).sum();
        let bytes = (dog_bytes + known.map_or(0, |known| known.bytes))
            .max(pair_bytes + known_pairs.map_or(0, |known| known.bytes));
        if bytes > MAX_RUN_BYTES {
            let problem = format!("a run of more than {MAX_RUN_BYTES} bytes");
            return Err(DecodeError::Implausible(problem));
        }
        Ok(())
    }

    /// Takes in what a message says of a run and adds what of it is new, parents first.
    pub fn take_in(&mut self, run: RunSnapshot, at: DateTime<Utc>, news: &mut Vec<Event>) {
        let memory = self.runs.touch(Arc::clone(&run.key));
        memory.course = prefer(run.course, mem::take(&mut memory.course));
        let playset_course = prefer(run.playset_course, run.results_course);
        memory.playset_course = prefer(playset_course, mem::take(&mut memory.playset_course));
        let is_said = memory.said.as_ref().is_some_and(|said| {
            said.extra == run.extra
                && is_preferred(&said.course, &memory.course, &memory.playset_course)
        });
        if !is_said {
            let course = prefer(memory.course.clone(), memory.playset_course.clone());
            let now = Run { key: Arc::clone(&run.key), course, seen_at: at, extra: run.extra };
            memory.said = Some(now.clone());
            news.push(Event::Agility(AgilityEvent::Run(now)));
        }
        for now in run.playsets {
            let known = match memory.playsets.get_mut(&now.playset_id) {
                Some(known) => known,
                None => memory.playsets.entry(now.playset_id.clone()).or_default(),
            };
            if is_very_same(&known.said, &now) {
                continue;
            }
            memory.bytes -= known.bytes();
            known.take_in(now, &run.key, at, news);
            memory.bytes += known.bytes();
        }
        if run.combined.is_empty() {
            return;
        }
        let memory = self.combined.touch(BrotherRuns(Arc::clone(&run.key)));
        for now in run.combined {
            let said = match memory.said.get_mut(&now.dorsal) {
                Some(said) => said,
                None => memory.said.entry(now.dorsal.clone()).or_default(),
            };
            if is_very_same(said, &now) {
                continue;
            }
            memory.bytes -= said.as_ref().map_or(0, |said| said.bytes());
            memory.bytes += now.bytes();
            let before = said.replace(Arc::clone(&now));
            if before.is_none_or(|before| !before.says_the_same(&now)) {
                let now = if is_of(&now.run, now.updated_at, &run.key, at) {
                    now
                } else {
                    let (run, now) = (Arc::clone(&run.key), CombinedResult::clone(&now));
                    Arc::new(CombinedResult { run, updated_at: at, ..now })
                };
                news.push(Event::Agility(AgilityEvent::Combined(now)));
            }
        }
    }
}

impl PlaysetMemory {
    fn bytes(&self) -> usize {
        let said = self.said.as_ref().map_or(0, |said| said.bytes());
        said + self.progress.as_ref().map_or(0, Progress::bytes)
    }

    fn take_in(
        &mut self,
        now: Arc<Playset>,
        run: &Arc<RunKey>,
        at: DateTime<Utc>,
        news: &mut Vec<Event>,
    ) {
        let before = self.said.replace(Arc::clone(&now));
        if before.is_some_and(|before| before.says_the_same(&now)) {
            return;
        }
        let now = if is_of(&now.run, now.updated_at, run, at) {
            now
        } else {
            let (run, now) = (Arc::clone(run), Playset::clone(&now));
            Arc::new(Playset { run, updated_at: at, ..now })
        };
        let progress = Progress {
            status: now.status.clone(),
            faults: now.faults,
            refusals: now.refusals,
            disqualification: now.disqualification.clone(),
            time_s: now.time_s.clone(),
        };
        news.push(Event::Agility(AgilityEvent::Playset(Arc::clone(&now))));
        if self.progress.as_ref() != Some(&progress) {
            self.progress = Some(progress.clone());
            news.push(Event::Agility(AgilityEvent::PlaysetChange(PlaysetChange {
                run: Arc::clone(run),
                playset_id: now.playset_id.clone(),
                changed_at: at,
                progress,
            })));
        }
    }
}

impl PartialEq for BrotherRuns {
    fn eq(&self, other: &Self) -> bool {
        names(&self.0) == names(&other.0)
    }
}

fn names(run: &RunKey) -> [&String; 4] {
    let RunKey { event_name, ring_name, trial_name, name, run_type: _ } = run;
    [event_name, ring_name, trial_name, name]
}

/// Whether it was not even read again since it was said.
fn is_very_same<T>(said: &Option<Arc<T>>, now: &Arc<T>) -> bool {
    said.as_ref().is_some_and(|said| Arc::ptr_eq(said, now))
}

/// Whether it was read in this message. What is known by its JSON may have been read in another one,
/// of another run.
fn is_of(
    said_of: &Arc<RunKey>,
    said_at: DateTime<Utc>,
    run: &Arc<RunKey>,
    at: DateTime<Utc>,
) -> bool {
    said_at == at && Arc::ptr_eq(said_of, run)
}

/// How many keys there would be; `new` names each once.
fn count_with<'a, V>(
    known: Option<&HashMap<String, V>>,
    new: impl Iterator<Item = &'a String>,
) -> usize {
    let is_known = |key: &str| known.is_some_and(|known| known.contains_key(key));
    known.map_or(0, HashMap::len) + new.filter(|key| !is_known(key)).count()
}

/// A map of the few entries that were touched last.
#[derive(Debug)]
struct Latest<K, V> {
    /// Touched last is last.
    entries: Vec<(K, V)>,
    capacity: usize,
}

impl<K: PartialEq, V: Default> Latest<K, V> {
    fn new(capacity: usize) -> Self {
        Self { entries: Vec::new(), capacity }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.entries.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The entry of `key`, begun if there is none; the one touched longest ago makes room for it.
    fn touch(&mut self, key: K) -> &mut V {
        match self.entries.iter().rposition(|(known, _)| *known == key) {
            Some(at) => {
                if let Some(later) = self.entries.get_mut(at..) {
                    later.rotate_left(1);
                }
            }
            None => {
                if self.entries.len() == self.capacity {
                    self.entries.remove(0);
                }
                self.entries.push((key, V::default()));
            }
        }
        let last = self.entries.len() - 1;
        // One was put there above.
        &mut self.entries[last].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_drops_what_was_touched_longest_ago() {
        let mut latest: Latest<u8, u8> = Latest::new(3);
        for key in [1, 2, 3, 1] {
            *latest.touch(key) = key;
        }
        latest.touch(4);
        assert_eq!(latest.get(&2), None);
        assert_eq!(latest.get(&1), Some(&1));
        assert_eq!(latest.get(&3), Some(&3));
        assert_eq!(latest.get(&4), Some(&0));
    }
}
