//! `ringside status`: the fleet as a table, from `/health` of the running service.

mod fetch;

use std::{
    io::IsTerminal,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use comfy_table::{Attribute, Cell, Color, Table, presets};

use crate::{
    config::Config,
    http::{GapsHealth, Health, Overall},
    pipeline::supervisor::{FeedHealth, FeedState},
};

use super::{Failure, load, say};

use fetch::Service;

#[derive(clap::Args)]
pub(super) struct Status {
    /// Print what /health says, as it is
    #[arg(long)]
    json: bool,
    /// Where the service serves HTTP, if not where the configuration says; at the configured port
    /// with the configured token and TLS
    #[arg(long, value_name = "ADDRESS:PORT")]
    at: Option<SocketAddr>,
}

/// Reasons and errors are for a glance; `/health` has them whole.
const MAX_WORDS: usize = 70;
/// Gaps that are shown one by one; `/health` has more.
const MAX_GAPS: usize = 8;

impl Status {
    pub async fn run(self, config: PathBuf) -> Result<(), Failure> {
        let service = match self.at {
            None => Service::of(&load(&config)?.http),
            Some(at) => Service::at(at, configured(&config)?.as_ref().map(|config| &config.http)),
        };
        let body = service.health().await?;
        if self.json {
            say(format_args!("{}", String::from_utf8_lossy(&body)));
            return Ok(());
        }
        let health: Health = serde_json::from_slice(&body).with_context(|| {
            format!("what answers at {service} is not a Ringside of this version")
        })?;
        show(&health, std::io::stdout().is_terminal());
        Ok(())
    }
}

/// The configuration, if there is one; `--at` does without.
fn configured(path: &Path) -> Result<Option<Config>, Failure> {
    if path.exists() { load(path).map(Some) } else { Ok(None) }
}

fn show(health: &Health, colour: bool) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if !colour {
        table.force_no_tty();
    }
    let columns =
        ["FEED", "KIND", "STATE", "GEN", "DATA AGE", "FRAMES", "LAPS", "REJ", "UNK", "NOTE"];
    table.set_header(columns.map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
    for feed in &health.feeds {
        table.add_row([
            Cell::new(&feed.id),
            Cell::new(&feed.kind),
            Cell::new(feed.state.as_str()).fg(colour_of(feed.state)),
            Cell::new(feed.generation),
            Cell::new(feed.data_age_s.map_or("never".into(), age)),
            Cell::new(feed.frames),
            Cell::new(feed.laps),
            Cell::new(feed.rejected),
            Cell::new(feed.unknown),
            Cell::new(note(feed)),
        ]);
    }
    say(format_args!("{table}"));
    let Health { journal, writer, database, .. } = health;
    let status = match health.status {
        Overall::Ok => "ok",
        Overall::Degraded => "degraded",
        Overall::Down => "down",
    };
    let up = health.feeds.iter().filter(|feed| feed.state == FeedState::Up).count();
    say(format_args!(
        "{status}: {up} of {} feeds up · {} rows written, {} frames wait · database {} {}",
        health.feeds.len(),
        writer.rows,
        journal.behind,
        database.address,
        if database.reachable { "reachable" } else { "AWAY" },
    ));
    for reason in &health.reasons {
        say(format_args!("  {}", short(reason)));
    }
    match &health.gaps {
        Some(gaps) => show_gaps(gaps),
        None => say(format_args!("gaps in the last 24 h: not known")),
    }
}

fn show_gaps(gaps: &GapsHealth) {
    let GapsHealth { count, seconds, active, lost_frames, latest, .. } = gaps;
    if *count == 0 {
        say(format_args!("gaps in the last 24 h: none"));
        return;
    }
    say(format_args!(
        "gaps in the last 24 h: {count}, {} in all · {active} while a heat or a run was on · \
         {lost_frames} frames lost",
        age(*seconds),
    ));
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for gap in latest.iter().take(MAX_GAPS) {
        let lost = gap.lost_frames.map(|frames| format!(", {frames} frames lost"));
        table.add_row([
            gap.from_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            gap.feed.clone(),
            age(gap.seconds),
            format!("{}{}", gap.reason, lost.unwrap_or_default()),
            if gap.to_at.is_none() { "still" } else { "" }.to_owned(),
            if gap.active { "heat or run on" } else { "" }.to_owned(),
        ]);
    }
    say(format_args!("{table}"));
    let more = count.saturating_sub(MAX_GAPS as u64);
    if more > 0 {
        say(format_args!(" and {more} before these"));
    }
}

fn colour_of(state: FeedState) -> Color {
    match state {
        FeedState::Up => Color::Green,
        FeedState::Connecting => Color::Cyan,
        FeedState::Waiting => Color::Yellow,
        FeedState::Quarantined => Color::Red,
        FeedState::Stopped => Color::Grey,
    }
}

fn note(feed: &FeedHealth) -> String {
    if let (Some(wait), Some(error)) = (feed.retry_in_s, &feed.last_error) {
        return short(&format!("again in {wait:.0} s: {error}"));
    }
    let names: Vec<_> = feed.unknown_names.keys().map(String::as_str).collect();
    if let Some(trouble) = &feed.trouble {
        return short(trouble);
    }
    match (feed.state, &feed.last_error) {
        (FeedState::Quarantined, Some(error)) => short(error),
        _ if !names.is_empty() => short(&format!("unknown: {}", names.join(", "))),
        _ => String::new(),
    }
}

fn short(words: &str) -> String {
    match words.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}

fn age(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3_600.0),
    }
}
