#!/usr/bin/env bash
# fuzz.sh TIME: runs each fuzz test of this module for a time. An input that fails a test is added to the testdata of its package. The time for
# the fuzzer to shorten an input that reaches new code is limited, because it would spend a minute on each.
set -euo pipefail
packages=$(go list ./...) # a failure within "for" would be lost
for package in $packages; do
    listed=$(go test -list '^Fuzz' "$package")
    for target in $(grep '^Fuzz' <<<"$listed" || true); do
        echo "$package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 50x ${PARALLEL:+-parallel "$PARALLEL"} "$package"
    done
done
