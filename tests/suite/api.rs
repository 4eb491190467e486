//! The API over the whole service, against a small database made by hand.

mod changes;
mod contract;
mod examples;
mod facts;
mod lists;
mod manners;
mod schemathesis;
mod world;
