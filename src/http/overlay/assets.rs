//! The style sheets and scripts of overlays, part of the program.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web};

/// The address changes with the content, so what was fetched once is good for a year.
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";

pub(super) struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
    version: u64,
}

pub(super) static AIR_CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("air.css", "text/css", include_str!("assets/air.css")));
pub(super) static AIR_JS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("air.js", "text/javascript", include_str!("assets/air.js")));
pub(super) static BUILDER_CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("builder.css", "text/css", include_str!("assets/builder.css")));
pub(super) static BUILDER_JS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("builder.js", "text/javascript", include_str!("assets/builder.js"))
});

impl Asset {
    fn new(name: &'static str, content_type: &'static str, content: &'static str) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self { name, content_type, content, version: hasher.finish() }
    }

    /// Where it is served.
    pub fn href(&self) -> String {
        format!("/assets/overlay/{}?v={:016x}", self.name, self.version)
    }
}

pub(super) async fn asset(name: web::Path<String>) -> HttpResponse {
    let assets = [&AIR_CSS, &AIR_JS, &BUILDER_CSS, &BUILDER_JS];
    match assets.into_iter().find(|asset| asset.name == name.as_str()) {
        None => HttpResponse::NotFound().finish(),
        Some(asset) => HttpResponse::Ok()
            .content_type(format!("{}; charset=utf-8", asset.content_type))
            .insert_header((CACHE_CONTROL, FOR_A_YEAR))
            .body(asset.content),
    }
}
