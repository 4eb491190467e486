//! What other processes take, as the kernel counts it.

use std::fs;

/// Time on a core, seconds, over all threads of the process.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold anything but stands in parentheses.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |field: usize| -> f64 {
        fields.split_whitespace().nth(field).and_then(|ticks| ticks.parse().ok()).unwrap_or(0.0)
    };
    // The kernel shows hundredths on every machine.
    (ticks(11) + ticks(12)) / 100.0
}

/// The same of all processes below this one that are called so.
pub fn cpu_seconds_of_children(pid: u32, name: &str) -> f64 {
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let of_name = pids.filter(|child| {
        let comm = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        comm.trim() == name && is_below(*child, pid)
    });
    of_name.map(cpu_seconds).sum()
}

/// What it holds in memory at the moment, bytes.
pub fn memory_bytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) * 1024.0
}

fn is_below(child: u32, pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
    let parent = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(1));
    match parent.and_then(|parent| parent.parse::<u32>().ok()) {
        None | Some(0 | 1) => false,
        Some(parent) => parent == pid || is_below(parent, pid),
    }
}
