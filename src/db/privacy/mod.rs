//! Names of people in the tables: found, and replaced. What stands in their place is decided by the
//! caller; what happened stays.

mod age;
mod forget;
mod names;

pub use age::{Aged, delete_old};
pub use forget::{
    Erasure, Occurrence, TABLES_WITH_NAMES, erase_named, erase_payloads, named, payloads, vacuum,
};
pub use names::{
    HeatName, PairName, empty_old, heat_names, pair_names, put_heat_names, put_pair_names, spans,
};
