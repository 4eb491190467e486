//! What a program is told when there is no answer. Codes stay, words may change.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use log::{error, warn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Unanswered;

/// `{"error": {"code": "unknown_parameter", "message": "…", "parameter": "fede"}}`
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiError {
    error: Fault,
    #[serde(skip)]
    status: StatusCode,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Fault {
    /// For programs: `bad_parameter`, `not_found`, `unavailable`, `internal`.
    code: &'static str,
    /// For people.
    message: String,
    /// The parameter that is wrong, where one is.
    parameter: Option<String>,
}

impl ApiError {
    /// A parameter that is not known, missing, or not of its kind.
    pub fn bad_parameter(parameter: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_parameter", message, Some(parameter))
    }

    /// `what` is a noun: `heat 7`.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}"), None)
    }

    /// A fault of ours.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        error!("an answer of the API could not be made: {error}");
        let message = "the answer could not be made; the log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, None)
    }

    fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        parameter: Option<&str>,
    ) -> Self {
        let parameter = parameter.map(str::to_owned);
        Self { error: Fault { code, message: message.into(), parameter }, status }
    }
}

impl From<Unanswered> for ApiError {
    fn from(why: Unanswered) -> Self {
        warn!("a question of the API was not answered: {why}");
        let message = "the database does not answer; nothing is lost, try again in a minute";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message, None)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(self)
    }
}
