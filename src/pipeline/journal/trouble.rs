//! When the disk fails: what is said, and what is lost.

use std::sync::atomic::Ordering;

use actix::{Context, MailboxError};
use chrono::Utc;
use log::{error, info};

use crate::{
    event::{FramesLost, Generation},
    pipeline::message::FrameReceived,
};

use super::{
    Journal,
    counters::Task,
    disk::DiskError,
    error::JournalError,
    record::{Content, Seq},
};

impl Journal {
    pub(super) fn well_again(&self, task: Task) {
        if self.params.counters.set_trouble(task, None).is_some() {
            info!("journal: well again");
        }
    }

    /// Frames go on to the database as long as that takes them, and wait in memory to be saved. When
    /// memory is full too, those that the database has are left out of the journal.
    pub(super) fn disk_failed(&mut self, task: Task, failure: DiskError, ctx: &mut Context<Self>) {
        let written = self.written();
        if !self.tail.has_room() {
            self.tail.saved(written, written);
        }
        let words = match &failure {
            // The news of another file is on its way.
            DiskError::OtherFile => return,
            DiskError::SetAside { file, .. } => {
                self.params.counters.set_aside.fetch_add(1, Ordering::Relaxed);
                self.file = *file;
                error!("journal: {failure}; a new file goes on");
                return self.lose_file(written, ctx);
            }
            DiskError::Journal(JournalError::Full(_)) => format!(
                "{failure}: frames are not safe against a crash until there is room; free some, or \
                 set [journal] max_bytes lower"
            ),
            DiskError::Journal(_) => match task {
                Task::Save => format!(
                    "{failure}: frames are not safe against a crash until it can be written"
                ),
                Task::Read => format!("{failure}: frames wait in it until it can be read"),
                Task::Trim => format!("{failure}: it is not kept within its bounds"),
            },
        };
        // Said once, not with every try.
        if self.params.counters.set_trouble(task, Some(words.clone())).as_ref() != Some(&words) {
            error!("journal: {words}");
        }
    }

    /// The file is set aside with all that was in it. What is in memory goes to the new one; what
    /// was neither handed on nor in memory is lost.
    fn lose_file(&mut self, written: Seq, ctx: &mut Context<Self>) {
        self.tail.unsave(written);
        let gone = self.tail.gone();
        let Some(handing) = &mut self.handing else {
            error!(
                "journal: frames that were not written when the file was damaged are lost to the \
                 database; they may be read from the file that is set aside"
            );
            return self.tell_damage();
        };
        if handing.through < gone {
            handing.through = gone;
            error!(
                "journal: frames between memory and the database are lost with the damaged file"
            );
            self.tell_damage();
        }
        self.go_on(ctx);
    }

    /// Every feed has a hole of unknown size.
    fn tell_damage(&mut self) {
        let now = Utc::now();
        let sources: Vec<_> = self.sources.values().cloned().collect();
        for source in sources {
            let lost = FramesLost {
                from_at: source.counters.last_data_at().unwrap_or(now),
                to_at: now,
                frames: 0,
                reason: "journal_damaged".to_owned(),
            };
            let (generation, content) = (Generation::default(), Content::Lost(lost));
            self.record(FrameReceived { source, generation, received_at: now, content });
        }
    }
}

/// A disk whose thread is gone can't be written any more.
pub(super) fn flatten<T>(
    answer: Result<Result<T, DiskError>, MailboxError>,
) -> Result<T, DiskError> {
    answer.unwrap_or_else(|gone| {
        Err(JournalError::Unusable(format!("its thread is gone: {gone}")).into())
    })
}
