#!/bin/sh
# Rebuilds design/static and the templ code from their sources.
#   build.sh          rebuild
#   build.sh --check  rebuild, then fail if anything committed was not fresh
set -eu
cd "$(dirname "$0")"
npm ci --omit=optional --ignore-scripts --silent
npm run --silent build
cd ../..
go tool templ generate -path design >/dev/null 2>&1 || go tool templ generate -path design
if [ "${1:-}" = "--check" ]; then
	changed=$(git status --porcelain -- design/static 'design/*_templ.go')
	if [ -n "$changed" ]; then
		echo "design: committed files are not what the sources give:" >&2
		echo "$changed" >&2
		exit 1
	fi
fi
