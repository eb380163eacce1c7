#!/usr/bin/env bash
# Brings WordPress for the test of its plugin, once: unpacks Debian's package and
# the parts that it links to into the user's cache. It installs nothing.
set -euo pipefail

to=${XDG_CACHE_HOME:-$HOME/.cache}/freigabe/wordpress
for dir in "${FREIGABE_WORDPRESS:-}" "$to" /usr/share/wordpress; do
	[ -z "$dir" ] || [ ! -e "$dir/wp-load.php" ] || exit 0
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
packages=(wordpress php-getid3 libjs-cropper libjs-underscore)
apt-get download -q "${packages[@]}" ||
	{ apt-get update -q && apt-get download -q "${packages[@]}"; } ||
	{ echo "WordPress cannot be fetched: unpack it anywhere and name its folder in FREIGABE_WORDPRESS." >&2; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
rm -f root/usr/share/wordpress/.htaccess root/usr/share/wordpress/wp-config.php # the system's own, which is not there
mkdir -p "$(dirname "$to")"
cp -rL root/usr/share/wordpress "$to.new"
mv "$to.new" "$to"
