//! The heats of a feed, newest first.

use chrono::Utc;
use maud::{Markup, html};

use crate::{
    db::queries::{FeedHeats, HeatSummary},
    http::pages::{
        heat,
        layout::{self, Frame},
        reader::Reader,
        time,
    },
};

use super::{list_path, words::HeatsWords};

/// `is_later`: it does not begin with the newest.
pub(super) fn page(heats: &FeedHeats, is_later: bool, reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let FeedHeats { feed, heats, more } = heats;
    let id = feed.id.as_str();
    let title = format!("{}: {} · {}", words.heats, feed.name, feed.venue);
    let frame = Frame { title: &title, socket: None, stale: None, now: Utc::now() };
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" { (words.heats) " " small { (feed.name) " · " (feed.venue) } }
                p { a href=(reader.link(&format!("/feeds/{id}"))) { (words.live) } }
            }
            @if heats.is_empty() {
                section.panel.notice { p { (words.no_heats) } }
            } @else {
                (table(heats, reader))
            }
            nav.pages aria-label=(words.heats) {
                @if is_later { a rel="first" href=(reader.link(&list_path(id))) { (words.newest) } }
                @if let Some(last) = heats.last().filter(|_| *more) {
                    a rel="next" href=(older(&reader.link(&list_path(id)), last)) { (words.older) }
                }
            }
        },
    )
}

fn older(list: &str, last: &HeatSummary) -> String {
    let joint = if list.contains('?') { '&' } else { '?' };
    format!("{list}{joint}before={}", last.id)
}

fn table(heats: &[HeatSummary], reader: &Reader) -> Markup {
    let words = HeatsWords::of(reader.lang);
    let columns = &reader.words().heat;
    html! {
        table.heat.heats {
            caption.vh { (words.heats) }
            thead {
                tr {
                    th.when scope="col" { (words.when) }
                    th.who scope="col" { (words.heat) }
                    th.how scope="col" { (words.state) }
                    th.many scope="col" { (words.drivers) }
                    th.first scope="col" { (words.first) }
                    th.best scope="col" { abbr title=(columns.best.long) { (columns.best.short) } }
                }
            }
            tbody { @for heat in heats { (row(heat, reader)) } }
        }
    }
}

fn row(summary: &HeatSummary, reader: &Reader) -> Markup {
    let address = reader.link(&format!("/heats/{}", summary.id));
    let leader = summary.leader.as_deref().map(|name| reader.names.show(name.trim()));
    html! {
        tr {
            td.when { (time::date(summary.started_at.unwrap_or(summary.first_seen_at))) }
            th.who scope="row" { a dir="auto" href=(address) { (heat::title_or_dash(&summary.name)) } }
            td.how { (heat::state(&summary.state, &reader.words().heat)) }
            td.many { (summary.drivers) }
            td.first { @if let Some(leader) = leader { bdi { (leader) } } @else { "–" } }
            td.best { (summary.best_lap_ms.map_or("–".to_owned(), time::lap)) }
        }
    }
}
