//! What the list of a run's dogs tells: whether it is over, and how many dogs come before one.

use crate::db::notices::RunStarter;

const WAITING: [&str; 2] = ["pending", "ready"];
const ON_COURSE: &str = "running";
const DONE: &str = "calculated";

/// Whether somebody has a result and nobody is to get one, as far as the venue has shown dogs. It
/// shows a dog when it announces it: between two dogs this is true as well.
pub(super) fn is_quiet(starters: &[RunStarter]) -> bool {
    let is = |starter: &RunStarter, word: &str| starter.status.as_deref() == Some(word);
    let is_open = |starter: &RunStarter| {
        is(starter, ON_COURSE) || WAITING.iter().any(|word| is(starter, word))
    };
    starters.iter().any(|starter| is(starter, DONE)) && !starters.iter().any(is_open)
}

/// The dog with this dorsal, and how many start before it: those that are shown with a lower number
/// and have not started, and the numbers between the one that started last and its own that nobody
/// has seen yet. None where it has started, or the venue has not told its number.
pub(super) fn dogs_before<'a>(
    starters: &'a [RunStarter],
    dorsal: &str,
) -> Option<(&'a RunStarter, usize)> {
    let is_it =
        |starter: &&RunStarter| starter.dorsal.as_deref().map(str::trim) == Some(dorsal.trim());
    let dog = starters.iter().find(is_it)?;
    let number = dog.start_order?;
    if !waits(dog) {
        return None;
    }
    let started = starters.iter().filter(|starter| !waits(starter));
    let front = started.filter_map(|starter| starter.start_order).filter(|&n| n < number).max();
    let shown = starters.iter().filter_map(|starter| starter.start_order);
    let from = front.unwrap_or(0);
    let seen = shown.filter(|&n| n > from && n < number).count();
    let between = usize::try_from(i64::from(number) - i64::from(from) - 1).ok()?;
    let before = starters.iter().filter(|starter| waits(starter));
    let waiting = before.filter_map(|starter| starter.start_order).filter(|&n| n < number).count();
    Some((dog, waiting + between.saturating_sub(seen)))
}

fn waits(starter: &RunStarter) -> bool {
    starter.status.as_deref().is_none_or(|status| WAITING.contains(&status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(dogs: &[(&str, i32, &str)]) -> Vec<RunStarter> {
        dogs.iter()
            .map(|(dorsal, number, status)| RunStarter {
                dorsal: Some((*dorsal).to_owned()),
                start_order: Some(*number),
                status: Some((*status).to_owned()),
                ..RunStarter::default()
            })
            .collect()
    }

    #[test]
    fn run_is_quiet_when_somebody_has_a_result_and_nobody_waits() {
        assert!(!is_quiet(&run(&[])));
        assert!(!is_quiet(&run(&[("1", 1, "pending")])));
        assert!(!is_quiet(&run(&[("1", 1, "calculated"), ("2", 2, "running")])));
        assert!(is_quiet(&run(&[("1", 1, "calculated"), ("2", 2, "absent")])));
    }

    #[test]
    fn dogs_before_are_those_shown_and_those_known_by_their_number() {
        let shown = run(&[
            ("10", 1, "calculated"),
            ("11", 2, "running"),
            ("12", 3, "ready"),
            ("007", 7, "pending"),
        ]);
        // 3 is shown; 4, 5 and 6 are not.
        assert_eq!(dogs_before(&shown, " 007").map(|(_, dogs)| dogs), Some(4));
        assert_eq!(dogs_before(&shown, "12").map(|(_, dogs)| dogs), Some(0));
        assert_eq!(dogs_before(&shown, "11"), None, "it is on course");
        assert_eq!(dogs_before(&shown, "7"), None, "another dorsal");
        // Nobody has started: all numbers before it are to come.
        assert_eq!(dogs_before(&run(&[("5", 3, "pending")]), "5").map(|(_, n)| n), Some(2));
        // One that was passed over still waits.
        let late = run(&[("1", 1, "ready"), ("2", 2, "calculated"), ("3", 3, "ready")]);
        assert_eq!(dogs_before(&late, "3").map(|(_, dogs)| dogs), Some(1));
    }
}
