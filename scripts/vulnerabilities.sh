#!/usr/bin/env bash
# vulnerabilities.sh: fails if one of the programs calls code with a known vulnerability. VULNDB=file:///FOLDER or VULNDB=https://HOST is the
# database to look in, instead of https://vuln.go.dev.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
go build -modfile="$PWD/tools/govulncheck.mod" -o "$tool/" golang.org/x/vuln/cmd/govulncheck
check() {
    local code=0
    # govulncheck shows a trace for each function that is called, hundreds for some. The first of each module is kept.
    "$tool/govulncheck" ${VULNDB:+-db "$VULNDB"} "$@" |
        grep -vE '^ +#([2-9]|[1-9][0-9]+): ' || code=${PIPESTATUS[0]}
    case $code in
    0) return ;;
    3) echo "Vulnerabilities were found: raise the version of the module, or of Go, to one in which they are fixed" >&2 ;;
    *) cat >&2 <<'ADVICE' ;;

Nothing was checked. If the database (https://vuln.go.dev) cannot be reached from here, use a mirror of it:
  make vulnerabilities VULNDB=https://vulndb.example.com
or the copy that the Go module proxy has, which can be older:
  make vulnerabilities VULNDB=file://$(go mod download -json golang.org/x/vulndb@latest | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/data/osv
ADVICE
    esac
    exit 1
}
check ./cmd/...
# The plugin contains other code on other systems.
GOOS=darwin check ./cmd/kubectl-tanist
GOOS=windows check ./cmd/kubectl-tanist
