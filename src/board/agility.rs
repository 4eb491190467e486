//! A ring as a results screen shows it: the dog on course, the one to beat, the next, the best.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::event::agility::{
    AgilityEvent, CombinedResult, Playset, RingScene, Run, RunKey, RunScene, rules,
};

pub use rules::TimeToBeat;

/// A ring, as last seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RingBoard {
    /// The run that is on; before its first dog the one that is ready.
    pub run: Option<Run>,
    /// The dog on course or just done.
    pub on_course: Option<OnCourse>,
    /// The dog that is to start next, as the venue last announced it.
    pub next: Option<Arc<Playset>>,
    /// The best of the run, in the venue's order.
    pub best: Vec<Arc<Playset>>,
    /// The best over brother runs, in the venue's order.
    pub combined: Vec<Arc<CombinedResult>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OnCourse {
    pub playset: Arc<Playset>,
    /// When it was seen to start; none where that moment was missed.
    pub running_since: Option<DateTime<Utc>>,
}

impl OnCourse {
    /// How long it has been running, milliseconds; none where nobody can tell.
    pub fn running_ms(&self, now: DateTime<Utc>) -> Option<i64> {
        let since = self.running_since.filter(|_| self.is_running())?;
        Some((now - since).num_milliseconds().max(0))
    }

    pub fn is_running(&self) -> bool {
        self.playset.status.as_deref() == Some("running")
    }

    pub fn is_done(&self) -> bool {
        self.playset.status.as_deref() == Some("calculated")
    }
}

impl RingBoard {
    /// What the dog on course needs to take the lead; none where nobody leads yet or nothing is on.
    pub fn time_to_beat(&self) -> Option<TimeToBeat> {
        let dog = &self.on_course.as_ref()?.playset;
        let others = self.best.iter().filter(|other| other.playset_id != dog.playset_id);
        let placed = others.filter(|other| other.disqualification.is_none());
        let (penalty, time) = placed
            .filter_map(|other| Some((other.total_penalization.as_ref()?, other.time_s.as_ref()?)))
            .min()?;
        if dog.disqualification.is_some() {
            return Some(TimeToBeat::OutOfReach);
        }
        let marks = dog.faults.unwrap_or(0).saturating_add(dog.refusals.unwrap_or(0));
        let standard = self.run.as_ref().and_then(|run| run.course.standard_time.as_ref());
        rules::time_to_lead(marks, (penalty, time), standard)
    }
}

/// Folds the events of the runs in view.
#[derive(Debug, Default)]
pub(super) struct RingFold {
    runs: HashMap<Arc<RunKey>, Known>,
    /// Over brother runs, which differ by their type only: by the key without it, then the dorsal.
    combined: HashMap<RunKey, HashMap<String, Arc<CombinedResult>>>,
    next: Option<(Arc<RunKey>, String)>,
    started: Option<Started>,
    /// The last results that were sent of the run that is on.
    results: Option<RunScene>,
}

#[derive(Debug, Default)]
struct Known {
    run: Option<Run>,
    playsets: HashMap<String, Arc<Playset>>,
}

/// A dog that is running.
#[derive(Debug)]
struct Started {
    playset_id: String,
    /// None where it was running when it was first seen.
    at: Option<DateTime<Utc>>,
}

impl RingFold {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn apply(&mut self, event: &AgilityEvent) {
        match event {
            AgilityEvent::Run(run) => self.known(&run.key).run = Some(run.clone()),
            AgilityEvent::Playset(playset) => {
                self.note_start(playset);
                let known = self.known(&playset.run);
                known.playsets.insert(playset.playset_id.clone(), playset.clone());
            }
            AgilityEvent::Combined(result) => {
                let results = self.combined.entry(brothers(&result.run)).or_default();
                results.insert(result.dorsal.clone(), result.clone());
            }
            // The playset itself says the same.
            AgilityEvent::PlaysetChange(_) => {}
            AgilityEvent::RunsNotReady { .. } => self.clear(),
        }
    }

    /// What the message showed; none where not all of it is known.
    pub fn show(&mut self, scene: &RingScene) -> Option<RingBoard> {
        self.note_next(scene);
        let on = scene.run.as_ref().or(scene.ready.as_ref());
        let mut board = RingBoard::default();
        if let Some(on) = on {
            self.note_results(on);
            board.run = Some(self.runs.get(&on.run)?.run.clone()?);
        }
        if let Some(run) = &scene.run {
            board.on_course = self.on_course(run)?;
        }
        if let Some((run, id)) = &self.next {
            board.next = Some(self.playset(run, id)?.clone());
        }
        if let Some(RunScene { run, best, combined, .. }) = &self.results {
            let best = best.iter().map(|id| self.playset(run, id).cloned());
            board.best = best.collect::<Option<_>>()?;
            let known = self.combined.get(&brothers(run));
            let combined = combined.iter().map(|dorsal| known?.get(dorsal).cloned());
            board.combined = combined.collect::<Option<_>>()?;
        }
        self.forget_all_but(scene);
        Some(board)
    }

    /// Messages while a dog runs may come without results: those of the same run stay in view.
    fn note_results(&mut self, on: &RunScene) {
        let results = self.results.get_or_insert_with(|| on.clone());
        if results.run != on.run {
            *results = on.clone();
        }
        if !on.best.is_empty() {
            results.best = Arc::clone(&on.best);
        }
        if !on.combined.is_empty() {
            results.combined = Arc::clone(&on.combined);
        }
    }

    /// None where the dog is not known.
    fn on_course(&self, scene: &RunScene) -> Option<Option<OnCourse>> {
        let Some(id) = &scene.playset_id else { return Some(None) };
        let playset = self.playset(&scene.run, id)?.clone();
        let started = self.started.as_ref().filter(|started| started.playset_id == *id);
        Some(Some(OnCourse { playset, running_since: started.and_then(|started| started.at) }))
    }

    /// The next dog is announced once and not repeated while another runs.
    fn note_next(&mut self, scene: &RingScene) {
        let announced = scene.ready.as_ref();
        if let Some((run, id)) =
            announced.and_then(|run| Some((&run.run, run.playset_id.as_ref()?)))
        {
            self.next = Some((run.clone(), id.clone()));
        }
        let on_course = scene.run.as_ref().and_then(|run| run.playset_id.as_ref());
        if self.next.as_ref().is_some_and(|(_, next)| Some(next) == on_course) {
            self.next = None;
        }
    }

    fn note_start(&mut self, playset: &Playset) {
        let id = &playset.playset_id;
        let runs = playset.status.as_deref() == Some("running");
        let is_known = self.started.as_ref().is_some_and(|started| started.playset_id == *id);
        match (runs, is_known) {
            (true, false) => {
                // One that was seen waiting started just now.
                let waited = self.playset(&playset.run, id).is_some();
                let at = waited.then_some(playset.updated_at);
                self.started = Some(Started { playset_id: id.clone(), at });
            }
            (false, true) => self.started = None,
            _ => {}
        }
    }

    fn playset(&self, run: &Arc<RunKey>, id: &str) -> Option<&Arc<Playset>> {
        self.runs.get(run)?.playsets.get(id)
    }

    fn known(&mut self, run: &Arc<RunKey>) -> &mut Known {
        self.runs.entry(run.clone()).or_default()
    }

    /// What is out of view comes again when it is needed.
    fn forget_all_but(&mut self, scene: &RingScene) {
        let in_view = |run: &RunKey| {
            let slots = [&scene.run, &scene.ready];
            slots.into_iter().flatten().any(|slot| *slot.run == *run)
        };
        let next = self.next.as_ref().map(|(run, _)| run.clone());
        self.runs.retain(|run, _| in_view(run) || next.as_ref() == Some(run));
        let known: Vec<_> = self.runs.keys().map(|run| brothers(run)).collect();
        self.combined.retain(|run, _| known.contains(run));
    }
}

/// What brother runs have in common.
fn brothers(run: &RunKey) -> RunKey {
    RunKey { run_type: String::new(), ..run.clone() }
}

#[cfg(test)]
mod tests {
    use bigdecimal::BigDecimal;

    use super::*;

    fn seconds(text: &str) -> BigDecimal {
        text.parse().unwrap()
    }

    fn key() -> Arc<RunKey> {
        Arc::new(RunKey {
            event_name: "Cup".into(),
            ring_name: "1".into(),
            trial_name: String::new(),
            name: "G3 / S".into(),
            run_type: "JP".into(),
        })
    }

    fn dog(id: &str, status: &str) -> Playset {
        Playset {
            run: key(),
            playset_id: id.into(),
            pair: Default::default(),
            start_order: None,
            status: Some(status.into()),
            faults: Some(0),
            refusals: Some(0),
            disqualification: None,
            qualification: None,
            classification: None,
            time_s: None,
            time_marker: None,
            speed_m_s: None,
            total_penalization: None,
            updated_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            extra: Default::default(),
        }
    }

    fn result(id: &str, penalty: &str, time: &str) -> Playset {
        Playset {
            total_penalization: Some(seconds(penalty)),
            time_s: Some(seconds(time)),
            ..dog(id, "calculated")
        }
    }

    /// A dog with so many faults and refusals, against a leader.
    fn to_beat(marks: i32, leader: (&str, &str), standard: Option<&str>) -> Option<TimeToBeat> {
        let running = Playset { faults: Some(marks), ..dog("own", "running") };
        let course = crate::event::agility::Course {
            standard_time: standard.map(seconds),
            ..Default::default()
        };
        let run =
            Run { key: key(), course, seen_at: running.updated_at, extra: Default::default() };
        RingBoard {
            run: Some(run),
            on_course: Some(OnCourse { playset: running.into(), running_since: None }),
            best: vec![
                result("other", "30.00", "20.00").into(),
                result("lead", leader.0, leader.1).into(),
            ],
            ..RingBoard::default()
        }
        .time_to_beat()
    }

    #[test]
    fn dog_on_course_is_held_against_the_best_and_the_course() {
        let time = |text| Some(TimeToBeat::Seconds(seconds(text)));
        assert_eq!(to_beat(0, ("0.00", "31.20"), None), time("31.20"));
        assert_eq!(to_beat(1, ("0.00", "31.20"), Some("40")), Some(TimeToBeat::OutOfReach));
        assert_eq!(to_beat(0, ("5.00", "31.20"), Some("40")), time("45.00"));
    }

    #[test]
    fn eliminated_dog_is_out_of_reach_and_an_eliminated_leader_is_none() {
        let mut board = RingBoard {
            on_course: Some(OnCourse {
                playset: dog("own", "running").into(),
                running_since: None,
            }),
            ..RingBoard::default()
        };
        assert_eq!(board.time_to_beat(), None);
        let elim = Some("elim".to_owned());
        let out = Playset { disqualification: elim.clone(), ..result("a", "100.00", "1") };
        board.best = vec![out.into()];
        assert_eq!(board.time_to_beat(), None);
        board.best.push(result("b", "0.00", "30.00").into());
        let on = board.on_course.as_mut().unwrap();
        Arc::make_mut(&mut on.playset).disqualification = elim;
        assert_eq!(board.time_to_beat(), Some(TimeToBeat::OutOfReach));
    }
}
