//! Many clients that read as cheaply as possible, on a thread of their own.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
    time::timeout,
};

use crate::support::LIMIT;

/// Clients that connect at the same time: a listener has room for so many.
const AT_ONCE: usize = 64;
const READ_BUFFER: usize = 16 << 10;

/// An open websocket of which nothing was read but the answer to the upgrade.
pub async fn upgrade(address: SocketAddr, path: &str) -> TcpStream {
    timeout(LIMIT, try_upgrade(address, path)).await.expect("an answer in time")
}

async fn try_upgrade(address: SocketAddr, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    socket
}

/// What one client has heard.
#[derive(Default)]
struct Ear {
    texts: AtomicU64,
    /// When the texts came, those that carry the time at which they were sent.
    delays: Mutex<Vec<Duration>>,
}

/// Clients that listen until they are dropped.
pub struct Crowd {
    ears: Vec<Arc<Ear>>,
    runtime: Option<Runtime>,
}

impl Crowd {
    /// So many clients that each say these words first.
    pub async fn gather(
        address: SocketAddr,
        path: &'static str,
        words: &'static [&'static str],
        clients: usize,
    ) -> Self {
        Self::timed(address, path, words, clients, |_| None).await
    }

    /// The same; `sent_at` reads from a text when it was sent.
    pub async fn timed(
        address: SocketAddr,
        path: &'static str,
        words: &'static [&'static str],
        clients: usize,
        sent_at: fn(&[u8]) -> Option<Instant>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let ears: Vec<_> = (0..clients).map(|_| Arc::new(Ear::default())).collect();
        for ears in ears.chunks(AT_ONCE) {
            let mut connecting = JoinSet::new();
            for ear in ears.iter().cloned() {
                connecting.spawn_on(
                    async move {
                        let mut socket = upgrade(address, path).await;
                        for words in words {
                            socket.write_all(&frame(0x81, words.as_bytes())).await.unwrap();
                        }
                        tokio::spawn(listen(socket, ear, sent_at));
                    },
                    runtime.handle(),
                );
            }
            while let Some(connected) = connecting.join_next().await {
                connected.unwrap();
            }
        }
        Self { ears, runtime: Some(runtime) }
    }

    /// Texts that everybody has heard.
    pub fn heard_by_all(&self) -> u64 {
        self.texts().min().unwrap_or(0)
    }

    pub fn heard_in_all(&self) -> u64 {
        self.texts().sum()
    }

    /// How long each text took to its last hearer, and how long each took to each; both sorted.
    #[allow(dead_code, reason = "the bench of the fan-out asks for it")]
    pub fn delays(&self) -> (Vec<Duration>, Vec<Duration>) {
        let each: Vec<_> = self.ears.iter().map(|ear| ear.delays.lock().unwrap().clone()).collect();
        let texts = each.iter().map(Vec::len).min().unwrap_or(0);
        let last = |text: usize| each.iter().map(|delays| delays[text]).max().unwrap();
        let mut lasts: Vec<_> = (0..texts).map(last).collect();
        let mut all = each.concat();
        lasts.sort();
        all.sort();
        (lasts, all)
    }

    fn texts(&self) -> impl Iterator<Item = u64> {
        self.ears.iter().map(|ear| ear.texts.load(Ordering::Relaxed))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Waiting for its threads is not allowed on one that runs tasks.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(socket: TcpStream, ear: Arc<Ear>, sent_at: fn(&[u8]) -> Option<Instant>) {
    let mut socket = BufReader::with_capacity(READ_BUFFER, socket);
    let mut payload = Vec::new();
    // Ends with the socket.
    while let Ok(first) = socket.read_u8().await {
        let Ok(len) = read_len(&mut socket).await else { return };
        payload.resize(len, 0);
        if socket.read_exact(&mut payload).await.is_err() {
            return;
        }
        match first {
            0x81 => {
                if let Some(sent_at) = sent_at(&payload) {
                    ear.delays.lock().unwrap().push(sent_at.elapsed());
                }
                ear.texts.fetch_add(1, Ordering::Relaxed);
            }
            0x89 => drop(socket.write_all(&frame(0x8a, &payload)).await),
            _ => {}
        }
    }
}

async fn read_len(socket: &mut BufReader<TcpStream>) -> std::io::Result<usize> {
    Ok(match socket.read_u8().await? {
        126 => socket.read_u16().await?.into(),
        127 => socket.read_u64().await? as usize,
        len => len.into(),
    })
}

/// A masked frame, with a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).ok().filter(|len| *len < 126).expect("a short frame");
    [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
}
