//! The real program, as an operator runs it.

use std::{
    fs,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{postgres::TestDb, wait_until};

/// `ringside` with these arguments, to its end.
pub fn ringside(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringside"));
    command.args(arguments).env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
    command
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder with a configuration in it that everybody may enter.
pub struct Deployment {
    pub folder: tempfile::TempDir,
    pub config: PathBuf,
    pub address: SocketAddr,
}

impl Deployment {
    /// `rest` follows `[http]` with a port that is free now.
    pub fn new(rest: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let config = folder.path().join("ringside.toml");
        let deployment = Self { folder, config, address };
        deployment.write(rest);
        deployment
    }

    pub fn on(db: &TestDb, feeds: &str) -> Self {
        Self::new(&format!("[database]\nurl = {:?}\n{feeds}", db.url))
    }

    pub fn write(&self, rest: &str) {
        let text = format!("[http]\nbind = \"{}\"\n{rest}", self.address);
        fs::write(&self.config, text).unwrap();
    }

    pub fn config(&self) -> &str {
        self.config.to_str().unwrap()
    }

    /// With which the program serves it.
    pub fn arguments(&self) -> [&str; 3] {
        ["--config", self.config(), "run"]
    }

    pub fn start(&self) -> Program {
        Program::start(&self.arguments(), self.folder.path())
    }

    pub async fn started(&self) -> Program {
        let program = self.start();
        self.is_live().await;
        program
    }

    pub async fn is_live(&self) {
        // The port is bound long before it is served.
        let address = format!("http://{}/livez", self.address);
        let client = awc::Client::builder().connector(awc::Connector::new()).finish();
        wait_until("the program serves", async || client.get(&address).send().await.is_ok()).await;
    }
}

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    pub fn start(arguments: &[&str], folder: &Path) -> Self {
        Self::spawn(command(arguments), folder)
    }

    /// The program as `command` runs it, with its log in `folder`.
    pub fn spawn(mut command: Command, folder: &Path) -> Self {
        let log = folder.join(format!("log-{}", fastrand::u32(..)));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Kills it outright; returns when it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, at most for so long.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let ended = tokio::time::timeout(within, async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        ended.await.unwrap_or_else(|_| panic!("still running after {within:?}:\n{}", self.log()))
    }

    pub fn log(&self) -> String {
        let mut log = String::new();
        fs::File::open(&self.log).unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended long ago.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
