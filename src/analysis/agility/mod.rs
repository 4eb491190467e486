//! What people ask at a ring: who leads, what there is to beat, whose turn it is, and how a club,
//! a country or a dog did.
//!
//! All of it is worked out from playsets as they were last seen. What the rules of the sport say is
//! in [`rules`](crate::event::agility::rules).

mod results;
mod tally;
mod targets;
mod turn;

#[cfg(test)]
mod sample;

pub use results::{Placed, is_clear, is_done, is_out, leader, marks, results};
pub use tally::{Tally, by_club, by_country};
pub use targets::{Goal, Reach, Target, limits_agree, targets};
pub use turn::{Estimate, Rhythm, Turn, Until, expect, rhythm, until, waiting};
