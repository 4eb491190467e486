//! `/api`: the description of the API, for people. Drawn from the description itself, so it says
//! what is true.

mod book;
mod example;
mod prose;

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use chrono::Utc;
use maud::{Markup, html};
use serde_json::Value;

use crate::http::pages::{
    layout::{self, Frame},
    reader::Reader,
};

use super::{Sources, description::WHOLE};

use self::{
    book::Book,
    example::Known,
    prose::{inline, prose},
};

pub(super) async fn page(request: HttpRequest, sources: web::Data<Sources>) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let place = Place { origin: origin(&request), known: Known::newest(&sources).await };
    let Ok(description) = serde_json::to_value(&*WHOLE) else {
        return HttpResponse::InternalServerError().finish();
    };
    let frame = Frame { title: "API", socket: None, stale: None, now: Utc::now() };
    let content = layout::page(&frame, &reader, draw(&Book(&description), &place));
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(content.into_string())
}

/// Scheme, host and port, as the reader typed them.
fn origin(request: &HttpRequest) -> String {
    let info = request.connection_info();
    format!("{}://{}", info.scheme(), info.host())
}

struct Place {
    origin: String,
    known: Known,
}

fn draw(book: &Book, place: &Place) -> Markup {
    let description = book.0;
    let operations = operations(description);
    html! {
        header.title { h1 { "API" } p.facts { a href="/api/openapi.json" { "openapi.json" } } }
        article.api {
            (prose(text(&description["info"]["description"])))
            pre tabindex="0" { code { "curl '" (place.origin) "/api/v1/heats?limit=2'" } }
            p {
                "Where the service has a token: "
                code { "curl -H 'Authorization: Bearer <token>' …" } "."
            }
            nav aria-label="API" {
                ul {
                    @for (path, operation) in &operations {
                        li { a href={ "#" (anchor(operation)) } { code { (path) } } " " span.label { (text(&operation["summary"])) } }
                    }
                }
            }
            @for (path, operation) in &operations { (one(book, place, path, operation)) }
            section.panel #errors {
                h2 { "Errors" }
                p { (text(&book.schema("ApiError")["description"])) }
                pre tabindex="0" { code { (pretty(&book.schema("ApiError")["example"])) } }
                (book.fields(&book.schema("ApiError")))
            }
        }
    }
}

fn one(book: &Book, place: &Place, path: &str, operation: &Value) -> Markup {
    let parameters: Vec<&Value> =
        operation["parameters"].as_array().into_iter().flatten().collect();
    let example = place.known.address(path, &parameters);
    let answers = operation["responses"].as_object();
    html! {
        section.panel id=(anchor(operation)) {
            h2 { code { (path) } }
            p { b { (text(&operation["summary"])) } }
            (prose(text(&operation["description"])))
            @if !parameters.is_empty() { (book.parameters(&parameters)) }
            pre tabindex="0" { code { "curl '" (place.origin) (example) "'" } }
            p { a href=(example) { "Look at it" } }
            @for (status, answer) in answers.into_iter().flatten().filter(|(status, _)| *status == "200") {
                @for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                    details {
                        summary { "Answer " (status) ", " code { (kind) } }
                        (book.fields(&content["schema"]))
                    }
                }
            }
            details {
                summary { "Other answers" }
                dl {
                    @for (status, answer) in answers.into_iter().flatten().filter(|(status, _)| *status != "200") {
                        div { dt { (status) } dd { (inline(text(&answer["description"]))) } }
                    }
                }
            }
        }
    }
}

/// Every address with what it answers, in the order of the rooms.
fn operations(description: &Value) -> Vec<(&str, &Value)> {
    let paths = description["paths"].as_object().into_iter().flatten();
    paths.map(|(path, item)| (path.as_str(), &item["get"])).collect()
}

fn anchor(operation: &Value) -> &str {
    text(&operation["operationId"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    // A value is always JSON.
    serde_json::to_string_pretty(value).unwrap_or_default()
}
