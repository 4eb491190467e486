//! What people ask at a track.

mod class;
mod duel;
pub mod kart_model;
mod kart_table;
mod pace;
#[cfg(test)]
mod sample;
mod score;
mod spread;

pub use class::{CLASS_RULES, kart_class};
pub use duel::{Duel, DuelLap, Side, duel};
pub use kart_table::{KartRow, KartTable, kart_table};
pub use pace::{Evenness, Pace, pace};
pub use score::{Counts, Driven};
pub use spread::Spread;
