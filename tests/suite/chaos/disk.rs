//! The disk of the journal is full for a while: a small file system of its own, in a namespace that
//! only the program sees.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::PathBuf,
    process::Command,
};

use crate::support::{program::Deployment, wait_until};

use super::arena::{Arena, Scale, Setup};

/// Makes the file system and becomes the program. Arguments: the folder, then the program's.
const MOUNT: &str = r#"mount -t tmpfs -o size=256m,mode=755 tmpfs "$1" && shift && exec "$@""#;

pub async fn is_full(scale: &Scale) {
    if !may_mount() {
        println!("disk full: LEFT OUT, no file system may be mounted here");
        return;
    }
    let command = |deployment: &Deployment| {
        let mut command = Command::new("unshare");
        let data_dir = data_dir(deployment);
        std::fs::create_dir_all(&data_dir).unwrap();
        command.args(["--mount", "--map-root-user", "sh", "-c", MOUNT, "sh"]);
        command.arg(data_dir).arg(env!("CARGO_BIN_EXE_ringside")).args(deployment.arguments());
        command.env_remove("RUST_LOG");
        command
    };
    let setup = Setup { command: Box::new(command), ..Setup::default() };
    let arena = Arena::open_with(scale, setup).await;
    let ballast = fill(&arena);
    wait_until("health tells of the full disk", async || {
        let health = arena.health().await;
        health["status"] != "ok" && health["reasons"].to_string().contains("journal")
    })
    .await;
    arena.venues.play_for(scale.outage).await;
    std::fs::remove_file(ballast).unwrap();
    wait_until("health is well again", async || arena.health().await["status"] == "ok").await;
    arena.venues.play_for(scale.outage).await;
    arena.close("disk full").await;
}

fn may_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", MOUNT, "sh"]);
    command.arg(folder.path()).arg("true").status().is_ok_and(|status| status.success())
}

fn data_dir(deployment: &Deployment) -> PathBuf {
    deployment.folder.path().join("ringside-data")
}

/// Takes all the room there is.
fn fill(arena: &Arena) -> PathBuf {
    let ballast = arena.seen_by_program("ballast");
    let mut file = File::create(&ballast).unwrap();
    // Large pieces leave a rest.
    for piece in [1 << 20, 512] {
        let piece = vec![0; piece];
        let full = loop {
            if let Err(error) = file.write_all(&piece) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }
    ballast
}
