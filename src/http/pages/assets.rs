//! The one style sheet and the one script of the pages, compiled in.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::ServiceConfig,
};

use crate::http::{charts, look};

/// One sheet, with what the charts look like.
static STYLE: LazyLock<String> =
    LazyLock::new(|| [include_str!("assets/ringside.css"), charts::STYLE].concat());
const SCRIPT: &str = include_str!("assets/ringside.js");

/// Another one for other assets: it is in their addresses, so they may be kept for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), &*STYLE, SCRIPT).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/assets/ringside.css", look().to(style))
        .route("/assets/ringside.js", look().to(script));
}

/// Of the pages: one that was drawn by another version should be loaded anew.
pub(super) fn version() -> &'static str {
    &VERSION
}

pub(super) fn style_link() -> String {
    format!("/assets/ringside.css?v={}", version())
}

pub(super) fn script_link() -> String {
    format!("/assets/ringside.js?v={}", version())
}

async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", &STYLE)
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

fn asset(kind: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(text)
}

/// Bytes of both.
#[cfg(test)]
pub(super) fn weight() -> usize {
    STYLE.len() + SCRIPT.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_small() {
        assert!(weight() < 40_000, "{} + {}", STYLE.len(), SCRIPT.len());
    }
}
