#!/usr/bin/env bash
# Makes a Debian package of a built program: deb.sh ARCH FOLDER OUTFILE, FOLDER
# holding freigabe, LICENSE, README.md and deploy. VERSION and SOURCE_DATE_EPOCH
# are set by release.sh. It needs dpkg-deb.
set -euo pipefail
arch=$1 from=$2 out=$3
# Debian's versions begin with a digit and know no hyphen in the upstream part.
version=$(printf '%s' "${VERSION#v}" | tr -- '-' '+')
case $version in [0-9]*) ;; *) version="0~$version" ;; esac

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -D -m 755 "$from/freigabe" "$root/usr/bin/freigabe"
install -d "$root/lib/systemd/system"
for unit in freigabe.service freigabe-backup.service freigabe-backup.timer; do
	# A package's program is in /usr/bin; /usr/local belongs to the machine's owner.
	sed 's|/usr/local/bin/freigabe|/usr/bin/freigabe|g' "$from/deploy/$unit" >"$root/lib/systemd/system/$unit"
	chmod 644 "$root/lib/systemd/system/$unit"
done
install -D -m 644 "$from/deploy/freigabe.toml" "$root/etc/freigabe/freigabe.toml"
install -D -m 600 "$from/deploy/env" "$root/etc/freigabe/env"
install -D -m 644 "$from/LICENSE" "$root/usr/share/doc/freigabe/copyright"
install -D -m 644 "$from/README.md" "$root/usr/share/doc/freigabe/README.md"
cp -r "$from/deploy" "$root/usr/share/doc/freigabe/deploy"
chmod -R u=rwX,go=rX "$root/usr/share/doc"

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: freigabe
Version: $version
Architecture: $arch
Maintainer: Freigabe <freigabe@localhost>
Section: web
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Recommends: ca-certificates
Description: reader comments, released by editors
 Comments for news publishers in which nothing that a reader writes is shown to
 anyone before an editor has released it. One program with a database of its own,
 or several on PostgreSQL.
CONTROL
printf '/etc/freigabe/freigabe.toml\n/etc/freigabe/env\n' >"$root/DEBIAN/conffiles"
install -m 755 "$from/deploy/debian/postinst" "$from/deploy/debian/prerm" "$from/deploy/debian/postrm" "$root/DEBIAN/"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$out" >/dev/null
