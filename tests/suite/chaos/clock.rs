//! Ringside's clock steps back an hour: a small library in front of the C library's clock does it,
//! for this program alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::program::{self, Deployment};

use super::arena::{Arena, Scale, Setup};

const SHIM: &str = include_str!("clock_shim.c");
const AN_HOUR_BACK: i64 = -3_600;

pub async fn steps_back(scale: &Scale) {
    let folder = tempfile::tempdir().unwrap();
    let shim = compile(folder.path());
    let offset = folder.path().join("offset");
    set(&offset, 0);
    let command = {
        let offset = offset.clone();
        move |deployment: &Deployment| {
            let mut command = program::command(&deployment.arguments());
            command.env("LD_PRELOAD", &shim).env("RINGSIDE_TEST_CLOCK", &offset);
            command
        }
    };
    let setup = Setup { command: Box::new(command), in_order: false, ..Setup::default() };
    let arena = Arena::open_with(scale, setup).await;
    arena.venues.play_for(scale.outage).await;
    let before = arena.last_frame_at().await;
    set(&offset, AN_HOUR_BACK);
    arena.venues.play_for(scale.outage).await;
    let after = arena.last_frame_at().await;
    assert!(after < before, "the clock went on from {before} to {after}");
    arena.venues.play_for(scale.outage).await;
    arena.close("clock back an hour").await;
}

fn compile(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    fs::write(&source, SHIM).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source);
    assert!(compiler.status().unwrap().success());
    library
}

/// The library has the file mapped: written in place, it is there at once.
fn set(file: &Path, seconds: i64) {
    fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(file)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &seconds.to_ne_bytes()))
        .unwrap();
}
