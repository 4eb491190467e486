//! Everything that is said, without a language.

use super::{Count, Template};

/// All words of a language.
#[derive(Debug)]
pub struct Words {
    pub page: PageWords,
    pub time: TimeWords,
    pub link: LinkWords,
    pub fleet: FleetWords,
    pub heat: HeatWords,
    pub sign: SignWords,
    pub ring: RingWords,
}

/// The frame around every page.
#[derive(Debug)]
pub struct PageWords {
    pub all_feeds: &'static str,
    // The other rooms of the site.
    pub rooms: &'static str,
    pub heats: &'static str,
    pub records: &'static str,
    pub karts: &'static str,
    pub drivers: &'static str,
    pub runs: &'static str,
    pub skip: &'static str,
    pub language: &'static str,
    /// The button that turns dark to light and back.
    pub theme: &'static str,
    /// The link to the page without anything around it, for a big screen.
    pub wall: &'static str,
    /// The link to the page where overlays are put together.
    pub overlays: &'static str,
    /// Without a script the page is loaded again every few seconds.
    pub no_script: &'static str,
    pub not_found: &'static str,
    pub no_such_feed: &'static str,
}

/// How long, and how long ago.
#[derive(Debug)]
pub struct TimeWords {
    pub ago: Template,
    /// Short for second, minute, hour, day.
    pub units: [&'static str; 4],
}

/// How a feed is connected, in sentences.
#[derive(Debug)]
pub struct LinkWords {
    // A state in a word or two.
    pub live: &'static str,
    pub connected: &'static str,
    pub connecting: &'static str,
    pub disconnected: &'static str,
    pub silent: &'static str,
    pub quarantined: &'static str,
    pub stopped: &'static str,
    // What that means.
    /// Ends without a full stop, before the reason.
    pub lost: &'static str,
    pub no_data: &'static str,
    /// The page does not hear Ringside.
    pub no_service: &'static str,
    pub never_heard: &'static str,
    pub unreadable: &'static str,
    pub was_quarantined: &'static str,
    /// The age of the last data.
    pub last_data: Template,
    pub next_try: Template,
    // Why a connection ended.
    pub connect_failed: &'static str,
    pub handshake_timeout: &'static str,
    pub remote_closed: &'static str,
    pub pong_timeout: &'static str,
    pub silence: &'static str,
    pub protocol: &'static str,
    pub oversize: &'static str,
    pub empty_frames_only: &'static str,
    pub requested: &'static str,
    pub panicked: &'static str,
}

impl LinkWords {
    /// Why a connection ended; a reason that nobody knows stays the word that it is.
    pub fn reason<'a>(&self, reason: &'a str) -> &'a str {
        match reason {
            "connect_failed" => self.connect_failed,
            "handshake_timeout" => self.handshake_timeout,
            "remote_closed" => self.remote_closed,
            "pong_timeout" => self.pong_timeout,
            "silence" => self.silence,
            "protocol" => self.protocol,
            "oversize" => self.oversize,
            "empty_frames_only" => self.empty_frames_only,
            "requested" => self.requested,
            "panicked" => self.panicked,
            other => other,
        }
    }
}

/// The page of all feeds.
#[derive(Debug)]
pub struct FleetWords {
    pub title: &'static str,
    pub filter: &'static str,
    /// How the box is reached by keyboard.
    pub filter_hint: &'static str,
    pub no_match: &'static str,
    pub no_feeds: &'static str,
    pub feeds: Count,
    pub in_trouble: Count,
    pub all_well: &'static str,
    pub leader: &'static str,
}

/// A heat.
#[derive(Debug)]
pub struct HeatWords {
    pub caption: &'static str,
    // States.
    pub not_started: &'static str,
    pub running: &'static str,
    pub paused: &'static str,
    pub stopped: &'static str,
    pub finished: &'static str,
    pub next_heat: &'static str,
    // How it ends.
    pub ends_by_hand: &'static str,
    pub ends_by_time: &'static str,
    pub ends_by_laps: &'static str,
    pub ends_by_time_or_laps: &'static str,
    // What counts.
    pub most_laps: &'static str,
    pub best_lap: &'static str,
    pub best_average: &'static str,
    // The clock.
    pub time_left: &'static str,
    pub elapsed: &'static str,
    pub laps_to_go: Count,
    // Columns: a short word for the head, a whole one where the head has room or is read aloud.
    pub position: Column,
    pub kart: Column,
    pub driver: Column,
    pub laps: Column,
    pub last: Column,
    pub best: Column,
    pub average: Column,
    pub gap: Column,
    // When there is no table.
    pub no_heat: &'static str,
    pub no_drivers: &'static str,
    pub waiting: &'static str,
}

impl HeatWords {
    /// A state; one that nobody knows stays as it is.
    pub fn state<'a>(&self, state: &'a str) -> &'a str {
        match state {
            "not_started" => self.not_started,
            "running" => self.running,
            "paused" => self.paused,
            "stopped" => self.stopped,
            "finished" => self.finished,
            "next_heat" => self.next_heat,
            other => other,
        }
    }

    pub fn end<'a>(&self, end_condition: &'a str) -> &'a str {
        match end_condition {
            "manual" => self.ends_by_hand,
            "time" => self.ends_by_time,
            "laps" => self.ends_by_laps,
            "time_or_laps" => self.ends_by_time_or_laps,
            other => other,
        }
    }

    pub fn mode<'a>(&self, race_mode: &'a str) -> &'a str {
        match race_mode {
            "most_laps" => self.most_laps,
            "best_lap" => self.best_lap,
            "best_average" => self.best_average,
            other => other,
        }
    }
}

/// The head of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub short: &'static str,
    pub long: &'static str,
}

impl Column {
    pub(super) const fn new(short: &'static str, long: &'static str) -> Self {
        Self { short, long }
    }
}

/// What the signs of a table mean.
#[derive(Debug)]
pub struct SignWords {
    pub legend: &'static str,
    pub overall_best: &'static str,
    pub personal_best: &'static str,
    pub places_won: Count,
    pub places_lost: Count,
    /// Both signs, for the legend.
    pub places: &'static str,
    pub missed: Count,
    pub reconstructed: Count,
    /// The sign of missed laps, for the legend.
    pub missed_laps: &'static str,
    pub reconstructed_laps: &'static str,
    pub day_record: &'static str,
    pub week_record: &'static str,
    pub month_record: &'static str,
    pub year_record: &'static str,
    pub ever_record: &'static str,
}

impl SignWords {
    pub fn record<'a>(&self, record: &'a str) -> &'a str {
        match record {
            "day" => self.day_record,
            "week" => self.week_record,
            "month" => self.month_record,
            "year" => self.year_record,
            "ever" => self.ever_record,
            other => other,
        }
    }
}

/// A ring.
#[derive(Debug)]
pub struct RingWords {
    pub agility: &'static str,
    pub jumping: &'static str,
    /// A ring that has only a number.
    pub ring: Template,
    pub on_course: &'static str,
    /// The dog has just done its run.
    pub done: &'static str,
    pub nobody: &'static str,
    pub next: &'static str,
    pub no_next: &'static str,
    // The dog on course.
    pub time: &'static str,
    pub faults: &'static str,
    pub refusals: &'static str,
    pub eliminated: &'static str,
    pub place: Column,
    pub speed: &'static str,
    pub penalties: Column,
    pub time_to_beat: &'static str,
    pub out_of_reach: &'static str,
    pub start_number: &'static str,
    // The course.
    pub course: &'static str,
    pub judge: &'static str,
    pub length: &'static str,
    pub obstacles: &'static str,
    pub standard_time: &'static str,
    pub maximum_time: &'static str,
    pub course_speed: &'static str,
    // The tables.
    pub best: &'static str,
    pub combined: &'static str,
    pub dog: &'static str,
    pub handler: &'static str,
    pub faults_short: &'static str,
    pub refusals_short: &'static str,
    pub eliminated_short: &'static str,
    pub no_results: &'static str,
    pub not_ready: &'static str,
}

impl RingWords {
    /// The type of a run; venues may invent their own.
    pub fn run_type<'a>(&self, run_type: &'a str) -> &'a str {
        match run_type {
            "AG" => self.agility,
            "JP" => self.jumping,
            other => other,
        }
    }
}
