//! The API under a tester that makes up requests from the description: right ones, wrong ones, and
//! everything that lies on the edge.

use std::{fs, path::Path, process::Command, time::Duration};

use actix::System;
use tokio::time::timeout;

use super::world::World;

/// It takes a tenth of this on an idle machine.
const WITHIN: Duration = Duration::from_secs(300);

/// Where `get.sh` put the tester.
fn program(folder: &Path) -> String {
    let got = Command::new(folder.join("get.sh")).output().unwrap();
    let words = String::from_utf8_lossy(&got.stderr);
    assert!(got.status.success(), "{words}");
    String::from_utf8(got.stdout).unwrap().trim().to_owned()
}

#[test]
fn api_keeps_its_word_whatever_is_asked() {
    System::new().block_on(async {
        let world = World::open().await;
        world.summed_up().await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
        // It leaves notes where it runs.
        let desk = tempfile::tempdir().unwrap();
        for file in ["schemathesis.toml", "hooks.py"] {
            fs::copy(folder.join(file), desk.path().join(file)).unwrap();
        }
        let url = format!("http://{}/api/openapi.json", world.service.address());
        let mut tester = tokio::process::Command::new(program(&folder));
        tester
            .arg("--config-file=schemathesis.toml")
            .args(["--no-color", "run", "--checks=all", "--continue-on-failure", &url])
            .current_dir(&desk)
            .kill_on_drop(true);
        let said = timeout(WITHIN, tester.output()).await.expect("it takes too long").unwrap();
        let words = String::from_utf8_lossy(&said.stdout);
        println!("{words}");
        assert!(said.status.success(), "{words}{}", String::from_utf8_lossy(&said.stderr));
    });
}
