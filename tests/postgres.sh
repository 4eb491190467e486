#!/usr/bin/env bash
# Makes sure that Postgres's server programs are there: installs them on Debian-like systems if it
# may, else says in one line how to get them.
set -euo pipefail

have() {
	command -v initdb >/dev/null && command -v postgres >/dev/null && return
	local dir
	for dir in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && return
	done
	return 1
}

have && exit 0
if command -v apt-get >/dev/null; then
	as_root=""
	[ "$(id -u)" = 0 ] || as_root="sudo -n"
	if [ -z "$as_root" ] || $as_root true 2>/dev/null; then
		echo "installing Postgres's server programs …"
		$as_root apt-get update -qq
		DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y postgresql >/dev/null
		have && exit 0
	fi
	echo "Postgres's server programs are missing: sudo apt-get install postgresql" >&2
elif command -v dnf >/dev/null; then
	echo "Postgres's server programs are missing: sudo dnf install postgresql-server" >&2
elif command -v brew >/dev/null; then
	echo "Postgres's server programs are missing: brew install postgresql@17" >&2
else
	echo "Postgres's server programs (initdb, postgres) are missing: install your system's package of the Postgres server" >&2
fi
exit 1
