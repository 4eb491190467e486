//! Where the server programs of Postgres are. They are rarely on the PATH.

use std::{
    collections::HashSet,
    env,
    ffi::OsStr,
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

const NEEDED: [&str; 2] = ["postgres", "initdb"];

/// Names the folder with the programs where an operator wants none of the usual ones.
const CHOSEN: &str = "RINGSIDE_POSTGRES_BIN";

/// Folders that hold a folder per version: Debian, Red Hat, Alpine, Homebrew on either processor,
/// Postgres.app.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// There is no Postgres on this machine; says on one line how to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrograms {
    install: Option<&'static str>,
}

impl MissingPrograms {
    pub(super) fn here() -> Self {
        if cfg!(target_os = "macos") {
            return Self { install: Some("brew install postgresql@17") };
        }
        Self { install: fs::read_to_string("/etc/os-release").ok().and_then(|text| install(&text)) }
    }
}

impl fmt::Display for MissingPrograms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the server programs of Postgres (postgres, initdb) are not on this machine: ",
        )?;
        if env::var_os(CHOSEN).is_some() {
            f.write_str("RINGSIDE_POSTGRES_BIN names a folder without them; ")?;
        }
        match self.install {
            Some(line) => write!(f, "install them with `{line}`")?,
            None => f.write_str("install your system's Postgres server package")?,
        }
        f.write_str(", or set database.url to a Postgres elsewhere")
    }
}

impl std::error::Error for MissingPrograms {}

/// The folder that holds `postgres` and `initdb`: the one that `RINGSIDE_POSTGRES_BIN` names and no
/// other, or the first on the PATH, else what `pg_config` says, else the newest at the usual places
/// of Debian, Red Hat, Alpine and Homebrew.
///
/// # Errors
/// There is none.
pub fn find_programs() -> Result<PathBuf, MissingPrograms> {
    candidates().into_iter().next().ok_or_else(MissingPrograms::here)
}

/// All folders that hold the programs, best first.
pub(super) fn candidates() -> Vec<PathBuf> {
    if let Some(chosen) = env::var_os(CHOSEN) {
        return Some(PathBuf::from(chosen)).filter(|dir| has_programs(dir)).into_iter().collect();
    }
    let on_path = env::var_os("PATH");
    search(on_path.as_deref(), pg_config(), Path::new("/"))
}

fn search(on_path: Option<&OsStr>, pg_config: Option<PathBuf>, root: &Path) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    on_path
        .into_iter()
        .flat_map(env::split_paths)
        .chain(pg_config)
        .chain(VERSIONED.iter().flat_map(|place| versions(root, place)))
        .filter(|dir| has_programs(dir))
        .filter(|dir| seen.insert(dir.clone()))
        .collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !dir.trim().is_empty()).then(|| PathBuf::from(dir.trim()))
}

/// `<parent>/<prefix><version>/<suffix>`, newest version first.
fn versions(root: &Path, (parent, prefix, suffix): &(&str, &str, &str)) -> Vec<PathBuf> {
    let parent = root.join(parent.trim_start_matches('/'));
    let Ok(entries) = fs::read_dir(&parent) else { return Vec::new() };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let numbers = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            Some((numbers, parent.join(&name).join(suffix)))
        })
        .collect();
    found.sort_by(|one, other| other.0.cmp(&one.0));
    found.into_iter().map(|(_, dir)| dir).collect()
}

fn has_programs(dir: &Path) -> bool {
    NEEDED.iter().all(|program| is_program(&dir.join(program)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The install line for the system that `/etc/os-release` describes.
fn install(os_release: &str) -> Option<&'static str> {
    let value =
        |key: &str| os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let names = [value("ID"), value("ID_LIKE")];
    names.into_iter().flatten().flat_map(|names| names.trim_matches('"').split(' ')).find_map(
        |name| match name {
            "debian" | "ubuntu" => Some("apt-get install -y postgresql"),
            "fedora" | "rhel" | "centos" => Some("dnf install -y postgresql-server"),
            "alpine" => Some("apk add postgresql"),
            "arch" => Some("pacman -S --noconfirm postgresql"),
            "suse" | "opensuse" => Some("zypper install -y postgresql-server"),
            _ => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn add_programs(root: &Path, dir: &str) -> PathBuf {
        let dir = root.join(dir);
        fs::create_dir_all(&dir).unwrap();
        for program in NEEDED {
            fs::write(dir.join(program), "").unwrap();
            fs::set_permissions(dir.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        dir
    }

    #[test]
    fn search_takes_the_path_first_and_then_the_newest_version() {
        let root = tempfile::tempdir().unwrap();
        let nine = add_programs(root.path(), "usr/lib/postgresql/9.6/bin");
        let sixteen = add_programs(root.path(), "usr/lib/postgresql/16/bin");
        let red_hat = add_programs(root.path(), "usr/pgsql-15/bin");
        let on_path = add_programs(root.path(), "opt/pg/bin");
        fs::create_dir_all(root.path().join("usr/lib/postgresql/17/bin")).unwrap();
        let path = env::join_paths([root.path().join("empty"), on_path.clone()]).unwrap();
        let found = search(Some(&path), Some(sixteen.clone()), root.path());
        assert_eq!(found, [on_path, sixteen, nine, red_hat]);
    }

    #[test]
    fn missing_programs_says_how_to_get_them_on_one_line() {
        let lines = [
            ("ID=debian\nVERSION_ID=\"12\"", "apt-get install -y postgresql"),
            ("NAME=Mint\nID=linuxmint\nID_LIKE=\"ubuntu debian\"", "apt-get install -y postgresql"),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "dnf install -y postgresql-server"),
            ("ID=alpine", "apk add postgresql"),
            ("ID=arch", "pacman -S --noconfirm postgresql"),
        ];
        for (os_release, line) in lines {
            let message = MissingPrograms { install: install(os_release) }.to_string();
            assert!(message.contains(&format!("`{line}`")), "{message}");
            assert_eq!(message.lines().count(), 1);
        }
        let message = MissingPrograms { install: install("ID=plan9") }.to_string();
        assert!(message.contains("your system's Postgres server package"), "{message}");
    }
}
