#!/usr/bin/env bash
# fuzz.sh TIME: runs each fuzz test of this module for a time. An input that fails a test is added to the testdata of its package.
set -euo pipefail
for package in $(go list ./...); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        echo "$package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" ${PARALLEL:+-parallel "$PARALLEL"} "$package"
    done
done
