//! How a feed is connected, in a sign, a word or two, and sentences.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    board::Board,
    http::words::Words,
    pipeline::live::{Link, Live, Staleness},
};

use super::{
    sign,
    time::{self, Moment},
};

/// The element that tells it on the page of a feed.
pub(super) const STATUS: &str = "status";

/// Why what is shown is not true now, in a sentence; none where it is.
pub(super) fn stale(
    live: &Live,
    now: DateTime<Utc>,
    words: &'static Words,
) -> Option<&'static str> {
    let link = &words.link;
    match live.staleness(now) {
        Staleness::Fresh => None,
        // There is nothing on the page that could be taken for the present.
        Staleness::Never => None,
        Staleness::Disconnected { .. } => Some(link.lost),
        Staleness::Silent { .. } => Some(link.no_data),
    }
}

/// A state as it is shown on a badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Badge {
    pub class: &'static str,
    pub glyph: &'static str,
    pub words: &'static str,
}

impl Badge {
    pub fn of(live: &Live, now: DateTime<Utc>, words: &'static Words) -> Self {
        let link = &words.link;
        match (&live.link, live.staleness(now)) {
            (Link::Down { .. }, _) | (_, Staleness::Disconnected { .. }) => {
                Self { class: "bad", glyph: "✕", words: link.disconnected }
            }
            (_, Staleness::Silent { .. }) => Self { class: "bad", glyph: "!", words: link.silent },
            (Link::Never, _) => Self { class: "wait", glyph: "…", words: link.connecting },
            (Link::Up { .. }, _) if is_busy(&live.board) => {
                Self { class: "live", glyph: "●", words: link.live }
            }
            (Link::Up { .. }, _) => Self { class: "idle", glyph: "○", words: link.connected },
        }
    }

    pub fn draw(self) -> Markup {
        html! {
            span class={ "badge " (self.class) } { (sign::glyph(self.glyph)) " " (self.words) }
        }
    }
}

/// A clock runs, or a dog.
pub(super) fn is_busy(board: &Board) -> bool {
    match board {
        Board::Heat(heat) => heat.clock.runs,
        Board::Ring(ring) => ring.on_course.as_ref().is_some_and(|dog| dog.is_running()),
        Board::Unknown | Board::Empty | Board::NotReady(_) => false,
    }
}

/// When the data came that is shown, where that is worth telling: while a clock runs it changes with
/// every frame, and what came before there was anything to show is none.
pub(super) fn age(live: &Live, badge: Badge) -> Option<DateTime<Utc>> {
    live.last_at.filter(|_| badge.class != "live" && live.board != Board::Unknown)
}

/// The line under the name of a feed.
pub(super) fn line(live: &Live, moment: Moment, words: &'static Words) -> Markup {
    let badge = Badge::of(live, moment.now, words);
    let age = age(live, badge);
    html! {
        p id=(STATUS) class="status" {
            (badge.draw())
            @if let Link::Down { reason, .. } = &live.link {
                " " span { (words.link.reason(reason)) }
            }
            @if live.trouble.is_some() {
                " " span.fault { (words.link.unreadable) }
            }
            @if let Some(at) = age {
                " " span.age { (words.link.last_data.around(time::ago(at, moment, &words.time))) }
            }
        }
    }
}
