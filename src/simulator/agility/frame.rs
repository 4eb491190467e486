//! One message of a ring as the platform writes it: keys in alphabetical order, every scalar a text.

use serde::Serialize;

use super::{
    day::{Course, LeftOver, Pair, Playset, Run, Status},
    result::{self, Combined, Judged},
};

pub(super) const NOT_READY: &str = r#"{"error":"Runs are not ready yet"}"#;

/// How this ring's platform writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Knows `team_name` and the fields of the course.
    pub is_later_revision: bool,
    /// 2 or 3, as the federation wants.
    pub decimals: u32,
}

#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub event_name: &'a str,
    pub ring_name: &'a str,
    pub run: OrEmpty<RunMessage<'a>>,
    pub run_ready: OrEmpty<ReadyMessage<'a>>,
    pub timestamp: String,
}

impl Message<'_> {
    pub fn to_json(&self) -> String {
        // A tree keeps its keys sorted, and so does the platform.
        serde_json::to_value(self).map_or_else(|_| NOT_READY.to_owned(), |tree| tree.to_string())
    }
}

/// An object, or the empty text where there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OrEmpty<T> {
    Object(T),
    Empty(&'static str),
}

impl<T> OrEmpty<T> {
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Empty(_) => None,
        }
    }
}

impl<T> From<Option<T>> for OrEmpty<T> {
    fn from(object: Option<T>) -> Self {
        object.map_or(Self::Empty(""), Self::Object)
    }
}

#[derive(Serialize)]
pub(super) struct RunMessage<'a> {
    #[serde(flatten)]
    pub course: Option<CourseFields>,
    pub name: &'a str,
    pub playset: PlaysetFields<'a>,
    pub results_best: Vec<PlaysetFields<'a>>,
    pub results_combined: Vec<CombinedFields<'a>>,
    pub trial_name: &'a str,
    #[serde(rename = "type")]
    pub run_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct ReadyMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<String>,
    pub name: &'a str,
    pub playset: PlaysetFields<'a>,
    pub trial_name: &'a str,
    #[serde(rename = "type")]
    pub run_type: &'static str,
}

#[derive(Clone, Serialize)]
pub(super) struct CourseFields {
    pub judge_name: String,
    pub length: String,
    pub maximum_time: String,
    pub obstacles: String,
    pub standard_time: String,
}

#[derive(Serialize)]
pub(super) struct PlaysetFields<'a> {
    pub classification: String,
    #[serde(flatten)]
    pub pair: PairFields<'a>,
    pub disqualification: &'static str,
    pub faults: String,
    pub id: &'a str,
    #[serde(flatten)]
    pub course: Option<CourseFields>,
    pub qualification: &'static str,
    pub refusals: String,
    pub speed: String,
    pub start_order: String,
    pub status_string: &'static str,
    pub time: String,
    pub time_marker: &'static str,
    pub total_penalization: String,
}

#[derive(Serialize)]
pub(super) struct CombinedFields<'a> {
    pub classification: String,
    #[serde(flatten)]
    pub pair: PairFields<'a>,
    pub id: &'a str,
    pub time: String,
    pub total_penalization: String,
}

#[derive(Serialize)]
pub(super) struct PairFields<'a> {
    pub club: &'a str,
    pub country: &'a str,
    pub dog_age: &'a str,
    pub dog_breed: &'a str,
    pub dog_family_name: &'a str,
    pub dog_gender: &'a str,
    pub dog_height: &'a str,
    pub dog_studbook_name: &'a str,
    pub dorsal: String,
    pub handler: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_name: Option<&'a str>,
}

/// Where in the day a dog is: its run and its place there.
pub(super) type Place = (usize, usize);

impl Dialect {
    /// The run on course or just finished.
    pub fn run(self, runs: &[Run], (run, dog): Place) -> Option<RunMessage<'_>> {
        let run = runs.get(run)?;
        let playset = run.playsets.get(dog)?;
        let results = result::results(run);
        let own = results.iter().find(|result| result.playset.id == playset.id);
        let playset = match own {
            Some(result) => self.calculated(result, &run.course),
            None => self.uncalculated(playset),
        };
        let best = result::best(run);
        let combined = result::combined(runs, run);
        Some(RunMessage {
            course: self.course(&run.course),
            name: &run.name,
            playset,
            results_best: best.iter().map(|result| self.calculated(result, &run.course)).collect(),
            results_combined: combined.iter().map(|both| self.combined(both)).collect(),
            trial_name: &run.trial_name,
            run_type: run.run_type,
        })
    }

    /// The dog that is next.
    pub fn ready(self, runs: &[Run], (run, dog): Place) -> Option<ReadyMessage<'_>> {
        let run = runs.get(run)?;
        let course = self.course(&run.course);
        let length = course.as_ref().map(|course| course.length.clone());
        let playset = PlaysetFields { course, ..self.uncalculated(run.playsets.get(dog)?) };
        Some(ReadyMessage {
            length,
            name: &run.name,
            playset,
            trial_name: &run.trial_name,
            run_type: run.run_type,
        })
    }

    pub fn course(self, course: &Course) -> Option<CourseFields> {
        self.is_later_revision.then(|| CourseFields {
            judge_name: course.judge_name.clone(),
            length: course.length_m.to_string(),
            maximum_time: format!("{}.0", course.maximum_ms / 1_000),
            obstacles: course.obstacles.to_string(),
            standard_time: self.seconds(course.standard_ms),
        })
    }

    fn calculated<'a>(self, result: &Judged<'a>, course: &Course) -> PlaysetFields<'a> {
        let metres = f64::from(course.length_m);
        let speed = result
            .time_ms
            .map(|time_ms| format!("{:.2} m/s", metres * 1_000.0 / f64::from(time_ms.max(1))));
        PlaysetFields {
            classification: result.classification.map_or_else(String::new, |rank| rank.to_string()),
            disqualification: if result.time_ms.is_none() { "elim" } else { "" },
            qualification: result.qualification,
            speed: speed.unwrap_or_default(),
            time: self.time(result.time_ms),
            time_marker: bool_text(result.time_ms.is_some()),
            total_penalization: self.seconds(result.total_penalization_ms),
            ..self.uncalculated(result.playset)
        }
    }

    fn uncalculated(self, playset: &Playset) -> PlaysetFields<'_> {
        let left_over =
            if playset.status == Status::Ready { playset.left_over } else { LeftOver::None };
        let is_out = playset.is_eliminated || left_over == LeftOver::Eliminated;
        let looks_excellent = left_over == LeftOver::Excellent;
        PlaysetFields {
            classification: if looks_excellent { "1".to_owned() } else { String::new() },
            pair: self.pair(&playset.pair),
            disqualification: if is_out { "elim" } else { "" },
            faults: playset.faults.to_string(),
            id: &playset.id,
            course: None,
            qualification: if looks_excellent { "EXC_0" } else { "" },
            refusals: playset.refusals.to_string(),
            speed: String::new(),
            start_order: playset.start_order.to_string(),
            status_string: playset.status.as_str(),
            time: self.time(playset.time_ms),
            time_marker: bool_text(playset.time_ms.is_some()),
            total_penalization: String::new(),
        }
    }

    fn combined<'a>(self, both: &Combined<'a>) -> CombinedFields<'a> {
        CombinedFields {
            classification: both.classification.to_string(),
            pair: self.pair(both.pair),
            id: &both.pair.combined_id,
            time: self.time(both.time_ms),
            total_penalization: self.seconds(both.total_penalization_ms),
        }
    }

    fn pair(self, pair: &Pair) -> PairFields<'_> {
        PairFields {
            club: pair.club,
            country: pair.country,
            dog_age: &pair.dog_age,
            dog_breed: pair.dog_breed,
            dog_family_name: &pair.dog_family_name,
            dog_gender: pair.dog_gender,
            dog_height: &pair.dog_height,
            dog_studbook_name: &pair.dog_studbook_name,
            dorsal: pair.dorsal.to_string(),
            handler: &pair.handler,
            team_name: self.is_later_revision.then_some(pair.team_name),
        }
    }

    fn time(self, ms: Option<u32>) -> String {
        ms.map_or_else(String::new, |ms| self.seconds(ms))
    }

    fn seconds(self, ms: u32) -> String {
        let (whole, rest) = (ms / 1_000, ms % 1_000);
        match self.decimals {
            3 => format!("{whole}.{rest:03}"),
            _ => format!("{whole}.{:02}", rest / 10),
        }
    }
}

fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
