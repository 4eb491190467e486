//! The venue of a recording: of the kind that the recording is of.

use std::ops::Deref;

use crate::feed::{bmi, flowagility};

use super::{
    Playback, Plays, Ring, RingOptions, Simulator, Start, Track, TrackOptions, venue::Venue,
};

/// What a client names after `START ` to see a recorded track.
const RESOURCE: &str = "1@recorded";
/// The last part of the address of a recorded ring.
const TOKEN: &str = "recorded";

/// A venue that plays a recording.
#[derive(Clone)]
pub enum Recorded {
    Track(Track),
    Ring(Ring),
}

/// Why no venue can play a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    #[error("no fake venue speaks {0:?}; there are {bmi} and {flowagility}", bmi = bmi::KIND, flowagility = flowagility::KIND)]
    Kind(String),
    #[error("neither a header nor a message tells what kind of venue spoke here")]
    NothingTells,
}

impl Simulator {
    /// Opens a venue of the recording's kind. It begins with its first subscriber, which so sees
    /// everything; whoever comes later joins in, as with the real one.
    ///
    /// # Errors
    /// No venue speaks like this recording.
    pub fn add_recording(&self, playback: Playback, speed: f64) -> Result<Recorded, Unplayable> {
        let kind = playback.recording.kind().ok_or(Unplayable::NothingTells)?;
        let start = Start::WithFirstSubscriber;
        match kind {
            bmi::KIND => {
                let plays = Plays::Recording(playback);
                let options = TrackOptions { plays, speed, start, ..TrackOptions::new(RESOURCE) };
                Ok(Recorded::Track(self.add_track(options)))
            }
            flowagility::KIND => {
                let plays = Plays::Recording(playback);
                let options = RingOptions { plays, speed, start, ..RingOptions::new(TOKEN) };
                Ok(Recorded::Ring(self.add_ring(options)))
            }
            other => Err(Unplayable::Kind(other.to_owned())),
        }
    }
}

impl Deref for Recorded {
    type Target = Venue;

    fn deref(&self) -> &Venue {
        match self {
            Self::Track(track) => track,
            Self::Ring(ring) => ring,
        }
    }
}
