#!/usr/bin/env bash
# Makes sure that there are a spreadsheet (Gnumeric's ssconvert) and a data frame library (polars)
# for the tests of exports, and prints the Python that has polars. Installs them if it may, else says
# in one line how to get them.
set -euo pipefail
cd "$(dirname "$0")/.."

polars=2.1.0
python=${CARGO_TARGET_DIR:-target}/dataframes/$polars/bin/python

missing() {
	echo "$1" >&2
	exit 1
}

if ! command -v ssconvert >/dev/null; then
	get="Gnumeric is missing: install your system's package of it"
	if command -v apt-get >/dev/null; then
		get="Gnumeric is missing: sudo apt-get install gnumeric"
		as_root=""
		[ "$(id -u)" = 0 ] || as_root="sudo -n"
		if [ -z "$as_root" ] || $as_root true 2>/dev/null; then
			echo "installing Gnumeric …" >&2
			$as_root apt-get update -qq
			DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends gnumeric >/dev/null
		fi
	elif command -v dnf >/dev/null; then
		get="Gnumeric is missing: sudo dnf install gnumeric"
	elif command -v brew >/dev/null; then
		get="Gnumeric is missing: brew install gnumeric"
	fi
	command -v ssconvert >/dev/null || missing "$get"
fi

if ! "$python" -c 'import polars' 2>/dev/null; then
	echo "installing polars …" >&2
	folder=$(dirname "$(dirname "$python")")
	mkdir -p "$(dirname "$folder")"
	# Nobody sees it half made, also when two come at once.
	fresh=$(mktemp -d "${CARGO_TARGET_DIR:-target}/dataframes.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	python3 -m venv "$fresh" 2>/dev/null || missing "Python's venv is missing: sudo apt-get install python3-venv"
	"$fresh/bin/python" -m pip install --quiet --disable-pip-version-check "polars==$polars" >&2 ||
		missing "polars can't be installed: python3 -m venv ${folder} && ${folder}/bin/pip install polars==$polars"
	rm -rf "$folder"
	mv "$fresh" "$folder"
fi
echo "$python"
