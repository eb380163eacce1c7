#!/usr/bin/env bash
# Builds dist/freigabe-VERSION-linux-ARCH.tar.gz with one static program each, a
# Debian package beside each, and dist/SHA256SUMS. The same commit gives the same bytes on any machine with
# the same Go: no paths, no build id, no clock but the commit's.
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
version=${VERSION:-$(git describe --tags --always --dirty)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

rm -rf dist
mkdir dist
for arch in amd64 arm64; do
	name=freigabe-$version-linux-$arch
	mkdir "dist/$name"
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch "$go" build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$version" -o "dist/$name/freigabe" ./cmd/freigabe
	for page in LICENSE README.md; do
		if [ -f $page ]; then cp $page "dist/$name/"; fi
	done
	cp -r deploy "dist/$name/"
	tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		-C dist -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
	if command -v dpkg-deb >/dev/null; then
		VERSION=$version ./scripts/deb.sh $arch "dist/$name" "dist/freigabe-$version-$arch.deb"
	else
		echo "no Debian package: dpkg-deb is not installed" >&2
	fi
	rm -r "dist/$name"
done
(cd dist && sha256sum -- freigabe-* | tee SHA256SUMS)
