#!/usr/bin/env bash
# Puts the files of deploy/ before the programs that read them, and installs the
# Debian package into a throwaway copy of this machine. As root on Debian it installs
# the programs that are missing. It changes nothing else and listens on nothing.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/usr/local/go/bin
. scripts/install.sh

missing=()
for pair in haproxy:haproxy varnishd:varnish pgbouncer:pgbouncer patroni:patroni promtool:prometheus systemd-analyze:systemd; do
	command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
if [ ${#missing[@]} -gt 0 ]; then
	install_packages "${missing[@]}" || exit 1
fi
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

failed=()
check() {
	local name=$1
	shift
	if out=$("$@" 2>&1); then
		echo "ok      $name"
	else
		failed+=("$name")
		printf 'FAILED  %s\n%s\n' "$name" "$out"
	fi
}

# Names of other machines are not known here: this one stands for them.
haproxy_file() {
	sed -E 's/(server node[0-9]) node[0-9]:/\1 127.0.0.1:/' deploy/haproxy.cfg >"$work/haproxy.cfg"
	haproxy -c -f "$work/haproxy.cfg"
}

varnish_file() { varnishd -C -n "$work/varnish" -f "$PWD/deploy/varnish.vcl"; }

# PgBouncer has no mode that only reads: it is started as nobody, and told to end.
pgbouncer_file() {
	sed -e "s|^auth_file.*|auth_file = $work/userlist.txt|" -e "s|^listen_port.*|listen_port = 0|" deploy/pgbouncer.ini >"$work/pgbouncer.ini"
	echo "unix_socket_dir = $work/socket" >>"$work/pgbouncer.ini"
	echo '"freigabe" "x"' >"$work/userlist.txt"
	install -d -o nobody "$work/socket"
	timeout 3 pgbouncer -u nobody "$work/pgbouncer.ini" >"$work/pgbouncer.log" 2>&1
	grep -q 'process up' "$work/pgbouncer.log" && ! grep -qE 'FATAL|ERROR|unknown' "$work/pgbouncer.log" || { cat "$work/pgbouncer.log"; return 1; }
}

# Patroni also tries the addresses and the folders; only what it says of the file counts.
patroni_file() {
	local said
	said=$(patroni --validate-config deploy/patroni.yml 2>&1)
	if grep -vE 'did not respond|is not assigned|already in use|bin_dir .* does not exist|(bootstrap.pg_hba|authentication.rewind) +is not defined|^$' <<<"$said" | grep -q .; then
		echo "$said"
		return 1
	fi
}

units() {
	mkdir -p "$work/units"
	for unit in freigabe.service freigabe-backup.service freigabe-backup.timer; do
		sed 's|/usr/local/bin/freigabe|/bin/true|' "deploy/$unit" >"$work/units/$unit"
	done
	systemd-analyze verify "$work"/units/* && systemd-analyze security --offline=true --threshold=20 "$work/units/freigabe.service"
}

yaml_files() {
	python3 - <<'PYTHON'
import yaml
compose = yaml.safe_load(open("deploy/compose.yaml"))
for name, service in compose["services"].items():
    for other in service.get("depends_on", []):
        assert other in compose["services"], (name, other)
objects = [o for o in yaml.safe_load_all(open("deploy/kubernetes/freigabe.yaml")) if o]
labels = [o["spec"]["template"]["metadata"]["labels"] for o in objects if o["kind"] == "Deployment"]
for o in objects:
    assert o["apiVersion"] and o["metadata"]["name"], o
    if o["kind"] == "Service":
        assert any(o["spec"]["selector"].items() <= l.items() for l in labels), "the service selects nothing"
PYTHON
}

# The package in a copy of this machine: an overlay that is thrown away.
package() {
	local deb root=$work/root
	deb=$(ls -t dist/freigabe-*-"$(dpkg --print-architecture)".deb 2>/dev/null | head -1)
	[ -n "$deb" ] || { echo "no package in dist/: run make release first"; return 1; }
	mkdir -p "$root" "$work/over" && mount -t tmpfs tmpfs "$work/over" && mkdir "$work/over/up" "$work/over/work" &&
		mount -t overlay overlay -o "lowerdir=/,upperdir=$work/over/up,workdir=$work/over/work" "$root" || return 1
	cp "$deb" "$root/freigabe.deb"
	chroot "$root" /bin/sh -ec '
		dpkg -i /freigabe.deb
		freigabe help >/dev/null
		test "$(stat -c "%U %a" /var/lib/freigabe)" = "freigabe 700"
		test "$(stat -c "%U %a" /etc/freigabe/env)" = "root 600"
		test -f /lib/systemd/system/freigabe.service
		su -s /bin/sh freigabe -c "freigabe migrate -db sqlite:/var/lib/freigabe/freigabe.db"
		dpkg -r freigabe
		test -f /var/lib/freigabe/freigabe.db && test -f /etc/freigabe/env
		dpkg -P freigabe
		! test -e /var/lib/freigabe && ! test -e /etc/freigabe/env && test -d /var/backups/freigabe
	'
	local code=$?
	umount "$root" "$work/over"
	return $code
}

check "haproxy.cfg (haproxy -c)" haproxy_file
check "varnish.vcl (varnishd -C)" varnish_file
check "pgbouncer.ini (started as nobody)" pgbouncer_file
check "patroni.yml (patroni --validate-config)" patroni_file
check "systemd units (systemd-analyze verify, security)" units
check "alerts.yml (promtool)" promtool check rules deploy/alerts.yml
check "compose.yaml, kubernetes (parsed, references)" yaml_files
check "Debian package (installed, removed, purged)" package

if [ ${#failed[@]} -gt 0 ]; then
	exit 1
fi
