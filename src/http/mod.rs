//! What people and monitors see of the service: `/livez`, `/readyz`, `/health`, `/metrics`.
//!
//! The pipeline is reached by messages only, the data by `db::queries` only.

pub mod almanac;
mod api;
mod calendar;
pub mod charts;
mod day;
mod desk;
mod fragments;
mod gaps;
pub mod guard;
mod health;
mod karts;
mod metrics;
mod notices;
mod overlay;
mod pages;
mod privacy;
mod relay;
pub mod session;
mod stream;
mod view;
pub mod words;

use std::{net::TcpListener, sync::Arc, time::Instant};

use actix::{MailboxError, Recipient};
use actix_web::{
    App, HttpResponse, Route,
    dev::{Server, ServiceResponse},
    guard::{Any, Get, Head},
    http::header,
    middleware::{ErrorHandlerResponse, ErrorHandlers, from_fn},
    web,
};
use serde_json::json;

use crate::{
    db::LatePool,
    event::FeedId,
    pipeline::{
        journal::JournalCounters,
        live::{LiveDesk, WatchFeed, Watching},
        liveness::Liveness,
        message::GetHealth,
        writer::WriterCounters,
    },
};

use almanac::Almanac;
use guard::Guard;
use session::Sessions;

pub use desk::{Desk, Unanswered};
pub use gaps::GapsHealth;
pub use health::{DatabaseHealth, Health, JournalHealth, Overall, WriterHealth};
pub use notices::{NoticeNames, NoticesHealth};
pub use privacy::Privacy;
pub use relay::{RelayPort, serve_port};
pub use stream::Outlet;

/// Whom the handlers ask.
pub struct Sources {
    pub fleet: Recipient<GetHealth>,
    pub live: LiveDesk,
    pub privacy: Privacy,
    pub almanac: Arc<Almanac>,
    /// Whom notices are sent to.
    pub notices: Arc<NoticeNames>,
    pub liveness: Arc<Liveness>,
    pub writer: Arc<WriterCounters>,
    pub journal: Arc<JournalCounters>,
    pub journal_max_bytes: u64,
    pub pool: Arc<LatePool>,
    pub desk: Desk,
    /// `user@host:port/name`, without a password; a word for a private one.
    pub database: String,
    pub private_database: bool,
    /// The local websockets.
    pub sessions: Arc<Sessions>,
    pub started: Instant,
}

impl Sources {
    /// What a feed shows, now and from now on; none where there is no such feed.
    ///
    /// # Errors
    /// The hub is gone: the service is about to end.
    async fn watch(&self, feed: &str) -> Result<Option<Watching>, MailboxError> {
        self.live.watch.send(WatchFeed(FeedId::new(feed))).await
    }
}

/// Serves on a socket that is bound already, so that a taken port is noticed before anything runs.
///
/// # Errors
/// The socket can't be listened on, or TLS can't be set up.
pub fn serve(
    listener: TcpListener,
    guard: Arc<Guard>,
    sources: web::Data<Sources>,
) -> std::io::Result<Server> {
    session::prepare(&listener, sources.sessions.limits())?;
    let sessions = web::Data::from(sources.sessions.clone());
    let gaps = web::Data::new(gaps::GapWatch::default());
    let karts = web::Data::new(karts::KartDesk::default());
    let exports = web::Data::new(api::Exports::default());
    let on_guard = web::Data::from(guard.clone());
    guard::listen(listener, guard, move || {
        App::new()
            .app_data(sources.clone())
            .app_data(sessions.clone())
            .app_data(gaps.clone())
            .app_data(karts.clone())
            .app_data(exports.clone())
            .app_data(on_guard.clone())
            .wrap(ErrorHandlers::new().default_handler(as_json))
            .wrap(from_fn(guard::watch))
            .route("/livez", look().to(health::livez))
            .route("/readyz", look().to(health::readyz))
            .route("/health", look().to(health::health))
            .route("/metrics", look().to(metrics::metrics))
            .configure(guard::routes)
            .configure(api::routes)
            .configure(pages::routes)
            .configure(overlay::routes)
            .configure(relay::routes)
    })
}

/// GET, and HEAD for those who only want to know whether something is there.
fn look() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}

/// Errors of the framework itself (no such page) read like ours.
fn as_json<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    if response.response().headers().contains_key(header::CONTENT_TYPE) {
        return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
    }
    let status = response.status();
    let words = status.canonical_reason().unwrap_or("error").to_lowercase();
    let answer = HttpResponse::build(status).json(json!({ "error": words }));
    let (request, _) = response.into_parts();
    let response = ServiceResponse::new(request, answer).map_into_boxed_body();
    Ok(ErrorHandlerResponse::Response(response.map_into_right_body()))
}
