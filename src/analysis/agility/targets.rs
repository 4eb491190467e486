//! What there is to beat: the time and the speed for the lead and for each qualification.
//!
//! Venues send a dog's qualification and never its limits. The limits here are those of the FCI's
//! rules, seconds of total penalization; [`limits_agree`] tells whether the venue's words so far
//! are the same.

use bigdecimal::{BigDecimal, RoundingMode, Zero};

use crate::event::agility::{
    Course, Playset,
    rules::{TimeToBeat, time_for, time_to_lead},
};

use super::results::score;

/// What a dog may be after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    Lead,
    /// Excellent without any penalization.
    Exc0,
    Exc,
    VGood,
    Good,
}

impl Goal {
    pub const QUALIFICATIONS: [Self; 4] = [Self::Exc0, Self::Exc, Self::VGood, Self::Good];

    /// As venues write the qualification; `lead` for the lead.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Exc0 => "EXC_0",
            Self::Exc => "EXC",
            Self::VGood => "V_GOOD",
            Self::Good => "GOOD",
        }
    }

    /// The total penalization below which a dog gets the qualification, seconds; for [`Goal::Exc0`]
    /// it must be just that. None for the lead.
    pub fn limit_s(self) -> Option<i32> {
        match self {
            Self::Lead => None,
            Self::Exc0 => Some(0),
            Self::Exc => Some(6),
            Self::VGood => Some(16),
            Self::Good => Some(26),
        }
    }

    /// The qualification for this total penalization; none beyond them all.
    fn of(penalization: &BigDecimal) -> Option<Self> {
        if penalization.is_zero() {
            return Some(Self::Exc0);
        }
        let limits =
            Self::QUALIFICATIONS.into_iter().filter_map(|goal| Some((goal, goal.limit_s()?)));
        let mut below = limits.filter(|(_, limit_s)| (penalization - limit_s) < BigDecimal::zero());
        below.next().map(|(goal, _)| goal)
    }
}

/// What it takes to reach a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub goal: Goal,
    /// With so many faults and refusals.
    pub marks: i32,
    pub reach: Reach,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Time {
        /// Seconds.
        time_s: BigDecimal,
        /// Just that time is still enough; else it takes less.
        or_equal: bool,
        /// Metres a second that make that time, rounded up; none where the length is not known.
        speed_m_s: Option<BigDecimal>,
    },
    /// The marks alone are too many.
    OutOfReach,
    /// Nobody leads yet, or the standard time is not known.
    Unknown,
}

/// What a dog with so many marks needs for the lead, held by `leader`, and for each qualification.
pub fn targets(course: &Course, leader: Option<&Playset>, marks: i32) -> Vec<Target> {
    let goals = [Goal::Lead].into_iter().chain(Goal::QUALIFICATIONS);
    goals.map(|goal| Target { goal, marks, reach: reach(goal, course, leader, marks) }).collect()
}

/// Whether the words that the venue gave so far are those of the limits here; none where it gave
/// none that could tell.
pub fn limits_agree(playsets: &[Playset]) -> Option<bool> {
    let told = playsets.iter().filter_map(|dog| {
        let (penalization, _) = score(dog)?;
        let word = dog.qualification.as_deref()?.trim();
        Some(word == Goal::of(penalization).map_or("NQ", Goal::word))
    });
    told.reduce(|all, one| all && one)
}

fn reach(goal: Goal, course: &Course, leader: Option<&Playset>, marks: i32) -> Reach {
    let standard = course.standard_time.as_ref();
    let found = match goal.limit_s() {
        None => {
            let lead = leader.and_then(score);
            lead.and_then(|lead| time_to_lead(marks, lead, standard)).map(|to_beat| match to_beat {
                TimeToBeat::Seconds(time) => Some((time, false)),
                TimeToBeat::OutOfReach => None,
            })
        }
        Some(limit_s) => standard.map(|standard| {
            let time = time_for(marks, &BigDecimal::from(limit_s), standard)?;
            // Below the limit, but for none at all just none.
            let or_equal = goal == Goal::Exc0;
            // Marks that make the limit are too many, whatever the time.
            (or_equal || time > *standard).then_some((time, or_equal))
        }),
    };
    match found {
        None => Reach::Unknown,
        Some(None) => Reach::OutOfReach,
        Some(Some((time, or_equal))) => within_maximum(time, or_equal, course),
    }
}

/// Who needs longer than the maximum time is out.
fn within_maximum(time: BigDecimal, or_equal: bool, course: &Course) -> Reach {
    let maximum = course.maximum_time.as_ref().filter(|maximum| **maximum < time);
    let (time_s, or_equal) = maximum.map_or((time, or_equal), |maximum| (maximum.clone(), true));
    let speed_m_s = course.length_m.as_ref().and_then(|length| speed(length, &time_s));
    Reach::Time { time_s, or_equal, speed_m_s }
}

fn speed(length_m: &BigDecimal, time_s: &BigDecimal) -> Option<BigDecimal> {
    let is_fit = *time_s > BigDecimal::zero() && *length_m > BigDecimal::zero();
    is_fit.then(|| (length_m / time_s).with_scale_round(2, RoundingMode::Up))
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{calculated, decimal},
        *,
    };

    /// 160 m in 40 s, out beyond 60 s.
    fn course() -> Course {
        Course {
            length_m: Some(decimal("160")),
            standard_time: Some(decimal("40")),
            maximum_time: Some(decimal("60")),
            ..Course::default()
        }
    }

    fn time(time_s: &str, or_equal: bool, speed: &str) -> Reach {
        Reach::Time { time_s: decimal(time_s), or_equal, speed_m_s: Some(decimal(speed)) }
    }

    fn reaches(course: &Course, leader: Option<&Playset>, marks: i32) -> Vec<Reach> {
        targets(course, leader, marks).into_iter().map(|target| target.reach).collect()
    }

    #[test]
    fn clean_dog_has_the_standard_time_and_what_each_limit_leaves() {
        let leader = calculated("lead", "0.00", "35.40");
        let expected = [
            // 160 / 35.40 = 4.519…, 160 / 46 = 3.478…, 160 / 56 = 2.857…
            time("35.40", false, "4.52"),
            time("40", true, "4.00"),
            time("46", false, "3.48"),
            time("56", false, "2.86"),
            // 66 s would be allowed, were 60 s not the maximum; 160 / 60 = 2.666…
            time("60", true, "2.67"),
        ];
        assert_eq!(reaches(&course(), Some(&leader), 0), expected);
    }

    #[test]
    fn marks_eat_up_what_the_limits_leave() {
        let leader = calculated("lead", "5.00", "35.40");
        let expected = [
            time("35.40", false, "4.52"),
            Reach::OutOfReach,
            time("41", false, "3.91"),
            time("51", false, "3.14"),
            time("60", true, "2.67"),
        ];
        assert_eq!(reaches(&course(), Some(&leader), 1), expected);
        let many = reaches(&course(), Some(&leader), 5);
        assert_eq!(many[..4], [const { Reach::OutOfReach }; 4]);
        assert_eq!(many[4], time("41", false, "3.91"));
    }

    #[test]
    fn nothing_is_made_up_where_the_venue_told_nothing() {
        assert_eq!(reaches(&Course::default(), None, 0), [const { Reach::Unknown }; 5]);
        let leader = calculated("lead", "0.00", "35.40");
        let lead = Reach::Time { time_s: decimal("35.40"), or_equal: false, speed_m_s: None };
        assert_eq!(reaches(&Course::default(), Some(&leader), 0)[0], lead);
    }

    #[test]
    fn limits_are_held_against_the_words_of_the_venue() {
        let said = |penalization, word: &str| Playset {
            qualification: Some(word.into()),
            ..calculated("a", penalization, "31.00")
        };
        let words = [
            said("0.00", "EXC_0"),
            said("5.99", "EXC"),
            said("6.00", "V_GOOD"),
            said("15.99", "V_GOOD"),
            said("25.99", "GOOD"),
            said("26.00", "NQ"),
        ];
        assert_eq!(limits_agree(&words), Some(true));
        assert_eq!(limits_agree(&[said("5.00", "EXC"), said("10.00", "EXC")]), Some(false));
        assert_eq!(limits_agree(&[calculated("a", "0.00", "31.00")]), None);
    }
}
