//! From a data directory to a server that lets us in: the one that still runs, or a new one.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query};

use crate::db::address;

use super::{
    EmbeddedError,
    cluster::{Cluster, DATABASE},
    postmaster::{self, Postmaster},
};

/// A server that died with much unwritten has to replay its log first, which takes minutes at worst.
const READY_WITHIN: Duration = Duration::from_secs(180);
const READY_POLL: Duration = Duration::from_millis(10);

/// Last words of a server that another attempt may spare: between the choice of a free port and its
/// use somebody else took it, or the shared memory of a killed server is not free yet.
const MAY_PASS: [&str; 2] = ["could not bind", "still in use"];
const PASSES_WITHIN: Duration = Duration::from_secs(30);
const BETWEEN_STARTS: Duration = Duration::from_millis(50);

/// Takes over a server that a crash of ours left running.
pub(super) fn adopt(cluster: &Cluster) -> Result<Option<Postmaster>, EmbeddedError> {
    let Some(mut postmaster) = Postmaster::find(&cluster.data) else { return Ok(None) };
    match wait_ready(cluster, &mut postmaster) {
        Ok(()) => {
            log::warn!(
                "private postgres was left running and is adopted pid={} port={}",
                postmaster.pid(),
                postmaster.port()
            );
            Ok(Some(postmaster))
        }
        // It was on its way down.
        Err(NotReady::Ended(_)) => Ok(None),
        Err(NotReady::Refuses(reason)) => Err(EmbeddedError::Stranger {
            pid: postmaster.pid(),
            data: cluster.data.clone(),
            reason,
        }),
    }
}

/// Tries again where somebody else took the port that was free, and while the children of a dead
/// server have not ended yet.
pub(super) fn start_on_free_port(cluster: &Cluster) -> Result<Postmaster, EmbeddedError> {
    let deadline = Instant::now() + PASSES_WITHIN;
    loop {
        match try_start(cluster) {
            Ok(postmaster) => {
                let (pid, port) = (postmaster.pid(), postmaster.port());
                log::info!("private postgres runs pid={pid} port={port}");
                return Ok(postmaster);
            }
            Err(NoStart::MayPass(_)) if Instant::now() < deadline => {
                thread::sleep(BETWEEN_STARTS);
            }
            Err(NoStart::MayPass(reason)) => return Err(not_ready(cluster, reason)),
            Err(NoStart::Final(error)) => return Err(error),
        }
    }
}

enum NoStart {
    MayPass(String),
    Final(EmbeddedError),
}

impl From<EmbeddedError> for NoStart {
    fn from(error: EmbeddedError) -> Self {
        Self::Final(error)
    }
}

fn try_start(cluster: &Cluster) -> Result<Postmaster, NoStart> {
    let port = free_port()
        .map_err(|source| EmbeddedError::Unusable { path: "127.0.0.1".into(), source })?;
    postmaster::clear_leftovers(cluster)
        .map_err(|leftover| NoStart::MayPass(leftover.to_string()))?;
    let mut postmaster = Postmaster::spawn(cluster, port)?;
    match wait_ready(cluster, &mut postmaster) {
        Ok(()) => Ok(postmaster),
        Err(NotReady::Ended(words)) if MAY_PASS.iter().any(|part| words.contains(part)) => {
            Err(NoStart::MayPass(words))
        }
        Err(NotReady::Ended(reason) | NotReady::Refuses(reason)) => {
            postmaster.stop();
            Err(NoStart::Final(not_ready(cluster, reason)))
        }
    }
}

fn not_ready(cluster: &Cluster, reason: String) -> EmbeddedError {
    EmbeddedError::NotReady { reason, log: cluster.log.clone() }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Why a server can't be used.
enum NotReady {
    /// It ended, with its last words.
    Ended(String),
    /// It runs and does not let us in.
    Refuses(String),
}

/// Waits until the server lets us in, and makes our database where it is missing.
fn wait_ready(cluster: &Cluster, postmaster: &mut Postmaster) -> Result<(), NotReady> {
    let url = cluster.url(postmaster.port(), "postgres");
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        if !postmaster.is_alive() {
            return Err(NotReady::Ended(postmaster.last_words(cluster)));
        }
        let refusal = match PgConnection::establish(&url) {
            Ok(mut conn) => match ensure_database(&mut conn) {
                Ok(()) => return Ok(()),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        let refusal = address::connect_failure(&refusal);
        if Instant::now() > deadline || refusal.contains("password authentication failed") {
            return Err(NotReady::Refuses(refusal));
        }
        thread::sleep(READY_POLL);
    }
}

fn ensure_database(conn: &mut PgConnection) -> diesel::QueryResult<()> {
    let there = format!("SELECT FROM pg_database WHERE datname = '{DATABASE}'");
    if sql_query(there).execute(conn)? == 0 {
        conn.batch_execute(&format!("CREATE DATABASE {DATABASE}"))?;
    }
    Ok(())
}
