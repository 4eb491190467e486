//! A message whose dogs and pairs are either read or known by their JSON from the last one.

use std::{mem, sync::Arc};

use crate::event::agility::CombinedResult;

use super::{
    known::{self, Dog},
    wire,
};

#[derive(Debug, Default)]
pub struct Message<'a> {
    /// All but the slots.
    pub sent: wire::Message<'a>,
    /// Whether it has a slot, if only an empty one.
    pub has_slots: bool,
    pub run: Option<Run<'a>>,
    pub run_ready: Option<Run<'a>>,
}

#[derive(Debug, Default)]
pub struct Run<'a> {
    /// All but the dogs and pairs.
    pub sent: Box<wire::Run<'a>>,
    pub playset: Option<DogEntry<'a>>,
    pub best: Vec<DogEntry<'a>>,
    pub combined: Vec<PairEntry<'a>>,
}

pub type DogEntry<'a> = Entry<'a, wire::Playset<'a>, Dog>;
pub type PairEntry<'a> = Entry<'a, wire::Combined<'a>, Arc<CombinedResult>>;

#[derive(Debug)]
pub enum Entry<'a, T, M> {
    Known(Arc<known::Entry<M>>),
    Read {
        sent: Box<T>,
        /// Empty where it is not to be known by it.
        json: &'a str,
    },
}

impl<'a> From<wire::Message<'a>> for Message<'a> {
    fn from(mut sent: wire::Message<'a>) -> Self {
        let run = mem::take(&mut sent.run);
        let run_ready = mem::take(&mut sent.run_ready);
        Self {
            has_slots: !run.is_missing() || !run_ready.is_missing(),
            run: run.into_run().map(Run::from),
            run_ready: run_ready.into_run().map(Run::from),
            sent,
        }
    }
}

impl<'a> From<Box<wire::Run<'a>>> for Run<'a> {
    fn from(mut sent: Box<wire::Run<'a>>) -> Self {
        Self {
            playset: sent.playset.take().map(Entry::from),
            best: mem::take(&mut sent.results_best).into_iter().map(Entry::from).collect(),
            combined: mem::take(&mut sent.results_combined).into_iter().map(Entry::from).collect(),
            sent,
        }
    }
}

impl<T, M> From<T> for Entry<'_, T, M> {
    fn from(sent: T) -> Self {
        Self::Read { sent: Box::new(sent), json: "" }
    }
}

impl DogEntry<'_> {
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Known(dog) => Some(&dog.means.playset.playset_id),
            Self::Read { sent, .. } => sent.id.get(),
        }
    }

    pub fn status(&self) -> Option<&str> {
        match self {
            Self::Known(dog) => dog.means.playset.status.as_deref(),
            Self::Read { sent, .. } => sent.status_string.get(),
        }
    }
}

impl PairEntry<'_> {
    pub fn dorsal(&self) -> Option<&str> {
        match self {
            Self::Known(pair) => Some(&pair.means.dorsal),
            Self::Read { sent, .. } => sent.pair.dorsal.get(),
        }
    }
}
