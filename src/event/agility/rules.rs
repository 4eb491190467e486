//! What the rules of the sport make of marks and times: stated once, for what is on in a ring and
//! for what was.
//!
//! A dog's total penalization is five seconds for every fault and refusal, plus what its time is
//! over the standard time. Fewer penalties win, then the shorter time.

use bigdecimal::{BigDecimal, Zero};

/// Seconds for a fault or a refusal: a mark.
pub const MARK_S: i32 = 5;

/// What a dog needs to take the lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeToBeat {
    /// Less than so many seconds, with the faults and refusals it has.
    Seconds(BigDecimal),
    /// Its faults and refusals are too many already.
    OutOfReach,
}

/// Seconds that so many faults and refusals cost.
pub fn penalty_of(marks: i32) -> BigDecimal {
    BigDecimal::from(i64::from(marks.max(0)) * i64::from(MARK_S))
}

/// The time that makes a total penalization of just `limit` seconds; none where the marks alone are
/// more. A `limit` of the marks alone is met by any time up to the standard time, which this is then.
pub fn time_for(marks: i32, limit: &BigDecimal, standard: &BigDecimal) -> Option<BigDecimal> {
    let left = limit - penalty_of(marks);
    (left >= BigDecimal::zero()).then(|| standard + left)
}

/// What a dog with so many marks needs to take the lead from one with this total penalization and
/// this time, both in seconds; none where only the standard time would tell, and it is not known.
pub fn time_to_lead(
    marks: i32,
    (penalty, time): (&BigDecimal, &BigDecimal),
    standard: Option<&BigDecimal>,
) -> Option<TimeToBeat> {
    let own = penalty_of(marks);
    if own > *penalty {
        return Some(TimeToBeat::OutOfReach);
    }
    if own == *penalty {
        // Time over the standard would cost the lead before the leader's time is reached.
        let limit = standard.filter(|standard| *standard < time);
        return Some(TimeToBeat::Seconds(limit.unwrap_or(time).clone()));
    }
    // Without a standard time nobody can tell how much of the difference time may eat up.
    Some(TimeToBeat::Seconds(standard? + (penalty - own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> BigDecimal {
        text.parse().unwrap()
    }

    /// A dog with so many marks, against a leader.
    fn to_beat(marks: i32, leader: (&str, &str), standard: Option<&str>) -> Option<TimeToBeat> {
        let (penalty, time) = (seconds(leader.0), seconds(leader.1));
        time_to_lead(marks, (&penalty, &time), standard.map(seconds).as_ref())
    }

    #[test]
    fn clean_dog_has_to_beat_the_time_of_a_clean_leader() {
        let time = |text| Some(TimeToBeat::Seconds(seconds(text)));
        assert_eq!(to_beat(0, ("0.00", "31.20"), None), time("31.20"));
        assert_eq!(to_beat(1, ("0.00", "31.20"), Some("40")), Some(TimeToBeat::OutOfReach));
        assert_eq!(to_beat(1, ("5.00", "31.20"), Some("40")), time("31.20"));
    }

    #[test]
    fn dog_with_fewer_penalties_may_use_the_difference_beyond_the_standard_time() {
        let time = |text| Some(TimeToBeat::Seconds(seconds(text)));
        assert_eq!(to_beat(0, ("5.00", "31.20"), Some("40")), time("45.00"));
        assert_eq!(to_beat(0, ("5.00", "31.20"), None), None);
        // The leader lost five seconds by time alone: within the standard is enough.
        assert_eq!(to_beat(1, ("5.00", "45.00"), Some("40")), time("40"));
    }

    #[test]
    fn limit_leaves_time_that_marks_eat_up() {
        let standard = seconds("40");
        assert_eq!(time_for(0, &seconds("0"), &standard), Some(seconds("40")));
        assert_eq!(time_for(1, &seconds("6"), &standard), Some(seconds("41")));
        assert_eq!(time_for(2, &seconds("6"), &standard), None);
        assert_eq!(time_for(-3, &seconds("6"), &standard), Some(seconds("46")));
    }
}
