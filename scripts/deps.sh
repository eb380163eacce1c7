#!/usr/bin/env bash
# Sees to what the tests need beside Go: make, PostgreSQL, Chromium, npm (which
# fetches axe-core, React and Google's client), strace (slows a disk), ip (cuts a
# network), Varnish and HAProxy (stand before the nodes), and nginx, Hugo, PHP,
# MariaDB and WordPress for the examples. As root on Debian it installs what is
# missing and lets none of it run as a service; otherwise it says what to install
# and fails. Arguments name more, each PROGRAM:PACKAGE.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
. scripts/install.sh

have_postgres() {
	[ -n "${FREIGABE_TEST_PG_DSN:-}" ] || [ -x "${FREIGABE_TEST_PG_BIN:-}/initdb" ] ||
		compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb
}

missing=()
have_postgres || missing+=(postgresql)
have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
for pair in make:make npm:npm strace:strace ip:iproute2 varnishd:varnish haproxy:haproxy \
	nginx:nginx-light hugo:hugo php:php-cli mariadbd:mariadb-server-core my_print_defaults:mariadb-client-core "$@"; do
	have "${pair%%:*}" || missing+=("${pair##*:}")
done
php -m 2>/dev/null | grep -qi '^mysqli$' || missing+=(php-mysql)
php -m 2>/dev/null | grep -qi '^xml$' || missing+=(php-xml)
if [ ${#missing[@]} -gt 0 ]; then
	install_packages "${missing[@]}" ||
		{ echo "'go test ./...' runs without these and says what it left out." >&2; exit 1; }
fi
./scripts/wordpress.sh
