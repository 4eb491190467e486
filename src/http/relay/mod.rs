//! The venues' own protocols for local clients: one upstream socket, however many listen.

use actix_web::web::ServiceConfig;

pub(super) fn routes(_: &mut ServiceConfig) {}
