//! What a program is told when there is no answer. Codes stay, words may change.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::RETRY_AFTER},
};
use log::{error, warn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Unanswered;

/// When to try again what can't be done now.
const RETRY_AFTER_SECONDS: &str = "30";

/// What is told in place of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"error": {
    "code": "unknown_parameter",
    "message": "\"fed\" is no parameter here; is \"feed\" meant?",
    "parameter": "fed"
}}))]
pub struct ApiError {
    error: Fault,
    #[serde(skip)]
    status: StatusCode,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Fault {
    #[schema(inline)]
    code: Code,
    /// For people; the words may change.
    message: String,
    /// The parameter that is wrong, where one is.
    #[schema(required)]
    parameter: Option<String>,
}

/// For programs. A code keeps its meaning for as long as the version in the path; further ones may
/// come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "some are told by the guard, in the same words")]
pub enum Code {
    /// 400: there is no such parameter; `parameter` names it.
    UnknownParameter,
    /// 400: `parameter` is empty, given twice, missing where it is needed, or not of its kind.
    BadParameter,
    /// 401: a token is needed and was not brought.
    NoToken,
    /// 401: what was brought is not the token.
    WrongToken,
    /// 403: a page of another site may not listen here.
    Origin,
    /// 404: there is no such feed, heat, …; or no such address.
    NotFound,
    /// 405: only GET and HEAD do something here.
    MethodNotAllowed,
    /// 406: none of the encodings that the caller takes.
    NotAcceptable,
    /// 410: the cursor is of another database; begin anew.
    Gone,
    /// 413: nothing here takes a body.
    Body,
    /// 421: the service does not answer to that name.
    Host,
    /// 429: too many requests from this address; `Retry-After` tells when to go on.
    Rate,
    /// 429: too many wrong tokens from this address.
    Guesses,
    /// 500: a fault of ours; the log says more.
    Internal,
    /// 503: the database does not answer or takes too long; try again in a minute.
    Unavailable,
}

impl ApiError {
    /// A parameter that is missing or not of its kind.
    pub fn bad_parameter(parameter: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadParameter, message, Some(parameter))
    }

    /// `meant` says which one may be, or which there are.
    pub(super) fn unknown_parameter(parameter: &str, meant: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::UnknownParameter, meant, Some(parameter))
    }

    /// `what` is a noun: `heat 7`.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, format!("there is no {what}"), None)
    }

    /// A cursor that leads nowhere any more.
    pub fn gone(parameter: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, Code::Gone, message, Some(parameter))
    }

    /// A fault of ours.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        error!("an answer of the API could not be made: {error}");
        let message = "the answer could not be made; the log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message, None)
    }

    /// What the framework refuses before any of our handlers sees it; none where it said why.
    pub(super) fn of_framework(status: StatusCode, path: &str) -> Option<Self> {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => {
                (Code::NotFound, format!("there is no {path}; /api shows what there is"))
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                (Code::MethodNotAllowed, "only GET and HEAD do something here".to_owned())
            }
            StatusCode::NOT_ACCEPTABLE => {
                (Code::NotAcceptable, "there are identity and gzip to choose from".to_owned())
            }
            _ => return None,
        };
        Some(Self::new(status, code, message, None))
    }

    /// What can't be done now, and can soon.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message, None)
    }

    #[cfg(test)]
    pub(super) fn fault(&self) -> (u16, Code, &str, Option<&str>) {
        let Fault { code, message, parameter } = &self.error;
        (self.status.as_u16(), *code, message, parameter.as_deref())
    }

    fn new(
        status: StatusCode,
        code: Code,
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
        Self::unavailable(message)
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
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        response.json(self)
    }
}
