//! Whether the pipeline makes progress: for `/livez` and the watchdog, who restart a process that
//! does not.
//!
//! Two things must hold: every stage answers, and work that waits is done. A database that is away,
//! full or slow is no lack of progress, because a restart would help against none of it; nor is a
//! single feed that waits while others go on.

use std::{
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use actix::Recipient;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::{message::Heartbeat, writer::WriterCounters};

/// A stage that takes longer to answer makes no progress.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// Far beyond what any step of the pipeline takes that does not wait for the database.
const MOVES_WITHIN: Duration = Duration::from_secs(10);

/// Why a fresh start would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProgress {
    #[error("a stage of the pipeline is gone")]
    Gone,
    #[error("a stage of the pipeline does not answer")]
    Silent,
    #[error("frames wait, the database is well, and the parser does nothing")]
    ParserStuck,
    #[error("events wait, the database is well, and the writer does nothing")]
    WriterStuck,
}

/// What one look at the counters saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Frames that were received and that the parser is not done with.
    pub frames: u64,
    /// Events that the parser is done with and that are not in the database.
    pub events: u64,
    /// Whatever waits, waits for the database: it is away, or at work, or behind.
    pub awaits_database: bool,
    /// How often anything was done, by whichever stage; it only grows.
    pub done: u64,
}

impl Look {
    /// A look at the writer's counters and at the frames above it: how many wait for the parser,
    /// and how many it was ever done with.
    pub fn at(writer: &WriterCounters, frames: u64, frames_done: u64) -> Self {
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        // The answers first: a question that is asked meanwhile is then seen as open, never the
        // other way about.
        let answers = get(&writer.store_answers);
        let questions = get(&writer.store_questions);
        let at_work = questions != answers;
        let behind = get(&writer.waiting) > 0;
        let writer_done = get(&writer.accepted) + get(&writer.written) + get(&writer.retries);
        Self {
            frames,
            events: writer.held(),
            awaits_database: at_work || behind || writer.trouble().is_some(),
            done: frames_done + writer_done + questions + answers,
        }
    }

    /// Whether nothing was done between two looks although there was something to do and nothing
    /// to wait for.
    pub fn stuck(before: &Self, now: &Self) -> Option<NoProgress> {
        let awaited = before.awaits_database || now.awaits_database;
        if awaited || before.done != now.done {
            None
        } else if before.events > 0 && now.events > 0 {
            Some(NoProgress::WriterStuck)
        } else if before.frames > 0 && now.frames > 0 {
            Some(NoProgress::ParserStuck)
        } else {
            None
        }
    }
}

pub struct LivenessParams {
    /// One for each stage.
    pub stages: Vec<Recipient<Heartbeat>>,
    pub look: Box<dyn Fn() -> Look + Send + Sync>,
    /// How long the writer may hold events before it begins a batch.
    pub flush_after: Duration,
}

/// Remembers what was seen, so that it can be asked as often as anybody likes.
pub struct Liveness {
    params: LivenessParams,
    /// The latest look after which something was done, and when it was taken.
    seen: Mutex<Option<(Look, Instant)>>,
}

impl Liveness {
    pub fn new(params: LivenessParams) -> Self {
        Self { params, seen: Mutex::new(None) }
    }

    /// Judges the pipeline now, and by what was seen before.
    ///
    /// # Errors
    /// It makes no progress, and why.
    pub async fn judge(&self) -> Result<(), NoProgress> {
        let beats = self.params.stages.iter().map(|stage| stage.send(Heartbeat));
        match timeout(ANSWERS_WITHIN, join_all(beats)).await {
            Ok(beats) if beats.iter().all(Result::is_ok) => {}
            Ok(_) => return Err(NoProgress::Gone),
            Err(_) => return Err(NoProgress::Silent),
        }
        self.compare((self.params.look)(), Instant::now())
    }

    fn compare(&self, now: Look, at: Instant) -> Result<(), NoProgress> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stuck = seen.and_then(|(before, since)| Some((Look::stuck(&before, &now)?, since)));
        match stuck {
            Some((stuck, since)) if at - since >= self.params.flush_after + MOVES_WITHIN => {
                Err(stuck)
            }
            Some(_) => Ok(()),
            None => {
                *seen = Some((now, at));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix::{Actor, Context, Handler, System};

    use super::*;

    const IDLE: Look = Look { frames: 0, events: 0, awaits_database: false, done: 100 };
    const FRAMES_WAIT: Look = Look { frames: 3, ..IDLE };
    const EVENTS_WAIT: Look = Look { events: 3, ..IDLE };
    const FLUSH_AFTER: Duration = Duration::from_secs(60);

    fn liveness(stages: Vec<Recipient<Heartbeat>>) -> Liveness {
        let look = Box::new(|| IDLE);
        Liveness::new(LivenessParams { stages, look, flush_after: FLUSH_AFTER })
    }

    #[test]
    fn pipeline_is_stuck_only_when_work_waits_for_nothing_and_nothing_is_done() {
        let stuck = |before, now| Look::stuck(&before, &now);
        assert_eq!(stuck(FRAMES_WAIT, FRAMES_WAIT), Some(NoProgress::ParserStuck));
        assert_eq!(stuck(EVENTS_WAIT, EVENTS_WAIT), Some(NoProgress::WriterStuck));
        let more = Look { frames: 7, ..FRAMES_WAIT };
        assert_eq!(stuck(FRAMES_WAIT, more), Some(NoProgress::ParserStuck));
        // Nothing to do, or it came only now, or it is done.
        assert_eq!(stuck(IDLE, IDLE), None);
        assert_eq!(stuck(IDLE, FRAMES_WAIT), None);
        assert_eq!(stuck(FRAMES_WAIT, IDLE), None);
        assert_eq!(stuck(FRAMES_WAIT, EVENTS_WAIT), None);
        // Something was done.
        assert_eq!(stuck(FRAMES_WAIT, Look { done: 101, ..FRAMES_WAIT }), None);
    }

    #[test]
    fn pipeline_is_not_stuck_while_it_waits_for_the_database() {
        for waits in [FRAMES_WAIT, EVENTS_WAIT] {
            let away = Look { awaits_database: true, ..waits };
            for (before, now) in [(away, away), (away, waits), (waits, away)] {
                assert_eq!(Look::stuck(&before, &now), None, "{before:?} {now:?}");
            }
        }
    }

    #[test]
    fn look_sees_a_database_that_is_away_or_at_work_or_behind() {
        let writer = WriterCounters::default();
        let seen = || Look::at(&writer, 2, 40);
        assert_eq!(seen(), Look { frames: 2, events: 0, awaits_database: false, done: 40 });
        writer.accepted.store(9, Ordering::Relaxed);
        writer.written.store(4, Ordering::Relaxed);
        assert_eq!(seen(), Look { frames: 2, events: 5, awaits_database: false, done: 53 });
        writer.store_questions.store(1, Ordering::Relaxed);
        assert!(seen().awaits_database, "at work");
        writer.store_answers.store(1, Ordering::Relaxed);
        assert_eq!(seen(), Look { frames: 2, events: 5, awaits_database: false, done: 55 });
        writer.waiting.store(1, Ordering::Relaxed);
        assert!(seen().awaits_database, "behind");
    }

    #[test]
    fn liveness_ends_when_nothing_moved_for_long_and_comes_back_when_it_does() {
        let liveness = liveness(Vec::new());
        let began = Instant::now();
        let at = |s| began + Duration::from_secs(s);
        assert_eq!(liveness.compare(FRAMES_WAIT, at(0)), Ok(()));
        assert_eq!(liveness.compare(FRAMES_WAIT, at(30)), Ok(()));
        assert_eq!(liveness.compare(FRAMES_WAIT, at(69)), Ok(()));
        assert_eq!(liveness.compare(FRAMES_WAIT, at(70)), Err(NoProgress::ParserStuck));
        assert_eq!(liveness.compare(FRAMES_WAIT, at(80)), Err(NoProgress::ParserStuck));
        let moved = Look { done: 101, ..FRAMES_WAIT };
        assert_eq!(liveness.compare(moved, at(90)), Ok(()));
        assert_eq!(liveness.compare(moved, at(159)), Ok(()));
        assert_eq!(liveness.compare(moved, at(160)), Err(NoProgress::ParserStuck));
    }

    #[test]
    fn liveness_counts_from_when_work_came_however_seldom_it_is_asked() {
        let liveness = liveness(Vec::new());
        let began = Instant::now();
        assert_eq!(liveness.compare(IDLE, began), Ok(()));
        let an_hour_later = began + Duration::from_secs(3_600);
        assert_eq!(liveness.compare(FRAMES_WAIT, an_hour_later), Ok(()));
    }

    /// Answers, or never does.
    struct Stage {
        answers: bool,
    }

    impl Actor for Stage {
        type Context = Context<Self>;
    }

    impl Handler<Heartbeat> for Stage {
        type Result = actix::ResponseFuture<()>;

        fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) -> Self::Result {
            match self.answers {
                true => Box::pin(std::future::ready(())),
                false => Box::pin(std::future::pending()),
            }
        }
    }

    #[test]
    fn liveness_ends_when_a_stage_does_not_answer_or_is_gone() {
        System::new().block_on(async {
            tokio::time::pause();
            let stage = |answers| Stage { answers }.start().recipient();
            assert_eq!(liveness(vec![stage(true), stage(true)]).judge().await, Ok(()));
            let silent = liveness(vec![stage(true), stage(false)]);
            assert_eq!(silent.judge().await, Err(NoProgress::Silent));
            let gone = {
                let thread = actix::Arbiter::new();
                let stage = Stage::start_in_arbiter(&thread.handle(), |_| Stage { answers: true });
                stage.send(Heartbeat).await.unwrap();
                thread.stop();
                thread.join().unwrap();
                stage.recipient()
            };
            assert_eq!(liveness(vec![stage(true), gone]).judge().await, Err(NoProgress::Gone));
        });
    }
}
