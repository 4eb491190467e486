//! What a handler of a name did, over all feeds.

use chrono::Utc;
use maud::{Markup, html};

use crate::{
    analysis::agility::results,
    db::queries::RunWithDogs,
    event::agility::Playset,
    http::pages::{
        layout::{self, Frame},
        reader::Reader,
        runs::{RunsWords, parts},
        time,
    },
};

/// `runs` are newest first; `name` is as it was asked for.
pub(super) fn page(runs: &[RunWithDogs], name: &str, reader: &Reader) -> Markup {
    let (words, ring_words) = (RunsWords::of(reader.lang), &reader.words().ring);
    let written = runs.iter().flat_map(|run| &run.playsets).find(|dog| is_of(dog, name));
    let written = written.and_then(|dog| dog.pair.handler.as_deref()).unwrap_or(name);
    let shown = reader.names.show(written.trim());
    let frame = Frame { title: &shown, socket: None, stale: None, now: Utc::now() };
    layout::page(
        &frame,
        reader,
        html! {
            header.title { h1 dir="auto" { (shown) " " small { (ring_words.handler) } } }
            section #runs.panel {
                div.sideways tabindex="0" role="region" aria-label=(words.runs) {
                    table.results {
                        thead {
                            tr {
                                th.when scope="col" { (words.when) }
                                th.who scope="col" { (ring_words.dog) }
                                th.first scope="col" { (words.run) }
                                (parts::head("pos", ring_words.place))
                                (parts::result_heads(reader))
                            }
                        }
                        tbody { @for run in runs { (rows(run, name, reader)) } }
                    }
                }
                p.means { (words.by_name) }
            }
        },
    )
}

fn is_of(dog: &Playset, name: &str) -> bool {
    let is_same = |handler: &str| handler.trim().to_lowercase() == name.trim().to_lowercase();
    dog.pair.handler.as_deref().is_some_and(is_same)
}

/// A row for each dog of this handler in the run.
fn rows(run: &RunWithDogs, name: &str, reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let key = &run.stored.run.key;
    let results = results(&run.playsets);
    let result_of =
        |dog: &Playset| results.iter().find(|placed| placed.dog.playset_id == dog.playset_id);
    html! {
        @for dog in run.playsets.iter().filter(|dog| is_of(dog, name)) {
            tr {
                td.when { (time::date(run.stored.first_seen_at)) }
                th.who scope="row" { (parts::dog_link(&dog.pair, &key.event_name, reader)) }
                td.first {
                    (parts::run_link(run.stored.id, key, reader))
                    small.beside { bdi { (key.event_name.trim()) } }
                }
                @match result_of(dog) {
                    Some(placed) => {
                        td.pos { (parts::place(placed, words)) }
                        (parts::result_cells(placed.dog, reader))
                    }
                    None => {
                        td.pos { "–" }
                        td.word colspan=(parts::RESULT_CELLS) {
                            (dog.status.as_deref().map_or("–", |status| words.status(status)))
                        }
                    }
                }
            }
        }
    }
}
