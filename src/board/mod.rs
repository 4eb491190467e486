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

/// Keeps the board of one feed.
#[derive(Debug, Default)]
pub struct Boards {
    karting: karting::HeatFold,
    agility: agility::RingFold,
    board: Board,
}

impl Boards {
    pub fn board(&self) -> &Board {
        &self.board
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
        let lacks_laps = matches!(&self.board, Board::Heat(heat) if heat.lacks_laps());
        lacks_laps && self.is_in_view(ask)
    }

    fn is_in_view(&self, ask: &Ask) -> bool {
        match (ask, &self.board) {
            (Ask::Heats { start_unix, name }, Board::Heat(board)) => {
                board.heat.key.start_unix == *start_unix && board.heat.key.name == *name
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
        let shown = match scene {
            // The same things are in view; the clock of a heat was confirmed.
            None => match &self.board {
                Board::Heat(_) => self.heat(at),
                other => Some(other.clone()),
            },
            Some(Scene::Empty) => {
                self.karting.clear();
                Some(Board::Empty)
            }
            Some(Scene::Heat(scene)) => self.karting.show(scene).then(|| self.heat(at)).flatten(),
            Some(Scene::NotReady(words)) => {
                self.agility.clear();
                Some(Board::NotReady(words.clone()))
            }
            Some(Scene::Ring(scene)) => {
                self.agility.show(scene).map(|ring| Board::Ring(Arc::new(ring)))
            }
        };
        let is_whole = shown.is_some();
        if let Some(board) = shown {
            self.board = board;
        }
        is_whole
    }

    fn heat(&mut self, at: DateTime<Utc>) -> Option<Board> {
        self.karting.board(at).map(|heat| Board::Heat(Arc::new(heat)))
    }
}
