use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{App, HttpRequest, HttpServer, dev::ServerHandle, web};
use bytestring::ByteString;
use futures_util::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    CloseCode, End, Farewell, Heard, LINGER, News, SessionLimits, Sessions, Talk, WRITE_BUFFER,
    open, prepare,
};

const LIMIT: Duration = Duration::from_secs(20);
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const TEXT: u8 = 0x81;

type Make = fn(&Shared) -> Talk;

/// What the talks of a test share.
#[derive(Clone, Default)]
struct Shared {
    /// Texts that were asked of the news.
    pulled: Arc<AtomicU64>,
}

struct Server {
    address: SocketAddr,
    sessions: Arc<Sessions>,
    shared: Shared,
    handle: ServerHandle,
}

impl Server {
    fn start(limits: SessionLimits, make: Make) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        prepare(&listener, &limits).unwrap();
        let sessions = Arc::new(Sessions::new(limits));
        let shared = Shared::default();
        let (data, given) = (web::Data::from(sessions.clone()), shared.clone());
        let server = HttpServer::new(move || {
            let given = given.clone();
            App::new().app_data(data.clone()).route(
                "/",
                web::get().to(move |request: HttpRequest, payload: web::Payload| {
                    let opened = open(&request, payload, make(&given));
                    async move { opened }
                }),
            )
        })
        .workers(1)
        .h1_write_buffer_size(WRITE_BUFFER)
        .client_disconnect_timeout(LINGER)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        actix::spawn(server);
        Self { address, sessions, shared, handle }
    }

    async fn client(&self) -> Client {
        let (status, client) = self.ask().await;
        assert_eq!(status, 101);
        client
    }

    /// The status of the answer to a handshake.
    async fn ask(&self) -> (u16, Client) {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(!head.to_lowercase().contains("extensions"), "{head}");
        (head[9..12].parse().unwrap(), Client { socket })
    }

    async fn ends(&self, end: End, count: u64) {
        wait_until(end.as_str(), || self.sessions.ended(end) == count).await;
    }
}

struct Client {
    socket: TcpStream,
}

impl Client {
    async fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            len @ 0..126 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 126);
                frame.extend((len as u16).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        // A server that cuts may be faster.
        drop(self.socket.write_all(&frame).await);
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(LIMIT, async {
            let first = self.socket.read_u8().await.ok()?;
            let len = match self.socket.read_u8().await.ok()? {
                126 => self.socket.read_u16().await.ok()?.into(),
                len => usize::from(len),
            };
            let mut payload = vec![0; len];
            self.socket.read_exact(&mut payload).await.ok()?;
            Some((first, payload))
        })
        .await
        .expect("a frame or the end of the socket")
    }

    async fn text(&mut self) -> String {
        let (first, payload) = self.read().await.unwrap();
        assert_eq!(first, TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// The code and the reason of the goodbye that comes next, and then nothing more.
    async fn goodbye(&mut self) -> (u16, String) {
        let (first, payload) = self.read().await.unwrap();
        assert_eq!(first, CLOSE, "{payload:?}");
        self.send(CLOSE, &payload).await;
        assert_eq!(self.read().await, None);
        let (code, reason) = payload.split_at(2);
        (u16::from_be_bytes([code[0], code[1]]), String::from_utf8(reason.to_vec()).unwrap())
    }
}

async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// As many large texts as are asked for, each with its number.
fn endless(shared: &Shared) -> Talk {
    let pulled = shared.pulled.clone();
    Talk::telling(Box::pin(stream::repeat_with(move || {
        let number = pulled.fetch_add(1, Ordering::Relaxed);
        Ok(ByteString::from(format!("{number} {}", "x".repeat(4_000))))
    })))
}

fn silent(_: &Shared) -> Talk {
    Talk::telling(Box::pin(stream::pending()))
}

fn echo(_: &Shared) -> Talk {
    let hear = |text: &str| match text {
        "nothing" => Heard::Nothing,
        "news" => {
            let texts = ["one", "two"].map(|text| Ok(ByteString::from_static(text)));
            let news: News = Box::pin(stream::iter(texts).chain(stream::pending()));
            Heard::News(news)
        }
        "bye" => Heard::Farewell(Farewell::new(CloseCode::Again, "é".repeat(100))),
        text => Heard::Answer(format!("heard {text}").into()),
    };
    Talk { news: None, hear: Box::new(hear) }
}

fn limits() -> SessionLimits {
    SessionLimits::default()
}

#[actix::test]
async fn session_answers_what_it_hears() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    for text in ["one", "nothing", "two"] {
        client.send(TEXT, text.as_bytes()).await;
    }
    client.send(BINARY, b"ignored").await;
    client.send(PING, b"words").await;
    assert_eq!(client.text().await, "heard one");
    assert_eq!(client.text().await, "heard two");
    assert_eq!(client.read().await.unwrap(), (PONG, b"words".to_vec()));
    client.send(TEXT, b"news").await;
    assert_eq!(client.text().await, "one");
    client.send(TEXT, b"three").await;
    assert_eq!(client.text().await, "two");
    assert_eq!(client.text().await, "heard three");
}

#[actix::test]
async fn session_hears_a_text_in_fragments_as_one() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    client.send(0x01, "on\u{e9}".as_bytes().split_last().unwrap().1).await;
    client.send(PING, b"").await;
    client.send(0x00, &[0xa9]).await;
    client.send(0x80, b"!").await;
    assert_eq!(client.read().await.unwrap().0, PONG);
    assert_eq!(client.text().await, "heard oné!");
}

#[actix::test]
async fn session_answers_a_goodbye_and_ends() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    assert_eq!(server.sessions.open(), 1);
    client.send(CLOSE, &[&1000_u16.to_be_bytes()[..], b"done"].concat()).await;
    assert_eq!(client.goodbye().await, (1000, String::new()));
    server.ends(End::Closed, 1).await;
    assert_eq!(server.sessions.open(), 0);
}

#[actix::test]
async fn session_says_why_it_ends() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    client.send(TEXT, b"bye").await;
    assert_eq!(client.goodbye().await, (1013, "é".repeat(61)), "as much as fits");
    server.ends(End::Farewell, 1).await;

    let over = Server::start(limits(), |_| Talk::telling(Box::pin(stream::empty())));
    assert_eq!(over.client().await.goodbye().await.0, 1001);
    over.ends(End::Farewell, 1).await;
}

#[actix::test]
async fn session_waits_a_moment_for_the_goodbye_of_its_client() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    client.send(TEXT, b"bye").await;
    assert_eq!(client.read().await.unwrap().0, CLOSE);
    // What comes now is not heard any more, and is no reason to cut.
    client.send(TEXT, b"one").await;
    client.send(PING, b"").await;
    assert_eq!(client.read().await, None);
    server.ends(End::Farewell, 1).await;
}

#[actix::test]
async fn session_asks_for_no_more_than_its_client_takes() {
    let limits = SessionLimits { stuck_for: Duration::from_secs(2), ..limits() };
    let server = Server::start(limits, endless);
    let stuck = server.client().await;
    let pulled = || server.shared.pulled.load(Ordering::Relaxed);
    let mut before = u64::MAX;
    let began = Instant::now();
    while std::mem::replace(&mut before, pulled()) != pulled() || pulled() == 0 {
        assert!(began.elapsed() < LIMIT, "{} texts, and no end", pulled());
        sleep(Duration::from_millis(200)).await;
    }
    // What lies between the two ends of a loopback connection, in texts of 4 kB.
    assert!(before < 2_000, "{before}");

    // Others go on, and each text is from the newest state.
    let mut reading = server.client().await;
    let mut numbers = Vec::new();
    for _ in 0..100 {
        numbers.push(reading.text().await.split_once(' ').unwrap().0.parse::<u64>().unwrap());
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(numbers[0] >= before, "{} after {before}", numbers[0]);

    server.ends(End::Slow, 1).await;
    drop((stuck, reading));
    wait_until("both ended", || server.sessions.open() == 0).await;
}

#[actix::test]
async fn session_ends_when_nobody_answers_its_pings() {
    let limits = SessionLimits {
        ping_every: Duration::from_millis(50),
        silent_for: Duration::from_millis(300),
        ..limits()
    };
    let server = Server::start(limits, silent);
    let (mut answering, mut mute) = (server.client().await, server.client().await);
    let answering = async {
        for _ in 0..20 {
            assert_eq!(answering.read().await.unwrap(), (PING, Vec::new()));
            answering.send(PONG, b"").await;
        }
    };
    let mute = async {
        while mute.read().await.unwrap().0 == PING {}
        assert_eq!(mute.read().await, None);
    };
    tokio::join!(answering, mute);
    assert_eq!(server.sessions.ended(End::Silent), 1);
}

#[actix::test]
async fn session_refuses_a_huge_message_at_its_header() {
    let server = Server::start(limits(), echo);
    for header in [
        [&[TEXT, 0x80 | 127][..], &(4_u64 << 30).to_be_bytes(), &[0; 4]].concat(),
        [&[TEXT, 0x80 | 126][..], &4_097_u16.to_be_bytes(), &[0; 4]].concat(),
    ] {
        let mut client = server.client().await;
        client.socket.write_all(&header).await.unwrap();
        assert_eq!(client.goodbye().await.0, 1009);
    }
    let mut fragments = server.client().await;
    fragments.send(0x01, &[b'x'; 3_000]).await;
    fragments.send(0x80, &[b'x'; 3_000]).await;
    assert_eq!(fragments.goodbye().await.0, 1009);
    server.ends(End::Oversize, 3).await;
}

#[actix::test]
async fn session_refuses_who_sends_without_end() {
    let server = Server::start(limits(), echo);
    let mut client = server.client().await;
    let began = Instant::now();
    while server.sessions.ended(End::Flood) == 0 {
        assert!(began.elapsed() < LIMIT);
        client.send(TEXT, b"nothing").await;
    }
    // What it sent and nobody read may have taken the goodbye with it.
    if let Some((first, payload)) = client.read().await {
        assert_eq!((first, &payload[..2]), (CLOSE, &1008_u16.to_be_bytes()[..]));
    }
}

#[actix::test]
async fn session_refuses_what_is_no_websocket() {
    let server = Server::start(limits(), echo);
    for bytes in [
        &[TEXT, 1, b'x'][..],
        &[TEXT | 0x40, 0x81, 0, 0, 0, 0, b'x'],
        &[TEXT, 0x81, 0, 0, 0, 0, 0xff],
        &[0x80, 0x81, 0, 0, 0, 0, b'x'],
    ] {
        let mut client = server.client().await;
        client.socket.write_all(bytes).await.unwrap();
        assert_eq!(client.goodbye().await.0, 1002, "{bytes:?}");
    }
    server.ends(End::Protocol, 4).await;
}

#[actix::test]
async fn session_is_counted_as_lost_when_its_client_vanishes() {
    let server = Server::start(limits(), silent);
    drop(server.client().await);
    server.ends(End::Lost, 1).await;
    assert_eq!((server.sessions.open(), server.sessions.opened()), (0, 1));
}

#[actix::test]
async fn sessions_are_refused_when_there_are_too_many() {
    let server = Server::start(SessionLimits { most: 2, ..limits() }, silent);
    let (first, _second) = (server.client().await, server.client().await);
    assert_eq!(server.ask().await.0, 503);
    assert_eq!(server.sessions.refused(), 1);
    drop(first);
    wait_until("there is room", || server.sessions.open() == 1).await;
    server.client().await;
}

#[actix::test]
async fn sessions_end_with_the_service() {
    let server = Server::start(limits(), silent);
    let mut clients = [server.client().await, server.client().await];
    server.sessions.end_all();
    for client in &mut clients {
        assert_eq!(client.goodbye().await, (1001, "the service stops".to_owned()));
    }
    assert_eq!(server.ask().await.0, 503);
    server.ends(End::Stopped, 2).await;
    timeout(LIMIT, server.handle.stop(true)).await.unwrap();
}

#[actix::test]
async fn request_without_an_upgrade_is_told_what_is_spoken() {
    let server = Server::start(limits(), echo);
    let client = awc::Client::builder().connector(awc::Connector::new()).finish();
    let answer = client.get(format!("http://{}/", server.address)).send().await.unwrap();
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers().get("upgrade").unwrap(), "websocket");
    assert_eq!(server.sessions.opened(), 0);
}
