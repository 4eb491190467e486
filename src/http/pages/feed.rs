//! The page of one feed: what is on there now.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    board::Board,
    http::view::Shown,
    pipeline::live::{Link, Live},
};

use super::{
    charts::Charts,
    heat, heats,
    layout::{self, Frame},
    reader::Reader,
    ring, runs,
    sheet::Sheet,
    status,
    time::Moment,
};

/// What a live page shows at a moment: a pure function of what it knows.
pub(super) fn sheet(live: &Live, charts: &mut Charts, reader: &Reader, moment: Moment) -> Sheet {
    let words = reader.words();
    let mut sheet = Sheet::default();
    sheet.loose(status::STATUS, status::line(live, moment, words));
    match &live.board {
        Board::Heat(board) => {
            heat::draw(&mut sheet, board, reader, moment);
            charts.draw(&mut sheet, board, reader);
        }
        Board::Ring(board) => ring::draw(&mut sheet, board, reader, moment),
        Board::Empty => sheet.piece("notice", notice(words.heat.no_heat, None)),
        Board::NotReady(said) => {
            sheet.piece("notice", notice(words.ring.not_ready, Some(said)));
        }
        Board::Unknown => {
            let waits = !matches!(live.link, Link::Down { .. });
            let text = if waits { words.heat.waiting } else { words.link.never_heard };
            sheet.piece("notice", notice(text, None));
        }
    }
    sheet
}

/// The same for a client that has the page already.
pub(super) fn shown(
    live: &Live,
    charts: &mut Charts,
    reader: &Reader,
    now: DateTime<Utc>,
) -> Shown {
    let stale = status::stale(live, now, reader.words()).map(Into::into);
    Shown { fragments: sheet(live, charts, reader, Moment::on_socket(now)).fragments(), stale }
}

/// The whole page.
pub(super) fn page(live: &Live, reader: &Reader, now: DateTime<Utc>) -> Markup {
    let sheet = sheet(live, &mut Charts::default(), reader, Moment::on_page(now));
    let id = live.feed.id.as_str();
    let frame = Frame {
        title: &format!("{} · {}", live.feed.name, live.feed.venue),
        socket: Some(format!("/feeds/{id}/socket?view=live")),
        stale: status::stale(live, now, reader.words()),
        now,
    };
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" { (live.feed.name) " " small { (live.feed.venue) } }
                @if let Some(line) = sheet.element(status::STATUS) { (line) }
                @if !reader.wall && matches!(live.board, Board::Heat(_) | Board::Empty) {
                    p { (heats::link(id, reader)) }
                }
                @if !reader.wall && matches!(live.board, Board::Ring(_) | Board::NotReady(_)) {
                    p { (runs::link(id, reader)) }
                }
            }
            (sheet.board())
        },
    )
}

/// There is nothing to show, and why; the venue's own words where it has some.
fn notice(text: &str, said: Option<&str>) -> Markup {
    html! {
        section id="notice" class="panel notice" data-headline=(text) {
            p { (text) }
            @if let Some(said) = said { p.said { "“" bdi { (said) } "”" } }
        }
    }
}

#[cfg(test)]
mod tests;
