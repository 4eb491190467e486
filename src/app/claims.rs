//! What the service claims of the machine before anything runs: its ports, its folder, its files.

use std::{
    fs::{self, File, TryLockError},
    net::{SocketAddr, TcpListener},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use log::{info, warn};
use tokio::time::sleep;

use super::LOOK_EVERY;

const LOCK_WITHIN: Duration = Duration::from_secs(1);

/// `key` is what to set for another address.
pub(super) fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow!(
            "{address} is in use: another program (or another Ringside) serves there; set another \
             {key}"
        ),
        _ => anyhow!("{key} {address} can't be served: {error}"),
    })
}

/// One service a data directory: two would share a private Postgres and stop it under each other.
pub(super) async fn lock_data_dir(dir: &Path) -> anyhow::Result<File> {
    let show = dir.display();
    fs::create_dir_all(dir).with_context(|| {
        format!("data_dir {show} can't be made; set data_dir to a folder that can be written")
    })?;
    let lock = File::create(dir.join("ringside.lock")).with_context(|| {
        format!("data_dir {show} can't be written; set data_dir to a folder that can be")
    })?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            // The one before may just be ending.
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_WITHIN => {
                sleep(LOOK_EVERY).await;
            }
            Err(TryLockError::WouldBlock) => {
                bail!("data_dir {show} is in use by another Ringside; stop that one first")
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("data_dir {show} can't be locked"));
            }
        }
    }
}

/// A feed is an open file; the usual soft limit of 1,024 is for programs of another kind.
pub(super) fn allow_many_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map(|()| hard));
    match raised {
        Ok(files) => info!("open files limit={files}"),
        Err(error) => warn!("the limit of open files stays as it is: {error}"),
    }
}
