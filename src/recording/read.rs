//! A file becomes a [`Recording`]: what form it has is told by its content, never by its name.

use std::io::{self, BufRead, BufReader, Read};

use bytestring::ByteString;
use serde::Deserialize;
use serde_json::value::RawValue;
use zstd::stream::read::Decoder;

use super::{Content, Damage, Header, Payload, RecordedFrame, Recording, RecordingError, line};

/// How a file begins that is packed with zstd.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Objects around a message, each holding the next as its `msg`. Real recordings have one.
const MAX_LABELS: usize = 8;
const BREAKS_OFF: &str = "the file breaks off";

pub(super) fn read(file: impl Read, max_bytes: u64) -> Result<Recording, RecordingError> {
    let mut file = BufReader::new(file);
    if file.fill_buf()?.starts_with(&ZSTD_MAGIC) {
        read_text(BufReader::new(Decoder::with_buffer(file)?), max_bytes)
    } else {
        read_text(file, max_bytes)
    }
}

fn read_text(text: impl BufRead, max_bytes: u64) -> Result<Recording, RecordingError> {
    // One more than the limit: what ends there is whole, what goes on is too large.
    let mut text = text.take(max_bytes.saturating_add(1));
    let mut lines = Lines::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let ended = text.read_until(b'\n', &mut line);
        lines.number += 1;
        let damage = match ended {
            Ok(0) => return lines.finish(None),
            Ok(_) if lines.form.is_none() && line.trim_ascii_start().starts_with(b"[") => {
                text.read_to_end(&mut line)?;
                within(text.limit())?;
                return read_array(&line);
            }
            Ok(_) => lines.take(&line)?,
            Err(error) if lines.form.is_none() => return Err(error.into()),
            Err(error) => Some(broken_off(&error)),
        };
        within(text.limit())?;
        if damage.is_some() {
            return lines.finish(damage);
        }
    }
}

fn within(left: u64) -> Result<(), RecordingError> {
    if left == 0 { Err(RecordingError::TooLarge) } else { Ok(()) }
}

fn broken_off(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BREAKS_OFF.to_owned(),
        _ => format!("the file can't be read on ({error})"),
    }
}

/// What was read of a file of lines.
#[derive(Default)]
struct Lines {
    header: Option<Header>,
    frames: Vec<RecordedFrame>,
    /// None as long as no line told anything.
    form: Option<Form>,
    /// Of the line in hand, from 1.
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Ours, with times.
    Timed,
    /// One frame a line.
    Bare,
}

impl Lines {
    /// Reads one line; tells why where it can't be read.
    fn take(&mut self, line: &[u8]) -> Result<Option<String>, RecordingError> {
        let is_whole = line.ends_with(b"\n");
        let Ok(text) = str::from_utf8(line) else {
            let why = if is_whole { "it is not UTF-8" } else { BREAKS_OFF };
            return Ok(Some(why.to_owned()));
        };
        // As `str::lines` does; a frame may end with white space of its own.
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.trim().is_empty() {
            return Ok(None);
        }
        let damage = self.take_text(text)?;
        Ok(damage.map(|why| if is_whole { why } else { BREAKS_OFF.to_owned() }))
    }

    fn take_text(&mut self, text: &str) -> Result<Option<String>, RecordingError> {
        if self.form != Some(Form::Bare)
            && let Some((form, header)) = line::read_header(text)
        {
            if form > line::FORM {
                return Err(RecordingError::LaterForm(form));
            }
            return Ok(self.take_header(header));
        }
        let entry = match self.form {
            Some(Form::Bare) => None,
            Some(Form::Timed) => match line::read_entry(text) {
                Ok(entry) => Some(entry),
                Err(why) => return Ok(Some(why)),
            },
            None => line::read_entry(text).ok(),
        };
        let Some(entry) = entry else {
            self.form = Some(Form::Bare);
            let payload = Payload::Text(ByteString::from(text));
            self.frames.push(RecordedFrame { received: None, payload });
            return Ok(None);
        };
        self.form = Some(Form::Timed);
        if let Content::Frame(payload) = entry.content {
            self.frames.push(RecordedFrame { received: Some(entry.received), payload });
        }
        Ok(None)
    }

    /// Files of one feed may be put one behind the other.
    fn take_header(&mut self, header: Header) -> Option<String> {
        self.form = Some(Form::Timed);
        match &self.header {
            Some(known) if known.feed != header.feed => {
                Some(format!("frames of another feed begin, {}", header.feed))
            }
            Some(_) => None,
            None => {
                self.header = Some(header);
                None
            }
        }
    }

    fn finish(self, damage: Option<String>) -> Result<Recording, RecordingError> {
        let damage = damage.map(|why| Damage { line: self.number, why });
        match (self.frames.is_empty(), damage) {
            (true, Some(damage)) => Err(RecordingError::Damaged(damage)),
            (true, None) => Err(RecordingError::Empty),
            (false, damage) => {
                Ok(Recording { header: self.header, frames: self.frames.into(), damage })
            }
        }
    }
}

fn read_array(text: &[u8]) -> Result<Recording, RecordingError> {
    let messages: Vec<&RawValue> =
        serde_json::from_slice(text).map_err(RecordingError::NotAnArray)?;
    if messages.is_empty() {
        return Err(RecordingError::Empty);
    }
    Ok(Recording::from_frames(messages.into_iter().map(message)))
}

fn message(mut entry: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Labelled<'a> {
        #[serde(borrow)]
        msg: &'a RawValue,
    }
    for _ in 0..MAX_LABELS {
        let Ok(Labelled { msg }) = serde_json::from_str(entry.get()) else { break };
        entry = msg;
    }
    // A message in quotes is the text within.
    serde_json::from_str(entry.get()).unwrap_or_else(|_| entry.get().to_owned())
}
