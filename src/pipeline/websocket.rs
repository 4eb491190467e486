//! One client websocket: awc makes the connection, yawc carries the frames.
//!
//! awc does TLS and the HTTP/1.1 upgrade; its own codec has no permessage-deflate, no check of
//! UTF-8, no reassembly of fragments and a size limit that acts only when the whole frame is in
//! memory, so yawc takes the byte stream over. This module knows no actor and no feed: the
//! conformance program runs the Autobahn cases against exactly what the service uses.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use awc::{BoxedSocket, error::WsClientError, http::header::SEC_WEBSOCKET_EXTENSIONS};
use bytes::{Buf, Bytes};
use bytestring::ByteString;
use futures_util::SinkExt;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};
use url::Url;
use yawc::{DeflatePool, Frame, OpCode, Options, Role, WebSocketError, close::CloseCode};

/// Room for the socket's own buffers; they grow for a large message and shrink again.
const READ_BYTES: usize = 1024;
/// We say a few words in the beginning, and send pings.
const WRITE_BYTES: usize = 128;
/// Idle inflate states kept for connections without context takeover: as many as inflate at once.
const POOLED_STATES: usize = 16;
/// How long a peer gets to take the answer to its ping before the next message is read.
const PONG_TAKEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a peer gets to take our part of a goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// What every connection of the process has in common.
pub struct SocketSettings {
    tls: Arc<ClientConfig>,
    options: Options,
    extensions: &'static str,
    /// A message of this many bytes or more ends its connection.
    pub max_message_bytes: usize,
}

impl SocketSettings {
    /// `extra_roots` are trusted beside Mozilla's. `frugal` asks venues to compress each message
    /// by itself: 4 kB instead of 42 kB of memory a connection, for a few more bytes on the wire.
    ///
    /// # Errors
    /// A root certificate that can't be read.
    pub fn new(
        max_message_bytes: usize,
        frugal: bool,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for root in extra_roots {
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];

        // Receive compressed, never send so: the few words we send do not shrink, and a
        // compressor would cost 270 kB a connection.
        let options = Options::default()
            .with_utf8()
            .with_limits(max_message_bytes, 2 * max_message_bytes)
            .with_balanced_compression()
            .with_compression_threshold(usize::MAX)
            .with_deflate_pool(DeflatePool::new(POOLED_STATES))
            .with_read_buffer_capacity(READ_BYTES)
            .with_write_buffer_capacity(WRITE_BYTES);
        let extensions = if frugal {
            "permessage-deflate; client_max_window_bits; client_no_context_takeover; \
             server_no_context_takeover"
        } else {
            "permessage-deflate; client_max_window_bits; client_no_context_takeover"
        };
        Ok(Self { tls: Arc::new(tls), options, extensions, max_message_bytes })
    }

    /// The HTTP client of this thread: awc's is bound to one.
    fn client(self: &Arc<Self>) -> awc::Client {
        thread_local! {
            static CLIENT: RefCell<Option<(Arc<SocketSettings>, awc::Client)>> =
                const { RefCell::new(None) };
        }
        CLIENT.with_borrow_mut(|slot| match slot {
            Some((settings, client)) if Arc::ptr_eq(settings, self) => client.clone(),
            _ => {
                let client = self.new_client();
                *slot = Some((self.clone(), client.clone()));
                client
            }
        })
    }

    fn new_client(&self) -> awc::Client {
        install_tls_provider();
        let connector = awc::Connector::new()
            .max_http_version(awc::http::Version::HTTP_11)
            // After the version, which sets a TLS configuration of its own; so does the version of
            // the client's builder, which is therefore not set.
            .rustls_0_23(self.tls.clone())
            // Open websockets count against awc's limit of 100; ours is the list of feeds.
            .limit(0);
        awc::Client::builder().connector(connector).disable_timeout().finish()
    }
}

/// awc builds a default TLS configuration before it takes ours, and that panics without this.
fn install_tls_provider() {
    // An error means that somebody installed one before, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// An open websocket.
pub struct Websocket {
    frames: yawc::WebSocket<Resumed<BoxedSocket>>,
}

/// One whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Text(ByteString),
    Binary(Bytes),
    /// The answer to a websocket ping.
    Pong,
    /// Answered already.
    Ping,
}

/// Why no websocket came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("{0}")]
    Refused(String),
    #[error("the venue took the connection but did not complete the upgrade: {0}")]
    Upgrade(String),
}

/// Why a websocket is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocketEnd {
    #[error("the venue closed the connection{}", .0.as_deref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Closed(Option<String>),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the venue broke the websocket protocol: {0}")]
    Protocol(String),
    #[error("a message of more than {limit} bytes")]
    Oversize { limit: usize },
}

impl Websocket {
    /// Connects and upgrades. Has no deadline of its own: the caller sets one.
    ///
    /// # Errors
    /// See [`ConnectError`]; no message holds any part of the address.
    pub async fn connect(url: &Url, settings: &Arc<SocketSettings>) -> Result<Self, ConnectError> {
        let (response, framed) = settings
            .client()
            .ws(url.as_str())
            .header(SEC_WEBSOCKET_EXTENSIONS, settings.extensions)
            .connect()
            .await
            .map_err(explain)?;
        // Several headers mean the same as one with commas; only one extension is offered.
        let agreed = response.headers().get(SEC_WEBSOCKET_EXTENSIONS);
        let agreed = match agreed.map(|value| value.to_str()) {
            None => None,
            Some(Ok(agreed)) if agreed.trim_start().starts_with("permessage-deflate") => {
                Some(agreed)
            }
            Some(_) => {
                return Err(ConnectError::Upgrade(
                    "it answered an extension that was not offered".into(),
                ));
            }
        };
        let parts = framed.into_parts();
        // Frames often come in the same segment as the response.
        let read_already = Bytes::copy_from_slice(&parts.read_buf);
        let stream = Resumed { read_already, stream: parts.io };
        let options = settings.options.clone();
        yawc::WebSocket::from_stream_with_extensions(stream, Role::Client, agreed, options)
            .map(|frames| Self { frames })
            .map_err(|error| ConnectError::Upgrade(error.to_string()))
    }

    /// The next message. May be dropped while it waits without losing anything.
    ///
    /// # Errors
    /// The websocket is over; it has said what there was to say to the peer.
    pub async fn next(&mut self, settings: &SocketSettings) -> Result<Incoming, SocketEnd> {
        loop {
            let frame = match self.frames.next_frame().await {
                Ok(frame) => frame,
                Err(error) => {
                    self.say_why(&error).await;
                    return Err(end_of(error, settings.max_message_bytes));
                }
            };
            let (opcode, _, payload) = frame.into_parts();
            return match opcode {
                OpCode::Text => match ByteString::try_from(exact(&payload)) {
                    Ok(text) => Ok(Incoming::Text(text)),
                    Err(_) => Err(SocketEnd::Protocol("a text message is not UTF-8".into())),
                },
                OpCode::Binary => Ok(Incoming::Binary(exact(&payload))),
                OpCode::Ping => {
                    // The pong is queued, and yawc sends what is queued when nothing is left to read
                    // or a next frame may go; a flush leaves it where it is. A peer that sends pings
                    // and takes no pongs must not fill the queue.
                    let sent = poll_fn(|cx| self.frames.poll_ready_unpin(cx));
                    match timeout(PONG_TAKEN_WITHIN, sent).await {
                        Ok(Ok(())) => Ok(Incoming::Ping),
                        Ok(Err(error)) => Err(end_of(error, settings.max_message_bytes)),
                        Err(_) => Err(SocketEnd::Broken("the venue takes nothing".into())),
                    }
                }
                OpCode::Pong => Ok(Incoming::Pong),
                OpCode::Close => {
                    let words = close_words(&payload);
                    // The answer is queued; one more poll takes it to the socket.
                    self.flush_goodbye().await;
                    Err(SocketEnd::Closed(words))
                }
                // Reassembled by yawc, never handed out.
                OpCode::Continuation => continue,
            };
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// The websocket is over.
    pub async fn send_text(&mut self, text: impl Into<Bytes>) -> Result<(), SocketEnd> {
        self.send(Frame::text(text)).await
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// The websocket is over.
    pub async fn send_binary(&mut self, bytes: impl Into<Bytes>) -> Result<(), SocketEnd> {
        self.send(Frame::binary(bytes)).await
    }

    /// Sends a ping; the answer comes as [`Incoming::Pong`].
    ///
    /// # Errors
    /// The websocket is over.
    pub async fn ping(&mut self) -> Result<(), SocketEnd> {
        self.send(Frame::ping(Bytes::new())).await
    }

    /// Says goodbye and waits a moment for it to leave.
    pub async fn close(mut self) {
        let goodbye = async {
            if self.frames.send(Frame::close(CloseCode::Normal, "")).await.is_ok() {
                while self.frames.next_frame().await.is_ok_and(|f| f.opcode() != OpCode::Close) {}
            }
        };
        // Whether the peer answered makes no difference any more.
        drop(timeout(GOODBYE, goodbye).await);
    }

    async fn send(&mut self, frame: Frame) -> Result<(), SocketEnd> {
        self.frames.send(frame).await.map_err(|error| end_of(error, usize::MAX))
    }

    /// yawc closes by itself after most errors; of these two it leaves the words to us.
    async fn say_why(&mut self, error: &WebSocketError) {
        let code = match error {
            WebSocketError::InvalidUTF8 => Some(CloseCode::Invalid),
            WebSocketError::InvalidFragment => Some(CloseCode::Protocol),
            WebSocketError::IoError(_) | WebSocketError::ConnectionClosed => return,
            _ => None,
        };
        if let Some(code) = code {
            // The peer broke the protocol: it may not listen any more.
            drop(timeout(GOODBYE, self.frames.send(Frame::close(code, ""))).await);
        }
        self.flush_goodbye().await;
    }

    async fn flush_goodbye(&mut self) {
        drop(timeout(GOODBYE, self.frames.next_frame()).await);
    }
}

/// A payload in memory of its own: that of the socket has room for several times as much, and
/// frames are kept for a while.
fn exact(payload: &Bytes) -> Bytes {
    Bytes::copy_from_slice(payload)
}

fn end_of(error: WebSocketError, limit: usize) -> SocketEnd {
    match error {
        WebSocketError::ConnectionClosed => SocketEnd::Closed(None),
        WebSocketError::FrameTooLarge => SocketEnd::Oversize { limit },
        WebSocketError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            SocketEnd::Closed(Some("without a goodbye".into()))
        }
        WebSocketError::IoError(error) => SocketEnd::Broken(error.to_string()),
        other => SocketEnd::Protocol(other.to_string()),
    }
}

/// The code and the words of a close frame: `1001 going away`. The words are a stranger's, whole:
/// a secret in them that was cut could not be found any more.
fn close_words(payload: &[u8]) -> Option<String> {
    let (code, words) = payload.split_first_chunk::<2>()?;
    let words = String::from_utf8_lossy(words);
    Some(format!("{} {}", u16::from_be_bytes(*code), words).trim_end().to_owned())
}

/// awc's errors in words that tell an operator where to look, without any part of the address.
fn explain(error: WsClientError) -> ConnectError {
    use awc::error::{ConnectError as Dial, SendRequestError as Send};
    match error {
        WsClientError::InvalidResponseStatus(status) => {
            ConnectError::Refused(format!("the venue answered HTTP {}", status.as_u16()))
        }
        WsClientError::SendRequest(Send::Connect(dial)) => ConnectError::Refused(match dial {
            Dial::Resolver(error) => format!("the host's name can't be resolved: {error}"),
            Dial::NoRecords => "the host's name has no address".into(),
            Dial::Io(error) if is_tls(&error) => format!("TLS failed: {error}"),
            Dial::Io(error) => format!("no connection: {error}"),
            other => other.to_string(),
        }),
        WsClientError::SendRequest(Send::Url(_)) => {
            ConnectError::Refused("the address is no websocket address".into())
        }
        other => ConnectError::Upgrade(other.to_string()),
    }
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// A stream of which some bytes have been read already.
struct Resumed<S> {
    read_already: Bytes,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Resumed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read_already.has_remaining() {
            let n = self.read_already.remaining().min(buf.remaining());
            buf.put_slice(&self.read_already.split_to(n));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Resumed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pings are there to be read before the first pong can be sent.
    #[tokio::test(start_paused = true)]
    async fn websocket_answers_a_ping_before_it_reads_the_next_message() {
        let settings = SocketSettings::new(1 << 20, false, Vec::new()).unwrap();
        let ping = [&[0x89, 0x7d], [b'x'; 125].as_slice()].concat();
        // Takes a few pongs, then none.
        let (ours, _theirs) = tokio::io::duplex(1_024);
        let stream: Resumed<BoxedSocket> =
            Resumed { read_already: ping.repeat(10_000).into(), stream: Box::new(ours) };
        let options = settings.options.clone();
        let frames =
            yawc::WebSocket::from_stream_with_extensions(stream, Role::Client, None, options);
        let mut socket = Websocket { frames: frames.unwrap() };
        let mut answered = 0;
        let end = loop {
            match socket.next(&settings).await {
                Ok(Incoming::Ping) if answered < 20 => answered += 1,
                Ok(other) => panic!("{other:?} after {answered} pings, and few pongs were taken"),
                Err(end) => break end,
            }
        };
        assert_eq!(end, SocketEnd::Broken("the venue takes nothing".into()));
        assert!(answered > 0, "some pongs are taken");
    }
}
