#!/usr/bin/env bash
# Fuzzes each target (or those named) for SECONDS_EACH, from the committed corpus; what is found goes
# to fuzz/found, what breaks to fuzz/artifacts. Needs the nightly toolchain and cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-600}
[ $# -gt 0 ] || set -- bmi flowagility config recording

# No address sanitizer: all of this is safe Rust, and its quarantine would hide what memory is used.
cargo +nightly fuzz build --sanitizer none
for target in "$@"; do
	mkdir -p "fuzz/found/$target"
	cargo +nightly fuzz run --sanitizer none "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- \
		-dict="fuzz/dictionaries/$target.dict" -max_total_time="$seconds" \
		-rss_limit_mb=256 -timeout=5 -fork=0 -print_final_stats=1
done
