//! `/api`: the description of the API, for people. Drawn from the description itself, so it says
//! what is true.

mod book;

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use chrono::Utc;
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    db::queries::{self, HeatFilter},
    http::pages::{
        layout::{self, Frame},
        reader::Reader,
    },
};

use super::{Sources, description::WHOLE};

use self::book::Book;

pub(super) async fn page(request: HttpRequest, sources: web::Data<Sources>) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let place = Place { origin: origin(&request), shown: Shown::newest(&sources).await };
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

/// Things that are really there, for examples that answer.
#[derive(Default)]
struct Shown {
    feed: Option<String>,
    heat: Option<i64>,
}

impl Shown {
    /// Of the newest heat. While there is none, or no database, examples are made up.
    async fn newest(sources: &Sources) -> Self {
        let filter = HeatFilter::default();
        let question = move |conn: &mut _| queries::list_heats(conn, &filter, None, 1);
        let found = sources.desk.ask(question).await.ok().flatten().unwrap_or_default();
        let newest = found.into_iter().next();
        newest
            .map_or_else(Self::default, |heat| Self { feed: Some(heat.feed), heat: Some(heat.id) })
    }
}

struct Place {
    origin: String,
    shown: Shown,
}

impl Place {
    /// An address of this kind that can be clicked.
    fn example(&self, path: &str, parameters: &[&Value]) -> String {
        let mut address = path.to_owned();
        for parameter in parameters.iter().filter(|one| one["in"] == "path") {
            let name = parameter["name"].as_str().unwrap_or_default();
            let made_up = || example_of(parameter).unwrap_or_else(|| "1".to_owned());
            let value = match name {
                "feed" => self.shown.feed.clone().unwrap_or_else(made_up),
                "heat" => self.shown.heat.map_or_else(made_up, |id| id.to_string()),
                _ => made_up(),
            };
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            address = address.replace(&format!("{{{name}}}"), &value.replace('+', "%20"));
        }
        match parameters.iter().any(|one| one["name"] == "limit") {
            true => format!("{address}?limit=2"),
            false => address,
        }
    }
}

fn example_of(parameter: &Value) -> Option<String> {
    let schema = &parameter["schema"];
    let example = [&parameter["example"], &schema["examples"][0], &schema["example"]];
    let example = example.into_iter().find(|example| !example.is_null())?;
    Some(example.as_str().map_or_else(|| example.to_string(), str::to_owned))
}

fn draw(book: &Book, place: &Place) -> Markup {
    let description = book.0;
    let operations = operations(description);
    html! {
        header.title { h1 { "API" } p.facts { a href="/api/openapi.json" { "openapi.json" } } }
        article.api {
            @for part in paragraphs(&description["info"]["description"]) { p { (inline(part)) } }
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
    let example = place.example(path, &parameters);
    let answers = operation["responses"].as_object();
    html! {
        section.panel id=(anchor(operation)) {
            h2 { code { (path) } }
            p { b { (text(&operation["summary"])) } }
            @for part in paragraphs(&operation["description"]) { p { (inline(part)) } }
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

fn paragraphs(value: &Value) -> impl Iterator<Item = &str> {
    text(value).split("\n\n").filter(|part| !part.trim().is_empty())
}

/// What stands between backticks is code; more of Markdown is not in our descriptions.
fn inline(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
