//! Parameters of a query, read strictly: what is not known is a mistake of the caller.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::ApiError;

/// The query as a `T`, which denies unknown fields.
pub struct Strict<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Strict<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(pairs).map_err(|wrong| {
        let parameter = wrong.path().to_string();
        ApiError::bad_parameter(&parameter, wrong.into_inner().to_string())
    })
}
