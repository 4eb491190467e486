//! What people ask at a track.

mod class;

pub use class::{CLASS_RULES, kart_class};
