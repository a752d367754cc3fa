#!/usr/bin/env bash
# fuzz.sh TIME: runs each fuzz test of this module for a time. An input that fails a test is added to the testdata of its package. The time for
# the fuzzer to shorten an input that reaches new code is limited, because it would spend a minute on each.
set -euo pipefail
for package in $(go list ./...); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        echo "$package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 50x ${PARALLEL:+-parallel "$PARALLEL"} "$package"
    done
done
