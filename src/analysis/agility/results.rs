//! The results of a run, in their order.

use std::{cmp::Reverse, collections::BTreeMap};

use bigdecimal::{BigDecimal, Zero};

use crate::event::agility::Playset;

/// Venues send so many of the best with every message, with their places: those are true at any
/// time. A dog behind them keeps the place that was sent when it was done.
const BEST: i32 = 10;

/// A dog that is done, and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<'a> {
    pub dog: &'a Playset,
    /// 1 for the first; none for who is out.
    pub place: Option<i32>,
    /// Reckoned here: the venue named no place, or one that another dog has taken since.
    pub is_provisional: bool,
}

/// It has its result.
pub fn is_done(dog: &Playset) -> bool {
    dog.status.as_deref() == Some("calculated")
}

/// Eliminated, or not placed for another reason: beyond the maximum time, not presented.
pub fn is_out(dog: &Playset) -> bool {
    let word = dog.qualification.as_deref().unwrap_or_default().trim().to_uppercase();
    dog.disqualification.is_some() || word.starts_with("DISQ") || word == "NP"
}

/// Done without a fault, a refusal or a second over the standard time.
pub fn is_clear(dog: &Playset) -> bool {
    is_done(dog) && !is_out(dog) && dog.total_penalization.as_ref().is_some_and(Zero::is_zero)
}

/// Faults and refusals together.
pub fn marks(dog: &Playset) -> i32 {
    dog.faults.unwrap_or(0).saturating_add(dog.refusals.unwrap_or(0))
}

/// All dogs of a run that are done: the placed in the order of their places, then who is out, in
/// start order.
///
/// The order is the one of the rules, less penalization first, then the shorter time; equal ones
/// share a place. Where the venue's own places of the best say otherwise, theirs come first. A dog
/// is never placed better than the venue said: others may have run unseen.
pub fn results(playsets: &[Playset]) -> Vec<Placed<'_>> {
    let done = playsets.iter().filter(|dog| is_done(dog));
    let (mut placed, mut out): (Vec<_>, Vec<_>) = done.partition(|dog| score(dog).is_some());
    out.sort_by_key(|dog| (dog.start_order.unwrap_or(i32::MAX), &dog.playset_id));
    let held = held(&placed);
    placed.sort_by_key(|dog| (score(dog), held_by(&held, dog), &dog.playset_id));
    let venues: Vec<_> = placed.iter().filter_map(|dog| held_by(&held, dog)).collect();
    if !venues.is_sorted() {
        placed.sort_by_key(|dog| held_by(&held, dog).unwrap_or(i32::MAX));
    }
    let mut results: Vec<Placed<'_>> = Vec::with_capacity(placed.len() + out.len());
    for (rank, dog) in (1..).zip(placed) {
        let shared = results.last().filter(|before| score(before.dog) == score(dog));
        let rank = shared.and_then(|before| before.place).unwrap_or(rank);
        let of_venue = held_by(&held, dog);
        let place = of_venue.unwrap_or_else(|| rank.max(dog.classification.unwrap_or(rank)));
        results.push(Placed { dog, place: Some(place), is_provisional: of_venue.is_none() });
    }
    results.extend(out.into_iter().map(|dog| Placed { dog, place: None, is_provisional: false }));
    results
}

/// Whom to beat: the first of [`results`].
pub fn leader<'a>(results: &[Placed<'a>]) -> Option<&'a Playset> {
    results.first().filter(|first| first.place.is_some()).map(|first| first.dog)
}

/// What places are about, seconds: total penalization, then time; none for who is out.
pub(super) fn score(dog: &Playset) -> Option<(&BigDecimal, &BigDecimal)> {
    if is_out(dog) {
        return None;
    }
    Some((dog.total_penalization.as_ref()?, dog.time_s.as_ref()?))
}

/// The dogs that hold the venue's places among the best, by place: the one that was told last, and
/// whoever has the same result.
fn held<'a>(placed: &[&'a Playset]) -> BTreeMap<i32, &'a Playset> {
    let mut newest_first = placed.to_vec();
    newest_first.sort_by_key(|dog| (Reverse(dog.updated_at), score(dog)));
    let mut held = BTreeMap::new();
    for dog in newest_first {
        if let Some(place) = dog.classification.filter(|place| (1..=BEST).contains(place)) {
            held.entry(place).or_insert(dog);
        }
    }
    held
}

fn held_by(held: &BTreeMap<i32, &Playset>, dog: &Playset) -> Option<i32> {
    let place = dog.classification?;
    held.get(&place).filter(|holder| score(holder) == score(dog)).map(|_| place)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{at, calculated, dog, out},
        *,
    };

    fn order(playsets: &[Playset]) -> Vec<(&str, Option<i32>, bool)> {
        let placed = results(playsets);
        placed
            .into_iter()
            .map(|one| (one.dog.playset_id.as_str(), one.place, one.is_provisional))
            .collect()
    }

    fn with_place(mut playset: Playset, place: i32, told_at: i64) -> Playset {
        (playset.classification, playset.updated_at) = (Some(place), at(told_at));
        playset
    }

    #[test]
    fn results_are_by_penalization_then_time_and_equal_ones_share_a_place() {
        let playsets = [
            calculated("slow", "0.00", "35.40"),
            out("out-9", 9),
            calculated("marked", "5.00", "30.00"),
            calculated("quick", "0.000", "31.200"),
            calculated("as-slow", "0", "35.4"),
            dog("waits", "pending"),
            out("out-2", 2),
        ];
        let expected = [
            ("quick", Some(1), true),
            ("as-slow", Some(2), true),
            ("slow", Some(2), true),
            ("marked", Some(4), true),
            ("out-2", None, false),
            ("out-9", None, false),
        ];
        assert_eq!(order(&playsets), expected);
    }

    #[test]
    fn place_that_another_took_since_is_reckoned_anew() {
        let playsets = [
            with_place(calculated("was-first", "0.00", "33.00"), 1, 10),
            with_place(calculated("first", "0.00", "31.00"), 1, 20),
            with_place(calculated("third", "5.00", "31.00"), 3, 20),
        ];
        let expected =
            [("first", Some(1), false), ("was-first", Some(2), true), ("third", Some(3), false)];
        assert_eq!(order(&playsets), expected);
    }

    #[test]
    fn order_of_the_venue_comes_before_the_rules() {
        let playsets = [
            with_place(calculated("protested", "0.00", "31.00"), 2, 10),
            with_place(calculated("winner", "5.00", "40.00"), 1, 10),
            calculated("unnamed", "5.00", "30.00"),
        ];
        let expected =
            [("winner", Some(1), false), ("protested", Some(2), false), ("unnamed", Some(3), true)];
        assert_eq!(order(&playsets), expected);
    }

    #[test]
    fn dog_is_not_placed_better_than_the_venue_said() {
        // Fifteen ran before anybody listened.
        let playsets = [
            with_place(calculated("late", "12.00", "50.00"), 17, 10),
            with_place(calculated("early", "0.00", "31.00"), 4, 10),
        ];
        assert_eq!(order(&playsets), [("early", Some(4), false), ("late", Some(17), true)]);
    }

    #[test]
    fn left_over_words_and_late_dogs_are_out() {
        let mut late = calculated("late", "0.00", "31.00");
        late.qualification = Some("DISQ (T)".into());
        let mut absent = calculated("absent", "0.00", "31.00");
        absent.qualification = Some("np ".into());
        assert!(is_out(&late) && is_out(&absent) && !is_clear(&late));
        assert!(is_clear(&calculated("clear", "0.00", "31.00")));
        assert!(!is_clear(&dog("runs", "running")));
        assert_eq!(leader(&results(&[late, absent])), None);
    }
}
