//! What overlays and their builder say beside the words of all pages, in five languages.

mod de;
mod en;
mod es;
mod fr;
mod nl;

use crate::http::words::Lang;

use super::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

/// Every text in one language.
pub(super) struct Words {
    pub air: AirWords,
    pub builder: BuilderWords,
}

/// What is said on air and on no other page: short.
pub(super) struct AirWords {
    pub lap: &'static str,
    pub about_to_start: &'static str,
    pub fastest_lap: &'static str,
    pub personal_best: &'static str,
    pub last_lap: &'static str,
    /// Before a position.
    pub battle_for: &'static str,
    pub no_time: &'static str,
}

/// What the page says on which an overlay is put together.
pub(super) struct BuilderWords {
    pub intro: &'static str,
    pub feed: &'static str,
    pub parts: &'static str,
    pub part: fn(Sport, Part) -> &'static str,
    pub place: fn(Place) -> &'static str,
    pub looks: &'static str,
    pub theme: &'static str,
    pub themes: fn(Theme) -> &'static str,
    pub accent: &'static str,
    pub scale: &'static str,
    pub margin: &'static str,
    pub language: &'static str,
    pub delay: &'static str,
    pub delay_note: &'static str,
    pub names: &'static str,
    pub named: fn(Names) -> &'static str,
    pub table: &'static str,
    pub rows: &'static str,
    pub width: &'static str,
    pub columns: &'static str,
    pub column: fn(Column) -> &'static str,
    pub columns_note: &'static str,
    pub laps: &'static str,
    pub told: fn(Laps) -> &'static str,
    pub show: &'static str,
    pub preview: &'static str,
    pub preview_note: &'static str,
    pub address: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    /// Where the browser does not let a page copy.
    pub selected: &'static str,
    pub obs: &'static str,
    pub obs_steps: [&'static str; 3],
    pub obs_note: &'static str,
    pub token_note: &'static str,
    pub problems: &'static str,
    pub not_known: &'static str,
    pub wanted: &'static str,
}

impl Words {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&en::WORDS, &es::WORDS, &de::WORDS, &fr::WORDS, &nl::WORDS])
    }
}
