#!/usr/bin/env bash
# integration.sh [GO TEST FLAGS...]: runs the tests against a real API server in three processes, each with a control plane of its own:
# each waits often, and together they keep two cores busy. Two of them print what they have to say at their end.
set -euo pipefail
cd "$(dirname "$0")/../test/integration"

first='^Test(A[A-M]|[CEFG])' second='^Test(A[^A-M]|[BDH])' both='^Test[A-H]' # each about a third of the time, not of the tests
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT

# part FLAGS... runs some of the tests, and says how long they took.
part() {
    local code=0
    "$folder/tests" -test.timeout 2h "$@" || code=$?
    echo "$*: $SECONDS s"
    return "$code"
}

go test "$@" -tags integration -c -o "$folder/tests" .
SECONDS=0
part -test.run "$first" >"$folder/first" 2>&1 &
part -test.run "$second" >"$folder/second" 2>&1 &
part -test.skip "$both" || failed=1
wait %1 || failed=1
wait %2 || failed=1
cat "$folder/first" "$folder/second"
exit ${failed:-0}
