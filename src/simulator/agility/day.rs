//! A day's plan: classes of pairs, each with two brother runs, one jumping and one agility.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use fastrand::Rng;

use super::RingDayOptions;
use crate::simulator::names;

/// Handler and dog.
pub(super) struct Pair {
    pub dorsal: u32,
    pub handler: String,
    pub club: &'static str,
    pub country: &'static str,
    pub team_name: &'static str,
    pub dog_family_name: String,
    pub dog_studbook_name: String,
    pub dog_breed: &'static str,
    pub dog_gender: &'static str,
    pub dog_age: String,
    pub dog_height: String,
    /// Of the combined result, in which it has nothing to do with a playset's.
    pub combined_id: String,
    /// Metres a second on a clean course.
    pub speed: f64,
}

#[derive(Clone)]
pub(super) struct Course {
    pub judge_name: String,
    pub length_m: u32,
    pub obstacles: u32,
    pub standard_ms: u32,
    pub maximum_ms: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Ready,
    Running,
    Calculated,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Calculated => "calculated",
        }
    }
}

/// Results that a dog carries though it has none yet, as platforms send them now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOver {
    None,
    /// As if it had run clean and won.
    Excellent,
    /// As if it were out.
    Eliminated,
}

/// One dog in one run.
pub(super) struct Playset {
    pub id: String,
    pub pair: Arc<Pair>,
    pub start_order: u32,
    pub status: Status,
    pub faults: u32,
    pub refusals: u32,
    pub is_eliminated: bool,
    /// What the timer or the judge's helper gave, milliseconds.
    pub time_ms: Option<u32>,
    pub left_over: LeftOver,
}

pub(super) struct Run {
    pub trial_name: String,
    pub name: String,
    pub run_type: &'static str,
    pub course: Course,
    /// In start order.
    pub playsets: Vec<Playset>,
    /// The run before it with the same names, whose results count together with these.
    pub brother: Option<usize>,
}

/// The runs of one day, in order: all jumping runs, then their brothers.
pub(super) fn plan(options: &RingDayOptions, date: DateTime<Utc>, rng: &mut Rng) -> Vec<Run> {
    let trial_name = trial_name(date);
    let mut dorsal = 0;
    let classes: Vec<(String, Vec<Arc<Pair>>)> = (0..options.classes.max(1))
        .map(|class| {
            let dogs = rng.usize(options.dogs.clone()).max(1);
            let pairs = (0..dogs)
                .map(|_| {
                    dorsal += rng.u32(1..=4);
                    Arc::new(pair(dorsal, rng))
                })
                .collect();
            (class_name(class), pairs)
        })
        .collect();
    let mut runs = Vec::new();
    for run_type in ["JP", "AG"] {
        for (index, (name, pairs)) in classes.iter().enumerate() {
            let mut pairs = pairs.clone();
            rng.shuffle(&mut pairs);
            runs.push(Run {
                trial_name: trial_name.clone(),
                name: name.clone(),
                run_type,
                course: course(run_type, rng),
                playsets: (1..).zip(pairs).map(|(order, pair)| playset(order, pair, rng)).collect(),
                brother: (run_type == "AG").then_some(index),
            });
        }
    }
    runs
}

/// Ends with a space, as real ones do.
fn trial_name(date: DateTime<Utc>) -> String {
    const MONTHS: [&str; 12] = [
        "Enero",
        "Febrero",
        "Marzo",
        "Abril",
        "Mayo",
        "Junio",
        "Julio",
        "Agosto",
        "Septiembre",
        "Octubre",
        "Noviembre",
        "Diciembre",
    ];
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    format!("RSCE {} {month} ", date.day())
}

fn class_name(class: usize) -> String {
    let grade = 3 - (class / 4) % 3;
    let size = ["S", "M", "I", "L"].get(class % 4).copied().unwrap_or_default();
    match class / 12 {
        0 => format!("G{grade} / {size}"),
        group => format!("G{grade} / {size} ({})", group + 1),
    }
}

fn course(run_type: &str, rng: &mut Rng) -> Course {
    let length_m = rng.u32(150..=215);
    // Metres a second that the judge asks for.
    let pace = if run_type == "JP" { 4.6 } else { 4.2 } + 0.3 * rng.f64();
    let standard_ms = (f64::from(length_m) / pace) as u32 * 1_000;
    Course {
        judge_name: names::handler(rng),
        length_m,
        obstacles: rng.u32(18..=22),
        standard_ms,
        maximum_ms: standard_ms * 3 / 2,
    }
}

fn pair(dorsal: u32, rng: &mut Rng) -> Pair {
    const TEAMS: &[&str] = &["", "", "Los <Rápidos>", "Equipo Ñ"];
    let (dog, breed) = names::dog(rng);
    let (club, country) = names::club(rng);
    let age = rng.u32(1..=12);
    Pair {
        dorsal,
        handler: names::handler(rng),
        club,
        country,
        team_name: names::pick(rng, TEAMS),
        dog_family_name: dog.to_owned(),
        dog_studbook_name: format!("{dog} de la Pista {}", rng.u32(1..=99)),
        dog_breed: breed,
        dog_gender: if rng.bool() { "Female" } else { "Male" },
        dog_age: if age == 1 { "18 months".to_owned() } else { format!("{age} years") },
        dog_height: format!("{}.{}", rng.u32(26..=58), rng.u32(..10)),
        combined_id: id(rng),
        speed: 3.9 + 2.2 * rng.f64(),
    }
}

fn playset(start_order: u32, pair: Arc<Pair>, rng: &mut Rng) -> Playset {
    let left_over = match rng.u8(..20) {
        0 => LeftOver::Excellent,
        1 => LeftOver::Eliminated,
        _ => LeftOver::None,
    };
    Playset {
        id: id(rng),
        pair,
        start_order,
        status: Status::Pending,
        faults: 0,
        refusals: 0,
        is_eliminated: false,
        time_ms: None,
        left_over,
    }
}

/// Looks like a UUID; some have a digit too many, like those of the platform's own examples.
fn id(rng: &mut Rng) -> String {
    let last = if rng.u8(..10) == 0 { 13 } else { 12 };
    let groups = [8, 4, 4, 4, last];
    let group = |rng: &mut Rng, len| -> String { (0..len).map(|_| rng.digit(16)).collect() };
    groups.map(|len| group(rng, len)).join("-")
}
