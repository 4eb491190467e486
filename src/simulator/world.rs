//! What the simulated worlds have in common: frames at moments of a time of their own.

use std::time::Duration;

/// A frame of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When it is sent, in the world's time since the world began. Never goes back.
    pub offset: Duration,
    pub text: String,
}

/// Something that changes at moments known before, and looks like a frame at every moment.
///
/// A world is stepped *when* a frame is due, not ahead of it, so that what is true in it is at any
/// time what was sent.
pub(super) trait World: Send {
    /// When the next frame is due, since the beginning of the world; none: never again.
    fn due(&self) -> Option<Duration>;

    /// Lets that happen which is due.
    fn step(&mut self);

    /// The present as a frame; none before there is anything to send.
    fn snapshot(&self) -> Option<String>;
}

/// Steps a world without waiting for its time.
pub(super) fn next_frame(world: &mut impl World) -> Option<Frame> {
    let offset = world.due()?;
    world.step();
    world.snapshot().map(|text| Frame { offset, text })
}
