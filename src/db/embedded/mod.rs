//! A private Postgres for deployments that configure none: initialised on first use, started with
//! the service and stopped with it.
//!
//! The server is a child of this process, never of `pg_ctl`: in a container nobody else may reap
//! it, and a dead server that is not reaped looks alive to the next one. A thread watches it and
//! starts it again where it dies. What a crash of this process left running is adopted. The server
//! has its own password and listens on the loopback address and, where the path allows, on a socket
//! in its own directory.
//!
//! Everything in here blocks.

#![expect(clippy::disallowed_methods, reason = "waits on threads that no actor lives on")]

mod cluster;
mod owner;
mod postmaster;
mod process;
mod programs;
mod start;
mod watch;

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::{
    cluster::{Cluster, DATABASE},
    owner::Owner,
    postmaster::Postmaster,
    watch::Order,
};

pub use programs::{MissingPrograms, find_programs};

/// How long a lock that another process holds is waited for.
const LOCK_WITHIN: Duration = Duration::from_secs(1);

/// A running private server; dropping it stops the server.
pub struct EmbeddedPostgres {
    url: String,
    orders: mpsc::Sender<Order>,
    watcher: Option<JoinHandle<()>>,
    /// Held as long as the server is ours.
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(transparent)]
    MissingPrograms(#[from] MissingPrograms),
    #[error("{} can't be used for the private Postgres: {source}", path.display())]
    Unusable { path: PathBuf, source: io::Error },
    #[error(
        "Postgres does not run as root, and the user {user:?} it would run as can't enter {}: \
         allow it with `chmod o+x {}`, or choose a data_dir elsewhere, as /var/lib/ringside",
        blocked.display(), blocked.display()
    )]
    Unreachable { user: String, blocked: PathBuf },
    #[error(
        "Postgres does not run as root, and there is no user \"postgres\" or \"nobody\" for it"
    )]
    NoUser,
    #[error("another ringside uses {}: stop it, or give this one a data_dir of its own", dir.display())]
    InUse { dir: PathBuf },
    #[error(
        "{} was made by Postgres {found}, but only Postgres {} is on this machine: \
         install Postgres {found}, or move the data with pg_dump",
        data.display(), programs.join(", ")
    )]
    WrongVersion { data: PathBuf, found: String, programs: Vec<String> },
    #[error("{} holds data, but its password {} is gone: bring the file back", data.display(), password.display())]
    NoPassword { data: PathBuf, password: PathBuf },
    #[error("{} failed: {reason}", program.display())]
    Program { program: PathBuf, reason: String },
    #[error("the private Postgres did not come up: {reason}; see {}", log.display())]
    NotReady { reason: String, log: PathBuf },
    #[error(
        "process {pid} serves {} and does not let us in: {reason}; stop it with `kill -INT {pid}`",
        data.display()
    )]
    Stranger { pid: i32, data: PathBuf, reason: String },
}

impl EmbeddedPostgres {
    /// Starts the server of `dir`, or adopts it where it still runs; makes it on first use.
    ///
    /// # Errors
    /// Each says what a person can do about it.
    pub fn start(dir: &Path) -> Result<Self, EmbeddedError> {
        let owner = Owner::for_this_process()?;
        let dir = make_dir(dir)?;
        let lock = lock(&dir)?;
        owner.take_over(&dir)?;
        let cluster = Cluster::open(dir, owner)?;
        let postmaster = match start::adopt(&cluster)? {
            Some(postmaster) => postmaster,
            None => start::start_on_free_port(&cluster)?,
        };
        let url = cluster.url(postmaster.port(), DATABASE);
        let (orders, inbox) = mpsc::channel();
        let watcher = thread::Builder::new()
            .name("postgres-watch".to_owned())
            .spawn(move || watch::watch(&cluster, postmaster, &inbox))
            .map_err(|source| EmbeddedError::Unusable { path: PathBuf::from("thread"), source })?;
        Ok(Self { url, orders, watcher: Some(watcher), _lock: lock })
    }

    /// The libpq address, with the password: never log it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops the server: open transactions are rolled back, what was committed is safe.
    pub fn stop(mut self) {
        self.end(Order::Stop);
    }

    /// Leaves the server running, for the next process to adopt.
    pub fn detach(mut self) {
        self.end(Order::Detach);
    }

    /// The address of the server of `dir` where one runs, for another process than the one that
    /// started it.
    pub fn running_url(dir: &Path) -> Option<String> {
        let dir = dir.canonicalize().ok()?;
        let postmaster = Postmaster::find(&cluster::data_dir(&dir))?;
        let password = cluster::read_password(&dir).ok()?;
        Some(cluster::url(&password, postmaster.port(), DATABASE))
    }

    fn end(&mut self, order: Order) {
        let Some(watcher) = self.watcher.take() else { return };
        // The watcher only ends by an order; where it is gone, it has panicked, which join tells.
        if self.orders.send(order).is_err() || watcher.join().is_err() {
            log::error!("private postgres: its watcher died, the server may still run");
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        self.end(Order::Stop);
    }
}

/// The directory as an absolute path, made where it is missing: its parents for everybody, itself
/// for the server alone.
fn make_dir(dir: &Path) -> Result<PathBuf, EmbeddedError> {
    let unusable = |source| EmbeddedError::Unusable { path: dir.to_owned(), source };
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(unusable)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(error)),
        _ => {}
    }
    dir.canonicalize().map_err(unusable)
}

/// Two of us on one directory would stop each other's server.
fn lock(dir: &Path) -> Result<File, EmbeddedError> {
    let path = dir.join("ringside.lock");
    let unusable = |source| EmbeddedError::Unusable { path: path.clone(), source };
    let file = File::create(&path).map_err(unusable)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // The one before may just be ending.
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_WITHIN => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(EmbeddedError::InUse { dir: dir.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
    }
}
