//! What there is to beat, by the number of faults and refusals.

use maud::{Markup, html};

use crate::{
    analysis::agility::{Goal, Placed, Reach, Target, leader, limits_agree, targets},
    db::queries::RunSheet,
    http::pages::reader::Reader,
};

use super::{RunsWords, parts};

/// With a third mark most are after finishing.
const MOST_MARKS: i32 = 2;

pub(super) fn panel(sheet: &RunSheet, results: &[Placed<'_>], reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let course = &sheet.run.stored.run.course;
    let are_limits_theirs = limits_agree(&sheet.run.playsets) != Some(false);
    let shows_all = are_limits_theirs && course.standard_time.is_some();
    let columns: Vec<Vec<Target>> =
        (0..=MOST_MARKS).map(|marks| targets(course, leader(results), marks)).collect();
    let goals = [Goal::Lead].into_iter().chain(Goal::QUALIFICATIONS);
    html! {
        section #targets.panel {
            table.results {
                caption { h3 { (words.to_beat) } }
                thead {
                    tr {
                        th.who scope="col" { (words.goal) }
                        @for marks in 0..=MOST_MARKS { th scope="col" { (with_marks(marks, words)) } }
                    }
                }
                tbody {
                    @for goal in goals.filter(|goal| *goal == Goal::Lead || shows_all) {
                        tr {
                            th.who scope="row" { (words.goal(goal)) }
                            @for targets in &columns { td { (time_to_run(targets, goal, reader)) } }
                        }
                    }
                }
            }
            p.means {
                @if !are_limits_theirs { (words.limits_differ) }
                @else if shows_all { (words.limits_are_ours) }
                @else { (words.no_standard_time) }
            }
        }
    }
}

fn with_marks(marks: i32, words: &RunsWords) -> String {
    if marks == 0 { words.without_marks.to_owned() } else { words.with_marks.of(marks) }
}

fn time_to_run(targets: &[Target], goal: Goal, reader: &Reader) -> Markup {
    let reach = targets.iter().find(|target| target.goal == goal).map(|target| &target.reach);
    html! {
        @match reach {
            Some(Reach::Time { time_s, or_equal, speed_m_s }) => {
                @if *or_equal { "≤ " } @else { "< " }
                b { (parts::decimal(Some(time_s))) }
                @if let Some(speed) = speed_m_s {
                    small.beside { (reader.lang.number(&speed.to_plain_string())) " m/s" }
                }
            }
            Some(Reach::OutOfReach | Reach::Unknown) | None => "–",
        }
    }
}
