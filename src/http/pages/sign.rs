//! Signs beside colours: nothing is told by a colour alone.

use maud::{Markup, html};

/// A sign with its meaning, for the pointer and for those who hear the page.
pub(super) fn sign(class: &str, glyph: &str, meaning: &str) -> Markup {
    html! {
        span class={ "sign " (class) } title=(meaning) {
            span aria-hidden="true" { (glyph) }
            span.vh { (meaning) }
        }
    }
}

/// A sign whose meaning stands beside it.
pub(super) fn glyph(glyph: &str) -> Markup {
    html! { span.glyph aria-hidden="true" { (glyph) } }
}

/// The sign of a heat's state.
pub(super) fn of_state(state: &str) -> &'static str {
    match state {
        "running" => "▶",
        "paused" => "❚❚",
        "stopped" => "■",
        "finished" => "✓",
        "next_heat" => "»",
        _ => "○",
    }
}
