//! Overlays for streamers, and the page where a person puts one together.

use actix_web::web::ServiceConfig;

pub(super) fn routes(_: &mut ServiceConfig) {}
