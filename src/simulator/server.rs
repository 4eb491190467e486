//! Who answers the phone: takes connections, upgrades them, and finds out which venue is meant.
//!
//! One task a connection. It reads requests and talks side by side, so that a client that does not
//! read still gets its requests seen. Faults of the handshake are done here.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    sync::mpsc,
    task::JoinSet,
};

use super::{
    deflate::Compression,
    fault::Fault,
    outlet::Outlet,
    socket::{Request, RequestReader, TEXT, Upgrade},
    talk::{self, Talk},
    venue::Venue,
};

/// A client that says nothing for so long after connecting is none.
const UPGRADE_WITHIN: Duration = Duration::from_secs(30);
/// Where a client connects that names its track only after the upgrade.
const ANY_TRACK: &str = "/";

/// The venues of a simulator by the path of their address.
pub(super) struct Registry {
    venues: RwLock<HashMap<String, Arc<Venue>>>,
    max_backlog: usize,
}

impl Registry {
    pub fn new(max_backlog: usize) -> Self {
        Self { venues: RwLock::default(), max_backlog }
    }

    pub fn add(&self, venue: Arc<Venue>) {
        let mut venues = self.venues.write().unwrap_or_else(PoisonError::into_inner);
        venues.insert(venue.path(), venue);
    }

    pub fn track(&self, resource: &str) -> Option<Arc<Venue>> {
        self.at(&format!("/{resource}")).filter(|venue| venue.is_track())
    }

    pub fn venues(&self) -> Vec<Arc<Venue>> {
        self.venues.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn at(&self, path: &str) -> Option<Arc<Venue>> {
        self.venues.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

/// Takes connections for ever. All of them end with this task.
pub(super) async fn accept(listener: TcpListener, registry: Arc<Registry>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, registry.clone()));
                }
                Err(error) => {
                    log::warn!("simulator can't accept a connection: {error}");
                    // Out of file descriptors, most likely: some will be given back.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    log::error!("simulator connection died: {error}");
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, registry: Arc<Registry>) {
    // Clients go away and misbehave as they like: that is no news.
    if let Err(error) = greet(stream, &registry).await {
        log::debug!("simulator connection ended: {error}");
    }
}

async fn greet(mut stream: TcpStream, registry: &Registry) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (upgrade, rest) =
        tokio::time::timeout(UPGRADE_WITHIN, Upgrade::read(&mut stream)).await??;
    if upgrade.path == ANY_TRACK {
        return converse(stream, upgrade, rest, None, registry).await;
    }
    let Some(venue) = registry.at(&upgrade.path) else {
        return refuse(stream, "404 Not Found").await;
    };
    match venue.fault() {
        Fault::Refuse => {
            let _counted = venue.count_connection();
            stream.set_zero_linger()
        }
        Fault::RefuseWith503 => {
            let _counted = venue.count_connection();
            refuse(stream, "503 Service Unavailable").await
        }
        Fault::HangBeforeUpgrade => {
            let _counted = venue.count_connection();
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(|_| ())
        }
        _ => converse(stream, upgrade, rest, Some(venue), registry).await,
    }
}

async fn refuse(mut stream: TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn converse(
    stream: TcpStream,
    upgrade: Upgrade,
    rest: Vec<u8>,
    venue: Option<Arc<Venue>>,
    registry: &Registry,
) -> io::Result<()> {
    let open = venue.as_ref().map(Venue::count_connection);
    let compression = venue.as_ref().map_or(Compression::default(), |venue| venue.compression);
    let agreement = upgrade.agree(compression);
    let (reading, writing) = stream.into_split();
    let deflater = agreement.as_ref().map(|agreement| agreement.deflater());
    let mut out = Outlet::new(writing, deflater, upgrade.answer(agreement.as_ref()));
    let early = venue
        .as_ref()
        .filter(|venue| venue.fault() == Fault::DataWithUpgrade)
        .and_then(|venue| venue.present());
    if let Some(present) = &early {
        out.add(TEXT, present)?;
    }
    out.flush().await?;
    if let Some((open, present)) = open.as_ref().zip(early) {
        open.keep_sent(false, present);
    }
    let reader = RequestReader::new(reading, rest, agreement.map(|agreed| agreed.inflater()));
    let (requests_in, mut requests) = mpsc::channel(16);
    let max_backlog = registry.max_backlog;
    let talk = async {
        match venue.zip(open) {
            Some((venue, open)) => Talk::new(venue, open, out, requests, max_backlog).run().await,
            None => match talk::wait_for_start(&mut out, &mut requests, registry).await? {
                Some(venue) => {
                    let open = venue.count_connection();
                    let talk = Talk::new(venue, open, out, requests, max_backlog);
                    talk.started().run().await
                }
                None => Ok(()),
            },
        }
    };
    tokio::select! {
        read = read_requests(reader, requests_in) => read,
        said = talk => said,
    }
}

async fn read_requests(
    mut reader: RequestReader<OwnedReadHalf>,
    requests: mpsc::Sender<Request>,
) -> io::Result<()> {
    while let Some(request) = reader.next().await? {
        if requests.send(request).await.is_err() {
            break;
        }
    }
    Ok(())
}
