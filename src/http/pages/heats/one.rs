//! A heat that was, or is: its table as last seen, its charts, every lap, and what is missing.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::Utc;
use maud::{Markup, html};

use crate::{
    board::HeatBoard,
    db::queries::{Completeness, MissingLaps, Neighbours, StoredHeat},
    event::karting::{Lap, LapSource},
    http::pages::{
        charts, heat,
        layout::{self, Frame},
        reader::Reader,
        sheet::Sheet,
        time,
    },
};

use super::{
    duel::{self, Chosen},
    link, pace,
    words::HeatsWords,
};

/// Every lap of an endless race would make an endless page.
pub(super) const MAX_LAPS: usize = 300;

pub(super) fn page(
    stored: &StoredHeat,
    beside: Neighbours,
    chosen: Chosen,
    reader: &Reader,
) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let StoredHeat { feed, board, .. } = stored;
    let mut sheet = Sheet::default();
    heat::draw_past(&mut sheet, board, feed.id.as_str(), reader);
    charts::draw_past(&mut sheet, board, reader);
    let title = format!("{} · {}", heat::title_or_dash(&board.heat.key.name), feed.name);
    let frame = Frame { title: &title, socket: None, stale: None, now: Utc::now() };
    let id = feed.id.as_str();
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" { (feed.name) " " small { (feed.venue) } }
                p.facts {
                    a href=(reader.link(&format!("/feeds/{id}"))) { (words.live) }
                    (link(id, reader))
                }
            }
            (times(stored, words))
            (sheet.board())
            (pace::section(board, reader))
            (duel::section(board, chosen, reader))
            (completeness(&stored.completeness, reader))
            (all_laps(board, reader))
            (downloads(stored.id, words))
            (neighbours(beside, reader))
        },
    )
}

fn neighbours(beside: Neighbours, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let address = |heat: i64| reader.link(&format!("/heats/{heat}"));
    html! {
        nav.pages aria-label=(words.heats) {
            @if let Some(heat) = beside.previous {
                a rel="prev" href=(address(heat)) { "← " (words.previous) }
            }
            @if let Some(heat) = beside.next {
                a rel="next" href=(address(heat)) { (words.next) " →" }
            }
        }
    }
}

/// The laps of the heat as files.
fn downloads(heat: i64, words: &HeatsWords) -> Markup {
    let address = |format| format!("/api/v1/export/laps?heat={heat}&format={format}");
    html! {
        p #downloads.facts {
            (words.laps_as_file)
            @for (format, name) in [("csv", "CSV"), ("jsonl", "JSON Lines"), ("parquet", "Parquet")] {
                a href=(address(format)) download { (name) }
            }
        }
    }
}

fn times(stored: &StoredHeat, words: &HeatsWords) -> Markup {
    let heat = &stored.board.heat;
    html! {
        p #times.facts {
            @match heat.started_at {
                Some(at) => span { (words.started) " " (time::date(at)) },
                None => span { (words.first_seen) " " (time::date(stored.first_seen_at)) },
            }
            @match heat.finished_at {
                Some(at) => span { (words.finished) " " (time::date(at)) },
                None => span { (words.last_seen) " " (time::date(heat.seen_at)) },
            }
        }
    }
}

fn completeness(counts: &Completeness, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    html! {
        section #completeness.panel {
            h3 { (words.completeness) }
            p { ((words.laps_known)(counts.laps_known, counts.laps_expected)) }
            @if counts.laps_reconstructed > 0 {
                p { ((words.computed)(counts.laps_reconstructed, counts.max_error_ms)) }
            }
            @if counts.laps_corrected > 0 { p { ((words.corrected)(counts.laps_corrected)) } }
            @if !counts.finished { p { (words.end_not_seen) } }
            @if !counts.missing.is_empty() {
                ul { @for hole in &counts.missing { li { (missing(hole, reader)) } } }
            }
        }
    }
}

fn missing(hole: &MissingLaps, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let name =
        hole.name.as_deref().map_or(Cow::Borrowed("–"), |name| reader.names.show(name.trim()));
    let laps = match hole.last_lap {
        last if last > hole.first_lap => format!("{}–{last}", hole.first_lap),
        _ => hole.first_lap.to_string(),
    };
    html! { bdi { (name) } ": " (words.missing) " " (laps) }
}

/// A row a lap, a column a driver.
fn all_laps(board: &HeatBoard, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let numbers: BTreeSet<i32> =
        board.lines.iter().flat_map(|line| line.laps.iter().map(|lap| lap.lap)).collect();
    let columns: Vec<BTreeMap<i32, &Lap>> = board
        .lines
        .iter()
        .map(|line| line.laps.iter().map(|lap| (lap.lap, lap)).collect())
        .collect();
    html! {
        @if !numbers.is_empty() {
            details #all-laps {
                summary { (words.all_laps) }
                div.sideways tabindex="0" role="region" aria-label=(words.all_laps) {
                    table.laps {
                        thead {
                            tr {
                                th scope="col" { (words.lap) }
                                @for line in &board.lines {
                                    th scope="col" { bdi { (reader.names.show(line.standing.name.trim())) } }
                                }
                            }
                        }
                        tbody {
                            @for number in numbers.iter().take(MAX_LAPS) {
                                tr {
                                    th scope="row" { (number) }
                                    @for laps in &columns { td { (lap(laps.get(number).copied())) } }
                                }
                            }
                        }
                    }
                }
                @if numbers.len() > MAX_LAPS { p { ((words.only_first)(MAX_LAPS)) } }
            }
        }
    }
}

fn lap(lap: Option<&Lap>) -> Markup {
    html! {
        @if let Some(lap) = lap {
            @if lap.source == LapSource::Reconstructed { "≈ " }
            (time::lap(lap.lap_ms))
        }
    }
}
