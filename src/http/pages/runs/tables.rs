//! What the clubs and the countries of an event came to.

use maud::{Markup, html};

use crate::{
    analysis::agility::{Tally, by_club, by_country},
    db::queries::RunWithDogs,
    http::pages::reader::Reader,
};

use super::{RunsWords, parts};

/// Nothing where there are no results.
pub(super) fn of_event(runs: &[RunWithDogs], reader: &Reader) -> Markup {
    let words = RunsWords::of(reader.lang);
    let playsets = || runs.iter().map(|run| run.playsets.as_slice());
    let (clubs, countries) = (by_club(playsets()), by_country(playsets()));
    html! {
        @if !clubs.is_empty() {
            div.tallies {
                (table("clubs", words.clubs, &clubs, words))
                (table("countries", words.countries, &countries, words))
            }
            p.means { (words.so_far) }
        }
    }
}

fn table(id: &str, caption: &str, tallies: &[Tally], words: &RunsWords) -> Markup {
    let heads = [words.dogs, words.results_count, words.clear_rounds];
    html! {
        section.panel id=(id) {
            h3 { (caption) }
            div.sideways tabindex="0" role="region" aria-label=(caption) {
                table.results {
                    thead {
                        tr {
                            th.who scope="col" { span.vh { (caption) } }
                            @for label in heads { th scope="col" { (label) } }
                            (parts::head("", words.out))
                            @for label in [words.wins, words.podiums, words.best_place] {
                                th scope="col" { (label) }
                            }
                        }
                    }
                    tbody { @for tally in tallies { (row(tally, words)) } }
                }
            }
        }
    }
}

fn row(tally: &Tally, words: &RunsWords) -> Markup {
    let Tally { dogs, runs, clear_rounds, out, wins, podiums, .. } = tally;
    html! {
        tr {
            th.who scope="row" { bdi.name { (tally.name.as_deref().unwrap_or(words.unnamed)) } }
            @for number in [dogs, runs, clear_rounds, out, wins, podiums] { td { (number) } }
            td { @if let Some(place) = tally.best_place { (place) } @else { "–" } }
        }
    }
}
