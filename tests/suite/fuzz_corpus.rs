//! What fuzzing found worth keeping, replayed: whatever once broke a decoder never does again.

use std::{fs, path::Path};

use crate::fuzz_harness::TARGETS;

#[test]
fn decoders_and_config_hold_for_every_input_of_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, holds) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(corpus.join(target))
            .unwrap_or_else(|error| panic!("{target}: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{target}: nothing to replay");
        for file in files {
            let input = fs::read(&file).unwrap();
            let replayed = std::panic::catch_unwind(|| holds(&input));
            assert!(replayed.is_ok(), "does not hold for {}", file.display());
        }
    }
}
