//! Whom the server runs as. Postgres refuses to run as root.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, lchown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::unistd::{User, geteuid};

use super::EmbeddedError;

/// Unprivileged users of which every system has at least one.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// The user of the server and of its files.
pub(super) struct Owner {
    /// None: whoever we are.
    user: Option<User>,
}

impl Owner {
    pub fn for_this_process() -> Result<Self, EmbeddedError> {
        if !geteuid().is_root() {
            return Ok(Self { user: None });
        }
        let found = CANDIDATES.iter().find_map(|name| User::from_name(name).ok().flatten());
        found.map(|user| Self { user: Some(user) }).ok_or(EmbeddedError::NoUser)
    }

    /// A command that runs as the owner, in a directory that it can enter.
    pub fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).stdin(Stdio::null());
        // Postgres would tell systemd that it is ready and that it stops, in our name.
        command.env_remove("NOTIFY_SOCKET");
        if let Some(user) = &self.user {
            // With the user the standard library drops root's further groups as well.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives the directory with all that is in it to the owner, and makes sure that the owner can
    /// get there.
    pub fn take_over(&self, dir: &Path) -> Result<(), EmbeddedError> {
        let Some(user) = &self.user else { return Ok(()) };
        give(dir, user).map_err(|(path, source)| EmbeddedError::Unusable { path, source })?;
        let mut way: Vec<_> = dir.ancestors().collect();
        way.reverse();
        for step in way {
            self.enter(user, step)?;
        }
        Ok(())
    }

    /// Gives one file to the owner.
    pub fn give_file(&self, path: &Path) -> io::Result<()> {
        match &self.user {
            Some(user) => lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
            None => Ok(()),
        }
    }

    /// Tries it for real: a look at the permission bits would miss access lists.
    fn enter(&self, user: &User, dir: &Path) -> Result<(), EmbeddedError> {
        let shell = Path::new("/bin/sh");
        match self.command(shell, dir).args(["-c", ":"]).status() {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(EmbeddedError::Unreachable { user: user.name.clone(), blocked: dir.to_owned() })
            }
            Err(source) => {
                let reason = format!("it can't be run as user {:?}: {source}", user.name);
                Err(EmbeddedError::Program { program: shell.to_owned(), reason })
            }
        }
    }
}

/// Never follows a symbolic link: what it leads to was not made by us.
fn give(path: &Path, user: &User) -> Result<(), (PathBuf, io::Error)> {
    let failed = |source| (path.to_owned(), source);
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    if meta.uid() != user.uid.as_raw() {
        lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(failed)?;
    }
    if meta.is_dir() {
        for entry in fs::read_dir(path).map_err(failed)? {
            give(&entry.map_err(failed)?.path(), user)?;
        }
    }
    Ok(())
}
