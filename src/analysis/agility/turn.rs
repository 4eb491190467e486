//! Whose turn it is: how many dogs come before a dorsal, and when that may be.
//!
//! A venue shows a dog when it announces it, not before: who comes after the next one is known only
//! by start numbers. So dogs are counted by their numbers, the ones that nobody has seen yet too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::event::agility::{Playset, PlaysetChange};

use super::results::is_done;

/// Where the run stands is told by this many of the dogs announced last: one of them may have been
/// called out of its order.
const FRONT_DOGS: usize = 3;
/// A dog that was announced and let so many others pass will hardly start.
const PASSED_OVER_BY: usize = 3;
/// The rhythm is the one of the latest dogs.
const RHYTHM_DOGS: usize = 10;
/// Fewer say nothing.
const FEWEST_DOGS: usize = 3;
/// After that long without a result nobody can tell when it goes on.
const STANDS_STILL: TimeDelta = TimeDelta::minutes(20);

/// Where a dog is in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has its result.
    Done,
    OnCourse,
    /// It waits for its turn.
    ToCome,
    /// Its number has passed, and it was not seen.
    Passed,
    /// Its start number is not known: the venue has not announced it yet.
    Unknown,
}

/// How many dogs come before one.
#[derive(Clone, Debug, PartialEq)]
pub struct Until<'a> {
    pub turn: Turn,
    /// The dog, where the venue has shown it.
    pub dog: Option<&'a Playset>,
    pub start_order: Option<i32>,
    /// Dogs that are to start before it: none where it has started or nobody can tell.
    pub dogs_before: Option<usize>,
    /// Of those, how many are known by their number alone.
    pub unseen: usize,
    /// The dog on course, which is not counted.
    pub on_course: Option<&'a Playset>,
    /// Dogs with a lower number that were announced and have let others pass: they are not counted.
    pub passed_over: Vec<&'a Playset>,
}

/// Seconds from one result to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    pub median_s: f64,
    /// A quarter of the dogs was not slower.
    pub quarter_s: f64,
    pub three_quarters_s: f64,
    /// How many pairs of results this is made of.
    pub intervals: usize,
    pub last_result_at: DateTime<Utc>,
}

/// When a dog may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub expected_at: DateTime<Utc>,
    pub earliest_at: DateTime<Utc>,
    pub latest_at: DateTime<Utc>,
}

/// How many dogs are to start before the one with this dorsal. `told` is its start number for
/// those who know it from the start list; the venue's own word comes first.
pub fn until<'a>(
    playsets: &'a [Playset],
    changes: &[PlaysetChange],
    dorsal: &str,
    told: Option<i32>,
) -> Until<'a> {
    let is_it = |dog: &&Playset| dog.pair.dorsal.as_deref().map(str::trim) == Some(dorsal.trim());
    let dog = playsets.iter().find(is_it);
    let start_order = dog.and_then(|dog| dog.start_order).or(told);
    let on_course = playsets.iter().find(|dog| is_on_course(dog));
    let nobody = Until {
        turn: Turn::Unknown,
        dog,
        start_order,
        dogs_before: None,
        unseen: 0,
        on_course: on_course.filter(|on| Some(on.playset_id.as_str()) != id(dog)),
        passed_over: Vec::new(),
    };
    match (dog, start_order) {
        (Some(dog), _) if is_done(dog) => Until { turn: Turn::Done, ..nobody },
        (Some(dog), _) if is_on_course(dog) => Until { turn: Turn::OnCourse, ..nobody },
        (_, None) => nobody,
        (_, Some(number)) => count(playsets, changes, number, nobody),
    }
}

/// Dogs that were shown and wait, in start order; those without a number last.
pub fn waiting(playsets: &[Playset]) -> Vec<&Playset> {
    let mut waiting: Vec<_> = playsets.iter().filter(|dog| !has_started(dog)).collect();
    waiting.sort_by_key(|dog| (dog.start_order.unwrap_or(i32::MAX), &dog.playset_id));
    waiting
}

/// How quickly dogs follow each other; none while too few are done. By results, which every dog
/// has: without a timer many are never seen to start.
pub fn rhythm(changes: &[PlaysetChange]) -> Option<Rhythm> {
    let mut done: Vec<_> = firsts(changes, |status| status == "calculated").into_values().collect();
    done.sort_unstable();
    let latest = done.split_off(done.len().saturating_sub(RHYTHM_DOGS + 1));
    let mut intervals: Vec<f64> = latest
        .windows(2)
        .filter_map(|pair| Some((*pair.get(1)? - *pair.first()?).as_seconds_f64()))
        .collect();
    if intervals.len() < FEWEST_DOGS {
        return None;
    }
    intervals.sort_unstable_by(f64::total_cmp);
    Some(Rhythm {
        median_s: quantile(&intervals, 0.5)?,
        quarter_s: quantile(&intervals, 0.25)?,
        three_quarters_s: quantile(&intervals, 0.75)?,
        intervals: intervals.len(),
        last_result_at: *latest.last()?,
    })
}

/// When a dog may be called to the start: after the dog on course and those before it, at the
/// rhythm of the latest ones. None where the dog waits for nothing, or the ring stands still.
pub fn expect(until: &Until<'_>, rhythm: &Rhythm, now: DateTime<Utc>) -> Option<Estimate> {
    if now - rhythm.last_result_at > STANDS_STILL {
        return None;
    }
    let first_to_go = usize::from(until.on_course.is_some());
    let before = u32::try_from(until.dogs_before? + first_to_go).ok()?;
    let at = |pace_s: f64| {
        let Some(others) = before.checked_sub(1) else { return now };
        // The dog that is on is not done before now, however long it takes.
        let next_result = (rhythm.last_result_at + seconds(pace_s)).max(now);
        next_result + seconds(pace_s * f64::from(others))
    };
    Some(Estimate {
        expected_at: at(rhythm.median_s),
        earliest_at: at(rhythm.quarter_s),
        latest_at: at(rhythm.three_quarters_s),
    })
}

fn count<'a>(
    playsets: &'a [Playset],
    changes: &[PlaysetChange],
    number: i32,
    nobody: Until<'a>,
) -> Until<'a> {
    let front = front(playsets, changes);
    let waits = |dog: &&Playset| dog.start_order.is_some_and(|order| order < number);
    let (passed_over, before): (Vec<_>, Vec<_>) = waiting(playsets)
        .into_iter()
        .filter(waits)
        .partition(|dog| passed_by(changes, dog) >= PASSED_OVER_BY);
    let seen: BTreeSet<i32> = playsets.iter().filter_map(|dog| dog.start_order).collect();
    // Numbers below the front that nobody saw have run before anybody listened, or never will.
    let from = front.map_or(1, |front| front.saturating_add(1));
    let span = usize::try_from(i64::from(number) - i64::from(from)).unwrap_or(0);
    let unseen = span - seen.range(from..number.max(from)).count();
    if nobody.dog.is_none() && front.is_some_and(|front| number <= front) {
        return Until { turn: Turn::Passed, ..nobody };
    }
    let dogs_before = Some(before.len() + unseen);
    Until { turn: Turn::ToCome, dogs_before, unseen, passed_over, ..nobody }
}

/// The start number up to which the run has come; none where no dog was announced.
fn front(playsets: &[Playset], changes: &[PlaysetChange]) -> Option<i32> {
    let announced = firsts(changes, |status| status != "pending");
    let mut dogs: Vec<_> = playsets
        .iter()
        .filter_map(|dog| {
            let at = *announced.get(dog.playset_id.as_str())?;
            Some((at, dog.start_order?))
        })
        .collect();
    dogs.sort_unstable();
    let mut latest: Vec<_> =
        dogs.iter().rev().take(FRONT_DOGS).map(|(_, number)| *number).collect();
    latest.sort_unstable();
    latest.get(latest.len().checked_sub(1)? / 2).copied()
}

/// How many others have started since this one was announced.
fn passed_by(changes: &[PlaysetChange], dog: &Playset) -> usize {
    let announced = firsts(changes, |status| status != "pending");
    let Some(at) = announced.get(dog.playset_id.as_str()) else { return 0 };
    let started = firsts(changes, |status| matches!(status, "running" | "calculated"));
    started.values().filter(|started| *started > at).count()
}

/// When each dog first had such a status.
fn firsts(
    changes: &[PlaysetChange],
    is_such: impl Fn(&str) -> bool,
) -> BTreeMap<&str, DateTime<Utc>> {
    let mut firsts = BTreeMap::new();
    for change in changes {
        if change.progress.status.as_deref().is_some_and(&is_such) {
            let first = firsts.entry(change.playset_id.as_str()).or_insert(change.changed_at);
            *first = change.changed_at.min(*first);
        }
    }
    firsts
}

fn has_started(dog: &Playset) -> bool {
    is_done(dog) || is_on_course(dog)
}

fn is_on_course(dog: &Playset) -> bool {
    dog.status.as_deref() == Some("running")
}

fn id(dog: Option<&Playset>) -> Option<&str> {
    dog.map(|dog| dog.playset_id.as_str())
}

/// Of sorted numbers, in between where it falls between two.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = u32::try_from(sorted.len().checked_sub(1)?).ok()?;
    let place = f64::from(last) * part;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the slice")]
    let below = place.floor() as usize;
    let (low, high) = (*sorted.get(below)?, *sorted.get(below + 1).or(sorted.last())?);
    Some(low + (high - low) * place.fract())
}

fn seconds(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a dog takes minutes, a run takes hours")]
    TimeDelta::milliseconds((seconds * 1_000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{at, calculated, change, dog},
        *,
    };

    fn numbered(mut playset: Playset, number: i32) -> Playset {
        playset.start_order = Some(number);
        playset.pair.dorsal = Some(format!("d{number}"));
        playset
    }

    /// Dogs 1 and 2 are done, 3 is on course, 4 was announced; 60 s from dog to dog.
    fn ring() -> (Vec<Playset>, Vec<PlaysetChange>) {
        let playsets = vec![
            numbered(calculated("1", "0.00", "31.00"), 1),
            numbered(calculated("2", "0.00", "32.00"), 2),
            numbered(dog("3", "running"), 3),
            numbered(dog("4", "ready"), 4),
        ];
        let changes = vec![
            change("1", "ready", 0),
            change("1", "running", 10),
            change("1", "calculated", 50),
            change("2", "ready", 50),
            change("2", "running", 70),
            change("2", "calculated", 110),
            change("3", "ready", 110),
            change("3", "running", 130),
            change("4", "ready", 131),
        ];
        (playsets, changes)
    }

    #[test]
    fn dogs_are_counted_by_their_numbers_when_nobody_has_seen_them() {
        let (playsets, changes) = ring();
        // 4 was announced; 5 to 9 nobody has seen.
        let until = until(&playsets, &changes, "77", Some(10));
        assert_eq!((until.turn, until.dogs_before, until.unseen), (Turn::ToCome, Some(6), 5));
        assert_eq!(until.on_course.map(|dog| dog.playset_id.as_str()), Some("3"));
    }

    #[test]
    fn dog_that_is_next_waits_for_the_dog_on_course_alone() {
        let (playsets, changes) = ring();
        let next = until(&playsets, &changes, " d4", None);
        assert_eq!(
            (next.turn, next.start_order, next.dogs_before),
            (Turn::ToCome, Some(4), Some(0))
        );
        // The venue's number counts, whatever is told.
        assert_eq!(until(&playsets, &changes, "d4", Some(30)).dogs_before, Some(0));
    }

    #[test]
    fn turn_is_told_plainly_when_there_is_nothing_to_count() {
        let (playsets, changes) = ring();
        let turn = |dorsal, told| until(&playsets, &changes, dorsal, told).turn;
        assert_eq!(turn("d1", None), Turn::Done);
        assert_eq!(turn("d3", None), Turn::OnCourse);
        assert_eq!(turn("77", None), Turn::Unknown);
        assert_eq!(turn("77", Some(2)), Turn::Passed);
        assert_eq!(until(&playsets, &changes, "d3", None).on_course, None);
        assert_eq!(until(&[], &[], "77", Some(5)).dogs_before, Some(4));
    }

    #[test]
    fn dog_that_ran_early_does_not_move_the_front() {
        let (mut playsets, mut changes) = ring();
        // Number 30 has a start in the other ring, too, and runs after 3.
        playsets[2] = numbered(calculated("3", "0.00", "33.00"), 3);
        playsets.push(numbered(dog("30", "running"), 30));
        changes.extend([
            change("3", "calculated", 170),
            change("30", "ready", 170),
            change("30", "running", 190),
        ]);
        // 4 waits, 5 to 9 nobody has seen.
        assert_eq!(until(&playsets, &changes, "77", Some(10)).dogs_before, Some(6));
        // Of the 27 from 4 to 31, one is on course.
        assert_eq!(until(&playsets, &changes, "77", Some(32)).dogs_before, Some(27));
    }

    #[test]
    fn dog_that_lets_three_others_pass_is_not_waited_for() {
        let (mut playsets, mut changes) = ring();
        changes.push(change("3", "calculated", 170));
        playsets[2] = numbered(calculated("3", "0.00", "33.00"), 3);
        for (id, number, from) in [("5", 5, 170), ("6", 6, 230), ("7", 7, 290)] {
            playsets.push(numbered(calculated(id, "0.00", "34.00"), number));
            changes.extend([
                change(id, "ready", from),
                change(id, "running", from + 20),
                change(id, "calculated", from + 60),
            ]);
        }
        let ten = until(&playsets, &changes, "77", Some(10));
        assert_eq!((ten.dogs_before, ten.unseen), (Some(2), 2));
        assert_eq!(ten.passed_over.len(), 1);
        // Two have passed it: it may have been swapped.
        playsets.pop();
        changes.truncate(changes.len() - 3);
        assert_eq!(until(&playsets, &changes, "77", Some(10)).dogs_before, Some(4));
    }

    #[test]
    fn rhythm_is_the_middle_of_the_latest_results() {
        let done = |seconds: &[i64]| -> Vec<PlaysetChange> {
            let ids = ["a", "b", "c", "d", "e"];
            ids.into_iter().zip(seconds).map(|(id, at)| change(id, "calculated", *at)).collect()
        };
        assert_eq!(rhythm(&done(&[0, 60, 130])), None);
        // Intervals 60, 70, 50 and a break of 600: in order 50, 60, 70, 600.
        let rhythm = rhythm(&done(&[0, 60, 130, 180, 780])).unwrap();
        assert_eq!((rhythm.median_s, rhythm.intervals), (65.0, 4));
        assert_eq!((rhythm.quarter_s, rhythm.three_quarters_s), (57.5, 202.5));
        assert_eq!(rhythm.last_result_at, at(780));
    }

    #[test]
    fn correction_of_a_result_is_no_second_result() {
        let mut changes: Vec<_> = (0..4)
            .map(|n| change(["a", "b", "c", "d"][n as usize], "calculated", n * 60))
            .collect();
        changes.push(change("a", "calculated", 1_000));
        assert_eq!(rhythm(&changes).unwrap().last_result_at, at(180));
    }

    #[test]
    fn estimate_is_the_rhythm_for_every_dog_before() {
        let (playsets, changes) = ring();
        let rhythm = Rhythm {
            median_s: 60.0,
            quarter_s: 50.0,
            three_quarters_s: 80.0,
            intervals: 9,
            last_result_at: at(110),
        };
        // After the dog on course at 170 six more: 170 + 6 × 60, 160 + 6 × 50, 190 + 6 × 80.
        let ten = until(&playsets, &changes, "77", Some(10));
        let expected = Estimate { expected_at: at(530), earliest_at: at(460), latest_at: at(670) };
        assert_eq!(expect(&ten, &rhythm, at(140)), Some(expected));
        // The dog on course takes long: it may be done any moment.
        let late = expect(&ten, &rhythm, at(200)).unwrap();
        assert_eq!((late.expected_at, late.earliest_at), (at(560), at(500)));
        assert_eq!(expect(&ten, &rhythm, at(110 + 1_201)), None);
        let next = until(&playsets, &changes, "d4", None);
        assert_eq!(expect(&next, &rhythm, at(140)).unwrap().expected_at, at(170));
        assert_eq!(expect(&until(&playsets, &changes, "d1", None), &rhythm, at(140)), None);
    }
}
