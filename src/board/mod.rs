//! What a screen shows of a feed: the fold of its events, without an actor, a page or a clock.
//!
//! Events tell what changed, a [`Scene`] tells what is in view; a board is both together, ready to
//! be drawn. The live view folds what comes in, a page of a past heat folds what is stored, and
//! both are drawn by the same code.

pub mod agility;
pub mod karting;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event::{Ask, Event, Past, Scene};

pub use agility::RingBoard;
pub use karting::HeatBoard;

/// What is on at a feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Board {
    /// Nothing was heard yet.
    #[default]
    Unknown,
    /// The venue has nothing loaded.
    Empty,
    Heat(Arc<HeatBoard>),
    /// No start order yet; the venue's words for it.
    NotReady(String),
    Ring(Arc<RingBoard>),
}

/// Keeps what is on at one feed, and makes its board when somebody looks.
#[derive(Debug, Default)]
pub struct Boards {
    karting: karting::HeatFold,
    agility: agility::RingFold,
    view: View,
}

/// What is in view.
#[derive(Debug, Default)]
enum View {
    #[default]
    Unknown,
    Empty,
    /// The heat of the fold, as confirmed at this moment. Its table is made when it is looked at:
    /// hardly any of a great fleet's heats is watched, and every line holds all its laps.
    Heat(DateTime<Utc>),
    NotReady(String),
    Ring(Arc<RingBoard>),
}

impl Boards {
    /// What is on now.
    pub fn board(&mut self) -> Board {
        match &self.view {
            View::Unknown => Board::Unknown,
            View::Empty => Board::Empty,
            View::NotReady(words) => Board::NotReady(words.clone()),
            View::Ring(ring) => Board::Ring(ring.clone()),
            View::Heat(at) => match self.karting.board(*at) {
                Some(heat) => Board::Heat(Arc::new(heat)),
                // A view is a heat only while the fold has one.
                None => Board::Unknown,
            },
        }
    }

    /// Whether anything is known of the feed.
    pub fn is_known(&self) -> bool {
        !matches!(self.view, View::Unknown)
    }

    /// Takes in what is stored of the heats or the run in view.
    pub fn recall(&mut self, past: &Past) {
        if let Past::Heats(heats) = past {
            self.karting.recall(heats);
        }
    }

    /// Adds to what is stored what was seen here: while a database was away, or is behind, it knows
    /// less than who was looking.
    pub fn complete(&self, ask: &Ask, past: &mut Past) {
        if let (true, Past::Heats(heats)) = (self.is_in_view(ask), past) {
            self.karting.complete(heats);
        }
    }

    /// Whether the past that this asks for would tell what is not seen.
    pub fn lacks(&self, ask: &Ask) -> bool {
        self.is_in_view(ask) && self.karting.lacks_laps()
    }

    fn is_in_view(&self, ask: &Ask) -> bool {
        match (ask, &self.view) {
            (Ask::Heats { start_unix, name }, View::Heat(_)) => {
                self.karting.is_of(*start_unix, name)
            }
            _ => false,
        }
    }

    /// Takes in what one frame meant. `false`: it shows things of which nothing is known here, since
    /// the decoder told them long ago; what a fresh decoder tells of the same frame is complete.
    #[must_use]
    pub fn apply(&mut self, events: &[Event], scene: Option<&Scene>, at: DateTime<Utc>) -> bool {
        for event in events {
            match event {
                Event::Karting(event) => self.karting.apply(event),
                Event::Agility(event) => self.agility.apply(event),
                Event::Configured
                | Event::Connection(_)
                | Event::FrameRejected(_)
                | Event::FramesLost(_) => {}
            }
        }
        let view = match scene {
            // The same things are in view; the clock of a heat was confirmed.
            None => match self.view {
                View::Heat(_) => Some(View::Heat(at)),
                _ => return true,
            },
            Some(Scene::Empty) => {
                self.karting.clear();
                Some(View::Empty)
            }
            Some(Scene::Heat(scene)) => self.karting.show(scene).then_some(View::Heat(at)),
            Some(Scene::NotReady(words)) => {
                self.agility.clear();
                Some(View::NotReady(words.clone()))
            }
            Some(Scene::Ring(scene)) => {
                self.agility.show(scene).map(|ring| View::Ring(Arc::new(ring)))
            }
        };
        let is_whole = view.is_some();
        if let Some(view) = view {
            self.view = view;
        }
        is_whole
    }
}
