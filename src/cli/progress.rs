//! A bar for whoever waits at a terminal; it is not drawn elsewhere.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Local, Utc};
use indicatif::{ProgressBar, ProgressStyle};

const REDRAW_EVERY: Duration = Duration::from_millis(200);
const FRAMES: &str = "{bar:30} {pos}/{len} frames  {msg}  {eta} left";
const ROWS: &str = "{bar:30} {human_pos} rows of about {human_len}  {eta} left";

/// A bar of so many frames; its message is for the place in recorded time.
pub(super) fn frames_bar(frames: u64) -> anyhow::Result<ProgressBar> {
    bar(frames, FRAMES)
}

/// A bar of about so many rows.
pub(super) fn rows_bar(rows: u64) -> anyhow::Result<ProgressBar> {
    bar(rows, ROWS)
}

fn bar(length: u64, style: &str) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(style);
    let style = style.context("the progress bar's own template is wrong")?;
    let bar = ProgressBar::new(length).with_style(style);
    bar.enable_steady_tick(REDRAW_EVERY);
    Ok(bar)
}

/// A moment as this machine's clock shows it.
pub(super) fn clock(moment: DateTime<Utc>) -> String {
    moment.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A span as hours, minutes and seconds.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
