//! What all answers below `/api` have in common, whoever gave them.

use actix_web::{
    Error, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{ALLOW, CONTENT_TYPE, HeaderValue, VARY},
    },
    middleware::{ErrorHandlerResponse, Next},
};

use super::ApiError;

/// Errors of the framework itself (no such address, no such method) read like ours.
pub(super) fn as_ours<B>(
    response: ServiceResponse<B>,
) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let is_ours = response.response().headers().contains_key(CONTENT_TYPE);
    let (method, path) = (response.request().method(), response.request().path());
    let status = match response.status() {
        // No route is for another method, so the framework finds none.
        StatusCode::NOT_FOUND if !matches!(*method, Method::GET | Method::HEAD) => {
            StatusCode::METHOD_NOT_ALLOWED
        }
        status => status,
    };
    let Some(error) = (!is_ours).then(|| ApiError::of_framework(status, path)).flatten() else {
        return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
    };
    let mut answer = error.error_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    let (request, _) = response.into_parts();
    let response = ServiceResponse::new(request, answer).map_into_boxed_body();
    Ok(ErrorHandlerResponse::Response(response.map_into_right_body()))
}

/// A cache between us and the caller has to know, also of answers that were not compressed.
///
/// # Errors
/// Those of what comes after it.
pub(super) async fn tell_what_varies(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}
