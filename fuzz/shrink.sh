#!/usr/bin/env bash
# Makes the corpus of each target (or of those named) anew: the seeds, and of all else that was found
# the smallest set that reaches what they do not. What is left out for size is still in fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
# Nobody reads a repository of megabytes, and its replay is part of every test run.
max_kb=150
[ $# -gt 0 ] || set -- bmi flowagility config recording

for target in "$@"; do
	all=$(mktemp -d)
	small=$(mktemp -d)
	mkdir -p "fuzz/found/$target"
	cp "fuzz/corpus/$target/"seed-* "$small"
	cp -r "fuzz/corpus/$target/." "fuzz/found/$target/." "$all"
	# By places reached and not by how often: a tenth of the files.
	cargo +nightly fuzz run --sanitizer none "$target" "$small" "$all" -- -merge=1 -use_counters=0
	find "fuzz/corpus/$target" -type f ! -name 'seed-*' -delete
	left=$((max_kb * 1024))
	while read -r size file; do
		left=$((left - size))
		[ $left -ge 0 ] || break
		cp "$small/$file" "fuzz/corpus/$target/"
	done < <(find "$small" -type f ! -name 'seed-*' -printf '%s %f\n' | sort -n)
	rm -r "$all" "$small"
	echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) inputs, $(du -sb "fuzz/corpus/$target" | cut -f1) bytes"
done
