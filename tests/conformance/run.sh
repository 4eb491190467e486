#!/usr/bin/env bash
# Runs the websocket module, exactly as built into the service, against the Autobahn cases: a
# fuzzing server plays them, examples/echo.rs answers, report.py judges. Groups 1-7 and 10 are the
# protocol, 12 and 13 compression; 9 measures speed and is left out. Takes about four minutes and
# leaves the report in target/conformance.
set -euo pipefail
cd "$(dirname "$0")/../.."

# kosoku plays the test suite's own case files; the suite's own server needs Python 2.
KOSOKU=0.1.0
here=tests/conformance
report=${CARGO_TARGET_DIR:-target}/conformance
server='' client=''

work=$(mktemp -d)
cleanup() {
	local pid
	for pid in $client $server; do kill "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "$1" >&2
	exit 1
}

# within SECONDS COMMAND…: polls until the command succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

server_is_gone() { ! kill -0 "$server" 2>/dev/null; }
server_listens_or_is_gone() { grep -q 'listening on ws://' "$work/server.log" || server_is_gone; }

python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
	fail "the conformance test needs python3, 3.10 or newer, on the PATH"
python3 -m venv "$work/venv" >/dev/null 2>&1 ||
	fail "python3 can't make a virtual environment: install your system's package of Python's venv"
python=$work/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check --only-binary kosoku "kosoku==$KOSOKU" ||
	fail "kosoku $KOSOKU can't be installed"

cargo build --locked --example echo

rm -rf "$report"
# Port 0: the system picks a free one and the server says which.
"$python" -u "$here/server.py" -m fuzzingserver -x '9.*' -o "$report" 127.0.0.1:0 >"$work/server.log" 2>&1 &
server=$!
within 30 server_listens_or_is_gone || fail "the fuzzing server does not listen within 30 s"
address=$(grep -o 'ws://[0-9.:]*' "$work/server.log") || fail "the fuzzing server does not start: $(tail -n 1 "$work/server.log")"

echo "playing the cases at $address …"
# In the background, because bash hears no signal while it runs something in the foreground.
cargo run --quiet --locked --example echo -- "$address" &
client=$!
wait "$client" || fail "the cases were not played to the end: $(tail -n 1 "$work/server.log")"
client=''
# It ends by itself once it was asked for its report and has written it.
within 60 server_is_gone || fail "the fuzzing server does not write its report within 60 s"
server=''

[ -f "$report/index.json" ] || fail "the fuzzing server left no report: $(tail -n 1 "$work/server.log")"
"$python" "$here/report.py" "$report/index.json"
echo "the report: $report/index.html (took $SECONDS s)"
