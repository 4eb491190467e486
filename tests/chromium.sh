#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests of the pages: installs it on Debian-like systems
# if it may, else says in one line how to get it.
set -euo pipefail

have() {
	local name
	for name in chromium chromium-browser google-chrome; do
		command -v "$name" >/dev/null && return
	done
	return 1
}

have && exit 0
if command -v apt-get >/dev/null; then
	as_root=""
	[ "$(id -u)" = 0 ] || as_root="sudo -n"
	if [ -z "$as_root" ] || $as_root true 2>/dev/null; then
		echo "installing Chromium …"
		$as_root apt-get update -qq
		DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends chromium >/dev/null
		have && exit 0
	fi
	echo "Chromium is missing: sudo apt-get install chromium" >&2
elif command -v dnf >/dev/null; then
	echo "Chromium is missing: sudo dnf install chromium" >&2
elif command -v brew >/dev/null; then
	echo "Chromium is missing: brew install --cask chromium" >&2
else
	echo "Chromium is missing: install your system's package of it" >&2
fi
exit 1
