//! A client that says exactly what it is told to, from the address it is told to, and notes all
//! that it hears.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName},
};

const PATIENCE: Duration = Duration::from_secs(30);

pub const PAGE: &str = "Accept: text/html,*/*;q=0.8\r\n";
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// `name=value` of the cookie that was set.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    fn read(mut from: impl Read) -> io::Result<Self> {
        let mut text = Vec::new();
        // A connection may end with a reset when something was left unread.
        let ended = from.read_to_end(&mut text);
        if text.is_empty() {
            ended?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        // An alert of TLS is no answer.
        let status = status.and_then(|line| line.get(..3)).ok_or(io::ErrorKind::InvalidData)?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        Ok(Self {
            status: status.parse().unwrap(),
            headers: headers.map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())).collect(),
            body: body.to_owned(),
        })
    }
}

/// Where a client stands: another address of this machine is another caller.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub from: Ipv4Addr,
    pub to: SocketAddr,
}

impl Client {
    pub fn new(to: SocketAddr) -> Self {
        Self { from: Ipv4Addr::LOCALHOST, to }
    }

    pub fn from(self, last: u8) -> Self {
        Self { from: Ipv4Addr::new(127, 0, 0, last), ..self }
    }

    pub async fn connect(self) -> io::Result<TcpStream> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.to).await?.into_std()?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Asks for `path` with these header lines, each with its line end.
    pub async fn get(self, path: &str, headers: &str) -> Answer {
        self.send(&self.request(path, headers)).await.unwrap()
    }

    pub async fn try_get(self, path: &str, headers: &str) -> io::Result<Answer> {
        self.send(&self.request(path, headers)).await
    }

    pub async fn post(self, path: &str, body: &str) -> Answer {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{PAGE}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.to,
            body.len()
        );
        self.send(&request).await.unwrap()
    }

    /// Sends the text as it is, and reads until the other side closes.
    pub async fn send(self, text: &str) -> io::Result<Answer> {
        let text = text.to_owned();
        let mut stream = self.connect().await?;
        aside(move || {
            stream.write_all(text.as_bytes())?;
            Answer::read(stream)
        })
        .await
    }

    /// The same over TLS, with trust in `certificate` alone; also the certificate that was shown.
    pub async fn get_over_tls(
        self,
        certificate: &CertificateDer<'static>,
        path: &str,
        headers: &str,
    ) -> io::Result<(Answer, CertificateDer<'static>)> {
        let (text, trusted) = (self.request(path, headers), certificate.clone());
        let stream = self.connect().await?;
        aside(move || {
            let mut roots = RootCertStore::empty();
            roots.add(trusted).map_err(io::Error::other)?;
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_root_certificates(roots)
                .with_no_client_auth();
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let session =
                ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(session, stream);
            stream.write_all(text.as_bytes())?;
            stream.flush()?;
            let answer = Answer::read(&mut stream)?;
            let shown = stream.conn.peer_certificates().and_then(|all| all.first());
            let shown = shown.ok_or(io::ErrorKind::NotFound)?.clone().into_owned();
            Ok((answer, shown))
        })
        .await
    }

    fn request(self, path: &str, headers: &str) -> String {
        let host = match headers.contains("Host:") {
            true => String::new(),
            false => format!("Host: {}\r\n", self.to),
        };
        let close = if headers.contains("Connection:") { "" } else { "Connection: close\r\n" };
        format!("GET {path} HTTP/1.1\r\n{host}{close}{headers}\r\n")
    }
}

/// On a thread that may block: the service runs on this one.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
