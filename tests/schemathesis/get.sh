#!/usr/bin/env bash
# Makes sure that there is the property-based tester of the API, in a folder of its own, and prints
# where it is; else says in one line how to get it.
set -euo pipefail

version=4.32.5
home=${RINGSIDE_SCHEMATHESIS:-${XDG_CACHE_HOME:-$HOME/.cache}/ringside/schemathesis-$version}
program=$home/bin/schemathesis

if [ ! -e "$home/complete" ]; then
	if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
		echo "Python 3.10 with venv is missing: sudo apt-get install python3-venv" >&2
		exit 1
	fi
	echo "getting schemathesis $version from PyPI …" >&2
	rm -rf "$home"
	python3 -m venv "$home"
	"$home/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2 || {
		echo "schemathesis can't be had from PyPI; put it at $program" >&2
		exit 1
	}
	touch "$home/complete"
fi
echo "$program"
