//! The lines of our own form, as they stand in the file.

use std::{borrow::Cow, io};

use bytes::Bytes;
use bytestring::ByteString;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::Generation;

use super::{Content, Entry, Header, Lost, Payload, Received};

/// The form that this Ringside reads and writes. Keys may be added to it; a change of their meaning
/// needs another number.
pub(super) const FORM: u32 = 1;

/// The first line.
#[derive(Deserialize, Serialize)]
struct HeaderLine<'a> {
    ringside_frames: u32,
    #[serde(flatten)]
    header: Cow<'a, Header>,
}

/// Every other line: exactly one of `text`, `binary`, `connected`, `disconnected` and `lost` is there.
#[derive(Default, Deserialize, Serialize)]
struct EntryLine<'a> {
    received_at: DateTime<Utc>,
    /// Files that somebody made by hand may go without.
    #[serde(default)]
    generation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    /// Hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connected: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disconnected: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<Cow<'a, str>>,
    /// Beside `lost`: how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frames: Option<u64>,
}

pub(super) fn write_header(header: &Header, mut out: impl io::Write) -> io::Result<()> {
    let line = HeaderLine { ringside_frames: FORM, header: Cow::Borrowed(header) };
    serde_json::to_writer(&mut out, &line)?;
    out.write_all(b"\n")
}

pub(super) fn write_entry(entry: &Entry, mut out: impl io::Write) -> io::Result<()> {
    let Received { at, generation } = entry.received;
    let mut line = EntryLine { received_at: at, generation: generation.0, ..EntryLine::default() };
    match &entry.content {
        Content::Frame(Payload::Text(text)) => line.text = Some(Cow::Borrowed(text)),
        Content::Frame(Payload::Binary(bytes)) => line.binary = Some(hexadecimal(bytes)),
        Content::Connected => line.connected = Some(true),
        Content::Disconnected(reason) => line.disconnected = Some(Cow::Borrowed(reason)),
        Content::Lost(Lost { reason, frames }) => {
            line.lost = Some(Cow::Borrowed(reason));
            line.frames = *frames;
        }
    }
    serde_json::to_writer(&mut out, &line)?;
    out.write_all(b"\n")
}

/// The form that a header names, and the header; none for any other line.
pub(super) fn read_header(line: &str) -> Option<(u32, Header)> {
    let HeaderLine { ringside_frames, header } = serde_json::from_str(line).ok()?;
    Some((ringside_frames, header.into_owned()))
}

/// # Errors
/// Why the line is none of our form.
pub(super) fn read_entry(line: &str) -> Result<Entry, String> {
    let line: EntryLine<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let content = match line {
        EntryLine { text: Some(text), .. } => {
            Content::Frame(Payload::Text(ByteString::from(text.into_owned())))
        }
        EntryLine { binary: Some(digits), .. } => {
            let bytes = bytes_of(&digits).ok_or("`binary` is not hexadecimal")?;
            Content::Frame(Payload::Binary(Bytes::from(bytes)))
        }
        EntryLine { connected: Some(true), .. } => Content::Connected,
        EntryLine { disconnected: Some(reason), .. } => Content::Disconnected(reason.into_owned()),
        EntryLine { lost: Some(reason), frames, .. } => {
            Content::Lost(Lost { reason: reason.into_owned(), frames })
        }
        _ => return Err("it holds neither a frame nor a mark that is known".to_owned()),
    };
    let generation = Generation(line.generation);
    Ok(Entry { received: Received { at: line.received_at, generation }, content })
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(value(high)? << 4 | value(low)?)).collect()
}
