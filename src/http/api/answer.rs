//! An answer, and whether the caller has it already.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ContentType, ETAG, IF_NONE_MATCH},
};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::ApiError;

/// `value` as JSON; 304 for a caller that names its tag.
///
/// # Errors
/// None that a value of ours can have: a map without texts as keys.
pub fn answer(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let body = serde_json::to_vec(value).map_err(|error| ApiError::internal(&error))?;
    let tag = tag(&body);
    if knows(request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header(ContentType::json())
        .body(body))
}

/// Weak: it stays the same when the answer is compressed.
fn tag(body: &[u8]) -> String {
    let digest = digest(&SHA256, body);
    let hex: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

fn knows(request: &HttpRequest, tag: &str) -> bool {
    let strong = tag.trim_start_matches("W/");
    let named = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    named
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == strong)
}
