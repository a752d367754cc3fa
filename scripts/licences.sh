#!/usr/bin/env bash
# licences.sh FILE: writes the licences and notices of all modules that the two programs contain to a file. It fails if a licence is none that
# tools/licences.json allows.
set -euo pipefail
cd "$(dirname "$0")/.."
# The plugin runs on a user's own machine, and contains other modules there.
modules=$(for os in linux darwin windows; do
    GOOS=$os go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' ./cmd/...
done | sort -u)
xargs go list -m -json <<<"$modules" |
    go tool -modfile="$PWD/tools/licences.mod" go-licence-detector -includeIndirect \
        -rules tools/licences.json -noticeTemplate tools/third-party.tmpl -noticeOut "$1"
# The Apache License asks for the notices that come with a module.
xargs go list -m -f '{{.Path}} {{.Dir}}' <<<"$modules" | while read -r path dir; do
    for notice in "$dir"/NOTICE*; do
        [[ -f $notice ]] || continue
        printf '\n%s\nNotice of %s\n%s\n\n' "$(printf -- '-%.0s' {1..80})" "$path" "$(printf -- '-%.0s' {1..80})"
        cat "$notice"
    done
done >>"$1"
