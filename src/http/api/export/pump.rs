//! Exports on their way to clients: a few at a time, each over a connection of its own to the
//! database, so that readers of pages wait for none of them.
//!
//! A page of rows is read only when the client has taken most of the one before. A client that
//! stops reading, an hour, the stop of the service, or an error: each ends the answer in its middle,
//! without the mark that ends a whole one.

use std::{io, sync::Arc, time::Duration};

use actix_web::web::{self, Bytes};
use futures_util::{Stream, stream};
use log::{debug, warn};
use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{sleep, timeout},
};

use crate::{
    db::LatePool,
    export::{Cursor, CursorError, Export, ExportError, Format, ShowName, Wanted},
    http::{Unanswered, session::Sessions},
};

const AT_ONCE: usize = 2;
/// Until the first rows are there.
const BEGIN_WITHIN: Duration = Duration::from_secs(30);
/// A client that takes no more than a trickle holds its place no longer than this.
const END_WITHIN: Duration = Duration::from_secs(60 * 60);
/// What a client takes at a time: enough to pack well, and little enough that a slow line takes one
/// before it counts as stuck.
const PIECE: usize = 32 << 10;

/// Where exports queue.
pub(in crate::http) struct Exports {
    free: Arc<Semaphore>,
}

/// Why an export did not begin.
pub(super) enum Refused {
    Busy,
    Unanswered(Unanswered),
    Cursor(CursorError),
    Fault(ExportError),
}

/// What a client is told.
enum Told {
    Piece(Bytes),
    /// All was told.
    End,
}

impl Default for Exports {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Exports {
    /// The file piece by piece, once its first rows are read.
    ///
    /// # Errors
    /// Too many are being made, the database is away or knows nothing of what is wanted.
    pub(super) async fn begin(
        &self,
        pool: &LatePool,
        wanted: Wanted,
        format: Format,
        show: Option<ShowName>,
        sessions: &Sessions,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, Refused> {
        let turn = self.free.clone().try_acquire_owned().map_err(|_| Refused::Busy)?;
        let unanswered = |why: &str| Refused::Unanswered(Unanswered::new(why));
        pool.get().map_err(|why| unanswered(&why))?;
        let Some(url) = pool.url().map(str::to_owned) else {
            return Err(unanswered("the database is being opened"));
        };
        let begun = web::block(move || Running::begin(&url, &wanted, format, show, turn));
        let running = match timeout(BEGIN_WITHIN, begun).await {
            Ok(Ok(begun)) => begun.map_err(|error| match error {
                ExportError::Cursor(error) => Refused::Cursor(error),
                error => Refused::Fault(error),
            })?,
            Ok(Err(_)) => return Err(unanswered("the export was cancelled")),
            Err(_) => return Err(unanswered("no rows to export in time")),
        };
        let (tell, told) = mpsc::channel(1);
        let (all_end, stuck_for) = (sessions.all_end(), sessions.limits().stuck_for);
        actix_web::rt::spawn(async move {
            select! {
                () = pump(running, tell, stuck_for) => {}
                () = all_end => debug!("an export was cut: the service stops"),
                () = sleep(END_WITHIN) => warn!("an export was cut after {END_WITHIN:?}"),
            }
        });
        Ok(stream::unfold(Some(told), hear))
    }
}

/// A stream that ends without its end is an error, which breaks the answer off.
async fn hear(
    told: Option<mpsc::Receiver<Told>>,
) -> Option<(io::Result<Bytes>, Option<mpsc::Receiver<Told>>)> {
    let mut told = told?;
    match told.recv().await {
        Some(Told::Piece(bytes)) => Some((Ok(bytes), Some(told))),
        Some(Told::End) => None,
        None => Some((Err(io::Error::other("the export was cut")), None)),
    }
}

async fn pump(mut running: Running, tell: mpsc::Sender<Told>, stuck_for: Duration) {
    loop {
        let mut bytes = running.take();
        let is_over = running.is_over;
        while !bytes.is_empty() {
            let piece = bytes.split_to(PIECE.min(bytes.len()));
            match timeout(stuck_for, tell.send(Told::Piece(piece))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return debug!("an export was cut: its client is gone"),
                Err(_) => return debug!("an export was cut: its client takes nothing"),
            }
        }
        if is_over {
            // Its client may be gone.
            tell.send(Told::End).await.ok();
            return;
        }
        running = match web::block(|| running.go_on()).await {
            Ok(Ok(running)) => running,
            Ok(Err(error)) => return warn!("an export was cut: {error}"),
            Err(_) => return warn!("an export was cut: its thread is gone"),
        };
    }
}

/// An export between two pages.
struct Running {
    /// None when its end is written.
    export: Option<Export<Vec<u8>>>,
    written: Vec<u8>,
    is_over: bool,
    _turn: OwnedSemaphorePermit,
}

impl Running {
    fn begin(
        url: &str,
        wanted: &Wanted,
        format: Format,
        show: Option<ShowName>,
        turn: OwnedSemaphorePermit,
    ) -> Result<Self, ExportError> {
        let cursor = Cursor::open(url, wanted)?;
        let export = Some(Export::new(cursor, format, show, Vec::new())?);
        Self { export, written: Vec::new(), is_over: false, _turn: turn }.go_on()
    }

    /// Blocks for the next page.
    fn go_on(mut self) -> Result<Self, ExportError> {
        let Some(mut export) = self.export.take() else { return Ok(self) };
        if export.step()? {
            self.written = std::mem::take(export.out());
            self.export = Some(export);
        } else {
            self.written = export.finish()?;
            self.is_over = true;
        }
        Ok(self)
    }

    fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.written))
    }
}
