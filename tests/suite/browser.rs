//! What people see: the pages in a real browser.

mod everywhere;
mod fleet;
mod harness;
mod heats;
mod karting;
mod overlay;
mod ring;
mod runs;
mod stage;
mod track;
mod walk;

/// A name that must never be more than a name.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";
