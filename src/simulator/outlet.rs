//! The writing side of a connection: messages, and everything that is none.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, net::tcp::OwnedWriteHalf};

use super::{
    deflate::{self, Deflater},
    socket::{COMPRESSED, CONTINUATION, FIN, PING, TEXT, write_frame, write_header},
};

/// How much of a made-up body is written at a time.
const CHUNK: [u8; 16 << 10] = [b' '; 16 << 10];

pub(super) struct Outlet {
    writing: OwnedWriteHalf,
    deflater: Option<Deflater>,
    buffer: Vec<u8>,
}

impl Outlet {
    /// Writes `first` before anything else.
    pub fn new(writing: OwnedWriteHalf, deflater: Option<Deflater>, first: Vec<u8>) -> Self {
        Self { writing, deflater, buffer: first }
    }

    /// Adds a whole message to what [`Outlet::flush`] writes.
    pub fn add(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let (flags, payload) = self.prepare(payload)?;
        write_frame(&mut self.buffer, FIN | flags | opcode, &payload);
        Ok(())
    }

    pub async fn flush(&mut self) -> io::Result<()> {
        let written = self.writing.write_all(&self.buffer).await;
        self.buffer.clear();
        written
    }

    pub async fn message(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        self.add(opcode, payload)?;
        self.flush().await
    }

    /// A frame as it stands: control frames, and data that is compressed already.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) -> io::Result<()> {
        write_frame(&mut self.buffer, first, payload);
        self.flush().await
    }

    /// Byte by byte.
    pub async fn drip(&mut self, payload: &[u8], every: Duration) -> io::Result<()> {
        self.add(TEXT, payload)?;
        for byte in std::mem::take(&mut self.buffer) {
            self.writing.write_all(&[byte]).await?;
            tokio::time::sleep(every).await;
        }
        Ok(())
    }

    /// In four fragments, the first of them empty, with a ping before each but the first.
    pub async fn fragments(&mut self, payload: &[u8]) -> io::Result<()> {
        let (flags, payload) = self.prepare(payload)?;
        write_frame(&mut self.buffer, flags | TEXT, b"");
        let mut rest = payload.as_slice();
        for left in (1..=3).rev() {
            // Cuts characters in two as well: only the whole message has to be UTF-8.
            let (fragment, after) = rest.split_at(rest.len() / left);
            rest = after;
            let fin = if left == 1 { FIN } else { 0 };
            write_frame(&mut self.buffer, FIN | PING, b"between");
            write_frame(&mut self.buffer, fin | CONTINUATION, fragment);
            self.flush().await?;
        }
        Ok(())
    }

    /// One text frame of so many spaces.
    pub async fn oversize(&mut self, bytes: u64) -> io::Result<()> {
        write_header(&mut self.buffer, FIN | TEXT, bytes);
        self.flush().await?;
        let mut left = bytes;
        while left > 0 {
            let len = left.min(CHUNK.len() as u64);
            self.writing.write_all(&CHUNK[..len as usize]).await?;
            left -= len;
        }
        Ok(())
    }

    /// A header that claims 4 GiB, then bytes until the client has enough.
    pub async fn huge_header(&mut self) -> io::Result<()> {
        write_header(&mut self.buffer, FIN | TEXT, 4 << 30);
        self.flush().await?;
        loop {
            self.writing.write_all(&CHUNK).await?;
        }
    }

    /// Fragments until the client has enough.
    pub async fn endless_fragments(&mut self) -> io::Result<()> {
        let mut opcode = TEXT;
        loop {
            self.frame(opcode, &CHUNK).await?;
            opcode = CONTINUATION;
        }
    }

    pub async fn deflate_bomb(&mut self, bytes: u64) -> io::Result<()> {
        let bomb = deflate::bomb(bytes)?;
        self.frame(FIN | COMPRESSED | TEXT, &bomb).await
    }

    /// Says that nothing more will come.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.writing.shutdown().await
    }

    /// Ends the connection without a goodbye.
    pub fn reset(self) -> io::Result<()> {
        let reset = self.writing.as_ref().set_zero_linger();
        // Dropping it would say goodbye on TCP's level.
        self.writing.forget();
        reset
    }

    /// Flags and payload of a message, compressed where that was agreed upon. An empty one would
    /// need an encoding of its own, and may as well travel as it is.
    fn prepare(&mut self, payload: &[u8]) -> io::Result<(u8, Vec<u8>)> {
        match &mut self.deflater {
            Some(deflater) if !payload.is_empty() => Ok((COMPRESSED, deflater.deflate(payload)?)),
            _ => Ok((0, payload.to_vec())),
        }
    }
}
