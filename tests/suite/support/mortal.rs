//! A Postgres of one test's own, to be killed and started again at the same address.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ringside::db;

use super::postgres::{Owner, TestDb, free_port};

pub struct MortalPostgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
}

impl MortalPostgres {
    pub fn start() -> Self {
        let programs = db::embedded::find_programs().unwrap_or_else(|missing| panic!("{missing}"));
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::of(folder.path());
        let initdb = owner
            .command(&programs.join("initdb"), folder.path())
            .args(["-D", "data", "-U", "ringside", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let port = free_port();
        let server = serve(&programs, &folder, port);
        let mortal = Self { programs, folder, port, server };
        mortal.connect("postgres").batch_execute("CREATE DATABASE ringside").unwrap();
        mortal
    }

    /// Its only database, without any table.
    pub fn database(&self) -> TestDb {
        let url = self.url("ringside");
        TestDb { pool: db::connect(&url, 4), url }
    }

    /// Kills it outright, as the kernel does when memory is short.
    pub fn kill(&mut self) {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        self.server.wait().unwrap();
    }

    /// Stops it as an operator does for an update: connections are ended, nothing is damaged.
    pub fn stop(&mut self) {
        kill(self.pid(), Signal::SIGINT).unwrap();
        self.server.wait().unwrap();
    }

    /// Returns when it takes connections.
    pub fn start_again(&mut self) {
        let began = Instant::now();
        self.server = serve(&self.programs, &self.folder, self.port);
        while PgConnection::establish(&self.url("ringside")).is_err() {
            assert!(began.elapsed() < super::LIMIT, "{}", self.log());
            // The processes of a server that was killed take a moment to notice; as long as there
            // is one, no other server starts.
            if self.server.try_wait().unwrap().is_some() {
                self.server = serve(&self.programs, &self.folder, self.port);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The address of its database behind a proxy.
    pub fn url_through(&self, proxy: SocketAddr) -> String {
        url(proxy.port(), "ringside")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.server.id()).unwrap())
    }

    fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    fn connect(&self, database: &str) -> PgConnection {
        let began = Instant::now();
        loop {
            match PgConnection::establish(&self.url(database)) {
                Ok(connection) => return connection,
                Err(error) => assert!(began.elapsed() < super::LIMIT, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for MortalPostgres {
    fn drop(&mut self) {
        // It may be dead already.
        kill(self.pid(), Signal::SIGINT).ok();
        self.server.wait().ok();
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://ringside@127.0.0.1:{port}/{database}?sslmode=disable")
}

fn serve(programs: &std::path::Path, folder: &tempfile::TempDir, port: u16) -> Child {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    Owner::of(folder.path())
        .command(&programs.join("postgres"), folder.path())
        .args(["-D", "data", "-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}
