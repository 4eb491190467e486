//! A webhook's receiver that does what a test says, one answer after the other.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::support::{LIMIT, wait_until};

#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// 429, with `Retry-After`.
    Later(u64),
    /// Reads, and never answers.
    Hangs,
    /// Reads, and closes.
    Closes,
}

/// A call as it came in.
#[derive(Clone, Debug)]
pub struct Call {
    pub at: Instant,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn id(&self) -> &str {
        &self.headers["ringside-notice"]
    }
}

#[derive(Default)]
struct Script {
    /// What comes next; 204 when there is nothing more.
    answers: VecDeque<Answer>,
    calls: Vec<Call>,
}

pub struct Receiver {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

impl Receiver {
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answers).await
    }

    pub async fn start_at(address: SocketAddr, answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = answers.into_iter().collect();
        let script = Arc::new(Mutex::new(Script { answers, calls: Vec::new() }));
        let mut serving = JoinSet::new();
        let shared = script.clone();
        serving.spawn(async move {
            let mut calls = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                calls.spawn(serve(socket, shared.clone()));
            }
        });
        Self { address, script, _serving: serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook/s3cr3t-path", self.address)
    }

    pub fn calls(&self) -> Vec<Call> {
        self.script.lock().unwrap().calls.clone()
    }

    pub async fn called(&self, times: usize) -> Vec<Call> {
        let what = format!("{times} calls");
        wait_until(&what, async || self.calls().len() >= times).await;
        self.calls()
    }
}

async fn serve(mut socket: TcpStream, script: Arc<Mutex<Script>>) {
    let Some(call) = read(&mut socket).await else { return };
    let answer = {
        let mut script = script.lock().unwrap();
        script.calls.push(call);
        script.answers.pop_front().unwrap_or(Answer::Status(204))
    };
    let head = match answer {
        Answer::Status(status) => format!("HTTP/1.1 {status} X\r\nlocation: http://x.invalid/\r\n"),
        Answer::Later(seconds) => format!("HTTP/1.1 429 X\r\nretry-after: {seconds}\r\n"),
        Answer::Hangs => return tokio::time::sleep(LIMIT).await,
        Answer::Closes => return,
    };
    // Whoever called may be gone.
    let head = format!("{head}connection: close\r\ncontent-length: 0\r\n\r\n");
    socket.write_all(head.as_bytes()).await.ok();
}

async fn read(socket: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if body.len() >= length {
                return Some(Call { at: Instant::now(), headers, body: body.to_owned() });
            }
        }
        let mut some = [0; 4096];
        match tokio::time::timeout(Duration::from_secs(30), socket.read(&mut some)).await {
            Ok(Ok(read @ 1..)) => bytes.extend_from_slice(&some[..read]),
            _ => return None,
        }
    }
}
