//! Answers too large to be held: rows flow from the database to the socket, a few chunks at a time.
//!
//! A reader that takes nothing for a while is let go, since it holds a connection to the database.

use std::{io, mem, ops::ControlFlow, time::Duration};

use actix_web::{rt::task::spawn_blocking, web::Bytes};
use futures_util::{
    StreamExt,
    stream::{BoxStream, unfold},
};
use log::warn;
use serde::Serialize;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::timeout,
};

use crate::db::{self, Asked, Connection, Pool};

use super::Unanswered;

/// Large enough that a packet is never half empty, small enough for a hundred readers.
const CHUNK: usize = 64 << 10;
/// On their way, beside the one that is being filled.
const CHUNKS: usize = 2;
/// A reader that takes no chunk for so long has gone away or wants to be in the way.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// Where the answer to a question goes while it is found.
pub struct Outlet<H> {
    head: Option<oneshot::Sender<Result<H, Unanswered>>>,
    chunks: mpsc::Sender<Piece>,
    buffer: Vec<u8>,
    runtime: Handle,
}

enum Piece {
    Chunk(Bytes),
    /// Nothing is missing. Without it the connection ends in the middle, so that the reader can
    /// tell.
    End,
}

impl<H> Outlet<H> {
    /// What is known before the first row. To be told once and before anything is written; breaks
    /// when nobody wants to know.
    pub fn begin(&mut self, head: H) -> ControlFlow<()> {
        match self.head.take().map(|asker| asker.send(Ok(head))) {
            Some(Ok(())) => ControlFlow::Continue(()),
            Some(Err(_)) | None => ControlFlow::Break(()),
        }
    }

    /// Breaks when the reader has gone; then there is no sense in going on.
    pub fn write(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// The same with a value as JSON.
    ///
    /// # Errors
    /// The value can't be written: a map without texts as keys.
    pub fn write_json(&mut self, value: &impl Serialize) -> serde_json::Result<ControlFlow<()>> {
        serde_json::to_writer(&mut self.buffer, value)?;
        Ok(self.write(&[]))
    }

    /// Nothing comes after this.
    pub fn end(&mut self) -> ControlFlow<()> {
        self.flush()?;
        self.send(Piece::End)
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let chunk = Bytes::from(mem::take(&mut self.buffer));
        if chunk.is_empty() {
            return ControlFlow::Continue(());
        }
        self.send(Piece::Chunk(chunk))
    }

    fn send(&self, piece: Piece) -> ControlFlow<()> {
        match self.runtime.block_on(timeout(TAKEN_WITHIN, self.chunks.send(piece))) {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Asks on a thread of its own, and waits for the head of the answer. `turns` are given back when
/// the whole answer is read, or its reader gone.
pub(super) async fn ask<H: Send + 'static>(
    pool: Pool,
    turns: Vec<OwnedSemaphorePermit>,
    question: impl FnOnce(&mut Connection, &mut Outlet<H>) -> Asked<()> + Send + 'static,
) -> Result<(H, BoxStream<'static, io::Result<Bytes>>), Unanswered> {
    let (asker, head) = oneshot::channel();
    let (chunks, rest) = mpsc::channel(CHUNKS);
    let runtime = Handle::current();
    // What becomes of it is told by the channels.
    drop(spawn_blocking(move || {
        let _turns = turns;
        let mut outlet = Outlet { head: Some(asker), chunks, buffer: Vec::new(), runtime };
        let asked = db::ask(&pool, |conn| question(conn, &mut outlet));
        match (asked, outlet.head) {
            // Whoever asked may have lost patience.
            (Err(why), Some(asker)) => drop(asker.send(Err(Unanswered(why)))),
            (Err(why), None) => warn!("an answer was cut off in the middle: {why}"),
            (Ok(()), _) => {}
        }
    }));
    let head = head.await.map_err(|_| Unanswered("the question was cancelled".to_owned()))??;
    Ok((head, unfold(Some(rest), next).boxed()))
}

async fn next(
    rest: Option<mpsc::Receiver<Piece>>,
) -> Option<(io::Result<Bytes>, Option<mpsc::Receiver<Piece>>)> {
    let mut rest = rest?;
    match rest.recv().await {
        Some(Piece::Chunk(chunk)) => Some((Ok(chunk), Some(rest))),
        Some(Piece::End) => None,
        None => Some((Err(io::Error::other("the answer was cut off")), None)),
    }
}
