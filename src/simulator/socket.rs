//! The server's side of HTTP upgrade and websocket frames (RFC 6455), bounded and unforgiving.
//!
//! Hand-made because a test server must be able to write what no library lets it write.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::deflate::{Agreement, Compression, Inflater};

/// Requests are a few words.
pub(super) const MAX_REQUEST: usize = 64 << 10;
const MAX_HEAD: usize = 8 << 10;

pub(super) const FIN: u8 = 0x80;
/// First bit reserved for extensions: the message is compressed.
pub(super) const COMPRESSED: u8 = 0x40;
pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;

/// A client's wish to speak websocket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Upgrade {
    pub path: String,
    key: String,
    /// All `Sec-WebSocket-Extensions`, joined by commas.
    extensions: String,
}

impl Upgrade {
    /// Reads the head of the request; what came after it is in the second part.
    ///
    /// # Errors
    /// The client went away, or this is no upgrade.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Self, Vec<u8>)> {
        let mut read = Vec::with_capacity(1 << 10);
        loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = read.split_off(end + 4);
                let head = String::from_utf8(read).map_err(|_| invalid("head is no UTF-8"))?;
                return Ok((Self::parse(&head)?, rest));
            }
            if read.len() > MAX_HEAD {
                return Err(invalid("head too long"));
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn parse(head: &str) -> io::Result<Self> {
        let mut lines = head.lines();
        let mut request = lines.next().unwrap_or_default().split(' ');
        let (Some("GET"), Some(target)) = (request.next(), request.next()) else {
            return Err(invalid("no GET request"));
        };
        let (mut key, mut extensions) = (None, Vec::new());
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            match name.to_ascii_lowercase().as_str() {
                "sec-websocket-key" => key = Some(value.trim().to_owned()),
                "sec-websocket-extensions" => extensions.push(value.trim()),
                _ => {}
            }
        }
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let key = key.ok_or_else(|| invalid("no websocket key"))?;
        Ok(Self { path, key, extensions: extensions.join(",") })
    }

    pub fn agree(&self, compression: Compression) -> Option<Agreement> {
        Agreement::reach(&self.extensions, compression)
    }

    /// The answer that makes a websocket of the connection.
    pub fn answer(&self, agreement: Option<&Agreement>) -> Vec<u8> {
        let accept = actix_http::ws::hash_key(self.key.as_bytes());
        let extensions = agreement.map_or_else(String::new, |agreement| {
            format!("Sec-WebSocket-Extensions: {}\r\n", agreement.answer)
        });
        let accept = String::from_utf8_lossy(&accept);
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
        )
        .into_bytes()
    }
}

/// Appends the header of a server's frame: no mask. `first` is opcode and flags.
pub(super) fn write_header(out: &mut Vec<u8>, first: u8, len: u64) {
    out.push(first);
    match len {
        0..=125 => out.push(len as u8),
        126..=0xFFFF => {
            out.push(126);
            out.extend((len as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend(len.to_be_bytes());
        }
    }
}

pub(super) fn write_frame(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    write_header(out, first, payload.len() as u64);
    out.extend_from_slice(payload);
}

/// What a client may say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Text(String),
    Ping(Vec<u8>),
    /// With the status and reason to send back.
    Close(Vec<u8>),
    /// A pong, or something binary.
    Other,
}

/// Reads the frames of one client.
pub(super) struct RequestReader<R> {
    stream: R,
    read: Vec<u8>,
    inflater: Option<Inflater>,
    /// A message of which not all fragments are here.
    begun: Option<Message>,
}

struct Message {
    is_text: bool,
    is_compressed: bool,
    payload: Vec<u8>,
}

struct RawFrame {
    first: u8,
    payload: Vec<u8>,
}

impl<R: AsyncRead + Unpin> RequestReader<R> {
    pub fn new(stream: R, already_read: Vec<u8>, inflater: Option<Inflater>) -> Self {
        Self { stream, read: already_read, inflater, begun: None }
    }

    /// The next request; none when the client closed its side.
    ///
    /// # Errors
    /// The connection broke, or the client does not keep to the protocol.
    pub async fn next(&mut self) -> io::Result<Option<Request>> {
        loop {
            while let Some(frame) = take_frame(&mut self.read)? {
                if let Some(request) = self.take(frame)? {
                    return Ok(Some(request));
                }
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take(&mut self, frame: RawFrame) -> io::Result<Option<Request>> {
        match frame.first & 0x0F {
            PING => return Ok(Some(Request::Ping(frame.payload))),
            PONG => return Ok(Some(Request::Other)),
            CLOSE => return Ok(Some(Request::Close(frame.payload))),
            CONTINUATION => {
                let begun = self.begun.as_mut().ok_or_else(|| invalid("nothing to continue"))?;
                begun.payload.extend(frame.payload);
                if begun.payload.len() > MAX_REQUEST {
                    return Err(invalid("request too long"));
                }
            }
            opcode @ (TEXT | BINARY) if self.begun.is_none() => {
                self.begun = Some(Message {
                    is_text: opcode == TEXT,
                    is_compressed: frame.first & COMPRESSED != 0,
                    payload: frame.payload,
                });
            }
            _ => return Err(invalid("unexpected opcode")),
        }
        if frame.first & FIN == 0 {
            return Ok(None);
        }
        self.begun.take().map(|message| self.read_message(message)).transpose()
    }

    fn read_message(&mut self, message: Message) -> io::Result<Request> {
        let payload = match (&mut self.inflater, message.is_compressed) {
            (_, false) => message.payload,
            (Some(inflater), true) => inflater.inflate(&message.payload)?,
            (None, true) => return Err(invalid("compressed without agreement")),
        };
        if !message.is_text {
            return Ok(Request::Other);
        }
        String::from_utf8(payload).map(Request::Text).map_err(|_| invalid("text is no UTF-8"))
    }
}

/// Takes one whole frame from the front, when there is one.
fn take_frame(read: &mut Vec<u8>) -> io::Result<Option<RawFrame>> {
    let [first, second, rest @ ..] = read.as_slice() else { return Ok(None) };
    if second & 0x80 == 0 {
        return Err(invalid("client frame without mask"));
    }
    let (len, rest) = match (second & 0x7F, rest) {
        (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        (126, _) => return Ok(None),
        (127, _) => return Err(invalid("request too long")),
        (len, rest) => (usize::from(len), rest),
    };
    let [a, b, c, d, rest @ ..] = rest else { return Ok(None) };
    let Some(payload) = rest.get(..len) else { return Ok(None) };
    let mask = [*a, *b, *c, *d].into_iter().cycle();
    let payload = payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    let frame = RawFrame { first: *first, payload };
    let taken = read.len() - (rest.len() - len);
    read.drain(..taken);
    Ok(Some(frame))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        write_header(&mut frame, first, payload.len() as u64);
        frame[1] |= 0x80;
        let mask = [1, 2, 3, 4];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    async fn requests(bytes: Vec<u8>) -> io::Result<Vec<Request>> {
        let mut reader = RequestReader::new(bytes.as_slice(), Vec::new(), None);
        let mut requests = Vec::new();
        while let Some(request) = reader.next().await? {
            requests.push(request);
        }
        Ok(requests)
    }

    #[test]
    fn upgrade_reads_key_path_and_all_extensions() {
        let head = "GET /ws/streaming/-abc?x=1 HTTP/1.1\r\nHost: x\r\nsec-websocket-KEY:  k \r\n\
                    Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b; c\r\n\r\n";
        let upgrade = Upgrade::parse(head).unwrap();
        assert_eq!(upgrade.path, "/ws/streaming/-abc");
        assert_eq!(upgrade.key, "k");
        assert_eq!(upgrade.extensions, "a,b; c");
        assert!(Upgrade::parse("POST / HTTP/1.1\r\n\r\n").is_err());
        assert!(Upgrade::parse("GET / HTTP/1.1\r\n\r\n").is_err());
    }

    #[test]
    fn upgrade_answers_the_key_of_the_rfc() {
        let head = "GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let answer = Upgrade::parse(head).unwrap().answer(None);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(answer.ends_with("\r\n\r\n"));
    }

    #[tokio::test]
    async fn reader_joins_fragments_around_a_ping() {
        let mut bytes = masked(TEXT, b"START ");
        bytes.extend(masked(FIN | PING, b"?"));
        bytes.extend(masked(FIN | CONTINUATION, b"1@x"));
        bytes.extend(masked(FIN | TEXT, "é".repeat(200).as_bytes()));
        assert_eq!(
            requests(bytes).await.unwrap(),
            [
                Request::Ping(b"?".to_vec()),
                Request::Text("START 1@x".to_owned()),
                Request::Text("é".repeat(200)),
            ]
        );
    }

    #[tokio::test]
    async fn reader_refuses_frames_against_the_protocol() {
        let mut unmasked = Vec::new();
        write_frame(&mut unmasked, FIN | TEXT, b"x");
        let mut too_long = vec![FIN | TEXT, 0x80 | 127];
        too_long.extend([0; 8]);
        for bytes in [
            unmasked,
            too_long,
            masked(FIN | CONTINUATION, b"x"),
            masked(FIN | TEXT, &[0xFF]),
            masked(FIN | COMPRESSED | TEXT, b"x"),
            masked(FIN | 0x7, b"x"),
        ] {
            assert!(requests(bytes.clone()).await.is_err(), "{bytes:?}");
        }
    }
}
