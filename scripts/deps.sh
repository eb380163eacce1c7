#!/usr/bin/env bash
# Sees to what the tests need beside Go: make, PostgreSQL, Chromium, strace, and npm
# (which fetches axe-core, the accessibility checker). As root on Debian it installs
# what is missing; otherwise it says what to install and fails.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
	[ -n "${FREIGABE_TEST_PG_DSN:-}" ] || [ -x "${FREIGABE_TEST_PG_BIN:-}/initdb" ] ||
		compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb
}

missing=()
have make || missing+=(make)
have_postgres || missing+=(postgresql)
have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
have npm || missing+=(npm)
have strace || missing+=(strace) # slows a disk
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! have apt-get; then
	echo "missing for the tests: ${missing[*]}. Install these packages; 'go test ./...' runs without and says what it left out." >&2
	exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "${missing[@]}"
