//! The thread of the journal's file, since Diesel blocks.
//!
//! The journal sends one message at a time and waits for the answer. A file that is damaged is set
//! aside, never deleted, and a new one goes on in its place under the same id: the checkpoints of
//! the database stay true. Everything else is reported and left to the journal.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix::{Actor, Addr, Handler, Message, SyncArbiter, SyncContext};
use chrono::Utc;
use log::error;

use crate::pipeline::connection::panic_words;

use super::{
    error::JournalError,
    file::{self, Extent, JournalFile, Keep, Spared, Trimmed},
    record::{Record, Seq},
};

/// Why a message to the disk came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A new file is in place; what the old one held is in there.
    /// `file` is the number of the new one.
    #[error("the file was damaged ({why}) and is set aside as {}", .path.display())]
    SetAside { path: PathBuf, why: String, file: u64 },
    /// Nothing was saved: the journal does not know yet that the file is another one.
    #[error("the file is a new one")]
    OtherFile,
}

/// Journal → disk: save these, and how far the database is; answered when they are on the disk.
/// Without records it says that this process lives.
#[derive(Message)]
#[rtype(result = "Result<(), DiskError>")]
pub struct SaveRecords {
    pub records: Vec<Arc<Record>>,
    pub written: Seq,
    /// Which file the journal believes to be in place: 0 for the first.
    pub file: u64,
}

/// Journal → disk: what comes after `after`.
#[derive(Message)]
#[rtype(result = "Result<Vec<Record>, DiskError>")]
pub struct ReadRecords {
    pub after: Seq,
    pub rows: usize,
    pub bytes: usize,
}

/// Journal → disk: everything up to `after` is in the database; what is needed to go on from there?
#[derive(Message)]
#[rtype(result = "Result<Resumption, DiskError>")]
pub struct LookBack {
    pub after: Seq,
    /// The last record of the processes before this one.
    pub through: Seq,
}

#[derive(Debug, Default)]
pub struct Resumption {
    /// The last written frame of each feed, in order: what their decoders had seen last.
    pub last_frames: Vec<Record>,
    /// How many records of earlier processes are not written, at least.
    pub found: u64,
}

/// Journal → disk: take a step towards the bounds.
#[derive(Message)]
#[rtype(result = "Result<(Trimmed, Extent), DiskError>")]
pub struct TrimRecords {
    pub keep: Keep,
    pub spared: Spared,
}

/// Journal → disk: the service stops. What is saved is then in the one file.
#[derive(Message)]
#[rtype(result = "()")]
pub struct CloseFile;

/// How far back a feed's last frame is looked for: minutes of a great fleet. A feed that was quiet
/// for longer has nothing to go on with.
const LOOK_BACK: i64 = 50_000;

pub struct Disk {
    dir: PathBuf,
    id: Arc<str>,
    start: i64,
    /// None after a failed attempt to begin a new file.
    file: Option<JournalFile>,
    number: u64,
    is_closed: bool,
}

impl Disk {
    /// Starts the thread with the open file; it lives as long as the address.
    pub fn start(dir: &Path, file: JournalFile) -> Addr<Self> {
        let (dir, id, start) = (dir.to_owned(), file.id().clone(), file.start());
        let file = std::sync::Mutex::new(Some(file));
        SyncArbiter::start(1, move || {
            // The factory is called once, for the one thread.
            let file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            Self { dir: dir.clone(), id: id.clone(), start, file, number: 0, is_closed: false }
        })
    }

    fn with_file<T>(
        &mut self,
        mut work: impl FnMut(&mut JournalFile) -> Result<T, JournalError>,
    ) -> Result<T, DiskError> {
        let done = catch_unwind(AssertUnwindSafe(|| work(self.file()?)));
        let done = done.unwrap_or_else(|panic| {
            // What it left half done in the file is undone when the file is opened again.
            self.file = None;
            let words = panic_words(panic.as_ref());
            error!("journal: a fault of ringside: {words}");
            Err(JournalError::Unusable(format!("a fault of ringside: {words}")))
        });
        match done {
            Err(JournalError::Damaged(why)) => Err(self.set_aside(why)),
            done => Ok(done?),
        }
    }

    fn file(&mut self) -> Result<&mut JournalFile, JournalError> {
        if self.file.is_none() && !self.is_closed {
            self.file = Some(JournalFile::open_as(&self.dir, Some((&self.id, self.start)))?);
        }
        self.file.as_mut().ok_or_else(|| JournalError::Unusable("it is not open".to_owned()))
    }

    fn set_aside(&mut self, why: String) -> DiskError {
        self.file = None;
        match file::set_aside(&self.dir, Utc::now()) {
            Ok(path) => {
                self.number += 1;
                DiskError::SetAside { path, why, file: self.number }
            }
            Err(error) => JournalError::Unusable(format!(
                "the file is damaged ({why}) and can't be set aside: {error}"
            ))
            .into(),
        }
    }
}

impl Actor for Disk {
    type Context = SyncContext<Self>;
}

impl Handler<SaveRecords> for Disk {
    type Result = Result<(), DiskError>;

    fn handle(&mut self, save: SaveRecords, _: &mut Self::Context) -> Self::Result {
        if save.file != self.number {
            return Err(DiskError::OtherFile);
        }
        self.with_file(|file| file.append(&save.records, save.written))
    }
}

impl Handler<CloseFile> for Disk {
    type Result = ();

    fn handle(&mut self, _: CloseFile, _: &mut Self::Context) {
        self.is_closed = true;
        self.file = None;
    }
}

impl Handler<ReadRecords> for Disk {
    type Result = Result<Vec<Record>, DiskError>;

    fn handle(&mut self, read: ReadRecords, _: &mut Self::Context) -> Self::Result {
        self.with_file(|file| file.read(read.after, read.rows, read.bytes))
    }
}

impl Handler<LookBack> for Disk {
    type Result = Result<Resumption, DiskError>;

    fn handle(
        &mut self,
        LookBack { after, through }: LookBack,
        _: &mut Self::Context,
    ) -> Self::Result {
        self.with_file(|file| {
            let last_frames = file.last_frames(after, LOOK_BACK)?;
            Ok(Resumption { last_frames, found: file.count(after, through, LOOK_BACK)? })
        })
    }
}

impl Handler<TrimRecords> for Disk {
    type Result = Result<(Trimmed, Extent), DiskError>;

    fn handle(&mut self, trim: TrimRecords, _: &mut Self::Context) -> Self::Result {
        self.with_file(|file| {
            let trimmed = file.trim(trim.keep, trim.spared, Utc::now())?;
            Ok((trimmed, file.extent()?))
        })
    }
}
