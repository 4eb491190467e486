//! A TCP proxy that breaks the network between Ringside and Postgres.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Passes,
    /// Open connections are reset, and so is every new one.
    Cut,
    /// Connections are taken and stay open, and nothing arrives on either side.
    Stalls,
    /// Everything arrives so much later.
    Slow(Duration),
}

/// Ends with all its connections when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    network: watch::Sender<Network>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// In front of a server on this port, on the present runtime.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = watch::Sender::new(Network::Passes);
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, server, network.subscribe()));
        Self { address, network, _serving: serving }
    }

    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, network: watch::Receiver<Network>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                connections.spawn(serve(client, server, network.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut client: TcpStream, server: SocketAddr, network: watch::Receiver<Network>) {
    let mut cut = network.clone();
    let reached = tokio::select! {
        _ = cut.wait_for(|network| *network == Network::Cut) => None,
        reached = reach(server, network.clone()) => reached.ok(),
    };
    let Some(mut server) = reached else {
        // A server that can't be reached refuses: the next best thing to that.
        return reset(&client);
    };
    let was_cut = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            _ = cut.wait_for(|network| *network == Network::Cut) => true,
            _ = pass(from_client, to_server, network.clone()) => false,
            _ = pass(from_server, to_client, network) => false,
        }
    };
    if was_cut {
        reset(&client);
        reset(&server);
    }
}

async fn reach(server: SocketAddr, mut network: watch::Receiver<Network>) -> io::Result<TcpStream> {
    flowing(&mut network).await;
    TcpStream::connect(server).await
}

/// Passes on what comes from one side until it ends.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut network: watch::Receiver<Network>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        flowing(&mut network).await;
        to.write_all(&buffer[..read]).await?;
    }
}

/// Returns when the network delivers what it was given now.
async fn flowing(network: &mut watch::Receiver<Network>) {
    // An error means that the proxy ends, and this with it.
    network.wait_for(|network| *network != Network::Stalls).await.ok();
    let late = match *network.borrow() {
        Network::Slow(by) => by,
        _ => return,
    };
    tokio::time::sleep(late).await;
}

/// Lets the end of a connection be no goodbye.
fn reset(connection: &TcpStream) {
    connection.set_zero_linger().ok();
}
