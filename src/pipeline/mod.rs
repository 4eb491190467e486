//! Who runs, when, and how it fails: the actors between a venue's socket and the database.
//!
//! Nothing in here names a concrete kind of feed or a Postgres table.

pub mod message;
pub mod source;

pub mod backoff;
pub mod bucket;
pub mod supervisor;

pub mod connection;
pub mod websocket;

pub mod journal;
pub mod live;

pub mod parser;
mod turns;

pub mod writer;

pub mod liveness;

#[cfg(test)]
mod fakes;
