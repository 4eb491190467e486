//! What people ask at a track.

mod class;
mod spread;
pub mod kart_model;

pub use class::{CLASS_RULES, kart_class};
pub use spread::Spread;
