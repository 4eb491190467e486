//! Keeps what was sent, message by message, as the ring's truth.

use super::{
    frame::{CombinedFields, CourseFields, Message, PlaysetFields},
    truth::{CombinedTruth, CourseTruth, PlaysetTruth, ProgressTruth, RingTruth, RunTruth},
};

/// A ring that simulates for weeks must not fill memory: the oldest runs go.
const MAX_RUNS: usize = 500;
const MAX_COMBINED: usize = 5_000;

#[derive(Default)]
pub(super) struct Ledger {
    truth: RingTruth,
    messages: u64,
}

impl Ledger {
    pub fn new(event_name: &str, ring_name: &str) -> Self {
        let truth = RingTruth {
            event_name: event_name.to_owned(),
            ring_name: ring_name.to_owned(),
            ..RingTruth::default()
        };
        Self { truth, messages: 0 }
    }

    pub fn truth(&self) -> &RingTruth {
        &self.truth
    }

    /// Enters a message that is sent.
    pub fn enter(&mut self, message: &Message<'_>) {
        let number = self.messages;
        self.messages += 1;
        if let Some(run) = message.run.as_ref() {
            let course = run.course.as_ref();
            let entry = self.run(run.trial_name, run.name, run.run_type, course);
            enter_playset(entry, &run.playset, number);
            run.results_best.iter().for_each(|result| enter_playset(entry, result, number));
            for both in &run.results_combined {
                self.enter_combined(run.trial_name, run.name, both);
            }
        }
        if let Some(ready) = message.run_ready.as_ref() {
            let course = ready.playset.course.as_ref();
            let entry = self.run(ready.trial_name, ready.name, ready.run_type, course);
            enter_playset(entry, &ready.playset, number);
        }
    }

    fn run(
        &mut self,
        trial_name: &str,
        name: &str,
        run_type: &str,
        course: Option<&CourseFields>,
    ) -> &mut RunTruth {
        let runs = &mut self.truth.runs;
        let known = runs.iter().position(|run| {
            run.trial_name == trial_name && run.name == name && run.run_type == run_type
        });
        let index = known.unwrap_or_else(|| {
            if runs.len() == MAX_RUNS {
                runs.remove(0);
            }
            runs.push(RunTruth {
                trial_name: trial_name.to_owned(),
                name: name.to_owned(),
                run_type: run_type.to_owned(),
                course: course.map(course_truth),
                playsets: Vec::new(),
            });
            runs.len() - 1
        });
        &mut runs[index]
    }

    fn enter_combined(&mut self, trial_name: &str, name: &str, both: &CombinedFields<'_>) {
        let combined = &mut self.truth.combined;
        let new = CombinedTruth {
            trial_name: trial_name.to_owned(),
            name: name.to_owned(),
            dorsal: both.pair.dorsal.clone(),
            classification: both.classification.clone(),
            time: both.time.clone(),
            total_penalization: both.total_penalization.clone(),
        };
        let known = combined.iter_mut().find(|old| {
            old.trial_name == new.trial_name && old.name == new.name && old.dorsal == new.dorsal
        });
        match known {
            Some(old) => *old = new,
            None => {
                if combined.len() == MAX_COMBINED {
                    combined.remove(0);
                }
                combined.push(new);
            }
        }
    }
}

fn enter_playset(run: &mut RunTruth, sent: &PlaysetFields<'_>, message: u64) {
    let mut new = playset_truth(sent);
    match run.playsets.iter_mut().find(|old| old.playset_id == new.playset_id) {
        Some(old) => {
            new.changes = std::mem::take(&mut old.changes);
            if old.progress != new.progress {
                new.changes.push((message, new.progress.clone()));
            }
            *old = new;
        }
        None => {
            new.changes.push((message, new.progress.clone()));
            run.playsets.push(new);
        }
    }
}

fn playset_truth(sent: &PlaysetFields<'_>) -> PlaysetTruth {
    let is_calculated = sent.status_string == "calculated";
    let runs_or_ran = is_calculated || sent.status_string == "running";
    let result = |text: &str| if is_calculated { text.to_owned() } else { String::new() };
    PlaysetTruth {
        playset_id: sent.id.to_owned(),
        dorsal: sent.pair.dorsal.clone(),
        handler: sent.pair.handler.to_owned(),
        dog_family_name: sent.pair.dog_family_name.to_owned(),
        start_order: number(&sent.start_order),
        progress: ProgressTruth {
            status: sent.status_string.to_owned(),
            faults: number(&sent.faults),
            refusals: number(&sent.refusals),
            disqualification: if runs_or_ran {
                sent.disqualification.to_owned()
            } else {
                String::new()
            },
            time: result(&sent.time),
        },
        qualification: result(sent.qualification),
        classification: result(&sent.classification),
        speed: result(&sent.speed),
        total_penalization: result(&sent.total_penalization),
        changes: Vec::new(),
    }
}

/// Numbers travel as texts; those here were numbers a moment ago.
fn number(text: &str) -> u32 {
    text.parse().unwrap_or(u32::MAX)
}

fn course_truth(course: &CourseFields) -> CourseTruth {
    CourseTruth {
        judge_name: course.judge_name.clone(),
        length: course.length.clone(),
        obstacles: course.obstacles.clone(),
        standard_time: course.standard_time.clone(),
        maximum_time: course.maximum_time.clone(),
    }
}
