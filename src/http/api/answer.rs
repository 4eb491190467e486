//! An answer, and whether the caller has it already.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, ContentType, ETAG, IF_NONE_MATCH},
};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::ApiError;

/// Asked again each time, with the tag of what is known.
const KEEP: &str = "private, no-cache";

/// `value` as JSON; 304 for a caller that names its tag.
///
/// # Errors
/// None that a value of ours can have: a map without texts as keys.
pub fn answer(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let body = serde_json::to_vec(value).map_err(|error| ApiError::internal(&error))?;
    Ok(tagged(request, &tag(&body), |mut answer| {
        answer.content_type(ContentType::json()).body(body)
    }))
}

/// The answer with this tag, of which `finish` makes the body; 304 for a caller that names the tag.
pub fn tagged(
    request: &HttpRequest,
    tag: &str,
    finish: impl FnOnce(HttpResponseBuilder) -> HttpResponse,
) -> HttpResponse {
    let is_known = knows(request, tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, KEEP));
    if is_known { answer.finish() } else { finish(answer) }
}

/// Weak: it stays the same when the answer is compressed.
pub fn tag(of: &[u8]) -> String {
    let digest = digest(&SHA256, of);
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
