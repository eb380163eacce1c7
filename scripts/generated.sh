#!/usr/bin/env bash
# Fails where a page in docs is not what `go generate` makes of the code, and
# leaves the pages as they were.
set -euo pipefail
cd "$(dirname "$0")/.."

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -a docs/. "$before"
go generate ./...
status=0
diff -r "$before" docs || status=1
cp -a "$before"/. docs
if [ $status != 0 ]; then
	echo "pages in docs are not current: run 'make generate' and commit them" >&2
fi
exit $status
