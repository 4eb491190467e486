//! A port of its own for clients that know only a host and a port: they name the feed with the
//! greeting that they would send to the venue.

use std::{net::TcpListener, sync::Arc};

use actix_web::{App, Error, HttpRequest, HttpResponse, dev::Server, middleware::from_fn, web};

use crate::http::{
    Sources,
    guard::{self, Guard},
    session::{self, Heard, Talk},
};

use super::news;

/// The greeting that a client means with its words; none if they are no greeting.
pub type Greeting = fn(&str) -> Option<String>;

/// Whose clients are served on a port.
#[derive(Clone, Copy)]
pub struct RelayPort {
    /// The kind of the feeds.
    pub kind: &'static str,
    pub greeting: Greeting,
}

/// Serves on a socket that is bound already. What is asked for is told as soon as such a feed is
/// configured; a client may ask for another one later.
///
/// # Errors
/// The socket can't be listened on, or TLS can't be set up.
pub fn serve_port(
    listener: TcpListener,
    guard: Arc<Guard>,
    sources: web::Data<Sources>,
    port: RelayPort,
) -> std::io::Result<Server> {
    session::prepare(&listener, sources.sessions.limits())?;
    let sessions = web::Data::from(sources.sessions.clone());
    let on_guard = web::Data::from(guard.clone());
    guard::listen(listener, guard, move || {
        App::new()
            .app_data(sources.clone())
            .app_data(sessions.clone())
            .app_data(on_guard.clone())
            .app_data(web::Data::new(port))
            .wrap(from_fn(guard::watch_relay))
            .default_service(web::get().to(greet))
    })
}

async fn greet(
    request: HttpRequest,
    payload: web::Payload,
    sources: web::Data<Sources>,
    port: web::Data<RelayPort>,
) -> Result<HttpResponse, Error> {
    let (desk, port) = (sources.live.clone(), *port.get_ref());
    let hear = move |words: &str| match (port.greeting)(words) {
        Some(greeting) => Heard::News(news::of_greeted(port.kind, greeting, desk.clone())),
        None => Heard::Nothing,
    };
    session::open(&request, payload, Talk { news: None, hear: Box::new(hear) })
}
