#!/usr/bin/env bash
# Runs every fuzz target of the module in turn, FUZZTIME each (30s if not set).
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
for package in $("$go" list ./...); do
	dir=$("$go" list -f '{{.Dir}}' "$package")
	targets=$(grep -hos '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' || true)
	for target in $targets; do
		echo "== $package $target"
		"$go" test -run='^$' -fuzz="^$target\$" -fuzztime="${FUZZTIME:-30s}" "$package"
	done
done
