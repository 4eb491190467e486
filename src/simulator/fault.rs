//! What can go wrong at a venue, as a script for tests.

use std::time::Duration;

/// How a venue misbehaves, from the moment at which it is told to.
///
/// `Refuse`, `RefuseWith503`, `HangBeforeUpgrade` and `DataWithUpgrade` belong to the handshake: they
/// meet only new connections, and only those to the venue's own address. All others meet open
/// connections too. Whatever stands *in place of every frame* waits for the next frame that is due;
/// the snapshot after a client's request is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// Takes the connection and resets it, without an answer.
    Refuse,
    /// Answers the upgrade with `503 Service Unavailable`.
    RefuseWith503,
    /// Never answers the upgrade.
    HangBeforeUpgrade,
    /// Upgrades, and nothing ever after, neither data nor pongs.
    HangAfterUpgrade,
    /// Upgrades and says goodbye at once.
    AcceptAndClose,
    /// Says goodbye after so many data frames, counted from the start of the connection.
    CloseAfter { frames: u64 },
    /// Resets the connection after so many data frames, without a goodbye.
    ResetAfter { frames: u64 },
    /// Sends no data; pings of both kinds are answered.
    Silent,
    /// Data flows; pings of both kinds stay unanswered.
    NoPong,
    /// An empty text frame in place of every frame.
    EmptyFrames,
    /// Something that is no JSON in place of every frame.
    Garbage,
    /// Bytes that are no UTF-8 in place of every frame.
    InvalidUtf8,
    /// Every byte of every frame by itself, with so much time between.
    Drip { every: Duration },
    /// Every message in several fragments with websocket pings between.
    Fragmented,
    /// A text frame of so many bytes in place of every frame; all of them flow.
    Oversize { bytes: u64 },
    /// A frame header that claims 4 GiB, then bytes as fast as they are taken, until the client
    /// leaves.
    HugeHeader,
    /// One message of fragments that never ends, as fast as it is taken, until the client leaves.
    EndlessFragments,
    /// A small compressed message that inflates to so many bytes, in place of every frame.
    DeflateBomb { bytes: u64 },
    /// The present frame over and over, as fast as it is taken.
    Flood,
    /// The first frame comes in one TCP segment with the answer to the upgrade, before the client
    /// has asked for anything.
    DataWithUpgrade,
    /// A binary frame in place of every text frame.
    Binary,
}

impl Fault {
    /// One byte a second.
    pub const ONE_BYTE_A_SECOND: Self = Self::Drip { every: Duration::from_secs(1) };

    /// Whether websocket pings and text pings get their answer.
    pub(super) fn answers_pings(self) -> bool {
        !matches!(self, Self::NoPong | Self::HangAfterUpgrade)
    }
}
