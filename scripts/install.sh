# For other scripts to read: installs Debian packages without letting their
# services run.

have() { command -v "$1" >/dev/null 2>&1; }

# services are the programs among them that a package would start.
services=(varnish varnishncsa haproxy nginx pgbouncer patroni etcd prometheus postgresql)

# install_packages NAME... fails with a word of what to do where it may not.
install_packages() {
	if [ "$(id -u)" != 0 ] || ! have apt-get; then
		echo "missing: $*. Install these packages." >&2
		return 1
	fi
	echo "installing $*"
	local policy=/usr/sbin/policy-rc.d ours='' status=0 name before=()
	if [ ! -e $policy ]; then # what asks it whether it may start a service hears no
		printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=1
	fi
	if [ -d /run/systemd/system ]; then
		for name in "${services[@]}"; do
			systemctl cat "$name" >/dev/null 2>&1 && before+=(" $name ")
		done
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q && apt-get install -q -y --no-install-recommends "$@" || status=$?
	[ -z "$ours" ] || rm -f $policy
	if [ -d /run/systemd/system ]; then # nor at the next start of the machine, unless it was there before
		for name in "${services[@]}"; do
			[[ "${before[*]}" == *" $name "* ]] || systemctl disable -q --now "$name" 2>/dev/null || true
		done
	fi
	return $status
}
