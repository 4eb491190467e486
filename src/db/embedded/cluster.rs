//! The files of the private server: its data, its password, its log.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{EmbeddedError, MissingPrograms, owner::Owner, programs};

/// The database, and the role that owns it.
pub(super) const DATABASE: &str = "ringside";
const ROLE: &str = "ringside";

const PASSWORD_BYTES: usize = 24;
/// A log beyond this is put aside at the next start; one older log is kept.
const MAX_LOG_BYTES: u64 = 10 * 1024 * 1024;
/// How much of the log's end is looked through for the server's last words.
const LAST_WORDS_BYTES: u64 = 2_048;

/// An initialised data directory and the programs that serve it.
pub(super) struct Cluster {
    pub dir: PathBuf,
    pub data: PathBuf,
    pub log: PathBuf,
    pub owner: Owner,
    bin: PathBuf,
    password: String,
}

/// Somebody may have moved the data to another disk and left a link.
pub(super) fn data_dir(dir: &Path) -> PathBuf {
    let data = dir.join("data");
    data.canonicalize().unwrap_or(data)
}

pub(super) fn read_password(dir: &Path) -> io::Result<String> {
    fs::read_to_string(password_path(dir)).map(|text| text.trim().to_owned())
}

/// Encryption would only cost time on the way to ourselves, and an environment that asks libpq for
/// it would keep us out.
pub(super) fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
}

impl Cluster {
    /// Opens the data directory in `dir`; makes it on first use.
    pub fn open(dir: PathBuf, owner: Owner) -> Result<Self, EmbeddedError> {
        let data = data_dir(&dir);
        let version_file = data.join("PG_VERSION");
        let version = match fs::read_to_string(&version_file) {
            Ok(version) => Some(version),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(EmbeddedError::Unusable { path: version_file, source }),
        };
        let bin = match &version {
            Some(version) => programs_of_version(&data, version.trim())?,
            None => programs::find_programs()?,
        };
        let log = dir.join("postgres.log");
        let mut cluster = Self { dir, data, log, owner, bin, password: String::new() };
        cluster.password = cluster.ensure_password(version.is_some())?;
        if version.is_none() {
            cluster.initialise()?;
        }
        cluster.put_old_log_aside().map_err(|source| cluster.unusable(&cluster.log, source))?;
        Ok(cluster)
    }

    pub fn url(&self, port: u16, database: &str) -> String {
        url(&self.password, port, database)
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = self.owner.command(&self.bin.join(program), &self.dir);
        // Messages are read by us, and the locale of the data must not depend on who starts it.
        command.env("LC_ALL", "C");
        command
    }

    pub fn open_log(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(&self.log)
    }

    /// The last lines of the log that tell of a problem, on one line; `since` is how long the log
    /// was before.
    pub fn last_words(&self, since: u64) -> String {
        let text = read_end(&self.log, since).unwrap_or_else(|error| error.to_string());
        let problems: Vec<_> = text
            .lines()
            .filter_map(|line| {
                let at = ["FATAL:", "PANIC:", "LOG:  could not", "HINT:"]
                    .iter()
                    .find_map(|word| line.find(word))?;
                Some(line[at..].trim())
            })
            .collect();
        let latest = &problems[problems.len().saturating_sub(3)..];
        if latest.is_empty() { "it ended without a word".to_owned() } else { latest.join(" ") }
    }

    pub fn unusable(&self, path: &Path, source: io::Error) -> EmbeddedError {
        EmbeddedError::Unusable { path: path.to_owned(), source }
    }

    fn ensure_password(&self, has_data: bool) -> Result<String, EmbeddedError> {
        let path = password_path(&self.dir);
        match read_password(&self.dir) {
            Ok(password) if !password.is_empty() => Ok(password),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.unusable(&path, error))
            }
            _ if has_data => {
                Err(EmbeddedError::NoPassword { data: self.data.clone(), password: path })
            }
            _ => self.make_password(&path).map_err(|source| self.unusable(&path, source)),
        }
    }

    fn make_password(&self, path: &Path) -> io::Result<String> {
        let mut random = [0; PASSWORD_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        // The mode above only counts for a file that is new.
        file.set_permissions(Permissions::from_mode(0o600))?;
        writeln!(file, "{password}")?;
        file.sync_all()?;
        self.owner.give_file(path)?;
        Ok(password)
    }

    /// Makes the data beside its place and moves it there when it is whole: what a crash leaves half
    /// made is never taken for data.
    fn initialise(&self) -> Result<(), EmbeddedError> {
        let draft = self.dir.join("data.new");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(|source| self.unusable(&draft, source))?;
        }
        let mut initdb = self.command("initdb");
        initdb
            .arg("--pgdata")
            .arg(&draft)
            .args(["--username", ROLE, "--auth", "scram-sha-256", "--encoding", "UTF8"])
            // Sorts by bytes, which is the same on every machine that the data may move to.
            .args(["--locale", "C"])
            .arg("--pwfile")
            .arg(password_path(&self.dir));
        let output = initdb.output().map_err(|source| self.failed("initdb", source.to_string()))?;
        if !output.status.success() {
            return Err(self.failed("initdb", problem(&output)));
        }
        fs::rename(&draft, &self.data).map_err(|source| self.unusable(&self.data, source))
    }

    pub fn failed(&self, program: &str, reason: String) -> EmbeddedError {
        EmbeddedError::Program { program: self.bin.join(program), reason }
    }

    fn put_old_log_aside(&self) -> io::Result<()> {
        match fs::metadata(&self.log) {
            Ok(meta) if meta.len() > MAX_LOG_BYTES => {
                fs::rename(&self.log, self.log.with_extension("log.1"))
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn password_path(dir: &Path) -> PathBuf {
    dir.join("password")
}

/// A data directory can only be served by the major version that made it.
fn programs_of_version(data: &Path, wanted: &str) -> Result<PathBuf, EmbeddedError> {
    let candidates = programs::candidates();
    if candidates.is_empty() {
        return Err(MissingPrograms::here().into());
    }
    let mut others = Vec::new();
    for bin in candidates {
        match major_version(&bin) {
            Some(version) if version == wanted => return Ok(bin),
            Some(version) if !others.contains(&version) => others.push(version),
            _ => {}
        }
    }
    Err(EmbeddedError::WrongVersion {
        data: data.to_owned(),
        found: wanted.to_owned(),
        programs: others,
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`: 15; before 10 two numbers counted.
fn major_version(bin: &Path) -> Option<String> {
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    parse_major_version(&String::from_utf8(output.stdout).ok()?)
}

fn parse_major_version(line: &str) -> Option<String> {
    let version = line.split_whitespace().nth(2)?;
    let digits = |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
    let mut numbers = version.split('.').map(digits);
    let first = numbers.next().filter(|first| !first.is_empty())?;
    match first.parse::<u32>() {
        Ok(major) if major < 10 => Some(format!("{first}.{}", numbers.next()?)),
        _ => Some(first),
    }
}

fn problem(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let problems: Vec<_> = text.lines().filter(|line| line.contains("error:")).collect();
    if problems.is_empty() { crate::db::address::one_line(&text) } else { problems.join(" ") }
}

fn read_end(path: &Path, since: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(since.max(length.saturating_sub(LAST_WORDS_BYTES))))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_major_version_knows_both_ways_of_counting() {
        let lines = [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some("15")),
            ("postgres (PostgreSQL) 9.6.24", Some("9.6")),
            ("postgres (PostgreSQL) 18beta1", Some("18")),
            ("postgres", None),
        ];
        for (line, version) in lines {
            assert_eq!(parse_major_version(line).as_deref(), version, "{line}");
        }
    }
}
