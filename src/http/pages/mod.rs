//! Pages for people: the fleet, a feed live, heats that were.

use actix_web::web::ServiceConfig;

pub(super) fn routes(_: &mut ServiceConfig) {}
