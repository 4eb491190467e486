#!/usr/bin/env bash
# 200 simulated feeds at real speed for two minutes: states, rejected frames, memory, CPU.
# FEEDS (tracks; a quarter as many rings come with them) and SECONDS_RUN can be set.
set -euo pipefail
cd "$(dirname "$0")/../.."
ringside=$PWD/target/release/ringside
tracks=${FEEDS:-160}
rings=$((tracks / 4))
seconds=${SECONDS_RUN:-120}

folder=$(mktemp -d)
chmod 755 "$folder"
pids=()
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$folder"
}
trap finish EXIT

"$ringside" simulate --port 0 --karting "$tracks" --agility "$rings" \
	--write-config "$folder/venues.toml" >"$folder/venues.log" 2>&1 &
pids+=($!)
until [ -s "$folder/venues.toml" ]; do sleep 0.1; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo 18743)
{
	printf '[http]\nbind = "127.0.0.1:%s"\n' "$port"
	sed -n '/^\[\[feed\]\]/,$p' "$folder/venues.toml"
} >"$folder/ringside.toml"
"$ringside" -c "$folder/ringside.toml" run >"$folder/run.log" 2>&1 &
service=$!
pids=("$service" "${pids[@]}")

began=$(date +%s)
sleep "$seconds"
ticks=$(awk '{print $14 + $15}' "/proc/$service/stat")
"$ringside" -c "$folder/ringside.toml" status | tail -n 5
echo "feeds $((tracks + rings)), seconds $(($(date +%s) - began))"
echo "cpu of the service: $(awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v s="$seconds" \
	'BEGIN {printf "%.1f s, %.1f %% of a core", t / hz, 100 * t / hz / s}')"
grep -E '^Vm(RSS|HWM)' "/proc/$service/status"
url=$("$ringside" -c "$folder/ringside.toml" database-url)
if command -v psql >/dev/null; then
	psql "$url" -Atc "select 'laps ' || (select count(*) from laps) || ', playsets ' || (select count(*) from playsets)
		|| ', rejected frames ' || (select count(*) from rejected_frames) || ', rejected rows ' || (select count(*) from rejected_rows)"
fi
"$ringside" -c "$folder/ringside.toml" status --json | python3 -c '
import json, sys
health = json.load(sys.stdin)
feeds = health["feeds"]
up = sum(feed["state"] == "up" for feed in feeds)
rejected = sum(feed["rejected"] for feed in feeds)
restarts = sum(feed["restarts"] for feed in feeds)
print("up", up, "of", len(feeds), "rejected", rejected, "restarts", restarts, "frames", sum(f["frames"] for f in feeds))
sys.exit(up != len(feeds) or rejected != 0 or restarts != 0)'
