//! What the pages of runs, dogs and handlers say, in each language.

mod de;
mod en;
mod es;
mod fr;
mod nl;

use crate::{
    analysis::agility::Goal,
    http::words::{Column, Count, Lang, Template},
};

pub(in crate::http::pages) struct RunsWords {
    pub runs: &'static str,
    /// The link to what is on in the ring.
    pub live: &'static str,
    pub older: &'static str,
    pub newest: &'static str,
    pub no_runs: &'static str,
    // The filter.
    pub event: &'static str,
    pub day: &'static str,
    pub kind: &'static str,
    pub all: &'static str,
    pub show: &'static str,
    // Columns of the list.
    pub when: &'static str,
    pub run: &'static str,
    pub ring: &'static str,
    pub results_count: &'static str,
    pub clear_rounds: &'static str,
    pub leader: &'static str,
    // One run.
    pub results: &'static str,
    pub qualification: &'static str,
    pub speed: &'static str,
    /// Explains the sign of a place that was reckoned here.
    pub provisional: &'static str,
    pub seen_so_far: fn(i64, i64, i64) -> String,
    pub brother: &'static str,
    // What there is to beat.
    pub to_beat: &'static str,
    pub goal: &'static str,
    pub without_marks: &'static str,
    pub with_marks: Count,
    pub lead: &'static str,
    /// Excellent without penalization, excellent, very good, good: as the national club calls them.
    pub qualifications: [&'static str; 4],
    pub limits_are_ours: &'static str,
    pub limits_differ: &'static str,
    pub no_standard_time: &'static str,
    // Whose turn it is.
    pub to_come: &'static str,
    pub nobody_waits: &'static str,
    pub how_many: &'static str,
    pub dorsal: &'static str,
    /// Above the field for the number of who knows it from the list.
    pub start_number: &'static str,
    pub from_the_list: &'static str,
    pub ask: &'static str,
    pub has_run: &'static str,
    pub is_on_course: &'static str,
    pub is_next: &'static str,
    pub next_after: &'static str,
    pub dogs_before: Count,
    pub of_them_unseen: Count,
    pub passed_over: &'static str,
    pub number_passed: &'static str,
    pub not_announced: &'static str,
    /// Minutes: expected, at least, at most.
    pub in_about: fn(i64, i64, i64) -> String,
    pub rhythm: Template,
    pub without_breaks: &'static str,
    // The time line.
    pub time_line: &'static str,
    pub at: &'static str,
    pub what: &'static str,
    pub status: [&'static str; 4],
    // Tables of an event.
    pub clubs: &'static str,
    pub countries: &'static str,
    pub unnamed: &'static str,
    pub dogs: &'static str,
    pub out: Column,
    pub wins: &'static str,
    pub podiums: &'static str,
    pub best_place: &'static str,
    pub so_far: &'static str,
    // A dog, a handler.
    pub days_runs: &'static str,
    pub by_name: &'static str,
    pub next_start: &'static str,
    // When there is no page.
    pub not_found: &'static str,
    pub no_such_run: &'static str,
    pub no_such_dog: &'static str,
    pub no_such_handler: &'static str,
    pub no_database: &'static str,
    pub database_away: &'static str,
}

impl RunsWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&en::WORDS, &es::WORDS, &de::WORDS, &fr::WORDS, &nl::WORDS])
    }

    pub fn goal(&self, goal: Goal) -> &'static str {
        let [exc0, exc, v_good, good] = self.qualifications;
        match goal {
            Goal::Lead => self.lead,
            Goal::Exc0 => exc0,
            Goal::Exc => exc,
            Goal::VGood => v_good,
            Goal::Good => good,
        }
    }

    /// A status; one that nobody knows stays as it is.
    pub fn status<'a>(&self, status: &'a str) -> &'a str {
        let [pending, ready, running, calculated] = self.status;
        match status {
            "pending" => pending,
            "ready" => ready,
            "running" => running,
            "calculated" => calculated,
            other => other,
        }
    }
}
