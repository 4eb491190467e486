//! The person's browser.

use std::process::Stdio;

use tokio::process::Command;

use super::say;

/// The program that opens an address with whatever the person has chosen for it.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens `address`; where that can't be done it says so, and the person opens it.
pub(super) async fn open(address: String) {
    let opener =
        Command::new(OPENER).arg(&address).stdin(Stdio::null()).stderr(Stdio::null()).status();
    match opener.await {
        Ok(status) if status.success() => {}
        Ok(_) | Err(_) => {
            say(format_args!("No browser could be opened; {address} is yours to open."))
        }
    }
}
