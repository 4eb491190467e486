//! Runs, playsets, their time lines and combined results, from a ring's messages.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Report, Shown,
    present::Present,
    tables::{ChangeRow, Tables},
};

/// What a ring showed.
#[derive(Default)]
pub struct RingSeen {
    runs: Present,
    playsets: Present,
    combined: Present,
    /// What each dog did, by run and playset, each step that differs from the one shown before.
    steps: BTreeMap<(String, String), Vec<Step>>,
}

#[derive(PartialEq, Eq)]
struct Step {
    says: String,
    is_safe: bool,
}

impl RingSeen {
    pub fn new(shown: &[Shown]) -> Self {
        let mut seen = Self::default();
        for Shown { frame, is_safe, .. } in shown {
            for run in ["run", "run_ready"].map(|key| &frame[key]).into_iter().filter(is_object) {
                let key = join(&[
                    text(frame, "event_name"),
                    text(frame, "ring_name"),
                    text(run, "trial_name"),
                    text(run, "name"),
                    text(run, "type"),
                ]);
                seen.take_run(&key, frame, run, *is_safe);
            }
        }
        seen
    }

    fn take_run(&mut self, key: &str, frame: &Value, run: &Value, is_safe: bool) {
        self.runs.show(key.to_owned(), String::new(), is_safe);
        let best = run["results_best"].as_array().into_iter().flatten();
        for playset in [&run["playset"]].into_iter().chain(best).filter(is_object) {
            let id = text(playset, "id").to_owned();
            let progress = progress(playset);
            let says = join(&[
                text(playset, "dorsal"),
                text(playset, "handler"),
                text(playset, "dog_family_name"),
                text(playset, "start_order"),
                &progress,
                result(playset, "qualification"),
                result(playset, "classification"),
                result(playset, "total_penalization"),
            ]);
            self.playsets.show(format!("{key} {id}"), says, is_safe);
            let steps = self.steps.entry((key.to_owned(), id)).or_default();
            let step = Step { says: progress, is_safe };
            if steps.last() != Some(&step) {
                steps.push(step);
            }
        }
        for both in run["results_combined"].as_array().into_iter().flatten() {
            let key = join(&[
                text(frame, "event_name"),
                text(frame, "ring_name"),
                text(run, "trial_name"),
                text(run, "name"),
                text(both, "dorsal"),
            ]);
            let says = ["classification", "time", "total_penalization"].map(|k| text(both, k));
            self.combined.show(key, join(&says), is_safe);
        }
    }

    pub fn judge(&self, tables: &Tables, in_order: bool, report: &mut Report) {
        let runs = tables.runs.iter().map(|row| (row.run.clone(), String::new()));
        self.runs.judge("run", runs.collect(), report);
        let playsets = tables
            .playsets
            .iter()
            .map(|row| (format!("{} {}", row.run, row.playset_id), row.says.clone()));
        self.playsets.judge("playset", playsets.collect(), report);
        let combined = tables.combined.iter().map(|row| (row.result.clone(), row.says.clone()));
        self.combined.judge("combined result", combined.collect(), report);

        let mut found: BTreeMap<(String, String), Vec<&ChangeRow>> = BTreeMap::new();
        for row in &tables.changes {
            let key = (row.run.clone(), row.playset_id.clone());
            found.entry(key).or_default().push(row);
        }
        report.rows_found += tables.changes.len();
        for (key, steps) in &self.steps {
            let rows = found.remove(key).unwrap_or_default();
            judge_steps(&format!("{} {}", key.0, key.1), steps, &rows, in_order, report);
        }
        for ((run, playset), rows) in found {
            report.never_sent(format_args!("changes of {run} {playset}: {rows:?}"));
        }
    }
}

/// Goes along what was shown: a safe step that differs from the one before is the next row, any
/// other may be.
fn judge_steps(
    name: &str,
    steps: &[Step],
    found: &[&ChangeRow],
    in_order: bool,
    report: &mut Report,
) {
    let mut rows: Vec<_> = found.iter().map(|row| row.says.as_str()).collect();
    let mut present = None;
    for step in steps.iter().map(|step| (step.says.as_str(), step.is_safe)) {
        let (says, is_safe) = step;
        if present == Some(says) {
            continue;
        }
        let within = if in_order { rows.len().min(1) } else { rows.len() };
        let row = rows[..within].iter().position(|row| *row == says);
        report.rows_expected += usize::from(is_safe);
        match row {
            Some(row) => {
                rows.remove(row);
            }
            None if is_safe => report.missing(format_args!("change of {name} to {says}")),
            None => continue,
        }
        present = Some(says);
    }
    if !rows.is_empty() {
        let line: Vec<_> = found.iter().map(|row| [&*row.changed_at, &row.says]).collect();
        report.doubled(rows.len(), format_args!("changes of {name}: {rows:?} in {line:?}"));
    }
}

/// The part of a playset that makes its time line.
fn progress(playset: &Value) -> String {
    let judged = matches!(text(playset, "status_string"), "running" | "calculated");
    join(&[
        text(playset, "status_string"),
        text(playset, "faults"),
        text(playset, "refusals"),
        if judged { text(playset, "disqualification") } else { "" },
        result(playset, "time"),
    ])
}

/// Results count only when they are calculated.
fn result<'a>(playset: &'a Value, key: &str) -> &'a str {
    if text(playset, "status_string") == "calculated" { text(playset, key) } else { "" }
}

fn is_object(value: &&Value) -> bool {
    value.is_object()
}

/// Every scalar is a text; what is not there is nothing.
fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or("")
}

fn join(texts: &[&str]) -> String {
    texts.join("|")
}
