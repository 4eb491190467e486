//! The runs that fit, newest first.

use chrono::{NaiveDate, Utc};
use maud::{Markup, html};

use crate::{
    db::queries::{RunSummary, RunWithDogs, RunsFilter},
    event::agility::RunKey,
    http::pages::{
        layout::{self, Frame},
        reader::Reader,
        ring, time,
    },
};

use super::{RunsWords, parts, tables};

pub(super) struct Listed {
    pub filter: RunsFilter,
    pub day: Option<NaiveDate>,
    pub runs: Vec<RunSummary>,
    pub has_more: bool,
    /// It does not begin with the newest.
    pub is_later: bool,
    /// All runs of the event that is asked for.
    pub of_event: Vec<RunWithDogs>,
}

pub(super) fn page(listed: &Listed, reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let event = listed.filter.event.as_deref();
    let title = event.map_or(words.runs.to_owned(), |event| format!("{} · {event}", words.runs));
    let frame = Frame { title: &title, socket: None, stale: None, now: Utc::now() };
    layout::page(
        &frame,
        reader,
        html! {
            header.title {
                h1 dir="auto" {
                    (words.runs)
                    @if let Some(event) = event { " " small { bdi { (event) } } }
                }
                @if let Some(feed) = &listed.filter.feed {
                    p { a href=(reader.link(&format!("/feeds/{feed}"))) { (words.live) } }
                }
            }
            (filter(listed, reader))
            @if listed.runs.is_empty() {
                section.panel.notice { p { (words.no_runs) } }
            } @else {
                (table(&listed.runs, reader))
            }
            nav.pages aria-label=(words.runs) {
                @if listed.is_later { a rel="first" href=(address(listed, None, reader)) { (words.newest) } }
                @if let Some(last) = listed.runs.last().filter(|_| listed.has_more) {
                    a rel="next" href=(address(listed, Some(last.id), reader)) { (words.older) }
                }
            }
            (tables::of_event(&listed.of_event, reader))
        },
    )
}

/// The same list, after this run.
fn address(listed: &Listed, before: Option<i64>, reader: &Reader) -> String {
    let RunsFilter { feed, event, run_type, .. } = &listed.filter;
    let day = listed.day.map(|day| day.to_string());
    let before = before.map(|id| id.to_string());
    let fields =
        [("feed", feed), ("event", event), ("type", run_type), ("day", &day), ("before", &before)];
    let asked: Vec<(&str, &str)> =
        fields.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?))).collect();
    reader.link_with("/runs", &asked)
}

fn filter(listed: &Listed, reader: &Reader) -> Markup {
    let (words, ring) = (RunsWords::of(reader.lang), &reader.words().ring);
    let RunsFilter { feed, event, run_type, .. } = &listed.filter;
    let is_type = |one: &str| run_type.as_deref() == Some(one);
    html! {
        form.ask method="get" action="/runs" {
            @if reader.is_lang_chosen() { input type="hidden" name="lang" value=(reader.lang.tag()); }
            @if let Some(feed) = feed { input type="hidden" name="feed" value=(feed); }
            label {
                (words.event)
                input type="text" name="event" value=[event.as_deref()] autocomplete="off";
            }
            label { (words.day) input type="date" name="day" value=[listed.day]; }
            label {
                (words.kind)
                select name="type" {
                    option value="" { (words.all) }
                    option value="AG" selected[is_type("AG")] { (ring.agility) }
                    option value="JP" selected[is_type("JP")] { (ring.jumping) }
                }
            }
            button type="submit" { (words.show) }
        }
    }
}

fn table(runs: &[RunSummary], reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    html! {
        table.heat.heats.runs {
            caption.vh { (words.runs) }
            thead {
                tr {
                    th.when scope="col" { (words.when) }
                    th.who scope="col" { (words.run) }
                    th.first scope="col" { (words.event) " · " (words.ring) }
                    th.many scope="col" { (words.results_count) }
                    th.many scope="col" { (words.clear_rounds) }
                    th.first scope="col" { (words.leader) }
                }
            }
            tbody { @for run in runs { (row(run, reader)) } }
        }
    }
}

fn row(run: &RunSummary, reader: &Reader) -> Markup {
    let key = RunKey {
        event_name: run.event_name.clone(),
        ring_name: run.ring_name.clone(),
        trial_name: run.trial_name.clone(),
        name: run.name.clone(),
        run_type: run.run_type.clone(),
    };
    let event = run.event_name.trim();
    let of_event = reader.link_with("/runs", &[("event", &run.event_name)]);
    let ring = ring::ring_name(&run.ring_name, &reader.words().ring);
    let leader = run.leader.as_ref().and_then(|leader| leader.dog.as_deref());
    html! {
        tr {
            td.when { (time::date(run.first_seen_at)) }
            th.who scope="row" { (parts::run_link(run.id, &key, reader)) }
            td.first {
                @if event.is_empty() { "–" } @else { a href=(of_event) { bdi { (event) } } }
                @if let Some(ring) = ring { " · " bdi { (ring) } }
            }
            td.many { (run.done) }
            td.many { (run.clear_rounds) }
            td.first { @if let Some(dog) = leader { bdi { (dog.trim()) } } @else { "–" } }
        }
    }
}
