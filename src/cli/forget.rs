//! `ringside forget`: takes one person out of all tables and the journal.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
};

use actix_web::web;
use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::{Table, presets};

use crate::{
    app::{Database, journal_dir},
    config::Config,
    db::{
        self, Pool,
        privacy::{self, Erasure, Occurrence},
    },
    event::FeedInfo,
    feed::flowagility,
    pipeline::journal::forget::{self as journal, FramesNamed},
    retention::{self, Eraser, Pseudonyms, Role, key_of},
};

use super::{Failure, load, say};

/// Whoever was heard of so lately may be on the track: the next frame brings the name again.
const LATELY: TimeDelta = TimeDelta::minutes(15);

#[derive(clap::Args)]
pub(super) struct Forget {
    /// The name as the venue shows it; neither case nor blanks around it matter.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Only at this venue, as in the configuration.
    #[arg(long, value_name = "VENUE")]
    venue: Option<String>,
    /// Show where the name is, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Forget {
    pub async fn run(self, path: PathBuf) -> Result<(), Failure> {
        let config = load(&path)?;
        if key_of(&self.name).is_empty() {
            return Err(anyhow!("--name is empty").into());
        }
        let database = Database::open_beside(&config).await?;
        let outcome = self.forget(&config, database.pool().clone()).await;
        database.close().await;
        Ok(outcome?)
    }

    async fn forget(self, config: &Config, pool: Pool) -> anyhow::Result<()> {
        let search = Arc::new(Search {
            eraser: Eraser::new(&self.name),
            // Nobody can tell by it who it was, not even with the key of [retention].
            pseudonyms: Pseudonyms::that_nobody_can_repeat()?,
            venue: self.venue.clone(),
            journal_dir: journal_dir(&config.data_dir).clone(),
            pool,
        });
        let looking = search.clone();
        let found = web::block(move || looking.look()).await??;
        if found.is_empty() {
            say(format_args!("{:?} is nowhere{}.", self.name, self.at_venue()));
            return Ok(());
        }
        say(format_args!("{}", found.table()));
        say(format_args!(
            "A name is no identity: look at where and when, whether this is one person."
        ));
        if found.last_at().is_some_and(|at| Utc::now() - at < LATELY) {
            say(format_args!(
                "It came in within the last {} minutes: what comes next brings it again, so do \
                 this once more afterwards.",
                LATELY.num_minutes()
            ));
        }
        if self.dry_run {
            say(format_args!("Nothing was changed."));
            return Ok(());
        }
        if !self.yes && !confirmed()? {
            bail!("nothing was changed");
        }
        let done = web::block(move || search.erase(&found)).await??;
        say(format_args!("{}", done.table()));
        say(format_args!("{}", OUT_OF_REACH));
        for file in retention::set_aside(&journal_dir(&config.data_dir))? {
            say(format_args!("- {} was damaged and set aside: delete it", file.display()));
        }
        Ok(())
    }

    fn at_venue(&self) -> String {
        self.venue.as_ref().map_or_else(String::new, |venue| format!(" at {venue:?}"))
    }
}

const OUT_OF_REACH: &str = "\
What this can't reach:
- the venue itself, and whoever listened to it or to the relay
- backups, archives of Postgres's log and replicas' copies of it, exports, recordings, screenshots
- notices that were delivered, and the log of this machine
- the memory of a running service: pages show the last heat until the next one, or a restart
- names of dogs, teams, heats and runs, and names within longer ones (\"Ann Lee 2\")";

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nothing was changed: there is nobody to ask; --yes does without");
    }
    let mut out = std::io::stdout();
    write!(out, "Replace it everywhere, for good? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

struct Search {
    eraser: Eraser,
    pseudonyms: Pseudonyms,
    venue: Option<String>,
    journal_dir: PathBuf,
    pool: Pool,
}

/// Where the name is.
struct Found {
    named: Vec<Occurrence>,
    payloads: Vec<Erasure>,
    frames: Vec<FramesNamed>,
}

/// Rows by table.
struct Done(BTreeMap<String, u64>);

impl Search {
    fn look(&self) -> anyhow::Result<Found> {
        let venue = self.venue.as_deref();
        let (named, payloads) = self.ask(|conn| {
            let named = privacy::named(conn, venue, |name| self.eraser.is_it(name))?;
            let has_it = |payload: &Erasure| self.without_name(payload).is_some();
            Ok((named, privacy::payloads(conn, venue, has_it)?))
        })?;
        let frames = journal::look(&self.journal_dir, &|feed, text| self.rewritten(feed, text))
            .context("the journal can't be read")?;
        Ok(Found { named, payloads, frames })
    }

    /// First the journal: a service that is killed meanwhile reads from there what it writes.
    fn erase(&self, found: &Found) -> anyhow::Result<Done> {
        let mut done = Done(BTreeMap::new());
        let frames = journal::erase(&self.journal_dir, &|feed, text| self.rewritten(feed, text))
            .context("the journal can't be rewritten")?;
        done.add("journal", frames.iter().map(|of_feed| of_feed.frames).sum());
        let rewritten: Vec<(Erasure, String)> = found
            .payloads
            .iter()
            .filter_map(|payload| Some((payload.clone(), self.without_name(payload)?)))
            .collect();
        let rows = self.ask(|conn| {
            let mut rows = privacy::erase_payloads(conn, &rewritten)?;
            for occurrence in &found.named {
                let (role, venue) = (role_of(&occurrence.place), &occurrence.venue);
                let new = self.pseudonyms.of_name(role, venue, "");
                let done = privacy::erase_named(conn, occurrence, &new)?;
                rows.push((occurrence.place.clone(), done));
            }
            Ok(rows)
        })?;
        for (table, rows) in rows {
            done.add(&table, rows as u64);
        }
        self.ask(|conn| {
            let tables: Vec<&str> = done.0.keys().map(String::as_str).collect();
            privacy::vacuum(conn, &tables)
        })?;
        Ok(done)
    }

    fn rewritten(&self, feed: &FeedInfo, frame: &str) -> Option<String> {
        if self.venue.as_ref().is_some_and(|venue| key_of(venue) != key_of(&feed.venue)) {
            return None;
        }
        let role = if feed.kind == flowagility::KIND { Role::Handler } else { Role::Driver };
        let new = self.pseudonyms.of_name(role, &feed.venue, "");
        self.eraser.rewrite(frame, &new)
    }

    /// None where it does not have the name.
    fn without_name(&self, payload: &Erasure) -> Option<String> {
        let venue = payload.venue.as_deref().unwrap_or_default();
        let new = self.pseudonyms.of_name(role_of(&payload.place), venue, "");
        match payload.place.as_str() {
            // These are deleted.
            "rejected_frames" | "rejected_rows" => {
                self.eraser.occurs_in(&payload.content).then(String::new)
            }
            "notices" => self.eraser.rewrite_within(&payload.content, &new),
            _ => self.eraser.rewrite(&payload.content, &new),
        }
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&mut db::Connection) -> db::Asked<T>,
    ) -> anyhow::Result<T> {
        db::ask(&self.pool, question).map_err(|words| anyhow!("the database: {words}"))
    }
}

fn role_of(place: &str) -> Role {
    match place {
        "heat_drivers" | "heats" | "notices" => Role::Driver,
        "agility_runs" => Role::Judge,
        _ => Role::Handler,
    }
}

impl Found {
    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.payloads.is_empty() && self.frames.is_empty()
    }

    fn last_at(&self) -> Option<DateTime<Utc>> {
        let named = self.named.iter().map(|of| of.last_at);
        named.chain(self.frames.iter().map(|of| of.last_at)).max()
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["where", "venue", "feed", "name", "rows", "first", "last"]);
        let show = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
        for of in &self.named {
            let Occurrence { place, venue, slug, name, rows, first_at, last_at, .. } = of;
            let name = format!("{name:?}");
            let rows = rows.to_string();
            table.add_row([place, venue, slug, &name, &rows, &show(*first_at), &show(*last_at)]);
        }
        let mut sums: BTreeMap<(&str, &str), Vec<DateTime<Utc>>> = BTreeMap::new();
        for payload in &self.payloads {
            let venue = payload.venue.as_deref().unwrap_or("?");
            sums.entry((&payload.place, venue)).or_default().push(payload.at);
        }
        for ((place, venue), times) in sums {
            let at = |time: Option<&DateTime<Utc>>| time.map_or_else(String::new, |t| show(*t));
            let (first, last) = (at(times.iter().min()), at(times.iter().max()));
            table.add_row([place, venue, "", "", &times.len().to_string(), &first, &last]);
        }
        for of in &self.frames {
            let (first, last) = (show(of.first_at), show(of.last_at));
            let frames = of.frames.to_string();
            table.add_row([
                "journal",
                &of.feed.venue,
                of.feed.id.as_str(),
                "",
                &frames,
                &first,
                &last,
            ]);
        }
        table
    }
}

impl Done {
    fn add(&mut self, table: &str, rows: u64) {
        if rows > 0 {
            *self.0.entry(table.to_owned()).or_default() += rows;
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["where", "rows without the name now"]);
        for (place, rows) in &self.0 {
            table.add_row([place.as_str(), &rows.to_string()]);
        }
        table
    }
}
