//! `/api/v1/runs/{run}`: a run, its time line, what there is to beat in it, and whose turn it is.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    analysis::agility::{self as ring, Goal, Reach, Target as RingTarget, Turn as RingTurn},
    db::queries::{self, RunSheet},
    event::agility::Playset as StoredPlayset,
};

use super::{
    super::{
        ApiError, Named, Sources, Strict, answer,
        decimal::Decimal,
        params::{Id, Nothing, Phrase},
    },
    params::RunPath,
    shape::{Combined, Course, Playset, Run, dogs},
};

/// With more faults and refusals there is no qualification.
const MOST_MARKS: i32 = 5;

#[derive(Serialize, ToSchema)]
struct OneRun {
    run: Run,
    course: Course,
    /// Dogs with a result in the order of their places, then who is out, then the others in start
    /// order.
    playsets: Vec<Playset>,
    /// Over this run and its brothers, best first.
    combined: Vec<Combined>,
    /// Runs of the same names and another type.
    brothers: Vec<Run>,
}

/// One run
///
/// Its course, its dogs, and the combined results.
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run}",
    tag = "agility",
    params(RunPath),
    responses((status = 200, body = OneRun)),
)]
pub(super) async fn run(
    request: HttpRequest,
    Named(RunPath { run: Id(id) }): Named<RunPath>,
    Strict(Nothing {}): Strict<Nothing>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let sheet = sheet(&sources, id).await?;
    let names = sources.privacy;
    let stored = &sheet.run.stored;
    answer(
        &request,
        &OneRun {
            run: stored.into(),
            course: Course::of(&stored.run.course, names),
            playsets: dogs(&sheet.run, |_| true, names),
            combined: sheet.combined.iter().map(|result| Combined::of(result, names)).collect(),
            brothers: sheet.brothers.iter().map(Run::from).collect(),
        },
    )
}

#[derive(Serialize, ToSchema)]
struct Timeline {
    run_id: i64,
    /// Oldest first.
    changes: Vec<Change>,
}

/// What is true of a dog from a moment on. Counts can go down.
#[derive(Serialize, ToSchema)]
struct Change {
    playset_id: String,
    #[schema(required)]
    dorsal: Option<String>,
    changed_at: DateTime<Utc>,
    #[schema(required)]
    status: Option<String>,
    #[schema(required)]
    faults: Option<i32>,
    #[schema(required)]
    refusals: Option<i32>,
    #[schema(required)]
    disqualification: Option<String>,
    #[schema(required)]
    time_s: Option<Decimal>,
}

/// What happened on course, and when
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run}/timeline",
    tag = "agility",
    params(RunPath),
    responses((status = 200, body = Timeline)),
)]
pub(super) async fn timeline(
    request: HttpRequest,
    Named(RunPath { run: Id(id) }): Named<RunPath>,
    Strict(Nothing {}): Strict<Nothing>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let sheet = sheet(&sources, id).await?;
    let dorsals: BTreeMap<&str, &Option<String>> =
        sheet.run.playsets.iter().map(|dog| (dog.playset_id.as_str(), &dog.pair.dorsal)).collect();
    let changes = sheet.changes.iter().map(|change| Change {
        playset_id: change.playset_id.clone(),
        dorsal: dorsals.get(change.playset_id.as_str()).copied().cloned().flatten(),
        changed_at: change.changed_at,
        status: change.progress.status.clone(),
        faults: change.progress.faults,
        refusals: change.progress.refusals,
        disqualification: change.progress.disqualification.clone(),
        time_s: Decimal::of(change.progress.time_s.as_ref()),
    });
    let changes = changes.collect();
    answer(&request, &Timeline { run_id: sheet.run.stored.id, changes })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TargetsQuery {
    /// Only for a dog with so many faults and refusals, 0 to 5.
    #[param(minimum = 0, maximum = 5)]
    marks: Option<i32>,
}

#[derive(Serialize, ToSchema)]
struct Targets {
    run_id: i64,
    course: Course,
    /// Who leads; null where nobody is placed yet.
    #[schema(required)]
    leader: Option<Playset>,
    /// Whether all words that the venue gave in this run so far are those of `limit_s`; null where
    /// it gave none.
    #[schema(required)]
    limits_agree: Option<bool>,
    targets: Vec<Target>,
}

/// What a dog with so many faults and refusals needs.
#[derive(Serialize, ToSchema)]
struct Target {
    goal: GoalWord,
    /// Faults and refusals together, five seconds each.
    marks: i32,
    /// The total penalization below which the qualification is given, by the rules of the FCI: the
    /// venue does not send it. Null for the lead.
    #[schema(required)]
    limit_s: Option<i32>,
    reach: ReachWord,
    /// The time to run; null unless `reach` is `time`.
    #[schema(required)]
    time_s: Option<Decimal>,
    /// Just that time is enough; else it takes less.
    #[schema(required)]
    or_equal: Option<bool>,
    /// Metres a second that make that time, rounded up; null where the length is not known.
    #[schema(required)]
    speed_m_s: Option<Decimal>,
}

#[derive(Serialize, ToSchema)]
enum GoalWord {
    #[serde(rename = "lead")]
    Lead,
    #[serde(rename = "EXC_0")]
    Exc0,
    #[serde(rename = "EXC")]
    Exc,
    #[serde(rename = "V_GOOD")]
    VGood,
    #[serde(rename = "GOOD")]
    Good,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReachWord {
    Time,
    /// The marks alone are too many.
    OutOfReach,
    /// Nobody leads yet, or the standard time is not known.
    Unknown,
}

impl From<RingTarget> for Target {
    fn from(target: RingTarget) -> Self {
        let goal = match target.goal {
            Goal::Lead => GoalWord::Lead,
            Goal::Exc0 => GoalWord::Exc0,
            Goal::Exc => GoalWord::Exc,
            Goal::VGood => GoalWord::VGood,
            Goal::Good => GoalWord::Good,
        };
        let (reach, time_s, or_equal, speed_m_s) = match &target.reach {
            Reach::Time { time_s, or_equal, speed_m_s } => (
                ReachWord::Time,
                Decimal::of(Some(time_s)),
                Some(*or_equal),
                Decimal::of(speed_m_s.as_ref()),
            ),
            Reach::OutOfReach => (ReachWord::OutOfReach, None, None, None),
            Reach::Unknown => (ReachWord::Unknown, None, None, None),
        };
        let (marks, limit_s) = (target.marks, target.goal.limit_s());
        Self { goal, marks, limit_s, reach, time_s, or_equal, speed_m_s }
    }
}

/// What there is to beat
///
/// Time and speed for the lead and for each qualification, by the number of faults and refusals.
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run}/targets",
    tag = "agility",
    params(RunPath, TargetsQuery),
    responses((status = 200, body = Targets)),
)]
pub(super) async fn run_targets(
    request: HttpRequest,
    Named(RunPath { run: Id(id) }): Named<RunPath>,
    Strict(query): Strict<TargetsQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let marks = match query.marks {
        None => 0..=MOST_MARKS,
        Some(marks @ 0..=MOST_MARKS) => marks..=marks,
        Some(_) => {
            let right = format!("marks goes from 0 to {MOST_MARKS}");
            return Err(ApiError::bad_parameter("marks", right));
        }
    };
    let sheet = sheet(&sources, id).await?;
    let results = ring::results(&sheet.run.playsets);
    let leader = ring::leader(&results);
    let course = &sheet.run.stored.run.course;
    let targets = marks.flat_map(|marks| ring::targets(course, leader, marks)).map(Target::from);
    let first = results.first().filter(|_| leader.is_some());
    answer(
        &request,
        &Targets {
            run_id: sheet.run.stored.id,
            course: Course::of(course, sources.privacy),
            leader: first.map(|first| Playset::placed(first, sources.privacy)),
            limits_agree: ring::limits_agree(&sheet.run.playsets),
            targets: targets.collect(),
        },
    )
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct UntilPath {
    /// The id of the run.
    #[param(inline)]
    run: Id,
    /// The dog's dorsal.
    #[param(inline, example = "007")]
    dorsal: Phrase,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UntilQuery {
    /// The dog's start number, for those who know it from the start list: venues tell it only when
    /// the dog's turn is near. What the venue told comes first.
    #[param(inline)]
    start_order: Option<i32>,
}

#[derive(Serialize, ToSchema)]
struct Until {
    run_id: i64,
    dorsal: String,
    turn: Turn,
    #[schema(required)]
    start_order: Option<i32>,
    /// Dogs that are to start before it, without the one on course; null unless it is `to_come`.
    #[schema(required)]
    dogs_before: Option<usize>,
    /// How many of those are known by their number alone.
    unseen: usize,
    /// The dorsal of the dog on course.
    #[schema(required)]
    on_course: Option<String>,
    /// Dorsals of dogs with a lower number that let others pass: they are not counted.
    passed_over: Vec<String>,
    /// How quickly dogs followed each other of late; null while too few are done.
    #[schema(required)]
    rhythm: Option<Rhythm>,
    /// When the dog may be called; null where nobody can tell.
    #[schema(required)]
    estimate: Option<Estimate>,
}

/// Where the dog is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Turn {
    Done,
    OnCourse,
    ToCome,
    /// Its number has passed, and it was not seen.
    Passed,
    /// The venue has not announced it, and no start number is given.
    Unknown,
}

/// Seconds from one result to the next.
#[derive(Serialize, ToSchema)]
struct Rhythm {
    median_s: f64,
    /// A quarter of the dogs was not slower.
    quarter_s: f64,
    three_quarters_s: f64,
    /// Of so many intervals.
    intervals: usize,
    last_result_at: DateTime<Utc>,
}

/// The rhythm for every dog before; breaks and changes of the course are not in it.
#[derive(Serialize, ToSchema)]
struct Estimate {
    expected_at: DateTime<Utc>,
    earliest_at: DateTime<Utc>,
    latest_at: DateTime<Utc>,
}

/// Whose turn it is
///
/// How many dogs start before one, and when its turn may come.
#[utoipa::path(
    get,
    path = "/api/v1/runs/{run}/until/{dorsal}",
    tag = "agility",
    params(UntilPath, UntilQuery),
    responses((status = 200, body = Until)),
)]
pub(super) async fn run_until(
    request: HttpRequest,
    Named(UntilPath { run: Id(id), dorsal: Phrase(dorsal) }): Named<UntilPath>,
    Strict(query): Strict<UntilQuery>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, ApiError> {
    let sheet = sheet(&sources, id).await?;
    let until = ring::until(&sheet.run.playsets, &sheet.changes, &dorsal, query.start_order);
    let rhythm = ring::rhythm(&sheet.changes);
    let estimate = rhythm.as_ref().and_then(|rhythm| ring::expect(&until, rhythm, Utc::now()));
    let dorsal_of = |dog: &StoredPlayset| dog.pair.dorsal.clone();
    answer(
        &request,
        &Until {
            run_id: sheet.run.stored.id,
            turn: match until.turn {
                RingTurn::Done => Turn::Done,
                RingTurn::OnCourse => Turn::OnCourse,
                RingTurn::ToCome => Turn::ToCome,
                RingTurn::Passed => Turn::Passed,
                RingTurn::Unknown => Turn::Unknown,
            },
            start_order: until.start_order,
            dogs_before: until.dogs_before,
            unseen: until.unseen,
            on_course: until.on_course.and_then(dorsal_of),
            passed_over: until.passed_over.iter().filter_map(|dog| dorsal_of(dog)).collect(),
            rhythm: rhythm.map(|rhythm| Rhythm {
                median_s: rhythm.median_s,
                quarter_s: rhythm.quarter_s,
                three_quarters_s: rhythm.three_quarters_s,
                intervals: rhythm.intervals,
                last_result_at: rhythm.last_result_at,
            }),
            estimate: estimate.map(|estimate| Estimate {
                expected_at: estimate.expected_at,
                earliest_at: estimate.earliest_at,
                latest_at: estimate.latest_at,
            }),
            dorsal,
        },
    )
}

async fn sheet(sources: &Sources, id: i64) -> Result<RunSheet, ApiError> {
    let found = sources.desk.ask(move |conn| queries::agility_run(conn, id)).await?;
    found.ok_or_else(|| ApiError::not_found(format_args!("run {id}")))
}
