//! What decoders want to know of the past, asked beside the batch in flight.
//!
//! A question waits until all that was told of its heat before it (for a ring: of its runs) is in
//! Postgres, and for nothing else: in a great fleet somebody asks at any time, mostly of a heat that
//! has just begun. Those that wait when the store is done with others are asked together: a fleet that
//! starts has one for each feed.

use std::{collections::VecDeque, mem};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use log::warn;
use tokio::sync::oneshot;

use crate::pipeline::{
    backoff::Backoff,
    message::{Entry, RecallPast, RecallPasts, Recalled, StoreError},
};

use super::{Writer, flatten, store_backoff};

#[derive(Default)]
pub(super) struct Questions {
    waiting: VecDeque<Question>,
    /// Some are with the store, or will be again when that is back.
    is_asking: bool,
}

struct Question {
    recall: RecallPast,
    /// The answer must include this many entries of all ever accepted.
    after: u64,
    answer: oneshot::Sender<Recalled>,
}

impl Questions {
    /// Takes those that can be answered when so many entries are written, the first of them.
    fn take_answerable(&mut self, written: u64) -> Vec<Question> {
        let mut answerable = Vec::new();
        for question in mem::take(&mut self.waiting) {
            if question.after <= written && answerable.len() < RecallPasts::MOST {
                answerable.push(question);
            } else {
                self.waiting.push_back(question);
            }
        }
        answerable
    }

    /// Whether one of them waits for more than these entries.
    pub fn want_more_than(&self, written: u64) -> bool {
        self.waiting.iter().any(|question| question.after > written)
    }
}

impl Writer {
    /// Takes a question up; where the answer comes.
    pub(super) fn take_question(&mut self, recall: RecallPast) -> oneshot::Receiver<Recalled> {
        let (answer, answered) = oneshot::channel();
        let after = self.last_told_of(&recall);
        self.questions.waiting.push_back(Question { recall, after, answer });
        answered
    }

    /// With so many entries written all are that the answer must know of.
    fn last_told_of(&self, RecallPast { feed, ask }: &RecallPast) -> u64 {
        let is_asked_for =
            |entry: &Entry| entry.event.is_asked_for(ask) && entry.feed.id == feed.id;
        if let Some(last) = self.held.iter().rposition(is_asked_for) {
            return self.batched + last as u64 + 1;
        }
        let in_flight = self.in_flight.as_ref().map(|flight| &flight.batch.entries);
        let is_in_flight = in_flight.is_some_and(|entries| entries.iter().any(is_asked_for));
        if is_in_flight { self.batched } else { 0 }
    }

    /// Asks those that can be answered, unless some are under way.
    pub(super) fn ask_next(&mut self, ctx: &mut Context<Self>) {
        if self.questions.is_asking {
            return;
        }
        let questions = self.questions.take_answerable(self.written);
        if !questions.is_empty() {
            self.questions.is_asking = true;
            self.ask(questions, store_backoff(), ctx);
        }
    }

    fn ask(&mut self, questions: Vec<Question>, backoff: Backoff, ctx: &mut Context<Self>) {
        self.params.counters.count_question();
        let asked = questions.iter().map(|question| question.recall.clone()).collect();
        let sent = self.params.recall.send(RecallPasts(asked)).into_actor(self);
        ctx.spawn(sent.map(move |answers, this, ctx| {
            this.params.counters.count_answer();
            let answers = match flatten(answers) {
                Err(StoreError::Retriable(words)) => {
                    return this.ask_later(questions, words, backoff, ctx);
                }
                Err(refusal) => vec![Err(refusal); questions.len()],
                Ok(answers) => answers,
            };
            this.questions.is_asking = false;
            // A batch that is tried again has a trouble of its own.
            if this.in_flight.is_none() {
                this.params.counters.set_trouble(None);
            }
            for (question, answer) in questions.into_iter().zip(answers) {
                // The feed that asked may be gone.
                question.answer.send(answer).ok();
            }
            this.go_on(ctx);
        }));
    }

    fn ask_later(
        &mut self,
        questions: Vec<Question>,
        words: String,
        mut backoff: Backoff,
        ctx: &mut Context<Self>,
    ) {
        let wait = backoff.next_wait();
        let words = StoreError::Retriable(words).to_string();
        let counters = &self.params.counters;
        counters.count_retry();
        if counters.set_trouble(Some(words.clone())).as_ref() != Some(&words) {
            warn!("{words}; trying again held={}", counters.held());
        }
        ctx.run_later(wait, move |this, ctx| this.ask(questions, backoff, ctx));
    }
}
