//! The way in for a person with a browser: a page that asks for the token.

mod words;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    error::{PayloadError, UrlencodedError},
    http::{StatusCode, header},
    web::{self, ServiceConfig},
};
use maud::{DOCTYPE, html};
use serde::Deserialize;
use tokio::time::timeout;

use crate::http::words::Lang;

use super::{
    Guard, Refusal,
    access::{self, MAX_BODY},
    watch::{caller_of, cookie},
};

const STYLE: &str = include_str!("login/login.css");
/// A form is a few bytes; who takes longer keeps a seat for nothing.
const FORM_WITHIN: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Form {
    token: String,
    /// Where the person wanted to go.
    #[serde(default)]
    to: String,
}

/// `/login` and what it looks like.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/login", web::get().to(ask))
        .route("/login", web::post().to(enter))
        .route("/login/style.css", web::get().to(style));
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}

async fn ask(request: HttpRequest) -> HttpResponse {
    page(&request, "/", None)
}

async fn enter(guard: web::Data<Guard>, request: HttpRequest, body: web::Payload) -> HttpResponse {
    let rules = guard.rules();
    let Some(token) = &rules.token else { return welcome("/", None) };
    let Ok(Ok(form)) = timeout(FORM_WITHIN, read(&request, body)).await else {
        return HttpResponse::BadRequest()
            .force_close()
            .json(serde_json::json!({ "error": "a form with a token is expected" }));
    };
    let to = access::local(&form.to);
    match guard.try_token(caller_of(&request, &rules), token, form.token.trim()) {
        Ok(()) => welcome(&to, cookie(&request, &rules)),
        Err(refusal) => {
            guard.counters.refused(&refusal);
            page(&request, &to, Some(&refusal))
        }
    }
}

async fn read(request: &HttpRequest, body: web::Payload) -> Result<Form, UrlencodedError> {
    let bytes = body.to_bytes_limited(MAX_BODY).await;
    let bytes = bytes
        .map_err(|_| UrlencodedError::Payload(PayloadError::Overflow))?
        .map_err(|_| UrlencodedError::Payload(PayloadError::Incomplete(None)))?;
    web::Query::<Form>::from_query(
        std::str::from_utf8(&bytes).map_err(|_| UrlencodedError::Encoding)?,
    )
    .map(web::Query::into_inner)
    .map_err(|_| {
        log::debug!("a form that can't be read path={}", request.path());
        UrlencodedError::Encoding
    })
}

/// Sends a person who is let in to where they wanted to go.
pub(super) fn welcome(to: &str, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, to));
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer.finish()
}

/// Asks for the token; `refusal` says what came of the last try.
pub(super) fn page(request: &HttpRequest, to: &str, refusal: Option<&Refusal>) -> HttpResponse {
    let lang = Lang::of(request);
    let words = words::of(lang);
    let (status, trouble) = match refusal {
        None => (StatusCode::OK, None),
        Some(Refusal::WrongToken) => (StatusCode::UNAUTHORIZED, Some(words.wrong)),
        Some(Refusal::Guesses(_)) => (StatusCode::TOO_MANY_REQUESTS, Some(words.too_often)),
        Some(_) => (StatusCode::UNAUTHORIZED, None),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { "Ringside" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/login/style.css";
            }
            body {
                main {
                    h1 { "Ringside" }
                    p { (words.explanation) }
                    form method="post" action="/login" {
                        input type="hidden" name="to" value=(to);
                        // Password managers keep a word under a name.
                        input type="text" name="username" value="ringside" hidden readonly
                            autocomplete="username";
                        label for="token" { (words.token) }
                        input #token type="password" name="token" required autofocus
                            autocomplete="current-password" autocapitalize="none" spellcheck="false"
                            aria-describedby=[trouble.map(|_| "trouble")]
                            aria-invalid=[trouble.map(|_| "true")];
                        @if let Some(trouble) = trouble {
                            p #trouble role="alert" { (trouble) }
                        }
                        button type="submit" { (words.enter) }
                    }
                }
            }
        }
    };
    let mut answer = HttpResponse::build(status);
    if let Some(wait) = refusal.and_then(Refusal::retry_after) {
        answer.insert_header((header::RETRY_AFTER, wait.as_secs() + 1));
    }
    answer.content_type("text/html; charset=utf-8").body(page.into_string())
}
