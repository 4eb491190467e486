//! What a dog does in an event, at `/dogs/<dorsal>`, and what a handler did, at `/handlers/<name>`.

mod handler;
mod one;

use actix_web::{
    HttpRequest, Responder,
    http::StatusCode,
    web::{self, ServiceConfig},
};
use chrono::Utc;
use serde::Deserialize;

use crate::{
    db::queries::{self, Span},
    http::{Sources, look},
};

use super::{
    layout, page,
    reader::Reader,
    runs::{RunsWords, away},
};

const RUNS_OF_HANDLER: u32 = 100;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/dogs/{dorsal}", look().to(dog_page))
        .route("/handlers/{name}", look().to(handler_page));
}

#[derive(Deserialize)]
struct Asked {
    event: Option<String>,
}

async fn dog_page(
    request: HttpRequest,
    dorsal: web::Path<String>,
    asked: web::Query<Asked>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let words = RunsWords::of(reader.lang);
    let dorsal = dorsal.into_inner();
    let event = asked.into_inner().event.filter(|event| !event.trim().is_empty());
    let wanted = dorsal.clone();
    let question = move |conn: &mut _| {
        let day = queries::day_of_dog(conn, &wanted, event.as_deref(), Span::default())?;
        let Some(day) = day else { return Ok(None) };
        // Where it is still to start, the whole run tells how many come before.
        let next = one::next_start(&day, &wanted);
        let next = next.map(|run| queries::agility_run(conn, run)).transpose()?.flatten();
        Ok(Some((day, next)))
    };
    match sources.desk.ask(question).await {
        Ok(Some((day, next))) => {
            let content = one::page(&day, &dorsal, next.as_ref(), &reader, Utc::now());
            page(StatusCode::OK, content)
        }
        Ok(None) => {
            let content = layout::plain(words.not_found, words.no_such_dog, &reader);
            page(StatusCode::NOT_FOUND, content)
        }
        Err(why) => away(&why, &reader),
    }
}

async fn handler_page(
    request: HttpRequest,
    name: web::Path<String>,
    sources: web::Data<Sources>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let words = RunsWords::of(reader.lang);
    let name = name.into_inner();
    let wanted = name.clone();
    let question = move |conn: &mut _| {
        queries::handler_runs(conn, &wanted, None, Span::default(), None, RUNS_OF_HANDLER)
    };
    match sources.desk.ask(question).await {
        Ok(Some(runs)) if !runs.is_empty() => {
            page(StatusCode::OK, handler::page(&runs, &name, &reader))
        }
        Ok(_) => {
            let content = layout::plain(words.not_found, words.no_such_handler, &reader);
            page(StatusCode::NOT_FOUND, content)
        }
        Err(why) => away(&why, &reader),
    }
}
