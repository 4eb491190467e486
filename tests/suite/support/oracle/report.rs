//! What the oracle found, in figures.

use std::{
    fmt::{self, Arguments},
    io::Write,
};

use serde::Serialize;

/// Names a file to which every report is added as a line of JSON.
const REPORT_FILE: &str = "RINGSIDE_CHAOS_REPORT";
/// Enough to see what is wrong.
const MAX_COMPLAINTS: usize = 20;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub scenario: String,
    pub feeds: usize,
    /// Times that Ringside was killed.
    pub kills: usize,
    pub frames_sent: u64,
    pub frames_safe: u64,
    /// Frames in the journal, where there is one and it was looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_recorded: Option<usize>,
    /// How long before a kill the oldest frame was sent that is not in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_ms_before_kill: Option<i64>,
    /// Rows that safe frames show, over all tables.
    pub rows_expected: usize,
    /// Rows in these tables.
    pub rows_found: usize,
    /// Rows that are not there though a safe frame shows them, and laps that are neither known nor
    /// in a gap.
    pub missing: usize,
    pub wrong: usize,
    /// Rows beyond the one that a thing may have.
    pub doubled: usize,
    /// Rows of what no venue ever showed.
    pub never_sent: usize,
    /// Laps that no safe frame showed and that were computed, within their error of the truth.
    pub reconstructed: usize,
    /// Laps that no safe frame showed and that are known to be missing.
    pub in_gaps: usize,
    /// Laps of drivers whose laps officials changed while a connection was away: what Ringside
    /// could know of them is not certain, so they only have to be something that was once true.
    pub disputed: usize,
    /// Frames and rows that were refused.
    pub rejected: usize,
    /// From the end of the trouble to the last row that it had kept waiting.
    pub seconds_to_recover: Option<f64>,
    /// Whatever else a scenario measured.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(skip)]
    pub(super) feed: String,
    #[serde(skip)]
    pub(super) complaints: Vec<String>,
}

impl Report {
    /// Nothing lost, nothing doubled, nothing wrong, nothing made up, nothing refused.
    pub fn is_clean(&self) -> bool {
        self.missing + self.wrong + self.doubled + self.never_sent + self.rejected == 0
    }

    /// What changes as long as rows are written.
    pub fn figures(&self) -> [usize; 6] {
        let Self { rows_found, missing, wrong, doubled, reconstructed, in_gaps, .. } = *self;
        [rows_found, missing, wrong, doubled, reconstructed, in_gaps]
    }

    /// The first of what is wrong, a line each.
    pub fn complaints(&self) -> String {
        self.complaints.join("\n")
    }

    pub(super) fn of_feed(&mut self, slug: &str) {
        slug.clone_into(&mut self.feed);
    }

    pub(super) fn missing(&mut self, what: Arguments<'_>) {
        self.missing += 1;
        self.complain("missing", what);
    }

    pub(super) fn wrong(&mut self, what: Arguments<'_>) {
        self.wrong += 1;
        self.complain("wrong", what);
    }

    pub(super) fn doubled(&mut self, rows: usize, what: Arguments<'_>) {
        self.doubled += rows;
        self.complain("doubled", what);
    }

    pub(super) fn never_sent(&mut self, what: Arguments<'_>) {
        self.never_sent += 1;
        self.complain("never sent", what);
    }

    fn complain(&mut self, problem: &str, what: Arguments<'_>) {
        if self.complaints.len() < MAX_COMPLAINTS {
            self.complaints.push(format!("{}: {problem}: {what}", self.feed));
        }
    }

    /// Prints it, and adds it to the file that the environment names.
    pub fn publish(&self) {
        println!("{self}");
        let Some(file) = std::env::var_os(REPORT_FILE) else { return };
        let mut line = serde_json::to_string(self).unwrap();
        line.push('\n');
        let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
        file.unwrap().write_all(line.as_bytes()).unwrap();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: feeds={} kills={} frames_sent={} frames_safe={} rows_expected={} rows_found={} \
             missing={} wrong={} doubled={} never_sent={} reconstructed={} in_gaps={} disputed={} \
             rejected={}",
            self.scenario,
            self.feeds,
            self.kills,
            self.frames_sent,
            self.frames_safe,
            self.rows_expected,
            self.rows_found,
            self.missing,
            self.wrong,
            self.doubled,
            self.never_sent,
            self.reconstructed,
            self.in_gaps,
            self.disputed,
            self.rejected,
        )?;
        if let Some(frames) = self.frames_recorded {
            write!(f, " frames_recorded={frames}")?;
        }
        if let Some(ms) = self.lost_ms_before_kill {
            write!(f, " lost_ms_before_kill={ms}")?;
        }
        if let Some(seconds) = self.seconds_to_recover {
            write!(f, " seconds_to_recover={seconds:.1}")?;
        }
        if !self.note.is_empty() {
            write!(f, " {}", self.note)?;
        }
        Ok(())
    }
}
