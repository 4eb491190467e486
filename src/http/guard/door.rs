//! The door: takes connections off the port, gives each a seat or none, and speaks TLS.
//!
//! A connection without a seat is closed before anything is read from it, also before a handshake:
//! whoever opens thousands costs no more than that, and nobody else waits. This is why the parts of
//! the server are put together here, not by `HttpServer`, which counts only whole handshakes and
//! stops accepting from everybody when too many are half done.

use std::{
    fmt,
    future::Future,
    io,
    net::TcpListener,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_http::{
    HttpServiceBuilder, Request, Response,
    body::{BoxBody, MessageBody},
};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::{
    dev::{AppConfig, Server},
    rt::net::TcpStream,
};
use log::debug;
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{select, sync::watch};

use crate::http::session::{LINGER, WRITE_BUFFER};

use super::{Guard, Seat};

/// Two answer for hours of monitors and a table of people; the pages' own load comes with them.
const WORKERS: usize = 2;
/// A head that takes longer is sent by nobody who wants an answer.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// A page's assets come right after it; a monitor asks every few seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Sessions get so long to say farewell.
const STOP_WITHIN_SECONDS: u64 = 2;
/// What a worker takes; seats are the limit that counts.
const ANY_NUMBER: usize = 1 << 20;

/// Serves `app` on a socket that is bound already, guarded: seats are given by [`Guard`], and TLS is
/// spoken where the rules have a certificate. The app itself has to wrap [`super::watch`] or
/// [`super::watch_relay`].
///
/// # Errors
/// The socket can't be listened on, or TLS can't be set up.
pub fn listen<F, A, S, B>(listener: TcpListener, guard: Arc<Guard>, app: F) -> io::Result<Server>
where
    F: Fn() -> A + Send + Clone + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let builder = Server::build()
        .workers(WORKERS)
        .max_concurrent_connections(ANY_NUMBER)
        .disable_signals()
        .shutdown_timeout(STOP_WITHIN_SECONDS);
    let app = move || {
        let app = app().into_factory().map_err(|error| error.into().error_response());
        map_config(app, |()| AppConfig::default())
    };
    let tls = guard.rules().identity.is_some().then(|| server_config(&guard)).transpose()?;
    let server = match tls {
        None => builder.listen("ringside", listener, move || Door {
            guard: guard.clone(),
            inside: http().h1(app()).tcp(),
        })?,
        Some(tls) => builder.listen("ringside", listener, move || Door {
            guard: guard.clone(),
            inside: http().h1(app()).rustls_0_23(tls.clone()),
        })?,
    };
    Ok(server.run())
}

fn http<T, S>() -> HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(KEEP_ALIVE)
        .h1_write_buffer_size(WRITE_BUFFER)
        .client_request_timeout(HEAD_WITHIN)
        .client_disconnect_timeout(LINGER)
}

fn server_config(guard: &Arc<Guard>) -> io::Result<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(guard.clone())));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificate of the present rules, so that a new one is shown from the next handshake on.
#[derive(Debug)]
struct Shown(Arc<Guard>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.rules().identity.as_ref().map(|identity| identity.pair())
    }
}

struct Door<F> {
    guard: Arc<Guard>,
    inside: F,
}

impl<F> ServiceFactory<TcpStream> for Door<F>
where
    F: ServiceFactory<TcpStream, Config = (), Response = ()>,
    F::Service: 'static,
    F::Future: 'static,
    F::Error: fmt::Debug,
{
    type Response = ();
    type Error = ();
    type Config = ();
    type Service = DoorService<F::Service>;
    type InitError = F::InitError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Service, Self::InitError>>>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let guard = self.guard.clone();
        let inside = self.inside.new_service(());
        Box::pin(async move { Ok(DoorService { guard, inside: Rc::new(inside.await?) }) })
    }
}

struct DoorService<S> {
    guard: Arc<Guard>,
    inside: Rc<S>,
}

impl<S> Service<TcpStream> for DoorService<S>
where
    S: Service<TcpStream, Response = ()> + 'static,
    S::Error: fmt::Debug,
{
    type Response = ();
    type Error = ();
    type Future = Pin<Box<dyn Future<Output = Result<(), ()>>>>;

    /// Always: what is inside would make everybody wait for the handshakes of a few. Seats bound
    /// them instead.
    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, stream: TcpStream) -> Self::Future {
        let seat = stream.peer_addr().ok().and_then(|peer| self.guard.seat(peer.ip()));
        let Some(seat) = seat else { return Box::pin(std::future::ready(Ok(()))) };
        let evicted = self.guard.eviction();
        Box::pin(attend(self.inside.call(stream), evicted, seat))
    }
}

/// One connection, to its end or until all have to go.
async fn attend<E: fmt::Debug>(
    life: impl Future<Output = Result<(), E>>,
    mut evicted: watch::Receiver<u64>,
    _seat: Seat,
) -> Result<(), ()> {
    select! {
        ended = life => if let Err(error) = ended {
            // A handshake that failed, a client that went away: daily life on a network.
            debug!("a connection ended badly: {error:?}");
        },
        // The guard is gone only when the server is.
        _ = evicted.changed() => {}
    }
    Ok(())
}
