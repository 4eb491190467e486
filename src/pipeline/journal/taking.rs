//! Taking in: what connections have left since the last look, all of it at once.
//!
//! A message for every frame would wake the journal for each, and its connection once more for the
//! answer. Here a frame that finds a place needs no answer, and one wake serves all that come until
//! the next look. While there is no room, nobody looks, the places fill, and connections wait.

use std::{
    pin::Pin,
    task::{Context as Task, Poll},
    time::Duration,
};

use actix::{ActorFuture, ActorFutureExt, AsyncContext, Context};
use tokio::sync::mpsc::{Receiver, channel};

use crate::pipeline::message::{FrameReceived, Intake};

use super::Journal;

/// So many frames wait for a look at most: what a great fleet brings while the thread of the stages is
/// at work for a quarter of a second.
pub(super) const PLACES: usize = 4_096;
/// After a look the next one waits for so long. A frame that comes alone does not wait, and those of
/// a great fleet share the way to Postgres.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Both ends of the place between connections and journal.
pub fn intake() -> (Intake, Receiver<FrameReceived>) {
    channel(PLACES)
}

/// Waits until somebody has left something.
struct Look {
    found: Vec<FrameReceived>,
}

impl ActorFuture<Journal> for Look {
    type Output = Vec<FrameReceived>;

    fn poll(
        mut self: Pin<&mut Self>,
        journal: &mut Journal,
        _: &mut Context<Journal>,
        task: &mut Task<'_>,
    ) -> Poll<Self::Output> {
        let found = journal.params.intake.poll_recv_many(task, &mut self.found, PLACES);
        found.map(|_| std::mem::take(&mut self.found))
    }
}

impl Journal {
    /// Begins to look again if there is room. Called when that may have changed.
    pub(super) fn look_on(&mut self, ctx: &mut Context<Self>) {
        if !self.is_looking && self.tail.has_room() {
            self.is_looking = true;
            self.look(ctx);
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        self.is_looking = self.tail.has_room();
        if self.is_looking {
            ctx.spawn(Look { found: Vec::new() }.map(|found, this, ctx| {
                // Nothing: nobody is left who could leave anything.
                if !found.is_empty() {
                    this.take(found, ctx);
                    ctx.run_later(LOOK_EVERY, Self::look);
                }
            }));
        }
    }

    /// Takes what was left until now, whether there is room or not.
    pub(super) fn take_rest(&mut self, ctx: &mut Context<Self>) {
        let found: Vec<_> =
            std::iter::from_fn(|| self.params.intake.try_recv().ok()).take(PLACES).collect();
        self.take(found, ctx);
    }

    fn take(&mut self, found: Vec<FrameReceived>, ctx: &mut Context<Self>) {
        for frame in found {
            self.record(frame);
        }
        self.go_on(ctx);
    }
}
