//! Agility runs that were or are: the list at `/runs`, one at `/runs/<number>`, and what an event's
//! clubs and countries came to.
//!
//! They come from the database, and show the moment at which they were loaded: what happens now is
//! on the live page of the ring.

pub(super) mod coming;
mod list;
mod one;
pub(super) mod parts;
mod tables;
mod targets;
mod timeline;
mod words;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::StatusCode,
    web::{self, ServiceConfig},
};
use chrono::Utc;
use log::warn;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    db::queries::{self, RunsAfter, RunsFilter, Span},
    http::{Sources, Unanswered, calendar, look},
};

use super::{layout, page, reader::Reader};

use self::{coming::Question, list::Listed};

pub(super) use words::RunsWords;

const RUNS_A_PAGE: u32 = 50;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/runs", look().to(list_page)).route("/runs/{run}", look().to(run_page));
}

/// To all runs of a feed.
pub(super) fn link(feed: &str, reader: &Reader) -> Markup {
    let address = reader.link_with("/runs", &[("feed", feed)]);
    html! { a href=(address) { (RunsWords::of(reader.lang).runs) } }
}

/// What a form sends: a field that is left empty does not matter.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    feed: Option<String>,
    event: Option<String>,
    day: Option<String>,
    #[serde(rename = "type")]
    run_type: Option<String>,
    /// The last run of the page before.
    before: Option<i64>,
    dorsal: Option<String>,
    start: Option<String>,
}

fn given(field: Option<String>) -> Option<String> {
    field.filter(|text| !text.trim().is_empty())
}

async fn list_page(
    request: HttpRequest,
    asked: web::Query<Asked>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let asked = asked.into_inner();
    let (feed, event) = (given(asked.feed), given(asked.event));
    let day = given(asked.day).and_then(|day| calendar::parse_day(&day));
    let run_type = given(asked.run_type);
    let span = match day {
        Some(day) => sources.day(feed.as_deref(), event.as_deref(), day).await,
        None => Ok(Span::default()),
    };
    let span = match span {
        Ok(span) => span,
        Err(why) => return away(&why, &reader),
    };
    let filter =
        RunsFilter { feed: feed.clone(), event: event.clone(), ring: None, run_type, span };
    let before = asked.before;
    let wanted = filter.clone();
    let question = move |conn: &mut _| {
        let after = match before {
            None => None,
            Some(id) => match queries::run_changes(conn, id)? {
                Some((run, _)) => Some(RunsAfter { first_seen_at: run.first_seen_at, id }),
                None => return Ok(Some((Vec::new(), Vec::new()))),
            },
        };
        let Some(runs) = queries::agility_runs(conn, &wanted, after, RUNS_A_PAGE + 1)? else {
            return Ok(None);
        };
        // The tables of an event go with its first page.
        let of_event = match (&wanted.event, after) {
            (Some(event), None) => queries::event_runs(conn, Some(event), wanted.span)?,
            _ => Vec::new(),
        };
        Ok(Some((runs, of_event)))
    };
    match sources.desk.ask(question).await {
        Ok(Some((mut runs, of_event))) => {
            let has_more = runs.len() > RUNS_A_PAGE as usize;
            runs.truncate(RUNS_A_PAGE as usize);
            let is_later = before.is_some();
            let listed = Listed { filter, day, runs, has_more, is_later, of_event };
            page(StatusCode::OK, list::page(&listed, &reader))
        }
        Ok(None) => page(StatusCode::NOT_FOUND, layout::no_such_feed(&reader)),
        Err(why) => away(&why, &reader),
    }
}

async fn run_page(
    request: HttpRequest,
    run: web::Path<String>,
    asked: web::Query<Asked>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let words = RunsWords::of(reader.lang);
    let nowhere =
        || page(StatusCode::NOT_FOUND, layout::plain(words.not_found, words.no_such_run, &reader));
    let Ok(number) = run.parse() else { return nowhere() };
    let asked = asked.into_inner();
    let start_order = given(asked.start).and_then(|number| number.trim().parse().ok());
    let question = Question { dorsal: given(asked.dorsal), start_order };
    match sources.desk.ask(move |conn| queries::agility_run(conn, number)).await {
        Ok(Some(sheet)) => page(StatusCode::OK, one::page(&sheet, &question, &reader, Utc::now())),
        Ok(None) => nowhere(),
        Err(why) => away(&why, &reader),
    }
}

pub(super) fn away(why: &Unanswered, reader: &Reader) -> HttpResponse {
    warn!("runs can't be shown: {why}");
    let words = RunsWords::of(reader.lang);
    let content = layout::plain(words.no_database, words.database_away, reader);
    page(StatusCode::SERVICE_UNAVAILABLE, content)
}
