//! Frames go to a file as they come, in flat memory.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use zstd::stream::write::Encoder;

use crate::whole_file::WholeFile;

use super::{Content, Entry, Header, Payload, line};

/// The usual one of the zstd program: small enough, and quicker than a journal is read.
const ZSTD_LEVEL: i32 = 3;

/// What a file is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    form: Form,
    packed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// JSON Lines with times and marks.
    Lines,
    /// One JSON array of the messages alone.
    Array,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the end of the name {0:?} does not say what to write: .jsonl.zst (frames with times, packed), \
     .jsonl (the same as plain text) or .json (one JSON array of the messages)"
)]
pub struct FormatError(String);

impl Format {
    /// Frames with times as plain text.
    pub const LINES: Self = Self { form: Form::Lines, packed: false };

    /// Told by the end of the name.
    ///
    /// # Errors
    /// The end is none that is known.
    pub fn of(path: &Path) -> Result<Self, FormatError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (rest, packed) = match name.strip_suffix(".zst") {
            Some(rest) => (rest, true),
            None => (name.as_ref(), false),
        };
        let form = match Path::new(rest).extension().and_then(|end| end.to_str()) {
            Some("jsonl") => Form::Lines,
            Some("json") => Form::Array,
            _ => return Err(FormatError(name.into_owned())),
        };
        Ok(Self { form, packed })
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub frames: u64,
    /// Receive times of the first and the last frame.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// In the file, packed where it is.
    pub bytes: u64,
}

/// Writes a recording somewhere.
pub struct FrameWriter<W: Write> {
    out: Out<W>,
    form: Form,
    written: Written,
}

impl<W: Write> FrameWriter<W> {
    /// # Errors
    /// The header can't be written.
    pub fn new(out: W, format: Format, header: &Header) -> io::Result<Self> {
        let out = Counted { out, bytes: 0 };
        let mut out = if format.packed {
            let mut encoder = Encoder::new(out, ZSTD_LEVEL)?;
            // Bytes that went wrong on a disk must not become wrong frames.
            encoder.include_checksum(true)?;
            Out::Packed(encoder)
        } else {
            Out::Plain(out)
        };
        match format.form {
            Form::Lines => line::write_header(header, &mut out)?,
            Form::Array => out.write_all(b"[")?,
        }
        Ok(Self { out, form: format.form, written: Written::default() })
    }

    /// # Errors
    /// It can't be written.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        match (self.form, &entry.content) {
            (Form::Lines, _) => line::write_entry(entry, &mut self.out)?,
            (Form::Array, Content::Frame(payload)) => {
                self.out.write_all(if self.written.frames == 0 { b"\n" } else { b",\n" })?;
                write_message(payload, &mut self.out)?;
            }
            // Times and marks have no place among messages.
            (Form::Array, _) => {}
        }
        if let Content::Frame(_) = entry.content {
            let at = entry.received.at;
            let first = self.written.span.map_or(at, |(first, _)| first);
            self.written.span = Some((first, at));
            self.written.frames += 1;
        }
        Ok(())
    }

    /// How many frames were written so far.
    pub fn frames(&self) -> u64 {
        self.written.frames
    }

    /// # Errors
    /// The end can't be written.
    pub fn finish(mut self) -> io::Result<(W, Written)> {
        if self.form == Form::Array {
            self.out.write_all(b"\n]\n")?;
        }
        let mut out = match self.out {
            Out::Plain(out) => out,
            Out::Packed(encoder) => encoder.finish()?,
        };
        out.flush()?;
        self.written.bytes = out.bytes;
        Ok((out.out, self.written))
    }
}

/// A message as a value where it is one, else as a string. A message that is itself a JSON string
/// is quoted once more, so that reading it gives what was sent.
fn write_message(payload: &Payload, mut out: impl Write) -> io::Result<()> {
    match payload {
        Payload::Text(text) => {
            let is_string = text.trim_start().starts_with('"');
            if !is_string && serde_json::from_str::<IgnoredAny>(text).is_ok() {
                out.write_all(text.trim().as_bytes())
            } else {
                Ok(serde_json::to_writer(out, &**text)?)
            }
        }
        Payload::Binary(bytes) => Ok(serde_json::to_writer(out, &line::hexadecimal(bytes))?),
    }
}

/// A recording on its way to a file.
pub struct FrameFile {
    writer: FrameWriter<BufWriter<WholeFile>>,
}

impl FrameFile {
    /// Begins a file beside `path` that gets this name with [`FrameFile::finish`], and goes away
    /// without. The name says the format.
    ///
    /// # Errors
    /// The format is unknown, a file is there already and `replace` is not set, or the folder can't
    /// be written.
    pub fn create(path: &Path, header: &Header, replace: bool) -> io::Result<Self> {
        let format = Format::of(path)
            .map_err(|problem| io::Error::new(io::ErrorKind::InvalidInput, problem))?;
        let file = BufWriter::new(WholeFile::create(path, replace)?);
        Ok(Self { writer: FrameWriter::new(file, format, header)? })
    }

    /// # Errors
    /// It can't be written: the disk is full, most likely.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        self.writer.write(entry)
    }

    /// How many frames were written so far.
    pub fn frames(&self) -> u64 {
        self.writer.frames()
    }

    /// Makes it safe on the disk and gives it its name.
    ///
    /// # Errors
    /// It can't be written, or somebody else wrote a file of this name meanwhile.
    pub fn finish(self) -> io::Result<Written> {
        let (out, written) = self.writer.finish()?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
        Ok(written)
    }
}

enum Out<W: Write> {
    Plain(Counted<W>),
    Packed(Encoder<'static, Counted<W>>),
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Packed(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Packed(out) => out.flush(),
        }
    }
}

struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
