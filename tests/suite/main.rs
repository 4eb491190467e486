//! Tests with the real parts: a real Postgres, real sockets, the real program.

mod support;

mod db_embedded;
mod db_schema;
mod db_store;

mod cli;
mod connection;
mod outage;
mod samples;
mod supervision;
mod worlds;
