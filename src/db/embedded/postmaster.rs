//! The server process: started by us, or found running.

use std::{
    fmt, fs, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{EmbeddedError, cluster::Cluster, process};

/// What a fast shutdown may take: it writes all that is in memory.
const FAST_SHUTDOWN: Duration = Duration::from_secs(10);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);
const SHUTDOWN_POLL: Duration = Duration::from_millis(20);

/// Room for a path in a socket's address, with the file name that Postgres adds.
const MAX_SOCKET_DIR: usize = 107 - "/.s.PGSQL.65535".len();

/// What a service of this size needs; `initdb` would take what it finds free on the machine of the
/// first start. Whoever wants more has a Postgres of their own.
const SETTINGS: [&str; 13] = [
    "listen_addresses=127.0.0.1",
    "max_connections=50",
    "shared_buffers=128MB",
    // Ingest writes steadily: fewer checkpoints, less written twice.
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "wal_compression=on",
    // What is committed is on disk: the whole point of saving.
    "fsync=on",
    "synchronous_commit=on",
    "password_encryption=scram-sha-256",
    "log_destination=stderr",
    "logging_collector=off",
    "lc_messages=C",
    "timezone=UTC",
];

/// A server process and the port that it listens on.
pub(super) struct Postmaster {
    port: u16,
    process: Process,
    /// How long the log was when it started, in bytes.
    log_start: u64,
}

enum Process {
    Ours(Child),
    /// Left running by an earlier process of ours; somebody else reaps it.
    Adopted(Pid),
}

impl Postmaster {
    /// Starts the server; it is not ready yet.
    pub fn spawn(cluster: &Cluster, port: u16) -> Result<Self, EmbeddedError> {
        let unusable = |source| cluster.unusable(&cluster.log, source);
        let log = cluster.open_log().map_err(unusable)?;
        let log_start = log.metadata().map_err(unusable)?.len();
        let mut command = cluster.command("postgres");
        command.arg("-D").arg(&cluster.data).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
            .args(["-c", &format!("unix_socket_directories={}", socket_dir(&cluster.dir))])
            .stdout(log.try_clone().map_err(unusable)?)
            .stderr(log)
            // Ctrl-C goes to all processes of a terminal's group: the server must outlive it until
            // everything is written.
            .process_group(0);
        let child =
            command.spawn().map_err(|source| cluster.failed("postgres", source.to_string()))?;
        Ok(Self { port, process: Process::Ours(child), log_start })
    }

    /// The server that runs on this data directory.
    pub fn find(data: &Path) -> Option<Self> {
        let PidFile { pid, port } = PidFile::read(data)?;
        process::serves(pid, data).then_some(Self {
            port,
            process: Process::Adopted(pid),
            log_start: 0,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> i32 {
        match &self.process {
            Process::Ours(child) => child.id().cast_signed(),
            Process::Adopted(pid) => pid.as_raw(),
        }
    }

    /// Whether it runs; reaps it where it does not.
    pub fn is_alive(&mut self) -> bool {
        match &mut self.process {
            // An error means that there is no such child any more.
            Process::Ours(child) => matches!(child.try_wait(), Ok(None)),
            Process::Adopted(pid) => !process::has_ended(*pid),
        }
    }

    /// What it had to say of its end, on one line.
    pub fn last_words(&self, cluster: &Cluster) -> String {
        cluster.last_words(self.log_start)
    }

    /// Ends it: politely, then less so.
    pub fn stop(&mut self) {
        let steps = [
            (Signal::SIGINT, FAST_SHUTDOWN),
            (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN),
            (Signal::SIGKILL, IMMEDIATE_SHUTDOWN),
        ];
        for (signal, patience) in steps {
            if !self.is_alive() {
                return;
            }
            if signal != Signal::SIGINT {
                log::warn!("private postgres does not stop, sending {signal}");
            }
            match kill(Pid::from_raw(self.pid()), signal) {
                Ok(()) => self.wait_for_end(patience),
                Err(Errno::ESRCH) => return,
                Err(error) => {
                    log::error!(
                        "private postgres can't be stopped pid={} error={error}",
                        self.pid()
                    );
                    return;
                }
            }
        }
    }

    fn wait_for_end(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.is_alive() && Instant::now() < deadline {
            thread::sleep(SHUTDOWN_POLL);
        }
    }
}

/// What stands in the way of a new server.
#[derive(Debug)]
pub(super) enum Leftover {
    Processes(usize),
    File(PathBuf, io::Error),
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processes(count) => {
                write!(f, "{count} processes of the server before have not ended yet")
            }
            Self::File(path, error) => write!(f, "{} can't be cleared: {error}", path.display()),
        }
    }
}

/// Removes the lock files of a server that is dead. Postgres would do so itself, but takes a corpse
/// that nobody reaped, or another process with the same number, for a living server. That the old
/// server's children are gone it finds out by their shared memory, without any file.
///
/// Must not be called while a server runs on the data.
pub(super) fn clear_leftovers(cluster: &Cluster) -> Result<(), Leftover> {
    // Most children of a killed server notice and end within moments; one in the midst of a long
    // query does not. Until all are gone a new server would find their shared memory in use.
    let children = process::processes_on(&cluster.data)
        .map_err(|error| Leftover::File(cluster.data.clone(), error))?;
    for child in &children {
        if let Err(error) = kill(*child, Signal::SIGQUIT)
            && error != Errno::ESRCH
        {
            log::warn!("private postgres: its orphan {child} can't be ended error={error}");
        }
    }
    if !children.is_empty() {
        return Err(Leftover::Processes(children.len()));
    }
    remove(&cluster.data.join("postmaster.pid"))?;
    let Ok(entries) = fs::read_dir(&cluster.dir) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".s.PGSQL.") {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Leftover> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Leftover::File(path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// A socket's path has to be short; without one there is still the loopback address.
fn socket_dir(dir: &Path) -> String {
    match dir.to_str() {
        // Postgres reads a list here, divided by commas.
        Some(path) if path.len() <= MAX_SOCKET_DIR && !path.contains([',', '"']) => path.to_owned(),
        _ => String::new(),
    }
}

/// What a server says of itself in `postmaster.pid`: process, data directory, start time and port,
/// a line each.
struct PidFile {
    pid: Pid,
    port: u16,
}

impl PidFile {
    fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2)?.trim().parse().ok()?;
        Some(Self { pid: Pid::from_raw(pid), port })
    }
}
