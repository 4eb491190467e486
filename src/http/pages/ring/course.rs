//! What is known of the course.

use bigdecimal::{BigDecimal, Zero};
use maud::{Markup, html};

use crate::{board::RingBoard, event::agility::Course};

use super::super::reader::Reader;

/// None where nothing is known.
pub(super) fn draw(ring: &RingBoard, reader: &Reader) -> Option<Markup> {
    facts(&ring.run.as_ref()?.course, reader)
}

/// What is known of a course; none where that is nothing.
pub(in super::super) fn facts(course: &Course, reader: &Reader) -> Option<Markup> {
    let words = &reader.words().ring;
    let number = |number: &BigDecimal| reader.lang.number(&number.normalized().to_plain_string());
    let seconds = |time: &BigDecimal| format!("{} s", number(time));
    let facts = [
        (
            words.judge,
            course.judge_name.as_ref().map(|judge| reader.names.show(judge).into_owned()),
        ),
        (words.length, course.length_m.as_ref().map(|length| format!("{} m", number(length)))),
        (words.obstacles, course.obstacles.map(|obstacles| obstacles.to_string())),
        (words.standard_time, course.standard_time.as_ref().map(seconds)),
        (words.maximum_time, course.maximum_time.as_ref().map(seconds)),
        (words.course_speed, speed(course).map(|speed| format!("{} m/s", number(&speed)))),
    ];
    let facts: Vec<_> =
        facts.into_iter().filter_map(|(label, fact)| Some((label, fact?))).collect();
    if facts.is_empty() {
        return None;
    }
    Some(html! {
        section id="course" class="panel" {
            h3 { (words.course) }
            dl { @for (label, fact) in facts { div { dt { (label) } dd { (fact) } } } }
        }
    })
}

/// What a dog must run on average to keep the standard time, metres a second.
fn speed(course: &Course) -> Option<BigDecimal> {
    let time = course.standard_time.as_ref().filter(|time| !time.is_zero())?;
    Some((course.length_m.as_ref()? / time).round(2))
}
