//! Ringside keeps a fleet of live-timing feeds connected and saves everything they say in Postgres.
//!
//! ```text
//! ringside.toml ─▶ FeedSupervisor ──spawns──▶ Connection     one per track or ring, one socket, one life
//!                      ▲                        │ FrameReceived    left in the intake, which has so many places
//!           ConnectionUp/Down                   ▼
//!                      │                      Journal ──▶ LiveHub ──▶ pages, overlays, relay
//!                      │                        │               every frame on disk first
//!                      │                        │ FramesRecorded
//!                      │                        ▼
//!                      │                      Parser ── Decoder per feed (feed/<kind>)
//!    /health ◀─ GetHealth                       │ EventsDecoded
//!                                               ▼
//!                                             Writer          batches by size and age, one in flight
//!                                               │ WriteBatch
//!                                               ▼
//!                                             Store (blocking, own thread) ─▶ r2d2 pool ─▶ Postgres
//! ```
//!
//! The modules stand in the order in which data flows through them; `ARCHITECTURE.md` tells the
//! rest: who may import whom, what is deliberately absent, and the way of one lap.

pub mod app;
pub mod config;

pub mod board;
pub mod event;
pub mod feed;
pub mod pipeline;

pub mod analysis;
pub mod db;
pub mod export;
pub mod http;
pub mod notify;
pub mod retention;

pub mod cli;
pub mod recording;
pub mod simulator;

mod spelling;
mod whole_file;
