//! Overlays for streamers, and the page where a person puts one together.
//!
//! `/overlay/<feed>` is a transparent page with nothing on it: all that is shown comes over its
//! socket, so that what is on air is always live. It never shows an error; what is wrong with an
//! address is told by the page at `/overlay`.

mod accent;
mod agility;
mod air;
mod assets;
mod builder;
mod choice;
mod karting;
mod layout;
mod part;
mod screen;
mod words;

use actix_web::web::{self, ServiceConfig};

use super::look;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/assets/overlay/{name}", look().to(assets::asset))
        .route("/overlay", look().to(builder::page))
        .route("/overlay/{feed}", look().to(air::page))
        .route("/overlay/{feed}/socket", web::get().to(air::socket));
}
