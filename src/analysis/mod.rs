//! What the rows of the past tell when they are put side by side: pure arithmetic, without a
//! database, an actor or a clock. `db::queries` brings the numbers, `http` shows the answers.

pub mod agility;
pub mod karting;
