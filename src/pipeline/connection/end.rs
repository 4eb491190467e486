//! Why a connection is over, for logs, health and the table of connections.

use std::{any::Any, fmt};

use serde::Serialize;

use crate::pipeline::websocket::SocketEnd;

use super::redact::redact;

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEnd {
    pub reason: EndReason,
    /// For people; holds no secret. Empty where the reason says it all.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// No websocket came about.
    ConnectFailed,
    HandshakeTimeout,
    RemoteClosed,
    /// A ping stayed unanswered and nothing else came either.
    PongTimeout,
    /// No message after the greeting, or none for too long while the venue was busy.
    Silence,
    /// The peer broke the rules of websockets.
    Protocol,
    Oversize,
    /// Messages came, and there was nothing in any of them.
    EmptyFramesOnly,
    /// We wanted it so.
    Requested,
    /// A fault of ours.
    Panicked,
}

impl EndReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectFailed => "connect_failed",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::RemoteClosed => "remote_closed",
            Self::PongTimeout => "pong_timeout",
            Self::Silence => "silence",
            Self::Protocol => "protocol",
            Self::Oversize => "oversize",
            Self::EmptyFramesOnly => "empty_frames_only",
            Self::Requested => "requested",
            Self::Panicked => "panicked",
        }
    }
}

impl ConnectionEnd {
    pub fn new(reason: EndReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// The same end in words that may be shown: short, and with none of the `secrets`. What a venue
    /// says when it closes may be what it was asked for.
    pub(super) fn without(self, secrets: Vec<String>) -> Self {
        Self { detail: redact(&self.detail, secrets), ..self }
    }

    /// A panic, with its words.
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        Self::new(EndReason::Panicked, panic_words(payload))
    }
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_str())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl From<SocketEnd> for ConnectionEnd {
    fn from(end: SocketEnd) -> Self {
        let reason = match &end {
            SocketEnd::Closed(_) | SocketEnd::Broken(_) => EndReason::RemoteClosed,
            SocketEnd::Protocol(_) => EndReason::Protocol,
            SocketEnd::Oversize { .. } => EndReason::Oversize,
        };
        Self::new(reason, end.to_string())
    }
}

/// The words of a panic.
pub fn panic_words(payload: &(dyn Any + Send)) -> String {
    let words = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", words.unwrap_or("without words"))
}
