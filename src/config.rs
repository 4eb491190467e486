//! What an operator may set: `ringside.toml`, read whole, all problems reported at once.
//!
//! The file is taken apart table by table instead of by a derived deserializer, because that one
//! stops at the first problem. `${NAME}` in any text is replaced from the environment first. No
//! problem ever repeats a value: it may be a token or a password.

mod alias;
mod certificates;
mod http;
mod notify;
mod retention;
mod section;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono_tz::Tz;
use rustls::pki_types::CertificateDer;

use crate::{
    event::{FeedId, FeedInfo},
    feed::{self, FeedKind, Params},
    http::almanac::Entries,
    notify::Target,
    pipeline::{connection::PaceLimits, journal::file::Keep, writer::Batching},
    retention::Keeping,
};

use alias::{read_aliases, read_time_zone};
use http::{read_http, read_relay};
use notify::read_notify;
use retention::read_retention;
use section::Section;

pub use http::{HttpConfig, RelayConfig};

/// Less would be gone before a person could look at it.
const KEEP_AT_LEAST: Duration = Duration::from_secs(60);
/// Less than memory holds anyway would be no journal.
const MAX_BYTES_AT_LEAST: u64 = 16 << 20;

/// A configuration without problems.
pub struct Config {
    /// Where the journal and the private Postgres live; absolute.
    pub data_dir: PathBuf,
    pub http: HttpConfig,
    pub relay: RelayConfig,
    /// None: a private Postgres in `data_dir`. Holds a password.
    pub database_url: Option<String>,
    pub limits: Limits,
    pub journal: Keep,
    pub batching: Batching,
    /// Certificates to trust beside Mozilla's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    pub feeds: Vec<FeedConfig>,
    /// Time zones of the feeds, and names that mean one person.
    pub almanac: Entries,
    pub notify: Vec<Arc<Target>>,
    pub retention: Keeping,
    /// No problems, and still something to know.
    pub notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connects_per_second_per_host: u32,
    pub pace: PaceLimits,
    /// A message of this size or more ends its connection.
    pub max_message_bytes: usize,
    /// Threads that carry connections.
    pub connection_threads: usize,
    /// Ask venues to compress each message by itself, for less memory a connection.
    pub frugal_sockets: bool,
}

pub struct FeedConfig {
    pub info: FeedInfo,
    pub kind: Arc<dyn FeedKind>,
    /// In which its days begin and end; none where the config names none.
    pub time_zone: Option<Tz>,
    /// What the connection goes by, in one text: equal when nothing changed. Holds secrets.
    pub fingerprint: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: can't be read: {error}")]
    Unreadable { path: PathDisplay, error: std::io::Error },
    #[error("{path}: is no TOML: {message}")]
    Syntax { path: PathDisplay, message: String },
    #[error("{path}: {} problem{}\n{}", .problems.len(), if .problems.len() == 1 { "" } else { "s" }, list(.problems))]
    Problems { path: PathDisplay, problems: Vec<Problem> },
}

/// One thing wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The table: `[http]`, `feed speedpark`, `feed 3 (without an id)`.
    pub table: String,
    pub key: String,
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.table, self.key, self.problem)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

/// A path that shows itself.
#[derive(Debug)]
pub struct PathDisplay(PathBuf);

impl fmt::Display for PathDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Reads the file at `path`; relative paths in it are relative to its folder.
///
/// # Errors
/// Every problem at once, see [`ConfigError`].
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: PathDisplay(path.into()), error })?;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder)
        .map_err(|error| ConfigError::Unreadable { path: PathDisplay(path.into()), error })?;
    parse(&text, path, &folder, &|name| std::env::var(name).ok())
}

/// Reads a configuration from `text`; `path` is for messages, `folder` for relative paths, and
/// `environment` answers `${NAME}`.
///
/// # Errors
/// Every problem at once, see [`ConfigError`].
pub fn parse(
    text: &str,
    path: &Path,
    folder: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    let path = || PathDisplay(path.into());
    let table: toml::Table = toml::from_str(text).map_err(|error: toml::de::Error| {
        ConfigError::Syntax { path: path(), message: place(text, &error) }
    })?;
    let mut problems = Vec::new();
    let config = read(table, folder, environment, &mut problems);
    // One problem a key: what follows from the first is noise.
    let mut seen = std::collections::HashSet::new();
    problems.retain(|problem| seen.insert((problem.table.clone(), problem.key.clone())));
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigError::Problems { path: path(), problems }),
    }
}

/// The line and what is wrong there, without the line itself: it may hold a secret.
fn place(text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

fn read(
    table: toml::Table,
    folder: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> Option<Config> {
    let mut root = Section::new("top level", table, environment, problems);
    let data_dir = root.text("data_dir", problems).unwrap_or_else(|| "ringside-data".into());
    let http = root.section("http", problems);
    let relay = root.section("relay", problems);
    let database = root.section("database", problems);
    let limits = root.section("limits", problems);
    let journal = root.section("journal", problems);
    let writer = root.section("writer", problems);
    let tls = root.section("tls", problems);
    let feeds = root.sections("feed", problems);
    let aliases = root.sections("alias", problems);
    let notify = root.sections("notify", problems);
    let retention = root.section("retention", problems);
    let keys = [
        "data_dir",
        "http",
        "relay",
        "database",
        "limits",
        "journal",
        "writer",
        "tls",
        "feed",
        "alias",
        "notify",
        "retention",
    ];
    root.finish(&keys, problems);

    let http = read_http(http, folder, problems);
    let relay = read_relay(relay, http.as_ref(), problems);
    let database_url = read_database(database, problems);
    let mut journal = read_journal(journal, problems);
    let batching = read_writer(writer, problems);
    let extra_roots = read_tls(tls, folder, problems);
    let feeds = read_feeds(feeds, problems);
    let limits = read_limits(limits, feeds.len(), problems);
    let aliases = read_aliases(aliases, problems);
    let notify = read_notify(notify, &feeds, problems);
    let longest_told = notify.iter().map(|target| target.max_age).max().unwrap_or_default();
    let retention = read_retention(retention, longest_told, problems);
    // Frames hold names.
    journal.for_time = retention.names.map_or(journal.for_time, |age| age.min(journal.for_time));
    let http = http?;
    let zone = |feed: &FeedConfig| Some((feed.info.id.clone(), feed.time_zone?));
    Some(Config {
        data_dir: folder.join(data_dir),
        notes: [http.notes(), relay.notes(), alias::notes(&aliases, &feeds)].concat(),
        almanac: Entries { zones: feeds.iter().filter_map(zone).collect(), aliases },
        http,
        relay,
        database_url,
        limits,
        journal,
        batching,
        extra_roots,
        feeds,
        notify,
        retention,
    })
}

fn read_database(section: Option<Section>, problems: &mut Vec<Problem>) -> Option<String> {
    let mut section = section?;
    let url = section.text("url", problems);
    match &url {
        None => section.problem(
            "url",
            "is missing; leave out the whole [database] table for a private Postgres",
            problems,
        ),
        Some(url) if !url.starts_with("postgres://") && !url.starts_with("postgresql://") => {
            section.problem("url", "must begin with postgres:// or postgresql://", problems);
        }
        Some(_) => {}
    }
    section.finish(&["url"], problems);
    url
}

/// With more feeds than this, what their connections hold is most of all memory.
const MANY_FEEDS: usize = 500;

fn read_limits(section: Option<Section>, feeds: usize, problems: &mut Vec<Problem>) -> Limits {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut limits = Limits {
        connects_per_second_per_host: 50,
        pace: PaceLimits::default(),
        max_message_bytes: 4 << 20,
        // The other half is for the stages after them; beyond four the parser is the limit.
        connection_threads: cores.div_ceil(2).min(4),
        frugal_sockets: feeds > MANY_FEEDS,
    };
    let Some(mut section) = section else { return limits };
    if let Some(n) = section.number("connects_per_second_per_host", 1..=1_000_000, problems) {
        limits.connects_per_second_per_host = n as u32;
    }
    if let Some(n) = section.number("frames_per_second_per_feed", 1..=1_000_000, problems) {
        limits.pace.frames_per_second = n as u32;
    }
    if let Some(n) = section.number("bytes_per_second_per_feed", 16_384..=1 << 30, problems) {
        limits.pace.bytes_per_second = n as u64;
    }
    if let Some(n) = section.number("max_message_bytes", 16_384..=64 << 20, problems) {
        limits.max_message_bytes = n as usize;
    }
    if let Some(n) = section.number("connection_threads", 1..=64, problems) {
        limits.connection_threads = n as usize;
    }
    if let Some(frugal) = section.switch("frugal_sockets", problems) {
        limits.frugal_sockets = frugal;
    }
    let keys = [
        "connects_per_second_per_host",
        "frames_per_second_per_feed",
        "bytes_per_second_per_feed",
        "max_message_bytes",
        "connection_threads",
        "frugal_sockets",
    ];
    section.finish(&keys, problems);
    limits
}

fn read_journal(section: Option<Section>, problems: &mut Vec<Problem>) -> Keep {
    let mut keep = Keep::default();
    let Some(mut section) = section else { return keep };
    if let Some(time) = section.duration("keep", KEEP_AT_LEAST, problems) {
        keep.for_time = time;
    }
    if let Some(bytes) = section.bytes("max_bytes", MAX_BYTES_AT_LEAST, problems) {
        keep.max_bytes = bytes;
    }
    section.finish(&["keep", "max_bytes"], problems);
    keep
}

fn read_writer(section: Option<Section>, problems: &mut Vec<Problem>) -> Batching {
    let mut batching = Batching::default();
    let Some(mut section) = section else { return batching };
    if let Some(ms) = section.number("flush_after_ms", 1..=60_000, problems) {
        batching.flush_after = Duration::from_millis(ms as u64);
    }
    if let Some(n) = section.number("batch_events", 1..=100_000, problems) {
        batching.batch_events = n as usize;
    }
    if let Some(n) = section.number("held_events", 1..=10_000_000, problems) {
        batching.held_events = n as usize;
    }
    section.finish(&["flush_after_ms", "batch_events", "held_events"], problems);
    batching
}

fn read_tls(
    section: Option<Section>,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<CertificateDer<'static>> {
    let Some(mut section) = section else { return Vec::new() };
    let file = section.text("ca_file", problems);
    let read = file.map_or(Ok(Vec::new()), |file| certificates::read(&folder.join(file)));
    let roots = read.unwrap_or_else(|problem| {
        section.problem("ca_file", problem, problems);
        Vec::new()
    });
    section.finish(&["ca_file"], problems);
    roots
}

fn read_feeds(sections: Vec<Section>, problems: &mut Vec<Problem>) -> Vec<FeedConfig> {
    let mut feeds: Vec<FeedConfig> = Vec::new();
    // Which feed has the address already: a second subscriber may displace the first.
    let mut addresses: HashMap<String, String> = HashMap::new();
    for (index, mut section) in sections.into_iter().enumerate() {
        let id = section.peek_text("id");
        section.rename(match &id {
            Some(id) => format!("feed {id}"),
            None => format!("feed {} (without an id)", index + 1),
        });
        let id = section.required("id", problems).filter(|id| {
            let fine = is_id(id);
            if !fine {
                let words = "must be 1 to 64 of a-z, 0-9 and '-'";
                section.problem("id", words, problems);
            }
            fine
        });
        let kind_name = section.required("kind", problems);
        let venue = section.required("venue", problems);
        let name = section.required("name", problems);
        let time_zone = read_time_zone(&mut section, problems);
        let table = section.name().to_owned();
        let rest = section.rest();
        let others = rest.iter().filter(|(key, _)| *key != "url");
        let others: String = others.map(|(key, value)| format!("{key}={value:?};")).collect();
        let Some(kind_name) = kind_name else { continue };
        let kind = match feed::build(&kind_name, Params::new(rest)) {
            Ok(kind) => kind,
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|wrong| Problem {
                    table: table.clone(),
                    key: wrong.key,
                    problem: wrong.problem,
                }));
                continue;
            }
        };
        let (Some(id), Some(venue), Some(name)) = (id, venue, name) else { continue };
        if feeds.iter().any(|feed| feed.info.id.as_str() == id) {
            problems.push(Problem { table, key: "id".into(), problem: "is taken twice".into() });
            continue;
        }
        // The address as it will be dialled: the same one can be pasted in many forms.
        let address = format!("{kind_name};{};{others}", kind.url());
        if let Some(other) = addresses.insert(address.clone(), id.clone()) {
            let problem = format!("and all else is the same as of feed {other}");
            problems.push(Problem { table, key: "url".into(), problem });
            continue;
        }
        let fingerprint = format!("{venue};{name};{address}");
        let info = FeedInfo { id: FeedId::new(id), kind: kind_name, venue, name };
        feeds.push(FeedConfig { info, kind, time_zone, fingerprint });
    }
    feeds
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
