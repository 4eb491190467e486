//! Processes, as `/proc` shows them: which are servers, and which of those are alive.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

const PROC: &str = "/proc";

/// Whether this process is a living server of this data: not a corpse, and not another program that
/// got the same number after a restart of the machine.
pub(super) fn serves(pid: Pid, data: &Path) -> bool {
    // Without /proc there is no way to look closer; whether it lets us in shows the rest.
    !has_ended(pid) && (!has_proc() || works_on(&folder_of(pid), data))
}

/// The processes of a server of this data.
pub(super) fn processes_on(data: &Path) -> io::Result<Vec<Pid>> {
    if !has_proc() {
        return Ok(Vec::new());
    }
    let found = fs::read_dir(PROC)?.flatten().filter_map(|entry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
        (works_on(&entry.path(), data) && !has_ended(pid)).then_some(pid)
    });
    Ok(found.collect())
}

/// Every process of a server works in its data directory. Root in a container may not always look
/// there; then the command line tells, which only the first process of a server keeps. `process` is
/// its folder in `/proc`.
fn works_on(process: &Path, data: &Path) -> bool {
    let is_postgres =
        fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim_end() == "postgres");
    if !is_postgres {
        return false;
    }
    match fs::read_link(process.join("cwd")) {
        Ok(cwd) => cwd == data,
        Err(_) => fs::read(process.join("cmdline")).is_ok_and(|line| {
            line.split(|byte| *byte == 0).any(|arg| arg == data.as_os_str().as_bytes())
        }),
    }
}

/// Whether a process is gone or a corpse that nobody reaped yet. In doubt it is neither: a living
/// server that is taken for dead would lose its lock file.
pub(super) fn has_ended(pid: Pid) -> bool {
    if !has_proc() {
        return kill(pid, None) == Err(Errno::ESRCH);
    }
    match fs::read_to_string(folder_of(pid).join("stat")) {
        // `pid (name) state …`; the name may hold anything, so the last bracket counts.
        Ok(stat) => {
            let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
            matches!(state, Some("Z" | "X"))
        }
        // A process that ends while it is read gives ESRCH.
        Err(error) => {
            error.kind() == io::ErrorKind::NotFound
                || error.raw_os_error() == Some(Errno::ESRCH as i32)
        }
    }
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

fn folder_of(pid: Pid) -> PathBuf {
    Path::new(PROC).join(pid.to_string())
}
